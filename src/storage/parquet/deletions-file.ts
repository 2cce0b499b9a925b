// The tombstones of points and series as one Parquet file. New rows are appended as a record batch behind
// the old ones, so that a long history is never turned into row objects.

import {
  makeData,
  Table,
  tableFromIPC,
  tableToIPC,
  vectorFromArray,
  type RecordBatch,
  type TypeMap,
} from 'apache-arrow';
import {
  Compression,
  readParquet,
  Table as WasmTable,
  writeParquet,
  WriterPropertiesBuilder,
} from 'parquet-wasm';
import type { Instant } from '../../core/instant.js';
import { ARROW_TYPES, arrowSchema, recordBatch } from '../../schema/arrow-schema.js';
import { DELETION_COLUMNS, type DeletionRow } from '../../schema/deletion.columns.js';
import {
  DamagedFileError,
  metadataOf,
  openSealed,
  seal,
  type FileIdentity,
  type SealedFacts,
} from './file-seal.js';
import { rowsOfTable } from './metadata-file.js';

const SCHEMA = arrowSchema(DELETION_COLUMNS);

const DELETIONS: FileIdentity = { kind: 'deletions', seriesId: null };

/** The tombstones of a file, as Arrow batches. */
export type Deletions = readonly RecordBatch<TypeMap>[];

/** @throws DamagedFileError */
export function decodeDeletions(bytes: Uint8Array): { deletions: Deletions; facts: SealedFacts } {
  const facts = openSealed(bytes, DELETIONS);
  const { batches } = tableFromIPC<TypeMap>(readParquet(bytes).intoIPCStream());
  return { deletions: batches.map(withOwnSchema), facts };
}

export function appendDeletions(before: Deletions, rows: readonly DeletionRow[]): Deletions {
  return [...before, toBatch(rows)];
}

export function encodeDeletions(deletions: Deletions, throughSeq: Instant): Uint8Array {
  const metadata = metadataOf({ ...DELETIONS, throughSeq, extra: {} });
  const table = WasmTable.fromIPCStream(tableToIPC(new Table(SCHEMA, [...deletions]), 'stream'));
  const properties = new WriterPropertiesBuilder()
    .setCompression(Compression.SNAPPY)
    .setKeyValueMetadata(metadata)
    .build();
  const bytes = writeParquet(table, properties);
  seal(bytes);
  return bytes;
}

/** The tombstones of whole series. */
export function deletedSeries(deletions: Deletions): DeletionRow[] {
  const rows: DeletionRow[] = [];
  for (const batch of deletions) {
    const dates = batch.getChild('date');
    // A batch without a null date holds points only.
    if (dates && dates.nullCount === 0) continue;
    rows.push(
      ...rowsOfTable(DELETION_COLUMNS, new Table([batch])).filter((row) => row.date === null),
    );
  }
  return rows;
}

/** apache-arrow joins batches of one schema object only: what it decodes has types of other classes. */
function withOwnSchema(batch: RecordBatch<TypeMap>): RecordBatch<TypeMap> {
  const children = SCHEMA.fields.map(({ name }) => {
    const data = batch.getChild(name)?.data[0];
    if (!data) throw new DamagedFileError(`the file has no column ${name}`);
    return data;
  });
  return recordBatch(SCHEMA, batch.numRows, children);
}

function toBatch(rows: readonly DeletionRow[]): RecordBatch<TypeMap> {
  const length = rows.length;
  const { utf8, date, timestamp } = ARROW_TYPES;
  const dates = (of: (row: DeletionRow) => number | null) => {
    const data = Int32Array.from(rows, (row) => of(row) ?? 0);
    const nullBitmap = new Uint8Array(((length + 63) >> 6) << 3);
    let nullCount = 0;
    rows.forEach((row, index) => {
      if (of(row) === null) nullCount++;
      else nullBitmap[index >> 3]! |= 1 << (index & 7);
    });
    return makeData({ type: date, length, nullCount, nullBitmap, data });
  };
  const children = [
    vectorFromArray(
      rows.map((row) => row.seriesId),
      utf8,
    ).data[0]!,
    dates((row) => row.date),
    dates((row) => row.revisionDate),
    makeData({
      type: timestamp,
      length,
      nullCount: 0,
      data: BigInt64Array.from(rows, (row) => BigInt(row.deletedAt)),
    }),
  ];
  return recordBatch(SCHEMA, length, children);
}
