// What a metric is, once: the registry, the documentation and the dashboards take it from here. Names follow the
// Prometheus rules: base unit as a suffix, counters end in `_total`. Labels take few, known values.

export interface MetricDefinition {
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary';
  readonly name: string;
  /** Its meaning, and that of its labels. */
  readonly help: string;
  readonly labelNames?: string[];
  /** Upper bounds, of a histogram. */
  readonly buckets?: number[];
  /** Of a summary, over its last `maxAgeSeconds`, which go in `ageBuckets` steps. */
  readonly percentiles?: number[];
  readonly maxAgeSeconds?: number;
  readonly ageBuckets?: number;
  /** A query that answers something with it. */
  readonly example: string;
}
