// Metrics of what there is: how much, and how fresh.

import type { MetricDefinition } from './metric-definition.js';

export const STORAGE_SERIES = {
  type: 'gauge',
  name: 'storage_series',
  help: 'Series in the catalogue',
  example: 'max(storage_series)',
} satisfies MetricDefinition;

export const STORAGE_POINTS = {
  type: 'gauge',
  name: 'storage_points',
  help: 'Stored points: every revision of every date',
  example: 'storage_points / storage_series',
} satisfies MetricDefinition;

export const STORAGE_SOURCES = {
  type: 'gauge',
  name: 'storage_sources',
  help: 'Registered data sources',
  example: 'max(storage_sources)',
} satisfies MetricDefinition;

const SOURCE_LABELS =
  'by source (its id) and name (where it is registered); sources that are not active are left out, and those beyond the hundred with the most series are told together, as `other`';

export const INGEST_NEWEST_CHANGE_TIMESTAMP_SECONDS = {
  type: 'gauge',
  name: 'ingest_newest_change_timestamp_seconds',
  help: `When points of a source last changed (stored, deleted or compacted), in seconds since 1970, ${SOURCE_LABELS}`,
  labelNames: ['source', 'name'],
  example: 'time() - ingest_newest_change_timestamp_seconds',
} satisfies MetricDefinition;

export const INGEST_NEWEST_OBSERVATION_TIMESTAMP_SECONDS = {
  type: 'gauge',
  name: 'ingest_newest_observation_timestamp_seconds',
  help: `The newest date observed, in seconds since 1970, ${SOURCE_LABELS}`,
  labelNames: ['source', 'name'],
  example: 'time() - ingest_newest_observation_timestamp_seconds',
} satisfies MetricDefinition;
