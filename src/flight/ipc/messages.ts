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
import { LRUCache } from 'lru-cache';
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
  const body = layOut(columns);
  const header = batchHeader(length, columns, body);
  return new FlightDataMessage({ header, ...body, rows: length, appMetadata });
}

/** @param isDelta whether the values come after those that were sent before */
export function dictionaryMessage(
  id: number,
  length: number,
  values: ColumnBody,
  isDelta: boolean,
): FlightDataMessage {
  const body = layOut([values]);
  const header = batchHeader(length, [values], body, { id, isDelta });
  return new FlightDataMessage({ header, ...body });
}

/** Bytes that the columns of a record batch occupy in a message. */
export function bodyLengthOf(columns: readonly ColumnBody[]): number {
  return layOut(columns).bodyLength;
}

/** Where the parts of the columns stand in the body. */
interface BodyLayout {
  readonly parts: readonly PlacedPart[];
  readonly bodyLength: number;
}

function layOut(columns: readonly ColumnBody[]): BodyLayout {
  const parts: PlacedPart[] = [];
  let offset = 0;
  for (const column of columns) {
    for (const part of column.parts) {
      parts.push({ part, offset });
      offset += aligned(part.byteLength);
    }
  }
  return { parts, bodyLength: offset };
}

interface DictionaryFacts {
  readonly id: number;
  readonly isDelta: boolean;
}

/** Headers by what they say: small answers repeat, and encoding one takes a tenth of the time of such an answer. */
const KEPT_COLUMNS_MAX = 16;
const headers = new LRUCache<string, Uint8Array>({ max: 1000 });

function batchHeader(
  length: number,
  columns: readonly ColumnBody[],
  body: BodyLayout,
  dictionary?: DictionaryFacts,
): Uint8Array {
  if (columns.length > KEPT_COLUMNS_MAX) return encodedHeader(length, columns, body, dictionary);
  let name = `${length} ${dictionary?.id ?? ''} ${dictionary?.isDelta ?? ''}`;
  for (const { nullCount, parts } of columns) {
    name += ` ${nullCount}`;
    for (const { byteLength } of parts) name += `,${byteLength}`;
  }
  let header = headers.get(name);
  if (!header) {
    header = encodedHeader(length, columns, body, dictionary);
    headers.set(name, header);
  }
  return header;
}

function encodedHeader(
  length: number,
  columns: readonly ColumnBody[],
  { parts, bodyLength }: BodyLayout,
  dictionary?: DictionaryFacts,
): Uint8Array {
  const nodes = columns.map(({ nullCount }) => new FieldNode(length, nullCount));
  const regions = parts.map(({ part, offset }) => new BufferRegion(offset, part.byteLength));
  const batch = new RecordBatch(length, nodes, regions, null);
  const message = dictionary
    ? Message.from(new DictionaryBatch(batch, dictionary.id, dictionary.isDelta), bodyLength)
    : Message.from(batch, bodyLength);
  // A copy: the encoder's memory is larger than what it made.
  return Uint8Array.from(Message.encode(message));
}

function schemaHeader(schema: Schema): Uint8Array {
  return Message.encode(Message.from(schema as never));
}

function aligned(byteLength: number): number {
  return (byteLength + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
}
