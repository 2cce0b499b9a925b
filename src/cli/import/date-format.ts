// `--date-format`: dates in an order that only their owner knows, such as M/D/YYYY.

import { CalendarDate } from '../../core/calendar-date.js';
import type { PeriodForm, PeriodReader } from './period-date.js';
import { InputError } from './faults.js';

const TOKEN = /YYYY|MM?|DD?/g;
const PATTERNS: Readonly<Record<string, string>> = {
  YYYY: '(?<year>\\d{4})',
  MM: '(?<month>\\d{2})',
  M: '(?<month>\\d{1,2})',
  DD: '(?<day>\\d{2})',
  D: '(?<day>\\d{1,2})',
};

/**
 * @param format YYYY, MM or M, DD or D, and anything but letters and digits between them; without a day
 *   it is the first of the month, without a month 1 January
 * @throws InputError where the format is not one
 */
export function compileDateFormat(format: string): PeriodReader {
  const tokens = format.match(TOKEN) ?? [];
  const kinds = tokens.map((token) => token[0]!);
  const sound =
    kinds.includes('Y') &&
    (kinds.includes('M') || !kinds.includes('D')) &&
    new Set(kinds).size === kinds.length &&
    !/[A-Za-z0-9]/.test(format.replaceAll(TOKEN, '')) &&
    !hasOpenNeighbours(format);
  if (!sound) {
    throw new InputError(
      `--date-format: received ${JSON.stringify(format)}, allowed are YYYY, MM or M, DD or D, each at most once, with separators around M and D: M/D/YYYY`,
    );
  }
  const form: PeriodForm = kinds.includes('D') ? 'day' : kinds.includes('M') ? 'month' : 'year';
  const parsed = format.split(/(YYYY|MM?|DD?)/).map(patternOf);
  const pattern = new RegExp(`^${parsed.join('')}$`);
  return (text) => {
    const parts = pattern.exec(text)?.groups;
    if (!parts) return undefined;
    const date = CalendarDate.of(+parts['year']!, +(parts['month'] ?? 1), +(parts['day'] ?? 1));
    return date === undefined ? undefined : { date, form };
  };
}

/** A month or day of one or two digits that touches other digits could be read in two ways. */
function hasOpenNeighbours(format: string): boolean {
  const parts = format.split(/(YYYY|MM?|DD?)/);
  return parts.some(
    (part, index) =>
      index > 0 &&
      index < parts.length - 1 &&
      part === '' &&
      [parts[index - 1], parts[index + 1]].some((token) => token === 'M' || token === 'D'),
  );
}

function patternOf(part: string): string {
  return PATTERNS[part] ?? part.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
