// On which days a series was published, and what each of them brought.

import type { CalendarDate } from '../../core/calendar-date.js';
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
export function releaseDates(
  batch: PointBatch,
  published: readonly CalendarDate[],
  from?: CalendarDate,
  to?: CalendarDate,
): ReleaseDate[] {
  const counts = new Map<number, ReleaseCounts>();
  for (const day of publicationDays(batch, published, from, to)) {
    counts.set(day, { added: 0, revised: 0, withdrawn: 0 });
  }
  for (let row = 0; row < batch.length; row++) {
    const ofDay = counts.get(batch.revisionDates[row]!);
    const kind = ofDay && kindOfPublication(batch, row);
    if (kind) ofDay[kind]++;
  }
  return [...counts].map(([day, ofDay]) => ({ revisionDate: day as CalendarDate, ...ofDay }));
}

function sameValues(batch: PointBatch, a: number, b: number): boolean {
  if (batch.isNull(a) || batch.isNull(b)) return batch.isNull(a) && batch.isNull(b);
  return batch.values[a] === batch.values[b] && batch.exact(a) === batch.exact(b);
}
