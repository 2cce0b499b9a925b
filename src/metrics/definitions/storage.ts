// Metrics of what is stored: its reading, its writing, and what waits in between.

import type { MetricDefinition } from './metric-definition.js';

export const STORAGE_OPERATIONS_TOTAL = {
  type: 'counter',
  name: 'storage_operations_total',
  help: 'File reads (`read`), group commits to the log (`write`), movements from the log into files (`flush`) and compactions that were asked for (`compact`), by operation and outcome (`success`, `failure`)',
  labelNames: ['operation', 'outcome'],
  example: 'sum by (operation) (rate(storage_operations_total{outcome="failure"}[5m]))',
} satisfies MetricDefinition;

export const STORAGE_OPERATION_DURATION_SECONDS = {
  type: 'histogram',
  name: 'storage_operation_duration_seconds',
  help: 'Duration of file reads, group commits to the log (`write`), flushes and compactions, by operation',
  labelNames: ['operation'],
  buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120],
  example:
    'histogram_quantile(0.99, sum by (le, operation) (rate(storage_operation_duration_seconds_bucket[5m])))',
} satisfies MetricDefinition;

export const STORAGE_BYTES_TOTAL = {
  type: 'counter',
  name: 'storage_bytes_total',
  help: 'Bytes of files read (`read`), of commits written to the log (`write`) and of points files written (`flush`), by operation',
  labelNames: ['operation'],
  example: 'sum by (operation) (rate(storage_bytes_total[5m]))',
} satisfies MetricDefinition;

export const STORAGE_FILES_WRITTEN_TOTAL = {
  type: 'counter',
  name: 'storage_files_written_total',
  help: 'Files that flushes put in place, by kind (`points`: the stored rows of a series merged with its changes; `series`: its metadata)',
  labelNames: ['kind'],
  example: 'sum by (kind) (rate(storage_files_written_total[5m]))',
} satisfies MetricDefinition;

export const STORAGE_ROW_GROUPS_DECODED_TOTAL = {
  type: 'counter',
  name: 'storage_row_groups_decoded_total',
  help: 'Row groups of points files decoded for reads that no cache answered',
  example: 'rate(storage_row_groups_decoded_total[5m])',
} satisfies MetricDefinition;

export const STORAGE_COMMITS_TOTAL = {
  type: 'counter',
  name: 'storage_commits_total',
  help: 'Writing calls that became durable; many of them may share a group commit',
  example:
    'rate(storage_commits_total[5m]) / ignoring(operation, outcome) rate(storage_operations_total{operation="write",outcome="success"}[5m])',
} satisfies MetricDefinition;

export const STORAGE_POINTS_WRITTEN_TOTAL = {
  type: 'counter',
  name: 'storage_points_written_total',
  help: 'Points that commits stored: new ones and those with another value; what was there as sent does not count',
  example: 'rate(storage_points_written_total[5m])',
} satisfies MetricDefinition;

export const STORAGE_LOG_SYNC_DURATION_SECONDS = {
  type: 'summary',
  name: 'storage_log_sync_duration_seconds',
  help: 'Time that a sync of the write-ahead log took, by quantile, over the last ten minutes',
  percentiles: [0.5, 0.9, 0.99],
  maxAgeSeconds: 600,
  ageBuckets: 5,
  example: 'storage_log_sync_duration_seconds{quantile="0.99"}',
} satisfies MetricDefinition;

export const STORAGE_LOG_BYTES = {
  type: 'gauge',
  name: 'storage_log_bytes',
  help: 'Bytes in use of the write-ahead log',
  example: 'max_over_time(storage_log_bytes[1h])',
} satisfies MetricDefinition;

export const STORAGE_LOG_SEGMENTS = {
  type: 'gauge',
  name: 'storage_log_segments',
  help: 'Segments of the write-ahead log that are in use',
  example: 'storage_log_segments',
} satisfies MetricDefinition;

