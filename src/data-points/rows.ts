// The one place where columns become row objects. A row is a view: it computes only what is asked of it.

import { CalendarDate } from '../core/calendar-date.js';
import type { Instant } from '../core/instant.js';
import { Uuid } from '../core/uuid.js';
import type { PointBatch } from '../schema/point-batch.js';
import type { PointPlace, SelectedPoints } from './data-points.service.js';
import type { DataPoint, Observations } from './data-point.model.js';

/** The namespace of data point identifiers; changing it would change every identifier. */
const DATA_POINT_NAMESPACE = Uuid.parse('8f2c1f6e-6a0b-5d0e-9c62-6f4f0c8b2a57');

class DataPointRow implements DataPoint {
  constructor(
    readonly seriesId: Uuid,
    private readonly batch: PointBatch,
    private readonly row: number,
  ) {}

  get id(): Uuid {
    const key = `${this.seriesId}/${CalendarDate.format(this.date)}/${CalendarDate.format(this.revisionDate)}`;
    return Uuid.v5(key, DATA_POINT_NAMESPACE);
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

export function toDataPoint({ seriesId, batch, row }: PointPlace): DataPoint {
  return new DataPointRow(seriesId, batch, row);
}

export function toDataPoints(seriesId: Uuid, batch: PointBatch, rows: Uint32Array): DataPoint[] {
  return Array.from(rows, (row) => new DataPointRow(seriesId, batch, row));
}

/** A field that is looked up only where it is asked for. */
export type Later<T, Name extends keyof T> = Omit<T, Name> &
  Readonly<Record<Name, Promise<T[Name]>>>;

export function toObservations({
  batch,
  rows,
  coverage,
}: SelectedPoints): Later<Observations, 'coverage'> {
  return {
    get coverage() {
      return coverage();
    },
    get dates() {
      return listOf(rows, (row) => batch.dates[row] as CalendarDate);
    },
    get revisionDates() {
      return listOf(rows, (row) => batch.revisionDates[row] as CalendarDate);
    },
    get values() {
      return listOf(rows, (row) => (batch.isNull(row) ? null : batch.values[row]!));
    },
    get decimalValues() {
      return listOf(rows, (row) => batch.decimal(row));
    },
  };
}

/** `Array.from` asks an iterator for each element: 180,000 rows take it 10 ms, and this loop 2 ms. */
function listOf<T>(rows: Uint32Array, at: (row: number) => T): T[] {
  const list = new Array<T>(rows.length);
  for (let index = 0; index < rows.length; index++) list[index] = at(rows[index]!);
  return list;
}
