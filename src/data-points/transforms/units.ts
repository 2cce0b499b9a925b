// Changes, growth rates and logarithms of a series, for all its vintages at once.

import { shown, validationError } from '../../core/app-error.js';
import type { Steps } from '../../core/steps.js';
import type { PointBatch } from '../../schema/point-batch.js';
import type { Frequency } from '../../series/vocabulary.js';
import { Bases, basesByCalendar, basesByPosition, NONE } from './bases.js';
import { difference, percentChange } from './decimal-arithmetic.js';
import { isRegular } from './periods.js';
import { ROWS_PER_STEP, Triangle, TriangleWriter } from './triangle.js';

/** What a series is shown in, by FRED's names. */
export enum Units {
  /** levels, as published */
  lin = 'lin',
  /** change */
  chg = 'chg',
  /** change from a year ago */
  ch1 = 'ch1',
  /** percent change */
  pch = 'pch',
  /** percent change from a year ago */
  pc1 = 'pc1',
  /** compounded annual rate of change */
  pca = 'pca',
  /** continuously compounded rate of change */
  cch = 'cch',
  /** continuously compounded annual rate of change */
  cca = 'cca',
  /** natural logarithm */
  log = 'log',
}

/** The observation a value is compared with. */
enum Lag {
  NONE,
  PERIOD,
  YEAR,
}

interface Formula {
  readonly lag: Lag;
  /** Whether it needs the number of observations per year. */
  readonly isAnnual: boolean;
  /** NaN where an argument is; anything that is not finite counts as missing. */
  compute(value: number, base: number, perYear: number): number;
}

/** A growth rate is one of positive numbers. */
function growth(compute: Formula['compute']): Formula['compute'] {
  return (value, base, perYear) => (value > 0 && base > 0 ? compute(value, base, perYear) : NaN);
}

function logChange(value: number, base: number): number {
  return (Math.log(value) - Math.log(base)) * 100;
}

const FORMULAS: Record<Exclude<Units, Units.lin>, Formula> = {
  chg: { lag: Lag.PERIOD, isAnnual: false, compute: difference },
  ch1: { lag: Lag.YEAR, isAnnual: true, compute: difference },
  pch: { lag: Lag.PERIOD, isAnnual: false, compute: growth(percentChange) },
  pc1: { lag: Lag.YEAR, isAnnual: true, compute: growth(percentChange) },
  pca: { lag: Lag.PERIOD, isAnnual: true, compute: growth(compounded) },
  cch: { lag: Lag.PERIOD, isAnnual: false, compute: growth(logChange) },
  cca: { lag: Lag.PERIOD, isAnnual: true, compute: growth((x, b, n) => logChange(x, b) * n) },
  log: { lag: Lag.NONE, isAnnual: false, compute: (x) => (x > 0 ? Math.log(x) : NaN) },
};

function compounded(value: number, base: number, perYear: number): number {
  // The same number, but without the error of (1.1 - 1).
  if (perYear === 1) return percentChange(value, base);
  return ((value / base) ** perYear - 1) * 100;
}

/** Observations per year as FRED counts them (a year has 260 working days); NaN where nobody can say. */
const PER_YEAR: Record<Frequency, number> = {
  daily: 260,
  weekly: 52,
  biweekly: 26,
  monthly: 12,
  quarterly: 4,
  semiannual: 2,
  annual: 1,
  irregular: NaN,
  other: NaN,
};

/**
 * The series in other units, with all its vintages: the last rows by a day are the transformation of what the
 * batch's were by that day, for every day. A row appears when its date does, as missing where there is
 * nothing to compare with, and again when its value changes. With x_t the value, n the observations per year:
 *
 * - chg: x_t - x_(t-1)
 * - ch1: x_t - x_(t-n)
 * - pch: ((x_t / x_(t-1)) - 1) * 100
 * - pc1: ((x_t / x_(t-n)) - 1) * 100
 * - pca: ((x_t / x_(t-1))^n - 1) * 100
 * - cch: (ln x_t - ln x_(t-1)) * 100
 * - cca: (ln x_t - ln x_(t-1)) * 100 * n
 * - log: ln x_t
 *
 * (FRED, "What formulas are used to calculate growth rates?"). Rates and logarithms of what is not positive
 * are missing. The observations t-1 and t-n are those of the periods before, so that a gap is not skipped;
 * of a daily, irregular or other series they are counted, because nobody knows which days it has.
 *
 * A row is as recent (`createdAt`, `updatedAt`) as the later one of the two rows it comes from.
 *
 * @throws AppError VALIDATION_ERROR naming `units`: they need a year, and the frequency has none
 */
export function* inUnits(batch: PointBatch, units: Units, frequency: Frequency): Steps<PointBatch> {
  if (units === Units.lin) return batch;
  const formula = FORMULAS[units];
  const perYear = PER_YEAR[frequency];
  if (formula.isAnnual && Number.isNaN(perYear)) {
    throw validationError(
      'units',
      `units ${shown(units)} need a number of observations per year, which the frequency ${frequency} does not have`,
    );
  }
  const triangle = yield* Triangle.of(batch);
  const bases = yield* basesOf(triangle, formula.lag, frequency, perYear);
  const writer = new TriangleWriter(batch.length);
  let done = 0;
  for (let i = 0; i < triangle.length; i++) {
    if (triangle.starts[i]! - done >= ROWS_PER_STEP) {
      done = triangle.starts[i]!;
      yield;
    }
    writer.begin(triangle.dates[i]!);
    publishDate(writer, triangle, bases, i, (value, base) => formula.compute(value, base, perYear));
  }
  return yield* writer.finish();
}

function* basesOf(
  triangle: Triangle,
  lag: Lag,
  frequency: Frequency,
  perYear: number,
): Steps<Bases> {
  if (lag === Lag.NONE) return new Bases(triangle.length);
  const back = lag === Lag.YEAR ? perYear : 1;
  return yield* isRegular(frequency) && frequency !== 'daily'
    ? basesByCalendar(triangle, frequency, back)
    : basesByPosition(triangle, back);
}

/** Publishes date `i` on every day on which it, its base or the choice of its base changed. */
function publishDate(
  writer: TriangleWriter,
  { starts, revisionDates, values, updatedAt }: Triangle,
  bases: Bases,
  i: number,
  compute: (value: number, base: number) => number,
): void {
  let row = starts[i]!;
  const end = starts[i + 1]!;
  let span = bases.first[i]!;
  let base = NONE;
  let baseEnd = NONE;
  let day = revisionDates[row]!;
  do {
    while (row + 1 < end && revisionDates[row + 1]! <= day) row++;
    for (; span !== NONE && bases.from[span]! <= day; span = bases.next[span]!) {
      base = starts[bases.base[span]!]!;
      baseEnd = starts[bases.base[span]! + 1]!;
    }
    while (base + 1 < baseEnd && revisionDates[base + 1]! <= day) base++;
    const hasBase = base !== NONE;
    writer.publish(
      day,
      compute(values[row]!, hasBase ? values[base]! : NaN),
      hasBase ? Math.max(updatedAt[row]!, updatedAt[base]!) : updatedAt[row]!,
    );
    day = Math.min(
      row + 1 < end ? revisionDates[row + 1]! : Infinity,
      base + 1 < baseEnd ? revisionDates[base + 1]! : Infinity,
      span !== NONE ? bases.from[span]! : Infinity,
    );
  } while (day < Infinity);
}
