// A panel with a row for each date and a column for each series: made as a whole, because every row needs
// every series, and therefore limited.

import { Field, Schema, type TypeMap } from 'apache-arrow';
import { AppError } from '../../core/app-error.js';
import type { PointRows } from '../../data-points/data-points.service.js';
import { ARROW_TYPES } from '../../schema/arrow-schema.js';
import { bitmapBytes } from '../../schema/bitmap.js';
import { bytesPart, NO_PART, type ColumnBody } from '../ipc/column-body.js';
import type { FlightDataMessage } from '../ipc/flight-data-message.js';
import { recordBatchMessage, schemaMessage } from '../ipc/messages.js';
import { MESSAGE_BYTES_TARGET } from './batcher.js';
import type { NamedSeries } from './point-columns.js';

/** 64 MB of values. */
const CELLS_MAX = 8_000_000;

/** Columns of a table that a client can still work with. */
const COLUMNS_MAX = 10_000;

/** `date`, then a column for each series: by external id, with the source where that alone is ambiguous. */
export function wideSchema(series: readonly NamedSeries[]): Schema<TypeMap> {
  if (series.length > COLUMNS_MAX) {
    throw tooLarge(`has ${series.length} columns`, COLUMNS_MAX, 'columns');
  }
  const uses = new Map<string, number>();
  for (const { externalId } of series) uses.set(externalId, (uses.get(externalId) ?? 0) + 1);
  const nameOf = ({ sourceId, externalId }: NamedSeries) =>
    uses.get(externalId) === 1 && externalId !== 'date' ? externalId : `${sourceId}/${externalId}`;
  return new Schema([
    new Field('date', ARROW_TYPES.date, true),
    ...series.map((named) => new Field(nameOf(named), ARROW_TYPES.float64, true)),
  ]);
}

/** One value for each date of a series. */
export interface Values {
  readonly dates: Int32Array;
  /** NaN where the value was published as missing. */
  readonly values: Float64Array;
}

/** Of a part of the answer of a series, so that nothing else of it is kept. */
export function valuesOf({ batch, rows }: PointRows): Values {
  const dates = new Int32Array(rows.length);
  const values = new Float64Array(rows.length);
  rows.forEach((row, index) => {
    dates[index] = batch.dates[row]!;
    values[index] = batch.isNull(row) ? Number.NaN : batch.values[row]!;
  });
  return { dates, values };
}

/** The parts of a series, in order, as one. */
export function joined(parts: readonly Values[]): Values {
  if (parts.length === 1) return parts[0]!;
  const length = parts.reduce((sum, part) => sum + part.dates.length, 0);
  const whole = { dates: new Int32Array(length), values: new Float64Array(length) };
  let at = 0;
  for (const { dates, values } of parts) {
    whole.dates.set(dates, at);
    whole.values.set(values, at);
    at += dates.length;
  }
  return whole;
}

/**
 * @param columns of the series, in the order of the schema
 * @throws AppError READ_TOO_LARGE
 */
export async function* wideMessages(
  schema: Schema<TypeMap>,
  columns: AsyncIterable<Values>,
): AsyncGenerator<FlightDataMessage> {
  yield schemaMessage(schema);
  const width = schema.fields.length - 1;
  const held: Values[] = [];
  const seen = new Set<number>();
  for await (const column of columns) {
    for (const date of column.dates) seen.add(date);
    if (seen.size * width > CELLS_MAX) {
      throw tooLarge(`has more than ${CELLS_MAX} values`, CELLS_MAX, 'values');
    }
    held.push(column);
  }
  const dates = Int32Array.from(seen).sort();
  const rowsMax = Math.max(64, Math.floor(MESSAGE_BYTES_TARGET / (8 * (width + 1))));
  const positions = new Int32Array(width);
  for (let from = 0; from < dates.length; from += rowsMax) {
    const part = dates.subarray(from, from + rowsMax);
    const bodies = held.map((column, index) => {
      const start = positions[index]!;
      const { body, end } = cells(column, start, part);
      positions[index] = end;
      return body;
    });
    const dateBody = { nullCount: 0, parts: [NO_PART, bytesPart(part)] };
    yield recordBatchMessage(part.length, [dateBody, ...bodies]);
  }
}

/** The values of some dates, from a position on, and the position behind them. */
function cells(
  { dates, values }: Values,
  start: number,
  wanted: Int32Array,
): { body: ColumnBody; end: number } {
  const column = new Float64Array(wanted.length);
  const valid = new Uint8Array(bitmapBytes(wanted.length));
  let nullCount = wanted.length;
  let at = start;
  for (let row = 0; row < wanted.length; row++) {
    if (dates[at] !== wanted[row]) continue;
    const value = values[at++]!;
    if (Number.isNaN(value)) continue;
    column[row] = value;
    valid[row >> 3]! |= 1 << (row & 7);
    nullCount--;
  }
  const validity = nullCount === 0 ? NO_PART : bytesPart(valid);
  return { body: { nullCount, parts: [validity, bytesPart(column)] }, end: at };
}

function tooLarge(what: string, limit: number, unit: string): AppError {
  return new AppError(
    'READ_TOO_LARGE',
    `The wide table ${what}, at most ${limit} ${unit} are allowed: ask for fewer series, a shorter date range, or the long layout`,
    { limit },
  );
}
