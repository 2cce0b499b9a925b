import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CalendarDate } from '../../core/calendar-date.js';
import { compileDateFormat } from './date-format.js';
import { InputError } from './faults.js';

describe('--date-format', () => {
  it.each([
    ['M/D/YYYY', '1/31/2024', '2024-01-31', 'day'],
    ['M/D/YYYY', '01/09/2024', '2024-01-09', 'day'],
    ['DD.MM.YYYY', '31.01.2024', '2024-01-31', 'day'],
    ['YYYYMMDD', '20240131', '2024-01-31', 'day'],
    ['YYYY-DD-MM', '2024-02-01', '2024-01-02', 'day'],
    ['M/YYYY', '3/2024', '2024-03-01', 'month'],
    ['YYYY/', '2024/', '2024-01-01', 'year'],
  ])('%s reads %s as %s', (format, text, date, form) => {
    const expected = { date: CalendarDate.parse(date), form };
    expect(compileDateFormat(format)(text)).toEqual(expected);
  });

  it.each([
    ['M/D/YYYY', '2024-01-31'],
    ['M/D/YYYY', '31/1/2024'],
    ['M/D/YYYY', '2/30/2024'],
    ['M/D/YYYY', '1/31/24'],
    ['MM/DD/YYYY', '1/31/2024'],
    // A separator is itself, not a wildcard.
    ['DD.MM.YYYY', '31/01/2024'],
  ])('%s does not read %s', (format, text) => {
    expect(compileDateFormat(format)(text)).toBeUndefined();
  });

  it.each(['', 'M/D', 'D/YYYY', 'M/D/YY', 'MMM YYYY', 'M/M/YYYY', 'YYYYMD', 'MDYYYY', 'YYYYMMDDT'])(
    '%j is refused',
    (format) => {
      expect(() => compileDateFormat(format)).toThrow(InputError);
    },
  );

  it('gives back every date that it wrote', () => {
    const read = compileDateFormat('M/D/YYYY');
    const days = fc.integer({ min: CalendarDate.MIN, max: CalendarDate.MAX });
    fc.assert(
      fc.property(days, (date) => {
        const { year, month, day } = CalendarDate.parts(date as CalendarDate);
        expect(read(`${month}/${day}/${String(year).padStart(4, '0')}`)?.date).toBe(date);
      }),
    );
  });
});
