import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { BatchCache } from '../cache/batch-cache.js';
import { CacheModule } from '../cache/cache.module.js';
import { Versions } from '../cache/versions.js';
import { Config } from '../config/environment.js';
import { MetricsModule } from '../metrics/metrics.module.js';
import { StorageMetrics } from '../metrics/storage-metrics.js';
import { SeriesCatalog } from './catalog/series-catalog.js';
import { ChangesStore } from './changes-store.js';
import { CommitClock } from './commit-clock.js';
import { DataDirectory } from './data-directory.js';
import { DataPointsStore } from './data-points-store.js';
import { DirectoryLock } from './directory-lock.js';
import { FileDisk } from './file-disk.js';
import { Scrubber } from './integrity/scrubber.js';
import { LoggedChangesStore } from './logged-changes-store.js';
import { LoggedDataPointsStore } from './logged-data-points-store.js';
import { LoggedSeriesStore } from './logged-series-store.js';
import { LoggedSourcesStore } from './logged-sources-store.js';
import { PointsReader } from './points-reader.js';
import { SeriesStore } from './series-store.js';
import { SourcesStore } from './sources-store.js';
import { StorageGauges } from './storage-gauges.js';
import { StorageHealth } from './storage.health.js';
import { StorageMaintenance } from './storage-maintenance.js';
import { StoreVersions } from './store-versions.js';
import { VintagesReader } from './vintages/vintages-reader.js';

@Module({
  imports: [MetricsModule, CacheModule, TerminusModule],
  providers: [
    SeriesCatalog,
    CommitClock,
    {
      provide: DataDirectory,
      inject: [Config, SeriesCatalog, CommitClock, BatchCache, StorageMetrics],
      useFactory: openDirectory,
    },
    PointsReader,
    VintagesReader,
    { provide: SeriesStore, useClass: LoggedSeriesStore },
    { provide: DataPointsStore, useClass: LoggedDataPointsStore },
    { provide: SourcesStore, useClass: LoggedSourcesStore },
    { provide: ChangesStore, useClass: LoggedChangesStore },
    StorageHealth,
    StorageMaintenance,
    StorageGauges,
    { provide: Versions, useClass: StoreVersions },
    Scrubber,
  ],
  exports: [
    SeriesStore,
    DataPointsStore,
    SourcesStore,
    ChangesStore,
    StorageHealth,
    StorageMaintenance,
    Versions,
  ],
})
export class StorageModule {}

async function openDirectory(
  config: Config,
  catalog: SeriesCatalog,
  clock: CommitClock,
  cache: BatchCache,
  metrics: StorageMetrics,
): Promise<DataDirectory> {
  const disk = await FileDisk.open(config.dataDir);
  const lock = DirectoryLock.acquire(config.dataDir);
  const release = (): void => lock.release();
  try {
    return await DataDirectory.open({ disk, catalog, clock, cache, metrics, config, release });
  } catch (error) {
    release();
    throw error;
  }
}
