// Every metric of the service itself; those of the process beside them are prom-client's.

import * as cache from './definitions/cache.js';
import * as catalogue from './definitions/catalogue.js';
import type { MetricDefinition } from './definitions/metric-definition.js';
import * as process from './definitions/process.js';
import * as requests from './definitions/requests.js';
import * as storage from './definitions/storage.js';
import { EVENT_LOOP_HELD_SECONDS } from './event-loop.js';

/** By the chapter of docs/metrics.md that they stand in. */
export const METRICS: Readonly<Record<string, readonly MetricDefinition[]>> = {
  Requests: Object.values(requests),
  Storage: Object.values(storage),
  'Catalogue and freshness': Object.values(catalogue),
  Caches: Object.values(cache),
  Process: [...Object.values(process), EVENT_LOOP_HELD_SECONDS],
};

/** Of prom-client: gauges with the suffix of counters, which are the sums of others that it has beside them. */
export const MISNAMED_METRICS = [
  ...['nodejs_active_handles_total', 'nodejs_active_requests_total'],
  'nodejs_active_resources_total',
];
