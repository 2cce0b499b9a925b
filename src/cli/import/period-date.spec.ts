import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CalendarDate } from '../../core/calendar-date.js';
import { parsePeriod, weekday } from './period-date.js';

function firstDay(text: string): string | undefined {
  const period = parsePeriod(text);
  return period && CalendarDate.format(period.date);
}

const dates = fc
  .integer({ min: CalendarDate.MIN, max: CalendarDate.MAX })
  .map((days) => days as CalendarDate);
const years = fc.integer({ min: 1, max: 9999 });
const padded = (year: number): string => String(year).padStart(4, '0');

describe('the date of a period', () => {
  it.each([
    ['2024', '2024-01-01', 'year'],
    ['2024-S1', '2024-01-01', 'half'],
    ['2024-S2', '2024-07-01', 'half'],
    ['2024-Q1', '2024-01-01', 'quarter'],
    ['2024-Q4', '2024-10-01', 'quarter'],
    ['2024-01', '2024-01-01', 'month'],
    ['2024-12', '2024-12-01', 'month'],
    ['2024-W05', '2024-01-29', 'week'],
    ['2024-01-31', '2024-01-31', 'day'],
    ['0001-W01', '0001-01-01', 'week'],
    ['9999-W52', '9999-12-27', 'week'],
    // Week 1 may begin in the year before, and the last days of a year may lie in week 1 of the next.
    ['2020-W01', '2019-12-30', 'week'],
    ['2020-W53', '2020-12-28', 'week'],
    ['2021-W01', '2021-01-04', 'week'],
  ])('%s begins on %s', (text, date, form) => {
    expect(firstDay(text)).toBe(date);
    expect(parsePeriod(text)?.form).toBe(form);
  });

  it.each([
    '',
    '24',
    '0000',
    '02024',
    '2024-',
    '2024-S0',
    '2024-S3',
    '2024-Q0',
    '2024-Q5',
    '2024-q1',
    '2024Q1',
    '2024-00',
    '2024-13',
    '2024-1',
    '2024-W00',
    '2024-W53',
    '2024-W5',
    '2023-02-29',
    '2024-01-32',
    '1/31/2024',
    '31.01.2024',
    '2024-01-31T00:00:00',
    ' 2024',
  ])('%j is none', (text) => {
    expect(parsePeriod(text)).toBeUndefined();
  });

  it('is a day of the ISO week that it is in, which is named after its Thursday', () => {
    fc.assert(
      fc.property(dates, (date) => {
        const monday = date - weekday(date);
        const thursday = CalendarDate.fromDays(monday + 3);
        fc.pre(thursday !== undefined && monday >= CalendarDate.MIN);
        const { year } = CalendarDate.parts(thursday);
        const firstOfJanuary = CalendarDate.of(year, 1, 1)!;
        const week = Math.floor((thursday - firstOfJanuary) / 7) + 1;
        const text = `${padded(year)}-W${String(week).padStart(2, '0')}`;
        expect(parsePeriod(text)).toEqual({ date: monday, form: 'week' });
      }),
    );
  });

  it('reads every day that is written as one', () => {
    fc.assert(
      fc.property(dates, (date) => {
        expect(parsePeriod(CalendarDate.format(date))).toEqual({ date, form: 'day' });
      }),
    );
  });

  it('is the same day for a month, and for the quarter, half and year that begin with it', () => {
    fc.assert(
      fc.property(years, fc.integer({ min: 1, max: 12 }), (year, month) => {
        const date = CalendarDate.of(year, month, 1);
        const name = padded(year);
        expect(parsePeriod(`${name}-${String(month).padStart(2, '0')}`)?.date).toBe(date);
        if (month % 3 === 1) expect(parsePeriod(`${name}-Q${(month + 2) / 3}`)?.date).toBe(date);
        if (month % 6 === 1) expect(parsePeriod(`${name}-S${(month + 5) / 6}`)?.date).toBe(date);
        if (month === 1) expect(parsePeriod(name)?.date).toBe(date);
      }),
    );
  });

  it('has as many weeks in a year as it has Thursdays', () => {
    fc.assert(
      fc.property(years, (year) => {
        const weekdayOfFirst = weekday(CalendarDate.of(year, 1, 1)!);
        const isLeap = CalendarDate.of(year, 2, 29) !== undefined;
        const has53 = weekdayOfFirst === 3 || (isLeap && weekdayOfFirst === 2);
        expect(parsePeriod(`${padded(year)}-W53`) !== undefined).toBe(has53);
      }),
    );
  });
});

describe('the day of the week', () => {
  it('counts from Monday, before 1970 too', () => {
    expect(weekday(CalendarDate.parse('1970-01-01'))).toBe(3);
    expect(weekday(CalendarDate.parse('2024-01-29'))).toBe(0);
    expect(weekday(CalendarDate.parse('1969-12-28'))).toBe(6);
    expect(weekday(CalendarDate.MIN)).toBe(0);
  });
});
