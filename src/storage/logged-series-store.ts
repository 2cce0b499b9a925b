import { Injectable } from '@nestjs/common';
import { conflict } from '../core/app-error.js';
import { Uuid } from '../core/uuid.js';
import { sameRow } from '../schema/columns.js';
import { SERIES_COLUMNS, type SeriesRow } from '../schema/series.columns.js';
import type { SeriesCatalog } from './catalog/series-catalog.js';
import { DataDirectory } from './data-directory.js';
import { SeriesStore, type NewSeries, type SeriesChange } from './series-store.js';

/** Reads come from the catalogue; changes go through the log, and later into a Parquet file per series. */
@Injectable()
export class LoggedSeriesStore extends SeriesStore {
  private readonly catalog: SeriesCatalog;

  constructor(private readonly directory: DataDirectory) {
    super();
    this.catalog = directory.catalog;
  }

  get(id: Uuid): SeriesRow | undefined {
    return this.catalog.row(id);
  }

  all(): Iterable<SeriesRow> {
    return this.catalog.rows();
  }

  findByExternalId(externalId: string, sourceId?: Uuid): SeriesRow[] {
    return this.catalog.findByExternalId(externalId, sourceId);
  }

  create(series: NewSeries): Promise<SeriesRow> {
    const id = series.id ?? Uuid.v7();
    // Also by external id: who comes second hears of a series that is there, not of one that may come.
    const keys = [id, `${series.sourceId}/${series.externalId}`];
    return this.directory.write(keys, async () => {
      const release = this.catalog.reserve({ ...series, id });
      try {
        // `row` also refuses the id of a series whose file is damaged: writing would bury what is there.
        if (this.catalog.row(id)) {
          throw conflict(`A series with the id ${id} exists`, { resource: 'EconomicSeries', id });
        }
        return await this.put((instant) => ({
          ...series,
          id,
          createdAt: instant,
          updatedAt: instant,
        }));
      } finally {
        release();
      }
    });
  }

  update(
    id: Uuid,
    change: SeriesChange,
    check: (changed: SeriesRow) => void = () => undefined,
  ): Promise<SeriesRow> {
    return this.directory.write([id], async () => {
      const { row } = this.catalog.require(id);
      const changed: SeriesRow = { ...row, ...change };
      check(changed);
      if (sameRow(SERIES_COLUMNS, changed, row)) return row;
      const release = this.catalog.reserve(changed);
      try {
        return await this.put((instant) => ({ ...changed, updatedAt: instant }));
      } finally {
        release();
      }
    });
  }

  delete(id: Uuid): Promise<void> {
    return this.directory.write([id], async () => {
      this.catalog.require(id);
      this.directory.assertDeletable();
      await this.directory.commit(() => [{ kind: 'series-deleted', seriesId: id }]);
    });
  }

  private async put(rowAt: (instant: SeriesRow['updatedAt']) => SeriesRow): Promise<SeriesRow> {
    let row: SeriesRow | undefined;
    await this.directory.commit((instant) => {
      row = rowAt(instant);
      return [{ kind: 'series-put', row }];
    });
    return row!;
  }
}
