// The rows of one batch of points: columns found by name and read, series looked up once for each name.

import { validationError } from '../../core/app-error.js';
import type { CalendarDate } from '../../core/calendar-date.js';
import type { Uuid } from '../../core/uuid.js';
import { OriginalFlag } from '../../storage/point-upserts.js';
import type { ReceivedField } from '../ipc/received-schema.js';
import { checkRevisionDate } from '../../data-points/write-limits.js';
import { checkedNames } from './batch-reader.js';
import {
  daysOf,
  flagsOf,
  forEachRow,
  NO_DAY,
  textsOf,
  valuesOf,
  type Received,
} from './column-values.js';
import { atRow, type Faults } from './faults.js';

/** Rows as they were sent, in columns. */
export interface SentRows {
  readonly length: number;
  /** The number of the first row in the stream. */
  readonly firstRow: number;
  /** The place of each row's series among those of the upload. */
  readonly series: Int32Array;
  readonly dates: Int32Array;
  readonly revisionDates: Int32Array;
  /** NaN stands for a null. */
  readonly values: Float64Array;
  readonly exact: ReadonlyMap<number, string>;
  readonly originals: Uint8Array;
}

const KNOWN = [
  'series_id',
  'external_id',
  'source_id',
  'date',
  'revision_date',
  'value',
  'value_exact',
  'is_original_release',
  'created_at',
  'updated_at',
];

/** How a row names its series. */
export type SentName =
  { readonly id: string } | { readonly externalId: string; readonly sourceId: string | null };

/** Finds the series that the rows name, and gives each a place. */
export class SeriesPlaces {
  readonly ids: Uuid[] = [];
  private readonly places = new Map<Uuid, number>();
  private readonly known = new Map<string, number>();

  /** @param resolve throws an AppError where there is no such series */
  constructor(private readonly resolve: (name: SentName) => Uuid) {}

  place(name: SentName): number {
    // No text of ours holds the separator.
    const key = 'id' in name ? name.id : `${name.sourceId ?? ''}\n${name.externalId}`;
    let place = this.known.get(key);
    if (place === undefined) {
      place = this.placeOf(this.resolve(name));
      this.known.set(key, place);
    }
    return place;
  }

  placeOf(id: Uuid): number {
    let place = this.places.get(id);
    if (place === undefined) this.places.set(id, (place = this.ids.push(id) - 1));
    return place;
  }
}

/**
 * Checks the columns of an upload before its first row.
 * @param isNamed whether the descriptor names the series of all rows
 * @throws AppError VALIDATION_ERROR naming the column
 */
export function checkPointFields(fields: readonly ReceivedField[], isNamed: boolean): void {
  const names = checkedNames(fields, KNOWN);
  for (const needed of ['date', 'value']) {
    if (!names.includes(needed)) throw validationError(needed, `A column ${needed} is needed`);
  }
  if (isNamed) return;
  if (!names.includes('series_id') && !names.includes('external_id')) {
    throw validationError(
      'series_id',
      'A column series_id or external_id is needed, or a path that names the series: ["data_points", series]',
    );
  }
}

/**
 * @param columns of one batch, by name
 * @param named the place of the series of all rows; undefined where each row names its own
 * @throws MalformedMessageError; what is wrong with rows goes to `faults`
 */
export function readPointRows(
  columns: ReadonlyMap<string, Received>,
  named: number | undefined,
  places: SeriesPlaces,
  today: CalendarDate,
  faults: Faults,
): SentRows {
  const date = columns.get('date')!;
  const { firstRow } = date;
  const { length } = date.column;
  const dates = daysOf(date, faults);
  dates.forEach((day, row) => {
    if (day === NO_DAY) faults.add(firstRow + row, 'date', 'date must not be null');
  });
  const { values, exact } = valuesOf(columns.get('value')!, columns.get('value_exact'), faults);
  const flags = columns.get('is_original_release');
  return {
    length,
    firstRow,
    series: seriesOf(columns, length, named, places, faults),
    dates,
    revisionDates: revisionDatesOf(columns.get('revision_date'), length, today, faults),
    values,
    exact,
    originals: flags ? flagsOf(flags, faults) : new Uint8Array(length).fill(OriginalFlag.UNSAID),
  };
}

function revisionDatesOf(
  received: Received | undefined,
  length: number,
  today: CalendarDate,
  faults: Faults,
): Int32Array {
  if (!received) return new Int32Array(length).fill(today);
  const days = daysOf(received, faults);
  forEachRow(received, faults, (row) => {
    if (days[row] === NO_DAY) days[row] = today;
    else checkRevisionDate('revision_date', days[row] as CalendarDate, today);
  });
  return days;
}

function seriesOf(
  columns: ReadonlyMap<string, Received>,
  length: number,
  named: number | undefined,
  places: SeriesPlaces,
  faults: Faults,
): Int32Array {
  const series = new Int32Array(length);
  const id = columns.get('series_id');
  const name = id ?? columns.get('external_id');
  if (!name) return series.fill(named!);
  const nameAt = textsOf(name);
  const source = id ? undefined : columns.get('source_id');
  const sourceAt = source ? textsOf(source) : () => null;
  // Rows of one series mostly follow each other.
  let lastText: string | undefined;
  let lastSource: string | null = null;
  let lastPlace = -1;
  for (let row = 0; row < length && !faults.isFull; row++) {
    const text = nameAt(row);
    const sourceId = sourceAt(row);
    if (text === null) {
      faults.add(name.firstRow + row, name.name, `${name.name} must not be null`);
      continue;
    }
    if (text !== lastText || sourceId !== lastSource) {
      [lastText, lastSource] = [text, sourceId];
      const sent = id ? { id: text } : { externalId: text, sourceId };
      lastPlace = atRow(name.firstRow + row, () => places.place(sent));
    }
    series[row] = lastPlace;
    if (named !== undefined && lastPlace !== named) {
      faults.add(name.firstRow + row, name.name, `${name.name} is not the series of the path`);
    }
  }
  return series;
}
