import { describe, expect, it } from 'vitest';
import { CalendarDate } from '../../core/calendar-date.js';
import { atOnce } from '../../core/steps.js';
import type { PointBatch } from '../../schema/point-batch.js';
import { FREQUENCIES, type Frequency } from '../../series/vocabulary.js';
import { batchOf, brief, plainPoints } from '../../../test/support/points.js';
import { aggregate as aggregateInSteps, Aggregation } from './aggregation.js';

const aggregate = (...args: Parameters<typeof aggregateInSteps>) =>
  atOnce(aggregateInSteps(...args));

const { avg, sum, eop } = Aggregation;

/** Rows of `date revisionDate value`, and the instant of their last change where it matters. */
function triangle(...rows: string[]): PointBatch {
  return batchOf(
    rows.map((row) => {
      const [date, revisionDate, value, updatedAt] = row.split(' ') as [
        string,
        string,
        string,
        string?,
      ];
      return {
        date,
        revisionDate,
        value: value === 'null' ? null : value,
        isOriginal: false,
        createdAt: 0,
        updatedAt: Number(updatedAt ?? 0),
      };
    }),
  );
}

function addDays(date: string, days: number): string {
  return CalendarDate.format((CalendarDate.parse(date) + days) as CalendarDate);
}

function addMonths(date: string, months: number): string {
  const { year, month } = CalendarDate.parts(CalendarDate.parse(date));
  const index = year * 12 + month - 1 + months;
  return CalendarDate.format(CalendarDate.of(Math.floor(index / 12), (index % 12) + 1, 1)!);
}

const STEP: Partial<Record<Frequency, (date: string, steps: number) => string>> = {
  daily: addDays,
  weekly: (date, steps) => addDays(date, 7 * steps),
  biweekly: (date, steps) => addDays(date, 14 * steps),
  monthly: addMonths,
  quarterly: (date, steps) => addMonths(date, 3 * steps),
  semiannual: (date, steps) => addMonths(date, 6 * steps),
};

/** Values of months from 2020-01-01 on, all published on one day; undefined where there is none. */
function months(...values: (number | null | undefined)[]): PointBatch {
  return triangle(
    ...values.flatMap((value, i) =>
      value === undefined ? [] : [`${addMonths('2020-01-01', i)} 2030-01-01 ${String(value)}`],
    ),
  );
}

function values(batch: PointBatch): string[] {
  return plainPoints(batch).map(({ date, value }) => `${date} ${value ?? 'null'}`);
}

describe('the methods', () => {
  it.each([
    [avg, ['2020-01-01 0.2', '2020-04-01 5', '2020-07-01 -1']],
    [sum, ['2020-01-01 0.6', '2020-04-01 15', '2020-07-01 -3']],
    [eop, ['2020-01-01 0.3', '2020-04-01 6', '2020-07-01 3']],
  ])('%s', (method, expected) => {
    const batch = months(0.1, 0.2, 0.3, 4, 5, 6, -1, -5, 3);
    expect(values(aggregate(batch, 'monthly', 'quarterly', method))).toEqual(expected);
  });

  it('leave out what is missing, in periods between two others', () => {
    const batch = months(1, 1, 1, 4, null, undefined, 1, 1, 1);
    for (const method of [avg, sum, eop]) {
      expect(values(aggregate(batch, 'monthly', 'quarterly', method))[1]).toBe('2020-04-01 4');
    }
  });

  it('have no value of a period that has rows and no values, and no row of one without', () => {
    const batch = months(1, 1, 1, null, undefined, null, ...Array<undefined>(3), 2, 2, 2);
    for (const method of [avg, sum, eop]) {
      const [, second, ...others] = values(aggregate(batch, 'monthly', 'quarterly', method));
      expect(second).toBe('2020-04-01 null');
      expect(others).toEqual([expect.stringMatching('2020-10-01 ')]);
    }
  });

  it('add up, and keep adding up, what stands for no short decimal', () => {
    const third = String(1 / 3);
    const batch = triangle(
      `2020-01-01 2020-04-01 ${third}`,
      `2020-01-01 2020-05-01 ${1e20}`,
      `2020-01-01 2020-06-01 ${third}`,
      `2020-02-01 2020-04-01 ${third}`,
      `2020-03-01 2020-04-01 ${third}`,
    );
    const result = aggregate(batch, 'monthly', 'quarterly', sum);
    expect([...result.values]).toEqual([1, 1e20, 1]);
    expect([...aggregate(batch, 'monthly', 'quarterly', avg).values]).toEqual([
      1 / 3,
      1e20 / 3,
      1 / 3,
    ]);
  });

  it('leave nothing behind of sums that were too large to be exact', () => {
    const largest = 999_999_999_999_999;
    const batch = triangle(
      ...Array.from({ length: 11 }, (_, i) => addMonths('2020-01-01', i)).flatMap((date) => [
        `${date} 2021-01-01 ${largest}`,
        `${date} 2021-02-01 1`,
      ]),
      `2020-12-01 2021-01-01 ${largest}`,
    );
    const result = aggregate(batch, 'monthly', 'annual', sum);
    expect(result.values[1]).toBe(largest + 11);
  });

  it('never yield -0', () => {
    // Half of the smallest double is rounded to zero.
    const result = aggregate(months(-5e-324, 0, 0), 'monthly', 'quarterly', avg);
    expect(Object.is(result.values[0], 0)).toBe(true);
  });

  it('miss what no double can hold', () => {
    const batch = months(1.7e308, 1.7e308, 1.7e308);
    expect(values(aggregate(batch, 'monthly', 'quarterly', sum))).toEqual(['2020-01-01 null']);
    expect(values(aggregate(batch, 'monthly', 'quarterly', eop))).toHaveLength(1);
  });
});

