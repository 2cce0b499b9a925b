// The points of one series (or a range of them) in columns: an Arrow record batch with typed access.
// Rows are sorted by (date, revisionDate), keys are unique, and nothing in it ever changes.

import {
  makeData,
  type Bool,
  type Data,
  type RecordBatch,
  type TypeMap,
  type Utf8,
} from 'apache-arrow';
import { assert } from '../core/assert.js';
import type { CalendarDate, DateRange } from '../core/calendar-date.js';
import { Decimal } from '../core/decimal.js';
import type { Instant } from '../core/instant.js';
import { ARROW_TYPES, DATA_POINT_SCHEMA, recordBatch } from './arrow-schema.js';

function bit(bitmap: Uint8Array, index: number): boolean {
  return ((bitmap[index >> 3]! >> (index & 7)) & 1) === 1;
}

/** Bitmaps are padded to 8 bytes, as Arrow recommends. */
function bitmapBytes(length: number): number {
  return ((length + 63) >> 6) << 3;
}

export class PointBatch {
  readonly length: number;
  /** days since 1970-01-01 */
  readonly dates: Int32Array;
  /** days since 1970-01-01 */
  readonly revisionDates: Int32Array;
  /** The doubles; where `isNull(row)` the slot holds no meaning. */
  readonly values: Float64Array;
  private readonly valueData: Data;
  private readonly hasNulls: boolean;
  private readonly exactData: Data<Utf8>;
  private readonly hasExact: boolean;
  private readonly originalData: Data<Bool>;
  readonly createdAtMicros: BigInt64Array;
  readonly updatedAtMicros: BigInt64Array;

  /** @param batch has the schema `DATA_POINT_SCHEMA`, by position */
  constructor(readonly batch: RecordBatch<TypeMap>) {
    const children = batch.data.children;
    assert(children.length === DATA_POINT_SCHEMA.fields.length, 'a point batch has all columns');
    this.length = batch.numRows;
    this.dates = children[0]!.values as Int32Array;
    this.revisionDates = children[1]!.values as Int32Array;
    this.valueData = children[2]!;
    this.values = this.valueData.values as Float64Array;
    this.hasNulls = this.valueData.nullCount > 0;
    this.exactData = children[3]! as Data<Utf8>;
    this.hasExact = this.exactData.nullCount < this.length;
    this.originalData = children[4]! as Data<Bool>;
    this.createdAtMicros = children[5]!.values as BigInt64Array;
    this.updatedAtMicros = children[6]!.values as BigInt64Array;
  }

  static readonly EMPTY = new PointBatch(
    recordBatch(
      DATA_POINT_SCHEMA,
      0,
      DATA_POINT_SCHEMA.fields.map(({ type }) => makeData({ type, length: 0 })),
    ),
  );

  isNull(row: number): boolean {
    // The slot of a null may hold anything, so the validity bitmap decides.
    return this.hasNulls && !bit(this.valueData.nullBitmap, this.valueData.offset + row);
  }

  exact(row: number): string | null {
    if (!this.hasExact) return null;
    const { nullBitmap, nullCount, offset, valueOffsets, values } = this.exactData;
    if (nullCount > 0 && !bit(nullBitmap, offset + row)) return null;
    const start = valueOffsets[row]!;
    const length = valueOffsets[row + 1]! - start;
    return Buffer.from(values.buffer, values.byteOffset + start, length).toString('latin1');
  }

  isOriginal(row: number): boolean {
    return bit(this.originalData.values, this.originalData.offset + row);
  }

  createdAt(row: number): Instant {
    return Number(this.createdAtMicros[row]) as Instant;
  }

  updatedAt(row: number): Instant {
    return Number(this.updatedAtMicros[row]) as Instant;
  }

  /** The canonical decimal text, null where the value was published as missing. */
  decimal(row: number): string | null {
    return this.isNull(row) ? null : Decimal.format(this.values[row]!, this.exact(row));
  }

  /** Rows `from` (inclusive) to `to` (exclusive), sharing memory with this batch. */
  slice(from: number, to: number): PointBatch {
    return from === 0 && to === this.length ? this : new PointBatch(this.batch.slice(from, to));
  }

  inRange({ start, end }: DateRange): PointBatch {
    const from = start === undefined ? 0 : this.firstRowFrom(start);
    const to = end === undefined ? this.length : this.firstRowFrom((end + 1) as CalendarDate);
    return to <= from ? PointBatch.EMPTY : this.slice(from, to);
  }

  /** The first row whose date is `date` or later; `length` where there is none. */
  firstRowFrom(date: CalendarDate): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.dates[middle]! < date) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The row of a key; undefined where there is none. */
  find(date: CalendarDate, revisionDate: CalendarDate): number | undefined {
    for (let row = this.firstRowFrom(date); this.dates[row] === date; row++) {
      if (this.revisionDates[row] === revisionDate) return row;
    }
    return undefined;
  }

  /** Bytes that the columns occupy. */
  get byteLength(): number {
    return this.batch.data.byteLength;
  }

  static concat(batches: readonly PointBatch[]): PointBatch {
    if (batches.length === 1) return batches[0]!;
    const builder = new PointBatchBuilder(batches.reduce((sum, { length }) => sum + length, 0));
    for (const batch of batches) builder.copyRows(batch, 0, batch.length);
    return builder.finish();
  }
}

