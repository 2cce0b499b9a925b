// What every way of writing points has to keep.

import { validationError } from '../core/app-error.js';
import { CalendarDate } from '../core/calendar-date.js';

/** @throws AppError VALIDATION_ERROR */
export function checkPointCount(field: string, points: number, limit: number): void {
  if (points <= limit) return;
  throw validationError(field, `${field} must have at most ${limit} points, received ${points}`, {
    limit,
  });
}

/**
 * Tomorrow in UTC is today somewhere.
 * @throws AppError VALIDATION_ERROR
 */
export function checkRevisionDate(field: string, day: CalendarDate, today: CalendarDate): void {
  if (day <= today + 1) return;
  const tomorrow = CalendarDate.format((today + 1) as CalendarDate);
  throw validationError(field, `${field} must not be after tomorrow in UTC (${tomorrow})`);
}
