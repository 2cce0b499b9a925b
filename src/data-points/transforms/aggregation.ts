// A series at a lower frequency, for all its vintages at once.

import { validationError } from '../../core/app-error.js';
import { unreachable } from '../../core/assert.js';
import { CalendarDate } from '../../core/calendar-date.js';
import type { Steps } from '../../core/steps.js';
import type { PointBatch } from '../../schema/point-batch.js';
import type { Frequency } from '../../series/vocabulary.js';
import { isRegular, PERIODS, type RegularFrequency } from './periods.js';
import { PeriodValues } from './period-values.js';
import { ROWS_PER_STEP, Triangle, TriangleWriter } from './triangle.js';

/** How the values of a period become one, by FRED's names. */
export enum Aggregation {
  /** average */
  avg = 'avg',
  /** sum */
  sum = 'sum',
  /** end of period: the last value */
  eop = 'eop',
}

/**
 * The values that the first and the last period must have, by the frequency they come from and the lower one
 * they are wanted in (FRED API, fred/series/observations, "frequency"); no number where it is not lower.
 */
const VALUES_MIN: Record<Frequency, Partial<Record<RegularFrequency, number>>> = {
  daily: { weekly: 4, biweekly: 8, monthly: 17, quarterly: 52, semiannual: 104, annual: 208 },
  weekly: { biweekly: 2, monthly: 3, quarterly: 10, semiannual: 20, annual: 39 },
  biweekly: { monthly: 2, quarterly: 7, semiannual: 13, annual: 26 },
  monthly: { quarterly: 3, semiannual: 6, annual: 12 },
  quarterly: { semiannual: 2, annual: 4 },
  semiannual: { annual: 2 },
  annual: {},
  irregular: {},
  other: {},
};

/**
 * The series at a lower frequency, with all its vintages: the last rows by a day are the aggregation of what
 * the batch's were by that day, for every day. A value belongs to the period that contains its date; rows
 * have the first day of their period (weeks begin on Monday, fortnights as `PERIODS` says). Missing values
 * are left out. Periods between two others have a row as soon as one of their dates is known. The first and
 * the last one of a vintage, which may be incomplete, have one only with enough values; what was published
 * cannot disappear, so a row whose period loses its values becomes missing.
 *
 * A row is as recent (`createdAt`, `updatedAt`) as the latest one of all its period's by that day, replaced
 * ones among them.
 *
 * @throws AppError VALIDATION_ERROR naming `frequency`: `to` is neither lower than `from` nor the same
 */
export function* aggregate(
  batch: PointBatch,
  from: Frequency,
  to: Frequency,
  method: Aggregation,
): Steps<PointBatch> {
  if (from === to) return batch;
  const valuesMin = isRegular(to) ? VALUES_MIN[from][to] : undefined;
  if (!isRegular(to) || valuesMin === undefined) throw refused(from, to);
  const triangle = yield* Triangle.of(batch);
  const { indexOf, firstDay } = PERIODS[to];
  const periods = triangle.dates.map(indexOf);
  const laterKnownFrom = leastFromTheEnd(triangle);
  const writer = new TriangleWriter(triangle.length);
  let earlierKnownFrom = Infinity;
  let done = 0;
  for (let start = 0, end = 0; start < triangle.length; start = end) {
    let knownFrom = Infinity;
    for (; periods[end] === periods[start]; end++) {
      knownFrom = Math.min(knownFrom, triangle.knownFrom(end));
    }
    if (triangle.starts[end]! - done >= ROWS_PER_STEP) {
      done = triangle.starts[end]!;
      yield;
    }
    writer.begin(firstDay(periods[start]!));
    const middleFrom = Math.max(earlierKnownFrom, laterKnownFrom[end]!);
    publishPeriod(writer, triangle, { start, end, middleFrom, valuesMin }, method);
    earlierKnownFrom = Math.min(earlierKnownFrom, knownFrom);
  }
  return yield* writer.finish();
}

function refused(from: Frequency, to: Frequency): Error {
  const lower = Object.keys(VALUES_MIN[from]).join(', ');
  return validationError(
    'frequency',
    lower === ''
      ? `a series whose frequency is ${from} cannot be aggregated`
      : `a series whose frequency is ${from} can be aggregated to ${lower}, not to ${to}`,
  );
}

/** By date, the first day on which it or a later one was known. */
function leastFromTheEnd(triangle: Triangle): Float64Array {
  const least = new Float64Array(triangle.length + 1).fill(Infinity);
  for (let i = triangle.length - 1; i >= 0; i--) {
    least[i] = Math.min(least[i + 1]!, triangle.knownFrom(i));
  }
  return least;
}

interface Period {
  /** Its dates are number `start` (inclusive) to `end` (exclusive) of the triangle. */
  readonly start: number;
  readonly end: number;
  /** The first day on which it lies between two others. */
  readonly middleFrom: number;
  readonly valuesMin: number;
}

/** Publishes a period on every day on which a value of it, or its place among the others, changed. */
function publishPeriod(
  writer: TriangleWriter,
  triangle: Triangle,
  period: Period,
  method: Aggregation,
): void {
  const { revisionDates, updatedAt } = triangle;
  const rows = rowsByRevisionDate(triangle, period);
  const values = new PeriodValues(triangle, period.start, period.end);
  let next = 0;
  let latest = -Infinity;
  let day = revisionDates[rows[0]!]!;
  do {
    for (; next < rows.length && revisionDates[rows[next]!]! <= day; next++) {
      values.add(rows[next]!);
      latest = Math.max(latest, updatedAt[rows[next]!]!);
    }
    const isComplete = day >= period.middleFrom || values.count >= period.valuesMin;
    if (isComplete || writer.isPublished) {
      writer.publish(day, isComplete ? valueOf(values, method) : NaN, latest);
    }
    const published = next < rows.length ? revisionDates[rows[next]!]! : Infinity;
    day = day < period.middleFrom ? Math.min(published, period.middleFrom) : published;
  } while (day < Infinity);
}

/** The rows of a period in the order in which they were published. */
function rowsByRevisionDate({ starts, revisionDates }: Triangle, { start, end }: Period) {
  const first = starts[start]!;
  const keys = new Float64Array(starts[end]! - first);
  let isSorted = true;
  for (let i = 0; i < keys.length; i++) {
    keys[i] = (revisionDates[first + i]! - CalendarDate.MIN) * keys.length + i;
    if (i > 0 && keys[i]! < keys[i - 1]!) isSorted = false;
  }
  if (!isSorted) keys.sort();
  return keys.map((key) => first + (key % keys.length));
}

function valueOf(values: PeriodValues, method: Aggregation): number {
  switch (method) {
    case Aggregation.avg:
      return values.average;
    case Aggregation.sum:
      return values.sum;
    case Aggregation.eop:
      return values.last;
    default:
      return unreachable(method);
  }
}
