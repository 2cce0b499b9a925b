// Arrow IPC messages as Flight sends them: a FlightData message of protocol buffers with the Arrow header in
// `data_header` and the columns in `data_body`, framed by hand so that a column is copied only once, into
// its place in the message. apache-arrow encodes the headers.
//
// Format: Arrow columnar format 1.5, "Encapsulated message format"; Flight.proto, `FlightData`.

import type { Schema } from 'apache-arrow';
import {
  BufferRegion,
  DictionaryBatch,
  FieldNode,
  Message,
  RecordBatch,
} from 'apache-arrow/ipc/metadata/message';
import type { BodyPart, ColumnBody } from './column-body.js';

/** Buffers begin at multiples of this in the body: readers with wide registers need not realign them. */
const ALIGNMENT = 64;

// The keys of FlightData: field number and wire type 2 (length-delimited).
const DATA_HEADER_KEY = (2 << 3) | 2;
const APP_METADATA_KEY = (3 << 3) | 2;
const DATA_BODY_KEY = (1000 << 3) | 2;

const CONTINUATION = 0xffffffff;

/** The message that begins every stream. */
export function schemaMessage(schema: Schema): Buffer {
  return frame({ header: schemaHeader(schema), parts: [] });
}

/** A schema in the form of `FlightInfo.schema` and `SchemaResult.schema`: continuation, length, header. */
export function encapsulatedSchema(schema: Schema): Uint8Array {
  const header = schemaHeader(schema);
  const padded = (header.byteLength + 7) & ~7;
  const bytes = Buffer.alloc(8 + padded);
  bytes.writeUInt32LE(CONTINUATION, 0);
  bytes.writeInt32LE(padded, 4);
  bytes.set(header, 8);
  return bytes;
}

/**
 * @param columns in the order of the schema, each of `length` rows
 * @param appMetadata handed to the reader beside the batch
 */
export function recordBatchMessage(
  length: number,
  columns: readonly ColumnBody[],
  appMetadata?: Uint8Array,
): Buffer {
  const { batch, parts, bodyLength } = layOut(length, columns);
  const header = Message.encode(Message.from(batch, bodyLength));
  return frame({ header, parts, appMetadata });
}

/** @param isDelta whether the values come after those that were sent before */
export function dictionaryMessage(
  id: number,
  length: number,
  values: ColumnBody,
  isDelta: boolean,
): Buffer {
  const { batch, parts, bodyLength } = layOut(length, [values]);
  const dictionary = new DictionaryBatch(batch, id, isDelta);
  const header = Message.encode(Message.from(dictionary, bodyLength));
  return frame({ header, parts });
}

/** Bytes that the columns of a record batch occupy in a message. */
export function bodyLengthOf(columns: readonly ColumnBody[]): number {
  let length = 0;
  for (const { parts } of columns) {
    for (const { byteLength } of parts) length += aligned(byteLength);
  }
  return length;
}

interface PlacedPart {
  readonly part: BodyPart;
  readonly offset: number;
}

function layOut(length: number, columns: readonly ColumnBody[]) {
  const nodes = columns.map(({ nullCount }) => new FieldNode(length, nullCount));
  const regions: BufferRegion[] = [];
  const parts: PlacedPart[] = [];
  let offset = 0;
  for (const column of columns) {
    for (const part of column.parts) {
      regions.push(new BufferRegion(offset, part.byteLength));
      parts.push({ part, offset });
      offset += aligned(part.byteLength);
    }
  }
  return { batch: new RecordBatch(length, nodes, regions, null), parts, bodyLength: offset };
}

function schemaHeader(schema: Schema): Uint8Array {
  return Message.encode(Message.from(schema as never));
}

interface FrameContent {
  readonly header: Uint8Array;
  readonly parts: readonly PlacedPart[];
  readonly appMetadata?: Uint8Array | undefined;
}

function frame({ header, parts, appMetadata }: FrameContent): Buffer {
  const last = parts.at(-1);
  const bodyLength = last === undefined ? 0 : last.offset + aligned(last.part.byteLength);
  let prefixLength = fieldLength(DATA_HEADER_KEY, header.byteLength);
  if (appMetadata) prefixLength += fieldLength(APP_METADATA_KEY, appMetadata.byteLength);
  prefixLength += fieldLength(DATA_BODY_KEY, bodyLength) - bodyLength;
  // The body is aligned in memory, so that columns are written as what they are.
  const pad = (ALIGNMENT - (prefixLength & (ALIGNMENT - 1))) & (ALIGNMENT - 1);
  const whole = Buffer.allocUnsafeSlow(pad + prefixLength + bodyLength);
  let at = putField(whole, pad, DATA_HEADER_KEY, header);
  if (appMetadata) at = putField(whole, at, APP_METADATA_KEY, appMetadata);
  at = putVarint(whole, putVarint(whole, at, DATA_BODY_KEY), bodyLength);
  for (const { part, offset } of parts) {
    const { byteLength } = part;
    const start = at + offset;
    part.write(new Uint8Array(whole.buffer, start, byteLength));
    whole.fill(0, start + byteLength, start + aligned(byteLength));
  }
  return whole.subarray(pad);
}

function aligned(byteLength: number): number {
  return (byteLength + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
}

function fieldLength(key: number, byteLength: number): number {
  return varintLength(key) + varintLength(byteLength) + byteLength;
}

function putField(to: Buffer, at: number, key: number, bytes: Uint8Array): number {
  const start = putVarint(to, putVarint(to, at, key), bytes.byteLength);
  to.set(bytes, start);
  return start + bytes.byteLength;
}

function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length++;
  return length;
}

/** @returns the position behind it */
function putVarint(to: Buffer, at: number, value: number): number {
  let rest = value;
  while (rest >= 0x80) {
    to[at++] = (rest & 0x7f) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  to[at++] = rest;
  return at;
}
