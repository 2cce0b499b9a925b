// How much the first publications of a series differ from what is known now: the summary statistics of
// revision analysis, as in McKenzie and Gamba, "Interpreting the results of revision analyses" (OECD, 2008).

import type { CalendarDate } from '../../core/calendar-date.js';
import type { Steps } from '../../core/steps.js';
import type { PointBatch } from '../../schema/point-batch.js';
import { Revisions, selectInSteps } from '../revisions.js';
import { publicationDays } from './coverage.js';
import { difference } from '../transforms/decimal-arithmetic.js';

/** A revision is the latest value of a date less its first one; all are null where no date has both. */
export interface RevisionStatistics {
  /** Distinct days of publication, of repeated values too. */
  readonly vintageCount: number;
  /** Dates that have a first and a latest value. */
  readonly dateCount: number;
  /** Of those dates, the share whose latest value is not the first: 0 to 1. */
  readonly shareRevised: number | null;
  readonly meanRevision: number | null;
  readonly meanAbsoluteRevision: number | null;
  /** Of a sample: divided by one less than the number of dates; null where there is one date. */
  readonly standardDeviation: number | null;
  /** The sum of the revisions in per cent of the sum of the absolute first values; null where that is 0. */
  readonly firstToLatestBiasPercent: number | null;
  /** The mean revision in units of its standard error: beyond 2 or so it is hardly chance. */
  readonly biasTStatistic: number | null;
}

/** Subtracted in less than a millisecond. */
const DATES_PER_STEP = 1024;
/** Added up in less than a millisecond. */
const NUMBERS_PER_STEP = 16_384;

/**
 * @param batch whole dates
 * @param published see `publicationDays`
 */
export function* revisionStatistics(
  batch: PointBatch,
  published: readonly CalendarDate[],
  asOf?: CalendarDate,
): Steps<RevisionStatistics> {
  const first = yield* selectInSteps(batch, { revisions: Revisions.ORIGINAL, asOf }, Infinity);
  const latest = yield* selectInSteps(batch, { revisions: Revisions.LATEST, asOf }, Infinity);
  const revisions: number[] = [];
  let revised = 0;
  let firstSum = 0;
  // Both selections have one row for each date that was published by then.
  for (let index = 0; index < first.length; index++) {
    if (index % DATES_PER_STEP === DATES_PER_STEP - 1) yield;
    const from = first[index]!;
    const to = latest[index]!;
    if (batch.isNull(from) || batch.isNull(to)) continue;
    const isRevised =
      batch.values[from] !== batch.values[to] || batch.exact(from) !== batch.exact(to);
    if (isRevised) revised++;
    firstSum += Math.abs(batch.values[from]!);
    revisions.push(difference(batch.values[to]!, batch.values[from]!));
  }
  const count = revisions.length;
  const sum = yield* sumOf(revisions, (revision) => revision);
  const mean = sum / count;
  const squares = yield* sumOf(revisions, (revision) => (revision - mean) ** 2);
  const days = yield* publicationDays(batch, published, undefined, asOf);
  const standardDeviation = count < 2 ? NaN : Math.sqrt(squares / (count - 1));
  return {
    vintageCount: days.length,
    dateCount: count,
    shareRevised: finite(revised / count),
    meanRevision: finite(mean),
    meanAbsoluteRevision: finite((yield* sumOf(revisions, Math.abs)) / count),
    standardDeviation: finite(standardDeviation),
    firstToLatestBiasPercent: finite((sum / firstSum) * 100),
    biasTStatistic: finite(mean / (standardDeviation / Math.sqrt(count))),
  };
}

function* sumOf(numbers: readonly number[], map: (number: number) => number): Steps<number> {
  let sum = 0;
  for (let index = 0; index < numbers.length; index++) {
    sum += map(numbers[index]!);
    if (index % NUMBERS_PER_STEP === NUMBERS_PER_STEP - 1) yield;
  }
  return sum;
}

function finite(number: number): number | null {
  return Number.isFinite(number) ? number : null;
}
