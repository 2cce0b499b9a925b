// A series with all its vintages ("triangle") as transformations read and write it: by date, the days on
// which a value became known. The vintage of a day holds the last value published by then of each date.

import { Instant } from '../../core/instant.js';
import type { Steps } from '../../core/steps.js';
import { PointBatchBuilder, type PointBatch } from '../../schema/point-batch.js';

/** Read, computed or written in less than a millisecond. */
export const ROWS_PER_STEP = 2048;

/** Read access; a missing value is NaN, which arithmetic hands on. */
export class Triangle {
  /** How many dates there are. */
  readonly length: number;
  /** The distinct dates, ascending. */
  readonly dates: Int32Array;
  /** The rows of date `i` are `starts[i]` (inclusive) to `starts[i + 1]` (exclusive). */
  readonly starts: Int32Array;
  /** by row */
  readonly revisionDates: Int32Array;
  /** by row */
  readonly values: Float64Array;
  /** microseconds since 1970, by row */
  readonly updatedAt: Float64Array;

  private constructor(columns: Omit<Triangle, 'length' | 'knownFrom'>) {
    this.length = columns.dates.length;
    this.dates = columns.dates;
    this.starts = columns.starts;
    this.revisionDates = columns.revisionDates;
    this.values = columns.values;
    this.updatedAt = columns.updatedAt;
  }

  static *of(batch: PointBatch): Steps<Triangle> {
    const rows = batch.length;
    const { revisionDates, hasNulls } = batch;
    const dates = new Int32Array(rows);
    const starts = new Int32Array(rows + 1);
    const values = hasNulls ? new Float64Array(batch.values) : batch.values;
    const updatedAt = new Float64Array(rows);
    let length = 0;
    for (let row = 0; row < rows; row++) {
      if (row % ROWS_PER_STEP === 0) yield;
      updatedAt[row] = batch.updatedAt(row);
      if (hasNulls && batch.isNull(row)) values[row] = NaN;
      const date = batch.dates[row]!;
      if (row > 0 && date === batch.dates[row - 1]) continue;
      dates[length] = date;
      starts[length++] = row;
    }
    starts[length] = rows;
    return new Triangle({
      dates: dates.subarray(0, length),
      starts: starts.subarray(0, length + 1),
      ...{ revisionDates, values, updatedAt },
    });
  }

  /** The day on which date `i` was first published, be it as missing. From then on it stays known. */
  knownFrom(i: number): number {
    return this.revisionDates[this.starts[i]!]!;
  }
}

/** Arrays that grow would be copied as a whole, again and again. */
const ROWS_PER_BATCH = 32_768;

/** Collects a transformed series: dates ascending, and of each date what became known, day by day. */
export class TriangleWriter {
  private readonly full: PointBatch[] = [];
  private readonly batchRows: number;
  private builder: PointBatchBuilder;
  /** In `builder`. */
  private rows = 0;
  private date = NaN;
  private hasRow = false;
  private lastValue = NaN;

  /** @param rows that are probably written */
  constructor(rows: number) {
    this.batchRows = Math.min(Math.max(rows, 1), ROWS_PER_BATCH);
    this.builder = new PointBatchBuilder(this.batchRows);
  }

  begin(date: number): void {
    this.date = date;
    this.hasRow = false;
  }

  /** Whether the date that was begun last has a row. */
  get isPublished(): boolean {
    return this.hasRow;
  }

  /** Keeps the value (missing unless it is finite) that is known from that day on, unless it is no news. */
  publish(revisionDate: number, value: number, updatedAt: number): void {
    // Adding zero turns -0 into 0.
    const kept = Number.isFinite(value) ? value + 0 : NaN;
    if (this.hasRow && Object.is(this.lastValue, kept)) return;
    const instant = Instant.of(updatedAt);
    this.makeRoom();
    this.rows++;
    this.builder.append({
      date: this.date,
      revisionDate,
      value: Number.isNaN(kept) ? null : { double: kept, exact: null },
      isOriginal: !this.hasRow,
      createdAt: instant,
      updatedAt: instant,
    });
    this.hasRow = true;
    this.lastValue = kept;
  }

  *finish(): Steps<PointBatch> {
    const batches = [...this.full, this.builder.finish()];
    if (batches.length === 1) return batches[0]!;
    const all = new PointBatchBuilder(batches.reduce((sum, { length }) => sum + length, 0));
    for (const batch of batches) {
      all.copyRows(batch, 0, batch.length);
      yield;
    }
    return all.finish();
  }

  private makeRoom(): void {
    if (this.rows < this.batchRows) return;
    this.full.push(this.builder.finish());
    this.builder = new PointBatchBuilder(this.batchRows);
    this.rows = 0;
  }
}
