import { register } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';
import { FaultyDisk, type DiskCall } from '../../test/support/faulty-disk.js';
import { openParquetStores, withDataDir } from '../../test/support/parquet-stores.js';
import { SystemClock } from '../core/clock.js';
import {
  STORAGE_DISK_FREE_BYTES,
  STORAGE_DISK_SIZE_BYTES,
} from '../metrics/definitions/storage.js';
import { ScrapedGauges } from '../metrics/scraped-gauges.js';
import { StorageGauges } from './storage-gauges.js';

const SPACE = [STORAGE_DISK_FREE_BYTES.name, STORAGE_DISK_SIZE_BYTES.name];

afterEach(() => register.clear());

/** Free and size, of one scrape. */
async function scraped(): Promise<number[]> {
  const metrics = await register.getMetricsAsJSON();
  return SPACE.map((name) => metrics.find((metric) => metric.name === name)!.values[0]!.value);
}

/** Calls `task` with the gauges of a store on a disk that can be made to fail. */
function onFaultyDisk(task: (disk: FaultyDisk) => Promise<void>): Promise<void> {
  return withDataDir(async (dataDir) => {
    let disk: FaultyDisk | undefined;
    const { directory, close } = await openParquetStores(dataDir, {
      wrap: (inner) => (disk = new FaultyDisk(inner)),
    });
    new StorageGauges(directory, new ScrapedGauges(), new SystemClock()).onModuleInit();
    await task(disk!);
    disk!.arm();
    await close();
  });
}

describe('the space of the disk', () => {
  it('is asked for once a scrape', () =>
    onFaultyDisk(async (disk) => {
      disk.arm();
      const [free, size] = await scraped();
      expect(free).toBeGreaterThan(0);
      expect(size).toBeGreaterThanOrEqual(free!);
      expect(disk.count('space')).toBe(1);
      await scraped();
      expect(disk.count('space')).toBe(2);
    }));

  it('is unknown to a scrape where the disk does not tell, and known to the next', () =>
    onFaultyDisk(async (disk) => {
      const only = ({ operation }: DiskCall) => operation === 'space';
      disk.arm({ call: 1, code: 'EIO', when: 'before', only });
      expect(await scraped()).toEqual([NaN, NaN]);
      expect((await scraped()).every((value) => value > 0)).toBe(true);
    }));
});
