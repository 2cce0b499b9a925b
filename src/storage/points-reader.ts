// The points of a series as of now: rows of its file, decoded once and cached under the file's checksum,
// and over them what the file does not hold yet.

import { Injectable } from '@nestjs/common';
import { BatchCache } from '../cache/batch-cache.js';
import { storageError } from '../core/app-error.js';
import type { DateRange } from '../core/calendar-date.js';
import type { Instant } from '../core/instant.js';
import type { KeyedLock } from '../core/keyed-lock.js';
import { SingleFlight } from '../core/single-flight.js';
import { Turns } from '../core/turns.js';
import type { Uuid } from '../core/uuid.js';
import { StorageMetrics } from '../metrics/storage-metrics.js';
import { PointBatch } from '../schema/point-batch.js';
import { overviewOf, type PointsEntry, type PointsFile } from './catalog/series-catalog.js';
import { DataDirectory } from './data-directory.js';
import type { ReadUse } from './data-points-store.js';
import { errorCode } from './disk.js';
import { quarantinePoints } from './integrity/quarantine.js';
import {
  DamagedFileError,
  isFile,
  isUnusable,
  type FileIdentity,
  type SealedFacts,
} from './parquet/file-seal.js';
import { decodeExpected, readPoints, vintagesOf } from './parquet/points-file.js';
import { pointsFile } from './paths.js';
import { partsOfRange, rowGroupsInRange, type RowGroupSpan } from './row-groups.js';
import { KnownVintages } from './vintages/known-vintages.js';
import { PublishedVintages } from './vintages/published-vintages.js';

interface VintagesOf {
  readonly version: Instant | null;
  readonly vintages: PublishedVintages;
}

/** Rows that are decoded at a time where much is read: 2.6 MB, in about 6 ms. */
const PART_ROWS = 65_536;

@Injectable()
export class PointsReader {
  private readonly loading = new SingleFlight<PointBatch>();
  private readonly known = new KnownVintages();
  private readonly locks: KeyedLock;

  constructor(
    private readonly directory: DataDirectory,
    private readonly cache: BatchCache,
    private readonly metrics: StorageMetrics,
  ) {
    this.locks = directory.locks;
  }

  /**
   * All revisions of a date range. A flush may just have put a new file in place and not yet published it;
   * then the read waits for that flush and looks again.
   * @throws AppError NOT_FOUND; STORAGE_ERROR where the file is damaged or unreadable
   */
  async read(id: Uuid, range: DateRange = {}, use: ReadUse = 'lookup'): Promise<PointBatch> {
    try {
      return await this.load(this.directory.catalog.requirePoints(id), range, use);
    } catch (error) {
      if (!isReplacedOrDamaged(error)) throw error;
    }
    return this.locks.run([id], () => this.readLocked(id, range));
  }

  /**
   * The same in parts, as of one commit. A large file that no cache has is decoded some row groups at a time,
   * and not kept.
   * @throws AppError as `read`
   */
  async *readParts(id: Uuid, range: DateRange, use: ReadUse): AsyncGenerator<PointBatch> {
    let entry = this.directory.catalog.requirePoints(id);
    let bytes = await this.largeFile(entry);
    if (bytes === undefined && isLarge(entry)) {
      // A flush may just have put another file in its place.
      entry = this.directory.catalog.requirePoints(id);
      bytes = await this.largeFile(entry);
    }
    if (bytes === undefined) {
      yield await this.read(id, range, use);
      return;
    }
    const turns = new Turns();
    const file = entry.file!;
    const groupRows = Math.ceil(file.summary.rows / file.rowGroupDates.length);
    const groupsPerPart = Math.max(1, Math.floor(PART_ROWS / groupRows));
    for (const part of partsOfRange(file.rowGroupDates, range, groupsPerPart)) {
      const span = rowGroupsInRange(file.rowGroupDates, part);
      const base = span.to === span.from ? PointBatch.EMPTY : readPoints(bytes, groupRows, span);
      this.metrics.countRowGroups(span.to - span.from);
      const rows = base.inRange(part);
      if (turns.isDue) await turns.give();
      yield entry.delta ? entry.delta.overlay(rows, part) : rows;
    }
  }

