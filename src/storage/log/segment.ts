// A segment is one file of the log: a header and frames. It is made at its full size under a temporary
// name, so that a segment with a name of its own always has a whole header, and a full disk is met here and
// never in the middle of a frame. Header, little-endian:
//
//   magic             8 bytes   "ECGFWAL" and a line feed
//   version           4 bytes   of the log's format: header, frames and payloads
//   salt              4 bytes   random; goes into the checksums of the frames
//   ordinal           8 bytes   the number in the file's name, as a double
//   previousSequence  8 bytes   the last sequence that was durable when the segment was made, as a double
//   zeros            28 bytes
//   checksum          4 bytes   CRC-32C (Castagnoli) of the 60 bytes before it

import { randomBytes } from 'node:crypto';
import { crc32c } from '@node-rs/crc32';
import type { Instant } from '../../core/instant.js';
import type { Disk, DiskFile } from '../disk.js';
import { DamagedFileError, NewerFormatError } from '../parquet/file-seal.js';
import { LOG_FOLDER, logSegmentFile, temporaryFile } from '../paths.js';

export const SEGMENT_HEADER_BYTES = 64;
/** Version 2 added the publication of vintages; what version 1 says means the same in it. */
const LOG_FORMAT_VERSION = 2;
const MAGIC = Buffer.from('ECGFWAL\n');
const CHECKSUM_AT = 60;

export interface SegmentHeader {
  readonly ordinal: number;
  readonly salt: number;
  readonly previousSequence: Instant;
}

/** A header as it was read. */
export interface StoredHeader extends SegmentHeader {
  /** Of an older format, nothing of this one may be written behind it: an older release would take it for damage. */
  readonly isOlderFormat: boolean;
}

/** A segment that is open for writing. */
export interface OpenSegment extends SegmentHeader {
  readonly file: DiskFile;
  /** Bytes that the file has been given. */
  readonly capacity: number;
}

export function encodeHeader({ ordinal, salt, previousSequence }: SegmentHeader): Buffer {
  const header = Buffer.alloc(SEGMENT_HEADER_BYTES);
  MAGIC.copy(header);
  header.writeUInt32LE(LOG_FORMAT_VERSION, 8);
  header.writeUInt32LE(salt, 12);
  header.writeDoubleLE(ordinal, 16);
  header.writeDoubleLE(previousSequence, 24);
  header.writeUInt32LE(crc32c(header.subarray(0, CHECKSUM_AT)), CHECKSUM_AT);
  return header;
}

/** @throws DamagedFileError; NewerFormatError (later formats keep magic, version and checksum in place) */
export function decodeHeader(bytes: Buffer, ordinal: number): StoredHeader {
  if (bytes.length < SEGMENT_HEADER_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new DamagedFileError('the file does not begin as a segment of the log');
  }
  if (bytes.readUInt32LE(CHECKSUM_AT) !== crc32c(bytes.subarray(0, CHECKSUM_AT))) {
    throw new DamagedFileError('the header does not match its checksum');
  }
  const version = bytes.readUInt32LE(8);
  if (version > LOG_FORMAT_VERSION) {
    throw new NewerFormatError(
      `log format version ${version} is newer than ${LOG_FORMAT_VERSION}, the newest that this release knows`,
    );
  }
  if (version < 1 || bytes.readDoubleLE(16) !== ordinal) {
    throw new DamagedFileError('the header is not that of the file its name says');
  }
  return {
    ordinal,
    salt: bytes.readUInt32LE(12),
    previousSequence: bytes.readDoubleLE(24) as Instant,
    isOlderFormat: version < LOG_FORMAT_VERSION,
  };
}

/**
 * Makes a segment durably, in the place of one of the same ordinal if there is one.
 * @param capacity bytes of the file, the header included
 */
export async function createSegment(
  disk: Disk,
  ordinal: number,
  previousSequence: Instant,
  capacity: number,
): Promise<OpenSegment> {
  const header = { ordinal, previousSequence, salt: randomBytes(4).readUInt32LE(0) };
  const name = logSegmentFile(ordinal);
  const temporary = temporaryFile(name);
  const bytes = Buffer.alloc(capacity);
  encodeHeader(header).copy(bytes);
  try {
    await disk.create(temporary, bytes);
    await disk.rename(temporary, name);
  } catch (error) {
    // On a full disk the part that was written would keep the rest of it full.
    await disk.unlink(temporary).catch(() => undefined);
    throw error;
  }
  await disk.syncDirectory(LOG_FOLDER);
  return { ...header, file: await disk.open(name), capacity };
}
