import { Module, type OnModuleInit, type Provider } from '@nestjs/common';
import {
  makeCounterProvider,
  makeGaugeProvider,
  makeHistogramProvider,
  makeSummaryProvider,
  PrometheusModule,
} from '@willsoto/nestjs-prometheus';
import { register } from 'prom-client';
import { METRICS, MISNAMED_METRICS } from './all-metrics.js';
import { BuildInfo } from './build-info.js';
import { CacheMetrics } from './cache-metrics.js';
import type { MetricDefinition } from './definitions/metric-definition.js';
import { watchEventLoop } from './event-loop.js';
import { FlightMetrics } from './flight-metrics.js';
import { GraphqlMetrics } from './graphql-metrics.js';
import { HttpMetrics } from './http-metrics.js';
import { ScrapedGauges } from './scraped-gauges.js';
import { ScrubMetrics } from './scrub-metrics.js';
import { StorageMetrics } from './storage-metrics.js';
import { WriteMetrics } from './write-metrics.js';

const MAKERS = {
  counter: makeCounterProvider,
  gauge: makeGaugeProvider,
  histogram: makeHistogramProvider,
  summary: makeSummaryProvider,
};

function providerOf({ type, ...options }: MetricDefinition): Provider {
  return MAKERS[type](options);
}

const metrics = Object.values(METRICS).flat().map(providerOf);
const recorders = [
  ...[HttpMetrics, GraphqlMetrics, FlightMetrics, CacheMetrics],
  ...[StorageMetrics, WriteMetrics, ScrubMetrics, ScrapedGauges],
];

// prom-client's registry is one per process and refuses the process metrics a second time: applications
// that are made in one process (tests) share them.
@Module({
  imports: [PrometheusModule.register({ defaultMetrics: { enabled: true } })],
  providers: [...metrics, ...recorders, BuildInfo],
  exports: [...metrics, ...recorders],
})
export class MetricsModule implements OnModuleInit {
  onModuleInit(): void {
    for (const name of MISNAMED_METRICS) register.removeSingleMetric(name);
    watchEventLoop();
  }
}
