// The points of a series as of now: rows of its file, decoded once and cached under the file's checksum,
// and over them what the file does not hold yet.

import { Injectable } from '@nestjs/common';
import { BatchCache } from '../cache/batch-cache.js';
import { SharedBatches } from '../cache/shared-batches.js';
import type { DateRange } from '../core/calendar-date.js';
import { SingleFlight } from '../core/single-flight.js';
import { inTurns } from '../core/steps.js';
import { Turns } from '../core/turns.js';
import type { Uuid } from '../core/uuid.js';
import { StorageMetrics } from '../metrics/storage-metrics.js';
import { PointBatch, PointBatchBuilder } from '../schema/point-batch.js';
import { overviewOf, type PointsEntry, type PointsFile } from './catalog/series-catalog.js';
import { DataDirectory } from './data-directory.js';
import type { ReadUse } from './data-points-store.js';
import { isOverlaidAtOnce, overlaid } from './delta/overlay-parts.js';
import { errorCode } from './disk.js';
import { checkFile } from './parquet/file-seal.js';
import { checkExpected, readPoints } from './parquet/points-file.js';
import { PART_ROWS, PointsFileParts } from './parquet/points-file-parts.js';
import { pointsFile } from './paths.js';
import { ReadPass } from './read-pass.js';
import {
  isOfSpan,
  partsOfRange,
  rowGroupsInRange,
  rowGroupsToRead,
  rowsOfSpan,
  type RowGroupSpan,
} from './row-groups.js';
import { readSettled, readSettledLocked } from './settled-read.js';

@Injectable()
export class PointsReader {
  private readonly loading = new SingleFlight<PointBatch>();
  private readonly asking = new SingleFlight<PointBatch | undefined>();

  constructor(
    private readonly directory: DataDirectory,
    private readonly cache: BatchCache,
    private readonly shared: SharedBatches,
    private readonly metrics: StorageMetrics,
  ) {}

  /**
   * All revisions of a date range. A flush may just have put a new file in place and not yet published it;
   * then the read waits for that flush and looks again.
   * @param pass shared by reads that are made at once
   * @throws AppError NOT_FOUND; STORAGE_ERROR where the file is damaged or unreadable
   */
  read(
    id: Uuid,
    range: DateRange = {},
    use: ReadUse = 'lookup',
    pass = new ReadPass(),
  ): Promise<PointBatch> {
    return readSettled(this.directory, id, () =>
      this.load(this.directory.catalog.requirePoints(id), range, use, pass),
    );
  }

  /** For the holder of the series' lock: nobody replaces the file meanwhile. */
  readLocked(id: Uuid, range: DateRange = {}): Promise<PointBatch> {
    const pass = new ReadPass();
    return readSettledLocked(this.directory, id, () =>
      this.load(this.directory.catalog.requirePoints(id), range, 'lookup', pass),
    );
  }

  /**
   * What `read` would answer, where that is in memory and takes no time worth mentioning.
   * @throws AppError NOT_FOUND; STORAGE_ERROR where the points are damaged
   */
  readNow(id: Uuid, range: DateRange): PointBatch | undefined {
    const entry = this.directory.catalog.requirePoints(id);
    const { file, delta } = entry;
    if (delta !== null) {
      const merged = this.held(mergedName(entry));
      if (merged) return merged.inRange(range);
    }
    const rows = file === null ? PointBatch.EMPTY : this.heldRows(file, range);
    const base = rows?.inRange(range);
    if (base === undefined || delta === null) return base;
    if (!isOverlaidAtOnce(delta, base, range)) return undefined;
    // Nobody looks again, so the miss is counted here.
    this.cache.get(mergedName(entry));
    return this.keep(entry, delta.overlay(base, range), range, 'lookup');
  }

