import type { Instant } from '../core/instant.js';
import { PointBatchBuilder, type PointBatch, type PointValues } from '../schema/point-batch.js';
import { OriginalFlag, type PointUpserts } from './point-upserts.js';
import type { Decimal } from '../core/decimal.js';

export interface UpsertCounts {
  /** Keys that were not there before. */
  readonly added: number;
  /** Keys that were there with another value or another original-release flag. */
  readonly corrected: number;
  readonly unchanged: number;
}

/** The counts of several series or calls together. */
export function addCounts(parts: readonly UpsertCounts[]): UpsertCounts {
  const sum = (count: keyof UpsertCounts) => parts.reduce((total, part) => total + part[count], 0);
  return { added: sum('added'), corrected: sum('corrected'), unchanged: sum('unchanged') };
}

/**
 * The points after a write at `instant`. A correction keeps `createdAt`; a point that was already there
 * as sent keeps both its times. A new point that did not say whether it is an original release is one
 * when no earlier publication of its date is known; it then takes the flag over from the publication that
 * had it, so that points may arrive in any order.
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
  /** The row of the base whose flag a new row took over; it comes at or behind `copied`. */
  let demoted: number | undefined;
  const copyUpTo = (end: number): void => {
    if (demoted !== undefined && demoted < end) {
      builder.copyRows(base, copied, demoted);
      builder.append({ ...pointAt(base, demoted), isOriginal: false, updatedAt: instant });
      copied = demoted + 1;
      demoted = undefined;
    }
    builder.copyRows(base, copied, end);
    copied = end;
  };
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
    const sent = { date, revisionDate, value: valueOf(upserts, row), updatedAt: instant };
    const flag = upserts.originals[row];
    const unsaid = flag === OriginalFlag.UNSAID;
    if (exists) {
      const stored = base.isOriginal(baseRow) && demoted !== baseRow;
      const isOriginal = unsaid ? stored : flag === OriginalFlag.ORIGINAL;
      if (isOriginal !== stored || !sameValue(base, baseRow, sent.value)) {
        copyUpTo(baseRow);
        builder.append({ ...sent, isOriginal, createdAt: base.createdAt(baseRow) });
        copied = baseRow + 1;
        corrected++;
        if (demoted === baseRow) demoted = undefined;
      }
      baseRow++;
    } else {
      copyUpTo(baseRow);
      const isFirst = lastDate !== date;
      const isOriginal = unsaid ? isFirst : flag === OriginalFlag.ORIGINAL;
      builder.append({ ...sent, isOriginal, createdAt: instant });
      const heldFlag =
        baseRow < base.length && base.dates[baseRow] === date && base.isOriginal(baseRow);
      if (unsaid && isFirst && heldFlag) demoted = baseRow;
      added++;
    }
    lastDate = date;
  }
  const counts = { added, corrected, unchanged: upserts.length - added - corrected };
  if (added === 0 && corrected === 0) return { batch: base, counts };
  copyUpTo(base.length);
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

function valueOf(upserts: PointUpserts, row: number): Decimal | null {
  const double = upserts.values[row]!;
  return Number.isNaN(double) ? null : { double, exact: upserts.exact.get(row) ?? null };
}

function sameValue(base: PointBatch, row: number, value: Decimal | null): boolean {
  if (value === null || base.isNull(row)) return value === null && base.isNull(row);
  return base.values[row] === value.double && base.exact(row) === value.exact;
}

function pointAt(base: PointBatch, row: number): PointValues {
  return {
    date: base.dates[row]!,
    revisionDate: base.revisionDates[row]!,
    value: base.isNull(row) ? null : { double: base.values[row]!, exact: base.exact(row) },
    isOriginal: base.isOriginal(row),
    createdAt: base.createdAt(row),
    updatedAt: base.updatedAt(row),
  };
}
