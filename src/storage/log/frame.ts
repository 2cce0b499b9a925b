// A frame is one group commit in the log: everything that one sync made durable. Layout, little-endian:
//
//   magic        4 bytes   ec ff 47 fe (never part of a UTF-8 text)
//   checksum     4 bytes   CRC-32C (Castagnoli) of everything behind it, begun with the segment's salt
//   length       4 bytes   of the payload
//   kind         4 bytes   1 a group, 2 a marker (write-ahead-log.ts)
//   sequence     8 bytes   the instant of the group's last commit, as a double
//   previous     8 bytes   the sequence of the frame before it, in this segment or the one before
//   payload      `length` bytes
//
// The salt is the segment's own, so that bytes which an older segment left in the same place of the disk
// are never taken for frames of this one. `previous` chains the frames: where two whole frames follow each
// other, it says whether anything was between them.

import { crc32c } from '@node-rs/crc32';
import { assert } from '../../core/assert.js';
import type { Instant } from '../../core/instant.js';

export const FRAME_HEADER_BYTES = 32;
const MAGIC = Buffer.from([0xec, 0xff, 0x47, 0xfe]);
const CHECKED_FROM = 8;

const KIND_CODES = { group: 1, marker: 2 } as const;
export type FrameKind = keyof typeof KIND_CODES;

export interface FrameContent {
  readonly kind: FrameKind;
  readonly sequence: Instant;
  readonly previous: Instant;
  readonly payload: Uint8Array;
}

export interface Frame extends FrameContent {
  readonly offset: number;
  /** The offset of the first byte behind it. */
  readonly end: number;
}

export function encodeFrame(salt: number, content: FrameContent): Buffer {
  const { kind, sequence, previous, payload } = content;
  assert(payload.byteLength <= 0xffff_ffff, 'a payload has a length of 32 bits');
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payload.byteLength);
  MAGIC.copy(frame, 0);
  frame.writeUInt32LE(payload.byteLength, 8);
  frame.writeUInt32LE(KIND_CODES[kind], 12);
  frame.writeDoubleLE(sequence, 16);
  frame.writeDoubleLE(previous, 24);
  frame.set(payload, FRAME_HEADER_BYTES);
  frame.writeUInt32LE(crc32c(frame.subarray(CHECKED_FROM), salt), 4);
  return frame;
}

/** The frame at an offset, or undefined where there is no whole one. */
export function decodeFrame(bytes: Buffer, offset: number, salt: number): Frame | undefined {
  if (offset + FRAME_HEADER_BYTES > bytes.length) return undefined;
  if (MAGIC.compare(bytes, offset, offset + MAGIC.length) !== 0) return undefined;
  const end = offset + FRAME_HEADER_BYTES + bytes.readUInt32LE(offset + 8);
  const kind = kindOf(bytes.readUInt32LE(offset + 12));
  if (end > bytes.length || kind === undefined) return undefined;
  const checksum = bytes.readUInt32LE(offset + 4);
  if (crc32c(bytes.subarray(offset + CHECKED_FROM, end), salt) !== checksum) return undefined;
  return {
    kind,
    offset,
    end,
    sequence: bytes.readDoubleLE(offset + 16) as Instant,
    previous: bytes.readDoubleLE(offset + 24) as Instant,
    payload: bytes.subarray(offset + FRAME_HEADER_BYTES, end),
  };
}

/** The first whole frame that begins at `from` or behind it. */
export function findFrame(bytes: Buffer, from: number, salt: number): Frame | undefined {
  for (let at = bytes.indexOf(MAGIC, from); at >= 0; at = bytes.indexOf(MAGIC, at + 1)) {
    const frame = decodeFrame(bytes, at, salt);
    if (frame) return frame;
  }
  return undefined;
}

function kindOf(code: number): FrameKind | undefined {
  if (code === KIND_CODES.group) return 'group';
  return code === KIND_CODES.marker ? 'marker' : undefined;
}
