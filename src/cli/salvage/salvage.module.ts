import { type DynamicModule, Module } from '@nestjs/common';
import { CacheModule } from '../../cache/cache.module.js';
import { ConfigModule } from '../../config/config.module.js';
import type { Config } from '../../config/environment.js';
import { MetricsModule } from '../../metrics/metrics.module.js';
import { SeriesCatalog } from '../../storage/catalog/series-catalog.js';
import { CommitClock } from '../../storage/commit-clock.js';

/** What a data directory is opened with, without opening it. */
@Module({})
export class SalvageModule {
  static forRoot(config: Config): DynamicModule {
    return {
      module: SalvageModule,
      imports: [ConfigModule.forRoot(config), MetricsModule, CacheModule],
      providers: [SeriesCatalog, CommitClock],
    };
  }
}
