// What a call changes, resolved: replaying it decides nothing. The log holds commits, and the state in
// memory changes by applying them, so both can only agree.

import { unreachable } from '../../core/assert.js';
import type { CalendarDate } from '../../core/calendar-date.js';
import type { Instant } from '../../core/instant.js';
import type { Uuid } from '../../core/uuid.js';
import type { PointBatch } from '../../schema/point-batch.js';
import type { SeriesRow } from '../../schema/series.columns.js';
import type { SourceRow } from '../../schema/source.columns.js';
import type { VintageChange } from '../vintages/published-vintages.js';

/** What is known of a series' points without reading them; the dates are null where it has none. */
export interface PointsSummary {
  /** Stored rows: every revision of every date. */
  readonly rows: number;
  readonly firstDate: CalendarDate | null;
  readonly lastDate: CalendarDate | null;
  readonly lastRevisionDate: CalendarDate | null;
}

/**
 * The commit that touched the points last, 0 where none did: an effect was resolved against this state of
 * them, and says nothing over another.
 */
export type PointsVersion = Instant | 0;

/** Keys of points, sorted. */
export interface PointKeys {
  /** days since 1970-01-01, ascending; equal ones ascend in `revisionDates` */
  readonly dates: Int32Array;
  /** days since 1970-01-01 */
  readonly revisionDates: Int32Array;
}

export type Effect =
  | { readonly kind: 'series-put'; readonly row: SeriesRow }
  | { readonly kind: 'series-deleted'; readonly seriesId: Uuid }
  | { readonly kind: 'source-put'; readonly row: SourceRow }
  | {
      readonly kind: 'points-put';
      readonly seriesId: Uuid;
      readonly base: PointsVersion;
      /** Rows as they are stored from now on, those of keys that were there before included. */
      readonly points: PointBatch;
      /** Of the whole series, after the commit. */
      readonly summary: PointsSummary;
    }
  | {
      readonly kind: 'points-deleted';
      readonly seriesId: Uuid;
      readonly base: PointsVersion;
      readonly keys: PointKeys;
      /** Of the whole series, after the commit. */
      readonly summary: PointsSummary;
    }
  | {
      readonly kind: 'vintages-changed';
      readonly seriesId: Uuid;
      readonly base: PointsVersion;
      /** As of `points-put`. */
      readonly points: PointBatch;
      /** Keys that are removed; null where none is. */
      readonly removed: PointKeys | null;
      readonly vintageChanges: readonly VintageChange[];
      /** Of the whole series, after the commit. */
      readonly summary: PointsSummary;
    };

/** Effects that change the points of a series. */
export type PointsEffect = Extract<Effect, { readonly base: PointsVersion }>;

/** The keys that an effect takes from a series. */
export function removedKeys(effect: PointsEffect): PointKeys | null {
  switch (effect.kind) {
    case 'points-put':
      return null;
    case 'points-deleted':
      return effect.keys;
    case 'vintages-changed':
      return effect.removed;
    default:
      return unreachable(effect);
  }
}

/** One call: all of it becomes durable and visible, or nothing. */
export interface Commit {
  /** When, in what order, and as which version of all that it touches. */
  readonly instant: Instant;
  readonly effects: readonly Effect[];
}
