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

/** The points of one series as a caller sent them, in any order, keys perhaps more than once. */
export interface SentPoints {
  readonly seriesId: Uuid;
  readonly dates: Int32Array | number[];
  readonly revisionDates: Int32Array | number[];
  /** NaN stands for a null. */
  readonly values: Float64Array | number[];
  readonly originals: Uint8Array | OriginalFlag[];
  /** By row, where the double alone would not give the number back. */
  readonly exact: ReadonlyMap<number, string>;
  /** Where the caller sent each row, for error messages. */
  readonly positions: ArrayLike<number>;
}

class SeriesPoints implements SentPoints {
  readonly dates: number[] = [];
  readonly revisionDates: number[] = [];
  readonly values: number[] = [];
  readonly exact = new Map<number, string>();
  readonly originals: OriginalFlag[] = [];
  readonly positions: number[] = [];

  constructor(readonly seriesId: Uuid) {}
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
    if (!points) this.series.set(seriesId, (points = new SeriesPoints(seriesId)));
    points.dates.push(date);
    points.revisionDates.push(revisionDate);
    points.values.push(value === null ? Number.NaN : value.double);
    if (value?.exact != null) points.exact.set(points.dates.length - 1, value.exact);
    points.originals.push(original);
    points.positions.push(position);
    this.count++;
  }

  /**
   * @param name tells how the caller named the point at a position: `inputs[3]`, `line 4`
   * @throws AppError VALIDATION_ERROR where one key was given two different values
   */
  finish(name: (position: number) => string = (position) => `inputs[${position}]`): PointUpserts[] {
    return [...this.series.values()].map((points) => sortedUpserts(points, name));
  }
}

/**
 * @param name tells how the caller named the point at a position
 * @throws AppError VALIDATION_ERROR where one key was given two different values
 */
export function sortedUpserts(
  points: SentPoints,
  name: (position: number) => string,
): PointUpserts {
  const { seriesId, dates, revisionDates, values, originals, exact } = points;
  if (isSorted(points)) {
    return {
      ...{ seriesId, length: dates.length, exact },
      dates: Array.isArray(dates) ? Int32Array.from(dates) : dates,
      revisionDates: Array.isArray(revisionDates) ? Int32Array.from(revisionDates) : revisionDates,
      values: Array.isArray(values) ? Float64Array.from(values) : values,
      originals: Array.isArray(originals) ? Uint8Array.from(originals) : originals,
    };
  }
  const order = sortAndMerge(points, name);
  const ordered = new Map<number, string>();
  order.forEach((row, index) => {
    const text = exact.get(row);
    if (text !== undefined) ordered.set(index, text);
  });
  return {
    ...{ seriesId, length: order.length, exact: ordered },
    dates: Int32Array.from(order, (row) => dates[row]!),
    revisionDates: Int32Array.from(order, (row) => revisionDates[row]!),
    values: Float64Array.from(order, (row) => values[row]!),
    originals: Uint8Array.from(order, (row) => originals[row]!),
  };
}

/** Whether every key is greater than the one before. */
function isSorted({ dates, revisionDates }: SentPoints): boolean {
  for (let row = 1; row < dates.length; row++) {
    const step = dates[row]! - dates[row - 1]! || revisionDates[row]! - revisionDates[row - 1]!;
    if (step <= 0) return false;
  }
  return true;
}

/** The rows in key order, without those that repeat an earlier one. */
function sortAndMerge(points: SentPoints, name: (position: number) => string): Uint32Array {
  const { dates, revisionDates, values, exact, originals, positions } = points;
  const order = new Uint32Array(dates.length).map((_, row) => row);
  order.sort((a, b) => dates[a]! - dates[b]! || revisionDates[a]! - revisionDates[b]! || a - b);
  let kept = 0;
  for (const row of order) {
    // Rows that are kept take the places of those that were looked at.
    const before = kept === 0 ? undefined : order[kept - 1];
    const repeats =
      before !== undefined &&
      dates[before] === dates[row] &&
      revisionDates[before] === revisionDates[row];
    if (!repeats) {
      order[kept++] = row;
      continue;
    }
    const sameValue =
      Object.is(values[before], values[row]) && exact.get(before) === exact.get(row);
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
        { conflictsWith: first, positions: [positions[before]!, positions[row]!] },
      );
    }
  }
  return order.subarray(0, kept);
}
