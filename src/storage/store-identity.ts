// Which store a data directory holds: made once, and the same in every copy. Cursors of the change feed name it,
// because commit instants of one store say nothing about another.

import { messageOf } from '../core/app-error.js';
import { Uuid } from '../core/uuid.js';
import { DamagedFileError, NewerFormatError } from './parquet/file-seal.js';

/** Raised when the meaning of the file changes; a file with a higher one stops the start. */
const IDENTITY_FORMAT_VERSION = 1;

export function encodeIdentity(storeId: Uuid): Uint8Array {
  return Buffer.from(`${JSON.stringify({ formatVersion: IDENTITY_FORMAT_VERSION, storeId })}\n`);
}

/**
 * No checksum guards it: an id that changed is another id, and cursors of the change feed begin anew.
 * @throws DamagedFileError, NewerFormatError
 */
export function decodeIdentity(bytes: Uint8Array): Uuid {
  const { formatVersion, storeId } = fieldsOf(bytes);
  if (!Number.isInteger(formatVersion)) {
    throw new DamagedFileError('the file was not written by this service');
  }
  if (Number(formatVersion) > IDENTITY_FORMAT_VERSION) {
    throw new NewerFormatError(
      `format version ${Number(formatVersion)} is newer than ${IDENTITY_FORMAT_VERSION}, the newest that this release knows`,
    );
  }
  const id = typeof storeId === 'string' ? Uuid.tryParse(storeId) : undefined;
  if (id === undefined) throw new DamagedFileError('the file has no id of a store');
  return id;
}

function fieldsOf(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const content: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return typeof content === 'object' && content !== null ? { ...content } : {};
  } catch (error) {
    throw new DamagedFileError(`not readable JSON: ${messageOf(error)}`);
  }
}
