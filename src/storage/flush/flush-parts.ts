// What the flushes of points and of metadata have in common: what they work with, and in which steps.

import type { BatchCache } from '../../cache/batch-cache.js';
import type { KeyedLock } from '../../core/keyed-lock.js';
import type { StorageMetrics } from '../../metrics/storage-metrics.js';
import type { Disk } from '../disk.js';
import type { FileEncoder } from '../parquet/file-encoder.js';
import type { PointsFileOptions } from '../parquet/points-file.js';
import type { StoredState } from '../stored-state.js';

/** Files read or written side by side: more of them gain nothing, and files need descriptors. */
export const FILES_IN_FLIGHT = 16;
/** Series whose files are put in place under their locks, with one sync of the directory. */
const SERIES_PER_STEP = 64;

export interface FlushParts {
  readonly disk: Disk;
  readonly state: StoredState;
  /** By series id: writers of a series wait while its file is put in place, not while it is made. */
  readonly locks: KeyedLock;
  readonly encoder: FileEncoder;
  readonly cache: BatchCache;
  readonly metrics: StorageMetrics;
  readonly fileOptions: PointsFileOptions;
  /** How old a tombstone may become. */
  readonly deletionsKeepDays: number;
}

export function inSteps<T>(items: readonly T[]): T[][] {
  const steps: T[][] = [];
  for (let start = 0; start < items.length; start += SERIES_PER_STEP) {
    steps.push(items.slice(start, start + SERIES_PER_STEP));
  }
  return steps;
}