export const STORAGE_OLDEST_CHANGE_AGE_SECONDS = {
  type: 'gauge',
  name: 'storage_oldest_change_age_seconds',
  help: 'Age of the oldest change that the log has and no file; 0 where all is in files',
  example: 'max by (instance) (storage_oldest_change_age_seconds)',
} satisfies MetricDefinition;

export const STORAGE_UNFLUSHED_SERIES = {
  type: 'gauge',
  name: 'storage_unflushed_series',
  help: 'Series with changes of points that wait to be moved into their files',
  example: 'storage_unflushed_series / storage_series',
} satisfies MetricDefinition;

export const STORAGE_DELTA_BYTES = {
  type: 'gauge',
  name: 'storage_delta_bytes',
  help: 'Bytes of changes held in memory until they are in Parquet files',
  example: 'max_over_time(storage_delta_bytes[1h])',
} satisfies MetricDefinition;

export const STORAGE_WRITABLE = {
  type: 'gauge',
  name: 'storage_writable',
  help: 'Whether writes are taken: 1; 0 after a sync of the log that failed, until a restart, and while the service stops',
  example: 'storage_writable == 0',
} satisfies MetricDefinition;

export const STORAGE_ENCODER_THREADS = {
  type: 'gauge',
  name: 'storage_encoder_threads',
  help: 'Threads that encode files for flushes: 1 or 0',
  example: 'avg_over_time(storage_encoder_threads[1h])',
} satisfies MetricDefinition;

export const STORAGE_ENCODER_TASKS = {
  type: 'gauge',
  name: 'storage_encoder_tasks',
  help: 'Files that the encoding thread works on or that wait for it',
  example: 'max_over_time(storage_encoder_tasks[5m])',
} satisfies MetricDefinition;

export const STORAGE_DISK_FREE_BYTES = {
  type: 'gauge',
  name: 'storage_disk_free_bytes',
  help: 'Bytes that the service may still write to the file system of the data directory; NaN where it does not answer',
  example: 'predict_linear(storage_disk_free_bytes[6h], 86400) < 0',
} satisfies MetricDefinition;

export const STORAGE_DISK_SIZE_BYTES = {
  type: 'gauge',
  name: 'storage_disk_size_bytes',
  help: 'Size of the file system of the data directory; NaN where it does not answer',
  example: 'storage_disk_free_bytes / storage_disk_size_bytes',
} satisfies MetricDefinition;

export const STORAGE_QUARANTINED_FILES = {
  type: 'gauge',
  name: 'storage_quarantined_files',
  help: 'Damaged files that are reported and not served',
  example: 'storage_quarantined_files > 0',
} satisfies MetricDefinition;

export const STORAGE_SCRUBBED_FILES_TOTAL = {
  type: 'counter',
  name: 'storage_scrubbed_files_total',
  help: 'Stored files that were read and checked in the background',
  example: 'rate(storage_scrubbed_files_total[1h])',
} satisfies MetricDefinition;

export const STORAGE_SCRUB_DAMAGES_TOTAL = {
  type: 'counter',
  name: 'storage_scrub_damages_total',
  help: 'Damages that the background check found, by outcome (`quarantined`: not served; `repaired`: written anew from memory; `unreadable`: the disk did not answer)',
  labelNames: ['outcome'],
  example: 'increase(storage_scrub_damages_total[1d])',
} satisfies MetricDefinition;

export const STORAGE_SCRUB_PROGRESS_RATIO = {
  type: 'gauge',
  name: 'storage_scrub_progress_ratio',
  help: 'The part of the series that this pass of the background check has behind it, from 0 to 1',
  example: 'storage_scrub_progress_ratio',
} satisfies MetricDefinition;

export const STORAGE_SCRUB_LAST_PASS_TIMESTAMP_SECONDS = {
  type: 'gauge',
  name: 'storage_scrub_last_pass_timestamp_seconds',
  help: 'When every stored file had last been checked in the background, in seconds since 1970; 0 before the first time',
  example: 'time() - storage_scrub_last_pass_timestamp_seconds',
} satisfies MetricDefinition;
