import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CalendarDate } from '../../src/core/calendar-date.js';
import { PointBatch, PointBatchBuilder } from '../../src/schema/point-batch.js';
import { anyDates, fewDates, sortedPoints } from '../support/arbitraries.js';
import { batchOf, plainPoints } from '../support/points.js';

const points = fc.oneof(sortedPoints(anyDates), sortedPoints(fewDates));

/** Points, and two places in them. */
const pointsAndRange = points.chain((list) =>
  fc.tuple(fc.constant(list), fc.nat(list.length), fc.nat(list.length)).map(([list, a, b]) => ({
    list,
    from: Math.min(a, b),
    to: Math.max(a, b),
  })),
);

describe('a batch of points', () => {
  it('gives back what was put in', () => {
    fc.assert(
      fc.property(points, (list) => {
        expect(plainPoints(batchOf(list))).toEqual(list);
      }),
    );
  });

  it('is sliced as an array is, a slice of a slice too', () => {
    fc.assert(
      fc.property(pointsAndRange, fc.nat(40), ({ list, from, to }, inner) => {
        const slice = batchOf(list).slice(from, to);
        expect(plainPoints(slice)).toEqual(list.slice(from, to));
        const start = Math.min(inner, slice.length);
        expect(plainPoints(slice.slice(start, slice.length))).toEqual(list.slice(from + start, to));
      }),
    );
  });

  it('finds the rows of a range of dates as a filter does', () => {
    const ends = fc.option(fc.oneof(fewDates, anyDates), { nil: undefined });
    fc.assert(
      fc.property(points, ends, ends, (list, start, end) => {
        const range = batchOf(list).inRange({
          start: start === undefined ? undefined : CalendarDate.parse(start),
          end: end === undefined ? undefined : CalendarDate.parse(end),
        });
        expect(plainPoints(range)).toEqual(
          list.filter(
            ({ date }) =>
              (start === undefined || date >= start) && (end === undefined || date <= end),
          ),
        );
      }),
    );
  });

  it('finds the row of a key, and none where there is none', () => {
    fc.assert(
      fc.property(sortedPoints(fewDates), fewDates, fewDates, (list, date, revisionDate) => {
        const batch = batchOf(list);
        const keys = [...list, { date, revisionDate }];
        for (const key of keys) {
          const expected = list.findIndex(
            (point) => point.date === key.date && point.revisionDate === key.revisionDate,
          );
          expect(
            batch.find(CalendarDate.parse(key.date), CalendarDate.parse(key.revisionDate)),
          ).toBe(expected < 0 ? undefined : expected);
        }
      }),
    );
  });

  it('is joined from its pieces, and from slices of them', () => {
    fc.assert(
      fc.property(pointsAndRange, ({ list, from, to }) => {
        const batch = batchOf(list);
        const joined = PointBatch.concat([
          batch.slice(0, from),
          batch.slice(from, to),
          batch.slice(to, list.length),
        ]);
        expect(plainPoints(joined)).toEqual(list);
        const again = PointBatch.concat([
          batchOf(list.slice(0, from)),
          batchOf(list.slice(from, to)),
          batchOf(list.slice(to)),
        ]);
        expect(plainPoints(again)).toEqual(list);
      }),
    );
  });

  it('is built from runs of other batches and single points, mixed', () => {
    fc.assert(
      fc.property(pointsAndRange, ({ list, from, to }) => {
        const batch = batchOf(list);
        const builder = new PointBatchBuilder(list.length);
        builder.copyRows(batch, 0, from);
        for (let row = from; row < to; row++) builder.copyRows(batch.slice(row, row + 1), 0, 1);
        builder.copyRows(batch, to, list.length);
        expect(plainPoints(builder.finish())).toEqual(list);
      }),
    );
  });

  it('is not filled past its capacity', () => {
    const batch = batchOf([
      {
        date: '2020-01-01',
        revisionDate: '2020-01-01',
        value: '1',
        isOriginal: true,
        createdAt: 1,
        updatedAt: 1,
      },
    ]);
    expect(() => new PointBatchBuilder(0).copyRows(batch, 0, 1)).toThrow(/capacity/);
  });

  it('is empty without rows', () => {
    expect(PointBatch.concat([])).toBe(PointBatch.EMPTY);
    expect(plainPoints(PointBatch.EMPTY)).toEqual([]);
    expect(PointBatch.EMPTY.inRange({})).toBe(PointBatch.EMPTY);
    expect(PointBatch.EMPTY.find(CalendarDate.MIN, CalendarDate.MIN)).toBeUndefined();
  });
});
