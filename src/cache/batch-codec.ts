// A batch of points as bytes: its columns as they lie in memory, one behind the other, each padded to 8 bytes.
// Reading them back copies nothing, and trusts nothing: whatever a caller of the batch relies on without
// looking again (lengths, offsets, order, ranges) is checked here, in plain loops over the columns, some rows at a
// time: 4 MB take several milliseconds.
//
//   0  u32  a mark that a machine of the other byte order reads differently
//   4  u32  rows
//   8  u32  which optional columns follow
//  12  u32  bytes of exact texts
//  16  values, created, updated; dates, revision dates; original; [valid]; [present]; [offsets, texts]

import { CalendarDate } from '../core/calendar-date.js';
import type { Steps } from '../core/steps.js';
import { bit, bitmapBytes, copyBits, type Bitmap } from '../schema/bitmap.js';
import { PointBatch, type PointColumns, type Texts } from '../schema/point-batch.js';

const BYTE_ORDER = 0x0a0b0c0d;
const HEAD_BYTES = 16;

const HAS_NULLS = 1;
const HAS_TEXTS = 2;
const HAS_ROWS_WITHOUT_TEXT = 4;

/** Checked in some tenths of a millisecond. */
const ROWS_PER_STEP = 8192;

/** High halves of the instants up to the year 2255, which a double counts exactly. */
const INSTANT_HIGH_MAX = Number.MAX_SAFE_INTEGER / 2 ** 32;

/** The bytes of a batch, in pieces that are views on it wherever they can be. */
export function encodeBatch({ columns }: PointBatch): Uint8Array[] {
  const { length, valid, exact } = columns;
  const texts = exact && textBytes(exact, length);
  const flags =
    (valid ? HAS_NULLS : 0) |
    (exact ? HAS_TEXTS : 0) |
    (exact?.present ? HAS_ROWS_WITHOUT_TEXT : 0);
  const head = Uint32Array.of(BYTE_ORDER, length, flags, texts?.byteLength ?? 0);
  return [
    bytesOf(head),
    bytesOf(columns.values.subarray(0, length)),
    bytesOf(columns.createdAt.subarray(0, length)),
    bytesOf(columns.updatedAt.subarray(0, length)),
    ...padded(bytesOf(columns.dates.subarray(0, length))),
    ...padded(bytesOf(columns.revisionDates.subarray(0, length))),
    ...bitmap(columns.original, length),
    ...(valid ? bitmap(valid, length) : []),
    ...(exact?.present ? bitmap(exact.present, length) : []),
    ...(exact ? padded(bytesOf(offsetsFromZero(exact, length))) : []),
    ...(texts ? padded(texts) : []),
  ];
}

/** @returns undefined where the bytes are not those of a batch, whole and valid */
export function* decodeBatch(received: Uint8Array): Steps<PointBatch | undefined> {
  const bytes = received.byteOffset % 8 === 0 ? received : new Uint8Array(received);
  if (bytes.byteLength < HEAD_BYTES) return undefined;
  const [byteOrder, length, flags, textLength] = new Uint32Array(bytes.buffer, bytes.byteOffset, 4);
  if (byteOrder !== BYTE_ORDER || !isPossible(flags!, textLength!)) return undefined;
  if (sizeOf(length!, flags!, textLength!) !== bytes.byteLength) return undefined;
  if (length === 0) return PointBatch.EMPTY;
  const columns = columnsOf(bytes, length!, flags!, textLength!);
  const checks = [hasValidKeys, hasValidInstants, hasValidValues, hasValidTexts];
  for (const isValid of checks) {
    for (let from = 0; from < length!; from += ROWS_PER_STEP) {
      if (!isValid(columns, from, Math.min(from + ROWS_PER_STEP, length!))) return undefined;
      yield;
    }
  }
  return PointBatch.fromColumns(columns);
}

function isPossible(flags: number, textLength: number): boolean {
  if (flags > (HAS_NULLS | HAS_TEXTS | HAS_ROWS_WITHOUT_TEXT)) return false;
  return (flags & HAS_TEXTS) !== 0 || ((flags & HAS_ROWS_WITHOUT_TEXT) === 0 && textLength === 0);
}

/** In doubles: no count of rows overflows them. */
function sizeOf(length: number, flags: number, textLength: number): number {
  const bitmaps = 1 + (flags & HAS_NULLS ? 1 : 0) + (flags & HAS_ROWS_WITHOUT_TEXT ? 1 : 0);
  const texts = flags & HAS_TEXTS ? toEight(4 * (length + 1)) + toEight(textLength) : 0;
  return HEAD_BYTES + 24 * length + 2 * toEight(4 * length) + bitmaps * paddedBits(length) + texts;
}

