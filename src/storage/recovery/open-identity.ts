import { AppError } from '../../core/app-error.js';
import { Uuid } from '../../core/uuid.js';
import { errorCode, type Disk } from '../disk.js';
import { replaceFile } from '../flush/staged-files.js';
import { isUnusable } from '../parquet/file-seal.js';
import { IDENTITY_FILE } from '../paths.js';
import { decodeIdentity, encodeIdentity } from '../store-identity.js';
import type { StoredState } from '../stored-state.js';
import type { DamageReport } from './damage-report.js';

const REMEDY = 'a new one is made: cursors of the change feed begin anew';

/**
 * The id of the store in a directory, a new one where it has none or a damaged one. A disk without space is no
 * reason not to serve: then a flush writes it, and until one has, a restart makes yet another one.
 * @throws AppError UNAVAILABLE for a file of a newer format, and for one that cannot be read: it may well be
 *   whole, and another id would cost every reader of the change feed its cursor
 */
export async function openIdentity(
  disk: Disk,
  state: StoredState,
  damage: DamageReport,
): Promise<Uuid> {
  try {
    return decodeIdentity(await disk.read(IDENTITY_FILE));
  } catch (error) {
    const code = errorCode(error);
    if (isUnusable(error)) damage.add(IDENTITY_FILE, error, REMEDY);
    else if (code !== 'ENOENT') throw code === undefined ? error : unreadable(code);
  }
  const storeId = Uuid.v7();
  try {
    await replaceFile(disk, IDENTITY_FILE, encodeIdentity(storeId));
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    damage.add(IDENTITY_FILE, error, 'a flush writes it');
    state.unwrittenIdentity = storeId;
  }
  return storeId;
}

function unreadable(code: string): AppError {
  return new AppError(
    'UNAVAILABLE',
    `${IDENTITY_FILE} cannot be read (${code}); check the disk and the permissions of the file`,
  );
}
