// What a caller asked of the points of a series, checked: from arguments to values that cannot be wrong.

import { validationError } from '../core/app-error.js';
import { unreachable } from '../core/assert.js';
import { CalendarDate, type DateRange } from '../core/calendar-date.js';
import type { Steps } from '../core/steps.js';
import type { PointBatch } from '../schema/point-batch.js';
import { parseFrequency } from '../series/vocabulary.js';
import type { PointSelectionArgs } from './data-points.inputs.js';
import { Revisions, type RevisionSelector } from './revisions.js';
import { aggregate, Aggregation } from './transforms/aggregation.js';
import { inUnits, Units } from './transforms/units.js';

/** @throws AppError VALIDATION_ERROR naming the argument */
export function selectorOf(
  args: Pick<PointSelectionArgs, 'revisions' | 'asOf' | 'release' | 'lagDays'>,
  today: CalendarDate,
): RevisionSelector {
  const { revisions } = args;
  const release = args.release ?? undefined;
  const lagDays = args.lagDays ?? undefined;
  if (release !== undefined && revisions !== Revisions.NTH_RELEASE) {
    throw validationError('release', 'release is only for revisions: NTH_RELEASE');
  }
  if (lagDays !== undefined && revisions !== Revisions.FIXED_LAG) {
    throw validationError('lagDays', 'lagDays is only for revisions: FIXED_LAG');
  }
  const asOf = asOfDay(args.asOf, today);
  switch (revisions) {
    case Revisions.NTH_RELEASE:
      if (release === undefined) {
        throw validationError('release', 'release is needed with revisions: NTH_RELEASE');
      }
      return { revisions, release, asOf };
    case Revisions.FIXED_LAG:
      if (lagDays === undefined) {
        throw validationError('lagDays', 'lagDays is needed with revisions: FIXED_LAG');
      }
      return { revisions, lagDays, asOf };
    case Revisions.LATEST:
    case Revisions.ORIGINAL:
    case Revisions.ALL:
      return { revisions, asOf };
    default:
      return unreachable(revisions);
  }
}

/**
 * What will be known on a later day nobody can say, and the answer would be another one then; tomorrow in
 * UTC is today somewhere. The last day of the calendar stands for "whatever is known", as it does at FRED.
 * @throws AppError VALIDATION_ERROR
 */
export function asOfDay(
  asOf: CalendarDate | null | undefined,
  today: CalendarDate,
): CalendarDate | undefined {
  if (asOf == null || asOf === CalendarDate.MAX) return undefined;
  if (asOf > today + 1) {
    const tomorrow = CalendarDate.format((today + 1) as CalendarDate);
    throw validationError(
      'asOf',
      `asOf must not be after tomorrow in UTC (${tomorrow}), unless it is 9999-12-31 for whatever is known; received ${CalendarDate.format(asOf)}`,
    );
  }
  return asOf;
}

/** A change of a whole series with its vintages; `undefined` where nothing is to be changed. */
export type Transform = (batch: PointBatch) => Steps<PointBatch>;

/**
 * @param seriesFrequency as it is stored
 * @throws AppError VALIDATION_ERROR naming the argument
 */
export function transformOf(
  args: Pick<PointSelectionArgs, 'units' | 'frequency' | 'aggregation'>,
  seriesFrequency: string,
): Transform | undefined {
  const from = parseFrequency(seriesFrequency);
  const to = args.frequency == null ? from : parseFrequency(args.frequency);
  const units = args.units ?? Units.lin;
  if (args.aggregation != null && args.frequency == null) {
    throw validationError('aggregation', 'aggregation needs a frequency to aggregate to');
  }
  if (to === from && units === Units.lin) return undefined;
  const aggregation = args.aggregation ?? Aggregation.avg;
  return function* (batch) {
    return yield* inUnits(yield* aggregate(batch, from, to, aggregation), units, to);
  };
}

/** @throws AppError VALIDATION_ERROR */
export function rangeOf(args: {
  readonly startDate?: CalendarDate | null;
  readonly endDate?: CalendarDate | null;
}): DateRange {
  return orderedRange('startDate', args.startDate, 'endDate', args.endDate);
}

/** @throws AppError VALIDATION_ERROR */
export function orderedRange(
  startName: string,
  startDay: CalendarDate | null | undefined,
  endName: string,
  endDay: CalendarDate | null | undefined,
): DateRange {
  const start = startDay ?? undefined;
  const end = endDay ?? undefined;
  if (start !== undefined && end !== undefined && start > end) {
    throw validationError(startName, `${startName} must not be after ${endName}`);
  }
  return { start, end };
}
