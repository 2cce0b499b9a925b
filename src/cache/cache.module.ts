import { Module } from '@nestjs/common';
import { MetricsModule } from '../metrics/metrics.module.js';
import { BatchCache } from './batch-cache.js';
import { MemoryBatchCache } from './memory-batch-cache.js';

@Module({
  imports: [MetricsModule],
  providers: [{ provide: BatchCache, useClass: MemoryBatchCache }],
  exports: [BatchCache],
})
export class CacheModule {}
