// Files of a few rows (series, sources): written row by row with parquetjs-lite, read back with
// parquet-wasm, which is ten times faster and knows every encoding (docs/decisions/0001-parquet-libraries.md).

import { createRequire } from 'node:module';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import {
  DataType,
  tableFromIPC,
  TimeUnit,
  type Table,
  type TypeMap,
  type Vector,
} from 'apache-arrow';
import { readParquet } from 'parquet-wasm';
import { CalendarDate } from '../../core/calendar-date.js';
import { Instant } from '../../core/instant.js';
import { Uuid } from '../../core/uuid.js';
import { unreachable } from '../../core/assert.js';
import type { Column, ColumnKind, Columns, RowOf } from '../../schema/columns.js';
import {
  DamagedFileError,
  metadataOf,
  openSealed,
  seal,
  type FileFacts,
  type FileIdentity,
  type SealedFacts,
} from './file-seal.js';

interface ParquetField {
  readonly type: string;
  readonly optional: boolean;
}

/** The part of parquetjs-lite (which has no types of its own) that is used here. */
interface ParquetJs {
  readonly ParquetSchema: new (fields: Record<string, ParquetField>) => object;
  readonly ParquetWriter: {
    openStream(schema: object, stream: NodeJS.WritableStream): Promise<ParquetJsWriter>;
  };
}

interface ParquetJsWriter {
  setMetadata(key: string, value: string): void;
  appendRow(row: Record<string, unknown>): Promise<void>;
  close(): Promise<void>;
}

const { ParquetSchema, ParquetWriter } = createRequire(import.meta.url)(
  'parquetjs-lite',
) as ParquetJs;

const PARQUETJS_TYPES: Record<ColumnKind, string> = {
  uuid: 'UTF8',
  utf8: 'UTF8',
  bool: 'BOOLEAN',
  date: 'DATE',
  float64: 'DOUBLE',
  timestamp: 'TIMESTAMP_MICROS',
};

const MILLISECONDS_PER_DAY = 86_400_000;

export async function encodeRows<C extends Columns>(
  columns: C,
  rows: readonly RowOf<C>[],
  facts: FileFacts,
): Promise<{ bytes: Uint8Array; sha256: string }> {
  const fields = Object.values(columns).map(({ name, kind }): [string, ParquetField] => [
    name,
    // Optional whatever the column says, as in every file of ours (`arrowSchema`).
    { type: PARQUETJS_TYPES[kind], optional: true },
  ]);
  const stream = new PassThrough();
  const collected = buffer(stream);
  const writer = await ParquetWriter.openStream(
    new ParquetSchema(Object.fromEntries(fields)),
    stream,
  );
  for (const [key, value] of metadataOf(facts)) writer.setMetadata(key, value);
  for (const row of rows) await writer.appendRow(toParquetJs(columns, row));
  await writer.close();
  const bytes = await collected;
  return { bytes, ...seal(bytes) };
}

/**
 * @throws DamagedFileError where the file is not whole, not the expected one, or lacks a value that must
 *   be there
 */
export function decodeRows<C extends Columns>(
  columns: C,
  bytes: Uint8Array,
  expected: FileIdentity,
): { rows: RowOf<C>[]; facts: SealedFacts } {
  const facts = openSealed(bytes, expected);
  const table = tableFromIPC<TypeMap>(readParquet(bytes).intoIPCStream());
  return { rows: rowsOfTable(columns, table), facts };
}

/** Rows by column name; a column that the file does not have is null, where it may be. */
export function rowsOfTable<C extends Columns>(columns: C, table: Table<TypeMap>): RowOf<C>[] {
  const readers = Object.entries(columns).map(([key, column]) => {
    return { key, column, read: readerOf(column, table.getChild(column.name)) };
  });
  return Array.from({ length: table.numRows }, (_, index) => {
    const row: Record<string, unknown> = {};
    for (const { key, column, read } of readers) {
      const value = read(index);
      if (value === null && !column.nullable) {
        throw new DamagedFileError(`column ${column.name} is empty in row ${index}`);
      }
      row[key] = value;
    }
    return row as RowOf<C>;
  });
}

function toParquetJs<C extends Columns>(columns: C, row: RowOf<C>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(columns).map(([key, { name, kind }]) => {
      const value = row[key];
      // parquetjs-lite refuses the integers of dates before 1970, but takes their `Date`.
      const isDate = kind === 'date' && typeof value === 'number';
      return [name, isDate ? new Date(value * MILLISECONDS_PER_DAY) : (value ?? undefined)];
    }),
  );
}

const MICROSECONDS: Record<TimeUnit, (stored: bigint) => bigint> = {
  [TimeUnit.SECOND]: (stored) => stored * 1_000_000n,
  [TimeUnit.MILLISECOND]: (stored) => stored * 1000n,
  [TimeUnit.MICROSECOND]: (stored) => stored,
  [TimeUnit.NANOSECOND]: (stored) => stored / 1000n,
};

function readerOf(
  { kind, name }: Column,
  vector: Vector<DataType> | null,
): (index: number) => unknown {
  if (vector === null) return () => null;
  if (kind !== 'timestamp') {
    return (index) => {
      const stored: unknown = vector.get(index);
      return stored === null ? null : fromArrow(kind, stored);
    };
  }
  // `get` answers timestamps in milliseconds, whose fractions a double holds exactly until 2109 only.
  const { type } = vector;
  if (!DataType.isTimestamp(type)) throw new DamagedFileError(`column ${name} has no timestamps`);
  const micros = MICROSECONDS[type.unit];
  const stored = vector.toArray() as BigInt64Array;
  return (index) => (vector.isValid(index) ? Instant.of(Number(micros(stored[index]!))) : null);
}

/** What apache-arrow's `get` answers, as the type of a row. */
function fromArrow(kind: Exclude<ColumnKind, 'timestamp'>, stored: unknown): unknown {
  switch (kind) {
    case 'uuid':
      return Uuid.tryParse(String(stored)) ?? damaged(kind, stored);
    case 'utf8':
      return String(stored);
    case 'bool':
      return Boolean(stored);
    case 'float64':
      return Number(stored);
    case 'date':
      // apache-arrow answers dates in milliseconds.
      return CalendarDate.fromDays(Number(stored) / MILLISECONDS_PER_DAY) ?? damaged(kind, stored);
    default:
      return unreachable(kind);
  }
}

function damaged(kind: string, stored: unknown): never {
  throw new DamagedFileError(`${String(stored)} is not a ${kind}`);
}
