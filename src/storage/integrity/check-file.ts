// Whether the bytes of one file are wholly what they should be: every byte against the checksum, the rows
// decoded, and what the footer says of them true.

import { CalendarDate } from '../../core/calendar-date.js';
import type { Instant } from '../../core/instant.js';
import type { Uuid } from '../../core/uuid.js';
import type { PointBatch } from '../../schema/point-batch.js';
import { SERIES_COLUMNS, type SeriesRow } from '../../schema/series.columns.js';
import { SOURCE_COLUMNS } from '../../schema/source.columns.js';
import { decodeDeletions, tombstonesOf } from '../parquet/deletions-file.js';
import { DamagedFileError, type SealedFacts } from '../parquet/file-seal.js';
import { decodeRows } from '../parquet/metadata-file.js';
import { decodePoints, rowGroupDatesOf, summaryOf, vintagesOf } from '../parquet/points-file.js';
import { summarise } from '../points-summary.js';

/** @throws DamagedFileError, NewerFormatError */
export function checkSeriesFile(bytes: Uint8Array, id: Uuid): SeriesRow {
  const { rows, facts } = decodeRows(SERIES_COLUMNS, bytes, { kind: 'series', seriesId: id });
  const [row] = rows;
  if (rows.length !== 1 || row?.id !== id) {
    throw new DamagedFileError('the row is not that of the series');
  }
  expectThroughSeq(facts, row.updatedAt);
  return row;
}

/** @throws DamagedFileError, NewerFormatError */
export function checkSourcesFile(bytes: Uint8Array): void {
  const { rows, facts } = decodeRows(SOURCE_COLUMNS, bytes, { kind: 'sources', seriesId: null });
  for (const { updatedAt } of rows) expectWithin(facts, updatedAt);
  if (new Set(rows.map(({ id }) => id)).size !== rows.length) {
    throw new DamagedFileError('two rows have the same id');
  }
}

/**
 * @returns when each series was deleted last
 * @throws DamagedFileError, NewerFormatError
 */
export function checkDeletionsFile(bytes: Uint8Array): ReadonlyMap<Uuid, Instant> {
  const { deletions, facts } = decodeDeletions(bytes);
  let before = 0;
  for (const batch of deletions) {
    const instants = batch.getChild('deleted_at')?.toArray() as BigInt64Array | undefined;
    for (const instant of instants ?? []) {
      expectWithin(facts, Number(instant));
      if (instant < before) throw new DamagedFileError('a row is older than the row before it');
      before = Number(instant);
    }
  }
  return tombstonesOf(deletions);
}

/** @throws DamagedFileError, NewerFormatError */
export function checkPointsFile(bytes: Uint8Array, id: Uuid): { rows: number; facts: SealedFacts } {
  const { batch, facts } = decodePoints(bytes, id);
  const disorder = firstDisorder(batch);
  if (disorder !== undefined) {
    throw new DamagedFileError(`row ${disorder} does not come after the row before it`);
  }
  expectFacts(batch, facts);
  vintagesOf(facts);
  return { rows: batch.length, facts };
}

/** The first row whose key is not above that of the row before it. */
function firstDisorder({ dates, revisionDates, length }: PointBatch): number | undefined {
  for (let row = 1; row < length; row++) {
    const step = dates[row]! - dates[row - 1]! || revisionDates[row]! - revisionDates[row - 1]!;
    if (step <= 0) return row;
  }
  return undefined;
}

function expectFacts(batch: PointBatch, facts: SealedFacts): void {
  const said = summaryOf(facts);
  for (const [key, value] of Object.entries(summarise(batch))) {
    if (said[key as keyof typeof said] !== value) {
      throw new DamagedFileError(`the footer and the rows do not say the same of ${key}`);
    }
  }
  const groupRows = Number(facts.extra['row_group_rows']);
  rowGroupDatesOf(facts).forEach((date, group) => {
    if (batch.dates[group * groupRows] !== date) {
      throw new DamagedFileError(
        `row group ${group} does not begin on ${CalendarDate.format(date)}, as the footer says`,
      );
    }
  });
  for (const instant of batch.updatedAtMicros) expectWithin(facts, Number(instant));
}

function expectWithin({ throughSeq }: SealedFacts, instant: number): void {
  if (instant > throughSeq) {
    throw new DamagedFileError('a row is younger than the last change that the file says it holds');
  }
}

function expectThroughSeq({ throughSeq }: SealedFacts, updatedAt: Instant): void {
  if (throughSeq !== updatedAt) {
    throw new DamagedFileError('the footer and the row do not say the same of the last change');
  }
}