describe('the periods', () => {
  it.each([
    // 2020-01-06 is a Monday, and begins the second week of a fortnight.
    ['daily', 'weekly', '2020-01-05', '2019-12-30'],
    ['daily', 'weekly', '2020-01-06', '2020-01-06'],
    ['daily', 'biweekly', '2020-01-05', '2019-12-23'],
    ['daily', 'biweekly', '2020-01-06', '2020-01-06'],
    ['daily', 'biweekly', '2020-01-19', '2020-01-06'],
    ['daily', 'biweekly', '1969-12-28', '1969-12-15'],
    ['daily', 'biweekly', '1969-12-29', '1969-12-29'],
    ['weekly', 'monthly', '2020-01-31', '2020-01-01'],
    ['weekly', 'quarterly', '2020-06-30', '2020-04-01'],
    ['monthly', 'semiannual', '2020-06-01', '2020-01-01'],
    ['monthly', 'semiannual', '2020-07-01', '2020-07-01'],
    ['quarterly', 'annual', '2020-12-31', '2020-01-01'],
  ] as const)('from %s to %s: %s lies in that of %s', (from, to, date, expected) => {
    // Between two others, one value is enough.
    const batch = triangle(
      `${addDays(date, -800)} 2030-01-01 1`,
      `${date} 2030-01-01 7`,
      `${addDays(date, 800)} 2030-01-01 1`,
    );
    expect(values(aggregate(batch, from, to, eop))).toEqual([`${expected} 7`]);
  });

  it('that begin before the calendar does have its first day', () => {
    // 0001-01-01 begins the second week of a fortnight.
    const batch = triangle(
      '0001-01-01 0001-02-01 1',
      '0001-01-07 0001-02-01 2',
      '0001-01-08 0001-02-01 3',
    );
    expect(values(aggregate(batch, 'weekly', 'biweekly', sum))).toEqual(['0001-01-01 3']);
  });
});

