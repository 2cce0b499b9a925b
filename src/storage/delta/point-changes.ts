// What was done to the points of one series, in key order: rows as they are stored from then on, and keys
// that were removed. Pure functions over columns; what is the same on both sides is copied as a block.

import type { DateRange } from '../../core/calendar-date.js';
import { PointBatch, PointBatchBuilder } from '../../schema/point-batch.js';
import type { PointKeys } from '../log/commit.js';

export interface PointChanges {
  /** The row of a removed key holds nothing but the key. */
  readonly points: PointBatch;
  /** 1 for each row whose key is removed; null where none is. */
  readonly removed: Uint8Array | null;
}

export function removalOf({ dates, revisionDates }: PointKeys): PointChanges {
  const { length } = dates;
  const builder = new PointBatchBuilder(length);
  builder.appendColumns(
    { dates, revisionDates, values: new Float64Array(length), isOriginal: [] },
    0,
  );
  return { points: builder.finish(), removed: new Uint8Array(length).fill(1) };
}

/** Rows that are stored and keys that are removed, which have none in common. */
export function changesOf(points: PointBatch, removed: PointKeys | null): PointChanges {
  const stored = { points, removed: null };
  return removed === null ? stored : mergeChanges(removalOf(removed), stored);
}

export function changesInRange({ points, removed }: PointChanges, range: DateRange): PointChanges {
  const part = points.inRange(range);
  if (removed === null || part.length === points.length) return { points: part, removed };
  const from = range.start === undefined ? 0 : points.firstRowFrom(range.start);
  return { points: part, removed: removed.subarray(from, from + part.length) };
}

/** The points after the changes. */
export function overlay(base: PointBatch, changes: PointChanges): PointBatch {
  if (changes.points.length === 0) return base;
  return merge({ points: base, removed: null }, changes, false).points;
}

/** Both changes as one; where they speak of one key the newer one holds. */
export function mergeChanges(older: PointChanges, newer: PointChanges): PointChanges {
  return merge(older, newer, true);
}

function merge(older: PointChanges, newer: PointChanges, keepRemovals: boolean): PointChanges {
  const { points: a } = older;
  const { points: b } = newer;
  const output = new ChangesBuilder(a.length + b.length, keepRemovals);
  let at = 0;
  let row = 0;
  while (row < b.length) {
    const place = firstRowNotBefore(a, at, b, row);
    output.copy(older, at, place);
    const replaces = place < a.length && compareKeys(a, place, b, row) === 0;
    at = replaces ? place + 1 : place;
    let end = row + 1;
    while (end < b.length && (at === a.length || compareKeys(b, end, a, at) < 0)) end++;
    output.copy(newer, row, end);
    row = end;
  }
  output.copy(older, at, a.length);
  return output.finish();
}

function compareKeys(a: PointBatch, rowA: number, b: PointBatch, rowB: number): number {
  return a.dates[rowA]! - b.dates[rowB]! || a.revisionDates[rowA]! - b.revisionDates[rowB]!;
}

/** The first row of `a`, from `start` on, whose key is not before that of `b`'s row. */
function firstRowNotBefore(a: PointBatch, start: number, b: PointBatch, row: number): number {
  if (start === a.length || compareKeys(a, start, b, row) >= 0) return start;
  // In steps that double, then by halves: the place is mostly near, or at the end.
  let low = start;
  let step = 1;
  while (low + step < a.length && compareKeys(a, low + step, b, row) < 0) {
    low += step;
    step *= 2;
  }
  let high = Math.min(low + step, a.length);
  low++;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(a, middle, b, row) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

class ChangesBuilder {
  private readonly points: PointBatchBuilder;
  private readonly removed: Uint8Array | null;
  private anyRemoved = false;
  private length = 0;

  constructor(capacity: number, keepRemovals: boolean) {
    this.points = new PointBatchBuilder(capacity);
    this.removed = keepRemovals ? new Uint8Array(capacity) : null;
  }

  copy({ points, removed }: PointChanges, start: number, end: number): void {
    if (start === end) return;
    if (removed === null) {
      this.copyRows(points, start, end);
    } else if (this.removed !== null) {
      this.removed.set(removed.subarray(start, end), this.length);
      this.anyRemoved = true;
      this.copyRows(points, start, end);
    } else {
      this.copyKept(points, removed, start, end);
    }
  }

  finish(): PointChanges {
    const removed = this.anyRemoved ? this.removed!.slice(0, this.length) : null;
    return { points: this.points.finish(), removed };
  }

  private copyKept(points: PointBatch, removed: Uint8Array, start: number, end: number): void {
    let from = start;
    for (let row = start; row <= end; row++) {
      if (row < end && removed[row] === 0) continue;
      this.copyRows(points, from, row);
      from = row + 1;
    }
  }

  private copyRows(points: PointBatch, start: number, end: number): void {
    this.points.copyRows(points, start, end);
    this.length += end - start;
  }
}
