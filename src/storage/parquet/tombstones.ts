// Which rows of the tombstones are wanted: those that are young enough to be kept, and those of a span of
// commits. Both look at columns only: the rows are in the order of their instants, so a span of commits is a
// span of rows.

import type { RecordBatch, TypeMap, Utf8, Vector } from 'apache-arrow';
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

/** What commits in (since, through] deleted, in the order of their instants. */
export function deletionsBetween(
  deletions: Deletions,
  since: Instant,
  through: Instant,
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
  readonly dates: number[];
  readonly revisionDates: number[];
}

function deletionsOf(spans: readonly RowSpan[]): Deletion[] {
  const collected: Collected[] = [];
  // Of the commit at hand; its rows may go on in the next batch.
  const bySeries = new Map<Uuid, Collected>();
  for (const { batch, start, end } of spans) {
    const ids = batch.getChild('series_id') as Vector<Utf8>;
    const [dates, revisionDates] = ['date', 'revision_date'].map((name) => dataOf(batch, name));
    const instants = instantsOf(batch);
    for (let row = start; row < end; row++) {
      const deletedAt = instants[row]!;
      if (collected.at(-1)?.deletedAt !== deletedAt) bySeries.clear();
      const seriesId = ids.get(row) as Uuid;
      let deletion = bySeries.get(seriesId);
      if (!deletion) {
        deletion = { seriesId, deletedAt, isWhole: false, dates: [], revisionDates: [] };
        bySeries.set(seriesId, deletion);
        collected.push(deletion);
      }
      if (dates!.getValid(row)) {
        deletion.dates.push((dates!.values as Int32Array)[row]!);
        deletion.revisionDates.push((revisionDates!.values as Int32Array)[row]!);
      } else {
        deletion.isWhole = true;
      }
    }
  }
  return collected.map((deletion) => ({
    seriesId: deletion.seriesId,
    keys: deletion.isWhole ? null : sortedKeys(deletion),
    deletedAt: Number(deletion.deletedAt) as Instant,
  }));
}

function sortedKeys({ dates, revisionDates }: Collected): PointKeys {
  const order = Uint32Array.from(dates.keys());
  order.sort((a, b) => dates[a]! - dates[b]! || revisionDates[a]! - revisionDates[b]!);
  return {
    dates: Int32Array.from(order, (row) => dates[row]!),
    revisionDates: Int32Array.from(order, (row) => revisionDates[row]!),
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
