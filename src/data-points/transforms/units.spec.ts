import { describe, expect, it } from 'vitest';
import { atOnce } from '../../core/steps.js';
import type { PointBatch } from '../../schema/point-batch.js';
import { FREQUENCIES, type Frequency } from '../../series/vocabulary.js';
import { batchOf, brief, plainPoints } from '../../../test/support/points.js';
import { inUnits as unitsInSteps, Units } from './units.js';

const inUnits = (...args: Parameters<typeof unitsInSteps>) => atOnce(unitsInSteps(...args));

/** Rows of `date revisionDate value`, and the instant of their last change where it matters. */
function triangle(...rows: string[]): PointBatch {
  let before: string | undefined;
  return batchOf(
    rows.map((row) => {
      const [date, revisionDate, value, updatedAt] = row.split(' ') as [
        string,
        string,
        string,
        string?,
      ];
      const isOriginal = date !== before;
      before = date;
      return {
        date,
        revisionDate,
        value: value === 'null' ? null : value,
        isOriginal,
        createdAt: 0,
        updatedAt: Number(updatedAt ?? 0),
      };
    }),
  );
}

/** All published on one day. */
function vintage(points: Record<string, number | null>): PointBatch {
  return triangle(
    ...Object.entries(points).map(([date, value]) => `${date} 2030-01-01 ${String(value)}`),
  );
}

function valuesIn(units: Units, frequency: Frequency, points: Record<string, number | null>) {
  const result = inUnits(vintage(points), units, frequency);
  return Object.fromEntries(plainPoints(result).map(({ date, value }) => [date, value && +value]));
}

const QUARTERS = {
  '2020-01-01': 100,
  '2020-04-01': 110,
  '2020-07-01': 121,
  '2020-10-01': 121,
  '2021-01-01': 105,
};

describe('the formulas', () => {
  it.each([
    [Units.chg, [null, 10, 11, 0, -16]],
    [Units.ch1, [null, null, null, null, 5]],
    [Units.pch, [null, 10, 10, 0, -13.223140495867769]],
    [Units.pc1, [null, null, null, null, 5]],
    [Units.pca, [null, 46.41, 46.41, 0, -43.295736368394]],
    [Units.cch, [null, 9.531017980432, 9.531017980432, 0, -14.183019543922]],
    [Units.cca, [null, 38.12407192173, 38.12407192173, 0, -56.732078175687]],
    [Units.log, [4.605170185988, 4.700480365792, 4.795790545596, 4.795790545596, 4.653960350158]],
  ])('%s', (units, expected) => {
    const values = Object.values(valuesIn(units, 'quarterly', QUARTERS));
    expect(values).toHaveLength(expected.length);
    for (const [i, value] of expected.entries()) {
      if (value === null) expect(values[i]).toBeNull();
      else expect(values[i]).toBeCloseTo(value, 10);
    }
  });

  it('lin is the series itself', () => {
    const batch = vintage(QUARTERS);
    for (const frequency of FREQUENCIES) {
      expect(inUnits(batch, Units.lin, frequency)).toBe(batch);
    }
  });

  it('yield what a person expects of decimals', () => {
    const points = { '2020-01-01': 3, '2020-02-01': 3.1, '2020-03-01': 3.41 };
    expect(Object.values(valuesIn(Units.chg, 'monthly', points))).toEqual([null, 0.1, 0.31]);
    expect(valuesIn(Units.pch, 'monthly', points)['2020-03-01']).toBe(10);
    const years = { '2020-01-01': 110, '2021-01-01': 121 };
    expect(valuesIn(Units.pca, 'annual', years)['2021-01-01']).toBe(10);
  });

  it.each([
    ['weekly', '2020-01-03', 52],
    ['biweekly', '2020-01-03', 26],
    ['monthly', '2020-01-01', 12],
    ['quarterly', '2020-01-01', 4],
    ['semiannual', '2020-01-01', 2],
    ['annual', '2020-01-01', 1],
    ['daily', '2020-01-01', 260],
  ] as const)('count the observations per year of a %s series', (frequency, start, perYear) => {
    const next = {
      daily: '2020-01-02',
      weekly: '2020-01-10',
      biweekly: '2020-01-17',
      monthly: '2020-02-01',
      quarterly: '2020-04-01',
      semiannual: '2020-07-01',
      annual: '2021-01-01',
    }[frequency];
    const points = { [start]: 100, [next]: 101 };
    expect(valuesIn(Units.pca, frequency, points)[next]).toBeCloseTo((1.01 ** perYear - 1) * 100);
    expect(valuesIn(Units.cca, frequency, points)[next]).toBeCloseTo(
      Math.log(1.01) * 100 * perYear,
    );
  });

  it('have no growth and no logarithm of what is not positive', () => {
    for (const units of [Units.pch, Units.pc1, Units.pca, Units.cch, Units.cca]) {
      for (const [base, value] of [
        [0, 1],
        [-2, 1],
        [1, 0],
        [1, -2],
        [-2, -3],
      ]) {
        const points = { '2020-01-01': base!, '2021-01-01': value! };
        expect(valuesIn(units, 'annual', points)['2021-01-01']).toBeNull();
      }
    }
    const values = valuesIn(Units.log, 'annual', { '2020-01-01': 0, '2021-01-01': -1 });
    expect(Object.values(values)).toEqual([null, null]);
    const change = valuesIn(Units.chg, 'annual', { '2020-01-01': -1, '2021-01-01': 0 });
    expect(change['2021-01-01']).toBe(1);
  });

  it('hand on what is missing, and miss what no double can hold', () => {
    const points = { '2020-01-01': 1, '2021-01-01': null, '2022-01-01': 2 };
    for (const units of [Units.chg, Units.ch1, Units.pch, Units.pc1, Units.pca, Units.cch]) {
      expect(Object.values(valuesIn(units, 'annual', points))).toEqual([null, null, null]);
    }
    expect(valuesIn(Units.log, 'annual', points)['2021-01-01']).toBeNull();
    const huge = { '2020-01-01': -1.7e308, '2021-01-01': 1.7e308 };
    expect(valuesIn(Units.chg, 'annual', huge)['2021-01-01']).toBeNull();
    const risen = { '2020-01-01': 1e-300, '2020-02-01': 1e300 };
    expect(valuesIn(Units.pca, 'monthly', risen)['2020-02-01']).toBeNull();
  });
});

