// On which days a series was published, and what each of them brought.

import type { CalendarDate } from '../../core/calendar-date.js';
import { mapped, type Steps } from '../../core/steps.js';
import type { PointBatch } from '../../schema/point-batch.js';
import { publicationDays } from './coverage.js';

export interface ReleaseCounts {
  /** Dates published for the first time, as missing too. */
  added: number;
  /** Dates that got another value, or one again. */
  revised: number;
  /** Dates whose value became a missing one. */
  withdrawn: number;
}

export interface ReleaseDate extends Readonly<ReleaseCounts> {
  readonly revisionDate: CalendarDate;
}

/** Looked at in less than a millisecond. */
const ROWS_PER_STEP = 8192;

/** What a publication is beside the one before it of the same date; undefined: it repeats that. */
export function kindOfPublication(batch: PointBatch, row: number): keyof ReleaseCounts | undefined {
  if (row === 0 || batch.dates[row - 1] !== batch.dates[row]) return 'added';
  if (sameValues(batch, row - 1, row)) return undefined;
  return batch.isNull(row) ? 'withdrawn' : 'revised';
}

/**
 * The days between two, both inclusive, ascending. A vintage that repeated what was known changed nothing: its counts
 * are 0.
 * @param batch whole dates: a publication is judged by the one before it
 * @param published see `publicationDays`
 */
export function* releaseDates(
  batch: PointBatch,
  published: readonly CalendarDate[],
  from?: CalendarDate,
  to?: CalendarDate,
): Steps<ReleaseDate[]> {
  const days = yield* publicationDays(batch, published, from, to);
  const dates = yield* mapped(days, (revisionDate) => ({
    revisionDate,
    added: 0,
    revised: 0,
    withdrawn: 0,
  }));
  const counts = new Map<number, ReleaseCounts>();
  for (const date of dates)
    if (counts.set(date.revisionDate, date).size % ROWS_PER_STEP === 0) yield;
  for (let row = 0; row < batch.length; row += ROWS_PER_STEP) {
    countRows(batch, row, Math.min(row + ROWS_PER_STEP, batch.length), counts);
    yield;
  }
  return dates;
}

function countRows(
  batch: PointBatch,
  from: number,
  end: number,
  counts: ReadonlyMap<number, ReleaseCounts>,
): void {
  for (let row = from; row < end; row++) {
    const ofDay = counts.get(batch.revisionDates[row]!);
    const kind = ofDay && kindOfPublication(batch, row);
    if (kind) ofDay[kind]++;
  }
}

function sameValues(batch: PointBatch, a: number, b: number): boolean {
  if (batch.isNull(a) || batch.isNull(b)) return batch.isNull(a) && batch.isNull(b);
  return batch.values[a] === batch.values[b] && batch.exact(a) === batch.exact(b);
}
