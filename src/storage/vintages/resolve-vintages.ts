// What the publication of vintages does to the points of one series, decided before anything is stored: pure
// functions. The result depends on the vintages, not on the order in which they are published: each row is
// where a value differs from the one known before, whichever of both came first.

import { assert } from '../../core/assert.js';
import { CalendarDate } from '../../core/calendar-date.js';
import type { Decimal } from '../../core/decimal.js';
import type { Instant } from '../../core/instant.js';
import { PointBatch, PointBatchBuilder } from '../../schema/point-batch.js';
import type { PointKeys } from '../log/commit.js';
import type { PointUpserts } from '../point-upserts.js';
import type { Publication, PublishedVintages, Retraction } from './published-vintages.js';

/** The values of one series as they were published on one day. */
export interface Vintage {
  readonly revisionDate: CalendarDate;
  /** Whether a date that is not in it is withdrawn by it. */
  readonly isComplete: boolean;
  /** Days since 1970-01-01, ascending, distinct. */
  readonly dates: Int32Array;
  /** By date; null: published as missing. */
  readonly values: readonly (Decimal | null)[];
}

export interface VintageCounts {
  /** Dates of which nothing was known on the day. */
  readonly added: number;
  /** Dates that another value was known of. */
  readonly revised: number;
  readonly unchanged: number;
  /** Dates that lost their value: published as missing, or left out of a complete vintage. */
  readonly withdrawn: number;
}

/** The counts of several series or calls together. */
export function addVintageCounts(parts: readonly VintageCounts[]): VintageCounts {
  const sum = (count: keyof VintageCounts) => parts.reduce((total, part) => total + part[count], 0);
  return {
    added: sum('added'),
    revised: sum('revised'),
    unchanged: sum('unchanged'),
    withdrawn: sum('withdrawn'),
  };
}

export interface ResolvedVintages {
  /** The rows that change, in key order. */
  readonly changes: PointBatch;
  /** The rows that turned out to repeat the value before; null where there is none. */
  readonly removed: PointKeys | null;
  /** How many keys are new. */
  readonly newRows: number;
  /** What was not known of vintages before. */
  readonly vintageChanges: readonly Publication[];
  readonly counts: VintageCounts;
}

/** The vintages that points form: one for each of their revision dates. */
export function vintagesOf(upserts: PointUpserts, isComplete: boolean): Vintage[] {
  const rowsByDay = new Map<number, number[]>();
  upserts.revisionDates.forEach((day, row) => {
    const rows = rowsByDay.get(day);
    if (rows) rows.push(row);
    else rowsByDay.set(day, [row]);
  });
  return [...rowsByDay]
    .sort(([a], [b]) => a - b)
    .map(([day, rows]) => ({
      revisionDate: day as CalendarDate,
      isComplete,
      dates: Int32Array.from(rows, (row) => upserts.dates[row]!),
      values: rows.map((row) => {
        const double = upserts.values[row]!;
        return Number.isNaN(double) ? null : { double, exact: upserts.exact.get(row) ?? null };
      }),
    }));
}

/**
 * @param base all stored rows of the dates that the vintages speak of: of all dates where one is complete
 * @param known the vintages published so far; those that are published now are added to it
 */
export function resolveVintages(
  base: PointBatch,
  known: PublishedVintages,
  vintages: readonly Vintage[],
  instant: Instant,
): ResolvedVintages {
  return new Resolution(base, known, instant).publish(vintages);
}

/** A publication of one date. */
interface Row {
  readonly revisionDate: number;
  value: Decimal | null;
  isOriginal: boolean;
  readonly createdAt: Instant;
  isChanged: boolean;
}

/** What is known of a date on a day; undefined: nothing was published yet. */
type Known = Decimal | null | undefined;

class Resolution {
  /** By date, ascending by revision date. */
  private readonly histories = new Map<number, Row[]>();
  /** Made once a complete vintage asks for it. */
  private dates: Set<number> | undefined;
  private readonly vintageChanges: Publication[] = [];
  private readonly counts = { added: 0, revised: 0, unchanged: 0, withdrawn: 0 };

