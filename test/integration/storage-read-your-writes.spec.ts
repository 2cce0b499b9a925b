import { expect, it } from 'vitest';
import type { Disk } from '../../src/storage/disk.js';
import { openParquetStores, withDataDir } from '../support/parquet-stores.js';
import { brief, upserts } from '../support/points.js';
import { newSeries } from '../support/stores.js';

/** A disk that reads the next points file at once and hands its bytes over when told to. */
class HoldingDisk {
  private armed = false;
  private release!: () => void;
  private reached!: () => void;
  /** The bytes of the held read are in memory. */
  held: Promise<void> = Promise.resolve();

  wrap = (disk: Disk): Disk => {
    const layer = Object.create(disk) as Disk;
    layer.read = async (name) => {
      const bytes = await disk.read(name);
      if (!this.armed || !name.startsWith('data_points_')) return bytes;
      this.armed = false;
      const released = new Promise<void>((resolve) => (this.release = resolve));
      this.reached();
      await released;
      return bytes;
    };
    return layer;
  };

  holdNextRead(): void {
    this.armed = true;
    this.held = new Promise((resolve) => (this.reached = resolve));
  }

  letGo(): void {
    this.release();
  }
}

it('a read that starts after a write was acknowledged sees it, whatever slower reads are still under way', async () => {
  await withDataDir(async (dataDir) => {
    const disk = new HoldingDisk();
    // Without a cache every read goes to the disk, and may share another's way there.
    const config = { cacheTtlSeconds: 0 };
    const stores = await openParquetStores(dataDir, { config, wrap: disk.wrap });
    const { id } = await stores.series.create(newSeries());
    await stores.points.upsert([upserts(id, ['2024-01-01', '2024-02-01', '1'])]);

    disk.holdNextRead();
    const slow = stores.points.read(id);
    await disk.held;
    await stores.points.upsert([upserts(id, ['2024-02-01', '2024-03-01', '2'])]);
    const after = stores.points.read(id);
    disk.letGo();

    expect(brief(await after)).toEqual(['2024-01-01 2024-02-01 1', '2024-02-01 2024-03-01 2']);
    expect(brief(await slow)).toContain('2024-01-01 2024-02-01 1');
    stores.close();
  });
});
