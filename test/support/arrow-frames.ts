// Arrow messages built by hand, of any type and as wrong as a test wants them, and the framing between IPC
// streams and Flight's messages.
//
// Format: Schema.fbs and Message.fbs of the Arrow columnar format 1.5.

import { tableToIPC, type Table } from 'apache-arrow';
import { Message } from 'apache-arrow/ipc/metadata/message';
import { Builder, type Offset } from 'flatbuffers';

/** A FlightData message as far as it is Arrow. */
export interface Frame {
  readonly header: Uint8Array;
  readonly body: Uint8Array;
  /** Sent as JSON in `app_metadata`. */
  readonly metadata?: unknown;
}

const CONTINUATION = 0xffffffff;
const NO_BYTES = new Uint8Array(0);

/** An IPC stream of messages. */
export function unframed(frames: readonly Frame[]): Uint8Array {
  return Buffer.concat(
    frames.flatMap(({ header, body }) => {
      const padding = -header.byteLength & 7;
      const head = Buffer.alloc(8);
      head.writeUInt32LE(CONTINUATION, 0);
      head.writeInt32LE(header.byteLength + padding, 4);
      return [head, header, Buffer.alloc(padding), body];
    }),
  );
}

/** The messages of a table as the Arrow library writes them. */
export function framed(table: Table): Frame[] {
  const bytes = Buffer.from(tableToIPC(table, 'stream'));
  const frames: Frame[] = [];
  for (let at = 0; at + 8 <= bytes.length;) {
    const length = bytes.readInt32LE(at + 4);
    if (length === 0) break;
    const header = bytes.subarray(at + 8, at + 8 + length);
    const bodyLength = Message.decode(header).bodyLength;
    at += 8 + length;
    frames.push({ header, body: bytes.subarray(at, at + bodyLength) });
    at += bodyLength;
  }
  return frames;
}

export function onlyMetadata(metadata: unknown): Frame {
  return { header: NO_BYTES, body: NO_BYTES, metadata };
}

// ---- columns ----

/** Numbers of the union `Type`. */
const TYPE = {
  null: 1,
  int: 2,
  float: 3,
  binary: 4,
  utf8: 5,
  bool: 6,
  decimal: 7,
  date: 8,
  timestamp: 10,
  largeUtf8: 20,
  utf8View: 24,
};

interface TypeOf {
  readonly number: number;
  /** Slots of its table: field number, bytes, value. */
  readonly fields: readonly (readonly [field: number, bytes: 1 | 2 | 4, value: number])[];
}

export interface Column {
  readonly type: TypeOf;
  readonly length: number;
  readonly nullCount: number;
  /** In Arrow's order, validity first; none of a null column. */
  readonly buffers: readonly Uint8Array[];
  /** How many of the buffers are what views point into. */
  readonly variadic?: number;
  readonly dictionary?: Dictionary;
}

export interface Dictionary {
  readonly id: number;
  readonly indexBits: number;
  readonly values: Column;
}

export type Columns = Readonly<Record<string, Column>>;

type Nullable<T> = readonly (T | null)[];

function column<T>(type: TypeOf, values: Nullable<T>, buffers: readonly Uint8Array[]): Column {
  const nullCount = values.filter((value) => value === null).length;
  const validity = nullCount === 0 ? NO_BYTES : bits(values.map((value) => value !== null));
  return { type, length: values.length, nullCount, buffers: [validity, ...buffers] };
}

function bits(flags: readonly boolean[]): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(flags.length / 8));
  flags.forEach((flag, row) => {
    if (flag) bytes[row >> 3]! |= 1 << (row & 7);
  });
  return bytes;
}

function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

function integers(values: Nullable<number | bigint>, width: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * width));
  values.forEach((value, row) => {
    let rest = BigInt.asUintN(width * 8, BigInt(value ?? 0));
    for (let byte = 0; byte < width; byte++, rest >>= 8n) {
      view.setUint8(row * width + byte, Number(rest & 0xffn));
    }
  });
  return bytesOf(view);
}

function intType(width: number, signed: boolean): TypeOf {
  const fields = [
    [0, 4, width],
    [1, 1, signed ? 1 : 0],
  ] as const;
  return { number: TYPE.int, fields };
}

export function int(width: number, values: Nullable<number | bigint>, signed = true): Column {
  return column(intType(width, signed), values, [integers(values, width / 8)]);
}

/** Of half ones the bits themselves are given. */
export function float(width: 16 | 32 | 64, values: Nullable<number>): Column {
  const plain = values.map((value) => value ?? 0);
  const data =
    width === 64
      ? Float64Array.from(plain)
      : width === 32
        ? Float32Array.from(plain)
        : Uint16Array.from(plain);
  const precision = { 16: 0, 32: 1, 64: 2 }[width];
  return column({ number: TYPE.float, fields: [[0, 2, precision]] }, values, [bytesOf(data)]);
}

