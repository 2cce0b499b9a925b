import { Injectable } from '@nestjs/common';
import { assert } from '../core/assert.js';
import type { CalendarDate, DateRange } from '../core/calendar-date.js';
import { mapConcurrently } from '../core/map-concurrently.js';
import type { Uuid } from '../core/uuid.js';
import { PointBatch } from '../schema/point-batch.js';
import type { SeriesRow } from '../schema/series.columns.js';
import type { SeriesCatalog } from './catalog/series-catalog.js';
import { DataDirectory } from './data-directory.js';
import {
  DataPointsStore,
  type PointSelection,
  type PointsOfSeries,
  type PointsOverview,
  type ReadUse,
  type VintagesOfSeries,
} from './data-points-store.js';
import { changesOf, overlay, removalOf } from './delta/point-changes.js';
import { FILES_IN_FLIGHT } from './flush/flush-parts.js';
import type { Effect } from './log/commit.js';
import type { PointUpserts } from './point-upserts.js';
import { PointsReader } from './points-reader.js';
import { summarise, widened } from './points-summary.js';
import { ReadPass } from './read-pass.js';
import { areReadTogether } from './row-groups.js';
import { keysOf, needsStored, resolveUpserts } from './resolve-points.js';
import {
  resolveVintages,
  retractionsOf,
  type Vintage,
  type VintageCounts,
} from './vintages/resolve-vintages.js';
import { VintagesReader } from './vintages/vintages-reader.js';

/** Changes go through the log into the deltas, and later into a Parquet file per series. */
@Injectable()
export class LoggedDataPointsStore extends DataPointsStore {
  private readonly catalog: SeriesCatalog;

  constructor(
    private readonly directory: DataDirectory,
    private readonly reader: PointsReader,
    private readonly vintages: VintagesReader,
  ) {
    super();
    this.catalog = directory.catalog;
  }

  overview(seriesId: Uuid): PointsOverview {
    return this.catalog.overview(seriesId);
  }

  overviews(): Iterable<readonly [SeriesRow, PointsOverview]> {
    return this.catalog.readable();
  }

  read(
    seriesId: Uuid,
    range: DateRange = {},
    use: ReadUse = 'lookup',
    pass = new ReadPass(),
  ): Promise<PointBatch> {
    return this.reader.read(seriesId, range, use, pass);
  }

  readNow(seriesId: Uuid, range: DateRange): PointBatch | undefined {
    return this.reader.readNow(seriesId, range);
  }

  areReadTogether(seriesId: Uuid, ranges: readonly DateRange[]): boolean {
    const file = this.catalog.file(seriesId);
    return areReadTogether(file?.rowGroupDates ?? [], ranges);
  }

  publishedDays(seriesId: Uuid, range: DateRange = {}): Promise<readonly CalendarDate[]> {
    return this.vintages.read(seriesId, (vintages) => vintages.daysIn(range));
  }

  readParts(
    seriesId: Uuid,
    range: DateRange = {},
    use: ReadUse = 'lookup',
  ): AsyncIterable<PointBatch> {
    return this.reader.readParts(seriesId, range, use);
  }

  async upsert(writes: readonly PointUpserts[]): Promise<PointsOfSeries[]> {
    const ids = writes.map(({ seriesId }) => seriesId);
    assert(new Set(ids).size === ids.length, 'the writes of one call are grouped by series');
    // Unknown series are refused before anything waits; under the locks they are looked up again.
    for (const id of ids) this.catalog.requirePoints(id);
    return this.directory.write(ids, async () => {
      const overviews = ids.map((id) => this.overview(id));
      // A call over thousands of series must not open thousands of files.
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

  async publish(
    publications: readonly VintagesOfSeries[],
    check?: (counts: VintageCounts) => void,
  ): Promise<VintageCounts[]> {
    const ids = publications.map(({ seriesId }) => seriesId);
    assert(new Set(ids).size === ids.length, 'the vintages of one call are grouped by series');
    for (const id of ids) this.catalog.requirePoints(id);
    return this.directory.write(ids, async () => {
      const bases = await mapConcurrently(publications, FILES_IN_FLIGHT, (of) =>
        this.baseOfVintages(of),
      );
      const counts: VintageCounts[] = [];
      const changed = new Set<Uuid>();
      const committed = await this.directory.commit((instant) => {
        const effects: Effect[] = [];
        publications.forEach(({ seriesId, vintages }, index) => {
          const { overview, known, base } = bases[index]!;
          const resolved = resolveVintages(base, known, vintages, instant);
          check?.(resolved.counts);
          counts.push(resolved.counts);
          const { changes: points, removed, vintageChanges, newRows } = resolved;
          if (points.length === 0 && removed === null && vintageChanges.length === 0) return;
          if (removed !== null) this.directory.assertDeletable();
          const summary =
            removed === null
              ? widened(overview, summarise(points), newRows)
              : summarise(overlay(base, changesOf(points, removed)));
          const version = overview.version ?? 0;
          const changes = { points, removed, vintageChanges, summary };
          effects.push({ kind: 'vintages-changed', seriesId, base: version, ...changes });
          changed.add(seriesId);
        });
        return effects;
      });
      ids.forEach((id, index) => {
        const { overview, known } = bases[index]!;
        this.vintages.keep(id, changed.has(id) ? committed : overview.version, known);
      });
      return counts;
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
      const vintages = await this.vintages.readLocked(seriesId);
      const retractions = retractionsOf(points, deleted);
      const effect: Effect =
        vintages.size === 0
          ? { kind: 'points-deleted', seriesId, base, keys, summary }
          : {
              kind: 'vintages-changed',
              ...{ seriesId, base, summary },
              points: PointBatch.EMPTY,
              removed: keys,
              vintageChanges: retractions,
            };
      const committed = await this.directory.commit(() => [effect]);
      this.vintages.keep(seriesId, committed, vintages.apply(retractions));
      return deleted.length;
    });
  }

  /** What decides what vintages change: all rows where one may reach beyond its own dates. */
  private async baseOfVintages({ seriesId, vintages }: VintagesOfSeries) {
    const overview = this.overview(seriesId);
    const known = await this.vintages.readLocked(seriesId);
    const newest = overview.lastRevisionDate ?? -Infinity;
    const reachesAll = vintages.some(
      ({ isComplete, revisionDate }) => isComplete || revisionDate <= newest,
    );
    const range = reachesAll ? {} : rangeOfVintages(vintages);
    return { overview, known, base: await this.reader.readLocked(seriesId, range) };
  }

  /** The stored rows of the dates of some upserts, as far as they decide anything. */
  private storedNear(upserts: PointUpserts, overview: PointsOverview): Promise<PointBatch> {
    if (!needsStored(upserts, overview)) return Promise.resolve(PointBatch.EMPTY);
    const start = upserts.dates[0] as CalendarDate;
    const end = upserts.dates[upserts.length - 1] as CalendarDate;
    return this.reader.readLocked(upserts.seriesId, { start, end });
  }
}

function rangeOfVintages(vintages: readonly Vintage[]): DateRange {
  const spoken = vintages.filter(({ dates }) => dates.length > 0);
  const starts = spoken.map(({ dates }) => dates[0]!);
  const ends = spoken.map(({ dates }) => dates.at(-1)!);
  return { start: Math.min(...starts) as CalendarDate, end: Math.max(...ends) as CalendarDate };
}
