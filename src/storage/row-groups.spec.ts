import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CalendarDate } from '../core/calendar-date.js';
import { rowGroupsInRange } from './row-groups.js';

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
