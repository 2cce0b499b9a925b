// One key (series, date, revision date) may not have two values in one file, or what is stored would
// depend on which one was read last. Files that are sorted in any of the usual ways are checked on the
// fly, because equal keys are neighbours there; of the others `RepeatedKeys` looks at a bounded number of
// keys at a time, and the file is read again for each such window.

import { assert } from '../../core/assert.js';
import type { CalendarDate } from '../../core/calendar-date.js';
import type { Decimal } from '../../core/decimal.js';

export interface KeyedValue {
  readonly date: CalendarDate;
  readonly revisionDate: CalendarDate;
  readonly value: Decimal | null;
}

export function sameValue(a: Decimal | null, b: Decimal | null): boolean {
  if (a === null || b === null) return a === b;
  return a.double === b.double && a.exact === b.exact;
}

/** Whether the keys of a series come sorted, by date or by revision date first, up or down. */
export class KeyOrder {
  private last: KeyedValue | undefined;
  private lastLine = 0;
  private count = 0;
  private isSorted = { dateUp: true, dateDown: true, revisionUp: true, revisionDown: true };

  /** Keys seen, repeated ones among them. */
  get length(): number {
    return this.count;
  }

  /** Not sorted: only `RepeatedKeys` can tell whether a key comes twice. */
  get isScattered(): boolean {
    const { dateUp, dateDown, revisionUp, revisionDown } = this.isSorted;
    return !(dateUp || dateDown || revisionUp || revisionDown);
  }

  /** @returns the line that gave the same key another value just before, if one did */
  add(next: KeyedValue, line: number): number | undefined {
    const { last } = this;
    this.count++;
    if (last !== undefined) {
      const dates = next.date - last.date;
      const revisions = next.revisionDate - last.revisionDate;
      if (dates === 0 && revisions === 0) {
        return sameValue(last.value, next.value) ? undefined : this.lastLine;
      }
      const isSorted = this.isSorted;
      if ((dates || revisions) < 0) isSorted.dateUp = false;
      else isSorted.dateDown = false;
      if ((revisions || dates) < 0) isSorted.revisionUp = false;
      else isSorted.revisionDown = false;
    }
    this.last = next;
    this.lastLine = line;
    return undefined;
  }
}

/** Keys looked at together, on average: 150 MB at most. */
export const KEYS_PER_WINDOW = 3_200_000;

/** Multipliers of xxHash32: odd, with well-mixed bits. */
const [PRIME_1, PRIME_2, PRIME_3] = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d];

export function hashKey(series: number, date: number, revisionDate: number): number {
  let hash = Math.imul(series + 1, PRIME_1) ^ Math.imul(date, PRIME_2);
  hash = Math.imul(hash ^ (hash >>> 15), PRIME_3) ^ Math.imul(revisionDate, PRIME_1);
  hash = Math.imul(hash ^ (hash >>> 13), PRIME_2);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The keys of one window with the line that gave each first: an open-addressing hash table in columns. */
export class RepeatedKeys {
  private length = 0;
  private readonly slots: Int32Array;
  private readonly series: Int32Array;
  private readonly dates: Int32Array;
  private readonly revisionDates: Int32Array;
  private readonly lines: Float64Array;
  private readonly values: Float64Array;
  private readonly exact = new Map<number, string>();

  /** @param capacity keys that will be added at most */
  constructor(capacity: number) {
    this.slots = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(capacity, 1) * 2))).fill(-1);
    this.series = new Int32Array(capacity);
    this.dates = new Int32Array(capacity);
    this.revisionDates = new Int32Array(capacity);
    this.lines = new Float64Array(capacity);
    this.values = new Float64Array(capacity);
  }

  /** @returns the line that gave the same key another value, if one did */
  add(series: number, key: KeyedValue, line: number): number | undefined {
    const { date, revisionDate, value } = key;
    const mask = this.slots.length - 1;
    // The low bits chose the window.
    let slot = (hashKey(series, date, revisionDate) >>> 4) & mask;
    for (; this.slots[slot]! >= 0; slot = (slot + 1) & mask) {
      const row = this.slots[slot]!;
      const isSame =
        this.series[row] === series &&
        this.dates[row] === date &&
        this.revisionDates[row] === revisionDate;
      if (isSame) return sameValue(this.valueAt(row), value) ? undefined : this.lines[row];
    }
    const row = this.length++;
    assert(row < this.dates.length, 'a window of keys has room for its keys');
    this.slots[slot] = row;
    this.series[row] = series;
    this.dates[row] = date;
    this.revisionDates[row] = revisionDate;
    this.lines[row] = line;
    this.values[row] = value?.double ?? Number.NaN;
    if (value !== null && value.exact !== null) this.exact.set(row, value.exact);
    return undefined;
  }

  private valueAt(row: number): Decimal | null {
    const double = this.values[row]!;
    return Number.isNaN(double) ? null : { double, exact: this.exact.get(row) ?? null };
  }
}
