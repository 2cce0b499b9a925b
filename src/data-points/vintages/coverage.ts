// What an answer rests on, so that "no revision known" is not mistaken for "never revised".

import type { CalendarDate } from '../../core/calendar-date.js';
import { sorted, type Steps } from '../../core/steps.js';
import type { PointBatch } from '../../schema/point-batch.js';

export interface RevisionCoverage {
  /** Null where nothing is known. */
  readonly firstRevisionDate: CalendarDate | null;
  readonly lastRevisionDate: CalendarDate | null;
  /** Distinct days on which something was published, repeated values too. */
  readonly revisionCount: number;
}

/** Of days: looked at in less than a millisecond, also where all of them are distinct. */
const DAYS_PER_STEP = 8192;

/**
 * Of what was published by `asOf`.
 * @param published see `publicationDays`
 */
export function* coverageOf(
  batch: PointBatch,
  published: readonly CalendarDate[],
  asOf: CalendarDate | undefined,
): Steps<RevisionCoverage> {
  const days = yield* publicationDays(batch, published, undefined, asOf);
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
export function* publicationDays(
  { revisionDates }: PointBatch,
  published: readonly CalendarDate[],
  from: CalendarDate | undefined,
  to: CalendarDate | undefined,
): Steps<readonly CalendarDate[]> {
  const distinct = yield* daysBetween(revisionDates, from, to);
  if (published.length > 0) {
    let first = Infinity;
    for (let at = 0; at < revisionDates.length; at += DAYS_PER_STEP) {
      for (const day of revisionDates.subarray(at, at + DAYS_PER_STEP))
        if (day < first) first = day;
      yield;
    }
    // Before anything was known a complete vintage said nothing of these dates.
    const start = Math.max(first, from ?? -Infinity);
    for (let at = 0; at < published.length; at += DAYS_PER_STEP) {
      for (const day of published.slice(at, at + DAYS_PER_STEP)) {
        if (day >= start && day <= (to ?? Infinity)) distinct.add(day);
      }
      yield;
    }
  }
  return yield* ascending(distinct);
}

/** The distinct days between two, both inclusive, ascending. */
export function* distinctDays(
  days: Int32Array,
  from: CalendarDate | undefined,
  to: CalendarDate | undefined,
): Steps<readonly CalendarDate[]> {
  return yield* ascending(yield* daysBetween(days, from, to));
}

function* daysBetween(
  days: Int32Array,
  from: CalendarDate | undefined,
  to: CalendarDate | undefined,
): Steps<Set<number>> {
  const distinct = new Set<number>();
  for (let at = 0; at < days.length; at += DAYS_PER_STEP) {
    addDays(days.subarray(at, at + DAYS_PER_STEP), from ?? -Infinity, to ?? Infinity, distinct);
    yield;
  }
  return distinct;
}

function addDays(days: Int32Array, from: number, to: number, distinct: Set<number>): void {
  // Neighbours are often equal, and asking the set costs more than comparing.
  let previous = NaN;
  for (const day of days) {
    if (day === previous) continue;
    previous = day;
    if (day >= from && day <= to) distinct.add(day);
  }
}

function* ascending(distinct: ReadonlySet<number>): Steps<readonly CalendarDate[]> {
  const days = yield* sorted([...distinct] as CalendarDate[], (a, b) => a - b);
  return days;
}
