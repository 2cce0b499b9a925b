// The revision triangle in wide form: a line for each date, a column for each day of publication.

import type { CalendarDate } from '../../core/calendar-date.js';
import type { Steps } from '../../core/steps.js';
import type { PointBatch } from '../../schema/point-batch.js';
import { distinctDays } from './coverage.js';

/** A cell of which nothing is known or, where only changes are wanted, nothing was published. */
export const NO_CELL = -1;

export interface VintageMatrix {
  readonly dates: readonly CalendarDate[];
  readonly revisionDates: readonly CalendarDate[];
  /** By date, then by revision date: rows of the batch, or `NO_CELL`. */
  readonly cells: readonly Int32Array[];
}

export interface MatrixWindow {
  /** The revision dates that make the columns, both inclusive. */
  readonly from?: CalendarDate | undefined;
  readonly to?: CalendarDate | undefined;
}

/** Laid out, or looked at in rows, in less than a millisecond. */
const CELLS_PER_STEP = 16_384;

/** How large the matrix will be, before it is made. */
export function* matrixSize(batch: PointBatch, { from, to }: MatrixWindow): Steps<number> {
  const columns = yield* distinctDays(batch.revisionDates, from, to);
  return columns.length === 0 ? 0 : (yield* countDates(batch, to)) * columns.length;
}

/**
 * @param batch whole dates
 * @param isFilled whether a cell holds what was known on its day, or only what was published on it
 */
export function* vintageMatrix(
  batch: PointBatch,
  { from, to }: MatrixWindow,
  isFilled: boolean,
): Steps<VintageMatrix> {
  const revisionDates = yield* distinctDays(batch.revisionDates, from, to);
  const columnOf = new Map(revisionDates.map((day, column) => [day as number, column]));
  const dates: CalendarDate[] = [];
  const cells: Int32Array[] = [];
  let row = 0;
  let done = 0;
  while (revisionDates.length > 0 && row < batch.length) {
    const first = row;
    const date = batch.dates[row] as CalendarDate;
    const line = new Int32Array(revisionDates.length).fill(NO_CELL);
    let isThere = false;
    /** Columns before this one are done. */
    let filledTo = 0;
    let known = NO_CELL;
    for (; batch.dates[row] === date; row++) {
      const day = batch.revisionDates[row]!;
      if (day > (to ?? Infinity)) continue;
      const column = columnOf.get(day);
      if (column !== undefined) {
        if (isFilled) line.fill(known, filledTo, column);
        line[column] = row;
        filledTo = column + 1;
      }
      if (column !== undefined || isFilled) isThere = true;
      known = row;
    }
    if (isFilled) line.fill(known, filledTo);
    if (isThere) {
      dates.push(date);
      cells.push(line);
    }
    done += line.length + row - first;
    if (done >= CELLS_PER_STEP) {
      done = 0;
      yield;
    }
  }
  return { dates, revisionDates, cells };
}

/** How many distinct dates there are of which something was published by `to`. */
function* countDates(batch: PointBatch, to = Infinity as CalendarDate): Steps<number> {
  let count = 0;
  let last = NaN;
  for (let from = 0; from < batch.length; from += CELLS_PER_STEP) {
    const end = Math.min(from + CELLS_PER_STEP, batch.length);
    for (let row = from; row < end; row++) {
      if (batch.revisionDates[row]! > to || batch.dates[row] === last) continue;
      last = batch.dates[row]!;
      count++;
    }
    yield;
  }
  return count;
}
