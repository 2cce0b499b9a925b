// The points of one series as a Parquet file, through parquet-wasm, and back into one batch.

import {
  makeData,
  Table,
  tableFromIPC,
  tableToIPC,
  Utf8,
  vectorFromArray,
  type Data,
  type DataType,
  type RecordBatch,
  type TypeMap,
} from 'apache-arrow';
import {
  Compression,
  EnabledStatistics,
  Encoding,
  readParquet,
  Table as WasmTable,
  writeParquet,
  WriterPropertiesBuilder,
  WriterVersion,
} from 'parquet-wasm';
import { CalendarDate } from '../../core/calendar-date.js';
import type { Instant } from '../../core/instant.js';
import type { Uuid } from '../../core/uuid.js';
import type { ParquetCompression } from '../../config/environment.js';
import {
  ARROW_TYPES,
  DATA_POINT_FILE_SCHEMA,
  DATA_POINT_SCHEMA,
  recordBatch,
  SERIES_ID_TYPE,
} from '../../schema/arrow-schema.js';
import { DATA_POINT_COLUMNS } from '../../schema/data-point.columns.js';
import { PointBatch, PointBatchBuilder } from '../../schema/point-batch.js';
import type { PointsSummary } from '../log/commit.js';
import { summarise } from '../points-summary.js';
import type { RowGroupSpan } from '../row-groups.js';
import { PublishedVintages } from '../vintages/published-vintages.js';
import { decodeVintages, encodeVintages } from '../vintages/vintages-codec.js';
import {
  checkFile,
  DamagedFileError,
  isFile,
  metadataOf,
  openSealed,
  readFacts,
  seal,
  type SealedFacts,
} from './file-seal.js';
import { rowsOfTable } from './metadata-file.js';

export interface PointsFileOptions {
  readonly compression: ParquetCompression;
  readonly rowGroupRows: number;
  readonly pageBytes: number;
}

export interface EncodedPoints {
  readonly bytes: Uint8Array;
  readonly sha256: string;
  readonly summary: PointsSummary;
  /** The first date of each row group. */
  readonly rowGroupDates: readonly CalendarDate[];
  readonly hasVintages: boolean;
}

/** What the catalogue knows of a points file. */
export type ExpectedFile = Pick<EncodedPoints, 'sha256' | 'summary' | 'rowGroupDates'>;

/** What a points file holds. */
export interface StoredPoints {
  readonly rows: PointBatch;
  readonly vintages: PublishedVintages;
}

const COMPRESSIONS: Record<ParquetCompression, Compression> = {
  snappy: Compression.SNAPPY,
  zstd: Compression.ZSTD,
  uncompressed: Compression.UNCOMPRESSED,
};

/** A series whose points were all deleted keeps a file without rows: it holds the last commit. */
export function encodePoints(
  { rows: batch, vintages }: StoredPoints,
  seriesId: Uuid,
  throughSeq: Instant,
  options: PointsFileOptions,
): EncodedPoints {
  const summary = summarise(batch);
  const rowGroupDates = firstDatesOfGroups(batch, options.rowGroupRows);
  const hasVintages = vintages.size > 0;
  const metadata = metadataOf({
    kind: 'data_points',
    seriesId,
    throughSeq,
    extra: {
      rows: String(batch.length),
      first_date: formatDate(summary.firstDate),
      last_date: formatDate(summary.lastDate),
      last_revision_date: formatDate(summary.lastRevisionDate),
      row_group_rows: String(Math.min(options.rowGroupRows, batch.length)),
      row_group_first_dates: rowGroupDates.map((date) => CalendarDate.format(date)).join(','),
      ...(hasVintages ? { vintages: encodeVintages(vintages, batch) } : {}),
    },
  });
  const ipc = tableToIPC(new Table([withSeriesId(batch, seriesId)]), 'stream');
  const bytes = writeParquet(
    WasmTable.fromIPCStream(ipc),
    writerProperties(batch, options)
      .setMaxRowGroupSize(options.rowGroupRows)
      .setKeyValueMetadata(metadata)
      .build(),
  );
  return { bytes, ...seal(bytes), summary, rowGroupDates, hasVintages };
}

/**
 * @param span the row groups to decode; all of them where it is not given
 * @throws DamagedFileError where the file is not whole or not that of `seriesId`
 */
