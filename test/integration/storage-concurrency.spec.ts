// Readers beside writers: what is seen is always the whole of a call or nothing of it.

import { describe, expect, it } from 'vitest';
import { CountingDisk, FaultyDisk } from '../support/faulty-disk.js';
import { openParquetStores, withDataDir, type ParquetStores } from '../support/parquet-stores.js';
import { plainPoints, upserts, uuid, type SentPoint } from '../support/points.js';
import { createSeries, newSeries } from '../support/stores.js';

const IDS = [uuid(1), uuid(2), uuid(3)];
const WRITES = 25;

/** Reads from memory never leave the event loop to the writer by themselves. */
const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

async function writeAll({ points }: ParquetStores, n: number): Promise<void> {
  const rows = Array.from({ length: 20 }, (_, row): SentPoint => [
    `2020-01-${String(row + 1).padStart(2, '0')}`,
    '2021-01-01',
    String(n),
  ]);
  await points.upsert(IDS.map((id) => upserts(id, ...rows)));
}

describe('readers beside a writer', () => {
  it.each([
    ['with a cache', {}],
    ['without a cache', { cacheTtlSeconds: 0 }],
    ['with a cache for one series', { cacheMaxEntries: 1 }],
  ])('see the whole of each call, and never an older one again, %s', async (_what, config) => {
    await withDataDir(async (dataDir) => {
      const stores = await openParquetStores(dataDir, { config });
      for (const id of IDS) await stores.series.create(newSeries({ id, externalId: id }));
      await writeAll(stores, 0);
      let writing = true;
      const flushes: Promise<void>[] = [];
      const read = async (reader: number): Promise<number> => {
        let newest = 0;
        let reads = 0;
        while (writing) {
          const versions = IDS.map((id) => stores.points.overview(id).version);
          expect(new Set(versions).size).toBe(1);
          const id = IDS[(reader + reads++) % IDS.length]!;
          const values = plainPoints(await stores.points.read(id)).map(({ value }) => value);
          expect(values).toHaveLength(20);
          expect(new Set(values).size).toBe(1);
          expect(Number(values[0])).toBeGreaterThanOrEqual(newest);
          newest = Number(values[0]);
          await nextTurn();
        }
        return newest;
      };
      const write = async (): Promise<void> => {
        for (let n = 1; n <= WRITES; n++) {
          await writeAll(stores, n);
          // Beside the readers, and now and then beside the next write.
          if (n % 3 === 0) await stores.directory.flush();
          else if (n % 3 === 1) flushes.push(stores.directory.flush());
        }
        await Promise.all(flushes);
        writing = false;
      };
      const [, ...newest] = await Promise.all([write(), read(0), read(1), read(2), read(3)]);
      expect(Math.max(...newest)).toBeGreaterThan(0);
      await stores.close();
      const reopened = await openParquetStores(dataDir);
      for (const id of IDS) {
        const values = plainPoints(await reopened.points.read(id)).map(({ value }) => value);
        expect(values).toEqual(Array.from({ length: 20 }, () => String(WRITES)));
      }
      await reopened.close();
    });
  });

  it('of the same cold series share one read of its file', async () => {
    await withDataDir(async (dataDir) => {
      let disk: FaultyDisk | undefined;
      const stores = await openParquetStores(dataDir, {
        config: { cacheTtlSeconds: 0 },
        wrap: (inner) => (disk = new FaultyDisk(inner)),
      });
      for (const id of IDS) await stores.series.create(newSeries({ id, externalId: id }));
      await writeAll(stores, 1);
      await stores.directory.flush();
      disk!.arm();
      const batches = await Promise.all(
        Array.from({ length: 10 }, () => stores.points.read(IDS[0]!)),
      );
      expect(batches.map(({ length }) => length)).toEqual(Array.from({ length: 10 }, () => 20));
      expect(disk!.calls).toHaveLength(1);
      await stores.close();
    });
  });

  it('of a series that is being deleted get all of it or NOT_FOUND', async () => {
    await withDataDir(async (dataDir) => {
      const stores = await openParquetStores(dataDir, { config: { cacheTtlSeconds: 0 } });
      for (const id of IDS) await stores.series.create(newSeries({ id, externalId: id }));
      await writeAll(stores, 1);
      await stores.directory.flush();
      let deleting = true;
      let refused = 0;
      const read = async (): Promise<void> => {
        while (deleting) {
          for (const id of IDS) {
            const outcome = await stores.points.read(id).catch((error: unknown) => error);
            if (outcome instanceof Error) {
              expect(outcome).toMatchObject({ code: 'NOT_FOUND' });
              refused++;
            } else {
              expect(outcome).toMatchObject({ length: 20 });
            }
          }
          await nextTurn();
        }
      };
      const remove = async (): Promise<void> => {
        for (const id of IDS) {
          await stores.series.delete(id);
          await stores.directory.flush();
        }
        await expect(stores.points.read(IDS[0]!)).rejects.toMatchObject({ code: 'NOT_FOUND' });
        deleting = false;
      };
      await Promise.all([remove(), read(), read()]);
      expect(refused).toBeGreaterThan(0);
      expect(stores.directory.damaged).toBe(0);
      await stores.close();
    });
  });
});

describe('a call over many series', () => {
  it('has a bounded number of files open, whether it reads, writes or flushes', async () => {
    await withDataDir(async (dataDir) => {
      let disk: CountingDisk | undefined;
      const stores = await openParquetStores(dataDir, {
        config: { cacheTtlSeconds: 0 },
        wrap: (inner) => (disk = new CountingDisk(inner)),
      });
      const ids = (await createSeries(stores, 60)).map(({ id }) => id);
      for (const value of ['1', '2']) {
        await stores.points.upsert(
          ids.map((id) => upserts(id, ['2020-01-01', '2020-02-01', value])),
        );
        await stores.directory.flush();
      }
      // Sixteen, and two segments of the log: the one that is written, and the next.
      expect(disk!.mostOpen).toBeGreaterThan(3);
      expect(disk!.mostOpen).toBeLessThanOrEqual(18);
      await stores.close();
    });
  });
});
