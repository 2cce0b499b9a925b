import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CalendarDate } from '../core/calendar-date.js';
import { Instant } from '../core/instant.js';
import { PointBatch, PointBatchBuilder } from '../schema/point-batch.js';
import { Revisions, selectRows, type RevisionSelector } from './revisions.js';

type Key = readonly [date: number, revisionDate: number];

/** A batch of these keys, which are sorted and distinct. */
function batchOf(keys: readonly Key[]): PointBatch {
  const builder = new PointBatchBuilder(keys.length);
  for (const [date, revisionDate] of keys) {
    builder.append({
      date,
      revisionDate,
      value: null,
      isOriginal: false,
      createdAt: Instant.of(0),
      updatedAt: Instant.of(0),
    });
  }
  return builder.finish();
}

function select(keys: readonly Key[], selector: RevisionSelector): Key[] {
  return Array.from(selectRows(batchOf(keys), selector), (row) => keys[row]!);
}

/** What the selection means, said without an idea of how rows lie. */
function model(keys: readonly Key[], selector: RevisionSelector): Key[] {
  const asOf = selector.asOf ?? Infinity;
  const known = keys.filter(([, revisionDate]) => revisionDate <= asOf);
  return known.filter(([date, revisionDate]) => {
    const days = known
      .filter(([other]) => other === date)
      .map(([, day]) => day)
      .toSorted((a, b) => a - b);
    switch (selector.revisions) {
      case Revisions.ALL:
        return true;
      case Revisions.LATEST:
        return revisionDate === days.at(-1);
      case Revisions.ORIGINAL:
        return revisionDate === days[0];
      case Revisions.NTH_RELEASE:
        return revisionDate === days[selector.release - 1];
      case Revisions.FIXED_LAG:
        return revisionDate === days.filter((day) => day <= date + selector.lagDays).at(-1);
    }
  });
}

// Few days, so that dates repeat and asOf hits revision dates; both sides of 1970.
const day = fc.integer({ min: -4, max: 4 });
const sortedKeys = fc
  .uniqueArray(fc.tuple(day, day), { selector: ([date, revision]) => date * 100 + revision })
  .map((keys) => keys.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]));

const asOf = fc.option(day, { nil: undefined }) as fc.Arbitrary<CalendarDate | undefined>;
const selectors: Record<Revisions, fc.Arbitrary<RevisionSelector>> = {
  LATEST: fc.record({ revisions: fc.constant(Revisions.LATEST), asOf }),
  ORIGINAL: fc.record({ revisions: fc.constant(Revisions.ORIGINAL), asOf }),
  ALL: fc.record({ revisions: fc.constant(Revisions.ALL), asOf }),
  NTH_RELEASE: fc.record({
    revisions: fc.constant(Revisions.NTH_RELEASE),
    release: fc.integer({ min: 1, max: 6 }),
    asOf,
  }),
  FIXED_LAG: fc.record({
    revisions: fc.constant(Revisions.FIXED_LAG),
    lagDays: fc.integer({ min: 0, max: 9 }),
    asOf,
  }),
};

describe('selectRows', () => {
  it.each(Object.values(Revisions))('selects for %s what a naive model does', (revisions) => {
    fc.assert(
      fc.property(sortedKeys, selectors[revisions], (keys, selector) => {
        expect(select(keys, selector)).toEqual(model(keys, selector));
      }),
      { numRuns: 1000 },
    );
  });

  it('has no row for a date before its first publication, whatever was published later', () => {
    const keys: Key[] = [
      [1, 10],
      [2, 20],
    ];
    const select9 = (selector: RevisionSelector) =>
      select(keys, { ...selector, asOf: 9 as CalendarDate });
    const select19 = (selector: RevisionSelector) =>
      select(keys, { ...selector, asOf: 19 as CalendarDate });
    for (const selector of [
      { revisions: Revisions.LATEST },
      { revisions: Revisions.ORIGINAL },
      { revisions: Revisions.ALL },
      { revisions: Revisions.NTH_RELEASE, release: 1 },
      { revisions: Revisions.FIXED_LAG, lagDays: 100 },
    ] as const) {
      expect(select9(selector)).toEqual([]);
      expect(select19(selector)).toEqual([[1, 10]]);
    }
  });

  it('knows on the day of a publication what is published on it', () => {
    const keys: Key[] = [
      [1, 10],
      [1, 11],
    ];
    const lag = (lagDays: number) => select(keys, { revisions: Revisions.FIXED_LAG, lagDays });
    expect(lag(8)).toEqual([]);
    expect(lag(9)).toEqual([[1, 10]]);
    expect(lag(10)).toEqual([[1, 11]]);
  });

  it('takes a range for a whole: rows of a slice count from its beginning', () => {
    const keys: Key[] = [
      [1, 10],
      [1, 11],
      [2, 20],
      [2, 21],
    ];
    const slice = batchOf(keys).inRange({ start: 2 as CalendarDate, end: 2 as CalendarDate });
    expect([...selectRows(slice, { revisions: Revisions.ORIGINAL })]).toEqual([0]);
    expect([...selectRows(slice, { revisions: Revisions.LATEST })]).toEqual([1]);
  });

  it('selects nothing of nothing', () => {
    expect([...selectRows(PointBatch.EMPTY, { revisions: Revisions.LATEST })]).toEqual([]);
  });
});
