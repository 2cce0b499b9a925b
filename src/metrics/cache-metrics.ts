import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter, Gauge, Histogram } from 'prom-client';
import {
  CACHE_BYTES,
  CACHE_ENTRIES,
  CACHE_EVICTIONS_TOTAL,
  CACHE_LOOKUPS_TOTAL,
  CACHE_REDIS_BYTES_TOTAL,
  CACHE_REDIS_OPERATION_DURATION_SECONDS,
  CACHE_REDIS_UP,
  CACHE_REDIS_WRITES_TOTAL,
} from './definitions/cache.js';
import { LabelMemo } from './label-memo.js';

export type CacheName = 'batches' | 'responses';

interface LookupOutcomes {
  readonly memory: 'hit' | 'miss';
  readonly redis: 'hit' | 'miss' | 'timeout' | 'damaged' | 'error' | 'skipped';
}

export type CacheLevel = keyof LookupOutcomes;
export type RedisLookupOutcome = LookupOutcomes['redis'];
export type RedisWriteOutcome = 'stored' | 'dropped' | 'error';
/** `room`: others needed it. */
export type EvictionReason = 'room' | 'expired';
export type RedisOperation = 'get' | 'set' | 'ping';

@Injectable()
export class CacheMetrics {
  /** By cache, level and outcome: a hit in memory is counted 30,000 times a second, without making labels. */
  private readonly counters = new LabelMemo(
    (cache: CacheName, level: CacheLevel, outcome: LookupOutcomes[CacheLevel]) =>
      this.lookups.labels({ cache, level, outcome }),
  );

  private readonly bytesOf: Readonly<Record<CacheName, Gauge.Internal<string>>>;
  private readonly entriesOf: Readonly<Record<CacheName, Gauge.Internal<string>>>;

  constructor(
    @InjectMetric(CACHE_LOOKUPS_TOTAL.name) private readonly lookups: Counter,
    @InjectMetric(CACHE_BYTES.name) bytes: Gauge,
    @InjectMetric(CACHE_ENTRIES.name) entries: Gauge,
    @InjectMetric(CACHE_EVICTIONS_TOTAL.name) private readonly evictions: Counter,
    @InjectMetric(CACHE_REDIS_WRITES_TOTAL.name) private readonly writes: Counter,
    @InjectMetric(CACHE_REDIS_BYTES_TOTAL.name) private readonly redisBytes: Counter,
    @InjectMetric(CACHE_REDIS_OPERATION_DURATION_SECONDS.name)
    private readonly duration: Histogram,
    @InjectMetric(CACHE_REDIS_UP.name) private readonly up: Gauge,
  ) {
    this.bytesOf = {
      batches: bytes.labels({ cache: 'batches' }),
      responses: bytes.labels({ cache: 'responses' }),
    };
    this.entriesOf = {
      batches: entries.labels({ cache: 'batches' }),
      responses: entries.labels({ cache: 'responses' }),
    };
    // Without Redis nobody says whether it answers, and an alert must not take the silence for a no.
    up.remove();
  }

  countLookup<L extends CacheLevel>(cache: CacheName, level: L, outcome: LookupOutcomes[L]): void {
    this.counters.of(cache, level, outcome).inc();
  }

  /** What a cache holds in memory. */
  setHeld(cache: CacheName, bytes: number, entries: number): void {
    this.bytesOf[cache].set(bytes);
    this.entriesOf[cache].set(entries);
  }

  countEvictions(cache: CacheName, reason: EvictionReason, entries: number): void {
    this.evictions.inc({ cache, reason }, entries);
  }

  countWrite(cache: CacheName, outcome: RedisWriteOutcome): void {
    this.writes.inc({ cache, outcome });
  }

  countRedisBytes(direction: 'sent' | 'received', bytes: number): void {
    this.redisBytes.inc({ direction }, bytes);
  }

  observeRedis(operation: RedisOperation, milliseconds: number): void {
    this.duration.observe({ operation }, milliseconds / 1000);
  }

  setRedisUp(isUp: boolean): void {
    this.up.set(isUp ? 1 : 0);
  }
}