  /**
   * The same in parts, as of one commit. A large file that no cache has is decoded some row groups at a time,
   * and not kept.
   * @throws AppError as `read`
   */
  async *readParts(id: Uuid, range: DateRange, use: ReadUse): AsyncGenerator<PointBatch> {
    let entry = this.directory.catalog.requirePoints(id);
    let bytes = await this.largeFile(entry);
    if (bytes === undefined && isReadInParts(entry)) {
      // A flush may just have put another file in its place.
      entry = this.directory.catalog.requirePoints(id);
      bytes = await this.largeFile(entry);
    }
    if (bytes === undefined) {
      yield await this.read(id, range, use);
      return;
    }
    const { file, delta } = entry;
    const parts = await PointsFileParts.open(bytes);
    try {
      const groupsPerPart = Math.max(1, Math.floor(PART_ROWS / groupRowsOf(file!)));
      for (const part of partsOfRange(file!.rowGroupDates, range, groupsPerPart)) {
        const span = rowGroupsInRange(file!.rowGroupDates, part);
        const base = await decodedInTurns(parts, span);
        this.metrics.countRowGroups(span.to - span.from);
        const rows = base.inRange(part);
        yield delta ? await inTurns(overlaid(delta, rows, part)) : rows;
      }
    } finally {
      parts.close();
    }
  }

