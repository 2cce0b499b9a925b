// What a flush has encoded, by the main thread or by another one: plain data in, plain data out.

import type { Instant } from '../../core/instant.js';
import type { Uuid } from '../../core/uuid.js';
import { PointBatch, type PointColumns } from '../../schema/point-batch.js';
import { SERIES_COLUMNS, type SeriesRow } from '../../schema/series.columns.js';
import { overlay } from '../delta/point-changes.js';
import { PublishedVintages, type VintageChange } from '../vintages/published-vintages.js';
import { encodeRows } from './metadata-file.js';
import {
  decodeExpected,
  type ExpectedFile,
  encodePoints,
  type EncodedPoints,
  type PointsFileOptions,
} from './points-file.js';

/** A points file and the changes that are to be in it. */
export interface MergeTask {
  readonly kind: 'merge';
  readonly seriesId: Uuid;
  readonly throughSeq: Instant;
  /** The file as it is; null where there is none. */
  readonly file: (ExpectedFile & { readonly bytes: Uint8Array }) | null;
  readonly changes: { readonly points: PointColumns; readonly removed: Uint8Array | null };
  readonly vintageChanges: readonly VintageChange[];
  readonly options: PointsFileOptions;
}

/** The metadata of a series. */
export interface SeriesTask {
  readonly kind: 'series';
  readonly row: SeriesRow;
}

export async function encodeSeries(row: SeriesRow): Promise<Uint8Array> {
  const { bytes } = await encodeRows(SERIES_COLUMNS, [row], {
    kind: 'series',
    seriesId: row.id,
    throughSeq: row.updatedAt,
    extra: {},
  });
  return bytes;
}

/** @throws DamagedFileError where the file is not the expected one */
export function mergeFile({ file, changes, vintageChanges, ...task }: MergeTask): EncodedPoints {
  const { seriesId, throughSeq, options } = task;
  const base =
    file === null
      ? { rows: PointBatch.EMPTY, vintages: new PublishedVintages() }
      : decodeExpected(file.bytes, seriesId, file);
  const { points, removed } = changes;
  const rows = overlay(base.rows, { points: PointBatch.fromColumns(points), removed });
  const vintages = base.vintages.apply(vintageChanges);
  return encodePoints({ rows, vintages }, seriesId, throughSeq, options);
}
