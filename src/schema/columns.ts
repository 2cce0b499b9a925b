// What a stored column is. The columns of each kind of file are listed once (`series.columns.ts`,
// `data-point.columns.ts`, …); row types, Arrow schemas and Parquet schemas are derived from the list.

import type { CalendarDate } from '../core/calendar-date.js';
import type { Instant } from '../core/instant.js';
import type { Uuid } from '../core/uuid.js';

/** What a value of each kind is in a row object. */
export interface KindToType {
  uuid: Uuid;
  utf8: string;
  bool: boolean;
  date: CalendarDate;
  float64: number;
  /** microseconds, UTC */
  timestamp: Instant;
}

export type ColumnKind = keyof KindToType;

export interface Column {
  /** The name in files. */
  readonly name: string;
  readonly kind: ColumnKind;
  readonly nullable: boolean;
}

/** Columns by the name that they have in row objects, in the order that they have in files. */
export type Columns = Readonly<Record<string, Column>>;

export function column<const K extends ColumnKind>(name: string, kind: K) {
  return { name, kind, nullable: false } as const;
}

export function nullableColumn<const K extends ColumnKind>(name: string, kind: K) {
  return { name, kind, nullable: true } as const;
}

/** Whether two rows hold the same values in every column. */
export function sameRow<C extends Columns>(columns: C, a: RowOf<C>, b: RowOf<C>): boolean {
  return Object.keys(columns).every((key) => a[key] === b[key]);
}

/** The row object of a list of columns. */
export type RowOf<C extends Columns> = {
  readonly [Key in keyof C]: C[Key]['nullable'] extends true
    ? KindToType[C[Key]['kind']] | null
    : KindToType[C[Key]['kind']];
};
