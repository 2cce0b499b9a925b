import type { Instant } from '../core/instant.js';
import { PointBatch, PointBatchBuilder } from '../schema/point-batch.js';
import { OriginalFlag, type PointUpserts } from './point-upserts.js';
import type { CalendarDate } from '../core/calendar-date.js';

export interface UpsertCounts {
  /** Keys that were not there before. */
  readonly added: number;
  /** Keys that were there with another value or another original-release flag. */
  readonly corrected: number;
  readonly unchanged: number;
}

/**
 * The points after a write at `instant`. A correction keeps `createdAt`; a point that was already there
 * as sent keeps both its times. A new point that did not say whether it is an original release is one
 * when no earlier publication of its date is known.
 */
export function mergePoints(
  base: PointBatch,
  upserts: PointUpserts,
  instant: Instant,
): { batch: PointBatch; counts: UpsertCounts } {
  const builder = new PointBatchBuilder(base.length + upserts.length);
  let added = 0;
  let corrected = 0;
  let baseRow = 0;
  /** Rows of the base before this one are in the builder, or were replaced. */
  let copied = 0;
  let lastDate: number | undefined;
  for (let row = 0; row < upserts.length; row++) {
    const date = upserts.dates[row]!;
    const revisionDate = upserts.revisionDates[row]!;
    let order = -1;
    while (baseRow < base.length) {
      order = base.dates[baseRow]! - date || base.revisionDates[baseRow]! - revisionDate;
      if (order >= 0) break;
      lastDate = base.dates[baseRow++]!;
    }
    const exists = baseRow < base.length && order === 0;
    if (exists && samePoint(base, baseRow, upserts, row)) {
      baseRow++;
    } else {
      builder.copyRows(base, copied, baseRow);
      copied = baseRow;
      const flag = upserts.originals[row];
      const isOriginal =
        flag === OriginalFlag.UNSAID
          ? exists
            ? base.isOriginal(baseRow)
            : lastDate !== date
          : flag === OriginalFlag.ORIGINAL;
      builder.append({
        date: date as CalendarDate,
        revisionDate: revisionDate as CalendarDate,
        value: valueOf(upserts, row),
        isOriginal,
        createdAt: exists ? base.createdAt(baseRow) : instant,
        updatedAt: instant,
      });
      if (exists) {
        corrected++;
        copied = ++baseRow;
      } else {
        added++;
      }
    }
    lastDate = date;
  }
  const counts = { added, corrected, unchanged: upserts.length - added - corrected };
  if (added === 0 && corrected === 0) return { batch: base, counts };
  builder.copyRows(base, copied, base.length);
  return { batch: builder.finish(), counts };
}

/** The points without those that `isDeleted` names. */
export function removePoints(
  base: PointBatch,
  isDeleted: (row: number) => boolean,
): { batch: PointBatch; deleted: number[] } {
  const deleted: number[] = [];
  for (let row = 0; row < base.length; row++) if (isDeleted(row)) deleted.push(row);
  if (deleted.length === 0) return { batch: base, deleted };
  const builder = new PointBatchBuilder(base.length - deleted.length);
  let next = 0;
  for (const row of deleted) {
    builder.copyRows(base, next, row);
    next = row + 1;
  }
  builder.copyRows(base, next, base.length);
  return { batch: builder.finish(), deleted };
}

function valueOf(upserts: PointUpserts, row: number) {
  const double = upserts.values[row]!;
  return Number.isNaN(double) ? null : { double, exact: upserts.exact.get(row) ?? null };
}

function samePoint(base: PointBatch, baseRow: number, upserts: PointUpserts, row: number): boolean {
  const flag = upserts.originals[row];
  if (
    flag !== OriginalFlag.UNSAID &&
    (flag === OriginalFlag.ORIGINAL) !== base.isOriginal(baseRow)
  ) {
    return false;
  }
  const value = valueOf(upserts, row);
  if (value === null || base.isNull(baseRow)) return value === null && base.isNull(baseRow);
  return base.values[baseRow] === value.double && base.exact(baseRow) === value.exact;
}
