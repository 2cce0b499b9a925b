// Opens a data directory: the catalogue from its checkpoint, or from all files where there is none; what an
// interrupted write left behind is removed; the log is replayed over it. One damaged file never stops the
// start; a damaged log does, because nobody could say what is missing.

import { Logger } from '@nestjs/common';
import type { Instant } from '../../core/instant.js';
import { mapConcurrently } from '../../core/map-concurrently.js';
import type { Uuid } from '../../core/uuid.js';
import { SOURCE_COLUMNS } from '../../schema/source.columns.js';
import { decodeCheckpoint } from '../catalog/checkpoint-file.js';
import { overviewOf } from '../catalog/series-catalog.js';
import type { CommitClock } from '../commit-clock.js';
import { errorCode, type Disk } from '../disk.js';
import { FILES_IN_FLIGHT } from '../flush/flush-parts.js';
import type { Commit, PointsVersion } from '../log/commit.js';
import { openLog } from '../log/log-reader.js';
import type { LogRange } from '../log/segment-scan.js';
import type { WriteAheadLog } from '../log/write-ahead-log.js';
import { decodeDeletions, keptAfterOf, tombstonesOf } from '../parquet/deletions-file.js';
import { DamagedFileError } from '../parquet/file-seal.js';
import { decodeRows } from '../parquet/metadata-file.js';
import {
  CHECKPOINT_FILE,
  DELETIONS_FILE,
  INDEX_FOLDER,
  pointsFile,
  seriesFile,
  SOURCES_FILE,
} from '../paths.js';
import type { StoredState } from '../stored-state.js';
import { DamageReport } from './damage-report.js';
import { takeInventory, type Inventory } from './inventory.js';
import { openIdentity } from './open-identity.js';
import { Progress } from './progress.js';
import { Replay } from './replay.js';
import { checkPoints, readFooter } from './series-files.js';

/** What was found in the directory, for the log and for health. */
export interface OpenReport {
  readonly series: number;
  /** Whether the catalogue came from its checkpoint; otherwise from every file. */
  readonly fromCheckpoint: boolean;
  /** Commits that were in the log and not wholly in files. */
  readonly replayedCommits: number;
  readonly temporaryFilesRemoved: number;
  readonly deletionsFinished: number;
  readonly damaged: readonly string[];
  /** Files that are not ours; they are left alone. */
  readonly ignored: readonly string[];
}

export interface OpenedDirectory {
  readonly log: WriteAheadLog;
  readonly storeId: Uuid;
  readonly report: OpenReport;
  /** Commits that the log handed out. */
  readonly commits: number;
  /** What of the log could not be read; only where the opening is one that goes on behind damage. */
  readonly skipped: readonly LogRange[];
}

export class DirectoryOpener {
  private readonly logger = new Logger('DataDirectory');
  private readonly damage = new DamageReport();
  private tombstones: ReadonlyMap<Uuid, Instant> | undefined;
  private deletionsFinished = 0;
  private readonly lookedUp = new Set<Uuid>();

  constructor(
    private readonly disk: Disk,
    private readonly state: StoredState,
    private readonly clock: CommitClock,
    private readonly logSegmentBytes: number,
  ) {}

  /**
   * @param store Where it is given, a damaged log is no reason to stop: everything in it that can be read is
   *   applied, `store` puts it into files, and the log begins anew.
   * @throws AppError UNAVAILABLE for a file of a newer format; LogDamagedError
   */
  async open(store?: () => Promise<void>): Promise<OpenedDirectory> {
    await this.disk.makeFolder(INDEX_FOLDER);
    // What a killed process renamed is there to be seen, and may be gone after a power cut all the same. It is
    // made durable before anything, above all the end of the log, is built on it.
    await this.disk.syncDirectory();
    await this.disk.syncDirectory(INDEX_FOLDER);
    const inventory = await takeInventory(this.disk);
    await Promise.all(inventory.temporary.map((name) => this.disk.unlink(name)));
    const storeId = await openIdentity(this.disk, this.state, this.damage);
    const flushedThrough = await this.loadCheckpoint();
    await this.openDeletions();
    await this.openSources();
    const replay = new Replay(
      this.disk,
      this.state,
      inventory,
      this.damage,
      flushedThrough ?? (0 as Instant),
    );
    if (flushedThrough === undefined) await this.lookUpAll(inventory, replay);
    else await this.recheckQuarantined();
    const settle = async (): Promise<void> => {
      await this.reconcile(inventory, replay);
      replay.finish();
      this.quarantineDuplicates();
    };
    const beforeReset = async (): Promise<void> => {
      await settle();
      await store?.();
    };
    const { log, commits, skipped, temporaryFilesRemoved } = await openLog(this.disk, {
      segmentBytes: this.logSegmentBytes,
      storedThrough: flushedThrough,
      onCommit: (commit) => (store ? this.salvage(commit, replay) : replay.commit(commit)),
      salvage: store && { beforeReset },
    });
    if (skipped.length === 0) await settle();
    this.clock.observe(this.state.appliedThrough);
    this.clock.observe(log.lastSequence);
    const report: OpenReport = {
      series: this.state.catalog.size,
      fromCheckpoint: flushedThrough !== undefined,
      replayedCommits: replay.applied,
      temporaryFilesRemoved: inventory.temporary.length + temporaryFilesRemoved,
      deletionsFinished: this.deletionsFinished,
      damaged: this.damage.files,
      ignored: inventory.foreign,
    };
    this.tell(report);
    return { log, storeId, report, commits, skipped };
  }

