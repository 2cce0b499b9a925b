// The files beside the points: metadata of series, sources, deletions, identity; and the end of deleted series.

import { Logger } from '@nestjs/common';
import { messageOf } from '../../core/app-error.js';
import { Instant } from '../../core/instant.js';
import { mapConcurrently } from '../../core/map-concurrently.js';
import type { Uuid } from '../../core/uuid.js';
import type { SeriesRow } from '../../schema/series.columns.js';
import { SOURCE_COLUMNS } from '../../schema/source.columns.js';
import { errorCode, unlinkIfPresent } from '../disk.js';
import {
  appendDeletions,
  decodeDeletions,
  encodeDeletions,
  type Deletions,
} from '../parquet/deletions-file.js';
import { isUnusable } from '../parquet/file-seal.js';
import { encodeRows } from '../parquet/metadata-file.js';
import { keepDeletions } from '../parquet/tombstones.js';
import { DELETIONS_FILE, IDENTITY_FILE, pointsFile, seriesFile, SOURCES_FILE } from '../paths.js';
import { encodeIdentity } from '../store-identity.js';
import { FILES_IN_FLIGHT, inSteps, type FlushParts } from './flush-parts.js';
import { discard, replaceFile, stage, type StagedFile } from './staged-files.js';

interface StoredDeletions {
  readonly deletions: Deletions;
  readonly throughSeq: number;
  readonly keptAfter: number;
}

const MICROSECONDS_PER_DAY = 86_400_000_000;

export class MetadataFlush {
  private readonly logger = new Logger('MetadataFlush');

  constructor(private readonly parts: FlushParts) {}

  async flush(): Promise<void> {
    await this.flushDeletions();
    await this.removeDeletedSeries();
    await this.flushSources();
    await this.flushSeries();
    await this.flushIdentity();
  }

  /**
   * Rows are appended to what the file holds, without those that are too old; one that cannot be read is not
   * written over.
   */
  private async flushDeletions(): Promise<void> {
    const { state, disk } = this.parts;
    const { throughSeq: before } = state.deletionsFile;
    // A copy: commits go on adding to the list.
    const written = [...state.unwrittenDeletions];
    const throughSeq = written.at(-1)?.deletedAt;
    if (throughSeq === undefined || state.deletionsFile.damage !== undefined) return;
    const stored = await this.readDeletions();
    if (stored === undefined) return;
    // An attempt that failed late may have put some of them into the file.
    const missing = written.filter(({ deletedAt }) => deletedAt > stored.throughSeq);
    const all = appendDeletions(stored.deletions, missing);
    // Those of a series whose files are still there are what a start finishes the deletion by.
    const kept = keepDeletions(all, this.oldestKept, state.unremovedSeries);
    // Somebody took the file away, or put an older one in its place.
    const lost = stored.throughSeq < before ? before : 0;
    const keptAfter = Instant.of(Math.max(stored.keptAfter, kept.leftOutThrough, lost));
    // Told before the file is there: who reads it must not take what was left out for what never was.
    if (keptAfter > state.deletionsFile.keptAfter) state.deletionsFile.keptAfter = keptAfter;
    const bytes = encodeDeletions(kept.deletions, throughSeq, state.deletionsFile.keptAfter);
    await replaceFile(disk, DELETIONS_FILE, bytes);
    state.deletionsFile.throughSeq = throughSeq;
    state.unwrittenDeletions = state.unwrittenDeletions.slice(written.length);
  }

  /** By the newest commit and not by the clock, which may have gone wrong since. */
  private get oldestKept(): Instant {
    const { state, deletionsKeepDays } = this.parts;
    return Instant.of(state.appliedThrough - deletionsKeepDays * MICROSECONDS_PER_DAY);
  }

  /** Undefined where the file turned out to be damaged. */
  private async readDeletions(): Promise<StoredDeletions | undefined> {
    const { state, disk } = this.parts;
    try {
      const { deletions, facts, keptAfter } = decodeDeletions(await disk.read(DELETIONS_FILE));
      return { deletions, throughSeq: facts.throughSeq, keptAfter };
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return { deletions: [], throughSeq: 0, keptAfter: 0 };
      if (!isUnusable(error)) throw error;
      state.deletionsFile.damage = error;
      const reason = messageOf(error);
      this.logger.error({
        message: 'Damaged file, not written over',
        file: DELETIONS_FILE,
        reason,
      });
      return undefined;
    }
  }

