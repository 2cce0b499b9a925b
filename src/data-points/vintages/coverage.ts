// What an answer rests on, so that "no revision known" is not mistaken for "never revised".

import type { CalendarDate } from '../../core/calendar-date.js';
import type { PointBatch } from '../../schema/point-batch.js';

export interface RevisionCoverage {
  /** Null where nothing is known. */
  readonly firstRevisionDate: CalendarDate | null;
  readonly lastRevisionDate: CalendarDate | null;
  /** Distinct days on which something was published, repeated values too. */
  readonly revisionCount: number;
}

/**
 * Of what was published by `asOf`.
 * @param published see `publicationDays`
 */
export function coverageOf(
  batch: PointBatch,
  published: readonly CalendarDate[],
  asOf: CalendarDate | undefined,
): RevisionCoverage {
  const days = publicationDays(batch, published, undefined, asOf);
  return {
    firstRevisionDate: days[0] ?? null,
    lastRevisionDate: days.at(-1) ?? null,
    revisionCount: days.length,
  };
}

/**
 * The distinct days between two, both inclusive, ascending, on which rows were published, or a vintage that repeated what
 * was known.
 * @param published days of vintages that spoke of the dates of the batch, ascending
 */
export function publicationDays(
  { revisionDates }: PointBatch,
  published: readonly CalendarDate[],
  from: CalendarDate | undefined,
  to: CalendarDate | undefined,
): CalendarDate[] {
  const days = distinctDays(revisionDates, from, to);
  if (published.length === 0) return days;
  let first = Infinity;
  for (const day of revisionDates) if (day < first) first = day;
  // Before anything was known a complete vintage said nothing of these dates.
  const repeating = published.filter(
    (day) => day >= first && day >= (from ?? -Infinity) && day <= (to ?? Infinity),
  );
  return [...new Set([...days, ...repeating])].sort((a, b) => a - b);
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
