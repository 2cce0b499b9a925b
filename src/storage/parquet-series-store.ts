import { Injectable } from '@nestjs/common';
import { BatchCache } from '../cache/batch-cache.js';
import { conflict } from '../core/app-error.js';
import { Uuid } from '../core/uuid.js';
import { sameRow } from '../schema/columns.js';
import { SERIES_COLUMNS, type SeriesRow } from '../schema/series.columns.js';
import { entryWithoutPoints, SeriesCatalog } from './catalog/series-catalog.js';
import { DataDirectory } from './data-directory.js';
import { encodeRows } from './parquet/metadata-file.js';
import { pointsFile, seriesFile } from './paths.js';
import { SeriesStore, type NewSeries, type SeriesChange } from './series-store.js';

/** One Parquet file per series, rewritten at each change; reads come from the catalogue. */
@Injectable()
export class ParquetSeriesStore extends SeriesStore {
  private readonly catalog: SeriesCatalog;

  constructor(
    private readonly directory: DataDirectory,
    private readonly cache: BatchCache,
  ) {
    super();
    this.catalog = directory.catalog;
  }

  get(id: Uuid): SeriesRow | undefined {
    return this.catalog.get(id)?.row;
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
    return this.directory.locks.run(keys, async () => {
      const release = this.catalog.reserve({ ...series, id });
      try {
        // `get` also refuses the id of a series whose file is damaged: writing would bury what is there.
        if (this.catalog.get(id)) {
          throw conflict(`A series with the id ${id} exists`, { resource: 'EconomicSeries', id });
        }
        const instant = this.directory.clock.next();
        const row: SeriesRow = { ...series, id, createdAt: instant, updatedAt: instant };
        await this.write(row);
        this.catalog.put(entryWithoutPoints(row));
        return row;
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
    return this.directory.locks.run([id], async () => {
      const entry = this.catalog.require(id);
      const changed: SeriesRow = { ...entry.row, ...change };
      check(changed);
      if (sameRow(SERIES_COLUMNS, changed, entry.row)) return entry.row;
      const release = this.catalog.reserve(changed);
      try {
        const row: SeriesRow = { ...changed, updatedAt: this.directory.clock.next() };
        await this.write(row);
        this.catalog.put({ ...entry, row });
        return row;
      } finally {
        release();
      }
    });
  }

  delete(id: Uuid): Promise<void> {
    return this.directory.locks.run([id], async () => {
      const { pointsHash } = this.catalog.require(id);
      const deletedAt = this.directory.clock.next();
      await this.directory.commitDeletions(
        [{ seriesId: id, date: null, revisionDate: null, deletedAt }],
        [
          { name: pointsFile(id), bytes: null },
          { name: seriesFile(id), bytes: null },
        ],
      );
      this.catalog.delete(id);
      if (pointsHash !== null) this.cache.delete(pointsHash);
    });
  }

  private async write(row: SeriesRow): Promise<void> {
    const { bytes } = await encodeRows(SERIES_COLUMNS, [row], {
      kind: 'series',
      seriesId: row.id,
      throughSeq: row.updatedAt,
      extra: {},
    });
    await this.directory.commit([{ name: seriesFile(row.id), bytes }]);
  }
}
