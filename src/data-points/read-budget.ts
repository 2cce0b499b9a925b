// What one request may be answered in points, and how many it may have looked at, over all its fields: aliases and
// lists of series would otherwise multiply a limit per field.

import { AppError } from '../core/app-error.js';

/** Points answered so far, by request; a request that has ended is forgotten with its object. */
const answered = new WeakMap<object, number>();

/**
 * Counts points that a field is about to answer. A field that is refused counts for nothing.
 * @param request the same object for all fields of a request
 * @throws AppError READ_TOO_LARGE where the request would be answered more than `limit` points
 */
export function chargePoints(request: object, points: number, limit: number): void {
  const sum = (answered.get(request) ?? 0) + points;
  if (sum > limit) {
    throw new AppError(
      'READ_TOO_LARGE',
      `The answer would have ${sum} points, at most ${limit} are allowed: ask for a shorter date range, give a limit, or ask for fewer series in one request`,
      { points: sum, limit },
    );
  }
  answered.set(request, sum);
}

/** Of what is in memory: about a second of work. */
const ROWS_MAX = 100_000_000;

/** Rows looked at so far, by request. */
const looked = new WeakMap<object, number>();

/**
 * Counts the rows of a series, within the range of dates, that a field is about to look at, answered or not. As above,
 * a field that is refused counts for nothing.
 * @returns how many the request has looked at so far
 * @throws AppError READ_TOO_LARGE
 */
export function chargeRows(request: object, rows: number): number {
  const sum = (looked.get(request) ?? 0) + rows;
  if (sum > ROWS_MAX) {
    throw new AppError(
      'READ_TOO_LARGE',
      `The request would look at ${sum} stored points, at most ${ROWS_MAX} are allowed: ask for shorter date ranges, or for fewer fields and series in one request`,
      { points: sum, limit: ROWS_MAX },
    );
  }
  looked.set(request, sum);
  return sum;
}
