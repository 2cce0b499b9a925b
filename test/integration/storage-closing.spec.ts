import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { FaultyDisk, HoldingDisk, type DiskCall } from '../support/faulty-disk.js';
import { openParquetStores, withDataDir } from '../support/parquet-stores.js';
import { brief, upserts } from '../support/points.js';
import { createSeries, newSeries } from '../support/stores.js';

const isSyncOfLog = ({ operation, name }: DiskCall): boolean =>
  operation === 'sync' && name.startsWith('wal/');

describe('closing a data directory', () => {
  it('finishes a write that has begun before it gives the lock up, and begins no other', async () => {
    await withDataDir(async (dataDir) => {
      let disk: HoldingDisk | undefined;
      const stores = await openParquetStores(dataDir, {
        wrap: (inner) => (disk = new HoldingDisk(inner)),
      });
      const [a, b] = await createSeries(stores, 2);
      const held = disk!.holdNext(isSyncOfLog);
      const write = stores.points.upsert([
        upserts(a!.id, ['2024-01-01', '2024-02-01', '1']),
        upserts(b!.id, ['2024-01-01', '2024-02-01', '2']),
      ]);
      await held.reached;

      const closed = stores.directory.onApplicationShutdown();
      await expect(openParquetStores(dataDir)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      await expect(stores.series.create(newSeries({ externalId: 'LATE' }))).rejects.toMatchObject({
        code: 'UNAVAILABLE',
      });
      held.letGo();
      await write;
      await closed;

      const reopened = await openParquetStores(dataDir);
      expect(reopened.directory.report).toMatchObject({
        fromCheckpoint: true,
        replayedCommits: 0,
        temporaryFilesRemoved: 0,
      });
      expect(brief(await reopened.points.read(a!.id))).toEqual(['2024-01-01 2024-02-01 1']);
      expect(brief(await reopened.points.read(b!.id))).toEqual(['2024-01-01 2024-02-01 2']);
      await reopened.directory.onApplicationShutdown();
    });
  });

  it('moves everything into files, which need no log afterwards', async () => {
    await withDataDir(async (dataDir) => {
      const stores = await openParquetStores(dataDir);
      const [a] = await createSeries(stores, 2);
      await stores.points.upsert([upserts(a!.id, ['2024-01-01', '2024-02-01', '1'])]);
      const isParquet = (name: string) => name.endsWith('.parquet');
      expect((await readdir(dataDir)).filter(isParquet)).toEqual([]);
      await stores.close();
      expect((await readdir(dataDir)).filter(isParquet)).toHaveLength(3);
    });
  });

  it('leaves to the log what cannot be moved into files', async () => {
    await withDataDir(async (dataDir) => {
      let disk: FaultyDisk | undefined;
      const stores = await openParquetStores(dataDir, {
        wrap: (inner) => (disk = new FaultyDisk(inner)),
      });
      const [a] = await createSeries(stores, 1);
      await stores.points.upsert([upserts(a!.id, ['2024-01-01', '2024-02-01', '1'])]);
      const only = ({ operation }: DiskCall) => operation === 'create';
      disk!.arm({ call: 1, code: 'ENOSPC', when: 'before', lasting: true, only });
      await stores.close();
      expect(disk!.failed).toBeDefined();

      const reopened = await openParquetStores(dataDir);
      expect(reopened.directory.report.replayedCommits).toBe(2);
      expect(brief(await reopened.points.read(a!.id))).toEqual(['2024-01-01 2024-02-01 1']);
      await reopened.close();
    });
  });
});

describe('a write that failed and could not be undone', () => {
  it('says that its outcome is unknown, and stops writes but not reads', async () => {
    await withDataDir(async (dataDir) => {
      let disk: FaultyDisk | undefined;
      const stores = await openParquetStores(dataDir, {
        wrap: (inner) => (disk = new FaultyDisk(inner)),
      });
      const [a] = await createSeries(stores, 1);
      await stores.points.upsert([upserts(a!.id, ['2024-01-01', '2024-02-01', '1'])]);
      // The write to the log, and then the cutting off of what it may have left.
      const only = ({ operation }: DiskCall) => operation === 'write' || operation === 'truncate';
      disk!.arm({ call: 1, code: 'EIO', when: 'before', lasting: true, only });
      const second = upserts(a!.id, ['2024-02-01', '2024-03-01', '2']);
      await expect(stores.points.upsert([second])).rejects.toMatchObject({
        code: 'STORAGE_ERROR',
        details: { outcome: 'unknown' },
      });
      disk!.arm();
      await expect(stores.points.upsert([second])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      await expect(stores.directory.probe()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      expect(brief(await stores.points.read(a!.id))).toEqual(['2024-01-01 2024-02-01 1']);
      await stores.directory.onApplicationShutdown();
    });
  });
});
