import { describe, expect, it } from 'vitest';
import { CalendarDate } from '../../core/calendar-date.js';
import { DateSpacing } from './frequency-guess.js';
import { parsePeriod } from './period-date.js';

function guess(...texts: string[]): string {
  const spacing = new DateSpacing();
  for (const text of texts) {
    const { date, form } = parsePeriod(text)!;
    spacing.add(date, form);
  }
  return spacing.guess();
}

function everyDays(step: number, count: number, start = '2024-01-03'): string[] {
  const first = CalendarDate.parse(start);
  return Array.from({ length: count }, (_, index) =>
    CalendarDate.format((first + index * step) as CalendarDate),
  );
}

describe('the guess of a frequency', () => {
  it('follows the form in which the periods are written', () => {
    expect(guess('2024')).toBe('annual');
    expect(guess('2024-S1')).toBe('semiannual');
    expect(guess('2024-Q1')).toBe('quarterly');
    expect(guess('2024-01')).toBe('monthly');
    expect(guess('2024-W01')).toBe('weekly');
  });

  it('follows the distance of days', () => {
    const workingDays = everyDays(1, 30).filter((_, index) => index % 7 < 5);
    expect(guess(...everyDays(1, 10))).toBe('daily');
    expect(guess(...workingDays)).toBe('daily');
    expect(guess(...everyDays(7, 10))).toBe('weekly');
    expect(guess(...everyDays(14, 10))).toBe('biweekly');
    expect(guess('2024-01-01', '2024-02-01', '2024-03-01')).toBe('monthly');
    expect(guess('2024-01-31', '2024-02-29', '2024-03-31')).toBe('monthly');
    expect(guess('2024-01-31', '2024-02-28', '2024-03-29', '2024-04-30')).toBe('monthly');
    expect(guess('2024-01-01', '2024-04-01', '2024-07-01')).toBe('quarterly');
    expect(guess('2024-03-31', '2024-06-30', '2024-09-30')).toBe('quarterly');
    expect(guess('2024-01-01', '2024-07-01', '2025-01-01')).toBe('semiannual');
    expect(guess('2023-01-01', '2024-01-01')).toBe('annual');
    expect(guess('2023-06-30', '2024-06-30')).toBe('annual');
    // The third Wednesday of each month: multiples of seven days, and yet not weekly.
    expect(guess('2024-01-17', '2024-02-21', '2024-03-20')).toBe('monthly');
  });

  it('is not misled by gaps, revisions, or the order', () => {
    expect(guess('2024-01-01', '2024-04-01', '2025-10-01', '2026-07-01')).toBe('quarterly');
    expect(guess('2024-01-01', '2024-02-01', '2024-01-01', '2024-02-01')).toBe('monthly');
    expect(guess('2024-03-01', '2024-01-01', '2024-02-01')).toBe('monthly');
    expect(guess(...everyDays(7, 4), ...everyDays(7, 6).reverse())).toBe('weekly');
  });

  it('is irregular where the dates do not say', () => {
    expect(guess()).toBe('irregular');
    expect(guess('2024-01-31')).toBe('irregular');
    expect(guess('2024', '2024-Q1')).toBe('irregular');
    expect(guess('2024-01-03', '2024-01-20', '2024-05-05')).toBe('irregular');
  });
});
