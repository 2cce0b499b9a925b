// The tombstones of points and series as one Parquet file, in the order of their commits. New rows are appended
// as a record batch behind the old ones, so that a long history is never turned into row objects.

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
import { Instant } from '../../core/instant.js';
import type { Uuid } from '../../core/uuid.js';
import { ARROW_TYPES, arrowSchema, recordBatch } from '../../schema/arrow-schema.js';
import { DELETION_COLUMNS, type DeletionRow } from '../../schema/deletion.columns.js';
import type { PointKeys } from '../log/commit.js';
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
const KEPT_AFTER = 'kept_after';

/** What one commit deleted of one series. */
export interface Deletion {
  readonly seriesId: Uuid;
  /** Null where the whole series went. */
  readonly keys: PointKeys | null;
  readonly deletedAt: Instant;
}

/** The tombstones of a file, as Arrow batches. */
export type Deletions = readonly RecordBatch<TypeMap>[];

export interface DecodedDeletions {
  readonly deletions: Deletions;
  readonly facts: SealedFacts;
  /** See `keptAfterOf`. */
  readonly keptAfter: Instant;
}

/** @throws DamagedFileError */
export function decodeDeletions(bytes: Uint8Array): DecodedDeletions {
  const facts = openSealed(bytes, DELETIONS);
  const { batches } = tableFromIPC<TypeMap>(readParquet(bytes).intoIPCStream());
  return { deletions: batches.map(withOwnSchema), facts, keptAfter: keptAfterOf(facts) };
}

/**
 * The youngest tombstone that was ever left out of the file for its age; 0 where none was.
 * @throws DamagedFileError
 */
export function keptAfterOf({ extra, throughSeq }: SealedFacts): Instant {
  const keptAfter = Number(extra[KEPT_AFTER] ?? 0);
  if (!Number.isSafeInteger(keptAfter) || keptAfter < 0 || keptAfter > throughSeq) {
    throw new DamagedFileError('the facts in the footer make no sense');
  }
  return Instant.of(keptAfter);
}

export function appendDeletions(before: Deletions, deletions: readonly Deletion[]): Deletions {
  return [...before, toBatch(deletions)];
}

/** @param keptAfter see `keptAfterOf` */
export function encodeDeletions(
  deletions: Deletions,
  throughSeq: Instant,
  keptAfter: Instant,
): Uint8Array {
  const extra: Record<string, string> = keptAfter > 0 ? { [KEPT_AFTER]: String(keptAfter) } : {};
  const metadata = metadataOf({ ...DELETIONS, throughSeq, extra });
  const table = WasmTable.fromIPCStream(tableToIPC(new Table(SCHEMA, [...deletions]), 'stream'));
  const properties = new WriterPropertiesBuilder()
    .setCompression(Compression.SNAPPY)
    .setKeyValueMetadata(metadata)
    .build();
  const bytes = writeParquet(table, properties);
  seal(bytes);
  return bytes;
}

/** When each series was deleted last. */
export function tombstonesOf(deletions: Deletions): ReadonlyMap<Uuid, Instant> {
  return new Map(deletedSeries(deletions).map(({ seriesId, deletedAt }) => [seriesId, deletedAt]));
}

/** The tombstones of whole series. */
function deletedSeries(deletions: Deletions): DeletionRow[] {
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

/** One row per deleted point, one without dates per deleted series. */
function toBatch(deletions: readonly Deletion[]): RecordBatch<TypeMap> {
  const length = deletions.reduce((sum, { keys }) => sum + (keys?.dates.length ?? 1), 0);
  const ids: string[] = [];
  const dates = new Int32Array(length);
  const revisionDates = new Int32Array(length);
  const deletedAt = new BigInt64Array(length);
  const hasKey = new Uint8Array(((length + 63) >> 6) << 3);
  let row = 0;
  for (const { seriesId, keys, deletedAt: instant } of deletions) {
    const end = row + (keys?.dates.length ?? 1);
    deletedAt.fill(BigInt(instant), row, end);
    if (keys !== null) {
      dates.set(keys.dates, row);
      revisionDates.set(keys.revisionDates, row);
      for (let at = row; at < end; at++) hasKey[at >> 3]! |= 1 << (at & 7);
    }
    for (; row < end; row++) ids.push(seriesId);
  }
  const { utf8, date, timestamp } = ARROW_TYPES;
  const nullCount = deletions.reduce((sum, { keys }) => sum + (keys === null ? 1 : 0), 0);
  return recordBatch(SCHEMA, length, [
    vectorFromArray(ids, utf8).data[0]!,
    makeData({ type: date, length, nullCount, nullBitmap: hasKey, data: dates }),
    makeData({ type: date, length, nullCount, nullBitmap: hasKey.slice(), data: revisionDates }),
    makeData({ type: timestamp, length, nullCount: 0, data: deletedAt }),
  ]);
}
