import {
  Bool,
  DateDay,
  Dictionary,
  Field,
  Float64,
  Int32,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  TimestampMicrosecond,
  Utf8,
  type Data,
  type DataType,
  type TypeMap,
} from 'apache-arrow';
import type { ColumnKind, Columns } from './columns.js';
import { DATA_POINT_COLUMNS } from './data-point.columns.js';

/** A dictionary of one entry, so that a constant identifier costs four bytes a row in memory. */
export const SERIES_ID_TYPE = new Dictionary(new Utf8(), new Int32(), 0);

export const ARROW_TYPES = {
  uuid: new Utf8(),
  utf8: new Utf8(),
  bool: new Bool(),
  date: new DateDay(),
  float64: new Float64(),
  timestamp: new TimestampMicrosecond('UTC'),
} satisfies Record<ColumnKind, DataType>;

/**
 * Every field is nullable, whatever the column says: a writer that infers `not null` from the rows at
 * hand makes files whose schemas differ, and those can no longer be concatenated.
 */
export function arrowSchema(columns: Columns): Schema<TypeMap> {
  return new Schema(
    Object.values(columns).map(({ name, kind }) => new Field(name, ARROW_TYPES[kind], true)),
  );
}

export const DATA_POINT_SCHEMA = arrowSchema(DATA_POINT_COLUMNS);

/** The schema of a points file: `series_id` first, then the columns of a batch in memory. */
export const DATA_POINT_FILE_SCHEMA = new Schema<TypeMap>([
  new Field('series_id', SERIES_ID_TYPE, true),
  ...DATA_POINT_SCHEMA.fields,
]);

/** A record batch of whole columns, in the order of the schema's fields. */
export function recordBatch(
  schema: Schema<TypeMap>,
  length: number,
  children: Data[],
): RecordBatch<TypeMap> {
  const type = new Struct<TypeMap>(schema.fields);
  return new RecordBatch(schema, makeData({ type, length, nullCount: 0, children }));
}
