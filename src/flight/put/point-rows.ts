// The rows of one batch of points: columns found by name and read, series looked up once for each name.

import { AppError, validationError } from '../../core/app-error.js';
import type { CalendarDate } from '../../core/calendar-date.js';
import type { Uuid } from '../../core/uuid.js';
import { OriginalFlag } from '../../storage/point-upserts.js';
import type { ReceivedField } from '../ipc/received-schema.js';
import { daysOf, flagsOf, NO_DAY, textsOf, valuesOf, type Received } from './column-values.js';
import type { Faults } from './faults.js';

/** Rows as they were sent, in columns. */
export interface PointRows {
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

/** Finds the series that the rows name, and gives each a place. */
export class SeriesPlaces {
  readonly ids: Uuid[] = [];
  private readonly places = new Map<Uuid, number>();
  private readonly known = new Map<string, number>();

  /** @param resolve throws an AppError where there is no such series */
  constructor(private readonly resolve: (name: string) => Uuid) {}

  place(name: string): number {
    let place = this.known.get(name);
    if (place === undefined) {
      const id = this.resolve(name);
      place = this.places.get(id) ?? this.ids.push(id) - 1;
      this.places.set(id, place);
      this.known.set(name, place);
    }
    return place;
  }
}

/**
 * Checks the columns of an upload before its first row.
 * @param isNamed whether the descriptor names the series of all rows
 * @throws AppError VALIDATION_ERROR naming the column
 */
export function checkPointFields(fields: readonly ReceivedField[], isNamed: boolean): void {
  const names = fields.map(({ name }) => name);
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined) throw validationError(repeated, `The column ${repeated} comes twice`);
  const unknown = names.find((name) => !KNOWN.includes(name));
  if (unknown !== undefined) {
    throw validationError(
      unknown,
      `The column ${JSON.stringify(unknown)} is not known here; known are ${KNOWN.join(', ')}`,
    );
  }
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
): PointRows {
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
  for (let row = 0; row < length; row++) {
    if (days[row] === NO_DAY) days[row] = today;
    else if (days[row]! > today + 1) {
      faults.add(
        received.firstRow + row,
        'revision_date',
        'revision_date must not be after tomorrow in UTC',
      );
    }
  }
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
  if (named !== undefined && !id) return series.fill(named);
  const name = id ?? columns.get('external_id')!;
  const nameAt = textsOf(name);
  const source = id ? undefined : columns.get('source_id');
  const sourceAt = source && textsOf(source);
  // Rows of one series mostly follow each other.
  let lastText: string | null = null;
  let lastPlace = -1;
  for (let row = 0; row < length && !faults.isFull; row++) {
    const text = nameAt(row);
    const sourceId = sourceAt?.(row);
    const full = sourceId == null ? text : `${sourceId}/${text}`;
    if (full === null || full !== lastText) {
      lastText = full;
      lastPlace = placeOf(full, name, row, places, faults);
      if (named !== undefined && lastPlace !== named && lastPlace >= 0) {
        faults.add(name.firstRow + row, name.name, `${name.name} is not the series of the path`);
      }
    }
    series[row] = lastPlace;
  }
  return series;
}

function placeOf(
  text: string | null,
  { name, firstRow }: Received,
  row: number,
  places: SeriesPlaces,
  faults: Faults,
): number {
  if (text === null) {
    faults.add(firstRow + row, name, `${name} must not be null`);
    return -1;
  }
  try {
    return places.place(text);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const message = `Row ${firstRow + row}: ${error.message}`;
    throw new AppError(error.code, message, { ...error.details, rows: [firstRow + row] });
  }
}
