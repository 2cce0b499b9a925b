import { Module } from '@nestjs/common';
import { SeriesModule } from '../series/series.module.js';
import { StorageModule } from '../storage/storage.module.js';
import { ChangesResolver } from './changes/changes.resolver.js';
import { ChangesService } from './changes/changes.service.js';
import { DataPointsResolver } from './data-points.resolver.js';
import { DataPointsService } from './data-points.service.js';
import { PublishingResolver } from './publishing/publishing.resolver.js';
import { PublishingService } from './publishing/publishing.service.js';
import { SeriesPointsResolver } from './series-points.resolver.js';
import { StatisticsResolver } from './statistics.resolver.js';
import { StatisticsService } from './statistics.service.js';
import { VintagesResolver } from './vintages/vintages.resolver.js';
import { VintagesService } from './vintages/vintages.service.js';

@Module({
  imports: [StorageModule, SeriesModule],
  providers: [
    DataPointsService,
    VintagesService,
    PublishingService,
    ChangesService,
    StatisticsService,
    DataPointsResolver,
    SeriesPointsResolver,
    VintagesResolver,
    PublishingResolver,
    ChangesResolver,
    StatisticsResolver,
  ],
  exports: [DataPointsService, PublishingService, ChangesService, StatisticsService],
})
export class DataPointsModule {}
