import { AppError, storageError } from '../core/app-error.js';
import { AssertionError } from '../core/assert.js';
import { errorCode, type Disk } from './disk.js';
import { LogPoisonedError, OutcomeUnknownError } from './log/log-errors.js';
import { DamagedFileError } from './parquet/file-seal.js';
import { LOG_FOLDER } from './paths.js';

const REASONS: Record<string, string> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the data directory is read-only',
  EACCES: 'the data directory does not permit it',
  EMFILE: 'too many files are open',
};

/** Why nothing is written any more after a write of which nobody knows whether it is stored. */
export const LOG_POISONED =
  'An earlier write failed and could not be undone; restart the service to write again';

/** The failure of a disk operation in words for a caller: never a path, the cause for the log. */
export function storageFailure(operation: 'read' | 'write', error: unknown): Error {
  if (error instanceof AppError || error instanceof AssertionError) return error;
  if (error instanceof OutcomeUnknownError) {
    const message = 'It may be stored or not: the write failed and could not be undone';
    return storageError(operation, message, { outcome: 'unknown' }, error);
  }
  if (error instanceof LogPoisonedError) return new AppError('UNAVAILABLE', LOG_POISONED);
  const code = errorCode(error);
  const reason =
    error instanceof DamagedFileError
      ? 'a file that is needed for it is damaged'
      : (REASONS[code ?? ''] ?? 'the data directory failed');
  const done = operation === 'read' ? 'Nothing was read' : 'Nothing was changed';
  return storageError(operation, `${done}: ${reason}`, code ? { reason: code } : {}, error);
}

/**
 * A file may be missing because the whole directory is: a volume that went away.
 * @throws the system's error where that cannot be looked at
 */
export async function isDirectoryThere(disk: Disk): Promise<boolean> {
  return (await disk.list(LOG_FOLDER)).length > 0;
}
