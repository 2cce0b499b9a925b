import { column, nullableColumn } from './columns.js';

/**
 * The points of one series, in `data_points_<uuid>.parquet`, sorted by (date, revision_date). The
 * constant `series_id` makes the files of many series one table for other readers; in memory it is left
 * out, because whoever holds a batch knows whose it is.
 */
export const DATA_POINT_COLUMNS = {
  date: column('date', 'date'),
  revisionDate: column('revision_date', 'date'),
  value: nullableColumn('value', 'float64'),
  valueExact: nullableColumn('value_exact', 'utf8'),
  isOriginalRelease: column('is_original_release', 'bool'),
  createdAt: column('created_at', 'timestamp'),
  updatedAt: column('updated_at', 'timestamp'),
};
