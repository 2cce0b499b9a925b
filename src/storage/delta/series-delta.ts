// The changes of one series that its file does not hold yet: the memtable of the log. Immutable, like
// every state that readers share: a commit makes a new one.

import type { DateRange } from '../../core/calendar-date.js';
import type { Instant } from '../../core/instant.js';
import type { PointBatch } from '../../schema/point-batch.js';
import type { PointsSummary } from '../log/commit.js';
import type { VintageChange } from '../vintages/published-vintages.js';
import { changesInRange, mergeChanges, overlay, type PointChanges } from './point-changes.js';

/** What a run costs beside its columns: its objects and typed arrays (measured: 1.1 KB). */
const RUN_OVERHEAD_BYTES = 1200;
/** Its objects, beside its dates. */
const VINTAGE_CHANGE_OVERHEAD_BYTES = 300;

/** What one commit does to a series. */
export interface SeriesChange {
  readonly changes: PointChanges;
  readonly vintageChanges?: readonly VintageChange[];
}

/** The changes of one or more commits. */
interface Run {
  readonly changes: PointChanges;
  /** In the order of the commits. */
  readonly vintageChanges: readonly VintageChange[];
  /** What `vintageChanges` occupy: looking at each of them for every commit would be quadratic. */
  readonly vintageBytes: number;
  readonly firstSeq: Instant;
  readonly throughSeq: Instant;
  /** A flush is writing it: what comes later stays apart from it. */
  readonly isSealed: boolean;
}

export class SeriesDelta {
  readonly bytes: number;

  private constructor(
    /** Oldest first, never empty. */
    private readonly runs: readonly Run[],
    /** Of the whole series, its file included. */
    readonly summary: PointsSummary,
  ) {
    this.bytes = runs.reduce((sum, run) => sum + bytesOf(run), 0);
  }

  static of(change: SeriesChange, instant: Instant, summary: PointsSummary): SeriesDelta {
    return new SeriesDelta([runOf(change, instant)], summary);
  }

  /** The oldest commit that is not in the file. */
  get firstSeq(): Instant {
    return this.runs[0]!.firstSeq;
  }

  /** The last commit that touched the points. */
  get throughSeq(): Instant {
    return this.runs.at(-1)!.throughSeq;
  }

  /** Rows and removed keys, those that repeat included. */
  get rows(): number {
    return this.runs.reduce((sum, { changes }) => sum + changes.points.length, 0);
  }

  /** Rows and removed keys of a range, in batches that may overlap. */
  batchesIn(range: DateRange): PointBatch[] {
    return this.runs.map(({ changes }) => changes.points.inRange(range));
  }

  /**
   * Runs of like size are merged, so that n commits make about log n runs and each row, and each thing known of
   * vintages, is copied about log n times.
   */
  with(change: SeriesChange, instant: Instant, summary: PointsSummary): SeriesDelta {
    const runs = [...this.runs];
    let last = runOf(change, instant);
    for (let before = runs.at(-1); before && isMergedInto(before, last); before = runs.at(-1)) {
      last = mergeRuns(before, last);
      runs.pop();
    }
    return new SeriesDelta([...runs, last], summary);
  }

  /** The same changes, kept apart from later ones, for a flush that writes them. */
  sealed(): SeriesDelta {
    const [first, ...rest] = this.runs;
    const all = rest.reduce(mergeRuns, first!);
    return new SeriesDelta([{ ...all, isSealed: true }], this.summary);
  }

  /** What is left once a file holds everything through a commit; null where that is nothing. */
  after(throughSeq: Instant): SeriesDelta | null {
    const runs = this.runs.filter((run) => run.throughSeq > throughSeq);
    return runs.length === 0 ? null : new SeriesDelta(runs, this.summary);
  }

  /** @param base the rows of the file in the range */
  overlay(base: PointBatch, range: DateRange = {}): PointBatch {
    return this.runs.reduce(
      (points, { changes }) => overlay(points, changesInRange(changes, range)),
      base,
    );
  }

  /** All changes as one, for a thread that writes them. */
  get changes(): PointChanges {
    return this.runs.map(({ changes }) => changes).reduce(mergeChanges);
  }

  get hasVintageChanges(): boolean {
    return this.runs.some(({ vintageChanges }) => vintageChanges.length > 0);
  }

  /** What is known of vintages beyond the file, in the order of the commits. */
  get vintageChanges(): readonly VintageChange[] {
    return this.runs.flatMap(({ vintageChanges }) => vintageChanges);
  }
}

function runOf({ changes, vintageChanges = [] }: SeriesChange, instant: Instant): Run {
  const vintageBytes = vintageChanges.reduce(
    (sum, change) =>
      sum +
      VINTAGE_CHANGE_OVERHEAD_BYTES +
      (change.kind === 'published' ? change.dates.byteLength : 0),
    0,
  );
  const ofCommit = { firstSeq: instant, throughSeq: instant };
  return { changes, vintageChanges, vintageBytes, ...ofCommit, isSealed: false };
}

function bytesOf({ changes, vintageBytes }: Run): number {
  return changes.points.byteLength + vintageBytes + RUN_OVERHEAD_BYTES;
}

function isMergedInto(before: Run, last: Run): boolean {
  return !before.isSealed && sizeOf(before) <= 2 * sizeOf(last);
}

/** A vintage that only repeats values has no rows. */
function sizeOf({ changes, vintageChanges }: Run): number {
  return changes.points.length + vintageChanges.length;
}

function mergeRuns(older: Run, newer: Run): Run {
  return {
    changes: mergeChanges(older.changes, newer.changes),
    vintageChanges: [...older.vintageChanges, ...newer.vintageChanges],
    vintageBytes: older.vintageBytes + newer.vintageBytes,
    firstSeq: older.firstSeq,
    throughSeq: newer.throughSeq,
    isSealed: false,
  };
}
