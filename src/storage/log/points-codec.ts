// Points and their keys as bytes of the log, column by column. All rows of a commit were updated at its
// instant, and nearly all were created then too, so times cost nothing; a monthly series takes about
// eleven bytes a point, eight of them the value.

import { assert } from '../../core/assert.js';
import { CalendarDate } from '../../core/calendar-date.js';
import type { Instant } from '../../core/instant.js';
import { PointBatch } from '../../schema/point-batch.js';
import { MalformedBytesError, type ByteReader, type ByteWriter } from './bytes.js';
import type { PointKeys, PointsSummary } from './commit.js';

// What a batch has beside keys and values, as bits of one byte.
const SOME_NULL = 1;
const SOME_EXACT = 2;
const SOME_ORIGINAL = 4;
const SOME_REVISED = 8;
const SOME_CREATED_EARLIER = 16;
const KNOWN_FLAGS = 31;

export function writeKeys(writer: ByteWriter, { dates, revisionDates }: PointKeys): void {
  assert(dates.length === revisionDates.length, 'a key has two dates');
  writer.varint(dates.length);
  writer.int32Differences(dates);
  writer.int32Differences(revisionDates);
}

export function readKeys(reader: ByteReader): PointKeys {
  const count = reader.count();
  const keys = {
    dates: reader.int32Differences(count),
    revisionDates: reader.int32Differences(count),
  };
  assertSortedKeys(keys);
  return keys;
}

function assertSortedKeys({ dates, revisionDates }: PointKeys): void {
  let date = Number.NEGATIVE_INFINITY;
  let revisionDate = Number.NEGATIVE_INFINITY;
  for (let row = 0; row < dates.length; row++) {
    const nextDate = dates[row]!;
    const nextRevisionDate = revisionDates[row]!;
    if (nextDate < date || (nextDate === date && nextRevisionDate <= revisionDate)) {
      throw new MalformedBytesError('the keys of points do not ascend');
    }
    if (
      nextDate < CalendarDate.MIN ||
      nextDate > CalendarDate.MAX ||
      nextRevisionDate < CalendarDate.MIN ||
      nextRevisionDate > CalendarDate.MAX
    ) {
      throw new MalformedBytesError('a date lies outside the calendar');
    }
    date = nextDate;
    revisionDate = nextRevisionDate;
  }
}

export function writePoints(writer: ByteWriter, points: PointBatch, instant: Instant): void {
  const { length } = points;
  writeKeys(writer, points);
  const nulls = bitmapOf(length, (row) => points.isNull(row), points.hasNulls);
  const exact = bitmapOf(length, (row) => points.exact(row) !== null, points.hasExact);
  const originals = bitmapOf(length, (row) => points.isOriginal(row));
  const earlier = wasCreatedEarlier(points, instant);
  writer.uint8(
    (nulls.set > 0 ? SOME_NULL : 0) |
      (exact.set > 0 ? SOME_EXACT : 0) |
      (originals.set > 0 ? SOME_ORIGINAL : 0) |
      (originals.set < length ? SOME_REVISED : 0) |
      (earlier ? SOME_CREATED_EARLIER : 0),
  );
  if (nulls.set > 0) writer.bytes(nulls.bits);
  writer.float64s(nulls.set > 0 ? presentValues(points, nulls.set) : points.values);
  if (exact.set > 0) writeExact(writer, points, exact.bits);
  if (originals.set > 0 && originals.set < length) writer.bytes(originals.bits);
  if (earlier) {
    for (let row = 0; row < length; row++) writer.varint(instant - points.createdAt(row));
  }
}

export function readPoints(reader: ByteReader, instant: Instant): PointBatch {
  const { dates, revisionDates } = readKeys(reader);
  const { length } = dates;
  const flags = reader.uint8();
  if (flags > KNOWN_FLAGS) throw new MalformedBytesError('unknown flags of points');
  if (length === 0) return PointBatch.EMPTY;
  const nulls = (flags & SOME_NULL) !== 0 ? reader.bytes(bytesOfBits(length)) : null;
  const valid = nulls && invertedBitmap(nulls, length);
  const values = valid ? spreadValues(reader, valid, length) : reader.float64s(length);
  const exact = (flags & SOME_EXACT) !== 0 ? readExact(reader, length) : null;
  const original = { bits: readOriginals(reader, flags, length), offset: 0 };
  const updatedAt = new BigInt64Array(length).fill(BigInt(instant));
  // A copy of its own: apache-arrow writes unreadable streams of columns that share memory.
  const createdAt = new BigInt64Array(updatedAt);
  if ((flags & SOME_CREATED_EARLIER) !== 0) {
    for (let row = 0; row < length; row++) createdAt[row] = BigInt(instant - reader.varint());
  }
  return PointBatch.fromColumns({
    length,
    dates,
    revisionDates,
    values,
    valid: valid && { bits: valid, offset: 0 },
    exact,
    original,
    createdAt,
    updatedAt,
  });
}

