// What one request may be answered in points, and how many it may have looked at, over all its fields: aliases and
// lists of series would otherwise multiply a limit per field.

import { AppError } from '../core/app-error.js';

interface Spent {
  /** Points answered so far. */
  points: number;
  /** Rows looked at so far. */
  rows: number;
}

/** By request; one that has ended is forgotten with its object. */
const spent = new WeakMap<object, Spent>();

function spentBy(request: object): Spent {
  let sums = spent.get(request);
  if (!sums) {
    sums = { points: 0, rows: 0 };
    spent.set(request, sums);
  }
  return sums;
}

/**
 * Counts points that a field is about to answer. A field that is refused counts for nothing.
 * @param request the same object for all fields of a request
 * @throws AppError READ_TOO_LARGE where the request would be answered more than `limit` points
 */
export function chargePoints(request: object, points: number, limit: number): void {
  const sums = spentBy(request);
  const sum = sums.points + points;
  if (sum > limit) {
    throw new AppError(
      'READ_TOO_LARGE',
      `The answer would have ${sum} points, at most ${limit} are allowed: ask for a shorter date range, give a limit, or ask for fewer series in one request`,
      { points: sum, limit },
    );
  }
  sums.points = sum;
}

/** Of what is in memory: about a second of work. */
const ROWS_MAX = 100_000_000;

/**
 * Counts the rows of a series, within the range of dates, that a field is about to look at, answered or not. As above,
 * a field that is refused counts for nothing.
 * @returns how many the request has looked at so far
 * @throws AppError READ_TOO_LARGE
 */
export function chargeRows(request: object, rows: number): number {
  const sums = spentBy(request);
  const sum = sums.rows + rows;
  if (sum > ROWS_MAX) {
    throw new AppError(
      'READ_TOO_LARGE',
      `The request would look at ${sum} stored points, at most ${ROWS_MAX} are allowed: ask for shorter date ranges, or for fewer fields and series in one request`,
      { points: sum, limit: ROWS_MAX },
    );
  }
  sums.rows = sum;
  return sum;
}
