import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import { LRUCache } from 'lru-cache';
import type { Counter, Gauge } from 'prom-client';
import { Config } from '../config/environment.js';
import { CACHE_BYTES, CACHE_LOOKUPS_TOTAL } from '../metrics/metric-definitions.js';
import type { PointBatch } from '../schema/point-batch.js';
import { BatchCache } from './batch-cache.js';

// What an entry costs beside its columns: the Arrow objects that describe them (about 2 KB).
const ENTRY_OVERHEAD_BYTES = 2048;

/** The least recently used batches go first once there are too many of them or too many bytes. */
@Injectable()
export class MemoryBatchCache extends BatchCache {
  private readonly entries: LRUCache<string, PointBatch> | undefined;

  constructor(
    config: Config,
    @InjectMetric(CACHE_LOOKUPS_TOTAL.name) private readonly lookups: Counter,
    @InjectMetric(CACHE_BYTES.name) private readonly bytes: Gauge,
  ) {
    super();
    if (config.cacheTtlSeconds === 0 || config.cacheBytesMax === 0) return;
    this.entries = new LRUCache({
      max: config.cacheMaxEntries,
      maxSize: config.cacheBytesMax,
      sizeCalculation: (batch) => batch.byteLength + ENTRY_OVERHEAD_BYTES,
      ttl: config.cacheTtlSeconds * 1000,
    });
  }

  get(name: string): PointBatch | undefined {
    const batch = this.entries?.get(name);
    this.lookups.inc({ outcome: batch ? 'hit' : 'miss' });
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
    this.bytes.set(this.entries?.calculatedSize ?? 0);
  }
}
