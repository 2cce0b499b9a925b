// Calendar dates as whole days since 1970-01-01 (the unit of Arrow's and Parquet's DATE), proleptic
// Gregorian, years 0001 to 9999. No time zone is ever involved, so `Date` is not used.

import { shown, validationError } from './app-error.js';

/** Days since 1970-01-01; made only by the functions below. */
export type CalendarDate = number & { readonly __brand: 'CalendarDate' };

/** Both ends inclusive; an absent end is open. */
export interface DateRange {
  readonly start?: CalendarDate | undefined;
  readonly end?: CalendarDate | undefined;
}

const MILLISECONDS_PER_DAY = 86_400_000;
const ISO_DATE = /^\d{4}-\d{2}-\d{2}$/;

/**
 * Days since 1970-01-01 of a proleptic Gregorian date. Years start in March here, so that the leap day
 * comes last and month lengths repeat in a 153-day pattern (H. Hinnant, "chrono-compatible low-level
 * date algorithms").
 */
function daysFromCivil(year: number, month: number, day: number): number {
  const shiftedYear = month <= 2 ? year - 1 : year;
  const era = Math.floor(shiftedYear / 400);
  const yearOfEra = shiftedYear - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

const MIN = daysFromCivil(1, 1, 1);
const MAX = daysFromCivil(9999, 12, 31);

/**
 * Texts of dates, each day of 44 years in a place of its own: an answer in columns has the same few days in
 * hundreds of thousands of rows, and making a text takes ten times as long as finding it (measured).
 */
const KEPT_TEXTS = 16_384;
const keptDates = new Int32Array(KEPT_TEXTS).fill(MIN - 1);
const keptTexts: string[] = [];

function textOf(date: CalendarDate): string {
  const { year, month, day } = CalendarDate.parts(date);
  return `${String(year).padStart(4, '0')}-${month < 10 ? '0' : ''}${month}-${day < 10 ? '0' : ''}${day}`;
}

export const CalendarDate = {
  /** 0001-01-01 */
  MIN: MIN as CalendarDate,
  /** 9999-12-31 */
  MAX: MAX as CalendarDate,

  /** The date of these parts, or undefined where the calendar has no such day. */
  of(year: number, month: number, day: number): CalendarDate | undefined {
    const real =
      year >= 1 &&
      year <= 9999 &&
      month >= 1 &&
      month <= 12 &&
      day >= 1 &&
      day <= daysInMonth(year, month);
    return real ? (daysFromCivil(year, month, day) as CalendarDate) : undefined;
  },

  /** Reads YYYY-MM-DD and nothing else; undefined where it is not a real calendar date. */
  tryParse(text: string): CalendarDate | undefined {
    if (!ISO_DATE.test(text)) return undefined;
    return CalendarDate.of(+text.slice(0, 4), +text.slice(5, 7), +text.slice(8, 10));
  },

  /** @throws AppError VALIDATION_ERROR naming `field` */
  parse(text: string, field = 'date'): CalendarDate {
    const date = CalendarDate.tryParse(text);
    if (date === undefined) {
      throw validationError(
        field,
        `${field} must be a calendar date YYYY-MM-DD from 0001-01-01 to 9999-12-31, received ${shown(text)}`,
      );
    }
    return date;
  },

  /** A number that a file or an index vouches for, or undefined outside the years 0001 to 9999. */
  fromDays(days: number): CalendarDate | undefined {
    return Number.isInteger(days) && days >= MIN && days <= MAX
      ? (days as CalendarDate)
      : undefined;
  },

  format(date: CalendarDate): string {
    const slot = date & (KEPT_TEXTS - 1);
    if (keptDates[slot] !== date) {
      keptTexts[slot] = textOf(date);
      keptDates[slot] = date;
    }
    return keptTexts[slot]!;
  },

  parts(date: CalendarDate): { year: number; month: number; day: number } {
    const shifted = date + 719_468;
    const era = Math.floor(shifted / 146_097);
    const dayOfEra = shifted - era * 146_097;
    const yearOfEra = Math.floor(
      (dayOfEra -
        Math.floor(dayOfEra / 1460) +
        Math.floor(dayOfEra / 36_524) -
        Math.floor(dayOfEra / 146_096)) /
        365,
    );
    const dayOfYear =
      dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
    const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
    const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
    return {
      year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
      month,
      day: dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1,
    };
  },

  /** Today in UTC for a clock that reads `micros` microseconds since 1970. */
  ofInstant(micros: number): CalendarDate {
    return Math.floor(micros / 1000 / MILLISECONDS_PER_DAY) as CalendarDate;
  },
};
