// Metrics of the caches, in memory and in Redis.

import type { MetricDefinition } from './metric-definition.js';

export const CACHE_LOOKUPS_TOTAL = {
  type: 'counter',
  name: 'cache_lookups_total',
  help: 'Look-ups by cache (`batches`, `responses`), level (`memory`, `redis`) and outcome (`hit`, `miss`; of Redis also `timeout`, `damaged`, `error`, and `skipped` while it is away)',
  labelNames: ['cache', 'level', 'outcome'],
  example:
    'sum by (cache, level) (rate(cache_lookups_total{outcome="hit"}[5m])) / sum by (cache, level) (rate(cache_lookups_total[5m]))',
} satisfies MetricDefinition;

export const CACHE_BYTES = {
  type: 'gauge',
  name: 'cache_bytes',
  help: 'Bytes held in memory, by cache (`batches`, `responses`)',
  labelNames: ['cache'],
  example: 'sum by (instance) (cache_bytes)',
} satisfies MetricDefinition;

export const CACHE_ENTRIES = {
  type: 'gauge',
  name: 'cache_entries',
  help: 'Entries held in memory, by cache (`batches`, `responses`)',
  labelNames: ['cache'],
  example: 'cache_bytes / cache_entries',
} satisfies MetricDefinition;

export const CACHE_EVICTIONS_TOTAL = {
  type: 'counter',
  name: 'cache_evictions_total',
  help: 'Entries that were given up in memory, by cache (`batches`, `responses`) and reason (`room`: others needed it; `expired`)',
  labelNames: ['cache', 'reason'],
  example: 'sum by (cache) (rate(cache_evictions_total{reason="room"}[5m]))',
} satisfies MetricDefinition;

export const CACHE_REDIS_WRITES_TOTAL = {
  type: 'counter',
  name: 'cache_redis_writes_total',
  help: 'Values for Redis, by cache (`batches`, `responses`) and outcome (`stored`, `dropped`, `error`)',
  labelNames: ['cache', 'outcome'],
  example: 'sum by (outcome) (rate(cache_redis_writes_total[5m]))',
} satisfies MetricDefinition;

export const CACHE_REDIS_BYTES_TOTAL = {
  type: 'counter',
  name: 'cache_redis_bytes_total',
  help: 'Bytes of values, by direction (`sent` to Redis and stored, `received` from it)',
  labelNames: ['direction'],
  example: 'sum by (direction) (rate(cache_redis_bytes_total[5m]))',
} satisfies MetricDefinition;

export const CACHE_REDIS_OPERATION_DURATION_SECONDS = {
  type: 'histogram',
  name: 'cache_redis_operation_duration_seconds',
  help: 'Time until Redis answered or was given up, by operation (`get`, `set`, `ping`)',
  labelNames: ['operation'],
  // A look-up is given up after 25 ms, a write after a second.
  buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.25, 1],
  example:
    'histogram_quantile(0.99, sum by (le, operation) (rate(cache_redis_operation_duration_seconds_bucket[5m])))',
} satisfies MetricDefinition;

export const CACHE_REDIS_UP = {
  type: 'gauge',
  name: 'cache_redis_up',
  help: 'Whether Redis answers: 1 or 0; no sample where REDIS_URL is not set',
  example: 'min by (instance) (cache_redis_up)',
} satisfies MetricDefinition;
