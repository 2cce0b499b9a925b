// Every metric of the service: name, meaning, labels. Names follow the Prometheus rules: base unit as a
// suffix, counters end in `_total`. Labels take few, known values.

export const GRAPHQL_OPERATIONS_TOTAL = {
  name: 'graphql_operations_total',
  help: 'GraphQL operations answered, by type (query, mutation) and outcome (success, error, cancelled)',
  labelNames: ['type', 'outcome'],
};

export const GRAPHQL_OPERATION_DURATION_SECONDS = {
  name: 'graphql_operation_duration_seconds',
  help: 'Time from the arrival of a GraphQL operation to its answer, by type',
  labelNames: ['type'],
  // The promised latencies are 5 ms cached and 100 ms cold; the steps around them are the fine ones.
  buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
};

export const STORAGE_OPERATIONS_TOTAL = {
  name: 'storage_operations_total',
  help: 'File reads, group commits to the log (write) and flushes, by operation and outcome (success, failure)',
  labelNames: ['operation', 'outcome'],
};

export const STORAGE_OPERATION_DURATION_SECONDS = {
  name: 'storage_operation_duration_seconds',
  help: 'Duration of file reads, group commits to the log (write) and flushes, by operation',
  labelNames: ['operation'],
  buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5],
};

export const STORAGE_BYTES_TOTAL = {
  name: 'storage_bytes_total',
  help: 'Bytes of files read, and of commits written to the log, by operation',
  labelNames: ['operation'],
};

export const STORAGE_ROW_GROUPS_DECODED_TOTAL = {
  name: 'storage_row_groups_decoded_total',
  help: 'Row groups of points files decoded for reads that no cache answered',
};

export const STORAGE_LOG_BYTES = {
  name: 'storage_log_bytes',
  help: 'Bytes in use of the write-ahead log',
};

export const STORAGE_DELTA_BYTES = {
  name: 'storage_delta_bytes',
  help: 'Bytes of changes held in memory until they are in Parquet files',
};

export const STORAGE_QUARANTINED_FILES = {
  name: 'storage_quarantined_files',
  help: 'Damaged files that are reported and not served',
};

export const STORAGE_SERIES = {
  name: 'storage_series',
  help: 'Series in the catalogue',
};

export const STORAGE_SCRUBBED_FILES_TOTAL = {
  name: 'storage_scrubbed_files_total',
  help: 'Stored files that were read and checked in the background',
};

export const STORAGE_SCRUB_LAST_PASS_TIMESTAMP_SECONDS = {
  name: 'storage_scrub_last_pass_timestamp_seconds',
  help: 'When every stored file had last been checked in the background, in seconds since 1970; 0 before the first time',
};

export const CACHE_LOOKUPS_TOTAL = {
  name: 'cache_lookups_total',
  help: 'Look-ups by cache (batches, responses), level (memory, redis) and outcome (hit, miss; of Redis also timeout, damaged, error, and skipped while it is away)',
  labelNames: ['cache', 'level', 'outcome'],
};

export const CACHE_BYTES = {
  name: 'cache_bytes',
  help: 'Bytes held in memory, by cache (batches, responses)',
  labelNames: ['cache'],
};

export const CACHE_REDIS_WRITES_TOTAL = {
  name: 'cache_redis_writes_total',
  help: 'Values for Redis, by cache (batches, responses) and outcome (stored, dropped, error)',
  labelNames: ['cache', 'outcome'],
};

export const CACHE_REDIS_BYTES_TOTAL = {
  name: 'cache_redis_bytes_total',
  help: 'Bytes of values, by direction (sent to Redis and stored, received from it)',
  labelNames: ['direction'],
};

export const CACHE_REDIS_OPERATION_DURATION_SECONDS = {
  name: 'cache_redis_operation_duration_seconds',
  help: 'Time until Redis answered or was given up, by operation (get, set, ping)',
  labelNames: ['operation'],
  // A look-up is given up after 25 ms, a write after a second.
  buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.25, 1],
};

export const CACHE_REDIS_UP = {
  name: 'cache_redis_up',
  help: 'Whether Redis answers: 1 or 0; without a meaning where REDIS_URL is not set',
};

export const FLIGHT_CALLS_TOTAL = {
  name: 'flight_calls_total',
  help: 'Arrow Flight calls that have ended, by method and outcome (success, error, cancelled)',
  labelNames: ['method', 'outcome'],
};

export const FLIGHT_CALL_DURATION_SECONDS = {
  name: 'flight_call_duration_seconds',
  help: 'Time from the arrival of an Arrow Flight call to its end, by method',
  labelNames: ['method'],
  // From a small read in memory to a panel that a slow client takes minutes for.
  buckets: [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120],
};

export const FLIGHT_BYTES_TOTAL = {
  name: 'flight_bytes_total',
  help: 'Bytes of Arrow Flight messages, by method and direction (sent, received)',
  labelNames: ['method', 'direction'],
};

export const FLIGHT_STREAMS = {
  name: 'flight_streams',
  help: 'Arrow Flight streams that are open',
};