export function decodePoints(
  bytes: Uint8Array,
  seriesId: Uuid,
  span?: RowGroupSpan,
): { batch: PointBatch; facts: SealedFacts } {
  const facts = openSealed(bytes, { kind: 'data_points', seriesId });
  return { batch: readPoints(bytes, Number(facts.extra['row_group_rows']), span), facts };
}

/**
 * The content of the file that was written last, and of no other that may have come back in its place.
 * @param file what is known of that file
 * @throws DamagedFileError where it is another one, or as `decodePoints` does
 */
export function decodeExpected(
  bytes: Uint8Array,
  seriesId: Uuid,
  file: ExpectedFile,
  span?: RowGroupSpan,
): StoredPoints {
  const identity = { kind: 'data_points', seriesId } as const;
  if (!isFile(bytes, file.sha256)) refuse(bytes, seriesId);
  const { rowGroupDates, summary } = file;
  // Of a file with one row group it is known without a look into its footer, which takes a tenth of the time.
  const rowGroupRows =
    rowGroupDates.length === 1
      ? summary.rows
      : Number(readFacts(bytes, identity).extra['row_group_rows']);
  return {
    rows: readPoints(bytes, rowGroupRows, span),
    // Most readers want the rows only.
    get vintages() {
      return vintagesOf(readFacts(bytes, identity));
    },
  };
}

/**
 * Refuses what is not the file that was written last, with the checksum of a large one taken beside others.
 * @throws DamagedFileError where it is another one, or as `decodePoints` does
 */
export async function checkExpected(
  bytes: Uint8Array,
  seriesId: Uuid,
  { sha256 }: Pick<ExpectedFile, 'sha256'>,
): Promise<void> {
  if (!(await checkFile(bytes, sha256))) refuse(bytes, seriesId);
}

function refuse(bytes: Uint8Array, seriesId: Uuid): never {
  // Damaged or newer, in words that tell which; else whole, and another one.
  openSealed(bytes, { kind: 'data_points', seriesId });
  throw new DamagedFileError('the file is not the one that was written last');
}

/** @throws DamagedFileError */
export function vintagesOf({ extra }: SealedFacts): PublishedVintages {
  const text = extra['vintages'];
  return text === undefined ? new PublishedVintages() : decodeVintages(text);
}

export function hasVintages({ extra }: SealedFacts): boolean {
  return 'vintages' in extra;
}

/**
 * The rows of a points file, whoever wrote it and whatever else it says. Columns are taken by name: a
 * file may have more of them, in any order, in other types of the same meaning.
 * @param rowGroupRows A batch of more rows than a row group makes the decoder 2.8 times slower; one of
 *   fewer makes batches that are only joined again.
 * @throws DamagedFileError where a column or a value is missing that must be there
 */
export function readPoints(
  bytes: Uint8Array,
  rowGroupRows: number,
  span?: RowGroupSpan,
): PointBatch {
  const rowGroups = span && Array.from({ length: span.to - span.from }, (_, n) => span.from + n);
  const options = { batchSize: Math.max(1, rowGroupRows), ...(rowGroups ? { rowGroups } : {}) };
  return batchOfTable(readParquet(bytes, options));
}

/**
 * @param decoded is given up
 * @throws DamagedFileError as `readPoints`
 */
export function batchOfTable(decoded: WasmTable): PointBatch {
  const table = tableFromIPC<TypeMap>(decoded.intoIPCStream());
  return PointBatch.concat(table.batches.map((batch) => withOwnSchema(batch) ?? converted(batch)));
}

/**
 * Reads the summary that `encodePoints` put into the footer.
 * @throws DamagedFileError
 */
export function summaryOf(facts: SealedFacts): PointsSummary {
  const rows = Number(facts.extra['rows']);
  if (!Number.isSafeInteger(rows)) throw new DamagedFileError('the footer has no rows');
  const date = (name: string): CalendarDate | null => {
    if (rows === 0) return null;
    const parsed = CalendarDate.tryParse(facts.extra[name] ?? '');
    if (parsed === undefined) throw new DamagedFileError(`the footer has no ${name}`);
    return parsed;
  };
  return {
    rows,
    firstDate: date('first_date'),
    lastDate: date('last_date'),
    lastRevisionDate: date('last_revision_date'),
  };
}

/**
 * The first date of each row group: the file's time index. Empty where the file does not tell.
 * @throws DamagedFileError
 */
