// A series with all its vintages ("triangle") as transformations read and write it: by date, the days on
// which a value became known. The vintage of a day holds the last value published by then of each date.

import { Instant } from '../../core/instant.js';
import { PointBatchBuilder, type PointBatch } from '../../schema/point-batch.js';

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

  constructor(batch: PointBatch) {
    const rows = batch.length;
    const dates = new Int32Array(rows);
    const starts = new Int32Array(rows + 1);
    let length = 0;
    for (let row = 0; row < rows; row++) {
      const date = batch.dates[row]!;
      if (row > 0 && date === batch.dates[row - 1]) continue;
      dates[length] = date;
      starts[length++] = row;
    }
    starts[length] = rows;
    this.length = length;
    this.dates = dates.subarray(0, length);
    this.starts = starts.subarray(0, length + 1);
    this.revisionDates = batch.revisionDates;
    this.values = valuesOf(batch);
    this.updatedAt = new Float64Array(rows);
    for (let row = 0; row < rows; row++) this.updatedAt[row] = batch.updatedAt(row);
  }

  /** The day on which date `i` was first published, be it as missing. From then on it stays known. */
  knownFrom(i: number): number {
    return this.revisionDates[this.starts[i]!]!;
  }
}

function valuesOf(batch: PointBatch): Float64Array {
  if (!batch.hasNulls) return batch.values;
  return batch.values.map((value, row) => (batch.isNull(row) ? NaN : value));
}

/** Collects a transformed series: dates ascending, and of each date what became known, day by day. */
export class TriangleWriter {
  private readonly dates: number[] = [];
  private readonly revisionDates: number[] = [];
  private readonly values: number[] = [];
  private readonly updatedAt: number[] = [];
  private date = NaN;
  private firstRow = 0;

  begin(date: number): void {
    this.date = date;
    this.firstRow = this.values.length;
  }

  /** Whether the date that was begun last has a row. */
  get isPublished(): boolean {
    return this.values.length > this.firstRow;
  }

  /** Keeps the value (missing unless it is finite) that is known from that day on, unless it is no news. */
  publish(revisionDate: number, value: number, updatedAt: number): void {
    // Adding zero turns -0 into 0.
    const kept = Number.isFinite(value) ? value + 0 : NaN;
    if (this.isPublished && Object.is(this.values.at(-1), kept)) return;
    this.dates.push(this.date);
    this.revisionDates.push(revisionDate);
    this.values.push(kept);
    this.updatedAt.push(updatedAt);
  }

  finish(): PointBatch {
    const { dates, values } = this;
    const builder = new PointBatchBuilder(values.length);
    for (let row = 0; row < values.length; row++) {
      const double = values[row]!;
      const instant = Instant.of(this.updatedAt[row]!);
      builder.append({
        date: dates[row]!,
        revisionDate: this.revisionDates[row]!,
        value: Number.isNaN(double) ? null : { double, exact: null },
        isOriginal: row === 0 || dates[row - 1] !== dates[row],
        createdAt: instant,
        updatedAt: instant,
      });
    }
    return builder.finish();
  }
}
