// Points files with what the deltas hold. A file is made beside requests; only to put it in place its series
// is locked. What is committed meanwhile stays in the delta, over the new file.

import { mapConcurrently } from '../../core/map-concurrently.js';
import type { Uuid } from '../../core/uuid.js';
import { PointBatch } from '../../schema/point-batch.js';
import type { CatalogEntry, PointsFile } from '../catalog/series-catalog.js';
import type { SeriesDelta } from '../delta/series-delta.js';
import { errorCode } from '../disk.js';
import { quarantinePoints } from '../integrity/quarantine.js';
import { DamagedFileError, isUnusable } from '../parquet/file-seal.js';
import {
  decodeExpected,
  encodePoints,
  type EncodedPoints,
  type StoredPoints,
} from '../parquet/points-file.js';
import { pointsFile } from '../paths.js';
import { isDirectoryThere } from '../storage-failure.js';
import { PublishedVintages } from '../vintages/published-vintages.js';
import { FILES_IN_FLIGHT, inSteps, type FlushParts } from './flush-parts.js';
import { settleFile } from './settle-file.js';
import { discard, stage, type StagedFile } from './staged-files.js';

interface MadeFile {
  readonly id: Uuid;
  readonly before: CatalogEntry;
  readonly file: PointsFile;
  readonly staged: StagedFile;
  /** Its rows, where they were in memory anyway. */
  readonly rows: PointBatch | undefined;
}

/** A series whose file cannot be read now waits for the next flush; the others do not wait with it. */
class UnreadableFileError extends Error {
  override readonly name = 'UnreadableFileError';
}

export class PointsFlush {
  /** Why a series was left out. */
  private leftOut: UnreadableFileError | undefined;

  constructor(private readonly parts: FlushParts) {}

  /** The series whose changes have waited longest come first; each gets one turn. */
  async flush(): Promise<void> {
    const { state } = this.parts;
    this.leftOut = undefined;
    const waiting = [...state.catalog.deltas()]
      .filter(([id]) => state.isMovable(id))
      .sort(([, a], [, b]) => a.firstSeq - b.firstSeq);
    for (const step of inSteps(waiting)) await this.flushStep(step.map(([id]) => id));
    // Told once the others are done; after the assignment in between TypeScript knows no better.
    const leftOut = this.leftOut as UnreadableFileError | undefined;
    if (leftOut) throw leftOut.cause;
  }

  private async flushStep(ids: readonly Uuid[]): Promise<void> {
    const { disk, locks } = this.parts;
    const made: MadeFile[] = [];
    try {
      await mapConcurrently(ids, FILES_IN_FLIGHT, async (id) => {
        const file = await this.make(id);
        if (file) made.push(file);
      });
      await locks.run(ids, () => this.putInPlace(made));
    } finally {
      // Those that are in place no longer have their temporary names.
      await discard(
        disk,
        made.map(({ staged }) => staged),
      );
    }
  }

  private async putInPlace(made: readonly MadeFile[]): Promise<void> {
    const { disk, state } = this.parts;
    const current = made.filter((file) => this.isCurrent(file));
    for (const file of current) await this.rename(file);
    await disk.syncDirectory();
    this.count(current);
    for (const { id, file } of current) {
      state.putDelta(id, state.catalog.delta(id)?.after(file.throughSeq) ?? null);
    }
  }

  private count(written: readonly MadeFile[]): void {
    const { metrics } = this.parts;
    metrics.writes.countFiles('points', written.length);
    metrics.countBytes(
      'flush',
      written.reduce((sum, { file }) => sum + file.bytes, 0),
    );
  }

  /**
   * From the rename on the new file is what readers find. The delta stays until the name is durable: over
   * the new file it changes nothing.
   */
  private async rename({ id, before, file, staged, rows }: MadeFile): Promise<void> {
    const { disk, state, cache } = this.parts;
    try {
      await disk.rename(staged.temporary, staged.name);
    } catch (error) {
      state.doubtfulFiles.set(id, file);
      throw error;
    }
    state.catalog.putFile(id, file);
    if (before.file) cache.delete(before.file.sha256);
    if (rows) cache.set(file.sha256, rows);
  }

