import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CalendarDate, DateRange } from '../core/calendar-date.js';
import { batchOf, type PlainPoint } from '../../test/support/points.js';
import { CalendarDate as Calendar } from '../core/calendar-date.js';
import { summarise } from './points-summary.js';
import {
  areReadTogether,
  hullOf,
  isOfSpan,
  partsOfRange,
  rowGroupsInRange,
  rowsOfSpan,
} from './row-groups.js';

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

describe('isOfSpan', () => {
  const rowsOf = (count: number): PlainPoint[] =>
    Array.from({ length: count }, (_, n) => ({
      // Three revisions of each date, so that dates straddle groups.
      date: Calendar.format((18_000 + Math.floor(n / 3)) as CalendarDate),
      revisionDate: Calendar.format((19_000 + (n % 3)) as CalendarDate),
      ...{ value: '1', isOriginal: true, createdAt: 1, updatedAt: 1 },
    }));

  it('takes the rows of any row groups, however many a group has', () => {
    const count = fc.integer({ min: 1, max: 60 });
    fc.assert(
      fc.property(
        count,
        fc.integer({ min: 1, max: 20 }),
        fc.nat(),
        fc.nat(),
        (rows, size, a, b) => {
          const batch = batchOf(rowsOf(rows));
          const groups = Math.ceil(rows / size);
          const rowGroupDates = Array.from(
            { length: groups },
            (_, group) => batch.dates[group * size] as CalendarDate,
          );
          const file = { summary: summarise(batch), rowGroupDates };
          const from = a % groups;
          const span = { from, to: from + 1 + (b % (groups - from)) };
          const part = batch.slice(from * size, Math.min(span.to * size, rows));
          expect(isOfSpan(part, file, span)).toBe(true);
          expect(isOfSpan(batch, file)).toBe(true);
          const [min, max] = rowsOfSpan(file, span);
          expect(part.length >= min && part.length <= max).toBe(true);
        },
      ),
    );
  });

  it('takes no others', () => {
    const batch = batchOf(rowsOf(35));
    const rowGroupDates = [0, 10, 20, 30].map((row) => batch.dates[row] as CalendarDate);
    const file = { summary: summarise(batch), rowGroupDates };
    const isTaken = (from: number, to: number, span?: { from: number; to: number }): boolean =>
      isOfSpan(batch.slice(from, to), file, span);
    expect(isTaken(10, 20, { from: 1, to: 2 })).toBe(true);
    expect(isTaken(10, 17, { from: 1, to: 2 })).toBe(false);
    expect(isTaken(10, 30, { from: 1, to: 2 })).toBe(false);
    expect(isTaken(12, 22, { from: 1, to: 2 })).toBe(false);
    expect(isTaken(20, 33, { from: 2, to: 4 })).toBe(false);
    expect(isTaken(0, 0, { from: 1, to: 2 })).toBe(false);
    expect([isTaken(0, 35), isTaken(0, 34), isTaken(0, 0)]).toEqual([true, false, false]);
  });
});
