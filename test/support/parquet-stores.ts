// The Parquet stores on real files, without the rest of the application.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { Counter, Gauge, Histogram, Summary } from 'prom-client';
import { MemoryBatchCache } from '../../src/cache/memory-batch-cache.js';
import { NoSharedCache } from '../../src/cache/shared-cache.js';
import { SharedBatches } from '../../src/cache/shared-batches.js';
import { Config } from '../../src/config/environment.js';
import { SystemClock, type Clock } from '../../src/core/clock.js';
import { CacheMetrics } from '../../src/metrics/cache-metrics.js';
import * as cached from '../../src/metrics/definitions/cache.js';
import { STORAGE_SERIES } from '../../src/metrics/definitions/catalogue.js';
import * as stored from '../../src/metrics/definitions/storage.js';
import { StorageMetrics } from '../../src/metrics/storage-metrics.js';
import { WriteMetrics } from '../../src/metrics/write-metrics.js';
import { SeriesCatalog } from '../../src/storage/catalog/series-catalog.js';
import { CommitClock } from '../../src/storage/commit-clock.js';
import { DataDirectory } from '../../src/storage/data-directory.js';
import type { Disk } from '../../src/storage/disk.js';
import { FileEncoder } from '../../src/storage/parquet/file-encoder.js';
import { DirectoryLock } from '../../src/storage/directory-lock.js';
import { FileDisk } from '../../src/storage/file-disk.js';
import { LoggedDataPointsStore } from '../../src/storage/logged-data-points-store.js';
import { LoggedSeriesStore } from '../../src/storage/logged-series-store.js';
import { LoggedSourcesStore } from '../../src/storage/logged-sources-store.js';
import { PointsReader } from '../../src/storage/points-reader.js';
import { VintagesReader } from '../../src/storage/vintages/vintages-reader.js';
import type { Stores, StoresUnderTest } from './stores.js';

export interface ParquetStores extends Stores {
  readonly directory: DataDirectory;
  readonly metrics: StorageMetrics;
  /** Row groups decoded since the stores were opened. */
  rowGroupsDecoded(): Promise<number>;
}

export interface ParquetStoresOptions {
  readonly clock?: Clock;
  readonly config?: Partial<Config>;
  /** A layer over the files, for tests that count or break its calls. */
  readonly wrap?: (disk: Disk) => Disk;
  /** Large files are encoded in a thread of their own, which needs dist/ and 0.3 s to start. */
  readonly withThread?: boolean;
}

/** Thousands of stores are opened: their logs need not be made for gigabytes, nor flush on their own. */
const SMALL_LOG: Partial<Config> = { logSegmentBytes: 65_536, flushIntervalSeconds: 0 };

// Metrics of their own for every opening: a registry would refuse the second of a name.
const registers = { registers: [] };

export async function openParquetStores(
  dataDir: string,
  { wrap, ...options }: ParquetStoresOptions = {},
): Promise<ParquetStores> {
  const files = await FileDisk.open(dataDir);
  const lock = DirectoryLock.acquire(dataDir);
  const release = (): void => lock.release();
  try {
    return await openParquetStoresOn(wrap?.(files) ?? files, { ...options, release });
  } catch (error) {
    release();
    throw error;
  }
}

interface DiskOptions extends Omit<ParquetStoresOptions, 'wrap'> {
  /** Gives the directory free. */
  readonly release?: () => void;
}

/** The stores on any disk, which nobody else uses. */
export async function openParquetStoresOn(
  disk: Disk,
  { clock = new SystemClock(), config: overrides, withThread = false, release }: DiskOptions = {},
): Promise<ParquetStores> {
  Logger.overrideLogger(false);
  const config = Object.assign(new Config(), SMALL_LOG, overrides);
  const catalog = new SeriesCatalog(
    new Gauge({ ...STORAGE_SERIES, ...registers }),
    new Gauge({ ...stored.STORAGE_QUARANTINED_FILES, ...registers }),
  );
  const rowGroups = new Counter({ ...stored.STORAGE_ROW_GROUPS_DECODED_TOTAL, ...registers });
  const metrics = new StorageMetrics(
    new Counter({ ...stored.STORAGE_OPERATIONS_TOTAL, ...registers }),
    new Histogram({ ...stored.STORAGE_OPERATION_DURATION_SECONDS, ...registers }),
    new Counter({ ...stored.STORAGE_BYTES_TOTAL, ...registers }),
    rowGroups,
    new WriteMetrics(
      new Counter({ ...stored.STORAGE_COMMITS_TOTAL, ...registers }),
      new Counter({ ...stored.STORAGE_POINTS_WRITTEN_TOTAL, ...registers }),
      new Counter({ ...stored.STORAGE_FILES_WRITTEN_TOTAL, ...registers }),
      new Summary({ ...stored.STORAGE_LOG_SYNC_DURATION_SECONDS, ...registers }),
    ),
  );
  const cacheMetrics = new CacheMetrics(
    new Counter({ ...cached.CACHE_LOOKUPS_TOTAL, ...registers }),
    new Gauge({ ...cached.CACHE_BYTES, ...registers }),
    new Gauge({ ...cached.CACHE_ENTRIES, ...registers }),
    new Counter({ ...cached.CACHE_EVICTIONS_TOTAL, ...registers }),
    new Counter({ ...cached.CACHE_REDIS_WRITES_TOTAL, ...registers }),
    new Counter({ ...cached.CACHE_REDIS_BYTES_TOTAL, ...registers }),
    new Histogram({ ...cached.CACHE_REDIS_OPERATION_DURATION_SECONDS, ...registers }),
    new Gauge({ ...cached.CACHE_REDIS_UP, ...registers }),
  );
  const cache = new MemoryBatchCache(config, cacheMetrics);
  const shared = new SharedBatches(new NoSharedCache(), cacheMetrics);
  const directory = await DataDirectory.open({
    ...{ disk, catalog, cache, metrics, config },
    clock: new CommitClock(clock),
    encoder: new FileEncoder({ withoutThread: !withThread }),
    ...(release ? { release } : {}),
  });
  const reader = new PointsReader(directory, cache, shared, metrics);
  return {
    directory,
    metrics,
    rowGroupsDecoded: async () => (await rowGroups.get()).values[0]?.value ?? 0,
    series: new LoggedSeriesStore(directory),
    points: new LoggedDataPointsStore(directory, reader, new VintagesReader(directory)),
    sources: new LoggedSourcesStore(directory),
    close: () => directory.onApplicationShutdown(),
  };
}

export function temporaryDataDir(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'econ-graph-storage-'));
}

/** Runs `task` on a directory that is gone afterwards. */
export async function withDataDir<T>(task: (dataDir: string) => Promise<T>): Promise<T> {
  const dataDir = await temporaryDataDir();
  try {
    return await task(dataDir);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

export function parquetStoresUnderTest(
  name: string,
  config: Partial<Config> = {},
): StoresUnderTest {
  const dataDirs = new WeakMap<Stores, string>();
  const open = async (dataDir: string, clock: Clock): Promise<Stores> => {
    const stores = await openParquetStores(dataDir, { clock, config });
    dataDirs.set(stores, dataDir);
    return stores;
  };
  return {
    name,
    open: async (clock) => open(await temporaryDataDir(), clock),
    reopen: async (stores, clock) => {
      await stores.close();
      return open(dataDirs.get(stores)!, clock);
    },
    dispose: async (stores) => {
      await stores.close();
      await rm(dataDirs.get(stores)!, { recursive: true, force: true });
    },
  };
}
