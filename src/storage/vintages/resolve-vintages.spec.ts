import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CalendarDate } from '../../core/calendar-date.js';
import { Decimal } from '../../core/decimal.js';
import { Instant } from '../../core/instant.js';
import { PointBatch } from '../../schema/point-batch.js';
import { mergeChanges, overlay, removalOf } from '../delta/point-changes.js';
import { PublishedVintages } from './published-vintages.js';
import { resolveVintages, type Vintage, type VintageCounts } from './resolve-vintages.js';
import { decodeVintages, encodeVintages } from './vintages-codec.js';

type Values = Readonly<Record<number, number | null>>;

function vintage(day: number, values: Values, isComplete = false): Vintage {
  const dates = Object.keys(values).map(Number);
  return {
    revisionDate: day as CalendarDate,
    isComplete,
    dates: Int32Array.from(dates),
    values: dates.map((date) => {
      const value = values[date]!;
      return value === null ? null : Decimal.fromNumber(value);
    }),
  };
}

/** A series by itself: its rows and what is known of its vintages, which goes through a file each time. */
class Series {
  rows = PointBatch.EMPTY;
  counts: VintageCounts[] = [];
  private footer = encodeVintages(new PublishedVintages(), PointBatch.EMPTY);
  private instant = 1;

  publish(...vintages: Vintage[]): this {
    const known = decodeVintages(this.footer);
    const instant = Instant.of(this.instant++);
    const { changes, removed, vintageChanges, newRows, counts } = resolveVintages(
      this.rows,
      known,
      vintages,
      instant,
    );
    const before = this.rows.length;
    const all = { points: changes, removed: null };
    this.rows = overlay(this.rows, removed ? mergeChanges(all, removalOf(removed)) : all);
    expect(this.rows.length - before).toBe(newRows - (removed?.dates.length ?? 0));
    // What is stored is the publications, so they alone must give the same.
    const stored = decodeVintages(this.footer);
    stored.apply(vintageChanges);
    this.footer = encodeVintages(stored, this.rows);
    this.counts.push(counts);
    return this;
  }

  get table(): [date: number, revisionDate: number, value: string | null, isOriginal: boolean][] {
    return Array.from({ length: this.rows.length }, (_, row) => [
      this.rows.dates[row]!,
      this.rows.revisionDates[row]!,
      this.rows.decimal(row),
      this.rows.isOriginal(row),
    ]);
  }
}

/** What was known of each date on a day, said without an idea of rows: vintages one after the other. */
function knownOn(vintages: readonly Vintage[], day: number): Map<number, string | null> {
  const known = new Map<number, string | null>();
  for (const { revisionDate, isComplete, dates, values } of vintages.toSorted(
    (a, b) => a.revisionDate - b.revisionDate,
  )) {
    if (revisionDate > day) break;
    if (isComplete) for (const date of known.keys()) known.set(date, null);
    dates.forEach((date, index) => {
      const value = values[index]!;
      known.set(date, value && Decimal.format(value.double, value.exact));
    });
  }
  return known;
}

function latest(series: Series, day: number): Map<number, string | null> {
  const known = new Map<number, string | null>();
  for (const [date, revisionDate, value] of series.table) {
    if (revisionDate <= day) known.set(date, value);
  }
  return known;
}

// Few dates, days and values, so that vintages repeat each other and meet the same gaps.
const values = fc.dictionary(
  fc.constantFrom('1', '2', '3', '4'),
  fc.option(fc.constantFrom(5, 7, 9)),
);
const vintages = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 1, max: 12 }), values, fc.boolean()), {
    selector: ([day]) => day,
    maxLength: 8,
  })
  .map((list) => list.map(([day, of, isComplete]) => vintage(day, of, isComplete)));
const published = vintages.chain((list) =>
  fc.record({
    inOrder: fc.constant(list.toSorted((a, b) => a.revisionDate - b.revisionDate)),
    shuffled: fc.shuffledSubarray(list, { minLength: list.length }),
    calls: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: list.length }),
  }),
);