  constructor(
    private readonly base: PointBatch,
    private readonly known: PublishedVintages,
    private readonly instant: Instant,
  ) {}

  publish(vintages: readonly Vintage[]): ResolvedVintages {
    for (const vintage of vintages) this.publishOne(vintage);
    return { ...this.changes(), vintageChanges: this.vintageChanges, counts: this.counts };
  }

  private publishOne({ revisionDate, isComplete, dates, values }: Vintage): void {
    this.note(revisionDate, isComplete, dates);
    dates.forEach((date, index) => this.state(date, revisionDate, values[index]!));
    if (!isComplete) return;
    const spoken = new Set(dates);
    for (const date of this.allDates()) {
      if (spoken.has(date)) continue;
      const value = knownOn(this.history(date), revisionDate);
      if (value !== undefined && value !== null) this.state(date, revisionDate, null);
    }
  }

  /** A vintage says that a date has a value. */
  private state(date: number, day: number, value: Decimal | null): void {
    const rows = this.history(date);
    const before = knownOn(rows, day);
    if (before !== undefined && isSame(before, value)) {
      this.counts.unchanged++;
      return;
    }
    this.counts[before === undefined ? 'added' : value === null ? 'withdrawn' : 'revised']++;
    const at = firstAfter(rows, day) - 1;
    const row = rows[at];
    if (row?.revisionDate !== day) {
      this.insert(rows, day, value);
    } else if (at > 0 && isSame(rows[at - 1]!.value, value)) {
      this.remove(rows, at, date);
    } else {
      row.value = value;
      row.isChanged = true;
    }
    this.keepNext(rows, date, day, before, value);
  }

  /** A value changed on a day: what was known on the days after it must not change with it. */
  private keepNext(
    rows: Row[],
    date: number,
    day: number,
    before: Known,
    value: Decimal | null,
  ): void {
    // A vintage that left a date out of which nothing was known withdraws it, now that there is a value to
    // withdraw; only a complete one does. Any other vintage repeated what was known before.
    const speaking =
      before === undefined ? this.known.nextComplete(day) : this.known.nextSpeaking(day, date);
    const next = rows[firstAfter(rows, day)];
    let last = value;
    if (speaking !== undefined && (next === undefined || speaking < next.revisionDate)) {
      last = before ?? null;
      if (!isSame(value, last)) this.insert(rows, speaking, last);
    }
    if (next && isSame(next.value, last) && this.known.isPublished(next.revisionDate)) {
      this.remove(rows, rows.indexOf(next), date);
    }
  }

  private insert(rows: Row[], day: number, value: Decimal | null): void {
    const place = firstAfter(rows, day);
    const isFirst = place === 0;
    const next = rows[place];
    if (isFirst && next?.isOriginal) {
      next.isOriginal = false;
      next.isChanged = true;
    }
    const { instant } = this;
    const row = { revisionDate: day, value, isOriginal: isFirst, createdAt: instant };
    rows.splice(place, 0, { ...row, isChanged: true });
  }

  /**
   * A row that repeats the value before it; that its vintage speaks of the date is still to be known. It is
   * told again even where it is known: the file that is being written may leave it out, because it has the row.
   */
  private remove(rows: Row[], at: number, date: number): void {
    assert(at > 0, 'the first publication of a date repeats nothing');
    const [row] = rows.splice(at, 1);
    const revisionDate = row!.revisionDate as CalendarDate;
    this.tell({ kind: 'published', revisionDate, isComplete: false, dates: Int32Array.of(date) });
  }

  private note(day: CalendarDate, isComplete: boolean, dates: Int32Array): void {
    if (this.isKnown(day, isComplete, dates)) return;
    // A complete vintage speaks of all dates.
    const spoken = isComplete ? new Int32Array(0) : dates;
    this.tell({ kind: 'published', revisionDate: day, isComplete, dates: spoken });
  }

  private tell(publication: Publication): void {
    this.known.add(publication);
    this.vintageChanges.push(publication);
  }

