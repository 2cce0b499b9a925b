import type { CalendarDate, DateRange } from '../core/calendar-date.js';
import type { PointBatch } from '../schema/point-batch.js';
import type { PointsSummary } from './log/commit.js';

/** Row groups `from` (inclusive) to `to` (exclusive) of a file. */
export interface RowGroupSpan {
  readonly from: number;
  readonly to: number;
}

/** What the catalogue knows of a file's row groups. */
export interface FileRows {
  readonly summary: PointsSummary;
  /** The first date of each, ascending. */
  readonly rowGroupDates: readonly CalendarDate[];
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

/**
 * How many rows some row groups may have, at least and at most. All groups have the same number of rows but the
 * last, which has no more: of several, that tells it within the rows of the last one.
 * @param span all of them where it is not given
 */
export function rowsOfSpan(
  { summary: { rows }, rowGroupDates: { length: groups } }: FileRows,
  span?: RowGroupSpan,
): readonly [min: number, max: number] {
  if (!span || groups < 2) return [rows, rows];
  const { from, to } = span;
  const least = Math.ceil(rows / groups);
  const most = Math.ceil(rows / (groups - 1)) - 1;
  return to === groups
    ? [rows - from * most, rows - from * least]
    : [(to - from) * least, (to - from) * most];
}

/**
 * Whether a batch can hold the rows of some row groups: as many, and of their dates.
 * @param span all of them where it is not given
 */
export function isOfSpan(batch: PointBatch, file: FileRows, span?: RowGroupSpan): boolean {
  const { summary, rowGroupDates } = file;
  const [min, max] = rowsOfSpan(file, span);
  if (batch.length < min || batch.length > max) return false;
  if (batch.length === 0) return true;
  const first = batch.dates[0];
  const last = batch.dates[batch.length - 1]!;
  const end = span?.to ?? rowGroupDates.length;
  return (
    first === (span ? rowGroupDates[span.from] : summary.firstDate) &&
    // A date may go on in the next group.
    (end >= rowGroupDates.length ? last === summary.lastDate : last <= rowGroupDates[end]!)
  );
}
