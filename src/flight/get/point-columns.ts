// The columns in which points are sent: chosen by name, gathered from the batches of many series straight
// into the body of a message.

import { Dictionary, Field, Int32, Schema, Utf8, type DataType, type TypeMap } from 'apache-arrow';
import type { Uuid } from '../../core/uuid.js';
import { ARROW_TYPES } from '../../schema/arrow-schema.js';
import {
  bit,
  bitmapBytes,
  copyBits,
  countBits,
  setBits,
  type Bitmap,
} from '../../schema/bitmap.js';
import type { PointBatch, PointColumns } from '../../schema/point-batch.js';
import {
  bigInt64Of,
  float64Of,
  int32Of,
  NO_PART,
  utf8Body,
  type BodyPart,
  type ColumnBody,
} from '../ipc/column-body.js';

/** Whose points they are, as the dictionaries name it. */
export interface NamedSeries {
  readonly id: Uuid;
  readonly sourceId: Uuid;
  readonly externalId: string;
}

/** Rows of one series, ascending. */
export interface Segment {
  /** The place of the series in the dictionaries. */
  readonly index: number;
  readonly batch: PointBatch;
  readonly rows: Uint32Array;
}

type BodyOf = (segments: readonly Segment[], length: number) => ColumnBody;

interface PointColumn {
  readonly type: DataType;
  /** What the dictionary says of a series; of columns that are no dictionaries, undefined. */
  readonly named?: (series: NamedSeries) => string;
  readonly body: BodyOf;
}

function dictionaryColumn(id: number, named: (series: NamedSeries) => string): PointColumn {
  return { type: new Dictionary(new Utf8(), new Int32(), id), named, body: indexBody };
}

export const POINT_COLUMNS = {
  series_id: dictionaryColumn(0, ({ id }) => id),
  source_id: dictionaryColumn(1, ({ sourceId }) => sourceId),
  external_id: dictionaryColumn(2, ({ externalId }) => externalId),
  date: { type: ARROW_TYPES.date, body: int32Body(({ dates }) => dates) },
  revision_date: {
    type: ARROW_TYPES.date,
    body: int32Body(({ revisionDates }) => revisionDates),
  },
  value: { type: ARROW_TYPES.float64, body: valueBody },
  value_exact: { type: ARROW_TYPES.utf8, body: exactBody },
  decimal_value: { type: ARROW_TYPES.utf8, body: decimalBody },
  is_original_release: { type: ARROW_TYPES.bool, body: originalBody },
  created_at: { type: ARROW_TYPES.timestamp, body: instantBody((batch) => batch.createdAtMicros) },
  updated_at: { type: ARROW_TYPES.timestamp, body: instantBody((batch) => batch.updatedAtMicros) },
} as const satisfies Record<string, PointColumn>;

export type PointColumnName = keyof typeof POINT_COLUMNS;

/** Enough to compute with and to write back what was read. */
export const DEFAULT_COLUMNS: readonly PointColumnName[] = [
  'series_id',
  'date',
  'revision_date',
  'value',
  'value_exact',
  'is_original_release',
];

export function isPointColumn(name: string): name is PointColumnName {
  return Object.hasOwn(POINT_COLUMNS, name);
}

/** Every field is nullable, as in the files: parts of one answer can be concatenated. */
export function pointsSchema(names: readonly PointColumnName[]): Schema<TypeMap> {
  return new Schema(names.map((name) => new Field(name, POINT_COLUMNS[name].type, true)));
}

/** The chosen columns that are dictionaries of series. */
export function dictionariesOf(
  names: readonly PointColumnName[],
): { readonly id: number; readonly named: (series: NamedSeries) => string }[] {
  return names.flatMap((name) => {
    const { type, named }: PointColumn = POINT_COLUMNS[name];
    return named ? [{ id: (type as Dictionary).id, named }] : [];
  });
}

export function pointBodies(
  names: readonly PointColumnName[],
  segments: readonly Segment[],
  length: number,
): ColumnBody[] {
  return names.map((name) => POINT_COLUMNS[name].body(segments, length));
}

/** Whether the rows follow each other without a gap, so that they can be copied in one go. */
function isRun(rows: Uint32Array): boolean {
  return rows.at(-1)! - rows[0]! + 1 === rows.length;
}

function indexBody(segments: readonly Segment[], length: number): ColumnBody {
  const write = (to: Uint8Array): void => {
    const column = int32Of(to);
    let at = 0;
    for (const { index, rows } of segments) column.fill(index, at, (at += rows.length));
  };
  return { nullCount: 0, parts: [NO_PART, { byteLength: 4 * length, write }] };
}

