// What a disk that fails makes of health; the rest of health is in test/e2e.

import { HealthIndicatorService } from '@nestjs/terminus';
import { describe, expect, it } from 'vitest';
import { StorageHealth } from '../../src/storage/storage.health.js';
import { FaultyDisk, type DiskCall } from '../support/faulty-disk.js';
import { openParquetStores, withDataDir, type ParquetStores } from '../support/parquet-stores.js';
import { createSeries } from '../support/stores.js';
import { testConfig } from '../support/test-app.js';

const config = testConfig({ deltaBytesMax: 1_048_576 });

/** Calls `task` with stores on a disk that can be made to fail. */
function onFaultyDisk(
  task: (stores: ParquetStores, disk: FaultyDisk, health: StorageHealth) => Promise<void>,
): Promise<void> {
  return withDataDir(async (dataDir) => {
    let disk: FaultyDisk | undefined;
    const stores = await openParquetStores(dataDir, {
      wrap: (inner) => (disk = new FaultyDisk(inner)),
    });
    const health = new StorageHealth(stores.directory, new HealthIndicatorService(), config);
    await task(stores, disk!, health);
    disk!.arm();
    await stores.close();
  });
}

describe('health of storage', () => {
  it('is degraded while the disk takes no writes, and well again when it does', () =>
    onFaultyDisk(async (_, disk, health) => {
      const only = ({ operation }: DiskCall) => operation === 'create';
      disk.arm({ call: 1, code: 'ENOSPC', when: 'before', lasting: true, only });
      const { database_connectivity: refused } = await health.databaseConnectivity();
      expect(refused).toMatchObject({
        status: 'degraded',
        message: 'Reads are answered, writes are not. Nothing was changed: the disk is full',
      });
      disk.arm();
      await expect
        .poll(async () => (await health.databaseConnectivity()).database_connectivity.status, {
          timeout: 5_000,
        })
        .toBe('up');
    }));

  it('leaves nothing behind of its durable writes', () =>
    onFaultyDisk(async (_, disk, health) => {
      disk.arm();
      await health.databaseConnectivity();
      expect(disk.count('create')).toBe(1);
      expect(await disk.list()).toEqual(
        expect.not.arrayContaining([expect.stringMatching(/tmp$/)]),
      );
    }));

  it('leaves nothing behind of those that fail, and tries one a second', () =>
    onFaultyDisk(async (_, disk, health) => {
      const only = ({ operation }: DiskCall) => operation === 'create';
      // The file is there when its sync fails.
      disk.arm({ call: 1, code: 'ENOSPC', when: 'after', lasting: true, only });
      for (let asked = 0; asked < 5; asked++) {
        const { database_connectivity: database } = await health.databaseConnectivity();
        expect(database.status).toBe('degraded');
      }
      expect(disk.count('create')).toBe(1);
      disk.arm();
      const left = await disk.list();
      expect(left.filter((name) => name.endsWith('.tmp'))).toEqual([]);
    }));

  it('is down once a write can neither be finished nor undone, although reads go on', () =>
    onFaultyDisk(async (stores, disk, health) => {
      const only = ({ operation }: DiskCall) => operation === 'write' || operation === 'truncate';
      disk.arm({ call: 1, code: 'EIO', when: 'before', lasting: true, only });
      await expect(createSeries(stores, 1)).rejects.toMatchObject({ code: 'STORAGE_ERROR' });
      disk.arm();
      const message =
        'An earlier write failed and could not be undone; restart the service to write again';
      const { database_connectivity: database } = await health.databaseConnectivity();
      expect(database).toMatchObject({ status: 'down', message });
      expect(health.log().write_ahead_log).toMatchObject({ status: 'down', message });
    }));

  it('is degraded where nobody knows how much space there is', () =>
    onFaultyDisk(async (_, disk, health) => {
      const only = ({ operation }: DiskCall) => operation === 'space';
      disk.arm({ call: 1, code: 'EIO', when: 'before', only });
      const { disk_space: space } = await health.diskSpace();
      expect(space.status).toBe('degraded');
      expect(JSON.stringify(space)).not.toContain('secret');
    }));

  it('is degraded where changes fill their memory', () =>
    onFaultyDisk(async (stores, _, health) => {
      expect(health.delta().delta.status).toBe('up');
      Object.defineProperty(stores.directory.state, 'deltaBytes', { value: config.deltaBytesMax });
      expect(health.delta().delta).toMatchObject({
        status: 'degraded',
        message: '1.0 MB of 1.0 MB of changes in memory: writers wait',
      });
    }));
});
