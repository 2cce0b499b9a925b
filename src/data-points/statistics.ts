// Sums over the overviews of many series: pure functions, in steps.

import { CalendarDate } from '../core/calendar-date.js';
import { firstOf, type Steps } from '../core/steps.js';
import type { Uuid } from '../core/uuid.js';
import type { SeriesRow } from '../schema/series.columns.js';
import type { PointsOverview } from '../storage/data-points-store.js';
import { compareRows, DEFAULT_ORDER } from '../series/series-query.js';
import { rangeOf } from './selection.js';
import type { CatalogStats, DataFreshness } from './statistics.model.js';

/** A fraction of a millisecond. */
const SERIES_PER_STEP = 1024;

export type Overviews = Iterable<readonly [SeriesRow, PointsOverview]>;

export function* catalogStats(overviews: Overviews): Steps<Omit<CatalogStats, 'sourceCount'>> {
  const frequencies = new Map<string, number>();
  const stats = {
    seriesCount: 0,
    activeSeriesCount: 0,
    dataPointCount: 0,
    dataPointBytes: 0,
    firstDate: null as CalendarDate | null,
    lastDate: null as CalendarDate | null,
    lastRevisionDate: null as CalendarDate | null,
  };
  for (const [row, points] of overviews) {
    if (++stats.seriesCount % SERIES_PER_STEP === 0) yield;
    if (row.isActive) stats.activeSeriesCount++;
    stats.dataPointCount += points.rows;
    stats.dataPointBytes += points.bytes;
    stats.firstDate = least(stats.firstDate, points.firstDate);
    stats.lastDate = greatest(stats.lastDate, points.lastDate);
    stats.lastRevisionDate = greatest(stats.lastRevisionDate, points.lastRevisionDate);
    frequencies.set(row.frequency, (frequencies.get(row.frequency) ?? 0) + 1);
  }
  return {
    ...stats,
    frequencies: [...frequencies]
      .map(([frequency, seriesCount]) => ({ frequency, seriesCount }))
      .sort((a, b) => b.seriesCount - a.seriesCount),
  };
}

/** One entry per source that has series, the most recently written first. */
export function* dataFreshness(overviews: Overviews): Steps<DataFreshness[]> {
  let looked = 0;
  const bySource = new Map<Uuid, DataFreshness>();
  for (const [{ sourceId }, points] of overviews) {
    if (++looked % SERIES_PER_STEP === 0) yield;
    const before = bySource.get(sourceId);
    bySource.set(sourceId, {
      sourceId,
      seriesCount: (before?.seriesCount ?? 0) + 1,
      lastDate: greatest(before?.lastDate ?? null, points.lastDate),
      lastRevisionDate: greatest(before?.lastRevisionDate ?? null, points.lastRevisionDate),
      lastWrittenAt: greatest(before?.lastWrittenAt ?? null, points.version),
    });
  }
  return [...bySource.values()].sort((a, b) => (b.lastWrittenAt ?? 0) - (a.lastWrittenAt ?? 0));
}

/**
 * The first series that were observed within the range, by external id; of those without points, the ones that
 * are declared for it.
 * @throws AppError VALIDATION_ERROR
 */
export function seriesInRange(
  overviews: Overviews,
  range: { readonly startDate: CalendarDate; readonly endDate: CalendarDate },
  count: number,
): Steps<readonly SeriesRow[]> {
  const { start = CalendarDate.MIN, end = CalendarDate.MAX } = rangeOf(range);
  const find = ([row, points]: readonly [SeriesRow, PointsOverview]): SeriesRow | undefined => {
    const declared = points.rows === 0 && (row.startDate !== null || row.endDate !== null);
    if (points.rows === 0 && !declared) return undefined;
    const first = (declared ? row.startDate : points.firstDate) ?? CalendarDate.MIN;
    const last = (declared ? row.endDate : points.lastDate) ?? CalendarDate.MAX;
    return first <= end && last >= start ? row : undefined;
  };
  return firstOf(overviews, find, count, compareRows(DEFAULT_ORDER));
}

function least<T extends number>(a: T | null, b: T | null): T | null {
  return a === null || (b !== null && b < a) ? b : a;
}

function greatest<T extends number>(a: T | null, b: T | null): T | null {
  return a === null || (b !== null && b > a) ? b : a;
}
