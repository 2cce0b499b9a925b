// The metadata of the series as a table, with what is known of their points without reading them.

import { Injectable } from '@nestjs/common';
import type { Schema, TypeMap } from 'apache-arrow';
import { AppError } from '../../core/app-error.js';
import type { ColumnKind } from '../../schema/columns.js';
import { SERIES_COLUMNS, type SeriesRow } from '../../schema/series.columns.js';
import { DataPointsService } from '../../data-points/data-points.service.js';
import { SeriesService } from '../../series/series.service.js';
import type { PointsOverview } from '../../storage/data-points-store.js';
import type { SeriesRequest } from '../flight-request.js';
import type { FlightDataMessage } from '../ipc/flight-data-message.js';
import { recordBatchMessage, schemaMessage } from '../ipc/messages.js';
import { KINDS, rowColumn, schemaOf, type RowColumn } from './row-columns.js';

/** Rows of one message: about half a megabyte, made in a few milliseconds. */
const ROWS_PER_MESSAGE = 2048;

interface Row {
  readonly series: SeriesRow;
  /** Null where the stored points are damaged. */
  readonly overview: PointsOverview | null;
}

const KIND_OF: Record<ColumnKind, (typeof KINDS)[keyof typeof KINDS]> = {
  uuid: KINDS.text,
  utf8: KINDS.text,
  bool: KINDS.flag,
  date: KINDS.day,
  float64: KINDS.double,
  timestamp: KINDS.instant,
};

const COLUMNS: readonly RowColumn<Row>[] = [
  ...Object.entries(SERIES_COLUMNS).map(([key, { name, kind }]) =>
    rowColumn(name, KIND_OF[kind] as never, ({ series }: Row) => series[key as keyof SeriesRow]),
  ),
  rowColumn('points', KINDS.count, ({ overview }) => overview?.rows ?? null),
  rowColumn('first_date', KINDS.day, ({ overview }) => overview?.firstDate ?? null),
  rowColumn('last_date', KINDS.day, ({ overview }) => overview?.lastDate ?? null),
  rowColumn('last_revision_date', KINDS.day, ({ overview }) => overview?.lastRevisionDate ?? null),
];

@Injectable()
export class SeriesFlight {
  readonly schema: Schema<TypeMap> = schemaOf(COLUMNS);

  constructor(
    private readonly series: SeriesService,
    private readonly points: DataPointsService,
  ) {}

  async count({ filter }: SeriesRequest): Promise<number> {
    return (await this.series.matching(filter)).length;
  }

  /** As of when it begins; the rows are made as they are sent. */
  async *messages({ filter }: SeriesRequest): AsyncGenerator<FlightDataMessage> {
    const all = await this.series.matching(filter);
    yield schemaMessage(this.schema);
    for (let from = 0; from < all.length; from += ROWS_PER_MESSAGE) {
      const rows = all
        .slice(from, from + ROWS_PER_MESSAGE)
        .map((series) => ({ series, overview: this.overviewOf(series) }));
      const bodies = COLUMNS.map(({ bodyOf }) => bodyOf(rows));
      yield recordBatchMessage(rows.length, bodies);
    }
  }

  /** Null where the points are damaged, or the series was deleted since: what is known of itself is told all the same. */
  overviewOf({ id }: SeriesRow): PointsOverview | null {
    try {
      return this.points.overview(id);
    } catch (error) {
      if (error instanceof AppError) return null;
      throw error;
    }
  }
}
