import { HERE, lines, quantile, quantiles, RATE, row, stat } from './panels.mjs';

const DURATION = 'graphql_operation_duration_seconds';
const QUERIES = { matchers: ['type="query"'] };
const MUTATIONS = { matchers: ['type="mutation"'] };

const lookups = (selector) => `sum(rate(cache_lookups_total{${selector}${HERE}}[${RATE}]))`;

export const GRAPHQL = {
  title: 'GraphQL Performance',
  description:
    'How fast operations are, which of them fail, and what the caches do for them. Operations have names here that METRICS_OPERATION_NAMES lists.',
  panels: [
    row('Is it well?'),
    stat({
      title: 'Operations',
      description: 'GraphQL operations answered a second, whatever the outcome.',
      unit: 'ops',
      query: `sum(rate(graphql_operations_total{${HERE}}[${RATE}]))`,
    }),
    stat({
      title: 'Failed by us',
      description:
        'Part of the operations with an error that is ours. The objective is below 0.1 %. The log has each with its cause.',
      unit: 'percentunit',
      decimals: 3,
      query: `sum(rate(graphql_operations_total{outcome="error",${HERE}}[${RATE}])) / sum(rate(graphql_operations_total{${HERE}}[${RATE}]))`,
      thresholds: [
        [null, 'green'],
        [0.001, 'orange'],
        [0.0144, 'red'],
      ],
    }),
    stat({
      title: 'Rejected',
      description:
        'Part of the operations refused for a fault of the caller. A rise after a release of a client points to that client.',
      unit: 'percentunit',
      decimals: 2,
      query: `sum(rate(graphql_operations_total{outcome="rejected",${HERE}}[${RATE}])) / sum(rate(graphql_operations_total{${HERE}}[${RATE}]))`,
      thresholds: [
        [null, 'green'],
        [0.2, 'orange'],
      ],
    }),
    stat({
      title: 'p99 of queries',
      description:
        'Of 100 queries 99 were faster. Good is below 100 ms, and below 10 ms where nearly all answers are in memory.',
      unit: 's',
      query: quantile(0.99, DURATION, QUERIES),
      thresholds: [
        [null, 'green'],
        [0.1, 'orange'],
        [0.5, 'red'],
      ],
    }),
    stat({
      title: 'p99 of mutations',
      description:
        'Of 100 mutations 99 were durable and answered faster. Slow ones: see the syncs of the log in Storage Operations.',
      unit: 's',
      query: quantile(0.99, DURATION, MUTATIONS),
      thresholds: [
        [null, 'green'],
        [0.25, 'orange'],
        [1, 'red'],
      ],
    }),
    stat({
      title: 'Answers from memory',
      description:
        'Part of the queries that could be answered from bytes in memory. Low is no fault where every query is another one.',
      unit: 'percentunit',
      decimals: 1,
      query: `${lookups('cache="responses",level="memory",outcome="hit",')} / ${lookups('cache="responses",level="memory",')}`,
    }),
    row('Rate and errors'),
    lines({
      title: 'Operations by type and outcome',
      description:
        '`unknown` are texts that could not be read as an operation. `error` is ours; look at the log of that minute.',
      unit: 'ops',
      min: 0,
      queries: {
        '{{type}} {{outcome}}': `sum by (type, outcome) (rate(graphql_operations_total{${HERE}}[${RATE}]))`,
      },
    }),
    lines({
      title: 'Operations by name',
      description:
        'Names of METRICS_OPERATION_NAMES; all others together as `other`, and `unnamed` without one.',
      unit: 'ops',
      min: 0,
      queries: {
        '{{operation}}': `sum by (operation) (rate(graphql_operations_total{${HERE}}[${RATE}]))`,
      },
    }),
    lines({
      title: 'Failures by name',
      description:
        'Operations a second that failed through our fault, by name. Good is nothing at all.',
      unit: 'ops',
      min: 0,
      queries: {
        '{{operation}}': `sum by (operation) (rate(graphql_operations_total{outcome="error",${HERE}}[${RATE}]))`,
      },
    }),
    lines({
      title: 'Refused and failed HTTP requests',
      description:
        'Answers of /graphql with a status from 400 on: 400 malformed, 413 too large, 429 too many, 503 not serving.',
      unit: 'reqps',
      min: 0,
      queries: {
        '{{status}}': `sum by (status) (rate(http_requests_total{route="/graphql",status=~"[45]..",${HERE}}[${RATE}]))`,
      },
    }),
    row('Duration'),
    lines({
      title: 'Queries',
      description:
        'From arrival to answer. The objective is 99 of 100 under 100 ms. If only p99 is high, see reads of files in Storage Operations.',
      unit: 's',
      min: 0,
      thresholds: [
        [null, 'green'],
        [0.1, 'red'],
      ],
      queries: quantiles(DURATION, QUERIES),
    }),
    lines({
      title: 'Mutations',
      description: 'From arrival to a durable answer; it contains the sync of the log.',
      unit: 's',
      min: 0,
      queries: quantiles(DURATION, MUTATIONS),
    }),
    lines({
      title: 'p99 by name',
      description:
        'Which operation is slow. Name it in METRICS_OPERATION_NAMES if it hides in `other`.',
      unit: 's',
      min: 0,
      queries: { '{{operation}}': quantile(0.99, DURATION, { by: ['operation'] }) },
    }),
    lines({
      title: 'Event loop held',
      description:
        'What every operation waits for, whatever it asks. Good is below 20 ms; see System Health.',
      unit: 's',
      min: 0,
      thresholds: [
        [null, 'green'],
        [0.1, 'red'],
      ],
      queries: {
        '{{instance}}': `max by (instance) (event_loop_held_seconds{percentile="100",${HERE}})`,
      },
    }),
    row('Caches'),
    lines({
      title: 'Hits by cache and level',
      description:
        'Part of look-ups that hit. `responses` are whole answers, `batches` decoded points. Few hits and many evictions: give the cache more bytes.',
      unit: 'percentunit',
      min: 0,
      max: 1,
      queries: {
        '{{cache}} {{level}}': `sum by (cache, level) (rate(cache_lookups_total{outcome="hit",${HERE}}[${RATE}])) / sum by (cache, level) (rate(cache_lookups_total{${HERE}}[${RATE}]))`,
      },
    }),
    lines({
      title: 'Look-ups by outcome',
      description:
        'Of Redis also `timeout`, `error` and `damaged`: then it costs more than it gives. `skipped` while it is away.',
      unit: 'ops',
      min: 0,
      queries: {
        '{{cache}} {{level}} {{outcome}}': `sum by (cache, level, outcome) (rate(cache_lookups_total{${HERE}}[${RATE}]))`,
      },
    }),
    lines({
      title: 'Bytes in memory',
      description: 'Bounded by CACHE_BYTES_MAX (batches) and RESPONSE_CACHE_BYTES_MAX (responses).',
      unit: 'bytes',
      min: 0,
      queries: { '{{instance}} {{cache}}': `cache_bytes{${HERE}}` },
    }),
    lines({
      title: 'Entries given up',
      description:
        '`room`: others needed it, the cache is too small for what is asked. `expired`: nobody asked again in time.',
      unit: 'ops',
      min: 0,
      queries: {
        '{{cache}} {{reason}}': `sum by (cache, reason) (rate(cache_evictions_total{${HERE}}[${RATE}]))`,
      },
    }),
    lines({
      title: 'Entries in memory',
      description: 'How many answers and decoded batches are kept.',
      unit: 'short',
      min: 0,
      queries: { '{{instance}} {{cache}}': `cache_entries{${HERE}}` },
    }),
    lines({
      title: 'Redis answers, p99',
      description: 'A look-up is given up after 25 ms. Empty where REDIS_URL is not set.',
      unit: 's',
      min: 0,
      queries: {
        '{{operation}}': quantile(0.99, 'cache_redis_operation_duration_seconds', {
          by: ['operation'],
        }),
      },
    }),
  ],
};
