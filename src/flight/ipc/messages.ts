// Arrow IPC messages as Flight sends them: a FlightData message of protocol buffers with the Arrow header in
// `data_header` and the columns in `data_body`, framed by hand. apache-arrow encodes the headers.
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
import type { ColumnBody } from './column-body.js';
import { FlightDataMessage, type PlacedPart } from './flight-data-message.js';

/** Buffers begin at multiples of this in the body: readers with wide registers need not realign them. */
const ALIGNMENT = 64;

const CONTINUATION = 0xffffffff;

/** The message that begins every stream. */
export function schemaMessage(schema: Schema): FlightDataMessage {
  return new FlightDataMessage({ header: schemaHeader(schema), parts: [], bodyLength: 0 });
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
): FlightDataMessage {
  const { batch, parts, bodyLength } = layOut(length, columns);
  const header = Message.encode(Message.from(batch, bodyLength));
  return new FlightDataMessage({ header, parts, bodyLength, appMetadata });
}

/** @param isDelta whether the values come after those that were sent before */
export function dictionaryMessage(
  id: number,
  length: number,
  values: ColumnBody,
  isDelta: boolean,
): FlightDataMessage {
  const { batch, parts, bodyLength } = layOut(length, [values]);
  const dictionary = new DictionaryBatch(batch, id, isDelta);
  const header = Message.encode(Message.from(dictionary, bodyLength));
  return new FlightDataMessage({ header, parts, bodyLength });
}

/** Bytes that the columns of a record batch occupy in a message. */
export function bodyLengthOf(columns: readonly ColumnBody[]): number {
  let length = 0;
  for (const { parts } of columns) {
    for (const { byteLength } of parts) length += aligned(byteLength);
  }
  return length;
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

function aligned(byteLength: number): number {
  return (byteLength + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
}
