// What the files of a series say about it.

import type { Instant } from '../../core/instant.js';
import type { Uuid } from '../../core/uuid.js';
import { SERIES_COLUMNS, type SeriesRow } from '../../schema/series.columns.js';
import type { PointsFile } from '../catalog/series-catalog.js';
import type { Disk } from '../disk.js';
import {
  DamagedFileError,
  FOOTER_BYTES_GUESS,
  footerBytes,
  openSealed,
  readFacts,
  type FileIdentity,
  type SealedFacts,
} from '../parquet/file-seal.js';
import { decodeRows } from '../parquet/metadata-file.js';
import { hasVintages, rowGroupDatesOf, summaryOf } from '../parquet/points-file.js';
import { pointsFile, seriesFile } from '../paths.js';

/**
 * The metadata of a series; every byte of the file is checked.
 * @throws DamagedFileError, NewerFormatError
 */
export async function readSeries(
  disk: Disk,
  id: Uuid,
): Promise<{ row: SeriesRow; throughSeq: Instant }> {
  const bytes = await disk.read(seriesFile(id));
  const { rows, facts } = decodeRows(SERIES_COLUMNS, bytes, { kind: 'series', seriesId: id });
  const [row] = rows;
  if (row?.id !== id) throw new DamagedFileError('the row is not that of the series');
  return { row, throughSeq: facts.throughSeq };
}

/**
 * What the footer of a points file says; the rows are checked when they are read first.
 * @throws DamagedFileError, NewerFormatError
 */
export async function readPointsFacts(disk: Disk, id: Uuid): Promise<PointsFile> {
  const name = pointsFile(id);
  const facts = await readFooter(disk, name, { kind: 'data_points', seriesId: id });
  return pointsFileOf(facts, await disk.size(name));
}

/**
 * The same, with every byte of the file checked.
 * @throws DamagedFileError, NewerFormatError
 */
export async function checkPoints(disk: Disk, id: Uuid): Promise<PointsFile> {
  const bytes = await disk.read(pointsFile(id));
  const facts = openSealed(bytes, { kind: 'data_points', seriesId: id });
  return pointsFileOf(facts, bytes.byteLength);
}

export async function readFooter(
  disk: Disk,
  name: string,
  expected: FileIdentity,
): Promise<SealedFacts> {
  const tail = await disk.readTail(name, FOOTER_BYTES_GUESS);
  const needed = footerBytes(tail);
  return readFacts(
    needed !== undefined && needed > tail.byteLength ? await disk.readTail(name, needed) : tail,
    expected,
  );
}

function pointsFileOf(facts: SealedFacts, bytes: number): PointsFile {
  return {
    sha256: facts.sha256,
    throughSeq: facts.throughSeq,
    bytes,
    summary: summaryOf(facts),
    rowGroupDates: rowGroupDatesOf(facts),
    hasVintages: hasVintages(facts),
  };
}
