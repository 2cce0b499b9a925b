import { HERE, lines, oneOf, quantile, RATE, row, stat, table } from './panels.mjs';

export const SYSTEM = {
  title: 'System Health',
  description: 'The process, its event loop and memory, its network, Redis, and which build runs.',
  panels: [
    row('Is it well?'),
    stat({
      title: 'Event loop held',
      description:
        'The longest time in one go, of the last minute. All requests of an instance wait for it. Good is below 20 ms.',
      unit: 's',
      query: `max(event_loop_held_seconds{percentile="100",${HERE}})`,
      thresholds: [
        [null, 'green'],
        [0.1, 'orange'],
        [1, 'red'],
      ],
    }),
    stat({
      title: 'CPU',
      description:
        'Cores in use by the busiest instance. JavaScript uses one; more is the encoding thread, compression and garbage collection.',
      unit: 'short',
      decimals: 2,
      query: `max(rate(process_cpu_seconds_total{${HERE}}[${RATE}]))`,
      thresholds: [
        [null, 'green'],
        [0.8, 'orange'],
        [1.5, 'red'],
      ],
    }),
    stat({
      title: 'Resident memory',
      description: 'Of the largest instance. Compare with the limit of its container.',
      unit: 'bytes',
      query: `max(process_resident_memory_bytes{${HERE}})`,
    }),
    stat({
      title: 'Open files',
      description:
        'Part of the allowed file descriptors, connections included, of the fullest instance.',
      unit: 'percentunit',
      decimals: 1,
      query: `max(process_open_fds{${HERE}} / process_max_fds{${HERE}})`,
      thresholds: [
        [null, 'green'],
        [0.5, 'orange'],
        [0.8, 'red'],
      ],
    }),
    stat({
      title: 'Redis',
      description:
        'Whether all instances reach Redis. Without it answers are slower and still right. Nothing is shown where REDIS_URL is not set.',
      unit: 'short',
      query: `min(cache_redis_up{${HERE}})`,
      mappings: oneOf('Away', 'Up'),
      thresholds: [
        [null, 'red'],
        [1, 'green'],
      ],
    }),
    stat({
      title: 'Youngest instance',
      description:
        'Since the last start of any instance. Short ones, again and again, are crashes: see the log of the one before.',
      unit: 's',
      query: `min(time() - process_start_time_seconds{${HERE}})`,
      thresholds: [
        [null, 'orange'],
        [600, 'green'],
      ],
    }),
    row('Process'),
    lines({
      title: 'Event loop held, by percentile',
      description:
        'Every 5 ms it is looked whether the loop was free. A high `100` with a low `99` is one long task.',
      unit: 's',
      min: 0,
      queries: { '{{instance}} {{percentile}}': `event_loop_held_seconds{${HERE}}` },
    }),
    lines({
      title: 'CPU',
      description: 'Cores in use, of user code and of the system.',
      unit: 'short',
      min: 0,
      queries: {
        '{{instance}} user': `rate(process_cpu_user_seconds_total{${HERE}}[${RATE}])`,
        '{{instance}} system': `rate(process_cpu_system_seconds_total{${HERE}}[${RATE}])`,
      },
    }),
    lines({
      title: 'Memory',
      description:
        'Resident: all of it. Heap: JavaScript objects. External: buffers, the caches above all.',
      unit: 'bytes',
      min: 0,
      queries: {
        '{{instance}} resident': `process_resident_memory_bytes{${HERE}}`,
        '{{instance}} heap used': `nodejs_heap_size_used_bytes{${HERE}}`,
        '{{instance}} heap': `nodejs_heap_size_total_bytes{${HERE}}`,
        '{{instance}} external': `nodejs_external_memory_bytes{${HERE}}`,
      },
    }),
    lines({
      title: 'Garbage collection',
      description:
        'Seconds a second that the process stood still for it. Good is below 0.05; more means too small a heap or too large answers.',
      unit: 'percentunit',
      min: 0,
      queries: {
        '{{instance}} {{kind}}': `rate(nodejs_gc_duration_seconds_sum{${HERE}}[${RATE}])`,
      },
    }),
    lines({
      title: 'Handles',
      description:
        'What keeps the process busy: sockets, timers, the encoding thread. What only grows is a leak.',
      unit: 'short',
      min: 0,
      queries: {
        '{{instance}} {{type}}': `nodejs_active_handles{${HERE}}`,
        '{{instance}} open files': `process_open_fds{${HERE}}`,
      },
    }),
    lines({
      title: 'HTTP duration, p99 by route',
      description:
        'From arrival to the end of the answer. A slow /health is a slow disk or a held event loop.',
      unit: 's',
      min: 0,
      queries: {
        '{{route}}': quantile(0.99, 'http_request_duration_seconds', { by: ['route'] }),
      },
    }),
    row('Arrow Flight'),
    lines({
      title: 'Calls by outcome',
      description:
        '`error` is ours, `rejected` the fault of callers, `cancelled` are clients that went.',
      unit: 'ops',
      min: 0,
      queries: {
        '{{method}} {{outcome}}': `sum by (method, outcome) (rate(flight_calls_total{${HERE}}[${RATE}]))`,
      },
    }),
    lines({
      title: 'Duration, p99 by method',
      description:
        'To the end of the stream: large tables and slow readers take long, and that is well.',
      unit: 's',
      min: 0,
      queries: {
        '{{method}}': quantile(0.99, 'flight_call_duration_seconds', { by: ['method'] }),
      },
    }),
    lines({
      title: 'Bytes',
      description: 'Of messages, sent and received. The network of the machine is the usual limit.',
      unit: 'Bps',
      min: 0,
      queries: {
        '{{method}} {{direction}}': `sum by (method, direction) (rate(flight_bytes_total{${HERE}}[${RATE}]))`,
      },
    }),
    lines({
      title: 'Open streams',
      description: 'FLIGHT_STREAMS_MAX of them may be open; then callers are told to come back.',
      unit: 'short',
      min: 0,
      queries: { '{{instance}}': `flight_streams{${HERE}}` },
    }),
    row('Redis and build'),
    lines({
      title: 'Redis: values sent',
      description: '`dropped` values were not worth the wait. Empty where REDIS_URL is not set.',
      unit: 'ops',
      min: 0,
      queries: {
        '{{cache}} {{outcome}}': `sum by (cache, outcome) (rate(cache_redis_writes_total{${HERE}}[${RATE}]))`,
      },
    }),
    lines({
      title: 'Redis traffic',
      description:
        'Bytes of values a second, sent to Redis and received. Empty where REDIS_URL is not set.',
      unit: 'Bps',
      min: 0,
      queries: {
        '{{direction}}': `sum by (direction) (rate(cache_redis_bytes_total{${HERE}}[${RATE}]))`,
      },
    }),
    table({
      title: 'Builds',
      description:
        'Which version each instance runs. Two versions at once are an update that goes on, or one that stopped half-way.',
      unit: 'short',
      valueName: 'Instances',
      span: 24,
      query: `sum by (instance, version, node_version) (build_info{${HERE}})`,
    }),
  ],
};
