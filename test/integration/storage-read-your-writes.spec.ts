import { describe, expect, it } from 'vitest';
import { HoldingDisk, type DiskCall } from '../support/faulty-disk.js';
import { openParquetStores, withDataDir, type ParquetStores } from '../support/parquet-stores.js';
import { brief, upserts } from '../support/points.js';
import { newSeries } from '../support/stores.js';

const isReadOfPoints = ({ operation, name }: DiskCall): boolean =>
  operation === 'read' && /^data_points_[^.]*\.parquet$/.test(name);

/** Without a cache every read goes to the disk, and may share another's way there. */
async function withStores(
  task: (stores: ParquetStores, disk: HoldingDisk) => Promise<void>,
): Promise<void> {
  await withDataDir(async (dataDir) => {
    let disk: HoldingDisk | undefined;
    const stores = await openParquetStores(dataDir, {
      config: { cacheTtlSeconds: 0 },
      wrap: (inner) => (disk = new HoldingDisk(inner)),
    });
    await task(stores, disk!);
    await stores.close();
  });
}

describe('a read that starts after a write was acknowledged', () => {
  it('sees it, whatever slower reads are still under way', async () => {
    await withStores(async (stores, disk) => {
      const { id } = await stores.series.create(newSeries());
      await stores.points.upsert([upserts(id, ['2024-01-01', '2024-02-01', '1'])]);
      await stores.directory.flush();

      const held = disk.holdNext(isReadOfPoints, 'after');
      const slow = stores.points.read(id);
      await held.reached;
      await stores.points.upsert([upserts(id, ['2024-02-01', '2024-03-01', '2'])]);
      const after = stores.points.read(id);
      held.letGo();

      expect(brief(await after)).toEqual(['2024-01-01 2024-02-01 1', '2024-02-01 2024-03-01 2']);
      expect(brief(await slow)).toContain('2024-01-01 2024-02-01 1');
    });
  });
});

describe('a read that a flush overtakes', () => {
  it.each(['before', 'after'] as const)(
    'answers with what was acknowledged, held up %s it opens the file',
    async (when) => {
      await withStores(async (stores, disk) => {
        const { id } = await stores.series.create(newSeries());
        await stores.points.upsert([upserts(id, ['2024-01-01', '2024-02-01', '1'])]);
        await stores.directory.flush();
        await stores.points.upsert([upserts(id, ['2024-02-01', '2024-03-01', '2'])]);

        const held = disk.holdNext(isReadOfPoints, when);
        const slow = stores.points.read(id);
        await held.reached;
        await stores.directory.flush();
        held.letGo();

        const both = ['2024-01-01 2024-02-01 1', '2024-02-01 2024-03-01 2'];
        expect(brief(await slow)).toEqual(both);
        expect(brief(await stores.points.read(id))).toEqual(both);
        expect(stores.directory.damaged).toBe(0);
      });
    },
  );

  it('waits for the new file to be published where it finds it before that', async () => {
    await withStores(async (stores, disk) => {
      const { id } = await stores.series.create(newSeries());
      await stores.points.upsert([upserts(id, ['2024-01-01', '2024-02-01', '1'])]);
      await stores.directory.flush();
      await stores.points.upsert([upserts(id, ['2024-02-01', '2024-03-01', '2'])]);

      const renamed = disk.holdNext(
        ({ operation, name }) => operation === 'rename' && name.startsWith('data_points_'),
        'after',
      );
      const flush = stores.directory.flush();
      await renamed.reached;
      const read = stores.points.read(id);
      renamed.letGo();
      await flush;
      expect(brief(await read)).toEqual(['2024-01-01 2024-02-01 1', '2024-02-01 2024-03-01 2']);
      expect(stores.directory.damaged).toBe(0);
    });
  });
});