  /** Neither deleted since nor replaced by anyone else. */
  private isCurrent({ id, before }: MadeFile): boolean {
    const { catalog } = this.parts.state;
    const now = catalog.has(id) && !catalog.isQuarantined(id) ? catalog.get(id) : undefined;
    return (
      now !== undefined &&
      now.row.createdAt === before.row.createdAt &&
      now.file?.sha256 === before.file?.sha256 &&
      now.delta !== null
    );
  }

  /** Undefined where the series is gone, or its file turned out to be damaged. */
  private async make(id: Uuid): Promise<MadeFile | undefined> {
    const { disk, state } = this.parts;
    if (!state.catalog.delta(id)) return undefined;
    try {
      await this.settle(id);
      const before = state.catalog.get(id);
      if (!before?.delta) return undefined;
      const delta = before.delta.sealed();
      state.putDelta(id, delta);
      const { encoded, rows } = await this.encode(before, delta);
      const { bytes, ...facts } = encoded;
      const file = { ...facts, throughSeq: delta.throughSeq, bytes: bytes.byteLength };
      return { id, before, file, staged: await stage(disk, pointsFile(id), bytes), rows };
    } catch (error) {
      if (error instanceof UnreadableFileError) {
        this.leftOut ??= error;
        return undefined;
      }
      if (!isUnusable(error)) throw error;
      quarantinePoints(state.catalog, id, error);
      return undefined;
    }
  }

  private async encode(
    { row, file }: CatalogEntry,
    delta: SeriesDelta,
  ): Promise<{ encoded: EncodedPoints; rows: PointBatch | undefined }> {
    const { encoder, cache, fileOptions: options } = this.parts;
    const { id: seriesId } = row;
    const { throughSeq, vintageChanges } = delta;
    if (encoder.isLarge((file?.summary.rows ?? 0) + delta.rows)) {
      const { points, removed } = delta.changes;
      const changes = { points: points.columns, removed };
      const encoded = await encoder.merge(async () => {
        const stored = file && { ...file, bytes: await this.read(seriesId) };
        return {
          kind: 'merge',
          seriesId,
          throughSeq,
          file: stored,
          changes,
          vintageChanges,
          options,
        };
      });
      return { encoded, rows: undefined };
    }
    // The cache has rows only.
    const cached = file && !file.hasVintages ? cache.peek(file.sha256) : undefined;
    const base = cached
      ? { rows: cached, vintages: new PublishedVintages() }
      : await this.stored(seriesId, file);
    return encoder.inTurn(() => {
      const rows = delta.overlay(base.rows);
      const vintages = base.vintages.apply(vintageChanges);
      const encoded = encodePoints({ rows, vintages }, seriesId, throughSeq, options);
      // Whoever read the series before will read it again.
      return { encoded, rows: cached ? rows : undefined };
    });
  }

  private async stored(id: Uuid, file: PointsFile | null): Promise<StoredPoints> {
    if (file === null) return { rows: PointBatch.EMPTY, vintages: new PublishedVintages() };
    return decodeExpected(await this.read(id), id, file);
  }

  private async read(id: Uuid): Promise<Uint8Array> {
    const { disk } = this.parts;
    try {
      return await disk.read(pointsFile(id));
    } catch (error) {
      if (errorCode(error) === 'ENOENT' && (await isDirectoryThere(disk).catch(() => false))) {
        throw new DamagedFileError('the file is missing');
      }
      throw new UnreadableFileError('a points file cannot be read', { cause: error });
    }
  }

  private async settle(id: Uuid): Promise<void> {
    const { disk, state } = this.parts;
    try {
      await settleFile(disk, state, id);
    } catch (error) {
      if (isUnusable(error)) throw error;
      throw new UnreadableFileError('a points file cannot be read', { cause: error });
    }
  }
}