  /** A new series may have the id already; its files are written later than this, so all that is there goes. */
  private async removeDeletedSeries(): Promise<void> {
    const { state, disk, locks } = this.parts;
    const { unwrittenDeletions: waiting } = state;
    const recorded = (instant: Instant) => waiting.every(({ deletedAt }) => deletedAt > instant);
    const removed = [...state.unremovedSeries].filter(([, instant]) => recorded(instant));
    for (const step of inSteps(removed)) {
      await locks.run(
        step.map(([id]) => id),
        async () => {
          await mapConcurrently(step, FILES_IN_FLIGHT, async ([id]) => {
            await unlinkIfPresent(disk, pointsFile(id));
            await unlinkIfPresent(disk, seriesFile(id));
          });
          await disk.syncDirectory();
          for (const [id, instant] of step) {
            // Deleted again meanwhile: nothing of that one is on the disk, and the next flush looks.
            if (state.unremovedSeries.get(id) === instant) state.unremovedSeries.delete(id);
          }
        },
      );
    }
  }

  private async flushSources(): Promise<void> {
    const { state, disk } = this.parts;
    if (state.unwrittenSources === undefined || state.sourcesFile.damage !== undefined) return;
    const rows = [...state.sources.values()];
    const throughSeq = Math.max(...rows.map(({ updatedAt }) => updatedAt)) as Instant;
    const facts = { kind: 'sources', seriesId: null, throughSeq, extra: {} } as const;
    const { bytes } = await encodeRows(SOURCE_COLUMNS, rows, facts);
    await replaceFile(disk, SOURCES_FILE, bytes);
    state.sourcesFile.throughSeq = throughSeq;
    const later = [...state.sources.values()].filter(({ updatedAt }) => updatedAt > throughSeq);
    state.unwrittenSources = later.length === 0 ? undefined : ((throughSeq + 1) as Instant);
  }

  private async flushIdentity(): Promise<void> {
    const { state, disk } = this.parts;
    if (state.unwrittenIdentity === undefined) return;
    await replaceFile(disk, IDENTITY_FILE, encodeIdentity(state.unwrittenIdentity));
    state.unwrittenIdentity = undefined;
  }

  private async flushSeries(): Promise<void> {
    const { state } = this.parts;
    const unwritten = [...state.unwrittenSeries]
      // Its files wait to be removed: a flush of the deletions failed or could not be done.
      .filter(([id]) => !state.unremovedSeries.has(id))
      .sort(([, a], [, b]) => a - b);
    for (const step of inSteps(unwritten)) await this.flushStep(step.map(([id]) => id));
  }

  private async flushStep(ids: readonly Uuid[]): Promise<void> {
    const { disk, locks, encoder, state, metrics } = this.parts;
    const staged: { row: SeriesRow; file: StagedFile }[] = [];
    try {
      await mapConcurrently(ids, FILES_IN_FLIGHT, async (id) => {
        const row = state.catalog.row(id);
        if (row === undefined) return;
        const file = await stage(disk, seriesFile(id), await encoder.series(row));
        staged.push({ row, file });
      });
      await locks.run(ids, async () => {
        const current = staged.filter(({ row }) => this.isCurrent(row));
        for (const { file } of current) await disk.rename(file.temporary, file.name);
        await disk.syncDirectory();
        metrics.writes.countFiles('series', current.length);
        for (const { row } of current) this.markWritten(row);
      });
    } finally {
      // Those that are in place no longer have their temporary names.
      await discard(
        disk,
        staged.map(({ file }) => file),
      );
    }
  }

  /** Not deleted since: a later change of the row makes another flush. */
  private isCurrent({ id, createdAt }: SeriesRow): boolean {
    const { catalog, unremovedSeries } = this.parts.state;
    return catalog.row(id)?.createdAt === createdAt && !unremovedSeries.has(id);
  }

  private markWritten({ id, updatedAt }: SeriesRow): void {
    const { unwrittenSeries, catalog } = this.parts.state;
    const isNewest = catalog.row(id)?.updatedAt === updatedAt;
    if (isNewest) unwrittenSeries.delete(id);
    else unwrittenSeries.set(id, (updatedAt + 1) as Instant);
  }
}