describe('the observation compared with', () => {
  it('is that of the period before, not the one before a gap', () => {
    const gap = { '2020-01-01': 1, '2020-03-01': 3, '2020-04-01': 7 };
    expect(Object.values(valuesIn(Units.chg, 'monthly', gap))).toEqual([null, null, 4]);
  });

  it('is found for months that are dated by their last day', () => {
    const ends = { '2020-01-31': 1, '2020-02-29': 3, '2020-03-31': 7, '2021-02-28': 9 };
    expect(Object.values(valuesIn(Units.chg, 'monthly', ends))).toEqual([null, 2, 4, null]);
    expect(valuesIn(Units.ch1, 'monthly', ends)['2021-02-28']).toBe(6);
  });

  it('is the one at the same place where a period has several', () => {
    const points = { '2020-01-01': 1, '2020-01-20': 5, '2020-02-02': 10, '2020-02-28': 20 };
    expect(Object.values(valuesIn(Units.chg, 'monthly', points))).toEqual([null, null, 9, 15]);
  });

  it('stays in the period before where that is shorter', () => {
    const points = { '2019-02-10': 1, '2019-03-01': 5, '2019-03-31': 7, '2019-04-02': 10 };
    expect(Object.values(valuesIn(Units.chg, 'monthly', points))).toEqual([null, 4, 6, 5]);
  });

  it('is the later one of two that are equally near', () => {
    const points = { '2020-01-02': 1, '2020-01-06': 5, '2020-01-11': 7 };
    expect(valuesIn(Units.chg, 'weekly', points)['2020-01-11']).toBe(2);
  });

  it.each([
    ['weekly', 7, 3],
    ['biweekly', 14, 6],
  ] as const)('of a %s series is %d days before, give or take %d', (frequency, days, slack) => {
    const at = (day: number) => new Date(Date.UTC(2020, 0, 1 + day)).toISOString().slice(0, 10);
    for (const [distance, expected] of [
      [days - slack - 1, null],
      [days - slack, 1],
      [days, 1],
      [days + slack, 1],
      [days + slack + 1, null],
    ] as const) {
      const points = { [at(0)]: 1, [at(distance)]: 2 };
      expect(valuesIn(Units.chg, frequency, points)[at(distance)]).toBe(expected);
    }
  });

  it('is not moved by a first week that is off', () => {
    // Three days before the Fridays that follow, one of them a Thursday.
    const points = { '2020-01-07': 1, '2020-01-17': 2, '2020-01-23': 4, '2020-01-31': 8 };
    expect(Object.values(valuesIn(Units.chg, 'weekly', points))).toEqual([null, 1, 2, 4]);
  });

  it.each(['daily', 'irregular', 'other'] as const)(
    'is the one before, however long ago and be it missing, of a series that is %s',
    (frequency) => {
      const points = { '2020-01-01': 1, '2020-01-05': 3, '2020-02-01': null, '2020-02-02': 4 };
      const expected = [null, 2, null, null];
      expect(Object.values(valuesIn(Units.chg, frequency, points))).toEqual(expected);
    },
  );

  it('is, for a year, 260 daily observations before', () => {
    const points: Record<string, number> = {};
    for (let day = 0; day < 262; day++) {
      points[new Date(Date.UTC(2020, 0, 1 + day)).toISOString().slice(0, 10)] = day * day;
    }
    const values = Object.values(valuesIn(Units.ch1, 'daily', points));
    expect(values.slice(258)).toEqual([null, null, 260 * 260, 261 * 261 - 1]);
  });

  it.each([Units.ch1, Units.pc1, Units.pca, Units.cca])(
    'is unknown in %s where nobody knows how many observations a year has',
    (units) => {
      for (const frequency of ['irregular', 'other'] as const) {
        expect(() => inUnits(vintage(QUARTERS), units, frequency)).toThrow(
          expect.objectContaining({
            code: 'VALIDATION_ERROR',
            message: `units "${units}" need a number of observations per year, which the frequency ${frequency} does not have`,
            details: { field: 'units' },
          }),
        );
      }
    },
  );
});