  /** The bytes of a file that is better read in parts; undefined where it is not, or where it cannot be read. */
  private async largeFile({ id, file, delta }: PointsEntry): Promise<Uint8Array | undefined> {
    if (!file || !isLarge({ file })) return undefined;
    if (delta === null && this.cache.peek(file.sha256)) return undefined;
    try {
      const bytes = await this.directory.read(pointsFile(id), file.bytes);
      return isFile(bytes, file.sha256) ? bytes : undefined;
    } catch (error) {
      // Replaced just now, or missing: `read` finds out which.
      if (errorCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** For the holder of the series' lock: nobody replaces the file meanwhile. */
  async readLocked(id: Uuid, range: DateRange = {}): Promise<PointBatch> {
    try {
      return await this.load(this.directory.catalog.requirePoints(id), range, 'lookup');
    } catch (error) {
      if (!isReplacedOrDamaged(error)) throw error;
      if (await this.directory.settleFile(id)) return this.readLocked(id, range);
      await this.directory.assertThere();
      return this.putIntoQuarantine(id, error);
    }
  }

  /**
   * What `look` makes of the vintages that were published; it must neither keep nor change them.
   * @throws AppError as `read`
   */
  async readVintages<T>(id: Uuid, look: (vintages: PublishedVintages) => T): Promise<T> {
    const { version } = this.directory.catalog.overview(id);
    const known = this.known.peek(id, version);
    if (known) return look(known);
    try {
      return this.lookAt(id, await this.loadVintages(id), look);
    } catch (error) {
      if (!isReplacedOrDamaged(error)) throw error;
    }
    return this.locks.run([id], async () =>
      this.lookAt(id, await this.loadVintagesLocked(id), look),
    );
  }

  /**
   * Which vintages were published, for the holder of the series' lock, who may change the answer and keeps it with
   * `keepVintages` when that is committed.
   * @throws AppError as `read`
   */
  async vintagesLocked(id: Uuid): Promise<PublishedVintages> {
    const { version } = this.directory.catalog.overview(id);
    return this.known.take(id, version) ?? (await this.loadVintagesLocked(id)).vintages;
  }

  /** @param version of the points that the vintages belong to; null where there never were any */
  keepVintages(id: Uuid, version: Instant | null, vintages: PublishedVintages): void {
    if (version !== null) this.known.keep(id, version, vintages);
  }

  private lookAt<T>(
    id: Uuid,
    { version, vintages }: VintagesOf,
    look: (vintages: PublishedVintages) => T,
  ): T {
    const answer = look(vintages);
    this.keepVintages(id, version, vintages);
    return answer;
  }

  private async loadVintagesLocked(id: Uuid): Promise<VintagesOf> {
    try {
      return await this.loadVintages(id);
    } catch (error) {
      if (!isReplacedOrDamaged(error)) throw error;
      if (await this.directory.settleFile(id)) return this.loadVintagesLocked(id);
      await this.directory.assertThere();
      return this.putIntoQuarantine(id, error);
    }
  }

  /** Of the file, and of what it does not hold yet. */
  private async loadVintages(id: Uuid): Promise<VintagesOf> {
    const entry = this.directory.catalog.requirePoints(id);
    const { file, delta } = entry;
    const { version } = overviewOf(entry);
    const inFile = file?.hasVintages
      ? vintagesOf(await this.footer(id, file))
      : new PublishedVintages();
    return { version, vintages: inFile.apply(delta?.vintageChanges ?? []) };
  }

  private async footer(id: Uuid, { sha256 }: PointsFile): Promise<SealedFacts> {
    const identity: FileIdentity = { kind: 'data_points', seriesId: id };
    const footer = await this.directory.footer(pointsFile(id), identity);
    if (footer.sha256 === sha256) return footer;
    throw new DamagedFileError('the file is not the one that was written last');
  }

  private async load(entry: PointsEntry, range: DateRange, use: ReadUse): Promise<PointBatch> {
    const { id, file, delta } = entry;
    if (delta === null) return (await this.fileRows(id, file, range, use)).inRange(range);
    const name = `${id}@${overviewOf(entry).version}`;
    const merged = this.cache.get(name);
    if (merged) return merged.inRange(range);
    const base = await this.fileRows(id, file, range, use);
    const points = delta.overlay(base.inRange(range), range);
    // Only what was merged anyway: a reader of a part must not pay for the whole.
    const isWhole = range.start === undefined && range.end === undefined;
    if (isWhole && use === 'lookup') this.cache.set(name, points);
    return points;
  }

  /** At least the rows of the range; no more row groups than it needs, unless those are most of the file. */
  private async fileRows(
    id: Uuid,
    file: PointsFile | null,
    range: DateRange,
    use: ReadUse,
  ): Promise<PointBatch> {
    if (file === null) return PointBatch.EMPTY;
    const whole = this.cache.get(file.sha256);
    if (whole) return whole;
    const { rowGroupDates } = file;
    const span = rowGroupsInRange(rowGroupDates, range);
    const isMost = (span.to - span.from) * 2 > rowGroupDates.length;
    if (rowGroupDates.length < 2 || isMost) return this.open(id, file, use);
    if (span.to === span.from) return PointBatch.EMPTY;
    return this.cache.get(cacheName(file, span)) ?? this.open(id, file, use, span);
  }

  /**
   * Loads are shared by checksum, not by series: who asks after a write was acknowledged must not get what
   * a read that began before it will answer.
   */
  private open(id: Uuid, file: PointsFile, use: ReadUse, span?: RowGroupSpan): Promise<PointBatch> {
    const name = cacheName(file, span);
    return this.loading.run(`${id}/${name}`, async () => {
      const bytes = await this.directory.read(pointsFile(id), file.bytes);
      const { rows: batch } = decodeExpected(bytes, id, file, span);
      const groups = Math.max(1, file.rowGroupDates.length);
      this.metrics.countRowGroups(span ? span.to - span.from : groups);
      if (use === 'lookup') this.cache.set(name, batch);
      return batch;
    });
  }

  private putIntoQuarantine(id: Uuid, error: unknown): never {
    quarantinePoints(this.directory.catalog, id, error);
    throw storageError('read', `The stored points of series ${id} are damaged and not served`, {
      resource: 'EconomicSeries',
      id,
    });
  }
}

/** Whether a file is better decoded in parts. */
function isLarge({ file }: Pick<PointsEntry, 'file'>): boolean {
  return file !== null && file.summary.rows >= 2 * PART_ROWS && file.rowGroupDates.length > 1;
}

/** A part of a file has a name of its own beside that of the whole. */
function cacheName({ sha256 }: PointsFile, span?: RowGroupSpan): string {
  return span ? `${sha256}/${span.from}-${span.to}` : sha256;
}

function isReplacedOrDamaged(error: unknown): boolean {
  return isUnusable(error) || errorCode(error) === 'ENOENT';
}
