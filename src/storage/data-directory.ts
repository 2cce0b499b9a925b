// The open data directory, as the stores share it: its files, catalogue, commit clock and locks.

import type { OnApplicationShutdown } from '@nestjs/common';
import { KeyedLock } from '../core/keyed-lock.js';
import type { StorageMetrics } from '../metrics/storage-metrics.js';
import type { DeletionRow } from '../schema/deletion.columns.js';
import type { SeriesCatalog } from './catalog/series-catalog.js';
import type { CommitClock } from './commit-clock.js';
import { DirectoryLock } from './directory-lock.js';
import { DirectoryOpener, type OpenReport } from './directory-opener.js';
import { errorCode, type Disk } from './disk.js';
import { FileDisk } from './file-disk.js';
import { appendDeletions, decodeDeletions, encodeDeletions } from './parquet/deletions-file.js';
import { DELETIONS_FILE, LOCK_FILE, parseFileName } from './paths.js';
import { replaceFiles, type FileChange } from './replace-files.js';
import { storageFailure } from './storage-failure.js';

export class DataDirectory implements OnApplicationShutdown {
  /** By series id, and by file name for the files that all series share. */
  readonly locks = new KeyedLock();

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
   * Makes all the changes durable, or none of them.
   * @throws AppError STORAGE_ERROR
   */
  async commit(changes: readonly FileChange[]): Promise<void> {
    try {
      await this.metrics.observe('write', () => replaceFiles(this.disk, changes));
    } catch (error) {
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

  /** Reads from the disk, past every cache. */
  async probe(): Promise<void> {
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

  onApplicationShutdown(): void {
    this.lock.release();
  }

  private async deletions() {
    try {
      return decodeDeletions(await this.read(DELETIONS_FILE)).deletions;
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return [];
      throw storageFailure('write', error);
    }
  }
}

/** Damage to a series is counted by the catalogue. */
function isShared(name: string): boolean {
  const { kind } = parseFileName(name);
  return kind !== 'series' && kind !== 'points';
}
