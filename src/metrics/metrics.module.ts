import { Module, type OnModuleInit } from '@nestjs/common';
import {
  makeCounterProvider,
  makeGaugeProvider,
  makeHistogramProvider,
  PrometheusModule,
} from '@willsoto/nestjs-prometheus';
import { CacheMetrics } from './cache-metrics.js';
import { EVENT_LOOP_HELD_SECONDS, watchEventLoop } from './event-loop.js';
import { FlightMetrics } from './flight-metrics.js';
import { GraphqlMetrics } from './graphql-metrics.js';
import * as definitions from './metric-definitions.js';
import { StorageMetrics } from './storage-metrics.js';

const metrics = [
  makeGaugeProvider(EVENT_LOOP_HELD_SECONDS),
  makeCounterProvider(definitions.GRAPHQL_OPERATIONS_TOTAL),
  makeHistogramProvider(definitions.GRAPHQL_OPERATION_DURATION_SECONDS),
  makeCounterProvider(definitions.STORAGE_OPERATIONS_TOTAL),
  makeHistogramProvider(definitions.STORAGE_OPERATION_DURATION_SECONDS),
  makeCounterProvider(definitions.STORAGE_BYTES_TOTAL),
  makeCounterProvider(definitions.STORAGE_ROW_GROUPS_DECODED_TOTAL),
  makeGaugeProvider(definitions.STORAGE_LOG_BYTES),
  makeGaugeProvider(definitions.STORAGE_DELTA_BYTES),
  makeGaugeProvider(definitions.STORAGE_QUARANTINED_FILES),
  makeGaugeProvider(definitions.STORAGE_SERIES),
  makeCounterProvider(definitions.STORAGE_SCRUBBED_FILES_TOTAL),
  makeGaugeProvider(definitions.STORAGE_SCRUB_LAST_PASS_TIMESTAMP_SECONDS),
  makeCounterProvider(definitions.CACHE_LOOKUPS_TOTAL),
  makeGaugeProvider(definitions.CACHE_BYTES),
  makeCounterProvider(definitions.CACHE_REDIS_WRITES_TOTAL),
  makeCounterProvider(definitions.CACHE_REDIS_BYTES_TOTAL),
  makeHistogramProvider(definitions.CACHE_REDIS_OPERATION_DURATION_SECONDS),
  makeGaugeProvider(definitions.CACHE_REDIS_UP),
  makeCounterProvider(definitions.FLIGHT_CALLS_TOTAL),
  makeHistogramProvider(definitions.FLIGHT_CALL_DURATION_SECONDS),
  makeCounterProvider(definitions.FLIGHT_BYTES_TOTAL),
  makeGaugeProvider(definitions.FLIGHT_STREAMS),
];

// prom-client's registry is one per process and refuses the process metrics a second time: applications
// that are made in one process (tests) share them.
@Module({
  imports: [PrometheusModule.register({ defaultMetrics: { enabled: true } })],
  providers: [...metrics, StorageMetrics, GraphqlMetrics, FlightMetrics, CacheMetrics],
  exports: [...metrics, StorageMetrics, GraphqlMetrics, FlightMetrics, CacheMetrics],
})
export class MetricsModule implements OnModuleInit {
  onModuleInit(): void {
    watchEventLoop();
  }
}
