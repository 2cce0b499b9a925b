import { AppError, storageError } from '../core/app-error.js';
import { AssertionError } from '../core/assert.js';
import { errorCode } from './disk.js';
import { DamagedFileError } from './parquet/file-seal.js';
import { UndoFailedError } from './replace-files.js';

const REASONS: Record<string, string> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the data directory is read-only',
  EACCES: 'the data directory does not permit it',
  EMFILE: 'too many files are open',
};

/** The failure of a disk operation in words for a caller: never a path, the cause for the log. */
export function storageFailure(operation: 'read' | 'write', error: unknown): Error {
  if (error instanceof AppError || error instanceof AssertionError) return error;
  if (error instanceof UndoFailedError) {
    const message = 'Some of it may be stored: the write failed and could not be undone';
    return storageError(operation, message, { outcome: 'unknown' }, error);
  }
  const code = errorCode(error);
  const reason =
    error instanceof DamagedFileError
      ? 'a file that is needed for it is damaged'
      : (REASONS[code ?? ''] ?? 'the data directory failed');
  const done = operation === 'read' ? 'Nothing was read' : 'Nothing was changed';
  return storageError(operation, `${done}: ${reason}`, code ? { reason: code } : {}, error);
}