function columnsOf(
  bytes: Uint8Array,
  length: number,
  flags: number,
  textLength: number,
): PointColumns {
  const { buffer } = bytes;
  let end = bytes.byteOffset + HEAD_BYTES;
  /** Where the next column begins. */
  const next = (byteLength: number): number => {
    const start = end;
    end += toEight(byteLength);
    return start;
  };
  const bits = (): Bitmap => {
    const byteLength = paddedBits(length);
    return { bits: new Uint8Array(buffer, next(byteLength), byteLength), offset: 0 };
  };
  // In the order of the bytes.
  return {
    length,
    values: new Float64Array(buffer, next(8 * length), length),
    createdAt: new BigInt64Array(buffer, next(8 * length), length),
    updatedAt: new BigInt64Array(buffer, next(8 * length), length),
    dates: new Int32Array(buffer, next(4 * length), length),
    revisionDates: new Int32Array(buffer, next(4 * length), length),
    original: bits(),
    valid: flags & HAS_NULLS ? bits() : null,
    exact:
      flags & HAS_TEXTS
        ? {
            present: flags & HAS_ROWS_WITHOUT_TEXT ? bits() : null,
            offsets: new Int32Array(buffer, next(4 * (length + 1)), length + 1),
            bytes: new Uint8Array(buffer, next(textLength), textLength),
          }
        : null,
  };
}

/** Dates of the calendar, keys ascending and each once: searches rely on it. */
function hasValidKeys({ length, dates, revisionDates }: PointColumns, from: number, to: number) {
  if (dates[0]! < CalendarDate.MIN || dates[length - 1]! > CalendarDate.MAX) return false;
  let before = from === 0 ? -Infinity : dates[from - 1]!;
  let revisedBefore = from === 0 ? -Infinity : revisionDates[from - 1]!;
  for (let row = from; row < to; row++) {
    const date = dates[row]!;
    const revisionDate = revisionDates[row]!;
    if (date < before || (date === before && revisionDate <= revisedBefore)) return false;
    if (revisionDate < CalendarDate.MIN || revisionDate > CalendarDate.MAX) return false;
    before = date;
    revisedBefore = revisionDate;
  }
  return true;
}

function hasValidInstants({ createdAt, updatedAt }: PointColumns, from: number, to: number) {
  return areInstants(createdAt, from, to) && areInstants(updatedAt, from, to);
}

function areInstants(column: BigInt64Array, from: number, to: number): boolean {
  // Halves are compared, because arithmetic on big integers takes ten times as long.
  const halves = new Uint32Array(column.buffer, column.byteOffset, 2 * column.length);
  for (let high = 2 * from + HIGH_HALF; high < 2 * to; high += 2) {
    if (halves[high]! > INSTANT_HIGH_MAX) return false;
  }
  return true;
}

/** Which half of a 64-bit integer is the high one on this machine. */
const HIGH_HALF = new Uint32Array(BigInt64Array.of(1n).buffer)[0] === 1 ? 1 : 0;

function hasValidValues({ values, valid }: PointColumns, from: number, to: number) {
  for (let row = from; row < to; row++) {
    // The slot of a null may hold anything.
    if (!Number.isFinite(values[row]) && (valid === null || bit(valid.bits, row))) return false;
  }
  return true;
}

function hasValidTexts({ exact, length }: PointColumns, from: number, to: number) {
  if (exact === null) return true;
  const { offsets, bytes, present } = exact;
  if (offsets[0] !== 0 || offsets[length] !== bytes.byteLength) return false;
  for (let row = from; row < to; row++) {
    const size = offsets[row + 1]! - offsets[row]!;
    const hasText = present === null || bit(present.bits, row);
    if (size < 0 || (hasText && size === 0)) return false;
  }
  const end = offsets[to]!;
  if (end > bytes.byteLength) return false;
  for (let at = offsets[from]!; at < end; at++) {
    const byte = bytes[at]!;
    if ((byte < ZERO || byte > NINE) && byte !== MINUS && byte !== POINT) return false;
  }
  return true;
}

const [MINUS, POINT, ZERO, NINE] = [45, 46, 48, 57] as const;

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function toEight(byteLength: number): number {
  return Math.ceil(byteLength / 8) * 8;
}

/** As `bitmapBytes`, for any count that a head may claim. */
function paddedBits(length: number): number {
  return Math.ceil(length / 64) * 8;
}

const ZEROS = new Uint8Array(8);

function padded(bytes: Uint8Array): Uint8Array[] {
  const missing = toEight(bytes.byteLength) - bytes.byteLength;
  return missing === 0 ? [bytes] : [bytes, ZEROS.subarray(0, missing)];
}

/** Bits from the beginning of a byte, in place where they begin there. */
function bitmap({ bits, offset }: Bitmap, length: number): Uint8Array[] {
  if (offset % 8 === 0) {
    const start = offset / 8;
    return padded(bits.subarray(start, start + Math.ceil(length / 8)));
  }
  const moved = new Uint8Array(bitmapBytes(length));
  copyBits({ bits, offset }, 0, moved, 0, length);
  return [moved];
}

function textBytes({ offsets, bytes }: Texts, length: number): Uint8Array {
  return bytes.subarray(offsets[0], offsets[length]);
}

/** A slice's texts begin anywhere. */
function offsetsFromZero({ offsets }: Texts, length: number): Int32Array {
  const used = offsets.subarray(0, length + 1);
  const first = used[0]!;
  return first === 0 ? used : used.map((offset) => offset - first);
}
