// The catalogue as one file, so that a start needs to open no other: rows and the states of points files,
// never changes that only the log holds. It is an Arrow IPC stream with a trailer behind it, little-endian:
//
//   magic        8 bytes   "ECGCKPT1"
//   checksum     4 bytes   CRC-32C (Castagnoli) of everything before it
//   length       4 bytes   of the stream
//
// Nothing depends on it: where it is damaged, the files that it describes tell the same.

import { setImmediate } from 'node:timers/promises';
import { crc32c } from '@node-rs/crc32';
import {
  Dictionary,
  Field,
  Int32,
  RecordBatchReader,
  RecordBatchStreamWriter,
  Schema,
  Utf8,
  type DataType,
  type RecordBatch,
  type TypeMap,
} from 'apache-arrow';
import { assert } from '../../core/assert.js';
import { messageOf } from '../../core/app-error.js';
import { Instant } from '../../core/instant.js';
import type { Uuid } from '../../core/uuid.js';
import { ARROW_TYPES, recordBatch } from '../../schema/arrow-schema.js';
import { nullableColumn, type Column, type Columns } from '../../schema/columns.js';
import { SERIES_COLUMNS } from '../../schema/series.columns.js';
import { DamagedFileError, NewerFormatError } from '../parquet/file-seal.js';
import { CatalogTable, FILE_COLUMNS, SHARED_COLUMNS, type SlotColumns } from './catalog-table.js';
import { readInto, toArrow } from './checkpoint-columns.js';
import type { CatalogBlock, Quarantined, SeriesCatalog } from './series-catalog.js';
import { TextColumn, type SlotColumn } from './slot-columns.js';

/** Raised when the meaning of the file changes. Version 2 has the column `file_has_vintages`. */
const FORMAT_VERSION = 2;
const MAGIC = Buffer.from('ECGCKPT1');
const TRAILER_BYTES = MAGIC.length + 8;
/** Takes about 5 ms: no request waits much longer for a checkpoint. */
const BLOCK_SERIES = 2048;
/** Copied and summed at once, for the same reason. */
const PIECE_BYTES = 2 * 1024 * 1024;

export interface CheckpointFacts {
  /** The files hold every commit up to this one. */
  readonly flushedThrough: Instant;
}

export interface Checkpoint {
  readonly facts: CheckpointFacts;
  readonly size: number;
  /** Once, into an empty catalogue. */
  loadInto(catalog: SeriesCatalog): void;
}

interface Loadable {
  readonly table: CatalogTable;
  readonly quarantined: ReadonlyMap<Uuid, Quarantined>;
}

const CHECKPOINT_COLUMNS = {
  ...SERIES_COLUMNS,
  ...FILE_COLUMNS,
  quarantined: nullableColumn('quarantined', 'utf8'),
};

/**
 * Columns of few different values are dictionaries, one for each batch: a seventh less of a file, and four
 * texts a series less that are decoded only to be found equal.
 */
const FIELDS: readonly Field<DataType>[] = entriesOf(CHECKPOINT_COLUMNS).map(
  ([key, { name, kind }], id) => {
    const isShared = (SHARED_COLUMNS as readonly string[]).includes(key);
    const type = isShared ? new Dictionary(new Utf8(), new Int32(), id) : ARROW_TYPES[kind];
    return new Field(name, type, true);
  },
);

/**
 * Works in steps between which other work runs. Each series is saved as it is when its step comes, so
 * some may be saved in a later state than others; replaying the log over them makes them all the same.
 */
export async function encodeCheckpoint(
  catalog: SeriesCatalog,
  { flushedThrough }: CheckpointFacts,
): Promise<Uint8Array> {
  const schema = new Schema<TypeMap>(
    [...FIELDS],
    new Map([
      ['format_version', String(FORMAT_VERSION)],
      ['flushed_through', String(flushedThrough)],
    ]),
  );
  const writer = new RecordBatchStreamWriter<TypeMap>();
  // Also where there is no series: the schema carries the facts.
  writer.reset(undefined, schema);
  for (const block of catalog.blocks(BLOCK_SERIES)) {
    writer.write(batchOf(schema, block));
    await setImmediate();
  }
  writer.finish();
  return sealed(await chunksOf(writer));
}

/**
 * Checks everything before anything is loaded.
 * @throws DamagedFileError, NewerFormatError
 */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  const stream = openSealed(bytes);
  try {
    const reader = RecordBatchReader.from<TypeMap>(stream).open();
    const facts = factsOf(reader.schema.metadata);
    const batches = [...reader].filter(({ numRows }) => numRows > 0);
    const size = batches.reduce((sum, { numRows }) => sum + numRows, 0);
    const { table, quarantined } = tableOf(batches, size);
    return { facts, size, loadInto: (catalog) => catalog.load(table, size, quarantined) };
  } catch (error) {
    if (error instanceof DamagedFileError || error instanceof NewerFormatError) throw error;
    throw new DamagedFileError(`not a readable checkpoint: ${messageOf(error)}`);
  }
}

