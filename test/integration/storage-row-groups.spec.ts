import { describe, expect, it } from 'vitest';
import { type CalendarDate } from '../../src/core/calendar-date.js';
import type { Uuid } from '../../src/core/uuid.js';
import { PointBatch } from '../../src/schema/point-batch.js';
import { OriginalFlag, PointUpsertsBuilder } from '../../src/storage/point-upserts.js';
import { openParquetStores, withDataDir, type ParquetStores } from '../support/parquet-stores.js';
import { brief, upserts } from '../support/points.js';
import { day, newSeries } from '../support/stores.js';

const FIRST_DAY = day('0900-01-01');

async function storeDays(stores: ParquetStores, seriesId: Uuid, count: number): Promise<void> {
  const builder = new PointUpsertsBuilder();
  for (let n = 0; n < count; n++) {
    const date = (FIRST_DAY + n) as CalendarDate;
    builder.add(
      seriesId,
      date,
      day('2024-01-01'),
      { double: n, exact: null },
      OriginalFlag.ORIGINAL,
    );
  }
  await stores.points.upsert(builder.finish());
}

/** Stores opened anew, so that nothing is in the cache. */
async function reopened(
  dataDir: string,
  before: ParquetStores,
  config: { parquetRowGroupRows?: number },
): Promise<ParquetStores> {
  await before.close();
  return openParquetStores(dataDir, { config });
}

describe('a read of a part of a large file', () => {
  it('decodes one row group of 40 for a year out of 400,000 days', async () => {
    await withDataDir(async (dataDir) => {
      const written = await openParquetStores(dataDir);
      const { id } = await written.series.create(newSeries());
      await storeDays(written, id, 400_000);
      const stores = await reopened(dataDir, written, {});

      const year = { start: day('1500-01-01'), end: day('1500-12-31') };
      const batch = await stores.points.read(id, year);
      expect(batch.length).toBe(365);
      expect(batch.values[0]).toBe(year.start - FIRST_DAY);
      const decoded = await stores.rowGroupsDecoded();
      expect(decoded).toBeGreaterThanOrEqual(1);
      expect(decoded).toBeLessThanOrEqual(2);

      await stores.points.read(id, { start: day('1500-02-01'), end: day('1500-03-01') });
      expect(await stores.rowGroupsDecoded()).toBe(decoded);
      await stores.close();
    });
  });

  it('answers what a read of the whole answers, for every range', async () => {
    const config = { parquetRowGroupRows: 3 };
    await withDataDir(async (dataDir) => {
      const written = await openParquetStores(dataDir, { config });
      const { id } = await written.series.create(newSeries());
      const points = Array.from({ length: 24 }, (_, n): [string, string, string] => [
        // Four revisions of each date, so that dates straddle groups of three rows.
        `2024-01-0${1 + Math.floor(n / 4)}`,
        `2024-02-0${1 + (n % 4)}`,
        String(n),
      ]);
      await written.points.upsert([upserts(id, ...points)]);
      const whole = await written.points.read(id);
      let stores = written;
      for (let first = 1; first <= 6; first++) {
        for (let last = first; last <= 6; last++) {
          stores = await reopened(dataDir, stores, config);
          const range = { start: day(`2024-01-0${first}`), end: day(`2024-01-0${last}`) };
          expect(brief(await stores.points.read(id, range))).toEqual(brief(whole.inRange(range)));
        }
      }
      await stores.close();
    });
  });

  it('sees a write that came after, though a part of the old file is cached', async () => {
    const config = { parquetRowGroupRows: 2 };
    await withDataDir(async (dataDir) => {
      const written = await openParquetStores(dataDir, { config });
      const { id } = await written.series.create(newSeries());
      await storeDays(written, id, 20);
      const stores = await reopened(dataDir, written, config);
      const range = { start: FIRST_DAY, end: FIRST_DAY };
      expect(brief(await stores.points.read(id, range))).toEqual(['0900-01-01 2024-01-01 0']);
      await stores.points.upsert([upserts(id, ['0900-01-01', '2024-01-02', '7'])]);
      expect(brief(await stores.points.read(id, range))).toEqual([
        '0900-01-01 2024-01-01 0',
        '0900-01-01 2024-01-02 7',
      ]);
      await stores.close();
    });
  });
});

describe('a read of a large file in parts', () => {
  it('answers what one read answers, with what the file does not hold yet, and keeps nothing', () =>
    withDataDir(async (dataDir) => {
      const written = await openParquetStores(dataDir);
      const { id } = await written.series.create(newSeries());
      await storeDays(written, id, 200_000);
      const stores = await reopened(dataDir, written, {});
      const correct = (date: string) =>
        upserts(id, [date, '2024-01-01', '-1'], [date, '2024-01-02', '-2']);
      for (const date of ['0800-01-01', '0950-06-01', '1300-01-01', '1900-01-01']) {
        await stores.points.upsert([correct(date)]);
      }
      const ranges = [
        {},
        { start: day('0950-06-01'), end: day('1300-01-01') },
        { end: day('0899-01-01') },
        { start: day('1800-01-01') },
      ];
      for (const range of ranges) {
        const parts: PointBatch[] = [];
        for await (const part of stores.points.readParts(id, range, 'scan')) parts.push(part);
        const whole = await stores.points.read(id, range, 'scan');
        expect(brief(PointBatch.concat(parts))).toEqual(brief(whole));
        if (range.start === undefined && range.end === undefined) {
          expect(Math.max(...parts.map(({ length }) => length))).toBeLessThan(80_000);
        }
      }
      const decoded = await stores.rowGroupsDecoded();
      await stores.points.read(id, {}, 'scan');
      expect(await stores.rowGroupsDecoded()).toBe(decoded + 20);
      await stores.close();
    }));

  it('is as of one commit, whatever is written and flushed meanwhile', () =>
    withDataDir(async (dataDir) => {
      const written = await openParquetStores(dataDir);
      const { id } = await written.series.create(newSeries());
      await storeDays(written, id, 200_000);
      const stores = await reopened(dataDir, written, {});
      const before = brief(await stores.points.read(id, {}, 'scan'));
      const parts: PointBatch[] = [];
      for await (const part of stores.points.readParts(id, {}, 'scan')) {
        parts.push(part);
        await stores.points.upsert([upserts(id, ['1400-01-01', '2024-01-01', `${-parts.length}`])]);
        await stores.directory.flush();
      }
      expect(parts.length).toBeGreaterThan(2);
      expect(brief(PointBatch.concat(parts))).toEqual(before);
      await stores.close();
    }));
});
