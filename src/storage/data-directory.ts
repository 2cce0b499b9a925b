// The open data directory, as the stores share it: what is stored, the log that makes changes durable, and
// the flusher that moves them into files.

import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { BatchCache } from '../cache/batch-cache.js';
import type { Config } from '../config/environment.js';
import { messageOf, storageError } from '../core/app-error.js';
import type { Instant } from '../core/instant.js';
import { KeyedLock } from '../core/keyed-lock.js';
import type { Uuid } from '../core/uuid.js';
import type { StorageMetrics } from '../metrics/storage-metrics.js';
import type { SeriesCatalog } from './catalog/series-catalog.js';
import { Checkpointer } from './checkpointer.js';
import { Committer } from './committer.js';
import type { CommitClock } from './commit-clock.js';
import { errorCode, unlinkIfPresent, type Disk, type DiskSpace } from './disk.js';
import { Flusher } from './flush/flusher.js';
import { settleFile } from './flush/settle-file.js';
import type { VerifyReport } from './integrity/report.js';
import { verifyDirectory } from './integrity/verify-directory.js';
import type { Effect } from './log/commit.js';
import type { WriteAheadLog } from './log/write-ahead-log.js';
import { isUnusable, type FileIdentity, type SealedFacts } from './parquet/file-seal.js';
import { FileEncoder, type EncoderLoad } from './parquet/file-encoder.js';
import { LOCK_FILE, temporaryFile } from './paths.js';
import { DirectoryOpener, type OpenReport } from './recovery/directory-opener.js';
import { readFooter } from './recovery/series-files.js';
import { isDirectoryThere, storageFailure } from './storage-failure.js';
import { StoredState } from './stored-state.js';

export interface DirectoryParts {
  readonly disk: Disk;
  /** Empty; it is filled from the directory. */
  readonly catalog: SeriesCatalog;
  readonly clock: CommitClock;
  readonly cache: BatchCache;
  readonly metrics: StorageMetrics;
  readonly config: Config;
  readonly encoder?: FileEncoder;
  /** Gives the directory free for another process, once everything is closed. */
  readonly release?: () => void;
}

/** A page: some file systems keep less inside of their own records, where nothing is proven. */
const PROBE = new Uint8Array(4096);

export class DataDirectory implements OnApplicationShutdown {
  /** By series id, and by whatever else is written by one call at a time. */
  readonly locks = new KeyedLock();
  readonly catalog: SeriesCatalog;
  private readonly logger = new Logger('DataDirectory');
  private readonly encoder: FileEncoder;
  private readonly committer: Committer;
  private readonly flusher: Flusher;
  private readonly checkpointer: Checkpointer;
  private closing: Promise<void> | undefined;

  private constructor(
    private readonly parts: DirectoryParts,
    readonly state: StoredState,
    readonly log: WriteAheadLog,
    /** The same as long as the store lives: see `store-identity.ts`. */
    readonly storeId: Uuid,
    readonly report: OpenReport,
  ) {
    const { disk, catalog, clock, cache, metrics, config } = parts;
    this.catalog = catalog;
    this.encoder = parts.encoder ?? new FileEncoder();
    this.checkpointer = new Checkpointer(disk, state, log);
    this.flusher = new Flusher(
      {
        ...{ disk, state, cache, metrics },
        locks: this.locks,
        encoder: this.encoder,
        fileOptions: {
          compression: config.parquetCompression,
          rowGroupRows: config.parquetRowGroupRows,
          pageBytes: config.parquetPageBytes,
        },
        deletionsKeepDays: config.deletionsKeepDays,
      },
      {
        intervalMilliseconds: config.flushIntervalSeconds * 1000,
        deltaBytesMax: config.deltaBytesMax,
      },
      () => this.checkpointer.writeIfWorthwhile(),
    );
    this.committer = new Committer(log, state, clock, metrics, () => this.flusher.noticeCommit());
    log.synced = (milliseconds) => metrics.writes.observeSync(milliseconds);
    // What the log held is moved into files like everything else.
    if (state.hasWork) this.flusher.noticeCommit();
  }

  /**
   * Fills the catalogue from the directory.
   * @throws AppError UNAVAILABLE for a file of a newer format; LogDamagedError
   */
  static async open(parts: DirectoryParts): Promise<DataDirectory> {
    const { disk, catalog, clock, config } = parts;
    const state = new StoredState(catalog);
    const opener = new DirectoryOpener(disk, state, clock, config.logSegmentBytes);
    const { log, storeId, report } = await opener.open();
    return new DataDirectory(parts, state, log, storeId, report);
  }

  /**
   * Runs a writer that holds `keys` alone, once the deltas have room for what it writes.
   * @throws AppError STORAGE_ERROR, UNAVAILABLE where the directory takes no more writes
   */
  async write<T>(keys: Iterable<string>, task: () => Promise<T>): Promise<T> {
    this.committer.assertOpen();
    await this.flusher.room();
    return this.locks.run(keys, task);
  }

  /** See `Committer.commit`; for a writer that holds the locks of what it changes. */
  commit(resolve: (instant: Instant) => readonly Effect[]): Promise<Instant> {
    return this.committer.commit(resolve);
  }

  /** See `settleFile`; for the holder of the series' lock. */
  async settleFile(id: Uuid): Promise<boolean> {
    try {
      return await settleFile(this.parts.disk, this.state, id);
    } catch (error) {
      throw storageFailure('read', error);
    }
  }