describe('a vintage', () => {
  it('has a change on the day on which either of its values changed, and no other', () => {
    const batch = triangle(
      '2020-01-01 2020-02-15 100 1',
      '2020-01-01 2020-03-15 101 2',
      '2020-01-01 2020-05-15 102 9',
      '2020-02-01 2020-03-15 103 3',
      '2020-02-01 2020-04-15 105 4',
      '2020-02-01 2020-05-15 106 5',
    );
    const result = inUnits(batch, Units.chg, 'monthly');
    expect(brief(result)).toEqual([
      '2020-01-01 2020-02-15 null',
      '2020-02-01 2020-03-15 2',
      '2020-02-01 2020-04-15 4',
    ]);
    expect(plainPoints(result).map(({ isOriginal }) => isOriginal)).toEqual([true, true, false]);
    expect(plainPoints(result).map(({ updatedAt }) => updatedAt)).toEqual([1, 3, 4]);
    expect(plainPoints(result).map(({ createdAt }) => createdAt)).toEqual([1, 3, 4]);
  });

  it('is as recent as the later of the two rows it comes from', () => {
    const batch = triangle('2020-01-01 2020-02-15 100 8', '2020-02-01 2020-03-15 103 3');
    const points = plainPoints(inUnits(batch, Units.chg, 'monthly'));
    expect(points.map(({ updatedAt }) => updatedAt)).toEqual([8, 8]);
  });

  it('has a value once what it is compared with is published late', () => {
    const batch = triangle('2020-01-01 2020-06-01 1', '2020-02-01 2020-03-15 4');
    expect(brief(inUnits(batch, Units.chg, 'monthly'))).toEqual([
      '2020-01-01 2020-06-01 null',
      '2020-02-01 2020-03-15 null',
      '2020-02-01 2020-06-01 3',
    ]);
  });

  it('compares daily values with what it knew to be the ones before', () => {
    const batch = triangle(
      '2020-01-01 2020-01-02 1',
      '2020-01-02 2020-02-01 3',
      '2020-01-03 2020-01-04 7',
    );
    expect(brief(inUnits(batch, Units.chg, 'daily'))).toEqual([
      '2020-01-01 2020-01-02 null',
      '2020-01-02 2020-02-01 2',
      '2020-01-03 2020-01-04 6',
      '2020-01-03 2020-02-01 4',
    ]);
  });

  it('of nothing is nothing', () => {
    expect(inUnits(triangle(), Units.chg, 'daily').length).toBe(0);
    expect(inUnits(triangle(), Units.pc1, 'weekly').length).toBe(0);
  });
});
