import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CalendarDate } from '../../core/calendar-date.js';
import { Decimal } from '../../core/decimal.js';
import { Instant } from '../../core/instant.js';
import { atOnce } from '../../core/steps.js';
import { PointBatchBuilder, type PointBatch } from '../../schema/point-batch.js';
import { Revisions, selectRows } from '../revisions.js';
import { releaseDates } from './release-dates.js';
import { matrixSize, NO_CELL, vintageMatrix } from './vintage-matrix.js';

const day = fc.integer({ min: -3, max: 4 });
const batches = fc
  .uniqueArray(fc.tuple(day, day, fc.option(fc.constantFrom(1, 2))), {
    selector: ([date, revisionDate]) => date * 100 + revisionDate,
  })
  .map((points) => {
    const builder = new PointBatchBuilder(points.length);
    for (const [date, revisionDate, value] of points.sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
      builder.append({
        ...{ date, revisionDate, isOriginal: false },
        value: value === null ? null : Decimal.fromNumber(value),
        createdAt: Instant.of(0),
        updatedAt: Instant.of(0),
      });
    }
    return builder.finish();
  });
const ends = fc.record({
  from: fc.option(day, { nil: undefined }),
  to: fc.option(day, { nil: undefined }),
}) as fc.Arbitrary<{ from: CalendarDate | undefined; to: CalendarDate | undefined }>;

function rowsKnownOn(batch: PointBatch, asOf: CalendarDate): Map<number, number> {
  const rows = selectRows(batch, { revisions: Revisions.LATEST, asOf });
  return new Map(Array.from(rows, (row) => [batch.dates[row]!, row]));
}

describe('vintageMatrix', () => {
  it('filled, has in each column what was known on its day', () => {
    fc.assert(
      fc.property(batches, ends, (batch, window) => {
        const { dates, revisionDates, cells } = atOnce(vintageMatrix(batch, window, true));
        expect(atOnce(matrixSize(batch, window))).toBe(dates.length * revisionDates.length);
        revisionDates.forEach((asOf, column) => {
          const known = rowsKnownOn(batch, asOf);
          for (const date of known.keys()) expect(dates).toContain(date);
          dates.forEach((date, line) => {
            expect(cells[line]![column]).toBe(known.get(date) ?? NO_CELL);
          });
        });
      }),
    );
  });

  it('with changes only, has every publication of the window once', () => {
    fc.assert(
      fc.property(batches, ends, (batch, window) => {
        const { dates, revisionDates, cells } = atOnce(vintageMatrix(batch, window, false));
        const { from = -Infinity, to = Infinity } = window;
        const inWindow = [...batch.revisionDates.keys()].filter((row) => {
          const revisionDate = batch.revisionDates[row]!;
          return revisionDate >= from && revisionDate <= to;
        });
        const shown = cells.flatMap((line) => [...line].filter((row) => row !== NO_CELL));
        expect(shown).toEqual(inWindow);
        cells.forEach((line, index) => {
          line.forEach((row, column) => {
            if (row === NO_CELL) return;
            expect(batch.dates[row]).toBe(dates[index]);
            expect(batch.revisionDates[row]).toBe(revisionDates[column]);
          });
        });
      }),
    );
  });
});

describe('releaseDates', () => {
  it('counts on each day how its vintage differs from the one before', () => {
    fc.assert(
      fc.property(batches, (batch) => {
        const days = [...new Set(batch.revisionDates)].sort((a, b) => a - b) as CalendarDate[];
        const expected = days.map((revisionDate) => {
          const before = rowsKnownOn(batch, (revisionDate - 1) as CalendarDate);
          const counts = { added: 0, revised: 0, withdrawn: 0 };
          for (const [date, row] of rowsKnownOn(batch, revisionDate)) {
            const earlier = before.get(date);
            if (earlier === undefined) counts.added++;
            else if (batch.decimal(earlier) === batch.decimal(row)) continue;
            else counts[batch.isNull(row) ? 'withdrawn' : 'revised']++;
          }
          return { revisionDate, ...counts };
        });
        expect(atOnce(releaseDates(batch, []))).toEqual(expected);
        expect(atOnce(releaseDates(batch, [], days[1], days[1]))).toEqual(
          days.length < 2 ? expected : expected.slice(1, 2),
        );
      }),
    );
  });
});
