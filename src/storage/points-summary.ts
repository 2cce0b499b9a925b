import type { PointBatch } from '../schema/point-batch.js';
import type { PointsSummary } from './log/commit.js';

export const NO_POINTS: PointsSummary = {
  rows: 0,
  firstDate: null,
  lastDate: null,
  lastRevisionDate: null,
};

export function summarise({ dates, revisionDates, length }: PointBatch): PointsSummary {
  if (length === 0) return NO_POINTS;
  let last = revisionDates[0]!;
  for (const date of revisionDates) if (date > last) last = date;
  return {
    rows: length,
    firstDate: dates[0] as PointsSummary['firstDate'],
    lastDate: dates[length - 1] as PointsSummary['lastDate'],
    lastRevisionDate: last as PointsSummary['lastRevisionDate'],
  };
}

/** After `added` new rows came, among changes that have a summary of their own. */
export function widened(
  before: PointsSummary,
  changes: PointsSummary,
  added: number,
): PointsSummary {
  return {
    rows: before.rows + added,
    firstDate: least(before.firstDate, changes.firstDate),
    lastDate: greatest(before.lastDate, changes.lastDate),
    lastRevisionDate: greatest(before.lastRevisionDate, changes.lastRevisionDate),
  };
}

function least<T extends number>(a: T | null, b: T | null): T | null {
  return a === null || (b !== null && b < a) ? b : a;
}

function greatest<T extends number>(a: T | null, b: T | null): T | null {
  return a === null || (b !== null && b > a) ? b : a;
}
