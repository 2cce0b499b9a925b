import { column, nullableColumn, type RowOf } from './columns.js';

/** One row: the metadata of one series, in `series_<uuid>.parquet`. */
export const SERIES_COLUMNS = {
  id: column('id', 'uuid'),
  sourceId: column('source_id', 'uuid'),
  externalId: column('external_id', 'utf8'),
  title: column('title', 'utf8'),
  description: nullableColumn('description', 'utf8'),
  units: nullableColumn('units', 'utf8'),
  frequency: column('frequency', 'utf8'),
  seasonalAdjustment: nullableColumn('seasonal_adjustment', 'utf8'),
  startDate: nullableColumn('start_date', 'date'),
  endDate: nullableColumn('end_date', 'date'),
  isActive: column('is_active', 'bool'),
  createdAt: column('created_at', 'timestamp'),
  updatedAt: column('updated_at', 'timestamp'),
};

export type SeriesRow = RowOf<typeof SERIES_COLUMNS>;
