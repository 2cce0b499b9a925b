// Tables of rows that are objects: metadata and changes, of which there are few beside the points.

import { Field, Int64, Schema, type DataType, type TypeMap } from 'apache-arrow';
import { ARROW_TYPES } from '../../schema/arrow-schema.js';
import { boolBody, fixedBody, utf8Body, type ColumnBody } from '../ipc/column-body.js';

/** How a value of a row becomes one of a column. */
interface Kind<T> {
  readonly type: DataType;
  readonly body: (values: readonly T[]) => ColumnBody;
}

const text: Kind<string | null> = { type: ARROW_TYPES.utf8, body: utf8Body };

const day: Kind<number | null> = {
  type: ARROW_TYPES.date,
  body: (values) => {
    const days = new Int32Array(values.length);
    return fixedBody(values, days, (value, row) => (days[row] = value));
  },
};

const double: Kind<number | null> = {
  type: ARROW_TYPES.float64,
  body: (values) => {
    const doubles = new Float64Array(values.length);
    return fixedBody(values, doubles, (value, row) => (doubles[row] = value));
  },
};

function int64(type: DataType): Kind<number | null> {
  return {
    type,
    body: (values) => {
      const integers = new BigInt64Array(values.length);
      return fixedBody(values, integers, (value, row) => (integers[row] = BigInt(value)));
    },
  };
}

export const KINDS = {
  text,
  day,
  double,
  count: int64(new Int64()),
  instant: int64(ARROW_TYPES.timestamp),
  flag: { type: ARROW_TYPES.bool, body: boolBody } satisfies Kind<boolean | null>,
};

/** A column of a table of rows: its name, its kind, and where a row has its value. */
export interface RowColumn<Row> {
  readonly field: Field;
  readonly bodyOf: (rows: readonly Row[]) => ColumnBody;
}

export function rowColumn<Row, T>(
  name: string,
  kind: Kind<T>,
  valueOf: (row: Row) => T,
): RowColumn<Row> {
  return {
    field: new Field(name, kind.type, true),
    bodyOf: (rows) => kind.body(rows.map(valueOf)),
  };
}

export function schemaOf(columns: readonly RowColumn<never>[]): Schema<TypeMap> {
  return new Schema(columns.map(({ field }) => field));
}
