// Points on their way into the store: one series' new or corrected points in columns, sorted by key,
// each key once.

import { validationError } from '../core/app-error.js';
import { CalendarDate } from '../core/calendar-date.js';
import type { Decimal } from '../core/decimal.js';
import type { Uuid } from '../core/uuid.js';

/** Whether a point was sent as an original release, as a revision, or without saying. */
export const OriginalFlag = { REVISION: 0, ORIGINAL: 1, UNSAID: 2 } as const;
export type OriginalFlag = (typeof OriginalFlag)[keyof typeof OriginalFlag];

export interface PointUpserts {
  readonly seriesId: Uuid;
  readonly length: number;
  /** days since 1970-01-01, ascending; equal ones ascend in `revisionDates` */
  readonly dates: Int32Array;
  /** days since 1970-01-01 */
  readonly revisionDates: Int32Array;
  /** NaN stands for a null, because NaN itself is refused as a value. */
  readonly values: Float64Array;
  /** The exact text by row, where the double alone would not give it back. */
  readonly exact: ReadonlyMap<number, string>;
  readonly originals: Uint8Array;
}

class SeriesPoints {
  readonly dates: number[] = [];
  readonly revisionDates: number[] = [];
  readonly values: number[] = [];
  readonly exact: (string | null)[] = [];
  readonly originals: OriginalFlag[] = [];
  readonly positions: number[] = [];
  sorted = true;
}

/** Collects the points of one call, in any order, over any number of series. */
export class PointUpsertsBuilder {
  private readonly series = new Map<Uuid, SeriesPoints>();
  private count = 0;

  get length(): number {
    return this.count;
  }

  /** @param position where the caller sent it, for error messages */
  add(
    seriesId: Uuid,
    date: CalendarDate,
    revisionDate: CalendarDate,
    value: Decimal | null,
    original: OriginalFlag,
    position = this.count,
  ): void {
    let points = this.series.get(seriesId);
    if (!points) this.series.set(seriesId, (points = new SeriesPoints()));
    const last = points.dates.length - 1;
    if (last >= 0) {
      const step = date - points.dates[last]! || revisionDate - points.revisionDates[last]!;
      if (step <= 0) points.sorted = false;
    }
    points.dates.push(date);
    points.revisionDates.push(revisionDate);
    points.values.push(value === null ? Number.NaN : value.double);
    points.exact.push(value?.exact ?? null);
    points.originals.push(original);
    points.positions.push(position);
    this.count++;
  }

  /**
   * @param name tells how the caller named the point at a position: `inputs[3]`, `line 4`
   * @throws AppError VALIDATION_ERROR where one key was given two different values
   */
  finish(name: (position: number) => string = (position) => `inputs[${position}]`): PointUpserts[] {
    return [...this.series].map(([seriesId, points]) => sortedUpserts(seriesId, points, name));
  }
}

function sortedUpserts(
  seriesId: Uuid,
  points: SeriesPoints,
  name: (position: number) => string,
): PointUpserts {
  const order = points.sorted ? undefined : sortAndMerge(points, name);
  const length = order?.length ?? points.dates.length;
  const rowAt = (index: number): number => (order ? order[index]! : index);
  const exact = new Map<number, string>();
  const dates = new Int32Array(length);
  const revisionDates = new Int32Array(length);
  const values = new Float64Array(length);
  const originals = new Uint8Array(length);
  for (let index = 0; index < length; index++) {
    const row = rowAt(index);
    dates[index] = points.dates[row]!;
    revisionDates[index] = points.revisionDates[row]!;
    values[index] = points.values[row]!;
    originals[index] = points.originals[row]!;
    const text = points.exact[row]!;
    if (text !== null) exact.set(index, text);
  }
  return { seriesId, length, dates, revisionDates, values, exact, originals };
}

/** The rows in key order, without those that repeat an earlier one. */
function sortAndMerge(points: SeriesPoints, name: (position: number) => string): number[] {
  const { dates, revisionDates, values, exact, originals, positions } = points;
  const order = Array.from(dates.keys()).sort(
    (a, b) => dates[a]! - dates[b]! || revisionDates[a]! - revisionDates[b]! || a - b,
  );
  const kept: number[] = [];
  for (const row of order) {
    const before = kept.at(-1);
    const repeats =
      before !== undefined &&
      dates[before] === dates[row] &&
      revisionDates[before] === revisionDates[row];
    if (!repeats) {
      kept.push(row);
      continue;
    }
    const sameValue = Object.is(values[before], values[row]) && exact[before] === exact[row];
    // Whoever does not say whether it is an original release agrees with whoever does.
    if (originals[before] === OriginalFlag.UNSAID) originals[before] = originals[row]!;
    const sameFlag = originals[row] === OriginalFlag.UNSAID || originals[before] === originals[row];
    if (!sameValue || !sameFlag) {
      const first = name(positions[before]!);
      const second = name(positions[row]!);
      const date = CalendarDate.format(dates[row] as CalendarDate);
      const revisionDate = CalendarDate.format(revisionDates[row] as CalendarDate);
      throw validationError(
        second,
        `${first} and ${second} give different ${sameValue ? 'original-release flags' : 'values'} for date ${date} and revision date ${revisionDate} of one series`,
        { conflictsWith: first },
      );
    }
  }
  return kept;
}
