// The name of every file in the data directory is built and parsed here, and only from parsed UUIDs, so
// that nothing a caller sends can name a file.

import { randomBytes } from 'node:crypto';
import { assert } from '../core/assert.js';
import { Uuid } from '../core/uuid.js';

export const SOURCES_FILE = 'sources.parquet';
export const DELETIONS_FILE = 'deletions.parquet';
/** Which store the directory holds: see `store-identity.ts`. */
export const IDENTITY_FILE = 'store.json';
export const LOCK_FILE = 'lock';
/** The folder of the write-ahead log. */
export const LOG_FOLDER = 'wal';
/** The folder of what can be made again from the files. */
export const INDEX_FOLDER = 'indexes';
export const CHECKPOINT_FILE = `${INDEX_FOLDER}/catalog.arrow`;

const TEMPORARY_NAME = /^(.+)\.[0-9a-f]{12}\.tmp$/;
const SERIES_NAME = /^series_([0-9a-f-]{36})\.parquet$/;
const POINTS_NAME = /^data_points_([0-9a-f-]{36})\.parquet$/;
const LOG_SEGMENT_NAME = /^wal\/(\d{10})\.log$/;
const DAMAGED_LOG_NAME = /^wal\/(\d{10})\.log\.damaged$/;
/** At one segment a second, enough for 300 years. */
const LOG_ORDINAL_MAX = 9_999_999_999;

export function seriesFile(id: Uuid): string {
  return `series_${id}.parquet`;
}

export function pointsFile(id: Uuid): string {
  return `data_points_${id}.parquet`;
}

/** @param ordinal a whole number from 1 */
export function logSegmentFile(ordinal: number): string {
  assert(
    Number.isInteger(ordinal) && ordinal >= 1 && ordinal <= LOG_ORDINAL_MAX,
    `a log segment has a number, received ${ordinal}`,
  );
  return `${LOG_FOLDER}/${String(ordinal).padStart(10, '0')}.log`;
}

/** Where a damaged segment is kept once everything readable was taken from it. */
export function damagedLogFile(ordinal: number): string {
  return `${logSegmentFile(ordinal)}.damaged`;
}

/** The folder that a file is in; empty for the data directory itself. */
export function folderOf(name: string): string {
  return name.includes('/') ? name.slice(0, name.lastIndexOf('/')) : '';
}

/** A name in the same folder that no other file has, and that the next start removes if it is left behind. */
export function temporaryFile(name: string): string {
  return `${name}.${randomBytes(6).toString('hex')}.tmp`;
}

export type ParsedName =
  | { readonly kind: 'series' | 'points'; readonly id: Uuid }
  | { readonly kind: 'log' | 'damaged-log'; readonly ordinal: number }
  | {
      readonly kind:
        'sources' | 'deletions' | 'identity' | 'lock' | 'checkpoint' | 'temporary' | 'foreign';
    };

/** @param name that of a file in a folder begins with the folder: `wal/0000000001.log` */
export function parseFileName(name: string): ParsedName {
  if (name === SOURCES_FILE) return { kind: 'sources' };
  if (name === DELETIONS_FILE) return { kind: 'deletions' };
  if (name === IDENTITY_FILE) return { kind: 'identity' };
  if (name === LOCK_FILE) return { kind: 'lock' };
  if (name === CHECKPOINT_FILE) return { kind: 'checkpoint' };
  const series = Uuid.tryParse(SERIES_NAME.exec(name)?.[1] ?? '');
  if (series) return { kind: 'series', id: series };
  const points = Uuid.tryParse(POINTS_NAME.exec(name)?.[1] ?? '');
  if (points) return { kind: 'points', id: points };
  const segment = Number(LOG_SEGMENT_NAME.exec(name)?.[1] ?? 0);
  if (segment > 0) return { kind: 'log', ordinal: segment };
  const damaged = Number(DAMAGED_LOG_NAME.exec(name)?.[1] ?? 0);
  if (damaged > 0) return { kind: 'damaged-log', ordinal: damaged };
  // Only of a name that is ours: temporary files are removed, and nobody else's file may be.
  const target = TEMPORARY_NAME.exec(name)?.[1];
  if (target !== undefined && parseFileName(target).kind !== 'foreign')
    return { kind: 'temporary' };
  return { kind: 'foreign' };
}
