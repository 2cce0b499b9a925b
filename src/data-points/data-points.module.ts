import { Module } from '@nestjs/common';
import { SeriesModule } from '../series/series.module.js';
import { StorageModule } from '../storage/storage.module.js';
import { DataPointsResolver } from './data-points.resolver.js';
import { DataPointsService } from './data-points.service.js';
import { SeriesPointsResolver } from './series-points.resolver.js';
import { StatisticsResolver } from './statistics.resolver.js';

@Module({
  imports: [StorageModule, SeriesModule],
  providers: [DataPointsService, DataPointsResolver, SeriesPointsResolver, StatisticsResolver],
  exports: [DataPointsService],
})
export class DataPointsModule {}
