// The one place where columns become rows. A row is a view, and a list of rows makes them when they are looked
// at: whoever takes columns needs none.

import { CalendarDate } from '../core/calendar-date.js';
import type { Instant } from '../core/instant.js';
import { ColumnList, RecordList } from '../core/lazy-list.js';
import { Uuid } from '../core/uuid.js';
import type { PointBatch } from '../schema/point-batch.js';
import type { PointPlace, PointRows, SelectedPoints } from './data-points.service.js';
import type { DataPoint, Observations } from './data-point.model.js';

/** The namespace of data point identifiers; changing it would change every identifier. */
const DATA_POINT_NAMESPACE = Uuid.parse('8f2c1f6e-6a0b-5d0e-9c62-6f4f0c8b2a57');

const COLUMNS: Readonly<
  Record<keyof DataPoint, (seriesId: Uuid, batch: PointBatch) => (row: number) => unknown>
> = {
  id: idColumn,
  seriesId: (seriesId) => () => seriesId,
  date:
    (_, { dates }) =>
    (row) =>
      dates[row],
  revisionDate:
    (_, { revisionDates }) =>
    (row) =>
      revisionDates[row],
  value: (_, batch) => (row) => batch.decimalOrDouble(row),
  isOriginalRelease: (_, batch) => (row) => batch.isOriginal(row),
  createdAt: (_, batch) => (row) => batch.createdAt(row),
  updatedAt: (_, batch) => (row) => batch.updatedAt(row),
};

function idColumn(seriesId: Uuid, { dates, revisionDates }: PointBatch): (row: number) => Uuid {
  return (row) => {
    const date = CalendarDate.format(dates[row] as CalendarDate);
    const revisionDate = CalendarDate.format(revisionDates[row] as CalendarDate);
    return Uuid.v5(`${seriesId}/${date}/${revisionDate}`, DATA_POINT_NAMESPACE);
  };
}

class DataPointRow implements DataPoint {
  constructor(
    readonly seriesId: Uuid,
    private readonly batch: PointBatch,
    private readonly row: number,
  ) {}

  get id(): Uuid {
    return idColumn(this.seriesId, this.batch)(this.row);
  }

  get date(): CalendarDate {
    return this.batch.dates[this.row] as CalendarDate;
  }

  get revisionDate(): CalendarDate {
    return this.batch.revisionDates[this.row] as CalendarDate;
  }

  get value(): string | null {
    return this.batch.decimal(this.row);
  }

  get isOriginalRelease(): boolean {
    return this.batch.isOriginal(this.row);
  }

  get createdAt(): Instant {
    return this.batch.createdAt(this.row);
  }

  get updatedAt(): Instant {
    return this.batch.updatedAt(this.row);
  }
}

class DataPointRows extends RecordList<DataPoint> {
  constructor(
    private readonly seriesId: Uuid,
    private readonly batch: PointBatch,
    private readonly rows: Uint32Array,
  ) {
    super(rows.length);
  }

  at(index: number): DataPoint {
    return new DataPointRow(this.seriesId, this.batch, this.rows[index]!);
  }

  column(field: string): ((index: number) => unknown) | undefined {
    if (!Object.hasOwn(COLUMNS, field)) return undefined;
    const valueOf = COLUMNS[field as keyof DataPoint](this.seriesId, this.batch);
    const { rows } = this;
    return (index) => valueOf(rows[index]!);
  }
}

export function toDataPoint({ seriesId, batch, row }: PointPlace): DataPoint {
  return new DataPointRow(seriesId, batch, row);
}

export function toDataPoints(seriesId: Uuid, { batch, rows }: PointRows): RecordList<DataPoint> {
  return new DataPointRows(seriesId, batch, rows);
}

/** A field that is looked up only where it is asked for. */
export type Later<T, Name extends keyof T> = Omit<T, Name> &
  Readonly<Record<Name, Promise<T[Name]>>>;

/** The lists of a model, made of columns. */
type InColumns<T> = { readonly [K in keyof T]: T[K] extends (infer V)[] ? ColumnList<V> : T[K] };

type ObservationColumns = Later<InColumns<Omit<Observations, 'decimalValues'>>, 'coverage'> & {
  /** Doubles where no text is stored: see `PointBatch.decimalOrDouble`. */
  readonly decimalValues: ColumnList<string | number | null>;
};

export function toObservations({ batch, rows, coverage }: SelectedPoints): ObservationColumns {
  const list = <T>(valueOf: (row: number) => T): ColumnList<T> =>
    new ColumnList(rows.length, (index) => valueOf(rows[index]!));
  return {
    get coverage() {
      return coverage();
    },
    dates: list((row) => batch.dates[row] as CalendarDate),
    revisionDates: list((row) => batch.revisionDates[row] as CalendarDate),
    values: list((row) => (batch.isNull(row) ? null : batch.values[row]!)),
    decimalValues: list((row) => batch.decimalOrDouble(row)),
  };
}
