import { Injectable } from '@nestjs/common';
import { assert } from '../core/assert.js';
import type { CalendarDate, DateRange } from '../core/calendar-date.js';
import { mapConcurrently } from '../core/map-concurrently.js';
import type { Uuid } from '../core/uuid.js';
import { PointBatch } from '../schema/point-batch.js';
import type { SeriesRow } from '../schema/series.columns.js';
import { overviewOf, type SeriesCatalog } from './catalog/series-catalog.js';
import { DataDirectory } from './data-directory.js';
import {
  DataPointsStore,
  type PointSelection,
  type PointsOfSeries,
  type PointsOverview,
} from './data-points-store.js';
import { overlay, removalOf } from './delta/point-changes.js';
import type { Effect } from './log/commit.js';
import type { PointUpserts } from './point-upserts.js';
import { PointsReader } from './points-reader.js';
import { summarise, widened } from './points-summary.js';
import { keysOf, needsStored, resolveUpserts } from './resolve-points.js';

/** Files read side by side: a call over thousands of series must not open thousands of files. */
const FILES_IN_FLIGHT = 16;

/** Changes go through the log into the deltas, and later into a Parquet file per series. */
@Injectable()
export class LoggedDataPointsStore extends DataPointsStore {
  private readonly catalog: SeriesCatalog;

  constructor(
    private readonly directory: DataDirectory,
    private readonly reader: PointsReader,
  ) {
    super();
    this.catalog = directory.catalog;
  }

  overview(seriesId: Uuid): PointsOverview {
    return overviewOf(this.catalog.requirePoints(seriesId));
  }

  overviews(): Iterable<readonly [SeriesRow, PointsOverview]> {
    return this.catalog.readable();
  }

  read(seriesId: Uuid, range: DateRange = {}): Promise<PointBatch> {
    return this.reader.read(seriesId, range);
  }

  async upsert(writes: readonly PointUpserts[]): Promise<PointsOfSeries[]> {
    const ids = writes.map(({ seriesId }) => seriesId);
    assert(new Set(ids).size === ids.length, 'the writes of one call are grouped by series');
    // Unknown series are refused before anything waits; under the locks they are looked up again.
    for (const id of ids) this.catalog.requirePoints(id);
    return this.directory.write(ids, async () => {
      const overviews = ids.map((id) => this.overview(id));
      const bases = await mapConcurrently(writes, FILES_IN_FLIGHT, (upserts, index) =>
        this.storedNear(upserts, overviews[index]!),
      );
      const results: PointsOfSeries[] = [];
      await this.directory.commit((instant) => {
        const effects: Effect[] = [];
        writes.forEach((upserts, index) => {
          const { seriesId } = upserts;
          const { changes, stored, counts } = resolveUpserts(bases[index]!, upserts, instant);
          results.push({ seriesId, counts, stored });
          if (changes.length === 0) return;
          const before = overviews[index]!;
          const base = before.version ?? 0;
          const summary = widened(before, summarise(changes), counts.added);
          effects.push({ kind: 'points-put', seriesId, base, points: changes, summary });
        });
        return effects;
      });
      return results;
    });
  }

  delete(seriesId: Uuid, { revisionDate, ...range }: PointSelection): Promise<number> {
    return this.directory.write([seriesId], async () => {
      const { version } = this.overview(seriesId);
      const points = await this.reader.readLocked(seriesId);
      const { start = -Infinity, end = Infinity } = range;
      const deleted: number[] = [];
      points.dates.forEach((date, row) => {
        const isRevision = revisionDate === undefined || points.revisionDates[row] === revisionDate;
        if (date >= start && date <= end && isRevision) deleted.push(row);
      });
      if (deleted.length === 0) return 0;
      this.directory.assertDeletable();
      const keys = keysOf(points, deleted);
      const summary = summarise(overlay(points, removalOf(keys)));
      const base = version ?? 0;
      await this.directory.commit(() => [
        { kind: 'points-deleted', seriesId, base, keys, summary },
      ]);
      return deleted.length;
    });
  }

  /** The stored rows of the dates of some upserts, as far as they decide anything. */
  private storedNear(upserts: PointUpserts, overview: PointsOverview): Promise<PointBatch> {
    if (!needsStored(upserts, overview)) return Promise.resolve(PointBatch.EMPTY);
    const start = upserts.dates[0] as CalendarDate;
    const end = upserts.dates[upserts.length - 1] as CalendarDate;
    return this.reader.readLocked(upserts.seriesId, { start, end });
  }
}
