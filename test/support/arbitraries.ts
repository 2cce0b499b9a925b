// What fast-check draws from: points of any kind, and sequences of them as stores meet them.

import fc from 'fast-check';
import { CalendarDate } from '../../src/core/calendar-date.js';
import type { PlainPoint } from './points.js';

/** Canonical decimals: whole, fractional, and with more digits than a double holds. */
export const decimalTexts: fc.Arbitrary<string> = fc.oneof(
  fc.integer({ min: -1000, max: 1000 }).map(String),
  fc.integer({ min: -99_999, max: 99_999 }).map((n) => String(n / 100)),
  fc.bigInt({ min: 1n, max: 10n ** 27n - 1n }).map((n) => `0.${String(n * 10n + 7n)}`),
  fc.bigInt({ min: -(10n ** 28n) + 1n, max: 10n ** 28n - 1n }).map(String),
);

export const values: fc.Arbitrary<string | null> = fc.option(decimalTexts, { freq: 4, nil: null });

function formatDays(days: number): string {
  return CalendarDate.format(days as CalendarDate);
}

/** Every day of the calendar, its ends more often. */
export const anyDates: fc.Arbitrary<string> = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom('0001-01-01', '9999-12-31', '1969-12-31', '1970-01-01') },
  {
    weight: 4,
    arbitrary: fc.integer({ min: CalendarDate.MIN, max: CalendarDate.MAX }).map(formatDays),
  },
);

/** Few days, so that keys meet. */
export const fewDates: fc.Arbitrary<string> = fc
  .integer({ min: -3, max: 3 })
  .map((n) => formatDays(n * 30));

/** Instants of the years 1970 to 2255, where a double counts microseconds exactly. */
const instants = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

/** Points in key order, each key once. */
export function sortedPoints(
  dates: fc.Arbitrary<string>,
  { minLength = 0, maxLength = 40 } = {},
): fc.Arbitrary<PlainPoint[]> {
  const point = fc
    .record({
      date: dates,
      revisionDate: dates,
      value: values,
      isOriginal: fc.boolean(),
      createdAt: instants,
      corrected: fc.option(instants, { nil: null }),
    })
    .map(({ createdAt, corrected, ...rest }) => ({
      ...rest,
      createdAt,
      // Most points were never corrected: then both times are the same.
      updatedAt: corrected ?? createdAt,
    }));
  const keyOf = ({ date, revisionDate }: PlainPoint): string => `${date}/${revisionDate}`;
  return fc
    .uniqueArray(point, { selector: keyOf, minLength, maxLength })
    .map((points) => points.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)));
}
