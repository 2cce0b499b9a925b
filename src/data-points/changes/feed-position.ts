// Where a reader of the change feed stands. The feed goes in rounds: a round tells what commits in (since,
// through] left behind, series after series, and ends where the next one begins.

import { createHash } from 'node:crypto';
import { CalendarDate } from '../../core/calendar-date.js';
import { Cursor } from '../../core/cursor.js';
import type { Instant } from '../../core/instant.js';
import { Uuid } from '../../core/uuid.js';

/** The change that was told last. */
export interface ChangePlace {
  readonly seriesId: Uuid;
  /** Deletions of a series are told first, in the order of their commits; 0 for a point. */
  readonly deletedAt: Instant | 0;
  /** Null where the whole series was deleted. */
  readonly date: CalendarDate | null;
  readonly revisionDate: CalendarDate | null;
}

/** All of a series was told, or there was nothing to tell of it: a page need not end with a change. */
export interface SeriesDone {
  readonly seriesId: Uuid;
  readonly isDone: true;
}

export type FeedPlace = ChangePlace | SeriesDone;

export interface FeedPosition {
  /** Everything up to this commit was told in earlier rounds. */
  readonly since: Instant | 0;
  readonly through: Instant | 0;
  /** Where the page before ended; null at the end of a round. */
  readonly place: FeedPlace | null;
}

/** Whose changes a cursor is about. */
export interface FeedScope {
  readonly storeId: Uuid;
  /** All of them where it is not given. */
  readonly seriesIds: ReadonlySet<Uuid> | undefined;
}

const KIND = 'changes/1';

export function encodePosition({ since, through, place }: FeedPosition, scope: FeedScope): Cursor {
  return Cursor.encode(KIND, [
    scope.storeId,
    digestOf(scope.seriesIds),
    since,
    through,
    ...(place === null ? [] : valuesOf(place)),
  ]);
}

function valuesOf(place: FeedPlace): (string | number | null)[] {
  if ('isDone' in place) return [place.seriesId];
  const { seriesId, deletedAt, date, revisionDate } = place;
  return [seriesId, deletedAt, date, revisionDate];
}

export type DecodedPosition =
  | { readonly kind: 'position'; readonly position: FeedPosition }
  /** Not a cursor of a change feed. */
  | { readonly kind: 'unknown' }
  /** Of another store, or of other series. */
  | { readonly kind: 'foreign'; readonly of: 'store' | 'series' };

export function decodePosition(cursor: Cursor, scope: FeedScope): DecodedPosition {
  const values = Cursor.decode(KIND, cursor) ?? [];
  const [storeId, digest, since, through, ...place] = values;
  if (typeof storeId !== 'string' || typeof digest !== 'string') return { kind: 'unknown' };
  if (!isInstant(since) || !isInstant(through) || since > through) return { kind: 'unknown' };
  const parsed = place.length === 0 ? null : parsePlace(place);
  if (parsed === undefined) return { kind: 'unknown' };
  if (storeId !== scope.storeId) return { kind: 'foreign', of: 'store' };
  if (digest !== digestOf(scope.seriesIds)) return { kind: 'foreign', of: 'series' };
  return { kind: 'position', position: { since, through, place: parsed } };
}

function parsePlace(values: readonly unknown[]): FeedPlace | undefined {
  const [id, deletedAt, date, revisionDate] = values;
  const seriesId = typeof id === 'string' ? Uuid.tryParse(id) : undefined;
  if (seriesId === undefined) return undefined;
  if (values.length === 1) return { seriesId, isDone: true };
  if (!isInstant(deletedAt) || values.length !== 4) return undefined;
  if (date === null && revisionDate === null && deletedAt > 0) {
    return { seriesId, deletedAt, date, revisionDate };
  }
  const day = typeof date === 'number' ? CalendarDate.fromDays(date) : undefined;
  const revisionDay =
    typeof revisionDate === 'number' ? CalendarDate.fromDays(revisionDate) : undefined;
  if (day === undefined || revisionDay === undefined) return undefined;
  return { seriesId, deletedAt, date: day, revisionDate: revisionDay };
}

function isInstant(value: unknown): value is Instant {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** A cursor must not go on with other series: what they had before would never be told. */
function digestOf(seriesIds: ReadonlySet<Uuid> | undefined): string {
  if (seriesIds === undefined) return '';
  const ids = [...seriesIds].sort().join(' ');
  return createHash('sha256').update(ids).digest('base64url').slice(0, 16);
}