export function decimal(width: number, scale: number, unscaled: Nullable<bigint>): Column {
  const fields = [
    [0, 4, 38],
    [1, 4, scale],
    [2, 4, width],
  ] as const;
  return column({ number: TYPE.decimal, fields }, unscaled, [integers(unscaled, width / 8)]);
}

const DAY = 86_400_000;

export function daysOf(texts: Nullable<string>): (number | null)[] {
  return texts.map((text) => (text === null ? null : Date.parse(`${text}T00:00:00Z`) / DAY));
}

export function date32(texts: Nullable<string>): Column {
  return days32(daysOf(texts));
}

export function days32(days: Nullable<number>): Column {
  return column({ number: TYPE.date, fields: [[0, 2, 0]] }, days, [integers(days, 4)]);
}

export function date64(milliseconds: Nullable<number>): Column {
  return column({ number: TYPE.date, fields: [[0, 2, 1]] }, milliseconds, [
    integers(milliseconds, 8),
  ]);
}

/** @param unit 0 to 3: seconds, milli-, micro-, nanoseconds */
export function timestamp(unit: number, values: Nullable<bigint>): Column {
  return column({ number: TYPE.timestamp, fields: [[0, 2, unit]] }, values, [integers(values, 8)]);
}

export function bool(values: Nullable<boolean>): Column {
  return column({ number: TYPE.bool, fields: [] }, values, [bits(values.map(Boolean))]);
}

export function nulls(length: number): Column {
  return { type: { number: TYPE.null, fields: [] }, length, nullCount: length, buffers: [] };
}

export function utf8(texts: Nullable<string>): Column {
  return textColumn(TYPE.utf8, texts, 4);
}

export function largeUtf8(texts: Nullable<string>): Column {
  return textColumn(TYPE.largeUtf8, texts, 8);
}

export function binary(texts: Nullable<string>): Column {
  return textColumn(TYPE.binary, texts, 4);
}

function textColumn(number: number, texts: Nullable<string>, width: number): Column {
  const offsets = [0];
  for (const text of texts) offsets.push(offsets.at(-1)! + Buffer.byteLength(text ?? ''));
  const characters = Buffer.from(texts.map((text) => text ?? '').join(''));
  return column({ number, fields: [] }, texts, [integers(offsets, width), characters]);
}

/** Texts of more than 12 bytes stand in a buffer of their own. */
export function utf8View(texts: Nullable<string>): Column {
  const views = Buffer.alloc(texts.length * 16);
  const long: Buffer[] = [];
  texts.forEach((text, row) => {
    const bytes = Buffer.from(text ?? '');
    views.writeInt32LE(bytes.length, row * 16);
    bytes.copy(views, row * 16 + 4, 0, bytes.length > 12 ? 4 : 12);
    if (bytes.length <= 12) return;
    views.writeInt32LE(long.length, row * 16 + 8);
    long.push(Buffer.concat([Buffer.from('...'), bytes]));
    views.writeInt32LE(3, row * 16 + 12);
  });
  const made = column({ number: TYPE.utf8View, fields: [] }, texts, [views, ...long]);
  return { ...made, variadic: long.length };
}

export function dictionary(
  id: number,
  indexBits: number,
  indices: Nullable<number>,
  values: Column,
): Column {
  return { ...int(indexBits, indices), dictionary: { id, indexBits, values } };
}

// ---- messages ----

export function schemaFrame(columns: Columns): Frame {
  const builder = new Builder();
  const fields = Object.entries(columns).map(([name, of]) => fieldTable(builder, name, of));
  const vector = vectorOf(builder, fields);
  builder.startObject(4);
  builder.addFieldOffset(1, vector, 0);
  return finished(builder, 1, builder.endObject(), 0);
}

function fieldTable(builder: Builder, name: string, of: Column): Offset {
  const type = of.dictionary?.values.type ?? of.type;
  const nameAt = builder.createString(name);
  const typeAt = typeTable(builder, type);
  let encodingAt = 0;
  if (of.dictionary) {
    const indexAt = typeTable(builder, intType(of.dictionary.indexBits, true));
    builder.startObject(4);
    builder.addFieldInt64(0, BigInt(of.dictionary.id), 0n);
    builder.addFieldOffset(1, indexAt, 0);
    encodingAt = builder.endObject();
  }
  const children = vectorOf(builder, []);
  builder.startObject(7);
  builder.addFieldOffset(0, nameAt, 0);
  builder.addFieldInt8(1, 1, 0);
  builder.addFieldInt8(2, type.number, 0);
  builder.addFieldOffset(3, typeAt, 0);
  if (encodingAt) builder.addFieldOffset(4, encodingAt, 0);
  builder.addFieldOffset(5, children, 0);
  return builder.endObject();
}

function typeTable(builder: Builder, { fields }: TypeOf): Offset {
  builder.startObject(4);
  // A default that no value has: every field is written.
  const never = -2_147_483_647;
  for (const [field, bytes, value] of fields) {
    if (bytes === 1) builder.addFieldInt8(field, value, never);
    else if (bytes === 2) builder.addFieldInt16(field, value, never);
    else builder.addFieldInt32(field, value, never);
  }
  return builder.endObject();
}

