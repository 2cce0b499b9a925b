import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { Config } from '../config/environment.js';
import { parseRedisAddress } from '../config/redis-address.js';
import { CacheMetrics } from '../metrics/cache-metrics.js';
import { MetricsModule } from '../metrics/metrics.module.js';
import { BatchCache } from './batch-cache.js';
import { CacheHealth } from './cache.health.js';
import { MemoryBatchCache } from './memory-batch-cache.js';
import { redisClient } from './redis-client.js';
import { RedisSharedCache } from './redis-shared-cache.js';
import { NoSharedCache, SharedCache } from './shared-cache.js';
import { SharedBatches } from './shared-batches.js';

@Module({
  imports: [MetricsModule, TerminusModule],
  providers: [
    { provide: BatchCache, useClass: MemoryBatchCache },
    { provide: SharedCache, inject: [Config, CacheMetrics], useFactory: sharedCache },
    SharedBatches,
    CacheHealth,
  ],
  exports: [BatchCache, SharedCache, SharedBatches, CacheHealth],
})
export class CacheModule {}

function sharedCache(
  { redisUrl, redisCluster, cacheTtlSeconds }: Config,
  metrics: CacheMetrics,
): SharedCache {
  const address = parseRedisAddress(redisUrl);
  // Values that are not kept need no place.
  if (!address || cacheTtlSeconds === 0) return new NoSharedCache();
  return new RedisSharedCache(redisClient(address, redisCluster === 1), metrics, cacheTtlSeconds);
}
