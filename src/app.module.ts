import { type DynamicModule, Module } from '@nestjs/common';
import { CacheModule } from './cache/cache.module.js';
import { ConfigModule } from './config/config.module.js';
import type { Config } from './config/environment.js';
import { DataPointsModule } from './data-points/data-points.module.js';
import { FlightModule } from './flight/flight.module.js';
import { GraphqlModule } from './graphql/graphql.module.js';
import { HealthModule } from './health/health.module.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { SeriesModule } from './series/series.module.js';
import { StorageModule } from './storage/storage.module.js';

@Module({})
export class AppModule {
  static forRoot(config: Config): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot(config),
        MetricsModule,
        CacheModule,
        StorageModule,
        SeriesModule,
        DataPointsModule,
        GraphqlModule.over(StorageModule),
        HealthModule,
        FlightModule,
      ],
    };
  }
}