export function rowGroupDatesOf(facts: SealedFacts): CalendarDate[] {
  const text = facts.extra['row_group_first_dates'] ?? '';
  return text === ''
    ? []
    : text.split(',').map((date) => CalendarDate.tryParse(date) ?? damagedIndex(date));
}

function damagedIndex(date: string): never {
  throw new DamagedFileError(`the footer has a row group that begins on ${date}`);
}

function firstDatesOfGroups(batch: PointBatch, rowGroupRows: number): CalendarDate[] {
  const dates: CalendarDate[] = [];
  for (let row = 0; row < batch.length; row += rowGroupRows) {
    dates.push(batch.dates[row] as CalendarDate);
  }
  return dates;
}

function formatDate(date: CalendarDate | null): string {
  return date === null ? '' : CalendarDate.format(date);
}

function withSeriesId(batch: PointBatch, seriesId: Uuid): RecordBatch<TypeMap> {
  const { length } = batch;
  const ids = makeData({
    type: SERIES_ID_TYPE,
    length,
    nullCount: 0,
    data: new Int32Array(length),
    dictionary: vectorFromArray([seriesId], new Utf8()),
  });
  return recordBatch(DATA_POINT_FILE_SCHEMA, length, [ids, ...batch.batch.data.children]);
}

/** The columns as they are, or undefined where one is absent, of another type, or lacks a value. */
function withOwnSchema(batch: RecordBatch<TypeMap>): PointBatch | undefined {
  const children: Data[] = [];
  for (const { name, kind, nullable } of Object.values(DATA_POINT_COLUMNS)) {
    const data = batch.getChild(name)?.data[0];
    if (!data || !isSameType(data.type, ARROW_TYPES[kind])) return undefined;
    if (!nullable && data.nullCount > 0) return undefined;
    children.push(data);
  }
  return PointBatch.fromArrow(recordBatch(DATA_POINT_SCHEMA, batch.numRows, children));
}

/** By content, because what apache-arrow decodes has types of other classes (`Date_` for `DateDay`). */
function isSameType(a: DataType, b: DataType): boolean {
  return (
    a.typeId === b.typeId && PARAMETERS.every((name) => parameter(a, name) === parameter(b, name))
  );
}

/** What the types of our columns differ in beside their ids. */
const PARAMETERS = ['precision', 'unit', 'timezone'];

function parameter(type: DataType, name: string): unknown {
  return (type as unknown as Record<string, unknown>)[name];
}

function converted(batch: RecordBatch<TypeMap>): PointBatch {
  const builder = new PointBatchBuilder(batch.numRows);
  for (const row of rowsOfTable(DATA_POINT_COLUMNS, new Table([batch]))) {
    const { value, valueExact, isOriginalRelease, ...rest } = row;
    builder.append({
      ...rest,
      value: value === null ? null : { double: value, exact: valueExact },
      isOriginal: isOriginalRelease,
    });
  }
  return builder.finish();
}

/**
 * Sorted dates differ by little, so their differences are packed; a column with few distinct dates is
 * smaller still as a dictionary. Instants are one per commit. The bytes of doubles are split into
 * streams, because neighbours share sign, exponent and leading digits.
 */
function writerProperties(batch: PointBatch, options: PointsFileOptions): WriterPropertiesBuilder {
  let builder = new WriterPropertiesBuilder()
    .setCreatedBy('econ-graph-financial-data')
    .setCompression(COMPRESSIONS[options.compression])
    .setWriterVersion(WriterVersion.V2)
    .setDataPageSizeLimit(options.pageBytes)
    .setStatisticsEnabled(EnabledStatistics.Page)
    .setColumnDictionaryEnabled('value', false)
    .setColumnEncoding('value', Encoding.BYTE_STREAM_SPLIT);
  const packed = ['created_at', 'updated_at'];
  if (!repeats(batch.dates)) packed.push('date');
  if (!repeats(batch.revisionDates)) packed.push('revision_date');
  for (const name of packed) {
    builder = builder
      .setColumnDictionaryEnabled(name, false)
      .setColumnEncoding(name, Encoding.DELTA_BINARY_PACKED);
  }
  return builder;
}

/** Whether a dictionary pays: measured on real vintages, from four rows per distinct date on. */
function repeats(dates: Int32Array): boolean {
  const distinctMax = dates.length / 4;
  const seen = new Set<number>();
  for (const date of dates) {
    if (seen.add(date).size > distinctMax) return false;
  }
  return true;
}
