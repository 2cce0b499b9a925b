// What one request may be answered in points, over all its fields: aliases and lists of series would
// otherwise multiply a limit per field.

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