  /** @throws AppError STORAGE_ERROR where files are missing because the whole directory is */
  async assertThere(): Promise<void> {
    try {
      if (await isDirectoryThere(this.parts.disk)) return;
    } catch (error) {
      throw storageFailure('read', error);
    }
    throw storageError('read', 'Nothing was read: the data directory is gone');
  }

  /** @throws AppError STORAGE_ERROR where deletions could not be remembered */
  assertDeletable(): void {
    const { damage } = this.state.deletionsFile;
    if (damage !== undefined) throw storageFailure('write', damage);
  }

  /**
   * @param size See `Disk.read`.
   * @throws AppError STORAGE_ERROR; the system's ENOENT where the file does not exist
   */
  async read(name: string, size?: number): Promise<Uint8Array> {
    const { metrics, disk } = this.parts;
    try {
      const bytes = await metrics.observe('read', () => disk.read(name, size));
      metrics.countBytes('read', bytes.byteLength);
      return bytes;
    } catch (error) {
      if (errorCode(error) === 'ENOENT') throw error;
      throw storageFailure('read', error);
    }
  }

  /**
   * What a file says of itself.
   * @throws DamagedFileError; AppError STORAGE_ERROR; the system's ENOENT where the file does not exist
   */
  async footer(name: string, expected: FileIdentity): Promise<SealedFacts> {
    const { metrics, disk } = this.parts;
    try {
      return await metrics.observe('read', () => readFooter(disk, name, expected));
    } catch (error) {
      if (errorCode(error) === 'ENOENT' || isUnusable(error)) throw error;
      throw storageFailure('read', error);
    }
  }

  /**
   * Everything that was committed before the call is in Parquet files when it returns.
   * @throws AppError STORAGE_ERROR
   */
  async flush(): Promise<void> {
    try {
      await this.flusher.flush();
    } catch (error) {
      throw storageFailure('write', error);
    }
  }

  /**
   * Checks every stored file, beside readers and writers.
   * @throws AppError STORAGE_ERROR where the directory cannot be listed
   */
  async verify(): Promise<VerifyReport> {
    try {
      return await verifyDirectory(this.parts.disk, { isInUse: () => true });
    } catch (error) {
      throw storageFailure('read', error);
    }
  }

  /** Writes the catalogue's checkpoint, whether the log has grown or not. */
  async checkpoint(): Promise<void> {
    try {
      await this.checkpointer.write();
    } catch (error) {
      throw storageFailure('write', error);
    }
  }

  /** @throws AppError where the directory cannot be read, or takes no more writes */
  async probe(): Promise<void> {
    this.committer.assertOpen();
    await this.probeRead();
  }

  /**
   * Reads from the disk, past every cache.
   * @throws AppError STORAGE_ERROR where the directory cannot be read
   */
  async probeRead(): Promise<void> {
    try {
      await this.parts.disk.readTail(LOCK_FILE, 1);
    } catch (error) {
      throw storageFailure('read', error);
    }
  }

  /**
   * Makes a small file durable, and removes it.
   * @throws AppError STORAGE_ERROR
   */
  async probeWrite(): Promise<void> {
    const { disk } = this.parts;
    // A start removes what a killed process left.
    const name = temporaryFile(LOCK_FILE);
    try {
      await disk.create(name, PROBE).finally(() => unlinkIfPresent(disk, name));
    } catch (error) {
      throw storageFailure('write', error);
    }
  }

  /** The thread that encodes what flushes write. */
  get encoding(): EncoderLoad {
    return this.encoder.load;
  }

  /** Why nothing is written any more; undefined while writes are taken. */
  get writeRefusal(): string | undefined {
    return this.committer.refusal;
  }

  /** @throws AppError STORAGE_ERROR */
  async diskSpace(): Promise<DiskSpace> {
    try {
      return await this.parts.disk.space();
    } catch (error) {
      throw storageFailure('read', error);
    }
  }

  /** Why the last flush failed, in words for a caller; undefined once one succeeded again. */
  get flushFailure(): string | undefined {
    const { failure } = this.flusher;
    return failure === undefined ? undefined : messageOf(storageFailure('write', failure));
  }

  /** Files that are kept from being served: those found at the start and those found since. */
  get damaged(): number {
    const { sourcesFile, deletionsFile } = this.state;
    const shared = [sourcesFile, deletionsFile].filter(({ damage }) => damage !== undefined).length;
    return shared + this.catalog.quarantinedCount;
  }

  /** Something is to be written that no commit brought. */
  flushSoon(): void {
    this.flusher.noticeCommit();
  }

  /** Writes that have begun are finished, whether their caller still waits or not, and moved into files. */
  onApplicationShutdown(): Promise<void> {
    this.closing ??= this.close();
    return this.closing;
  }

  private async close(): Promise<void> {
    await this.committer.close('The service is shutting down');
    await this.flusher.close();
    try {
      if (this.committer.poison === undefined) {
        await this.flusher.flush();
        await this.checkpointer.write();
      }
    } catch (error) {
      // Nothing is lost: the log has it, and the next start replays it.
      const reason = messageOf(error);
      this.logger.error({ message: 'Flush failed, the log keeps what is not in files', reason });
    }
    await this.encoder.close();
    try {
      await this.log.close();
    } catch (error) {
      // Everything in it was synced.
      this.logger.error({ message: 'The log could not be closed', reason: messageOf(error) });
    }
    this.parts.release?.();
  }
}
