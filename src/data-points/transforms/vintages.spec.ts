// What all transformations promise: the vintage of a day, transformed, is the vintage of that day of the
// transformed series. Said here for a single vintage, without an idea of how triangles lie.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Instant } from '../../core/instant.js';
import { atOnce } from '../../core/steps.js';
import { PointBatchBuilder, type PointBatch } from '../../schema/point-batch.js';
import { FREQUENCIES, type Frequency } from '../../series/vocabulary.js';
import { aggregate as aggregateInSteps, Aggregation } from './aggregation.js';
import { inUnits as unitsInSteps, Units } from './units.js';

const inUnits = (...args: Parameters<typeof unitsInSteps>) => atOnce(unitsInSteps(...args));

const aggregate = (...args: Parameters<typeof aggregateInSteps>) =>
  atOnce(aggregateInSteps(...args));

interface Point {
  readonly date: number;
  readonly revisionDate: number;
  readonly value: number | null;
}

type Vintage = Map<number, number | null>;

function batchOf(points: readonly Point[]): PointBatch {
  const builder = new PointBatchBuilder(points.length);
  for (const { date, revisionDate, value } of points) {
    builder.append({
      date,
      revisionDate,
      value: value === null ? null : { double: value, exact: null },
      isOriginal: false,
      createdAt: Instant.of(0),
      updatedAt: Instant.of(0),
    });
  }
  return builder.finish();
}

function pointsOf(batch: PointBatch): Point[] {
  return Array.from({ length: batch.length }, (_, row) => ({
    date: batch.dates[row]!,
    revisionDate: batch.revisionDates[row]!,
    value: batch.isNull(row) ? null : batch.values[row]!,
  }));
}

/** Points are ascending, so that the last of a date that was published by the day stays. */
function vintageOf(points: readonly Point[], day: number): Vintage {
  const known = points.filter(({ revisionDate }) => revisionDate <= day);
  return new Map(known.map(({ date, value }) => [date, value]));
}

function isSame(a: number | null, b: number | null): boolean {
  if (a === null || b === null) return a === b;
  // Sums of short decimals may cancel out, where doubles leave their rounding.
  return Math.abs(a - b) < 1e-9 * Math.max(Math.abs(a), Math.abs(b), 1e-4);
}

// Expectations are gathered: one of each value would take most of the time.

function expectSame(actual: Vintage, expected: Vintage, about: string): void {
  expect([...actual.keys()], about).toEqual([...expected.keys()]);
  const others = [...expected].filter(([date, value]) => !isSame(actual.get(date)!, value));
  const different = others.map(([date, value]) => ({ date, value, is: actual.get(date) }));
  expect(different, about).toEqual([]);
}

/** What holds of every triangle, whatever it is one of. */
function expectTriangle(batch: PointBatch): void {
  const points = pointsOf(batch);
  const wrong = points.filter(({ date, revisionDate, value }, row) => {
    const before = points[row - 1];
    if (before?.date !== date) return !batch.isOriginal(row) || (before?.date ?? -Infinity) > date;
    const isRepeated = Object.is(before.value, value);
    return batch.isOriginal(row) || before.revisionDate >= revisionDate || isRepeated;
  });
  expect(wrong).toEqual([]);
}

// --- triangles to transform ---

const FIRST_DAY = Date.UTC(1969, 10, 3) / 86_400_000;
const REVISION_DAYS = [20_000, 20_001, 20_040, 20_041];

const VALUES = [1, 3, 3.1, 110, 121, 0.07, 1 / 3, 2.5, 0, -2.5, 100, 99.9];

/**
 * The publications of these dates: a window of them that grows on each of some days; and by date a number
 * that says whether it comes late or never, with which values, and when they change.
 */
function trianglesOf(dates: readonly number[]): fc.Arbitrary<Point[]> {
  const { length } = dates;
  const place = fc.oneof(fc.constantFrom(0, length), fc.integer({ min: 0, max: length }));
  const windows = fc.array(fc.tuple(place, place), { minLength: 4, maxLength: 4 });
  const codes = fc.array(fc.nat(2 ** 24 - 1), {
    minLength: dates.length,
    maxLength: dates.length,
    size: 'max',
  });
  return fc.tuple(windows, codes).map(([ends, numbers]) =>
    dates.flatMap((date, i) => {
      const points: Point[] = [];
      const lateness = Math.max(0, (numbers[i]! % 16) - 11);
      let [from, to] = [dates.length, 0];
      for (const [n, revisionDate] of REVISION_DAYS.entries()) {
        from = Math.min(from, ...ends[n]!);
        to = Math.max(to, ...ends[n]!);
        const code = (numbers[i]! >> (4 + n * 5)) % 32;
        const isNew = points.length === 0 && n >= lateness && i >= from && i < to;
        if (!isNew && (points.length === 0 || code < 24)) continue;
        points.push({ date, revisionDate, value: code > 28 ? null : VALUES[(code + i) % 12]! });
      }
      return points;
    }),
  );
}

