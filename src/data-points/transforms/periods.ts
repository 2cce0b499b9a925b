// The periods of each frequency, numbered along the calendar, so that the one before is number - 1.

import { CalendarDate } from '../../core/calendar-date.js';
import type { Frequency } from '../../series/vocabulary.js';

/** A frequency whose periods the calendar knows. */
export type RegularFrequency = Exclude<Frequency, 'irregular' | 'other'>;

export interface Periods {
  /** The number of the period that contains a date. */
  readonly indexOf: (date: number) => number;
  /** Of a period with this number; the first day of the calendar where the period begins earlier. */
  readonly firstDay: (index: number) => number;
}

// A Monday. Weeks run from Monday as in ISO 8601. Nothing says which two weeks are a fortnight, so they are
// counted in pairs from this one, the week of 1970-01-01: always the same two, whatever a series begins with.
const FIRST_MONDAY = -3;

function ofDays(days: number): Periods {
  return {
    indexOf: (date) => Math.floor((date - FIRST_MONDAY) / days),
    firstDay: (index) => Math.max(CalendarDate.MIN, FIRST_MONDAY + index * days),
  };
}

/** @param months a divisor of 12 */
function ofMonths(months: number): Periods {
  return {
    indexOf(date) {
      const { year, month } = CalendarDate.parts(date as CalendarDate);
      return Math.floor((year * 12 + month - 1) / months);
    },
    firstDay(index) {
      const month = index * months;
      return CalendarDate.of(Math.floor(month / 12), (month % 12) + 1, 1) ?? CalendarDate.MIN;
    },
  };
}

export const PERIODS: Record<RegularFrequency, Periods> = {
  daily: ofDays(1),
  weekly: ofDays(7),
  biweekly: ofDays(14),
  monthly: ofMonths(1),
  quarterly: ofMonths(3),
  semiannual: ofMonths(6),
  annual: ofMonths(12),
};

export function isRegular(frequency: Frequency): frequency is RegularFrequency {
  return frequency !== 'irregular' && frequency !== 'other';
}