function batchOf(schema: Schema<TypeMap>, block: CatalogBlock): RecordBatch<TypeMap> {
  const { table, slots } = block;
  const columns: Record<keyof typeof CHECKPOINT_COLUMNS, Pick<SlotColumn<unknown>, 'get'>> = {
    ...table.series,
    ...table.files,
    quarantined: { get: (slot) => block.quarantined(slot) },
  };
  const children = entriesOf(CHECKPOINT_COLUMNS).map(([key, column], index) =>
    toArrow(column, FIELDS[index]!.type, columns[key], slots),
  );
  return recordBatch(schema, slots.length, children);
}

/** @throws whatever is wrong with the content */
function tableOf(batches: readonly RecordBatch<TypeMap>[], size: number): Loadable {
  const table = new CatalogTable(size);
  const quarantines = new TextColumn<Quarantined>();
  const columns: SlotColumns<typeof CHECKPOINT_COLUMNS> = {
    ...table.series,
    ...table.files,
    quarantined: quarantines,
  };
  let firstSlot = 0;
  for (const batch of batches) {
    entriesOf(CHECKPOINT_COLUMNS).forEach(([key, column], index) => {
      const data = batch.getChild(column.name)?.data[0];
      // When version 1 was written there were none.
      if (data === undefined && key === 'hasVintages') return;
      readInto(column, FIELDS[index]!.type, data, columns[key], firstSlot);
    });
    firstSlot += batch.numRows;
  }
  const quarantined = new Map<Uuid, Quarantined>();
  for (let slot = 0; slot < size; slot += 1) {
    table.add();
    assert(slot === 0 || table.id(slot - 1) < table.id(slot), 'the ids ascend');
    assert(table.isPlausible(slot), 'a points file is described wholly');
    const what = quarantines.get(slot);
    assert(what === null || what === 'series' || what === 'points', 'the quarantine is known');
    if (what !== null) quarantined.set(table.id(slot), what);
  }
  return { table, quarantined };
}

function factsOf(metadata: ReadonlyMap<string, string>): CheckpointFacts {
  const fact = (name: string): number => {
    const value = Number(metadata.get(name) ?? NaN);
    if (!Number.isSafeInteger(value)) throw new DamagedFileError(`the checkpoint has no ${name}`);
    return value;
  };
  const formatVersion = fact('format_version');
  if (formatVersion > FORMAT_VERSION) {
    throw new NewerFormatError(
      `format version ${formatVersion} is newer than ${FORMAT_VERSION}, the newest that this release knows`,
    );
  }
  return { flushedThrough: Instant.of(fact('flushed_through')) };
}

/** Copied, so that nobody holds on to what they are views of. */
async function sealed(chunks: readonly Uint8Array[]): Promise<Uint8Array> {
  const length = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  const bytes = Buffer.allocUnsafeSlow(length + TRAILER_BYTES);
  let checksum = 0;
  let written = 0;
  let pieceEnd = PIECE_BYTES;
  for (const chunk of [...chunks, MAGIC]) {
    bytes.set(chunk, written);
    written += chunk.byteLength;
    checksum = crc32c(chunk, checksum);
    if (written < pieceEnd) continue;
    pieceEnd = written + PIECE_BYTES;
    await setImmediate();
  }
  bytes.writeUInt32LE(checksum, written);
  bytes.writeUInt32LE(length, written + 4);
  return bytes;
}

/** @returns the stream, without a copy */
function openSealed(bytes: Uint8Array): Uint8Array {
  const end = bytes.byteLength - TRAILER_BYTES;
  if (end < 0) throw new DamagedFileError('the checkpoint is too short');
  const trailer = Buffer.from(bytes.buffer, bytes.byteOffset + end, TRAILER_BYTES);
  if (trailer.compare(MAGIC, 0, MAGIC.length, 0, MAGIC.length) !== 0) {
    throw new DamagedFileError('the checkpoint does not end like one');
  }
  if (trailer.readUInt32LE(MAGIC.length + 4) !== end) {
    throw new DamagedFileError('the checkpoint is not as long as it says');
  }
  if (trailer.readUInt32LE(MAGIC.length) !== crc32c(bytes.subarray(0, end + MAGIC.length))) {
    throw new DamagedFileError('the checksum does not match the content');
  }
  return bytes.subarray(0, end);
}

async function chunksOf(writer: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of writer) chunks.push(chunk);
  return chunks;
}

function entriesOf<C extends Columns>(columns: C): [keyof C & string, Column][] {
  return Object.entries(columns);
}
