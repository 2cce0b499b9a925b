import { Injectable, Logger } from '@nestjs/common';
import { BatchCache } from '../cache/batch-cache.js';
import { Config } from '../config/environment.js';
import { assert } from '../core/assert.js';
import { messageOf, storageError } from '../core/app-error.js';
import type { CalendarDate, DateRange } from '../core/calendar-date.js';
import type { Instant } from '../core/instant.js';
import { mapConcurrently } from '../core/map-concurrently.js';
import { SingleFlight } from '../core/single-flight.js';
import type { Uuid } from '../core/uuid.js';
import { StorageMetrics } from '../metrics/storage-metrics.js';
import { PointBatch } from '../schema/point-batch.js';
import type { SeriesRow } from '../schema/series.columns.js';
import { SeriesCatalog, type CatalogEntry } from './catalog/series-catalog.js';
import { DataDirectory } from './data-directory.js';
import {
  DataPointsStore,
  type PointSelection,
  type PointsOfSeries,
  type PointsOverview,
} from './data-points-store.js';
import { errorCode } from './disk.js';
import { mergePoints, removePoints } from './merge-points.js';
import { DamagedFileError } from './parquet/file-seal.js';
import { decodePoints, encodePoints, type PointsFileOptions } from './parquet/points-file.js';
import { pointsFile } from './paths.js';
import type { PointUpserts } from './point-upserts.js';
import type { FileChange } from './replace-files.js';
import { rowGroupsInRange, type RowGroupSpan } from './row-groups.js';

/** Files read side by side: a call over thousands of series must not open thousands of files. */
const FILES_IN_FLIGHT = 16;

/** The points of a series as a call leaves them, not yet visible. */
interface Rewritten {
  readonly entry: CatalogEntry;
  readonly batch: PointBatch;
  readonly change: FileChange;
}

/** One Parquet file per series, rewritten at each change; decoded batches are cached by checksum. */
@Injectable()
export class ParquetDataPointsStore extends DataPointsStore {
  private readonly logger = new Logger('DataPointsStore');
  private readonly catalog: SeriesCatalog;
  private readonly loading = new SingleFlight<PointBatch>();
  private readonly fileOptions: PointsFileOptions;

  constructor(
    private readonly directory: DataDirectory,
    private readonly cache: BatchCache,
    private readonly metrics: StorageMetrics,
    config: Config,
  ) {
    super();
    this.catalog = directory.catalog;
    this.fileOptions = {
      compression: config.parquetCompression,
      rowGroupRows: config.parquetRowGroupRows,
      pageBytes: config.parquetPageBytes,
    };
  }

  overview(seriesId: Uuid): PointsOverview {
    return this.catalog.requirePoints(seriesId).points;
  }

  overviews(): Iterable<readonly [SeriesRow, PointsOverview]> {
    return this.catalog.readable();
  }

  async read(seriesId: Uuid, range: DateRange = {}): Promise<PointBatch> {
    const entry = this.catalog.requirePoints(seriesId);
    const batch = this.cached(entry) ?? (await this.loadRange(entry, range));
    return batch.inRange(range);
  }

  async upsert(writes: readonly PointUpserts[]): Promise<PointsOfSeries[]> {
    const ids = writes.map(({ seriesId }) => seriesId);
    assert(new Set(ids).size === ids.length, 'the writes of one call are grouped by series');
    // Unknown series are refused before anything waits; under the locks they are looked up again.
    for (const id of ids) this.catalog.requirePoints(id);
    return this.directory.locks.run(ids, async () => {
      const entries = ids.map((id) => this.catalog.requirePoints(id));
      const bases = await mapConcurrently(entries, FILES_IN_FLIGHT, (entry) => this.current(entry));
      const instant = this.directory.clock.next();
      const rewritten: Rewritten[] = [];
      const results = writes.map((upserts, index): PointsOfSeries => {
        const base = bases[index]!;
        const { batch, counts } = mergePoints(base, upserts, instant);
        if (batch !== base) rewritten.push(this.rewrite(entries[index]!, batch, instant));
        return { seriesId: upserts.seriesId, counts, batch };
      });
      if (rewritten.length > 0) {
        await this.directory.commit(rewritten.map(({ change }) => change));
        this.publish(rewritten);
      }
      return results;
    });
  }

  delete(seriesId: Uuid, { revisionDate, ...range }: PointSelection): Promise<number> {
    return this.directory.locks.run([seriesId], async () => {
      const entry = this.catalog.requirePoints(seriesId);
      const base = await this.current(entry);
      const { start = -Infinity, end = Infinity } = range;
      const { batch, deleted } = removePoints(base, (row) => {
        const date = base.dates[row]!;
        const isRevision = revisionDate === undefined || base.revisionDates[row] === revisionDate;
        return date >= start && date <= end && isRevision;
      });
      if (deleted.length === 0) return 0;
      const deletedAt = this.directory.clock.next();
      const rewritten = this.rewrite(entry, batch, deletedAt);
      const tombstones = deleted.map((row) => ({
        seriesId,
        date: base.dates[row] as CalendarDate,
        revisionDate: base.revisionDates[row] as CalendarDate,
        deletedAt,
      }));
      await this.directory.commitDeletions(tombstones, [rewritten.change]);
      this.publish([rewritten]);
      return deleted.length;
    });
  }