  /**
   * Where commits were lost, those behind them change another state than is here. Each holds its rows as they
   * are to be stored, so they are laid over what there is.
   */
  private async salvage({ instant, effects }: Commit, replay: Replay): Promise<void> {
    const { catalog } = this.state;
    for (const effect of effects) {
      let salvaged = effect;
      if ('base' in effect) {
        const id = effect.seriesId;
        await this.lookUpOnce(id, replay);
        if (catalog.has(id) && !catalog.isQuarantined(id)) {
          const base = overviewOf(catalog.get(id)!).version ?? (0 as PointsVersion);
          salvaged = { ...effect, base };
        }
      } else if (effect.kind !== 'source-put') {
        await this.lookUpOnce(
          effect.kind === 'series-put' ? effect.row.id : effect.seriesId,
          replay,
        );
      }
      await replay.commit({ instant, effects: [salvaged] });
    }
  }

  /** Before anything of the log is applied to the series: it puts what the files say in the place of that. */
  private async lookUpOnce(id: Uuid, replay: Replay): Promise<void> {
    if (this.lookedUp.has(id)) return;
    this.lookedUp.add(id);
    await replay.lookUp(id);
  }

  /** @returns the commit through which all files reach; undefined where there is no usable checkpoint */
  private async loadCheckpoint(): Promise<Instant | undefined> {
    try {
      const checkpoint = decodeCheckpoint(await this.disk.read(CHECKPOINT_FILE));
      checkpoint.loadInto(this.state.catalog);
      const { flushedThrough } = checkpoint.facts;
      this.state.advance(flushedThrough);
      return flushedThrough;
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') {
        this.damage.add(CHECKPOINT_FILE, error, 'the catalogue is made again from all files');
      }
      return undefined;
    }
  }

  /** Its rows are wanted only where files turn up that the catalogue does not know. */
  private async openDeletions(): Promise<void> {
    const { deletionsFile } = this.state;
    try {
      const facts = await readFooter(this.disk, DELETIONS_FILE, {
        kind: 'deletions',
        seriesId: null,
      });
      deletionsFile.keptAfter = keptAfterOf(facts);
      deletionsFile.throughSeq = facts.throughSeq;
      this.state.advance(facts.throughSeq);
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return;
      deletionsFile.damage = error;
      this.damage.add(DELETIONS_FILE, error);
    }
  }

  private async openSources(): Promise<void> {
    const { sources, sourcesFile } = this.state;
    try {
      const bytes = await this.disk.read(SOURCES_FILE);
      const { rows, facts } = decodeRows(SOURCE_COLUMNS, bytes, {
        kind: 'sources',
        seriesId: null,
      });
      for (const row of rows) sources.set(row.id, row);
      sourcesFile.throughSeq = facts.throughSeq;
      this.state.advance(facts.throughSeq);
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return;
      sourcesFile.damage = error;
      this.damage.add(SOURCES_FILE, error);
    }
  }

  /** The catalogue from every file. */
  private async lookUpAll(inventory: Inventory, replay: Replay): Promise<void> {
    await this.finishDeletions(inventory, [...inventory.series, ...inventory.points]);
    const progress = new Progress('Making the catalogue from the files', inventory.series.size);
    await mapConcurrently([...inventory.series], FILES_IN_FLIGHT, async (id) => {
      await replay.lookUp(id);
      progress.advance();
    });
    progress.end();
  }

  /** Whoever restored a file meanwhile gets it back. */
  private async recheckQuarantined(): Promise<void> {
    const { catalog } = this.state;
    await mapConcurrently([...catalog.quarantined()], FILES_IN_FLIGHT, async ([id]) => {
      try {
        const file = await checkPoints(this.disk, id);
        if (file.throughSeq < (catalog.file(id)?.throughSeq ?? 0)) {
          throw new DamagedFileError('the file is older than what was written last');
        }
        catalog.clearQuarantine(id);
        catalog.putFile(id, file);
      } catch (error) {
        this.damage.add(pointsFile(id), error);
      }
    });
  }

  /** What lies in the directory and what the catalogue says, once the log has been replayed. */
  private async reconcile(inventory: Inventory, replay: Replay): Promise<void> {
    const { catalog, unwrittenSeries, unremovedSeries } = this.state;
    const isUnknown = (id: Uuid): boolean =>
      !catalog.has(id) && !catalog.isQuarantined(id) && !unremovedSeries.has(id);
    const unknown = [...inventory.series, ...inventory.points].filter(isUnknown);
    await this.finishDeletions(inventory, unknown);
    const appeared = [...inventory.series].filter(isUnknown);
    await mapConcurrently(appeared, FILES_IN_FLIGHT, (id) => replay.lookUp(id));
    for (const id of inventory.points) {
      if (!isUnknown(id)) continue;
      // Points whose metadata is gone keep their id: a new series there would bury them.
      catalog.setQuarantine(id, 'series');
      const error = new DamagedFileError('there is no metadata file for these points');
      this.damage.add(pointsFile(id), error);
    }
    const restored: Uuid[] = [];
    for (const row of catalog.rows()) {
      const { id } = row;
      if (catalog.file(id) === null && inventory.points.has(id)) restored.push(id);
      if (!inventory.series.has(id) && !unwrittenSeries.has(id)) {
        this.state.rewriteSeries(row);
        const error = new DamagedFileError('the file is missing');
        this.damage.add(seriesFile(id), error, 'written anew from the catalogue');
      }
      if (catalog.file(id) !== null && !inventory.points.has(id)) {
        catalog.setQuarantine(id, 'points');
        this.damage.add(pointsFile(id), new DamagedFileError('the file is missing'));
      }
    }
    await mapConcurrently(restored, FILES_IN_FLIGHT, (id) => replay.adoptPoints(id));
  }

  /** A series whose tombstone is younger than its files was being deleted when the process ended. */
  private async finishDeletions(inventory: Inventory, ids: readonly Uuid[]): Promise<void> {
    if (ids.length === 0) return;
    this.tombstones ??= await this.readTombstones();
    const { tombstones } = this;
    const gone = [...new Set(ids)].filter((id) => tombstones.has(id));
    const finished = new Set<Uuid>();
    for (const id of gone) {
      const deletedAt = tombstones.get(id)!;
      for (const [name, kind, present] of [
        [pointsFile(id), 'data_points', inventory.points],
        [seriesFile(id), 'series', inventory.series],
      ] as const) {
        if (!present.has(id)) continue;
        const throughSeq = await this.throughSeqOf(name, kind, id);
        if (throughSeq === undefined || throughSeq > deletedAt) continue;
        await this.disk.unlink(name);
        present.delete(id);
        finished.add(id);
      }
    }
    if (finished.size === 0) return;
    await this.disk.syncDirectory();
    this.deletionsFinished += finished.size;
  }

  /** Whatever is wrong with a file is reported when the file's turn comes. */
  private async throughSeqOf(
    name: string,
    kind: 'series' | 'data_points',
    seriesId: Uuid,
  ): Promise<Instant | undefined> {
    try {
      return (await readFooter(this.disk, name, { kind, seriesId })).throughSeq;
    } catch {
      return undefined;
    }
  }

  private async readTombstones(): Promise<ReadonlyMap<Uuid, Instant>> {
    try {
      const { deletions } = decodeDeletions(await this.disk.read(DELETIONS_FILE));
      return tombstonesOf(deletions);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') {
        this.state.deletionsFile.damage = error;
        this.damage.add(DELETIONS_FILE, error);
      }
      return new Map();
    }
  }

  /** A file that came back from a backup may name what another series took meanwhile: the older one stays. */
  private quarantineDuplicates(): void {
    const { catalog } = this.state;
    for (const [oldest, ...younger] of catalog.duplicates()) {
      for (const row of younger) {
        this.state.setAside(row.id);
        const reason = `series ${oldest!.id} of the same source has the same external id`;
        this.damage.add(seriesFile(row.id), new DamagedFileError(reason));
      }
    }
  }

  private tell({ ignored, ...report }: OpenReport): void {
    if (ignored.length > 0) {
      // A foreign directory can hold thousands of files; a few names tell which it is.
      const files = ignored.slice(0, 10);
      this.logger.warn({ message: 'Files left alone', count: ignored.length, files });
    }
    this.logger.log({ message: 'Data directory opened', ...report });
  }
}
