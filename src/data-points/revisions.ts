// Which rows of a batch answer a question about revisions: pure functions over sorted columns.

import { unreachable } from '../core/assert.js';
import type { CalendarDate } from '../core/calendar-date.js';
import type { PointBatch } from '../schema/point-batch.js';

export enum Revisions {
  /** The value known last, one row per date. */
  LATEST = 'LATEST',
  /** The first publication, one row per date. */
  ORIGINAL = 'ORIGINAL',
  /** Every publication. */
  ALL = 'ALL',
}

export interface RevisionSelector {
  readonly revisions: Revisions;
  /** Nothing that was published after this day counts. */
  readonly asOf?: CalendarDate | undefined;
}

/**
 * The selected rows, ascending. A date of which nothing was published by `asOf` has no row, whatever was
 * published later.
 */
export function selectRows(
  batch: PointBatch,
  { revisions, asOf = Infinity as CalendarDate }: RevisionSelector,
): Uint32Array {
  const { dates, revisionDates, length } = batch;
  const rows = new Uint32Array(length);
  let count = 0;
  for (let row = 0; row < length; row++) {
    if (revisionDates[row]! > asOf) continue;
    switch (revisions) {
      case Revisions.ALL:
        rows[count++] = row;
        break;
      case Revisions.ORIGINAL:
        if (row === 0 || dates[row - 1] !== dates[row]) rows[count++] = row;
        break;
      case Revisions.LATEST: {
        const last = row + 1 === length || dates[row + 1] !== dates[row];
        if (last || revisionDates[row + 1]! > asOf) rows[count++] = row;
        break;
      }
      default:
        return unreachable(revisions);
    }
  }
  return rows.subarray(0, count);
}

/** The distinct revision dates of a batch, ascending. */
export function distinctRevisionDates(batch: PointBatch): CalendarDate[] {
  const distinct = new Set(batch.revisionDates) as Set<CalendarDate>;
  return [...distinct].sort((a, b) => a - b);
}
