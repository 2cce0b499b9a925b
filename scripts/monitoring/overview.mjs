import {
  damagedFiles,
  diskFree,
  HERE,
  lines,
  quantiles,
  RATE,
  row,
  stat,
  table,
  writesTaken,
} from './panels.mjs';

const FAILED = `sum(rate({__name__=~"graphql_operations_total|flight_calls_total",outcome="error",method!~"Check|List|Watch",${HERE}}[${RATE}]))`;
const ANSWERED = `sum(rate({__name__=~"graphql_operations_total|flight_calls_total",method!~"Check|List|Watch",${HERE}}[${RATE}]))`;

export const OVERVIEW = {
  title: 'Financial Data Service Overview',
  description:
    'Is the service well, who uses it, and are its data fresh? The links lead to details.',
  panels: [
    row('Is it well?'),
    stat({
      title: 'Instances up',
      description:
        'Instances that Prometheus reaches. Fewer than you run: look at the pods or processes first, then at System Health.',
      unit: 'short',
      query: `count(storage_series{${HERE}})`,
      thresholds: [
        [null, 'red'],
        [1, 'green'],
      ],
    }),
    writesTaken(
      'No: the sync of a log failed. Nothing acknowledged is lost, and reads go on; the instance has to be restarted. See Storage Operations.',
    ),
    stat({
      title: 'Failures by us',
      description:
        'Part of GraphQL operations and Flight calls that failed through no fault of the caller. The objective is below 0.1 %. The log names each failure once.',
      unit: 'percentunit',
      decimals: 3,
      query: `${FAILED} / ${ANSWERED}`,
      thresholds: [
        [null, 'green'],
        [0.001, 'orange'],
        [0.0144, 'red'],
      ],
    }),
    stat({
      title: 'Queries under 100 ms',
      description:
        'Part of GraphQL queries answered within 100 ms. The objective is 99 %. Below: see GraphQL Performance for which ones.',
      unit: 'percentunit',
      decimals: 2,
      query: `sum(rate(graphql_operation_duration_seconds_bucket{type="query",le="0.1",${HERE}}[${RATE}])) / sum(rate(graphql_operation_duration_seconds_count{type="query",${HERE}}[${RATE}]))`,
      thresholds: [
        [null, 'red'],
        [0.95, 'orange'],
        [0.99, 'green'],
      ],
    }),
    damagedFiles(
      'Files that are kept from being served. Good is 0. The log names each; restore it from a backup. See Storage Operations.',
    ),
    diskFree(
      'The least free part of any file system of a data directory. Below 15 % grow the volume; with a full disk writes fail and reads go on.',
    ),
    row('Use'),
    lines({
      title: 'HTTP requests by route',
      description:
        'Requests a second that were answered, whatever the answer. A sudden drop is as telling as a rise.',
      unit: 'reqps',
      min: 0,
      queries: { '{{route}}': `sum by (route) (rate(http_requests_total{${HERE}}[${RATE}]))` },
    }),
    lines({
      title: 'HTTP answers by status',
      description:
        'Good is 200 and 304. 4xx are faults of callers, 429 those who were told to slow down, 5xx ours: then see the log.',
      unit: 'reqps',
      min: 0,
      queries: { '{{status}}': `sum by (status) (rate(http_requests_total{${HERE}}[${RATE}]))` },
    }),
    lines({
      title: 'GraphQL operations by outcome',
      description:
        '`rejected` is the fault of callers, `cancelled` are clients that went, `error` is ours. See GraphQL Performance.',
      unit: 'ops',
      min: 0,
      queries: {
        '{{outcome}}': `sum by (outcome) (rate(graphql_operations_total{${HERE}}[${RATE}]))`,
      },
    }),
    lines({
      title: 'Flight calls by method',
      description: 'Calls a second that ended. DoGet reads tables, DoPut writes them.',
      unit: 'ops',
      min: 0,
      queries: { '{{method}}': `sum by (method) (rate(flight_calls_total{${HERE}}[${RATE}]))` },
    }),
    lines({
      title: 'Latency of GraphQL queries',
      description:
        'Half, 95 and 99 of 100 queries were faster. Promised are 10 ms where an answer is in memory and 100 ms where files are read.',
      unit: 's',
      min: 0,
      thresholds: [
        [null, 'green'],
        [0.1, 'red'],
      ],
      queries: quantiles('graphql_operation_duration_seconds', { matchers: ['type="query"'] }),
    }),
    lines({
      title: 'Flight rows',
      description: 'Rows a second that were sent to readers and received from writers.',
      unit: 'rowsps',
      min: 0,
      queries: {
        '{{direction}}': `sum by (direction) (rate(flight_rows_total{${HERE}}[${RATE}]))`,
      },
    }),
    row('Data'),
    lines({
      title: 'Stored points and series',
      description:
        'Every revision of every date counts as a point. A fall means that something was deleted.',
      unit: 'short',
      min: 0,
      queries: {
        points: `max(storage_points{${HERE}})`,
        series: `max(storage_series{${HERE}})`,
      },
    }),
    lines({
      title: 'Points written',
      description:
        'Points a second that became durable. Crawlers write in bursts; silence for days is what to worry about.',
      unit: 'wps',
      min: 0,
      queries: { points: `sum(rate(storage_points_written_total{${HERE}}[${RATE}]))` },
    }),
    table({
      title: 'Age of the newest change by source',
      description:
        'Seconds since points of a source were last stored; the stalest first. Compare with how often the source publishes, then look at its crawler.',
      unit: 's',
      valueName: 'Age',
      thresholds: [
        [null, 'green'],
        [345_600, 'orange'],
      ],
      query: `sort_desc(time() - max by (source, name) (ingest_newest_change_timestamp_seconds{${HERE}}))`,
    }),
    table({
      title: 'Newest observation by source',
      description:
        'Seconds from the newest date observed to now; negative where a source has forecasts. A source that publishes, but nothing new, shows here.',
      unit: 's',
      valueName: 'Age',
      query: `sort_desc(time() - max by (source, name) (ingest_newest_observation_timestamp_seconds{${HERE}}))`,
    }),
  ],
};
