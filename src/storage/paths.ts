// The name of every file in the data directory is built and parsed here, and only from parsed UUIDs, so
// that nothing a caller sends can name a file.

import { randomBytes } from 'node:crypto';
import { Uuid } from '../core/uuid.js';

export const SOURCES_FILE = 'sources.parquet';
export const DELETIONS_FILE = 'deletions.parquet';
export const LOCK_FILE = 'lock';

const TEMPORARY_NAME = /^(.+)\.[0-9a-f]{12}\.tmp$/;
const SERIES_NAME = /^series_([0-9a-f-]{36})\.parquet$/;
const POINTS_NAME = /^data_points_([0-9a-f-]{36})\.parquet$/;

export function seriesFile(id: Uuid): string {
  return `series_${id}.parquet`;
}

export function pointsFile(id: Uuid): string {
  return `data_points_${id}.parquet`;
}

/** A name that no other file has, and that the next start removes if it is left behind. */
export function temporaryFile(name: string): string {
  return `${name}.${randomBytes(6).toString('hex')}.tmp`;
}

export type ParsedName =
  | { readonly kind: 'series' | 'points'; readonly id: Uuid }
  | { readonly kind: 'sources' | 'deletions' | 'lock' | 'temporary' | 'foreign' };

export function parseFileName(name: string): ParsedName {
  if (name === SOURCES_FILE) return { kind: 'sources' };
  if (name === DELETIONS_FILE) return { kind: 'deletions' };
  if (name === LOCK_FILE) return { kind: 'lock' };
  const series = Uuid.tryParse(SERIES_NAME.exec(name)?.[1] ?? '');
  if (series) return { kind: 'series', id: series };
  const points = Uuid.tryParse(POINTS_NAME.exec(name)?.[1] ?? '');
  if (points) return { kind: 'points', id: points };
  // Only of a name that is ours: temporary files are removed, and nobody else's file may be.
  const target = TEMPORARY_NAME.exec(name)?.[1];
  if (target !== undefined && parseFileName(target).kind !== 'foreign')
    return { kind: 'temporary' };
  return { kind: 'foreign' };
}
