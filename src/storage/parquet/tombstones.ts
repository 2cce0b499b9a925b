// Which rows of the tombstones are wanted: those that are young enough to be kept, and those of a span of
// commits. Both look at columns only: the rows are in the order of their instants, so a span of commits is a
// span of rows.

import type { Data, RecordBatch, TypeMap, Utf8, Vector } from 'apache-arrow';
import type { Instant } from '../../core/instant.js';
import type { Uuid } from '../../core/uuid.js';
import type { PointKeys } from '../log/commit.js';
import { appendDeletions, type Deletion, type Deletions } from './deletions-file.js';

export interface KeptDeletions {
  readonly deletions: Deletions;
  /** The youngest that was left out; 0 where none was. */
  readonly leftOutThrough: Instant;
}

/**
 * Leaves tombstones out that are older than `oldest`.
 * @param pinned series whose tombstones stay whatever their age
 */
export function keepDeletions(
  deletions: Deletions,
  oldest: Instant,
  pinned: { has(id: Uuid): boolean },
): KeptDeletions {
  const kept: RecordBatch<TypeMap>[] = [];
  let leftOutThrough = 0 as Instant;
  for (const batch of deletions) {
    const end = firstFrom(instantsOf(batch), oldest);
    const old = end === 0 ? [] : deletionsOf([{ batch, start: 0, end }]);
    const staying = old.filter(({ seriesId }) => pinned.has(seriesId));
    if (staying.length === old.length) {
      kept.push(batch);
      continue;
    }
    // In the order of their instants.
    leftOutThrough = old.findLast(({ seriesId }) => !pinned.has(seriesId))!.deletedAt;
    if (staying.length > 0) kept.push(...appendDeletions([], staying));
    if (end < batch.numRows) kept.push(batch.slice(end));
  }
  return { deletions: kept, leftOutThrough };
}

/**
 * What commits in (since, through] deleted, in the order of their instants.
 * @param isWanted of a series; asked once for each run of its rows
 */
export function deletionsBetween(
  deletions: Deletions,
  since: Instant,
  through: Instant,
  isWanted?: (id: Uuid) => boolean,
): Deletion[] {
  return deletionsOf(
    deletions.map((batch) => {
      const instants = instantsOf(batch);
      return {
        batch,
        start: firstFrom(instants, since + 1),
        end: firstFrom(instants, through + 1),
      };
    }),
    isWanted,
  );
}

interface RowSpan {
  readonly batch: RecordBatch<TypeMap>;
  readonly start: number;
  readonly end: number;
}

/** What one commit deleted of one series, while its rows are collected. */
interface Collected {
  readonly seriesId: Uuid;
  readonly deletedAt: bigint;
  isWhole: boolean;
  /** Of runs of rows, one behind the other. */
  readonly keys: PointKeys[];
}

function deletionsOf(spans: readonly RowSpan[], isWanted?: (id: Uuid) => boolean): Deletion[] {
  const collected: Collected[] = [];
  // Of the commit at hand; its rows may go on in the next batch.
  const bySeries = new Map<Uuid, Collected>();
  let commit: bigint | undefined;
  for (const { batch, start, end } of spans) {
    const [dates, revisionDates] = ['date', 'revision_date'].map((name) => dataOf(batch, name));
    for (const run of runsOf(batch, start, end)) {
      const { seriesId, deletedAt } = run;
      if (isWanted && !isWanted(seriesId)) continue;
      if (commit !== deletedAt) bySeries.clear();
      commit = deletedAt;
      let deletion = bySeries.get(seriesId);
      if (!deletion) {
        deletion = { seriesId, deletedAt, isWhole: false, keys: [] };
        bySeries.set(seriesId, deletion);
        collected.push(deletion);
      }
      if (!dates!.getValid(run.start)) deletion.isWhole = true;
      else {
        deletion.keys.push({
          dates: (dates!.values as Int32Array).subarray(run.start, run.end),
          revisionDates: (revisionDates!.values as Int32Array).subarray(run.start, run.end),
        });
      }
    }
  }
  return collected.map(({ seriesId, deletedAt, isWhole, keys }) => ({
    seriesId,
    keys: isWhole ? null : sortedKeys(keys),
    deletedAt: Number(deletedAt) as Instant,
  }));
}

interface Run {
  readonly seriesId: Uuid;
  readonly deletedAt: bigint;
  readonly start: number;
  readonly end: number;
}

/**
 * Rows next to each other of one commit and series, with keys or without. A commit writes the rows of a series in one
 * run, so ids are decoded, and instants become bigints, once a run and not once a row.
 */
function* runsOf(batch: RecordBatch<TypeMap>, start: number, end: number): Iterable<Run> {
  const ids = batch.getChild('series_id') as Vector<Utf8>;
  const isSameId = sameTexts(dataOf(batch, 'series_id'));
  const dates = dataOf(batch, 'date');
  const mayLackKeys = dates.nullCount > 0;
  const instants = instantsOf(batch);
  // Halves of the instants: reading a bigint allocates.
  const halves = new Int32Array(instants.buffer, instants.byteOffset, instants.length * 2);
  let from = start;
  for (let row = start + 1; row <= end; row++) {
    const goesOn =
      row < end &&
      halves[2 * row] === halves[2 * from] &&
      halves[2 * row + 1] === halves[2 * from + 1] &&
      isSameId(from, row) &&
      !(mayLackKeys && dates.getValid(from) !== dates.getValid(row));
    if (goesOn) continue;
    const [seriesId, deletedAt] = [ids.get(from) as Uuid, instants[from]!];
    yield { seriesId, deletedAt, start: from, end: row };
    from = row;
  }
}

function sameTexts(data: Data): (a: number, b: number) => boolean {
  const bytes = data.values as Uint8Array;
  const offsets = data.valueOffsets as Int32Array;
  return (a, b) => {
    const startA = offsets[a]!;
    const startB = offsets[b]!;
    const length = offsets[a + 1]! - startA;
    if (offsets[b + 1]! - startB !== length) return false;
    // From the end: that is where ids of one time differ.
    for (let at = length - 1; at >= 0; at--) {
      if (bytes[startA + at] !== bytes[startB + at]) return false;
    }
    return true;
  };
}

function sortedKeys(runs: readonly PointKeys[]): PointKeys {
  const length = runs.reduce((sum, { dates }) => sum + dates.length, 0);
  const dates = new Int32Array(length);
  const revisionDates = new Int32Array(length);
  let at = 0;
  for (const run of runs) {
    dates.set(run.dates, at);
    revisionDates.set(run.revisionDates, at);
    at += run.dates.length;
  }
  const compare = (a: number, b: number) =>
    dates[a]! - dates[b]! || revisionDates[a]! - revisionDates[b]!;
  let row = 1;
  while (row < length && compare(row - 1, row) <= 0) row++;
  // Mostly: a commit writes them sorted.
  if (row >= length) return { dates, revisionDates };
  const order = Uint32Array.from(dates.keys()).sort(compare);
  return {
    dates: Int32Array.from(order, (from) => dates[from]!),
    revisionDates: Int32Array.from(order, (from) => revisionDates[from]!),
  };
}

/** The first row of `instant` or later. */
function firstFrom(instants: BigInt64Array, instant: number): number {
  const wanted = BigInt(instant);
  let low = 0;
  let high = instants.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (instants[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

function instantsOf(batch: RecordBatch<TypeMap>): BigInt64Array {
  return dataOf(batch, 'deleted_at').values as BigInt64Array;
}

function dataOf(batch: RecordBatch<TypeMap>, name: string) {
  return batch.getChild(name)!.data[0]!;
}
