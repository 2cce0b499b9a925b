import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { CacheModule } from '../cache/cache.module.js';
import { Config } from '../config/environment.js';
import { MetricsModule } from '../metrics/metrics.module.js';
import { StorageMetrics } from '../metrics/storage-metrics.js';
import { SeriesCatalog } from './catalog/series-catalog.js';
import { CommitClock } from './commit-clock.js';
import { DataDirectory } from './data-directory.js';
import { DataPointsStore } from './data-points-store.js';
import { ParquetDataPointsStore } from './parquet-data-points-store.js';
import { ParquetSeriesStore } from './parquet-series-store.js';
import { ParquetSourcesStore } from './parquet-sources-store.js';
import { SeriesStore } from './series-store.js';
import { SourcesStore } from './sources-store.js';
import { StorageHealth } from './storage.health.js';

@Module({
  imports: [MetricsModule, CacheModule, TerminusModule],
  providers: [
    SeriesCatalog,
    CommitClock,
    {
      provide: DataDirectory,
      inject: [Config, SeriesCatalog, CommitClock, StorageMetrics],
      useFactory: (config: Config, ...parts: [SeriesCatalog, CommitClock, StorageMetrics]) =>
        DataDirectory.open(config.dataDir, ...parts),
    },
    { provide: SeriesStore, useClass: ParquetSeriesStore },
    { provide: DataPointsStore, useClass: ParquetDataPointsStore },
    {
      provide: SourcesStore,
      inject: [DataDirectory],
      useFactory: (directory: DataDirectory) => ParquetSourcesStore.open(directory),
    },
    StorageHealth,
  ],
  exports: [SeriesStore, DataPointsStore, SourcesStore, StorageHealth],
})
export class StorageModule {}
