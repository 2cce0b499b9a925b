import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CalendarDate } from '../core/calendar-date.js';
import { Instant } from '../core/instant.js';
import { PointBatch, PointBatchBuilder } from '../schema/point-batch.js';
import { distinctRevisionDates, Revisions, selectRows } from './revisions.js';

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

function select(keys: readonly Key[], revisions: Revisions, asOf?: number): Key[] {
  const rows = selectRows(batchOf(keys), { revisions, asOf: asOf as CalendarDate | undefined });
  return Array.from(rows, (row) => keys[row]!);
}

/** What the selection means, said without an idea of how rows lie. */
function model(keys: readonly Key[], revisions: Revisions, asOf = Infinity): Key[] {
  const known = keys.filter(([, revisionDate]) => revisionDate <= asOf);
  if (revisions === Revisions.ALL) return known;
  const wanted = revisions === Revisions.LATEST ? Math.max : Math.min;
  return known.filter(([date, revisionDate]) => {
    const published = known.filter(([other]) => other === date).map(([, day]) => day);
    return revisionDate === wanted(...published);
  });
}

// Few days, so that dates repeat and asOf hits revision dates; both sides of 1970.
const day = fc.integer({ min: -4, max: 4 });
const sortedKeys = fc
  .uniqueArray(fc.tuple(day, day), { selector: ([date, revision]) => date * 100 + revision })
  .map((keys) => keys.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]));

describe('selectRows', () => {
  it.each(Object.values(Revisions))('selects for %s what a naive model does', (revisions) => {
    fc.assert(
      fc.property(sortedKeys, fc.option(day, { nil: undefined }), (keys, asOf) => {
        expect(select(keys, revisions, asOf)).toEqual(model(keys, revisions, asOf));
      }),
      { numRuns: 1000 },
    );
  });

  it('has no row for a date before its first publication, whatever was published later', () => {
    const keys: Key[] = [
      [1, 10],
      [2, 20],
    ];
    for (const revisions of Object.values(Revisions)) {
      expect(select(keys, revisions, 9)).toEqual([]);
      expect(select(keys, revisions, 19)).toEqual([[1, 10]]);
    }
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

describe('distinctRevisionDates', () => {
  it('lists each day once, ascending as numbers', () => {
    fc.assert(
      fc.property(sortedKeys, (keys) => {
        const days = [...new Set(keys.map(([, revisionDate]) => revisionDate))];
        expect(distinctRevisionDates(batchOf(keys))).toEqual(days.toSorted((a, b) => a - b));
      }),
    );
  });
});