describe('publishing vintages', () => {
  it('stores the same rows in whatever order, and in however many calls, vintages come', () => {
    fc.assert(
      fc.property(published, ({ inOrder, shuffled, calls }) => {
        const expected = new Series();
        for (const one of inOrder) expected.publish(one);
        const series = new Series();
        const left = [...shuffled];
        for (const count of calls) series.publish(...left.splice(0, count));
        expect(series.table).toEqual(expected.table);
      }),
      { numRuns: 5000 },
    );
  });

  it('answers every day with what the vintages say', () => {
    fc.assert(
      fc.property(published, ({ shuffled }) => {
        const series = new Series();
        for (const one of shuffled) series.publish(one);
        for (let day = 0; day <= 13; day++) {
          expect(latest(series, day)).toEqual(knownOn(shuffled, day));
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('changes nothing when a vintage is published again', () => {
    fc.assert(
      fc.property(published, ({ shuffled }) => {
        const series = new Series();
        for (const one of shuffled) series.publish(one);
        const before = series.rows;
        for (const one of shuffled) {
          const again = resolveVintages(
            before,
            vintagesAfter(shuffled),
            [one],
            Instant.of(1_000_000),
          );
          expect(again).toMatchObject({ removed: null, newRows: 0, vintageChanges: [] });
          expect(again.changes).toHaveLength(0);
          expect(again.counts).toEqual({
            added: 0,
            revised: 0,
            withdrawn: 0,
            unchanged: one.dates.length,
          });
        }
      }),
    );
  });

  it('keeps 5 on the third day when 5, 7, 5 come as first, third, second', () => {
    const series = new Series()
      .publish(vintage(1, { 1: 5 }))
      .publish(vintage(3, { 1: 5 }))
      .publish(vintage(2, { 1: 7 }));
    expect(series.table).toEqual([
      [1, 1, '5', true],
      [1, 2, '7', false],
      [1, 3, '5', false],
    ]);
    expect(series.counts).toEqual([
      { added: 1, revised: 0, unchanged: 0, withdrawn: 0 },
      { added: 0, revised: 0, unchanged: 1, withdrawn: 0 },
      { added: 0, revised: 1, unchanged: 0, withdrawn: 0 },
    ]);
  });

  it('takes what a complete vintage leaves out for withdrawn, whether it was known then or not', () => {
    const series = new Series()
      .publish(vintage(3, { 2: 8 }, true))
      .publish(vintage(1, { 1: 5, 2: 8 }));
    expect(series.table).toEqual([
      [1, 1, '5', true],
      [1, 3, null, false],
      [2, 1, '8', true],
    ]);
    expect(series.counts.at(-1)).toMatchObject({ added: 2, withdrawn: 0 });
    series.publish(vintage(4, {}, true));
    expect(series.counts.at(-1)).toEqual({ added: 0, revised: 0, unchanged: 0, withdrawn: 1 });
  });

  it('corrects a vintage that is published again with other values, and no other vintage', () => {
    const series = new Series()
      .publish(vintage(1, { 1: 5 }))
      .publish(vintage(2, { 1: 5 }))
      .publish(vintage(1, { 1: 6 }));
    expect(series.table).toEqual([
      [1, 1, '6', true],
      [1, 2, '5', false],
    ]);
    series.publish(vintage(2, { 1: 6 }));
    expect(series.table).toEqual([[1, 1, '6', true]]);
  });

  it('leaves alone what points say that no vintage published', () => {
    const series = new Series().publish(vintage(3, { 1: 5 }));
    // The day 3 as if points had been written on it: the vintages do not know of it.
    const { changes, removed } = resolveVintages(
      series.rows,
      new PublishedVintages(),
      [vintage(2, { 1: 5 })],
      Instant.of(99),
    );
    expect(removed).toBeNull();
    // The new first publication, and the old one without its flag.
    expect(changes).toHaveLength(2);
  });
});

function vintagesAfter(list: readonly Vintage[]): PublishedVintages {
  const known = new PublishedVintages();
  for (const { revisionDate, isComplete, dates } of list) {
    known.add({ revisionDate, isComplete, dates: isComplete ? new Int32Array(0) : dates });
  }
  return known;
}

describe('encodeVintages', () => {
  it('is decoded to what speaks of the same dates', () => {
    fc.assert(
      fc.property(vintages, (list) => {
        const known = vintagesAfter(list);
        const read = decodeVintages(encodeVintages(known, PointBatch.EMPTY));
        expect([...read.vintages()]).toEqual([...known.vintages()]);
        expect([...read.allSpans()]).toEqual([...known.allSpans()]);
      }),
    );
  });

  it('takes a few hundred bytes for a hundred full vintages of thirty years', () => {
    const known = new PublishedVintages();
    for (let day = 0; day < 100; day++) {
      const dates = Int32Array.from({ length: 20 + day }, (_, index) => index * 91);
      known.add({ revisionDate: (day * 91) as CalendarDate, isComplete: false, dates });
    }
    expect(encodeVintages(known, PointBatch.EMPTY).length).toBeLessThan(700);
  });

  it('is refused where it is not what was written', () => {
    for (const text of ['', 'AAAA', 'not base64 at all']) {
      expect(() => decodeVintages(text)).toThrow('the footer has vintages');
    }
  });
});