  /** That a vintage speaks of a date is also known by the row that it brought. */
  private isKnown(day: number, isComplete: boolean, dates: Int32Array): boolean {
    if (!this.known.isPublished(day)) return false;
    if (isComplete) return this.known.isComplete(day);
    return dates.every((date) => this.known.speaksOf(day, date) || isAt(this.history(date), day));
  }

  /** Those of the base and those that vintages of this call brought; each call may have many vintages. */
  private allDates(): ReadonlySet<number> {
    this.dates ??= new Set([...this.base.dates, ...this.histories.keys()]);
    return this.dates;
  }

  private history(date: number): Row[] {
    let rows = this.histories.get(date);
    if (!rows) {
      this.histories.set(date, (rows = this.baseRows(date)));
      this.dates?.add(date);
    }
    return rows;
  }

  private baseRows(date: number): Row[] {
    const { base } = this;
    const rows: Row[] = [];
    for (let row = base.firstRowFrom(date as CalendarDate); base.dates[row] === date; row++) {
      rows.push({
        revisionDate: base.revisionDates[row]!,
        value: base.isNull(row) ? null : { double: base.values[row]!, exact: base.exact(row) },
        isOriginal: base.isOriginal(row),
        createdAt: base.createdAt(row),
        isChanged: false,
      });
    }
    return rows;
  }

  private changes(): Pick<ResolvedVintages, 'changes' | 'removed' | 'newRows'> {
    const { base, instant } = this;
    const changed: [date: number, row: Row][] = [];
    const removed: [date: number, revisionDate: number][] = [];
    let newRows = 0;
    for (const date of [...this.histories.keys()].sort((a, b) => a - b)) {
      const rows = this.histories.get(date)!;
      for (const row of rows) if (row.isChanged) changed.push([date, row]);
      const kept = new Set(rows.map(({ revisionDate }) => revisionDate));
      newRows += rows.length;
      for (let row = base.firstRowFrom(date as CalendarDate); base.dates[row] === date; row++) {
        newRows--;
        const revisionDate = base.revisionDates[row]!;
        if (!kept.has(revisionDate)) removed.push([date, revisionDate]);
      }
    }
    const builder = new PointBatchBuilder(changed.length);
    for (const [date, { revisionDate, value, isOriginal, createdAt }] of changed) {
      builder.append({ date, revisionDate, value, isOriginal, createdAt, updatedAt: instant });
    }
    return {
      changes: builder.finish(),
      removed: removed.length === 0 ? null : keysOfPairs(removed),
      newRows: newRows + removed.length,
    };
  }
}

function keysOfPairs(pairs: readonly (readonly [number, number])[]): PointKeys {
  return {
    dates: Int32Array.from(pairs, ([date]) => date),
    revisionDates: Int32Array.from(pairs, ([, revisionDate]) => revisionDate),
  };
}

function knownOn(rows: readonly Row[], day: number): Known {
  return rows[firstAfter(rows, day) - 1]?.value;
}

function isAt(rows: readonly Row[], day: number): boolean {
  return rows[firstAfter(rows, day) - 1]?.revisionDate === day;
}

/** The place of the first row that was published after a day; the end where there is none. */
function firstAfter(rows: readonly Row[], day: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle]!.revisionDate <= day) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isSame(a: Decimal | null, b: Decimal | null): boolean {
  if (a === null || b === null) return a === b;
  return a.double === b.double && a.exact === b.exact;
}

/**
 * What the deletion of rows takes from what is known of vintages: each row goes with what later vintages
 * repeated of it.
 * @param base all rows of the dates of the deleted ones
 * @param deleted rows of it, ascending
 */
export function retractionsOf(base: PointBatch, deleted: readonly number[]): Retraction[] {
  return deleted.map((row) => {
    const isLast = row + 1 === base.length || base.dates[row + 1] !== base.dates[row];
    const to = isLast ? CalendarDate.MAX : base.revisionDates[row + 1]! - 1;
    return {
      kind: 'retracted',
      date: base.dates[row] as CalendarDate,
      from: base.revisionDates[row] as CalendarDate,
      to: to as CalendarDate,
    };
  });
}
