import { describe, expect, it } from 'vitest';
import type { Disk } from '../../src/storage/disk.js';
import { openParquetStores, withDataDir } from '../support/parquet-stores.js';
import { brief, upserts } from '../support/points.js';
import { createSeries, newSeries } from '../support/stores.js';

describe('closing a data directory', () => {
  it('finishes a write that has begun before it gives the lock up, and begins no other', async () => {
    await withDataDir(async (dataDir) => {
      let letGo!: () => void;
      let reached!: () => void;
      const gate: { held?: Promise<void> } = {};
      const began = new Promise<void>((resolve) => (reached = resolve));
      const wrap = (disk: Disk): Disk => {
        const layer = Object.create(disk) as Disk;
        layer.rename = async (from, to) => {
          if (gate.held) reached();
          await gate.held;
          return disk.rename(from, to);
        };
        return layer;
      };
      const stores = await openParquetStores(dataDir, { wrap });
      const [a, b] = await createSeries(stores, 2);
      gate.held = new Promise((resolve) => (letGo = resolve));
      const write = stores.points.upsert([
        upserts(a!.id, ['2024-01-01', '2024-02-01', '1']),
        upserts(b!.id, ['2024-01-01', '2024-02-01', '2']),
      ]);
      await began;

      const closed = stores.directory.onApplicationShutdown();
      await expect(openParquetStores(dataDir)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      await expect(stores.series.create(newSeries({ externalId: 'LATE' }))).rejects.toMatchObject({
        code: 'UNAVAILABLE',
      });
      letGo();
      await write;
      await closed;

      const reopened = await openParquetStores(dataDir);
      expect(reopened.directory.report.temporaryFilesRemoved).toBe(0);
      expect(brief(await reopened.points.read(a!.id))).toEqual(['2024-01-01 2024-02-01 1']);
      expect(brief(await reopened.points.read(b!.id))).toEqual(['2024-01-01 2024-02-01 2']);
      await reopened.directory.onApplicationShutdown();
    });
  });
});

describe('a write that failed and could not be undone', () => {
  it('says that its outcome is unknown, and stops writes but not reads', async () => {
    await withDataDir(async (dataDir) => {
      let broken = false;
      const wrap = (disk: Disk): Disk => {
        const layer = Object.create(disk) as Disk;
        layer.rename = (from, to) =>
          broken
            ? Promise.reject(Object.assign(new Error('EIO'), { code: 'EIO' }))
            : disk.rename(from, to);
        return layer;
      };
      const stores = await openParquetStores(dataDir, { wrap });
      const [a] = await createSeries(stores, 1);
      await stores.points.upsert([upserts(a!.id, ['2024-01-01', '2024-02-01', '1'])]);
      broken = true;
      const second = upserts(a!.id, ['2024-02-01', '2024-03-01', '2']);
      await expect(stores.points.upsert([second])).rejects.toMatchObject({
        code: 'STORAGE_ERROR',
        details: { outcome: 'unknown' },
      });
      broken = false;
      await expect(stores.points.upsert([second])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      await expect(stores.directory.probe()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      expect(brief(await stores.points.read(a!.id))).toEqual(['2024-01-01 2024-02-01 1']);
      await stores.directory.onApplicationShutdown();
    });
  });
});
