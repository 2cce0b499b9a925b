import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CalendarDate } from './calendar-date.js';

const MILLISECONDS_PER_DAY = 86_400_000;

/** What JavaScript's own `Date` says of a day, in UTC: another algorithm than the one under test. */
function isoByDate(days: number): string {
  const iso = new Date(days * MILLISECONDS_PER_DAY).toISOString();
  return iso.slice(0, iso.indexOf('T'));
}

describe('a calendar date', () => {
  it('is written and read as JavaScript does, from 0001-01-01 to 9999-12-31', () => {
    const isWrong = (days: number): boolean => {
      const text = CalendarDate.format(days as CalendarDate);
      return text !== isoByDate(days) || CalendarDate.tryParse(text) !== days;
    };
    const wrong: string[] = [];
    // Every day of 400 years is a full turn of the calendar; every 11th day reaches all of its years.
    for (let days = 0; days < 146_097; days++) if (isWrong(days)) wrong.push(isoByDate(days));
    for (let days: number = CalendarDate.MIN; days <= CalendarDate.MAX; days += 11) {
      if (isWrong(days)) wrong.push(isoByDate(days));
    }
    expect(wrong).toEqual([]);
    expect(CalendarDate.MAX - CalendarDate.MIN + 1).toBe(3_652_059);
  });

  it('starts and ends where it says', () => {
    expect(CalendarDate.format(CalendarDate.MIN)).toBe('0001-01-01');
    expect(CalendarDate.format(CalendarDate.MAX)).toBe('9999-12-31');
    expect(CalendarDate.parse('1970-01-01')).toBe(0);
    expect(CalendarDate.fromDays(CalendarDate.MIN - 1)).toBeUndefined();
    expect(CalendarDate.fromDays(CalendarDate.MAX + 1)).toBeUndefined();
    expect(CalendarDate.fromDays(0.5)).toBeUndefined();
    expect(CalendarDate.fromDays(Number.NaN)).toBeUndefined();
    expect(CalendarDate.fromDays(CalendarDate.MAX)).toBe(CalendarDate.MAX);
  });

  it('is refused where the calendar has no such day, for any numbers', () => {
    const numbers = fc.tuple(
      fc.integer({ min: 0, max: 9999 }),
      fc.integer({ min: 0, max: 99 }),
      fc.integer({ min: 0, max: 99 }),
    );
    fc.assert(
      fc.property(numbers, ([year, month, day]) => {
        const pad = (n: number, length: number) => String(n).padStart(length, '0');
        const text = `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
        const milliseconds = Date.parse(`${text}T00:00:00Z`);
        // `Date` takes 30 February for 1 March: a real day comes back as it was sent.
        const isReal =
          year > 0 &&
          !Number.isNaN(milliseconds) &&
          isoByDate(milliseconds / MILLISECONDS_PER_DAY) === text;
        expect(CalendarDate.tryParse(text) !== undefined).toBe(isReal);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    '',
    '2023-02-29',
    '2023-02-30',
    '1900-02-29',
    '2023-04-31',
    '2023-13-01',
    '2023-00-10',
    '2023-01-00',
    '2023-01-32',
    '0000-01-01',
    '10000-01-01',
    '-001-01-01',
    '+2023-01-01',
    '2023-1-1',
    '20230101',
    '2023/01/01',
    '2023-01-01T00:00:00Z',
    ' 2023-01-01',
    '2023-01-01 ',
    '2023-01-01\n',
    '２０２３-01-01',
    'today',
  ])('is not %j', (text) => {
    expect(CalendarDate.tryParse(text)).toBeUndefined();
    expect(() => CalendarDate.parse(text, 'startDate')).toThrow(
      expect.objectContaining({
        code: 'VALIDATION_ERROR',
        details: { field: 'startDate' },
        message: expect.stringContaining(JSON.stringify(text)) as string,
      }),
    );
  });

  it.each(['2000-02-29', '2024-02-29', '1600-02-29', '0004-02-29'])('is %s', (text) => {
    expect(CalendarDate.format(CalendarDate.parse(text))).toBe(text);
  });

  it('is that of an instant in UTC, before 1970 too', () => {
    const at = (iso: string) => CalendarDate.format(CalendarDate.ofInstant(Date.parse(iso) * 1000));
    expect(at('2024-01-01T00:00:00.000Z')).toBe('2024-01-01');
    expect(at('2024-01-01T23:59:59.999Z')).toBe('2024-01-01');
    expect(at('1969-12-31T23:59:59.999Z')).toBe('1969-12-31');
    expect(at('1969-12-31T00:00:00.000Z')).toBe('1969-12-31');
  });
});
