import type { CalendarDate, DateRange } from '../core/calendar-date.js';

/** Row groups `from` (inclusive) to `to` (exclusive) of a file. */
export interface RowGroupSpan {
  readonly from: number;
  readonly to: number;
}

/**
 * The row groups that can hold a date of the range. A date may begin at the end of one group and go on in
 * the next, so a group counts unless the next one begins before the range does.
 * @param firstDates the first date of each group, ascending
 */
export function rowGroupsInRange(
  firstDates: readonly CalendarDate[],
  { start = -Infinity as CalendarDate, end = Infinity as CalendarDate }: DateRange,
): RowGroupSpan {
  let from = 0;
  while (from + 1 < firstDates.length && firstDates[from + 1]! < start) from++;
  let to = from;
  while (to < firstDates.length && firstDates[to]! <= end) to++;
  return { from, to };
}

/**
 * The row groups that are to be read for a range; undefined where they are most of the file, which is then read as
 * a whole.
 * @param firstDates the first date of each group, ascending
 */
export function rowGroupsToRead(
  firstDates: readonly CalendarDate[],
  range: DateRange,
): RowGroupSpan | undefined {
  if (firstDates.length < 2) return undefined;
  const span = rowGroupsInRange(firstDates, range);
  return (span.to - span.from) * 2 > firstDates.length ? undefined : span;
}

/**
 * Whether one read of everything from the first of some ranges to the last takes no row group that reading each of
 * them would not.
 * @param firstDates the first date of each group, ascending
 */
export function areReadTogether(
  firstDates: readonly CalendarDate[],
  ranges: readonly DateRange[],
): boolean {
  const spans = ranges.map((range) => rowGroupsToRead(firstDates, range));
  if (spans.includes(undefined)) return true;
  const hull = rowGroupsToRead(firstDates, hullOf(ranges));
  if (hull === undefined) return false;
  const read = new Set<number>();
  for (const { from, to } of spans as RowGroupSpan[]) {
    for (let group = from; group < to; group++) read.add(group);
  }
  return read.size === hull.to - hull.from;
}

/** The least range that contains all of them. */
export function hullOf(ranges: readonly DateRange[]): DateRange {
  const starts = ranges.map(({ start }) => start ?? -Infinity);
  const ends = ranges.map(({ end }) => end ?? Infinity);
  const start = Math.min(...starts) as CalendarDate;
  const end = Math.max(...ends) as CalendarDate;
  return {
    start: start === -Infinity ? undefined : start,
    end: end === Infinity ? undefined : end,
  };
}

/**
 * A range in parts of several row groups each, which follow each other and share no date.
 * @param firstDates the first date of each group, ascending
 */
export function partsOfRange(
  firstDates: readonly CalendarDate[],
  range: DateRange,
  groupsPerPart: number,
): DateRange[] {
  const { from, to } = rowGroupsInRange(firstDates, range);
  const parts: DateRange[] = [];
  let { start } = range;
  for (let group = from + groupsPerPart; group < to; group += groupsPerPart) {
    const next = firstDates[group]!;
    // Groups of one date alone go with those behind them.
    if (next <= (start ?? firstDates[from]!)) continue;
    parts.push({ start, end: (next - 1) as CalendarDate });
    start = next;
  }
  return [...parts, { start, end: range.end }];
}