function vectorOf(builder: Builder, offsets: readonly Offset[]): Offset {
  builder.startVector(4, offsets.length, 4);
  for (const offset of offsets.toReversed()) builder.addOffset(offset);
  return builder.endVector();
}

export interface Layout {
  /** Rows that the batch claims to have. */
  readonly length?: number;
  /** Where buffers begin in the body: multiples of this. */
  readonly alignment?: number;
  /** Bytes before the first buffer. */
  readonly lead?: number;
  readonly metadata?: unknown;
  /** What the header says of the buffers, `[offset, length]` of each. */
  readonly regions?: (regions: [bigint, bigint][]) => [bigint, bigint][];
  /** What the header says of the columns, `[length, nulls]` of each. */
  readonly nodes?: (nodes: [bigint, bigint][]) => [bigint, bigint][];
  readonly isCompressed?: boolean;
}

export function batchFrame(columns: readonly Column[], layout: Layout = {}): Frame {
  const builder = new Builder();
  const { body, table } = batchTable(builder, columns, layout);
  const { header } = finished(builder, 3, table, body.byteLength);
  return { header, body, ...(layout.metadata === undefined ? {} : { metadata: layout.metadata }) };
}

export function dictionaryFrame(
  { id, values }: Dictionary,
  isDelta = false,
  layout: Layout = {},
): Frame {
  const builder = new Builder();
  const { body, table } = batchTable(builder, [values], layout);
  builder.startObject(3);
  builder.addFieldInt64(0, BigInt(id), 0n);
  builder.addFieldOffset(1, table, 0);
  builder.addFieldInt8(2, isDelta ? 1 : 0, 0);
  const { header } = finished(builder, 2, builder.endObject(), body.byteLength);
  return { header, body };
}

function batchTable(builder: Builder, columns: readonly Column[], layout: Layout) {
  const { alignment = 8, lead = 0 } = layout;
  const parts: Uint8Array[] = [new Uint8Array(lead)];
  let end = lead;
  const laid: [bigint, bigint][] = [];
  for (const buffer of columns.flatMap(({ buffers }) => buffers)) {
    laid.push([BigInt(end), BigInt(buffer.byteLength)]);
    const padding = (alignment - (buffer.byteLength % alignment)) % alignment;
    parts.push(buffer, new Uint8Array(padding));
    end += buffer.byteLength + padding;
  }
  const counted = columns.map(({ length, nullCount }): [bigint, bigint] => [
    BigInt(length),
    BigInt(nullCount),
  ]);
  const nodes = structs(builder, layout.nodes?.(counted) ?? counted);
  const buffers = structs(builder, layout.regions?.(laid) ?? laid);
  const viewed = columns.flatMap(({ variadic }) => variadic ?? []);
  builder.startVector(8, viewed.length, 8);
  for (const count of viewed.toReversed()) builder.addInt64(BigInt(count));
  const variadic = builder.endVector();
  let compression = 0;
  if (layout.isCompressed) {
    builder.startObject(2);
    compression = builder.endObject();
  }
  builder.startObject(5);
  builder.addFieldInt64(0, BigInt(layout.length ?? columns[0]?.length ?? 0), 0n);
  builder.addFieldOffset(1, nodes, 0);
  builder.addFieldOffset(2, buffers, 0);
  if (compression) builder.addFieldOffset(3, compression, 0);
  if (viewed.length > 0) builder.addFieldOffset(4, variadic, 0);
  return { table: builder.endObject(), body: Buffer.concat(parts) };
}

function structs(builder: Builder, pairs: readonly [bigint, bigint][]): Offset {
  builder.startVector(16, pairs.length, 8);
  for (const [first, second] of pairs.toReversed()) {
    builder.addInt64(BigInt.asIntN(64, second));
    builder.addInt64(BigInt.asIntN(64, first));
  }
  return builder.endVector();
}

/** @param kind of the union `MessageHeader`: 1 schema, 2 dictionary, 3 record batch */
function finished(builder: Builder, kind: number, header: Offset, bodyLength: number): Frame {
  builder.startObject(5);
  builder.addFieldInt64(3, BigInt(bodyLength), 0n);
  builder.addFieldOffset(2, header, 0);
  builder.addFieldInt16(0, 4, 0);
  builder.addFieldInt8(1, kind, 0);
  builder.finish(builder.endObject());
  return { header: Uint8Array.from(builder.asUint8Array()), body: NO_BYTES };
}

/** The dictionaries of a batch, and the batch. */
export function batchFrames(columns: Columns, layout: Layout = {}): Frame[] {
  const all = Object.values(columns);
  return [
    ...all.flatMap(({ dictionary: of }) => (of ? [dictionaryFrame(of)] : [])),
    batchFrame(all, layout),
  ];
}

/** A whole stream: the schema of the first batch, and all of them. */
export function streamFrames(...batches: readonly Columns[]): Frame[] {
  return [schemaFrame(batches[0]!), ...batches.flatMap((columns) => batchFrames(columns))];
}
