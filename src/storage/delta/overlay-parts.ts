// A delta over many rows, in steps: to copy a million rows around some changes takes 30 ms at once.

import type { CalendarDate, DateRange } from '../../core/calendar-date.js';
import type { Steps } from '../../core/steps.js';
import { PointBatch, PointBatchBuilder } from '../../schema/point-batch.js';
import type { SeriesDelta } from './series-delta.js';

/** Rows that are merged in a step, in about a millisecond. */
const STEP_ROWS = 65_536;

/**
 * Whether `overlaid` has one step only.
 * @param base the rows of the file in the range
 */
export function isOverlaidAtOnce(delta: SeriesDelta, base: PointBatch, range: DateRange): boolean {
  // Most deltas are small, and need not be looked into.
  return (
    base.length + delta.rows <= STEP_ROWS || sumRows([base, ...delta.batchesIn(range)]) <= STEP_ROWS
  );
}

/**
 * As `delta.overlay`.
 * @param base the rows of the file in the range
 */
export function* overlaid(
  delta: SeriesDelta,
  base: PointBatch,
  range: DateRange,
): Steps<PointBatch> {
  if (isOverlaidAtOnce(delta, base, range)) return delta.overlay(base, range);
  const batches = [base, ...delta.batchesIn(range)];
  const builder = new PointBatchBuilder(sumRows(batches));
  for (const part of partsOf(batches, range)) {
    const rows = delta.overlay(base.inRange(part), part);
    builder.copyRows(rows, 0, rows.length);
    yield;
  }
  return builder.finish();
}

/**
 * The range in parts that follow each other and share no date, each with about `STEP_ROWS` rows of each batch at
 * most; a date that has more stays whole.
 */
function partsOf(batches: readonly PointBatch[], range: DateRange): DateRange[] {
  const cuts = new Set<number>();
  for (const { dates, length } of batches) {
    for (let row = STEP_ROWS; row < length; row += STEP_ROWS) cuts.add(dates[row]!);
  }
  const parts: DateRange[] = [];
  let { start } = range;
  for (const cut of [...cuts].sort((a, b) => a - b) as CalendarDate[]) {
    parts.push({ start, end: (cut - 1) as CalendarDate });
    start = cut;
  }
  return [...parts, { start, end: range.end }];
}

function sumRows(batches: readonly PointBatch[]): number {
  return batches.reduce((sum, { length }) => sum + length, 0);
}
