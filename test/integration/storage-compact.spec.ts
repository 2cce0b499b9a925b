// Compaction writes files anew and changes nothing that anybody reads.

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CalendarDate } from '../../src/core/calendar-date.js';
import type { Uuid } from '../../src/core/uuid.js';
import { pointsFile } from '../../src/storage/paths.js';
import { StorageMaintenance } from '../../src/storage/storage-maintenance.js';
import { openParquetStores, withDataDir } from '../support/parquet-stores.js';
import { brief, upserts, uuid, type SentPoint } from '../support/points.js';
import { createSeries, day } from '../support/stores.js';

const points = Array.from({ length: 3000 }, (_, index): SentPoint => {
  const date = CalendarDate.format((day('2000-01-01') + index) as CalendarDate);
  return [date, '2020-01-01', String((index * 7) % 1000)];
});

describe('compaction', () => {
  it('writes points files with the settings of today, and every point stays as it was', () =>
    withDataDir(async (dataDir) => {
      const size = async (id: Uuid) => (await stat(join(dataDir, pointsFile(id)))).size;
      const before = await openParquetStores(dataDir, {
        config: { parquetCompression: 'uncompressed', parquetRowGroupRows: 100 },
      });
      const [A, B, EMPTY] = (await createSeries(before, 3)).map(({ id }) => id) as [
        Uuid,
        Uuid,
        Uuid,
      ];
      for (const id of [A, B]) await before.points.upsert([upserts(id, ...points)]);
      const stored = brief(await before.points.read(A));
      await before.close();
      const large = (await size(A)) + (await size(B));

      const stores = await openParquetStores(dataDir, { config: { parquetCompression: 'zstd' } });
      const report = await new StorageMaintenance(stores.directory, stores.metrics).compact();
      const small = (await size(A)) + (await size(B));
      expect(report).toEqual({ files: 2, bytesBefore: large, bytesAfter: small });
      expect(small).toBeLessThan(large / 2);
      expect(brief(await stores.points.read(A))).toEqual(stored);
      expect(await readdir(dataDir)).not.toContain(pointsFile(EMPTY));
      expect(stores.directory.state.hasWork).toBe(false);
      await stores.close();

      const after = await openParquetStores(dataDir);
      expect(brief(await after.points.read(A))).toEqual(stored);
      expect(after.points.overview(B).rows).toBe(points.length);
      await after.close();
    }));

  it('of some series leaves the others alone', () =>
    withDataDir(async (dataDir) => {
      const stores = await openParquetStores(dataDir);
      const [A, B] = (await createSeries(stores, 2)).map(({ id }) => id) as [Uuid, Uuid];
      for (const id of [A, B]) await stores.points.upsert([upserts(id, ...points)]);
      await stores.directory.flush();
      const written = async (id: Uuid) => (await stat(join(dataDir, pointsFile(id)))).mtimeMs;
      const [a, b] = [await written(A), await written(B)];
      const report = await new StorageMaintenance(stores.directory, stores.metrics).compact([A]);
      expect(report.files).toBe(1);
      expect(await written(A)).toBeGreaterThan(a);
      expect(await written(B)).toBe(b);
      await stores.close();
    }));

  it('refuses a series that is not there', () =>
    withDataDir(async (dataDir) => {
      const stores = await openParquetStores(dataDir);
      await expect(
        new StorageMaintenance(stores.directory, stores.metrics).compact([uuid(1)]),
      ).rejects.toMatchObject({
        code: 'NOT_FOUND',
      });
      await stores.close();
    }));
});
