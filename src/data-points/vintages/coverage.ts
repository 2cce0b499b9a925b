// What an answer rests on, so that "no revision known" is not mistaken for "never revised".

import type { CalendarDate } from '../../core/calendar-date.js';
import type { PointBatch } from '../../schema/point-batch.js';

export interface RevisionCoverage {
  /** Null where nothing is known. */
  readonly firstRevisionDate: CalendarDate | null;
  readonly lastRevisionDate: CalendarDate | null;
  /** Distinct days on which something was published. */
  readonly revisionCount: number;
}

/** Of the rows that were published by `asOf`. */
export function coverageOf(
  { revisionDates }: PointBatch,
  asOf: CalendarDate | undefined,
): RevisionCoverage {
  const days = distinctDays(revisionDates, undefined, asOf);
  return {
    firstRevisionDate: days[0] ?? null,
    lastRevisionDate: days.at(-1) ?? null,
    revisionCount: days.length,
  };
}

/** The distinct days between two, both inclusive, ascending. */
export function distinctDays(
  days: Int32Array,
  from: CalendarDate | undefined,
  to: CalendarDate | undefined,
): CalendarDate[] {
  const distinct = new Set<number>();
  // Neighbours are often equal, and asking the set costs more than comparing.
  let previous = NaN;
  for (const day of days) {
    if (day === previous) continue;
    previous = day;
    if (day >= (from ?? -Infinity) && day <= (to ?? Infinity)) distinct.add(day);
  }
  return [...distinct].sort((a, b) => a - b) as CalendarDate[];
}
