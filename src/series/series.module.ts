import { Module } from '@nestjs/common';
import { StorageModule } from '../storage/storage.module.js';
import { SeriesResolver } from './series.resolver.js';
import { SeriesService } from './series.service.js';
import { SourcesResolver } from './sources.resolver.js';
import { SourcesService } from './sources.service.js';

@Module({
  imports: [StorageModule],
  providers: [SeriesService, SourcesService, SeriesResolver, SourcesResolver],
  exports: [SeriesService, SourcesService],
})
export class SeriesModule {}