function monthStart(month: number): number {
  return Date.UTC(1969, month, 1) / 86_400_000;
}

const MONTHS: Partial<Record<Frequency, number>> = {
  monthly: 1,
  quarterly: 3,
  semiannual: 6,
  annual: 12,
};

const DAYS: Partial<Record<Frequency, number>> = { weekly: 7, biweekly: 14 };

/** Where the n-th period of a series lies, and how far from there its date may be. */
function dateAt(frequency: Frequency, n: number): { date: number; slack: number } {
  const months = MONTHS[frequency];
  if (months) return { date: monthStart(n * months), slack: 28 * months };
  const days = DAYS[frequency];
  return days ? { date: FIRST_DAY + n * days, slack: days } : { date: FIRST_DAY + n, slack: 0 };
}

/** Dates of some periods, half of them on the grid, the others off it, sometimes two in one period. */
function datesOf(frequency: Frequency, periods: number): fc.Arbitrary<number[]> {
  const percent = fc.oneof(fc.constant(0), fc.integer({ min: -50, max: 99 }));
  return fc
    .array(percent, { minLength: periods, maxLength: periods, size: 'max' })
    .map((percents) => {
      const dates = percents.map((share, n) => {
        const { date, slack } = dateAt(frequency, n);
        return date + Math.round((share / 100) * slack);
      });
      return [...new Set(dates)].sort((a, b) => a - b);
    });
}

// --- units ---

const PER_YEAR: Partial<Record<Frequency, number>> = {
  daily: 260,
  weekly: 52,
  biweekly: 26,
  monthly: 12,
  quarterly: 4,
  semiannual: 2,
  annual: 1,
};

function monthOf(date: number): number {
  const at = new Date(date * 86_400_000);
  return (at.getUTCFullYear() - 1969) * 12 + at.getUTCMonth();
}

/** The date that `date` is compared with in a vintage. */
function naiveBase(vintage: Vintage, date: number, frequency: Frequency, back: number) {
  const known = [...vintage.keys()];
  const months = MONTHS[frequency];
  const days = DAYS[frequency];
  if (!months && !days) return known[known.indexOf(date) - back];
  const period = (of: number) => Math.floor(monthOf(of) / months!);
  const place = (of: number) => of - monthStart(period(of) * months!);
  const distance = (other: number) =>
    days ? Math.abs(date - back * days - other) : Math.abs(place(other) - place(date));
  return known
    .filter((other) => (days ? distance(other) < days / 2 : period(other) === period(date) - back))
    .sort((a, b) => distance(a) - distance(b) || b - a)[0];
}

function naiveInUnits(vintage: Vintage, units: Units, frequency: Frequency): Vintage {
  const n = PER_YEAR[frequency] ?? NaN;
  const isYear = units === Units.ch1 || units === Units.pc1;
  return new Map(
    [...vintage].map(([date, x]) => {
      const other = naiveBase(vintage, date, frequency, isYear ? n : 1);
      const b = other === undefined ? null : (vintage.get(other) ?? null);
      const isChange = units === Units.chg || units === Units.ch1;
      if (x === null || (x <= 0 && !isChange)) return [date, null];
      if (units === Units.log) return [date, Math.log(x)];
      if (b === null || (b <= 0 && !isChange)) return [date, null];
      const results: Record<Exclude<Units, Units.lin | Units.log>, number> = {
        chg: x - b,
        ch1: x - b,
        pch: (x / b - 1) * 100,
        pc1: (x / b - 1) * 100,
        pca: (Math.pow(x / b, n) - 1) * 100,
        cch: Math.log(x / b) * 100,
        cca: Math.log(x / b) * 100 * n,
      };
      const result = results[units as Exclude<Units, Units.lin | Units.log>];
      return [date, Number.isFinite(result) ? result : null];
    }),
  );
}

const ANNUAL_UNITS = [Units.ch1, Units.pc1, Units.pca, Units.cca];