  private rewrite(before: CatalogEntry, batch: PointBatch, instant: Instant): Rewritten {
    const { row } = before;
    const encoded = encodePoints(batch, row.id, instant, this.fileOptions);
    const { bytes, sha256, summary, rowGroupDates } = encoded;
    const points = { ...summary, bytes: bytes.byteLength, version: instant };
    const change = { name: pointsFile(row.id), bytes };
    return { entry: { row, points, pointsHash: sha256, rowGroupDates }, batch, change };
  }

  /** Everything of one call becomes visible in one synchronous step. */
  private publish(rewritten: readonly Rewritten[]): void {
    for (const { entry, batch } of rewritten) {
      const before = this.catalog.get(entry.row.id)?.pointsHash;
      if (before) this.cache.delete(before);
      this.catalog.put(entry);
      if (entry.pointsHash !== null) this.cache.set(entry.pointsHash, batch);
    }
  }

  private cached({ pointsHash }: CatalogEntry): PointBatch | undefined {
    return pointsHash === null ? PointBatch.EMPTY : this.cache.get(pointsHash);
  }

  /** For the holder of the series' lock: nobody replaces the file meanwhile. */
  private async current(entry: CatalogEntry): Promise<PointBatch> {
    try {
      return this.cached(entry) ?? (await this.open(entry));
    } catch (error) {
      if (isReplacedOrDamaged(error)) this.putIntoQuarantine(entry.row.id, error);
      throw error;
    }
  }

  /** Decodes no more row groups than the range needs, unless those are most of the file anyway. */
  private loadRange(entry: CatalogEntry, range: DateRange): Promise<PointBatch> {
    const { pointsHash, rowGroupDates } = entry;
    const span = rowGroupsInRange(rowGroupDates, range);
    const isMost = (span.to - span.from) * 2 > rowGroupDates.length;
    if (rowGroupDates.length < 2 || isMost) return this.load(entry);
    if (span.to === span.from || pointsHash === null) return Promise.resolve(PointBatch.EMPTY);
    const batch = this.cache.get(cacheName(pointsHash, span));
    return batch ? Promise.resolve(batch) : this.load(entry, span);
  }

  /**
   * Loads what the entry names. A writer may just have put its new file in place and not yet published
   * it; then the read waits for that writer and looks again. Loads are shared by checksum, not by series:
   * who asks after a write was acknowledged must not get what a read that began before it will answer.
   */
  private load(entry: CatalogEntry, span?: RowGroupSpan): Promise<PointBatch> {
    const { row, pointsHash } = entry;
    return this.loading.run(`${row.id}/${cacheName(pointsHash ?? '', span)}`, async () => {
      try {
        return await this.open(entry, span);
      } catch (error) {
        if (!isReplacedOrDamaged(error)) throw error;
      }
      return this.directory.locks.run([row.id], () =>
        this.current(this.catalog.requirePoints(row.id)),
      );
    });
  }

  private async open(entry: CatalogEntry, span?: RowGroupSpan): Promise<PointBatch> {
    const { pointsHash, rowGroupDates } = entry;
    const { id } = entry.row;
    if (pointsHash === null) return PointBatch.EMPTY;
    const { batch, facts } = decodePoints(await this.directory.read(pointsFile(id)), id, span);
    if (facts.sha256 !== pointsHash) {
      throw new DamagedFileError('the file is not the one that was written last');
    }
    this.metrics.countRowGroups(span ? span.to - span.from : Math.max(1, rowGroupDates.length));
    this.cache.set(cacheName(pointsHash, span), batch);
    return batch;
  }

  private putIntoQuarantine(id: Uuid, error: unknown): never {
    const reason = messageOf(error);
    this.catalog.setQuarantine(id, 'points');
    this.logger.error({ message: 'Damaged file, not served', file: pointsFile(id), reason });
    throw storageError('read', `The stored points of series ${id} are damaged and not served`, {
      resource: 'EconomicSeries',
      id,
    });
  }
}

/** A part of a file has a name of its own beside that of the whole. */
function cacheName(pointsHash: string, span?: RowGroupSpan): string {
  return span ? `${pointsHash}/${span.from}-${span.to}` : pointsHash;
}

function isReplacedOrDamaged(error: unknown): boolean {
  return error instanceof DamagedFileError || errorCode(error) === 'ENOENT';
}