function int32Body(of: (batch: PointBatch) => Int32Array): BodyOf {
  return (segments, length) => {
    const write = (to: Uint8Array): void => {
      const column = int32Of(to);
      let at = 0;
      for (const { batch, rows } of segments) {
        const from = of(batch);
        if (isRun(rows)) column.set(from.subarray(rows[0], rows[0]! + rows.length), at);
        else for (let row = 0; row < rows.length; row++) column[at + row] = from[rows[row]!]!;
        at += rows.length;
      }
    };
    return { nullCount: 0, parts: [NO_PART, { byteLength: 4 * length, write }] };
  };
}

function instantBody(of: (batch: PointBatch) => BigInt64Array): BodyOf {
  return (segments, length) => {
    const write = (to: Uint8Array): void => {
      const column = bigInt64Of(to);
      let at = 0;
      for (const { batch, rows } of segments) {
        const from = of(batch);
        if (isRun(rows)) column.set(from.subarray(rows[0], rows[0]! + rows.length), at);
        else copyInt64(column, at, from, rows);
        at += rows.length;
      }
    };
    return { nullCount: 0, parts: [NO_PART, { byteLength: 8 * length, write }] };
  };
}

/** As halves, because a 64-bit integer would become an object. */
function copyInt64(to: BigInt64Array, at: number, from: BigInt64Array, rows: Uint32Array): void {
  const source = new Int32Array(from.buffer, from.byteOffset, from.length * 2);
  const target = new Int32Array(to.buffer, to.byteOffset, to.length * 2);
  for (let row = 0; row < rows.length; row++) {
    const half = rows[row]! * 2;
    target[(at + row) * 2] = source[half]!;
    target[(at + row) * 2 + 1] = source[half + 1]!;
  }
}

function valueBody(segments: readonly Segment[], length: number): ColumnBody {
  const write = (to: Uint8Array): void => {
    const column = float64Of(to);
    let at = 0;
    for (const { batch, rows } of segments) {
      const { values } = batch;
      if (isRun(rows)) column.set(values.subarray(rows[0], rows[0]! + rows.length), at);
      else for (let row = 0; row < rows.length; row++) column[at + row] = values[rows[row]!]!;
      at += rows.length;
    }
  };
  const nullCount = nullsOf(segments);
  const validity = nullCount === 0 ? NO_PART : bitsPart(segments, length, ({ valid }) => valid);
  return { nullCount, parts: [validity, { byteLength: 8 * length, write }] };
}

function nullsOf(segments: readonly Segment[]): number {
  let nulls = 0;
  for (const { batch, rows } of segments) {
    const { valid } = batch.columns;
    if (valid === null) continue;
    if (isRun(rows)) nulls += rows.length - countBits(valid, rows[0]!, rows.length);
    else for (const row of rows) if (batch.isNull(row)) nulls++;
  }
  return nulls;
}

function originalBody(segments: readonly Segment[], length: number): ColumnBody {
  return { nullCount: 0, parts: [NO_PART, bitsPart(segments, length, ({ original }) => original)] };
}

/** @param of the bits of a batch; null where all are set */
function bitsPart(
  segments: readonly Segment[],
  length: number,
  of: (columns: PointColumns) => Bitmap | null,
): BodyPart {
  const write = (to: Uint8Array): void => {
    to.fill(0);
    let at = 0;
    for (const { batch, rows } of segments) {
      const from = of(batch.columns);
      if (from === null) setBits(to, at, rows.length);
      else if (isRun(rows)) copyBits(from, rows[0]!, to, at, rows.length);
      else {
        for (let index = 0; index < rows.length; index++) {
          if (!bit(from.bits, from.offset + rows[index]!)) continue;
          to[(at + index) >> 3]! |= 1 << ((at + index) & 7);
        }
      }
      at += rows.length;
    }
  };
  return { byteLength: bitmapBytes(length), write };
}

/** Most points have no exact text: then the column is as good as nothing to send. */
function exactBody(segments: readonly Segment[], length: number): ColumnBody {
  if (segments.some(({ batch }) => batch.hasExact)) {
    return utf8Body(textsOf(segments, length, (batch, row) => batch.exact(row)));
  }
  const zeros = (to: Uint8Array): void => void to.fill(0);
  return {
    nullCount: length,
    parts: [
      { byteLength: bitmapBytes(length), write: zeros },
      { byteLength: 4 * (length + 1), write: zeros },
      NO_PART,
    ],
  };
}

function decimalBody(segments: readonly Segment[], length: number): ColumnBody {
  return utf8Body(textsOf(segments, length, (batch, row) => batch.decimal(row)));
}

function textsOf(
  segments: readonly Segment[],
  length: number,
  of: (batch: PointBatch, row: number) => string | null,
): (string | null)[] {
  const texts = new Array<string | null>(length);
  let at = 0;
  for (const { batch, rows } of segments) for (const row of rows) texts[at++] = of(batch, row);
  return texts;
}