describe('inUnits', () => {
  const cases = FREQUENCIES.flatMap((frequency) =>
    Object.values(Units)
      .filter((units) => units !== Units.lin)
      .filter((units) => PER_YEAR[frequency] || !ANNUAL_UNITS.includes(units))
      .map((units) => ({ frequency, units })),
  );

  it.each(cases)('transforms every vintage: $frequency, $units', ({ frequency, units }) => {
    const isYear = units === Units.ch1 || units === Units.pc1;
    const back = isYear ? PER_YEAR[frequency]! : 1;
    // Some never come, and enough have to be there to be counted.
    const periods = Math.ceil(back * 1.15) + 8;
    const triangles = datesOf(frequency, periods).chain(trianglesOf);
    fc.assert(
      fc.property(triangles, (points) => {
        const result = inUnits(batchOf(points), units, frequency);
        expectTriangle(result);
        for (const day of REVISION_DAYS) {
          const expected = naiveInUnits(vintageOf(points, day), units, frequency);
          expectSame(vintageOf(pointsOf(result), day), expected, `by ${day}`);
        }
      }),
      { numRuns: back > 100 ? 15 : 60 },
    );
  });
});

// --- aggregation ---

const MINIMA: readonly (readonly [Frequency, Frequency, number])[] = [
  ['daily', 'weekly', 4],
  ['daily', 'biweekly', 8],
  ['daily', 'monthly', 17],
  ['daily', 'quarterly', 52],
  ['daily', 'semiannual', 104],
  ['daily', 'annual', 208],
  ['weekly', 'biweekly', 2],
  ['weekly', 'monthly', 3],
  ['weekly', 'quarterly', 10],
  ['weekly', 'semiannual', 20],
  ['weekly', 'annual', 39],
  ['biweekly', 'monthly', 2],
  ['biweekly', 'quarterly', 7],
  ['biweekly', 'semiannual', 13],
  ['biweekly', 'annual', 26],
  ['monthly', 'quarterly', 3],
  ['monthly', 'semiannual', 6],
  ['monthly', 'annual', 12],
  ['quarterly', 'semiannual', 2],
  ['quarterly', 'annual', 4],
  ['semiannual', 'annual', 2],
];

function naivePeriod(date: number, to: Frequency): number {
  const months = MONTHS[to];
  if (months) return monthStart(Math.floor(monthOf(date) / months) * months);
  const monday = Date.UTC(1969, 11, 29) / 86_400_000;
  return monday + Math.floor((date - monday) / DAYS[to]!) * DAYS[to]!;
}

/** The rows of a vintage by itself: nothing where the first or the last period has too few values. */
function naiveAggregate(vintage: Vintage, to: Frequency, minimum: number, method: Aggregation) {
  const periods = new Map<number, number[]>();
  for (const [date, value] of vintage) {
    const period = naivePeriod(date, to);
    const values = periods.get(period) ?? [];
    periods.set(period, value === null ? values : [...values, value]);
  }
  const rows: Vintage = new Map();
  const starts = [...periods.keys()];
  for (const [i, start] of starts.entries()) {
    const values = periods.get(start)!;
    const isMiddle = i > 0 && i < starts.length - 1;
    if (!isMiddle && values.length < minimum) continue;
    const total = values.reduce((a, b) => a + b, 0);
    const results = { avg: total / values.length, sum: total, eop: values.at(-1)! };
    rows.set(start, values.length === 0 ? null : results[method]);
  }
  return rows;
}

describe('aggregate', () => {
  const cases = MINIMA.flatMap(([from, to, minimum]) =>
    Object.values(Aggregation).map((method) => ({ from, to, minimum, method })),
  );

  it.each(cases)(
    'transforms every vintage: $from to $to, $method',
    ({ from, to, minimum, method }) => {
      // The minimum is about 4 daily values of a week of 7, and all of nearly every other kind of period.
      const perPeriod = from === 'daily' ? minimum * 1.8 : minimum * 1.2;
      const triangles = datesOf(from, Math.ceil(perPeriod * 4)).chain(trianglesOf);
      fc.assert(
        fc.property(triangles, (points) => {
          const result = aggregate(batchOf(points), from, to, method);
          expectTriangle(result);
          const rows = new Set<number>();
          for (const day of REVISION_DAYS) {
            const expected = naiveAggregate(vintageOf(points, day), to, minimum, method);
            for (const start of expected.keys()) rows.add(start);
            // What had a row keeps it, as missing.
            const kept = [...rows].sort((a, b) => a - b);
            const withKept = new Map(kept.map((start) => [start, expected.get(start) ?? null]));
            expectSame(vintageOf(pointsOf(result), day), withKept, `by ${day}`);
          }
        }),
        { numRuns: minimum > 20 ? 15 : 60 },
      );
    },
  );
});
