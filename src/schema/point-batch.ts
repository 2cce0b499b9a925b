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
import { bit, bitmapBytes, copyBits, countBits, setBits, type Bitmap } from './bitmap.js';

/** Texts of the rows that have one; row 0's begins at `offsets[0]`. */
export interface Texts {
  readonly offsets: Int32Array;
  readonly bytes: Uint8Array;
  /** Null where every row has a text. */
  readonly present: Bitmap | null;
}

export interface PointColumns {
  readonly length: number;
  readonly dates: Int32Array;
  readonly revisionDates: Int32Array;
  readonly values: Float64Array;
  /** Null where no value is missing. */
  readonly valid: Bitmap | null;
  /** Null where no row has an exact text. */
  readonly exact: Texts | null;
  readonly original: Bitmap;
  readonly createdAt: BigInt64Array;
  readonly updatedAt: BigInt64Array;
}

export class PointBatch {
  readonly length: number;
  /** days since 1970-01-01 */
  readonly dates: Int32Array;
  /** days since 1970-01-01 */
  readonly revisionDates: Int32Array;
  /** The doubles; where `isNull(row)` the slot holds no meaning. */
  readonly values: Float64Array;
  readonly createdAtMicros: BigInt64Array;
  readonly updatedAtMicros: BigInt64Array;
  private uniqueDates: boolean | undefined;

  private constructor(
    /** What the batch is made of; typed arrays only, so it can be sent to another thread. */
    readonly columns: PointColumns,
    private toArrow: RecordBatch<TypeMap> | (() => RecordBatch<TypeMap>),
  ) {
    this.length = columns.length;
    this.dates = columns.dates;
    this.revisionDates = columns.revisionDates;
    this.values = columns.values;
    this.createdAtMicros = columns.createdAt;
    this.updatedAtMicros = columns.updatedAt;
  }

  /** @param batch has the schema `DATA_POINT_SCHEMA`, by position */
  static fromArrow(batch: RecordBatch<TypeMap>): PointBatch {
    const children = batch.data.children;
    assert(children.length === DATA_POINT_SCHEMA.fields.length, 'a point batch has all columns');
    const [dates, revisionDates, values, exact, original, createdAt, updatedAt] = children;
    const length = batch.numRows;
    const columns: PointColumns = {
      length,
      dates: dates!.values as Int32Array,
      revisionDates: revisionDates!.values as Int32Array,
      values: values!.values as Float64Array,
      valid: presence(values!),
      exact: exact!.nullCount === length ? null : textsOf(exact as Data<Utf8>),
      original: { bits: (original as Data<Bool>).values, offset: original!.offset },
      createdAt: createdAt!.values as BigInt64Array,
      updatedAt: updatedAt!.values as BigInt64Array,
    };
    return new PointBatch(columns, batch);
  }

  /** The builder's door: arrays that nobody changes any more, bitmaps and texts from their beginning. */
  static fromColumns(columns: PointColumns): PointBatch {
    return new PointBatch(columns, () => arrowOf(columns));
  }

  /** For whoever wants Arrow; made when it is first asked for, because most small batches never are. */
  get batch(): RecordBatch<TypeMap> {
    if (typeof this.toArrow === 'function') this.toArrow = this.toArrow();
    return this.toArrow;
  }

  static readonly EMPTY = PointBatch.fromArrow(
    recordBatch(
      DATA_POINT_SCHEMA,
      0,
      DATA_POINT_SCHEMA.fields.map(({ type }) => makeData({ type, length: 0 })),
    ),
  );

  isNull(row: number): boolean {
    // The slot of a null may hold anything, so the validity bitmap decides.
    const { valid } = this.columns;
    return valid !== null && !bit(valid.bits, valid.offset + row);
  }

  get hasNulls(): boolean {
    return this.columns.valid !== null;
  }

  exact(row: number): string | null {
    const { exact } = this.columns;
    if (exact === null) return null;
    const { offsets, bytes, present } = exact;
    if (present !== null && !bit(present.bits, present.offset + row)) return null;
    const start = offsets[row]!;
    const length = offsets[row + 1]! - start;
    return Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString('latin1');
  }

  get hasExact(): boolean {
    return this.columns.exact !== null;
  }

