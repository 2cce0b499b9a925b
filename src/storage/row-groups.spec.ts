import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CalendarDate, DateRange } from '../core/calendar-date.js';
import { areReadTogether, hullOf, partsOfRange, rowGroupsInRange } from './row-groups.js';

describe('rowGroupsInRange', () => {
  it('names every group that holds a date of the range, however dates straddle groups', () => {
    const dates = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 40 });
    const bound = fc.option(fc.integer({ min: -2, max: 14 }), { nil: undefined });
    fc.assert(
      fc.property(dates, fc.integer({ min: 1, max: 7 }), bound, bound, (unsorted, rows, a, b) => {
        const sorted = unsorted.sort((x, y) => x - y) as CalendarDate[];
        const [start, end] = [a, b] as (CalendarDate | undefined)[];
        const firstDates = sorted.filter((_, row) => row % rows === 0);
        const { from, to } = rowGroupsInRange(firstDates, { start, end });
        sorted.forEach((date, row) => {
          const wanted =
            (start === undefined || date >= start) && (end === undefined || date <= end);
          const group = Math.floor(row / rows);
          if (wanted) expect(group >= from && group < to).toBe(true);
        });
      }),
    );
  });

  it('leaves out what lies wholly before or behind the range', () => {
    const firstDates = [0, 10, 20, 30] as CalendarDate[];
    const range = (start: number, end: number) =>
      rowGroupsInRange(firstDates, { start: start as CalendarDate, end: end as CalendarDate });
    expect(range(12, 15)).toEqual({ from: 1, to: 2 });
    expect(range(20, 20)).toEqual({ from: 1, to: 3 });
    expect(range(35, 99)).toEqual({ from: 3, to: 4 });
    expect(range(-9, -1)).toEqual({ from: 0, to: 0 });
    expect(rowGroupsInRange(firstDates, {})).toEqual({ from: 0, to: 4 });
  });
});

describe('partsOfRange', () => {
  it('puts every date of the range into one part, and the parts in order', () => {
    const dates = fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 60 });
    const bound = fc.option(fc.integer({ min: -2, max: 32 }), { nil: undefined });
    const small = fc.integer({ min: 1, max: 5 });
    fc.assert(
      fc.property(dates, small, small, bound, bound, (unsorted, rows, groups, a, b) => {
        const sorted = unsorted.sort((x, y) => x - y) as CalendarDate[];
        const range = { start: a, end: b } as DateRange;
        const isIn = (date: number, { start, end }: DateRange) =>
          date >= (start ?? -Infinity) && date <= (end ?? Infinity);
        const firstDates = sorted.filter((_, row) => row % rows === 0);
        const parts = partsOfRange(firstDates, range, groups);
        const wanted = sorted.filter((date) => isIn(date, range));
        const found = parts.flatMap((part) => sorted.filter((date) => isIn(date, part)));
        expect(found).toEqual(wanted);
      }),
    );
  });

  it('has so many row groups in a part', () => {
    const firstDates = Array.from({ length: 10 }, (_, group) => (group * 10) as CalendarDate);
    expect(partsOfRange(firstDates, {}, 4)).toEqual([
      { start: undefined, end: 39 },
      { start: 40, end: 79 },
      { start: 80, end: undefined },
    ]);
  });
});

describe('areReadTogether', () => {
  const firstDates = Array.from({ length: 10 }, (_, group) => (group * 10) as CalendarDate);
  const range = (start: number, end: number) => ({ start, end }) as DateRange;

  it.each([
    ['parts of one row group', [range(1, 2), range(8, 9)], true],
    ['row groups next to each other', [range(11, 15), range(21, 25)], true],
    ['row groups with others between them', [range(11, 15), range(31, 35)], false],
    ['the first and the last', [range(1, 5), range(95, 99)], false],
    ['a part, where the whole is read anyway', [range(11, 15), {}], true],
  ])('decides for %s', (_, ranges, expected) => {
    expect(areReadTogether(firstDates, ranges)).toBe(expected);
  });

  it('is so in a file with one row group, or none', () => {
    expect(areReadTogether([0 as CalendarDate], [range(0, 1), range(8, 9)])).toBe(true);
    expect(areReadTogether([], [range(0, 1), range(8, 9)])).toBe(true);
  });
});

describe('hullOf', () => {
  it('begins with the first and ends with the last, open where one of them is', () => {
    const range = (start?: number, end?: number) => ({ start, end }) as DateRange;
    expect(hullOf([range(5, 9), range(1, 3)])).toEqual(range(1, 9));
    expect(hullOf([range(5), range(1, 3)])).toEqual(range(1));
    expect(hullOf([range(5, 9), range()])).toEqual(range());
  });
});
