// What changed in one series between two commits, in an order in which it can be replayed: pure functions.

import { unreachable } from '../../core/assert.js';
import type { CalendarDate } from '../../core/calendar-date.js';
import type { Instant } from '../../core/instant.js';
import type { Uuid } from '../../core/uuid.js';
import type { PointBatch } from '../../schema/point-batch.js';
import type { PointKeys } from '../../storage/log/commit.js';
import type { Deletion } from '../../storage/parquet/deletions-file.js';
import { kindOfPublication } from '../vintages/release-dates.js';
import type { ChangePlace } from './feed-position.js';

export enum ChangeKind {
  /** The first publication of a date. */
  ADDED = 'ADDED',
  /** A later publication of a date. */
  REVISED = 'REVISED',
  /** A later publication that takes the value away. */
  WITHDRAWN = 'WITHDRAWN',
  /** Another value, or another flag, of a publication that was there. */
  CORRECTED = 'CORRECTED',
  /** A publication is gone. */
  DELETED = 'DELETED',
  /** The series is gone, with all its points. */
  SERIES_DELETED = 'SERIES_DELETED',
}

export interface SeriesChange extends ChangePlace {
  readonly kind: ChangeKind;
  readonly committedAt: Instant;
  /** The row of the point; undefined where it was deleted. */
  readonly row: number | undefined;
}

export interface ChangedSeries {
  readonly seriesId: Uuid;
  /** As it is now. */
  readonly batch: PointBatch;
  /** Of the round, in the order of the commits. */
  readonly deletions: readonly Deletion[];
}

export interface Round {
  readonly since: Instant | 0;
  readonly through: Instant | 0;
}

/**
 * Deletions come first: what was deleted and is there now was written after it. Points that were written
 * after the round are left to the next one.
 * @param after where the page before ended, in this series
 */
export function* changesOf(
  { seriesId, batch, deletions }: ChangedSeries,
  round: Round,
  after?: ChangePlace,
): Iterable<SeriesChange> {
  for (const { keys, deletedAt } of deletions) {
    if (after && (after.deletedAt === 0 || deletedAt < after.deletedAt)) continue;
    const isSame = after?.deletedAt === deletedAt;
    const deleted = { seriesId, deletedAt, committedAt: deletedAt, row: undefined };
    if (keys === null) {
      const kind = ChangeKind.SERIES_DELETED;
      if (!isSame) yield { ...deleted, kind, date: null, revisionDate: null };
      continue;
    }
    for (let key = isSame ? firstBehind(keys, after) : 0; key < keys.dates.length; key++) {
      const date = keys.dates[key] as CalendarDate;
      const revisionDate = keys.revisionDates[key] as CalendarDate;
      yield { ...deleted, kind: ChangeKind.DELETED, date, revisionDate };
    }
  }
  const place = after?.deletedAt === 0 ? after : undefined;
  const { since, through } = round;
  for (let row = place ? batch.firstRowFrom(place.date!) : 0; row < batch.length; row++) {
    const committedAt = batch.updatedAt(row);
    if (committedAt <= since || committedAt > through) continue;
    const date = batch.dates[row] as CalendarDate;
    const revisionDate = batch.revisionDates[row] as CalendarDate;
    if (place && !isBehind(date, revisionDate, place)) continue;
    const kind = kindOfRow(batch, row, since);
    yield { seriesId, kind, date, revisionDate, deletedAt: 0, committedAt, row };
  }
}

/** By halves: one commit may delete millions of points, and pages are told of a thousand each. */
function firstBehind({ dates, revisionDates }: PointKeys, place: ChangePlace): number {
  let low = 0;
  let high = dates.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBehind(dates[middle]!, revisionDates[middle]!, place)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function isBehind(date: number, revisionDate: number, place: ChangePlace): boolean {
  return (date - place.date! || revisionDate - place.revisionDate!) > 0;
}

function kindOfRow(batch: PointBatch, row: number, since: Instant | 0): ChangeKind {
  if (batch.createdAt(row) <= since) return ChangeKind.CORRECTED;
  const kind = kindOfPublication(batch, row);
  switch (kind) {
    case 'added':
      return ChangeKind.ADDED;
    case 'withdrawn':
      return ChangeKind.WITHDRAWN;
    case 'revised':
    case undefined:
      return ChangeKind.REVISED;
    default:
      return unreachable(kind);
  }
}