  isOriginal(row: number): boolean {
    const { bits, offset } = this.columns.original;
    return bit(bits, offset + row);
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

  /** The same, with doubles for the decimals that they stand for: for whoever can print them faster. */
  decimalOrDouble(row: number): string | number | null {
    return this.isNull(row) ? null : (this.exact(row) ?? this.values[row]!);
  }

  /** Rows `from` (inclusive) to `to` (exclusive), sharing memory with this batch. */
  slice(from: number, to: number): PointBatch {
    if (from === 0 && to === this.length) return this;
    const { columns } = this;
    const part: PointColumns = {
      length: to - from,
      dates: columns.dates.subarray(from, to),
      revisionDates: columns.revisionDates.subarray(from, to),
      values: columns.values.subarray(from, to),
      valid: columns.valid && skip(columns.valid, from),
      exact: columns.exact && {
        offsets: columns.exact.offsets.subarray(from, to + 1),
        bytes: columns.exact.bytes,
        present: columns.exact.present && skip(columns.exact.present, from),
      },
      original: skip(columns.original, from),
      createdAt: columns.createdAt.subarray(from, to),
      updatedAt: columns.updatedAt.subarray(from, to),
    };
    const slice = new PointBatch(part, () => this.batch.slice(from, to));
    if (this.uniqueDates === true) slice.uniqueDates = true;
    return slice;
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

  /** Whether no date has more than one row: of most series all rows are then what is known last. */
  get hasUniqueDates(): boolean {
    return (this.uniqueDates ??= areDistinct(this.dates));
  }

  /** Bytes that the columns occupy. */
  get byteLength(): number {
    const { length, valid, exact } = this.columns;
    const bitmaps = (valid ? 2 : 1) * bitmapBytes(length);
    const texts = exact
      ? exact.offsets[length]! - exact.offsets[0]! + 4 * length + bitmapBytes(length)
      : 0;
    return length * FIXED_BYTES_PER_ROW + bitmaps + texts;
  }

  static concat(batches: readonly PointBatch[]): PointBatch {
    if (batches.length === 1) return batches[0]!;
    const builder = new PointBatchBuilder(batches.reduce((sum, { length }) => sum + length, 0));
    for (const batch of batches) builder.copyRows(batch, 0, batch.length);
    return builder.finish();
  }
}

/** Two dates of 4 bytes, a value and two instants of 8. */
const FIXED_BYTES_PER_ROW = 32;

function areDistinct(sorted: Int32Array): boolean {
  for (let row = 1; row < sorted.length; row++) if (sorted[row] === sorted[row - 1]) return false;
  return true;
}

function skip({ bits, offset }: Bitmap, rows: number): Bitmap {
  return { bits, offset: offset + rows };
}

function presence({ nullCount, nullBitmap, offset }: Data): Bitmap | null {
  return nullCount > 0 ? { bits: nullBitmap, offset } : null;
}

function textsOf(data: Data<Utf8>): Texts {
  return { offsets: data.valueOffsets, bytes: data.values, present: presence(data) };
}

/** Of columns that begin with their bitmaps and texts. */
function arrowOf(columns: PointColumns): RecordBatch<TypeMap> {
  const { length, dates, revisionDates, values, valid, exact, original } = columns;
  const { date, float64, utf8, bool, timestamp } = ARROW_TYPES;
  const children = [
    makeData({ type: date, length, data: dates }),
    makeData({ type: date, length, data: revisionDates }),
    // Without a count apache-arrow counts the bits itself, when it is asked.
    makeData({ type: float64, length, data: values, ...(valid ? { nullBitmap: valid.bits } : {}) }),
    exact
      ? makeData({
          type: utf8,
          length,
          nullBitmap: exact.present?.bits ?? null,
          valueOffsets: exact.offsets,
          data: exact.bytes,
        })
      : makeData({
          type: utf8,
          length,
          nullCount: length,
          nullBitmap: new Uint8Array(bitmapBytes(length)),
          valueOffsets: new Int32Array(length + 1),
          data: new Uint8Array(0),
        }),
    makeData({ type: bool, length, data: original.bits }),
    makeData({ type: timestamp, length, data: columns.createdAt }),
    makeData({ type: timestamp, length, data: columns.updatedAt }),
  ];
  return recordBatch(DATA_POINT_SCHEMA, length, children);
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

/** Points on their way into a batch, in key order. */
export interface NewPointColumns {
  /** days since 1970-01-01 */
  readonly dates: Int32Array;
  /** days since 1970-01-01 */
  readonly revisionDates: Int32Array;
  /** NaN stands for a null. */
  readonly values: Float64Array;
  /** 1 where the point is an original release. */
  readonly isOriginal: ArrayLike<number>;
  /** The exact texts by row, ascending. */
  readonly exact?: ReadonlyMap<number, string>;
}

/** Fills the columns of a batch; the caller appends in key order. */
export class PointBatchBuilder {
  private length = 0;
  private nulls = 0;
  /** Made with the first of them: most series have none. */
  private exact: ExactTextsBuilder | undefined;
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

  /** Appends whole columns of points that were all written at one instant. */
  appendColumns(columns: NewPointColumns, instant: number): void {
    const first = this.length;
    const { length } = columns.dates;
    this.length += length;
    assert(this.length <= this.capacity, 'a batch builder is not filled past its capacity');
    this.dates.set(columns.dates, first);
    this.revisionDates.set(columns.revisionDates, first);
    this.createdAt.fill(BigInt(instant), first, this.length);
    this.updatedAt.fill(BigInt(instant), first, this.length);
    setBits(this.validity, first, length);
    for (let from = 0, row = first; from < length; from++, row++) {
      const value = columns.values[from]!;
      if (Number.isNaN(value)) {
        this.nulls++;
        this.validity[row >> 3]! &= ~(1 << (row & 7));
      } else {
        this.values[row] = value;
      }
      if (columns.isOriginal[from] === 1) this.originals[row >> 3]! |= 1 << (row & 7);
    }
    for (const [from, text] of columns.exact ?? []) this.keepExact(first + from, text);
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
    copyBits(from.columns.original, start, this.originals, first, end - start);
    const { valid } = from.columns;
    if (valid === null) {
      setBits(this.validity, first, end - start);
    } else {
      copyBits(valid, start, this.validity, first, end - start);
      this.nulls += end - start - countBits(valid, start, end - start);
    }
    const { exact } = from.columns;
    if (exact === null || !hasText(exact, start, end)) return;
    this.exact ??= new ExactTextsBuilder(this.capacity);
    this.exact.copy(exact, start, end, first);
  }

  finish(): PointBatch {
    const length = this.length;
    if (length === 0) return PointBatch.EMPTY;
    return PointBatch.fromColumns({
      length,
      dates: this.used(this.dates),
      revisionDates: this.used(this.revisionDates),
      values: this.used(this.values),
      valid: this.nulls > 0 ? { bits: this.validity, offset: 0 } : null,
      exact: this.exact?.finish(length) ?? null,
      original: { bits: this.originals, offset: 0 },
      createdAt: this.used(this.createdAt),
      updatedAt: this.used(this.updatedAt),
    });
  }

  /** A batch may live long: where much of an array is unused, it gets one of its own size. */
  private used<T extends Int32Array | Float64Array | BigInt64Array>(column: T): T {
    const isShort = isWasteful(this.length, this.capacity);
    return (isShort ? column.slice(0, this.length) : column.subarray(0, this.length)) as T;
  }

  private keepExact(row: number, text: string): void {
    this.exact ??= new ExactTextsBuilder(this.capacity);
    this.exact.add(row, text);
  }
}

function isWasteful(used: number, capacity: number): boolean {
  return used < capacity * 0.75;
}

function hasText({ present }: Texts, start: number, end: number): boolean {
  return present === null ? end > start : countBits(present, start, end - start) > 0;
}

/** Texts by row, ascending, as bytes from the beginning: a text of its own for each would take ten times as long. */
class ExactTextsBuilder {
  private readonly offsets: Int32Array;
  private readonly present: Uint8Array;
  private bytes = Buffer.alloc(256);
  private length = 0;
  /** Rows whose texts begin where `offsets` says. */
  private rows = 0;

  constructor(capacity: number) {
    this.offsets = new Int32Array(capacity + 1);
    this.present = new Uint8Array(bitmapBytes(capacity));
  }

  /** Digits, a sign and a point are one byte each in UTF-8. */
  add(row: number, text: string): void {
    this.skipTo(row);
    this.reserve(text.length);
    this.length += this.bytes.write(text, this.length, 'latin1');
    this.present[row >> 3]! |= 1 << (row & 7);
    this.offsets[++this.rows] = this.length;
  }

  /** Those of the rows from `start` (inclusive) to `end` (exclusive), for the rows from `first` on. */
  copy({ offsets, bytes, present }: Texts, start: number, end: number, first: number): void {
    this.skipTo(first);
    const begin = offsets[start]!;
    const shift = this.length - begin;
    const added = offsets[end]! - begin;
    this.reserve(added);
    this.bytes.set(bytes.subarray(begin, begin + added), this.length);
    this.length += added;
    for (let row = start, to = first; row < end;) this.offsets[++to] = offsets[++row]! + shift;
    this.rows = first + end - start;
    if (present === null) setBits(this.present, first, end - start);
    else copyBits(present, start, this.present, first, end - start);
  }

  finish(rows: number): Texts {
    this.skipTo(rows);
    const { offsets, bytes, length } = this;
    return {
      offsets: isWasteful(rows, offsets.length)
        ? offsets.slice(0, rows + 1)
        : offsets.subarray(0, rows + 1),
      bytes: isWasteful(length, bytes.length)
        ? new Uint8Array(bytes.subarray(0, length))
        : bytes.subarray(0, length),
      present: { bits: this.present, offset: 0 },
    };
  }

  private skipTo(row: number): void {
    this.offsets.fill(this.length, this.rows, row + 1);
    this.rows = row;
  }

  private reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return;
    const larger = Buffer.alloc(Math.max(2 * this.bytes.length, this.length + more));
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }
}
