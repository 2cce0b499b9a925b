// Every value that one date ever had.

import type { CalendarDate } from '../../core/calendar-date.js';
import { Decimal } from '../../core/decimal.js';
import { mapped, type Steps } from '../../core/steps.js';
import type { PointBatch } from '../../schema/point-batch.js';
import { percentChange } from '../transforms/decimal-arithmetic.js';

export interface RevisionOfDate {
  readonly revisionDate: CalendarDate;
  readonly value: string | null;
  /** Against the publication before; null where one of both has no value. */
  readonly change: string | null;
  /** Null also where one of both values is not above zero. */
  readonly changePercent: number | null;
}

/**
 * @param batch the publications of one date
 * @param rows of it
 */
export function revisionHistory(batch: PointBatch, rows: Uint32Array): Steps<RevisionOfDate[]> {
  return mapped(rows, (row) => ({
    revisionDate: batch.revisionDates[row] as CalendarDate,
    value: batch.decimal(row),
    ...changeOf(batch, row),
  }));
}

function changeOf(
  batch: PointBatch,
  row: number,
): Pick<RevisionOfDate, 'change' | 'changePercent'> {
  if (row === 0 || batch.isNull(row) || batch.isNull(row - 1)) {
    return { change: null, changePercent: null };
  }
  const before = batch.values[row - 1]!;
  const value = batch.values[row]!;
  return {
    change: Decimal.difference(batch.decimal(row)!, batch.decimal(row - 1)!),
    changePercent: value > 0 && before > 0 ? percentChange(value, before) : null,
  };
}
