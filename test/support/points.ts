// Points as tests write them down, and batches as tests compare them: plain rows of texts.

import { expect } from 'vitest';
import { CalendarDate } from '../../src/core/calendar-date.js';
import { Decimal } from '../../src/core/decimal.js';
import type { Instant } from '../../src/core/instant.js';
import { Uuid } from '../../src/core/uuid.js';
import { PointBatchBuilder, type PointBatch } from '../../src/schema/point-batch.js';
import type { VintagesOfSeries } from '../../src/storage/data-points-store.js';
import type { StoredPoints } from '../../src/storage/parquet/points-file.js';
import {
  OriginalFlag,
  PointUpsertsBuilder,
  type PointUpserts,
} from '../../src/storage/point-upserts.js';
import { PublishedVintages } from '../../src/storage/vintages/published-vintages.js';
import { vintagesOf } from '../../src/storage/vintages/resolve-vintages.js';

export const SOURCE_ID = Uuid.parse('0198a000-0000-7000-8000-00000000000a');
export const OTHER_SOURCE_ID = Uuid.parse('0198a000-0000-7000-8000-00000000000b');

/** The n-th of some fixed identifiers, in ascending order. */
export function uuid(n: number): Uuid {
  return Uuid.parse(`0198a000-0000-7000-8000-${String(n).padStart(12, '0')}`);
}

export interface PlainPoint {
  readonly date: string;
  readonly revisionDate: string;
  readonly value: string | null;
  readonly isOriginal: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export function plainPoints(batch: PointBatch): PlainPoint[] {
  return Array.from({ length: batch.length }, (_, row) => ({
    date: CalendarDate.format(batch.dates[row] as CalendarDate),
    revisionDate: CalendarDate.format(batch.revisionDates[row] as CalendarDate),
    value: batch.decimal(row),
    isOriginal: batch.isOriginal(row),
    createdAt: batch.createdAt(row),
    updatedAt: batch.updatedAt(row),
  }));
}

export function batchOf(points: readonly PlainPoint[]): PointBatch {
  const builder = new PointBatchBuilder(points.length);
  for (const point of points) {
    builder.append({
      date: CalendarDate.parse(point.date),
      revisionDate: CalendarDate.parse(point.revisionDate),
      value: point.value === null ? null : Decimal.parse(point.value),
      isOriginal: point.isOriginal,
      createdAt: point.createdAt as Instant,
      updatedAt: point.updatedAt as Instant,
    });
  }
  return builder.finish();
}

/** What a points file of a series holds that no vintage was published of. */
export function unpublished(rows: PointBatch): StoredPoints {
  return { rows, vintages: new PublishedVintages() };
}

/** The vintages that these points form, one for each of their revision dates. */
export function vintages(
  seriesId: Uuid,
  points: readonly SentPoint[],
  isComplete = false,
): VintagesOfSeries {
  return { seriesId, vintages: vintagesOf(upserts(seriesId, ...points), isComplete) };
}

/** `[date, revisionDate, value]`, and whether it is an original release where the caller says so. */
export type SentPoint = readonly [string, string, string | null, boolean?];

export function upserts(seriesId: Uuid, ...points: SentPoint[]): PointUpserts {
  const builder = new PointUpsertsBuilder();
  for (const [date, revisionDate, value, original] of points) {
    builder.add(
      seriesId,
      CalendarDate.parse(date),
      CalendarDate.parse(revisionDate),
      value === null ? null : Decimal.parse(value),
      original === undefined
        ? OriginalFlag.UNSAID
        : original
          ? OriginalFlag.ORIGINAL
          : OriginalFlag.REVISION,
    );
  }
  const [built] = builder.finish();
  expect(built, 'upserts() is given at least one point').toBeDefined();
  return built!;
}

/** `date revisionDate value` of every row: enough for most assertions, and legible in their failures. */
export function brief(batch: PointBatch): string[] {
  return plainPoints(batch).map(
    ({ date, revisionDate, value }) => `${date} ${revisionDate} ${value ?? 'null'}`,
  );
}
