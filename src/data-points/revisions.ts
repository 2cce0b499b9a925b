// Which rows of a batch answer a question about revisions: pure functions over sorted columns.

import { unreachable } from '../core/assert.js';
import type { CalendarDate } from '../core/calendar-date.js';
import type { PointBatch } from '../schema/point-batch.js';

export enum Revisions {
  /** The value known last, one row per date. */
  LATEST = 'LATEST',
  /** The first publication, one row per date. */
  ORIGINAL = 'ORIGINAL',
  /** The n-th publication, one row per date that was published so often. */
  NTH_RELEASE = 'NTH_RELEASE',
  /** The value known so many days after the date that it observes, one row per date. */
  FIXED_LAG = 'FIXED_LAG',
  /** Every publication. */
  ALL = 'ALL',
}

export type RevisionSelector = (
  | { readonly revisions: Revisions.LATEST | Revisions.ORIGINAL | Revisions.ALL }
  /** `release` counts from 1. */
  | { readonly revisions: Revisions.NTH_RELEASE; readonly release: number }
  | { readonly revisions: Revisions.FIXED_LAG; readonly lagDays: number }
) & {
  /** Nothing that was published after this day counts. */
  readonly asOf?: CalendarDate | undefined;
};

/**
 * The selected rows, ascending. A date of which nothing was published by `asOf` has no row, whatever was
 * published later. A value published as missing is a publication like any other.
 */
export function selectRows(batch: PointBatch, selector: RevisionSelector): Uint32Array {
  if (selectsAll(batch, selector)) return allRows(batch.length);
  const { dates, revisionDates, length } = batch;
  const { asOf = Infinity } = selector;
  const rows = new Uint32Array(length);
  let count = 0;
  let row = 0;
  while (row < length) {
    const date = dates[row]!;
    const first = row;
    while (row < length && dates[row] === date && revisionDates[row]! <= asOf) row++;
    const end = row;
    while (row < length && dates[row] === date) row++;
    if (end === first) continue;
    switch (selector.revisions) {
      case Revisions.ALL:
        for (let known = first; known < end; known++) rows[count++] = known;
        break;
      case Revisions.LATEST:
        rows[count++] = end - 1;
        break;
      case Revisions.ORIGINAL:
        rows[count++] = first;
        break;
      case Revisions.NTH_RELEASE:
        if (first + selector.release <= end) rows[count++] = first + selector.release - 1;
        break;
      case Revisions.FIXED_LAG: {
        let known = end;
        while (known > first && revisionDates[known - 1]! > date + selector.lagDays) known--;
        if (known > first) rows[count++] = known - 1;
        break;
      }
      default:
        return unreachable(selector);
    }
  }
  return rows.subarray(0, count);
}

/** Known without looking at the rows. */
function selectsAll(batch: PointBatch, { revisions, asOf }: RevisionSelector): boolean {
  if (asOf !== undefined) return false;
  if (revisions === Revisions.ALL) return true;
  const isOneOfEach = revisions === Revisions.LATEST || revisions === Revisions.ORIGINAL;
  return isOneOfEach && batch.hasUniqueDates;
}

/** 0, 1, 2, …: whoever selects all rows gets a part of it. */
let rowNumbers = new Uint32Array(0);

function allRows(length: number): Uint32Array {
  if (rowNumbers.length < length) {
    rowNumbers = new Uint32Array(Math.max(length, 65_536)).map((_, row) => row);
  }
  return rowNumbers.subarray(0, length);
}
