// Rows of metadata as plain objects, whatever the stores answer with.

import { SERIES_COLUMNS, type SeriesRow } from '../../src/schema/series.columns.js';
import { SOURCE_COLUMNS, type SourceRow } from '../../src/schema/source.columns.js';

export function plainSeries(row: SeriesRow): SeriesRow {
  return pick(row, SERIES_COLUMNS);
}

export function plainSource(row: SourceRow): SourceRow {
  return pick(row, SOURCE_COLUMNS);
}

function pick<T extends object>(row: T, columns: Record<keyof T, unknown>): T {
  const keys = Object.keys(columns) as (keyof T)[];
  return Object.fromEntries(keys.map((key) => [key, row[key]])) as T;
}