/** One point on its way into a batch. */
export interface PointValues {
  /** days since 1970-01-01 */
  readonly date: number;
  /** days since 1970-01-01 */
  readonly revisionDate: number;
  readonly value: Decimal | null;
  readonly isOriginal: boolean;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

/** Fills the columns of a batch; the caller appends in key order. */
export class PointBatchBuilder {
  private length = 0;
  private nulls = 0;
  private exactLength = 0;
  private readonly exactTexts: { row: number; text: string }[] = [];
  private readonly dates: Int32Array;
  private readonly revisionDates: Int32Array;
  private readonly values: Float64Array;
  private readonly validity: Uint8Array;
  private readonly originals: Uint8Array;
  private readonly createdAt: BigInt64Array;
  private readonly updatedAt: BigInt64Array;

  constructor(private readonly capacity: number) {
    this.dates = new Int32Array(capacity);
    this.revisionDates = new Int32Array(capacity);
    this.values = new Float64Array(capacity);
    this.validity = new Uint8Array(bitmapBytes(capacity));
    this.originals = new Uint8Array(bitmapBytes(capacity));
    this.createdAt = new BigInt64Array(capacity);
    this.updatedAt = new BigInt64Array(capacity);
  }

  append(point: PointValues): void {
    const { value } = point;
    const row = this.length++;
    assert(row < this.capacity, 'a batch builder is not filled past its capacity');
    this.dates[row] = point.date;
    this.revisionDates[row] = point.revisionDate;
    if (value === null) {
      this.nulls++;
    } else {
      this.values[row] = value.double;
      this.validity[row >> 3]! |= 1 << (row & 7);
      if (value.exact !== null) this.keepExact(row, value.exact);
    }
    if (point.isOriginal) this.originals[row >> 3]! |= 1 << (row & 7);
    this.createdAt[row] = BigInt(point.createdAt);
    this.updatedAt[row] = BigInt(point.updatedAt);
  }

  /** Appends rows `start` (inclusive) to `end` (exclusive) of a batch, whole columns at a time. */
  copyRows(from: PointBatch, start: number, end: number): void {
    const first = this.length;
    this.length += end - start;
    assert(this.length <= this.capacity, 'a batch builder is not filled past its capacity');
    this.dates.set(from.dates.subarray(start, end), first);
    this.revisionDates.set(from.revisionDates.subarray(start, end), first);
    this.values.set(from.values.subarray(start, end), first);
    this.createdAt.set(from.createdAtMicros.subarray(start, end), first);
    this.updatedAt.set(from.updatedAtMicros.subarray(start, end), first);
    for (let row = start, to = first; row < end; row++, to++) {
      if (from.isNull(row)) this.nulls++;
      else this.validity[to >> 3]! |= 1 << (to & 7);
      if (from.isOriginal(row)) this.originals[to >> 3]! |= 1 << (to & 7);
      const text = from.exact(row);
      if (text !== null) this.keepExact(to, text);
    }
  }

  finish(): PointBatch {
    const length = this.length;
    if (length === 0) return PointBatch.EMPTY;
    const { date, float64, bool, timestamp } = ARROW_TYPES;
    const validity = this.nulls > 0 ? { nullBitmap: this.validity, nullCount: this.nulls } : {};
    const children = [
      makeData({ type: date, length, data: this.dates.subarray(0, length) }),
      makeData({ type: date, length, data: this.revisionDates.subarray(0, length) }),
      makeData({ type: float64, length, ...validity, data: this.values.subarray(0, length) }),
      this.exactColumn(),
      makeData({ type: bool, length, data: this.originals }),
      makeData({ type: timestamp, length, data: this.createdAt.subarray(0, length) }),
      makeData({ type: timestamp, length, data: this.updatedAt.subarray(0, length) }),
    ];
    return new PointBatch(recordBatch(DATA_POINT_SCHEMA, length, children));
  }

  private keepExact(row: number, text: string): void {
    this.exactTexts.push({ row, text });
    this.exactLength += text.length;
  }

  /** Digits, a sign and a point are one byte each in UTF-8. */
  private exactColumn(): Data<Utf8> {
    const nullBitmap = new Uint8Array(bitmapBytes(this.length));
    const valueOffsets = new Int32Array(this.length + 1);
    const data = Buffer.alloc(this.exactLength);
    let end = 0;
    let next = 0;
    for (const { row, text } of this.exactTexts) {
      valueOffsets.fill(end, next, row + 1);
      end += data.write(text, end, 'latin1');
      nullBitmap[row >> 3]! |= 1 << (row & 7);
      next = row + 1;
    }
    valueOffsets.fill(end, next);
    return makeData({
      type: ARROW_TYPES.utf8,
      length: this.length,
      nullCount: this.length - this.exactTexts.length,
      nullBitmap,
      valueOffsets,
      data,
    });
  }
}
