// What a write does to the points of one series, decided before anything is stored: pure functions.

import type { Instant } from '../core/instant.js';
import type { Decimal } from '../core/decimal.js';
import { PointBatch, PointBatchBuilder, type PointValues } from '../schema/point-batch.js';
import type { PointKeys, PointsSummary } from './log/commit.js';
import { OriginalFlag, type PointUpserts } from './point-upserts.js';

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

export interface ResolvedUpserts {
  /** The rows that change, in key order: those sent, and those that lose the original-release flag. */
  readonly changes: PointBatch;
  /** The points as stored afterwards, in the order of the upserts. */
  readonly stored: PointBatch;
  readonly counts: UpsertCounts;
}

/**
 * Whether what is stored decides what the upserts do. Where a point's date is after every date that is
 * stored, neither its key nor an earlier publication of its date can be there; nor can its key where its
 * revision date is after every one that is stored, and it says itself whether it is an original release.
 * A release day therefore opens no file.
 */
export function needsStored(upserts: PointUpserts, { rows, ...stored }: PointsSummary): boolean {
  if (rows === 0) return false;
  const lastDate = stored.lastDate!;
  const lastRevisionDate = stored.lastRevisionDate!;
  if (upserts.dates[0]! > lastDate) return false;
  for (let row = 0; row < upserts.length && upserts.dates[row]! <= lastDate; row++) {
    const isNewest = upserts.revisionDates[row]! > lastRevisionDate;
    if (!isNewest || upserts.originals[row] === OriginalFlag.UNSAID) return true;
  }
  return false;
}

/**
 * The changes that a write at `instant` makes. A correction keeps `createdAt`; a point that was already
 * there as sent keeps both its times. A new point that did not say whether it is an original release is one
 * when no earlier publication of its date is known; it then takes the flag over from the publication that
 * had it, so that points may arrive in any order.
 * @param base all stored rows of the dates of the upserts, or none where `needsStored` says so
 */
export function resolveUpserts(
  base: PointBatch,
  upserts: PointUpserts,
  instant: Instant,
): ResolvedUpserts {
  if (base.length === 0) return allNew(upserts, instant);
  const stored = new PointBatchBuilder(upserts.length);
  const isChanged = new Uint8Array(upserts.length);
  /** Rows of the base that lose the flag, ascending. */
  const demoted: number[] = [];
  let added = 0;
  let corrected = 0;
  let baseRow = 0;
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
      const losesFlag = demoted.at(-1) === baseRow;
      if (losesFlag) demoted.pop();
      const hadFlag = base.isOriginal(baseRow) && !losesFlag;
      const isOriginal = unsaid ? hadFlag : flag === OriginalFlag.ORIGINAL;
      const isCorrection = isOriginal !== hadFlag || !sameValue(base, baseRow, sent.value);
      if (isCorrection || losesFlag) {
        stored.append({ ...sent, isOriginal, createdAt: base.createdAt(baseRow) });
        isChanged[row] = 1;
      } else {
        stored.copyRows(base, baseRow, baseRow + 1);
      }
      if (isCorrection) corrected++;
      baseRow++;
    } else {
      const isFirst = lastDate !== date;
      const isOriginal = unsaid ? isFirst : flag === OriginalFlag.ORIGINAL;
      stored.append({ ...sent, isOriginal, createdAt: instant });
      isChanged[row] = 1;
      added++;
      const next =
        baseRow < base.length && base.dates[baseRow] === date && base.isOriginal(baseRow);
      if (unsaid && isFirst && next) demoted.push(baseRow);
    }
    lastDate = date;
  }
  const batch = stored.finish();
  const counts = { added, corrected, unchanged: upserts.length - added - corrected };
  return { changes: changesOf(batch, isChanged, base, demoted, instant), stored: batch, counts };
}

function allNew(upserts: PointUpserts, instant: Instant): ResolvedUpserts {
  const { dates, originals, length } = upserts;
  const isOriginal = originals.map((flag, row) => {
    if (flag !== OriginalFlag.UNSAID) return flag;
    return row === 0 || dates[row] !== dates[row - 1]
      ? OriginalFlag.ORIGINAL
      : OriginalFlag.REVISION;
  });
  const builder = new PointBatchBuilder(length);
  builder.appendColumns({ ...upserts, isOriginal }, instant);
  const stored = builder.finish();
  return { changes: stored, stored, counts: { added: length, corrected: 0, unchanged: 0 } };
}

function changesOf(
  stored: PointBatch,
  isChanged: Uint8Array,
  base: PointBatch,
  demoted: readonly number[],
  instant: Instant,
): PointBatch {
  const changed = isChanged.reduce((sum, flag) => sum + flag, 0);
  if (changed === stored.length && demoted.length === 0) return stored;
  const builder = new PointBatchBuilder(changed + demoted.length);
  let next = 0;
  const appendDemoted = (): void => {
    const row = demoted[next++]!;
    builder.append({ ...pointAt(base, row), isOriginal: false, updatedAt: instant });
  };
  for (let row = 0; row < stored.length; row++) {
    while (next < demoted.length && isBefore(base, demoted[next]!, stored, row)) appendDemoted();
    if (isChanged[row] === 1) builder.copyRows(stored, row, row + 1);
  }
  while (next < demoted.length) appendDemoted();
  return builder.finish();
}

/** The keys of some rows. */
export function keysOf(batch: PointBatch, rows: readonly number[]): PointKeys {
  return {
    dates: Int32Array.from(rows, (row) => batch.dates[row]!),
    revisionDates: Int32Array.from(rows, (row) => batch.revisionDates[row]!),
  };
}

function isBefore(a: PointBatch, rowA: number, b: PointBatch, rowB: number): boolean {
  return (a.dates[rowA]! - b.dates[rowB]! || a.revisionDates[rowA]! - b.revisionDates[rowB]!) < 0;
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