describe('the first and the last period', () => {
  it.each([
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
  ] as const)('from %s to %s need %d values', (from, to, needed) => {
    // The first Monday of 2024 is 2024-01-01, the first day of every kind of period but a fortnight.
    const start = to === 'biweekly' ? '2024-01-15' : '2024-01-01';
    const dates = Array.from({ length: needed }, (_, i) => STEP[from]!(start, i));
    const rows = dates.map((date) => `${date} 2030-01-01 1`);
    const counted = (kept: string[]) => values(aggregate(triangle(...kept), from, to, sum));
    expect(counted(rows)).toEqual([`${start} ${needed}`]);
    expect(counted(rows.slice(1))).toEqual([]);
    const withoutValue = [...rows.slice(0, -1), rows.at(-1)!.replace(/1$/, 'null')];
    expect(counted(withoutValue)).toEqual([]);
  });

  it('are judged by what they are in each vintage', () => {
    const batch = triangle(
      '2019-12-01 2020-06-01 1',
      '2020-01-01 2020-02-01 1',
      '2020-02-01 2020-03-01 1',
      '2020-04-01 2020-05-01 1',
    );
    // The first quarter is the last one until May, then the first one until June.
    expect(brief(aggregate(batch, 'monthly', 'quarterly', sum))).toEqual([
      '2020-01-01 2020-06-01 2',
    ]);
  });

  it('have a row as soon as a later period is known, if an earlier one is', () => {
    const batch = triangle(
      '2019-12-01 2020-01-01 1',
      '2020-01-01 2020-02-01 1',
      '2020-02-01 2020-03-01 1',
      '2020-04-01 2020-05-01 null',
    );
    expect(brief(aggregate(batch, 'monthly', 'quarterly', sum))).toEqual([
      '2020-01-01 2020-05-01 2',
    ]);
  });

  it('become missing where they lose the values they had a row for', () => {
    const batch = triangle(
      '2020-01-01 2020-04-01 1 1',
      '2020-01-01 2020-05-01 null 2',
      '2020-01-01 2020-06-01 5 3',
      '2020-02-01 2020-04-01 1 1',
      '2020-03-01 2020-04-01 1 1',
    );
    const result = aggregate(batch, 'monthly', 'quarterly', sum);
    expect(brief(result)).toEqual([
      '2020-01-01 2020-04-01 3',
      '2020-01-01 2020-05-01 null',
      '2020-01-01 2020-06-01 7',
    ]);
    const points = plainPoints(result);
    expect(points.map(({ isOriginal }) => isOriginal)).toEqual([true, false, false]);
    expect(points.map(({ createdAt }) => createdAt)).toEqual([1, 2, 3]);
    expect(points.map(({ updatedAt }) => updatedAt)).toEqual([1, 2, 3]);
  });
});

describe('a vintage', () => {
  it('has a row only where the value of the period changed', () => {
    const batch = triangle(
      '2020-01-01 2020-04-01 1',
      '2020-01-01 2020-05-01 2',
      '2020-02-01 2020-04-01 2',
      '2020-02-01 2020-05-01 1',
      '2020-03-01 2020-04-01 3',
      '2020-03-01 2020-06-01 4',
    );
    expect(brief(aggregate(batch, 'monthly', 'quarterly', sum))).toEqual([
      '2020-01-01 2020-04-01 6',
      '2020-01-01 2020-06-01 7',
    ]);
    expect(brief(aggregate(batch, 'monthly', 'quarterly', eop))).toEqual([
      '2020-01-01 2020-04-01 3',
      '2020-01-01 2020-06-01 4',
    ]);
  });

  it('of nothing is nothing', () => {
    expect(aggregate(triangle(), 'daily', 'annual', avg).length).toBe(0);
  });
});

describe('the frequencies', () => {
  it('may be the same, whatever they are', () => {
    const batch = months(1);
    for (const frequency of FREQUENCIES) {
      expect(aggregate(batch, frequency, frequency, avg)).toBe(batch);
    }
  });

  it('go down only', () => {
    const ranked = FREQUENCIES.slice(0, 7);
    for (const from of FREQUENCIES) {
      for (const to of FREQUENCIES) {
        if (from === to) continue;
        const isLower = ranked.includes(from) && ranked.indexOf(to) > ranked.indexOf(from);
        const aggregated = () => aggregate(months(1), from, to, avg);
        if (isLower) expect(aggregated).not.toThrow();
        else {
          expect(aggregated).toThrow(
            expect.objectContaining({ code: 'VALIDATION_ERROR', details: { field: 'frequency' } }),
          );
        }
      }
    }
  });

  it('are named where they do not fit', () => {
    expect(() => aggregate(months(1), 'quarterly', 'monthly', avg)).toThrow(
      'a series whose frequency is quarterly can be aggregated to semiannual, annual, not to monthly',
    );
    expect(() => aggregate(months(1), 'irregular', 'annual', avg)).toThrow(
      'a series whose frequency is irregular cannot be aggregated',
    );
    expect(() => aggregate(months(1), 'semiannual', 'other', avg)).toThrow(
      'a series whose frequency is semiannual can be aggregated to annual, not to other',
    );
  });
});
