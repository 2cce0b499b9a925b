// Which observation each one is compared with, in every vintage. It may change: a date that is published
// late comes to lie between two others. Since what is known stays known, the answers are found backwards in
// time, from the last vintage, by taking away dates in the reverse order of their publication.

import { CalendarDate } from '../../core/calendar-date.js';
import type { Steps } from '../../core/steps.js';
import { PERIODS, type RegularFrequency } from './periods.js';
import { ROWS_PER_STEP, type Triangle } from './triangle.js';

export const NONE = -1;

/** By date, the spans of days in which it has one base: a linked list, ascending. */
export class Bases {
  /** The first span of each date; NONE where it never has a base. */
  readonly first: Int32Array;
  /** by span: the base, as the number of its date */
  readonly base: number[] = [];
  /** by span: the first day */
  readonly from: number[] = [];
  /** by span: the one that ends it; NONE where it is the last */
  readonly next: number[] = [];

  constructor(dates: number) {
    this.first = new Int32Array(dates).fill(NONE);
  }

  /** Puts a span before those of `date`, unless it would end on the day it begins. */
  prepend(date: number, base: number, from: number): void {
    const next = this.first[date]!;
    if (next !== NONE && this.from[next]! <= from) return;
    this.first[date] = this.base.push(base) - 1;
    this.from.push(from);
    this.next.push(next);
  }
}

/**
 * The base is the observation `back` places before, among those that the vintage has, values missing or not.
 * Dates that became known in their order cost one step each, one that came late up to `back` more.
 */
export function* basesByPosition(triangle: Triangle, back: number): Steps<Bases> {
  const { length } = triangle;
  const bases = new Bases(length);
  // The dates that are known, as a list that dates are taken out of; NONE is beyond either end.
  const before = new Int32Array(length);
  const after = new Int32Array(length);
  const base = new Int32Array(length);
  for (let i = 0; i < length; i++) {
    before[i] = i - 1;
    after[i] = i + 1 < length ? i + 1 : NONE;
    base[i] = i >= back ? i - back : NONE;
  }
  yield;

  // Of one day the last date first, so that it is gone before the dates that it would have to follow.
  let done = 0;
  for (const date of byPublication(triangle).reverse()) {
    if (++done % ROWS_PER_STEP === 0) yield;
    const day = triangle.knownFrom(date);
    if (base[date] !== NONE) bases.prepend(date, base[date]!, day);
    let follower = after[date]!;
    // Only these have the date as their base, or between it and them.
    for (let place = 0; place < back && follower !== NONE; place++, follower = after[follower]!) {
      const known = base[follower]!;
      if (known === NONE) continue;
      bases.prepend(follower, known, day);
      base[follower] = before[known]!;
    }
    if (before[date] !== NONE) after[before[date]!] = after[date]!;
    if (after[date] !== NONE) before[after[date]!] = before[date]!;
  }
  return bases;
}

/** The numbers of the dates, by the day on which they became known, then by date. */
function byPublication(triangle: Triangle): Float64Array {
  const { length } = triangle;
  const keys = new Float64Array(length);
  let isSorted = true;
  for (let i = 0; i < length; i++) {
    keys[i] = (triangle.knownFrom(i) - CalendarDate.MIN) * length + i;
    if (i > 0 && keys[i]! < keys[i - 1]!) isSorted = false;
  }
  // Most series were published in the order of their dates.
  if (!isSorted) keys.sort();
  for (let i = 0; i < length; i++) keys[i]! %= length;
  return keys;
}

/**
 * The base is the observation of the period `back` periods before; where the vintage has several there, the
 * one at the nearest place in its period, the later of two. A date that is off the grid does no harm:
 * nothing is counted from a first date.
 */
export function* basesByCalendar(
  triangle: Triangle,
  frequency: RegularFrequency,
  back: number,
): Steps<Bases> {
  const { length, dates } = triangle;
  const bases = new Bases(length);
  const windowOf = WINDOWS[frequency];
  let split = 0;
  for (let i = 0; i < length; i++) {
    if (i % ROWS_PER_STEP === 0) yield;
    const { from, to, target } = windowOf(dates[i]!, back);
    while (split < length && dates[split]! <= target) split++;
    // Outwards from the target: the nearer a date, the earlier it is found and the later it counts.
    let earlier = split - 1;
    let later = split;
    for (;;) {
      const toEarlier = earlier >= 0 && dates[earlier]! >= from ? target - dates[earlier]! : NaN;
      const toLater = later < length && dates[later]! <= to ? dates[later]! - target : NaN;
      if (Number.isNaN(toEarlier) && Number.isNaN(toLater)) break;
      const nearest = toEarlier < toLater || Number.isNaN(toLater) ? earlier-- : later++;
      bases.prepend(i, nearest, triangle.knownFrom(nearest));
      // Vintages without the date itself ask for nothing.
      if (triangle.knownFrom(nearest) <= triangle.knownFrom(i)) break;
    }
  }
  return bases;
}

/** Where to look for a base, first and last day, and the day that it should have. */
interface Window {
  readonly from: number;
  readonly to: number;
  readonly target: number;
}

type WindowOf = (date: number, back: number) => Window;

/**
 * Weeks and fortnights lie on no grid: a series has its own weekday, and holidays move single dates. So a
 * period before is its length in days before, give or take less than half of it.
 */
function windowOfDays(days: number): WindowOf {
  const slack = Math.ceil(days / 2) - 1;
  return (date, back) => {
    const target = date - back * days;
    return { from: target - slack, to: target + slack, target };
  };
}

/** Months and longer periods are those of the calendar, wherever in them a series has its dates. */
function windowOfPeriods(frequency: RegularFrequency): WindowOf {
  const { indexOf, firstDay } = PERIODS[frequency];
  return (date, back) => {
    const period = indexOf(date);
    const from = firstDay(period - back);
    const to = firstDay(period - back + 1) - 1;
    return { from, to, target: Math.min(from + date - firstDay(period), to) };
  };
}

const WINDOWS: Record<RegularFrequency, WindowOf> = {
  daily: windowOfDays(1),
  weekly: windowOfDays(7),
  biweekly: windowOfDays(14),
  monthly: windowOfPeriods('monthly'),
  quarterly: windowOfPeriods('quarterly'),
  semiannual: windowOfPeriods('semiannual'),
  annual: windowOfPeriods('annual'),
};
