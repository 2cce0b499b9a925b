// How periods are written in files, and the first day of each: the date under which an observation is
// stored.

import { CalendarDate } from '../../core/calendar-date.js';

/** What a date's way of being written says about the length of its period. */
export type PeriodForm = 'year' | 'half' | 'quarter' | 'month' | 'week' | 'day';

export interface Period {
  /** The first day; of an ISO week its Monday. */
  readonly date: CalendarDate;
  readonly form: PeriodForm;
}

/** Reads the date of an observation; undefined where the text is not one. */
export type PeriodReader = (text: string) => Period | undefined;

export const PERIOD_FORMS = '2024, 2024-S1, 2024-Q1, 2024-01, 2024-W05 or 2024-01-31';

const PERIOD = /^(\d{4})(?:-(?:S([12])|Q([1-4])|W(\d{2})|(\d{2})))?$/;

/** 1970-01-01 was a Thursday: the third day after a Monday. */
const THURSDAY = 3;

/** Reads the forms of `PERIOD_FORMS` and nothing else. */
export function parsePeriod(text: string): Period | undefined {
  if (text.length === 10) return periodOf(CalendarDate.tryParse(text), 'day');
  const match = PERIOD.exec(text);
  if (!match) return undefined;
  const [, yearText, half, quarter, week, month] = match;
  const year = Number(yearText);
  if (half !== undefined) return periodOf(CalendarDate.of(year, +half * 6 - 5, 1), 'half');
  if (quarter !== undefined) return periodOf(CalendarDate.of(year, +quarter * 3 - 2, 1), 'quarter');
  if (week !== undefined) return periodOf(mondayOfWeek(year, +week), 'week');
  if (month !== undefined) return periodOf(CalendarDate.of(year, +month, 1), 'month');
  return periodOf(CalendarDate.of(year, 1, 1), 'year');
}

function periodOf(date: CalendarDate | undefined, form: PeriodForm): Period | undefined {
  return date === undefined ? undefined : { date, form };
}

/** 0 for Monday to 6 for Sunday. */
export function weekday(date: CalendarDate): number {
  return (((date + THURSDAY) % 7) + 7) % 7;
}

/** ISO 8601: week 1 is the one with 4 January in it, and a week belongs to the year of its Thursday. */
function mondayOfWeek(year: number, week: number): CalendarDate | undefined {
  const fourthOfJanuary = CalendarDate.of(year, 1, 4);
  if (fourthOfJanuary === undefined || week < 1) return undefined;
  const monday = fourthOfJanuary - weekday(fourthOfJanuary) + (week - 1) * 7;
  const thursday = CalendarDate.fromDays(monday + THURSDAY);
  if (thursday === undefined || CalendarDate.parts(thursday).year !== year) return undefined;
  return CalendarDate.fromDays(monday);
}