  /** The bytes of a file that is better read in parts; undefined where it is not, or where it cannot be read. */
  private async largeFile({ id, file, delta }: PointsEntry): Promise<Uint8Array | undefined> {
    if (!file || !isReadInParts({ file })) return undefined;
    if (delta === null && this.cache.peek(file.sha256)) return undefined;
    try {
      const bytes = await this.directory.read(pointsFile(id), file.bytes);
      return (await checkFile(bytes, file.sha256)) ? bytes : undefined;
    } catch (error) {
      // Replaced just now, or missing: `read` finds out which.
      if (errorCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  private async load(
    entry: PointsEntry,
    range: DateRange,
    use: ReadUse,
    pass: ReadPass,
  ): Promise<PointBatch> {
    const { id, file, delta } = entry;
    if (delta === null) return (await this.fileRows(id, file, range, use, pass)).inRange(range);
    const name = mergedName(entry);
    const merged = this.cache.get(name);
    if (merged) return merged.inRange(range);
    const base = (await this.fileRows(id, file, range, use, pass)).inRange(range);
    if (isOverlaidAtOnce(delta, base, range)) {
      return this.keep(entry, delta.overlay(base, range), range, use);
    }
    return this.loading.run(`${name}/${range.start}/${range.end}`, async () =>
      this.keep(entry, await inTurns(overlaid(delta, base, range)), range, use),
    );
  }

  /** Keeps only what was merged anyway: a reader of a part must not pay for the whole. */
  private keep(entry: PointsEntry, points: PointBatch, range: DateRange, use: ReadUse): PointBatch {
    const isWhole = range.start === undefined && range.end === undefined;
    if (isWhole && use === 'lookup') this.cache.set(mergedName(entry), points);
    return points;
  }

  /** At least the rows of the range; no more row groups than it needs, unless those are most of the file. */
  private async fileRows(
    id: Uuid,
    file: PointsFile | null,
    range: DateRange,
    use: ReadUse,
    pass: ReadPass,
  ): Promise<PointBatch> {
    if (file === null) return PointBatch.EMPTY;
    const whole = this.cache.get(file.sha256);
    if (whole) return whole;
    const span = rowGroupsToRead(file.rowGroupDates, range);
    if (span === undefined) return this.open(id, file, use, pass);
    if (span.to === span.from) return PointBatch.EMPTY;
    return this.cache.get(cacheName(file, span)) ?? this.open(id, file, use, pass, span);
  }

  /** What `fileRows` would find in memory. */
  private heldRows(file: PointsFile, range: DateRange): PointBatch | undefined {
    const whole = this.held(file.sha256);
    if (whole) return whole;
    const span = rowGroupsToRead(file.rowGroupDates, range);
    if (span === undefined) return undefined;
    return span.to === span.from ? PointBatch.EMPTY : this.held(cacheName(file, span));
  }

  /** A look-up that counts only where it finds something: whoever goes on to read counts a miss. */
  private held(name: string): PointBatch | undefined {
    return this.cache.peek(name) && this.cache.get(name);
  }

  /**
   * Loads are shared by checksum, not by series: who asks after a write was acknowledged must not get what
   * a read that began before it will answer.
   */
  private async open(
    id: Uuid,
    file: PointsFile,
    use: ReadUse,
    pass: ReadPass,
    span?: RowGroupSpan,
  ): Promise<PointBatch> {
    const name = cacheName(file, span);
    const flight = `${id}/${name}`;
    const shared =
      use === 'lookup' && this.shared.isConfigured
        ? await this.asking.run(flight, () => this.sharedRows(id, file, pass, span))
        : undefined;
    if (shared) return shared;
    return pass.readFile(() => {
      // Another pass may have read it while this one had files enough in hand.
      const held = this.cache.peek(name);
      if (held) return Promise.resolve(held);
      return this.loading.run(flight, async () => {
        const batch = await this.openFile(id, file, span);
        if (use === 'lookup') {
          this.cache.set(name, batch);
          this.shared.set(id, file.sha256, batch, span);
        }
        return batch;
      });
    });
  }

  /** What another replica has decoded of this file; undefined where the catalogue expects other rows of it. */
  private async sharedRows(
    id: Uuid,
    file: PointsFile,
    { lookUps }: ReadPass,
    span?: RowGroupSpan,
  ): Promise<PointBatch | undefined> {
    const [, rowsMax] = rowsOfSpan(file, span);
    const batch = await this.shared.get(id, file.sha256, rowsMax, lookUps, span);
    if (batch === undefined || !isOfSpan(batch, file, span)) return undefined;
    this.cache.set(cacheName(file, span), batch);
    return batch;
  }

  /** @throws DamagedFileError where it is not the file that was written last, byte for byte */
  private async openFile(id: Uuid, file: PointsFile, span?: RowGroupSpan): Promise<PointBatch> {
    const bytes = await this.directory.read(pointsFile(id), file.bytes);
    await checkExpected(bytes, id, file);
    const groups = Math.max(1, file.rowGroupDates.length);
    this.metrics.countRowGroups(span ? span.to - span.from : groups);
    if (file.summary.rows <= PART_ROWS) return readPoints(bytes, groupRowsOf(file), span);
    const parts = await PointsFileParts.open(bytes);
    try {
      return await decodedInTurns(parts, span ?? { from: 0, to: groups });
    } finally {
      parts.close();
    }
  }
}

async function decodedInTurns(parts: PointsFileParts, span: RowGroupSpan): Promise<PointBatch> {
  const builder = new PointBatchBuilder(parts.rowsMax(span));
  const turns = new Turns();
  for await (const rows of parts.rows(span)) {
    builder.copyRows(rows, 0, rows.length);
    if (turns.isDue) await turns.give();
  }
  return builder.finish();
}

/** Whether a file is better answered in parts. */
function isReadInParts({ file }: Pick<PointsEntry, 'file'>): boolean {
  return file !== null && file.summary.rows >= 2 * PART_ROWS && file.rowGroupDates.length > 1;
}

/** At most how many rows a row group has, within the rows of the last one. */
function groupRowsOf({ summary, rowGroupDates }: PointsFile): number {
  return Math.ceil(summary.rows / Math.max(1, rowGroupDates.length));
}

/** Of the file's rows and what is laid over them. */
function mergedName(entry: PointsEntry): string {
  return `${entry.id}@${overviewOf(entry).version}`;
}

/** A part of a file has a name of its own beside that of the whole. */
function cacheName({ sha256 }: PointsFile, span?: RowGroupSpan): string {
  return span ? `${sha256}/${span.from}-${span.to}` : sha256;
}
