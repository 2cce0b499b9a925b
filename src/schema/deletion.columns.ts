import { column, nullableColumn, type RowOf } from './columns.js';

/**
 * What was deleted and when, in `deletions.parquet`: one row per deleted point, or one row with null
 * dates for a whole series.
 */
export const DELETION_COLUMNS = {
  seriesId: column('series_id', 'uuid'),
  date: nullableColumn('date', 'date'),
  revisionDate: nullableColumn('revision_date', 'date'),
  deletedAt: column('deleted_at', 'timestamp'),
};

export type DeletionRow = RowOf<typeof DELETION_COLUMNS>;
