// Reads of the file of a series, which a flush may be about to replace: what is not there as the catalogue says is
// looked for again once that flush is over, and is damaged if it is not there then.

import { storageError } from '../core/app-error.js';
import type { Uuid } from '../core/uuid.js';
import type { DataDirectory } from './data-directory.js';
import { errorCode } from './disk.js';
import { quarantinePoints } from './integrity/quarantine.js';
import { isUnusable } from './parquet/file-seal.js';

/**
 * @param read begins with what the catalogue says of the series when it is called
 * @throws AppError STORAGE_ERROR where the file is damaged or unreadable; what `read` throws
 */
export async function readSettled<T>(
  directory: DataDirectory,
  id: Uuid,
  read: () => Promise<T>,
): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!isReplacedOrDamaged(error)) throw error;
  }
  return directory.locks.run([id], () => readSettledLocked(directory, id, read));
}

/** For the holder of the series' lock: nobody replaces the file meanwhile. */
export async function readSettledLocked<T>(
  directory: DataDirectory,
  id: Uuid,
  read: () => Promise<T>,
): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!isReplacedOrDamaged(error)) throw error;
    if (await directory.settleFile(id)) return readSettledLocked(directory, id, read);
    await directory.assertThere();
    quarantinePoints(directory.catalog, id, error);
    throw storageError('read', `The stored points of series ${id} are damaged and not served`, {
      resource: 'EconomicSeries',
      id,
    });
  }
}

function isReplacedOrDamaged(error: unknown): boolean {
  return isUnusable(error) || errorCode(error) === 'ENOENT';
}
