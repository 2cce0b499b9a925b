// A value as Redis keeps it: a head that tells whether what comes back is, byte for byte, what was stored
// under this name. All of it is checked, because a server may be shared, full, half restored or handed
// rubbish, and a wrong answer is worse than none.
//
//   0  'EGCV'             magic
//   4  u32 little endian  format version
//   8  u32 little endian  bytes of the body
//  12  u32 little endian  CRC-32 over the key, bytes 0 to 11, and the body
//  16  the body

import { crc32 } from '@node-rs/crc32';

const MAGIC = 0x56434745;
const FORMAT_VERSION = 1;
/** A multiple of 8, so that columns behind it stay aligned. */
const HEAD_BYTES = 16;

/** The value in one piece. */
export function seal(key: string, parts: readonly Uint8Array[]): Buffer {
  const bodyBytes = parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const value = Buffer.allocUnsafeSlow(HEAD_BYTES + bodyBytes);
  value.writeUInt32LE(MAGIC, 0);
  value.writeUInt32LE(FORMAT_VERSION, 4);
  value.writeUInt32LE(bodyBytes, 8);
  let at = HEAD_BYTES;
  for (const part of parts) {
    value.set(part, at);
    at += part.byteLength;
  }
  value.writeUInt32LE(checksum(key, value), 12);
  return value;
}

/**
 * The body, in an array of its own; undefined where the value is not what was sealed under this key. What the
 * parser of Redis's protocol hands out is a view into a larger buffer, at any offset: it would be kept in
 * memory as long as the value, and no column could be read from it in place.
 */
export function unseal(key: string, value: Buffer): Uint8Array | undefined {
  if (value.byteLength < HEAD_BYTES) return undefined;
  if (value.readUInt32LE(0) !== MAGIC || value.readUInt32LE(4) !== FORMAT_VERSION) return undefined;
  if (value.readUInt32LE(8) !== value.byteLength - HEAD_BYTES) return undefined;
  if (value.readUInt32LE(12) !== checksum(key, value)) return undefined;
  return new Uint8Array(value.subarray(HEAD_BYTES));
}

function checksum(key: string, value: Buffer): number {
  const head = crc32(value.subarray(0, 12), crc32(key));
  return crc32(value.subarray(HEAD_BYTES), head);
}
