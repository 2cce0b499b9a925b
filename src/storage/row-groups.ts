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
