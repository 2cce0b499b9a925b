// Rows of metadata as JSON text by column key, so that a release that adds a nullable column still reads
// the log of the release before it.

import { unreachable } from '../../core/assert.js';
import { CalendarDate } from '../../core/calendar-date.js';
import { Uuid } from '../../core/uuid.js';
import type { ColumnKind, Columns, RowOf } from '../../schema/columns.js';
import { MalformedBytesError } from './bytes.js';

export function rowToJson<C extends Columns>(columns: C, row: RowOf<C>): string {
  return JSON.stringify(Object.fromEntries(Object.keys(columns).map((key) => [key, row[key]])));
}

/** @throws MalformedBytesError where a value that must be there is not, or is none of its column */
export function rowFromJson<C extends Columns>(columns: C, text: string): RowOf<C> {
  const stored = parseObject(text);
  const row: Record<string, unknown> = {};
  for (const [key, { kind, nullable }] of Object.entries(columns)) {
    const value = stored.get(key) ?? null;
    if (value === null ? !nullable : !isOfKind(kind, value)) {
      throw new MalformedBytesError(`${key} is not a ${kind}: ${JSON.stringify(value)}`);
    }
    row[key] = value;
  }
  return row as RowOf<C>;
}

function parseObject(text: string): Map<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new MalformedBytesError('a row is not JSON', { cause: error });
  }
  if (typeof parsed !== 'object' || parsed === null) {
    throw new MalformedBytesError('a row is not an object');
  }
  return new Map(Object.entries(parsed));
}

function isOfKind(kind: ColumnKind, value: unknown): boolean {
  switch (kind) {
    case 'uuid':
      return typeof value === 'string' && Uuid.tryParse(value) === value;
    case 'utf8':
      return typeof value === 'string';
    case 'bool':
      return typeof value === 'boolean';
    case 'float64':
      return typeof value === 'number';
    case 'date':
      return typeof value === 'number' && CalendarDate.fromDays(value) !== undefined;
    case 'timestamp':
      return Number.isSafeInteger(value);
    default:
      return unreachable(kind);
  }
}
