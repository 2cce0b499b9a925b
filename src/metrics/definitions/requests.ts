// Metrics of what callers ask, over HTTP and Arrow Flight.

import type { MetricDefinition } from './metric-definition.js';

// The promised latencies are 5 ms cached and 100 ms cold; the steps around them are the fine ones.
const ANSWER_BUCKETS_SECONDS = [
  ...[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
];

export const HTTP_REQUESTS_TOTAL = {
  type: 'counter',
  name: 'http_requests_total',
  help: 'HTTP requests answered, by method, route (its pattern; `none` where there is no such route) and status',
  labelNames: ['method', 'route', 'status'],
  example: 'sum by (route, status) (rate(http_requests_total[5m]))',
} satisfies MetricDefinition;

export const HTTP_REQUEST_DURATION_SECONDS = {
  type: 'histogram',
  name: 'http_request_duration_seconds',
  help: 'Time from the arrival of an HTTP request to the end of its answer, by method and route',
  labelNames: ['method', 'route'],
  buckets: ANSWER_BUCKETS_SECONDS,
  example:
    'histogram_quantile(0.99, sum by (le, route) (rate(http_request_duration_seconds_bucket[5m])))',
} satisfies MetricDefinition;

export const GRAPHQL_OPERATIONS_TOTAL = {
  type: 'counter',
  name: 'graphql_operations_total',
  help: "GraphQL operations answered, by type (`query`, `mutation`; `unknown` before it is known), outcome (`success`; `error`: the service failed; `rejected`: the caller's fault; `cancelled`: the client went) and operation (a name of METRICS_OPERATION_NAMES, else `other`, or `unnamed`)",
  labelNames: ['type', 'outcome', 'operation'],
  example: 'sum by (operation, outcome) (rate(graphql_operations_total[5m]))',
} satisfies MetricDefinition;

export const GRAPHQL_OPERATION_DURATION_SECONDS = {
  type: 'histogram',
  name: 'graphql_operation_duration_seconds',
  help: 'Time from when a GraphQL operation was read to its answer, by type and operation; of a long answer, until the client has taken all of it',
  labelNames: ['type', 'operation'],
  buckets: ANSWER_BUCKETS_SECONDS,
  example:
    'histogram_quantile(0.99, sum by (le, operation) (rate(graphql_operation_duration_seconds_bucket{type="query"}[5m])))',
} satisfies MetricDefinition;

export const FLIGHT_CALLS_TOTAL = {
  type: 'counter',
  name: 'flight_calls_total',
  help: "Arrow Flight calls that have ended, by method and outcome (`success`; `error`: the service failed; `rejected`: the caller's fault; `cancelled`: the client went)",
  labelNames: ['method', 'outcome'],
  example: 'sum by (method, outcome) (rate(flight_calls_total[5m]))',
} satisfies MetricDefinition;

export const FLIGHT_CALL_DURATION_SECONDS = {
  type: 'histogram',
  name: 'flight_call_duration_seconds',
  help: 'Time from the arrival of an Arrow Flight call to its end, by method',
  labelNames: ['method'],
  // From a small read in memory to a panel that a slow client takes minutes for.
  buckets: [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120],
  example:
    'histogram_quantile(0.99, sum by (le, method) (rate(flight_call_duration_seconds_bucket[5m])))',
} satisfies MetricDefinition;

export const FLIGHT_BYTES_TOTAL = {
  type: 'counter',
  name: 'flight_bytes_total',
  help: 'Bytes of Arrow Flight messages, by method and direction (`sent` by streams; `received` by DoPut)',
  labelNames: ['method', 'direction'],
  example: 'sum by (method, direction) (rate(flight_bytes_total[5m]))',
} satisfies MetricDefinition;

export const FLIGHT_ROWS_TOTAL = {
  type: 'counter',
  name: 'flight_rows_total',
  help: 'Rows of record batches, by method (`DoGet`, `DoPut`) and direction (`sent`, `received`)',
  labelNames: ['method', 'direction'],
  example: 'sum by (direction) (rate(flight_rows_total[5m]))',
} satisfies MetricDefinition;

export const FLIGHT_STREAMS = {
  type: 'gauge',
  name: 'flight_streams',
  help: 'Arrow Flight streams that are open',
  example: 'max_over_time(flight_streams[1h])',
} satisfies MetricDefinition;
