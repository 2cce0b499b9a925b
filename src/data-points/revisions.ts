// Which rows of a batch answer a question about revisions: pure functions over sorted columns.

import { unreachable } from '../core/assert.js';
import type { CalendarDate } from '../core/calendar-date.js';
import type { Steps } from '../core/steps.js';
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

/** Looked through in less than a millisecond. */
const ROWS_PER_STEP = 16_384;

/**
 * The first selected rows, ascending. A date of which nothing was published by `asOf` has no row, whatever was
 * published later. A value published as missing is a publication like any other.
 */
export function selectRows(
  batch: PointBatch,
  selector: RevisionSelector,
  limit = Infinity,
): Uint32Array {
  if (selectsAll(batch, selector)) return allRows(Math.min(batch.length, limit));
  const selected = noneOf(batch, limit);
  select(batch, selector, selected, limit, batch.length);
  return selected.rows.subarray(0, Math.min(selected.count, limit));
}

/** The same for many rows. */
export function* selectInSteps(
  batch: PointBatch,
  selector: RevisionSelector,
  limit: number,
): Steps<Uint32Array> {
  if (selectsAll(batch, selector)) return allRows(Math.min(batch.length, limit));
  const selected = noneOf(batch, limit);
  while (selected.next < batch.length && selected.count < limit) {
    select(batch, selector, selected, limit, selected.next + ROWS_PER_STEP);
    yield;
  }
  return selected.rows.subarray(0, Math.min(selected.count, limit));
}

interface Selected {
  readonly rows: Uint32Array;
  count: number;
  /** The first row that was not looked at; a date begins there. */
  next: number;
}

function noneOf({ length }: PointBatch, limit: number): Selected {
  // Of the date that reaches the limit there may be more: what lies behind the end of the array is dropped.
  return { rows: new Uint32Array(Math.min(length, limit)), count: 0, next: 0 };
}

/** Goes on until `limit` rows are selected, or with the dates that begin before `end`. */
function select(
  batch: PointBatch,
  selector: RevisionSelector,
  selected: Selected,
  limit: number,
  end: number,
): void {
  const { dates, revisionDates, length } = batch;
  const { asOf = Infinity } = selector;
  const { rows } = selected;
  let { count, next: row } = selected;
  const stop = Math.min(length, end);
  while (row < stop && count < limit) {
    const date = dates[row]!;
    const first = row;
    while (row < length && dates[row] === date && revisionDates[row]! <= asOf) row++;
    const known = row;
    while (row < length && dates[row] === date) row++;
    if (known === first) continue;
    switch (selector.revisions) {
      case Revisions.ALL:
        for (let one = first; one < known; one++) rows[count++] = one;
        break;
      case Revisions.LATEST:
        rows[count++] = known - 1;
        break;
      case Revisions.ORIGINAL:
        rows[count++] = first;
        break;
      case Revisions.NTH_RELEASE:
        if (first + selector.release <= known) rows[count++] = first + selector.release - 1;
        break;
      case Revisions.FIXED_LAG: {
        let then = known;
        while (then > first && revisionDates[then - 1]! > date + selector.lagDays) then--;
        if (then > first) rows[count++] = then - 1;
        break;
      }
      default:
        return unreachable(selector);
    }
  }
  selected.count = count;
  selected.next = row;
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
    rowNumbers = new Uint32Array(Math.max(length, 65_536));
    for (let row = 0; row < rowNumbers.length; row++) rowNumbers[row] = row;
  }
  return rowNumbers.subarray(0, length);
}
