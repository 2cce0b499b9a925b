import { Injectable } from '@nestjs/common';
import { Config } from '../config/environment.js';
import { CacheMetrics } from '../metrics/cache-metrics.js';
import type { PointBatch } from '../schema/point-batch.js';
import { BatchCache } from './batch-cache.js';
import { SegmentedLru } from './segmented-lru.js';

// What an entry costs beside its columns: the Arrow objects that describe them (about 2 KB).
const ENTRY_OVERHEAD_BYTES = 2048;

/** Batches that were used once go first once there are too many of them or too many bytes. */
@Injectable()
export class MemoryBatchCache extends BatchCache {
  private readonly entries: SegmentedLru<PointBatch> | undefined;

  constructor(
    config: Config,
    private readonly metrics: CacheMetrics,
  ) {
    super();
    if (config.cacheTtlSeconds === 0 || config.cacheBytesMax === 0) return;
    this.entries = new SegmentedLru({
      bytesMax: config.cacheBytesMax,
      entriesMax: config.cacheMaxEntries,
      ttlSeconds: config.cacheTtlSeconds,
      bytesOf: (batch) => batch.byteLength + ENTRY_OVERHEAD_BYTES,
      onSwept: () => this.report(),
      onEvicted: (reason, entries) => metrics.countEvictions('batches', reason, entries),
    });
  }

  get(name: string): PointBatch | undefined {
    const batch = this.entries?.get(name);
    this.metrics.countLookup('batches', 'memory', batch ? 'hit' : 'miss');
    return batch;
  }

  peek(name: string): PointBatch | undefined {
    return this.entries?.peek(name);
  }

  set(name: string, batch: PointBatch): void {
    this.entries?.set(name, batch);
    this.report();
  }

  delete(name: string): void {
    this.entries?.delete(name);
    this.report();
  }

  private report(): void {
    this.metrics.setHeld('batches', this.entries?.bytes ?? 0, this.entries?.size ?? 0);
  }
}
