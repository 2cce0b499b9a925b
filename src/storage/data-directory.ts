// The open data directory, as the stores share it: its files, catalogue, commit clock and locks.

import type { OnApplicationShutdown } from '@nestjs/common';
import { AppError } from '../core/app-error.js';
import { KeyedLock } from '../core/keyed-lock.js';
import type { StorageMetrics } from '../metrics/storage-metrics.js';
import type { DeletionRow } from '../schema/deletion.columns.js';
import type { SeriesCatalog } from './catalog/series-catalog.js';
import type { CommitClock } from './commit-clock.js';
import { DirectoryLock } from './directory-lock.js';
import { DirectoryOpener, type OpenReport } from './directory-opener.js';
import { errorCode, type Disk } from './disk.js';
import { FileDisk } from './file-disk.js';
import {
  appendDeletions,
  decodeDeletions,
  encodeDeletions,
  type Deletions,
} from './parquet/deletions-file.js';
import { DELETIONS_FILE, LOCK_FILE, parseFileName } from './paths.js';
import { replaceFiles, UndoFailedError, type FileChange } from './replace-files.js';
import { storageFailure } from './storage-failure.js';

export class DataDirectory implements OnApplicationShutdown {
  /** By series id, and by file name for the files that all series share. */
  readonly locks = new KeyedLock();
  private readonly commits = new Set<Promise<void>>();
  /** Why nothing may be written any more; reads go on. */
  private closedFor: string | undefined;

  private constructor(
    readonly disk: Disk,
    readonly catalog: SeriesCatalog,
    readonly clock: CommitClock,
    private readonly metrics: StorageMetrics,
    private readonly lock: DirectoryLock,
    readonly report: OpenReport,
  ) {}

  /**
   * Fills `catalog` from the files of the directory.
   * @throws AppError UNAVAILABLE where another process holds the directory, or a file is of a newer
   *   format; the system's error where the directory cannot be made or written
   */
  static async open(
    root: string,
    catalog: SeriesCatalog,
    clock: CommitClock,
    metrics: StorageMetrics,
    wrap: (disk: Disk) => Disk = (disk) => disk,
  ): Promise<DataDirectory> {
    const disk = wrap(await FileDisk.open(root));
    const lock = DirectoryLock.acquire(root);
    try {
      const report = await new DirectoryOpener(disk, catalog, clock).open();
      return new DataDirectory(disk, catalog, clock, metrics, lock, report);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** @throws AppError STORAGE_ERROR; the system's ENOENT where the file does not exist */
  async read(name: string): Promise<Uint8Array> {
    try {
      const bytes = await this.metrics.observe('read', () => this.disk.read(name));
      this.metrics.countBytes('read', bytes.byteLength);
      return bytes;
    } catch (error) {
      if (errorCode(error) === 'ENOENT') throw error;
      throw storageFailure('read', error);
    }
  }

  /**
   * A file that need not exist; undefined where it does not.
   * @throws AppError STORAGE_ERROR
   */
  async readOptional(name: string): Promise<Uint8Array | undefined> {
    try {
      return (await this.disk.exists(name)) ? await this.read(name) : undefined;
    } catch (error) {
      throw storageFailure('read', error);
    }
  }

  /**
   * Makes all the changes durable, or none of them.
   * @throws AppError STORAGE_ERROR; UNAVAILABLE where the directory takes no more writes
   */
  async commit(changes: readonly FileChange[]): Promise<void> {
    if (this.closedFor !== undefined) throw new AppError('UNAVAILABLE', this.closedFor);
    const commit = this.replace(changes);
    const ended = commit.catch(() => undefined);
    this.commits.add(ended);
    try {
      await commit;
    } finally {
      this.commits.delete(ended);
    }
  }

  private async replace(changes: readonly FileChange[]): Promise<void> {
    try {
      await this.metrics.observe('write', () => replaceFiles(this.disk, changes));
    } catch (error) {
      if (error instanceof UndoFailedError) {
        // What is on disk is no longer what the catalogue says: going on would bury one under the other.
        this.closedFor =
          'A write failed and could not be undone; restart the service to write again';
      }
      throw storageFailure('write', error);
    }
    for (const { bytes } of changes) this.metrics.countBytes('write', bytes?.byteLength ?? 0);
  }

  /**
   * Remembers the deletions and makes the changes that carry them out, all or none. The tombstones come
   * first, so that a start after a crash between the two can finish the deletion of a series.
   */
  async commitDeletions(rows: readonly DeletionRow[], changes: readonly FileChange[]) {
    await this.locks.run([DELETIONS_FILE], async () => {
      const throughSeq = rows[0]?.deletedAt;
      if (throughSeq === undefined) return;
      const deletions = appendDeletions(await this.deletions(), rows);
      const bytes = encodeDeletions(deletions, throughSeq);
      await this.commit([{ name: DELETIONS_FILE, bytes }, ...changes]);
    });
  }

  /**
   * Reads from the disk, past every cache.
   * @throws AppError where the directory cannot be read, or takes no more writes
   */
  async probe(): Promise<void> {
    if (this.closedFor !== undefined) throw new AppError('UNAVAILABLE', this.closedFor);
    try {
      await this.disk.readTail(LOCK_FILE, 1);
    } catch (error) {
      throw storageFailure('read', error);
    }
  }

  /** Files that are kept from being served: those found at the start and those found since. */
  get damaged(): number {
    const shared = this.report.damaged.filter((name) => isShared(name)).length;
    return shared + this.catalog.quarantinedCount;
  }

  /** Writes that have begun are finished, whether their caller still waits or not. */
  async onApplicationShutdown(): Promise<void> {
    this.closedFor ??= 'The service is shutting down';
    await Promise.all(this.commits);
    this.lock.release();
  }

  private async deletions(): Promise<Deletions> {
    const bytes = await this.readOptional(DELETIONS_FILE);
    try {
      return bytes === undefined ? [] : decodeDeletions(bytes).deletions;
    } catch (error) {
      throw storageFailure('write', error);
    }
  }
}

/** Damage to a series is counted by the catalogue. */
function isShared(name: string): boolean {
  const { kind } = parseFileName(name);
  return kind !== 'series' && kind !== 'points';
}
