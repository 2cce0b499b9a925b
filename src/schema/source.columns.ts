import { column, nullableColumn, type RowOf } from './columns.js';

/** The data sources, all of them in `sources.parquet`. */
export const SOURCE_COLUMNS = {
  id: column('id', 'uuid'),
  name: column('name', 'utf8'),
  description: nullableColumn('description', 'utf8'),
  url: nullableColumn('url', 'utf8'),
  isActive: column('is_active', 'bool'),
  createdAt: column('created_at', 'timestamp'),
  updatedAt: column('updated_at', 'timestamp'),
};

export type SourceRow = RowOf<typeof SOURCE_COLUMNS>;
