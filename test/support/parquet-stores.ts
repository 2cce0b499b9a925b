// The Parquet stores on real files, without the rest of the application.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { Counter, Gauge, Histogram } from 'prom-client';
import { MemoryBatchCache } from '../../src/cache/memory-batch-cache.js';
import { Config } from '../../src/config/environment.js';
import { SystemClock, type Clock } from '../../src/core/clock.js';
import {
  CACHE_BYTES,
  CACHE_LOOKUPS_TOTAL,
  STORAGE_BYTES_TOTAL,
  STORAGE_OPERATION_DURATION_SECONDS,
  STORAGE_OPERATIONS_TOTAL,
  STORAGE_QUARANTINED_FILES,
  STORAGE_ROW_GROUPS_DECODED_TOTAL,
  STORAGE_SERIES,
} from '../../src/metrics/metric-definitions.js';
import { StorageMetrics } from '../../src/metrics/storage-metrics.js';
import { SeriesCatalog } from '../../src/storage/catalog/series-catalog.js';
import { CommitClock } from '../../src/storage/commit-clock.js';
import { DataDirectory } from '../../src/storage/data-directory.js';
import type { Disk } from '../../src/storage/disk.js';
import { ParquetDataPointsStore } from '../../src/storage/parquet-data-points-store.js';
import { ParquetSeriesStore } from '../../src/storage/parquet-series-store.js';
import { ParquetSourcesStore } from '../../src/storage/parquet-sources-store.js';
import type { Stores, StoresUnderTest } from './stores.js';

export interface ParquetStores extends Stores {
  readonly directory: DataDirectory;
  /** Row groups decoded since the stores were opened. */
  rowGroupsDecoded(): Promise<number>;
}

export interface ParquetStoresOptions {
  readonly clock?: Clock;
  readonly config?: Partial<Config>;
  /** A layer over the files, for tests that count or break its calls. */
  readonly wrap?: (disk: Disk) => Disk;
}

// Metrics of their own for every opening: a registry would refuse the second of a name.
const registers = { registers: [] };

export async function openParquetStores(
  dataDir: string,
  { clock = new SystemClock(), config: overrides = {}, wrap }: ParquetStoresOptions = {},
): Promise<ParquetStores> {
  Logger.overrideLogger(false);
  const config = Object.assign(new Config(), { dataDir, ...overrides });
  const catalog = new SeriesCatalog(
    new Gauge({ ...STORAGE_SERIES, ...registers }),
    new Gauge({ ...STORAGE_QUARANTINED_FILES, ...registers }),
  );
  const rowGroups = new Counter({ ...STORAGE_ROW_GROUPS_DECODED_TOTAL, ...registers });
  const metrics = new StorageMetrics(
    new Counter({ ...STORAGE_OPERATIONS_TOTAL, ...registers }),
    new Histogram({ ...STORAGE_OPERATION_DURATION_SECONDS, ...registers }),
    new Counter({ ...STORAGE_BYTES_TOTAL, ...registers }),
    rowGroups,
  );
  const directory = await DataDirectory.open(
    dataDir,
    catalog,
    new CommitClock(clock),
    metrics,
    wrap,
  );
  const cache = new MemoryBatchCache(
    config,
    new Counter({ ...CACHE_LOOKUPS_TOTAL, ...registers }),
    new Gauge({ ...CACHE_BYTES, ...registers }),
  );
  return {
    directory,
    rowGroupsDecoded: async () => (await rowGroups.get()).values[0]?.value ?? 0,
    series: new ParquetSeriesStore(directory, cache),
    points: new ParquetDataPointsStore(directory, cache, metrics, config),
    sources: await ParquetSourcesStore.open(directory),
    close: () => void directory.onApplicationShutdown(),
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
      stores.close();
      return open(dataDirs.get(stores)!, clock);
    },
    dispose: async (stores) => {
      stores.close();
      await rm(dataDirs.get(stores)!, { recursive: true, force: true });
    },
  };
}