export function writeSummary(writer: ByteWriter, summary: PointsSummary): void {
  const { rows, firstDate, lastDate, lastRevisionDate } = summary;
  writer.varint(rows);
  for (const date of [firstDate, lastDate, lastRevisionDate]) {
    writer.uint8(date === null ? 0 : 1);
    if (date !== null) writer.zigzag(date);
  }
}

export function readSummary(reader: ByteReader): PointsSummary {
  return {
    rows: reader.varint(),
    firstDate: readOptionalDate(reader),
    lastDate: readOptionalDate(reader),
    lastRevisionDate: readOptionalDate(reader),
  };
}

function readOptionalDate(reader: ByteReader): CalendarDate | null {
  const presence = reader.uint8();
  if (presence > 1) throw new MalformedBytesError('a date is there or not');
  if (presence === 0) return null;
  const date = CalendarDate.fromDays(reader.zigzag());
  if (date === undefined) throw new MalformedBytesError('a date lies outside the calendar');
  return date;
}

function wasCreatedEarlier({ createdAtMicros, updatedAtMicros }: PointBatch, instant: Instant) {
  const expected = BigInt(instant);
  let earlier = false;
  for (let row = 0; row < updatedAtMicros.length; row++) {
    assert(updatedAtMicros[row] === expected, 'points are stored with the instant of their commit');
    if (createdAtMicros[row] !== expected) earlier = true;
  }
  return earlier;
}

function bytesOfBits(length: number): number {
  return (length + 7) >> 3;
}

function isSet(bits: Uint8Array, row: number): boolean {
  return ((bits[row >> 3]! >> (row & 7)) & 1) === 1;
}

function bitmapOf(length: number, holds: (row: number) => boolean, isNeeded = true) {
  const bits = new Uint8Array(isNeeded ? bytesOfBits(length) : 0);
  let set = 0;
  for (let row = 0; isNeeded && row < length; row++) {
    if (!holds(row)) continue;
    bits[row >> 3]! |= 1 << (row & 7);
    set++;
  }
  return { bits, set };
}

/** Arrow wants bitmaps in whole words of 8 bytes. */
function paddedBitmap(length: number): Uint8Array {
  return new Uint8Array(((length + 63) >> 6) << 3);
}

function invertedBitmap(bits: Uint8Array, length: number): Uint8Array {
  const inverted = paddedBitmap(length);
  for (let index = 0; index < bits.length; index++) inverted[index] = ~bits[index]!;
  return inverted;
}

function presentValues(points: PointBatch, nulls: number): Float64Array {
  const present = new Float64Array(points.length - nulls);
  let to = 0;
  for (let row = 0; row < points.length; row++) {
    if (!points.isNull(row)) present[to++] = points.values[row]!;
  }
  return present;
}

function spreadValues(reader: ByteReader, valid: Uint8Array, length: number): Float64Array {
  let count = 0;
  for (let row = 0; row < length; row++) if (isSet(valid, row)) count++;
  const present = reader.float64s(count);
  const values = new Float64Array(length);
  let from = 0;
  for (let row = 0; row < length; row++) if (isSet(valid, row)) values[row] = present[from++]!;
  return values;
}

function writeExact(writer: ByteWriter, points: PointBatch, bits: Uint8Array): void {
  writer.bytes(bits);
  for (let row = 0; row < points.length; row++) {
    const text = points.exact(row);
    if (text !== null) writer.text(text);
  }
}

/** Digits, a sign and a point: one byte a character, whichever the encoding. */
function readExact(reader: ByteReader, length: number) {
  const present = paddedBitmap(length);
  present.set(reader.bytes(bytesOfBits(length)));
  const offsets = new Int32Array(length + 1);
  const texts: Uint8Array[] = [];
  for (let row = 0, end = 0; row < length; row++) {
    if (isSet(present, row)) {
      const text = reader.bytes(reader.count());
      texts.push(text);
      end += text.byteLength;
    }
    offsets[row + 1] = end;
  }
  return { offsets, bytes: Buffer.concat(texts), present: { bits: present, offset: 0 } };
}

function readOriginals(reader: ByteReader, flags: number, length: number): Uint8Array {
  const bits = paddedBitmap(length);
  if ((flags & SOME_ORIGINAL) === 0) return bits;
  if ((flags & SOME_REVISED) === 0) return bits.fill(0xff, 0, bytesOfBits(length));
  bits.set(reader.bytes(bytesOfBits(length)));
  return bits;
}
