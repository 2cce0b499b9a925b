// Filter, order and pages over series metadata: pure functions.

import { validationError } from '../core/app-error.js';
import type { SeriesRow } from '../schema/series.columns.js';
import { OrderDirection, SeriesOrderField, type SeriesFilter } from './series.inputs.js';
import { parseFrequency, parseSeasonalAdjustment } from './vocabulary.js';

export interface Order {
  readonly field: SeriesOrderField;
  readonly direction: OrderDirection;
}

export const DEFAULT_ORDER: Order = {
  field: SeriesOrderField.EXTERNAL_ID,
  direction: OrderDirection.ASC,
};

/**
 * The condition that a filter stands for.
 * @throws AppError VALIDATION_ERROR for a word that is not in the vocabulary
 */
export function compileFilter(
  filter: SeriesFilter | null | undefined,
): (row: SeriesRow) => boolean {
  const conditions: ((row: SeriesRow) => boolean)[] = [];
  const { sourceId, isActive, externalIdPrefix: prefix } = filter ?? {};
  if (sourceId != null) conditions.push((row) => row.sourceId === sourceId);
  if (isActive != null) conditions.push((row) => row.isActive === isActive);
  if (prefix != null) conditions.push((row) => row.externalId.startsWith(prefix));
  if (filter?.frequency != null) {
    const frequency = parseFrequency(filter.frequency, 'filter.frequency');
    conditions.push((row) => row.frequency === frequency);
  }
  if (filter?.seasonalAdjustment != null) {
    const adjustment = parseSeasonalAdjustment(
      filter.seasonalAdjustment,
      'filter.seasonalAdjustment',
    );
    conditions.push((row) => row.seasonalAdjustment === adjustment);
  }
  if (filter?.titleContains != null) {
    const part = filter.titleContains.toLowerCase();
    conditions.push((row) => row.title.toLowerCase().includes(part));
  }
  return (row) => conditions.every((condition) => condition(row));
}

type OrderKey = string | number;

/** By the field, then by id, so that the order is total and pages never overlap. */
export function compareRows(order: Order): (a: SeriesRow, b: SeriesRow) => number {
  const sign = order.direction === OrderDirection.ASC ? 1 : -1;
  return (a, b) => sign * (compare(a[order.field], b[order.field]) || compare(a.id, b.id));
}

function compare(a: OrderKey, b: OrderKey): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Names a place in an order, not a row: the row may be gone when the next page is asked for. */
export function encodeCursor(row: SeriesRow, order: Order): string {
  const parts = [order.field, order.direction, row[order.field], row.id];
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/**
 * The condition "comes after the cursor".
 * @throws AppError VALIDATION_ERROR where the cursor was not made by `encodeCursor` for this order
 */
export function afterCursor(cursor: string, order: Order): (row: SeriesRow) => boolean {
  const { field, direction }: { field: string; direction: string } = order;
  const parts = decodeCursor(cursor);
  if (parts?.[0] !== field || parts[1] !== direction) {
    throw validationError('after', 'after must be a cursor of a page with the same orderBy');
  }
  const [, , key, id] = parts;
  const sign = order.direction === OrderDirection.ASC ? 1 : -1;
  return (row) => sign * (compare(row[order.field], key) || compare(row.id, id)) > 0;
}

function decodeCursor(cursor: string): [string, string, OrderKey, string] | undefined {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    const whole =
      Array.isArray(parts) &&
      parts.length === 4 &&
      (typeof parts[2] === 'string' || typeof parts[2] === 'number') &&
      [parts[0], parts[1], parts[3]].every((part) => typeof part === 'string');
    return whole ? (parts as [string, string, OrderKey, string]) : undefined;
  } catch {
    // Whatever does not parse was not made here; the caller hears so.
    return undefined;
  }
}
