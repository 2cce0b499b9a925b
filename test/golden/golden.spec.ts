// Files written once are read by every later release; see README.md.

import { cp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DamagedFileError } from '../../src/storage/parquet/file-seal.js';
import { decodePoints, readPoints } from '../../src/storage/parquet/points-file.js';
import { INDEX_FOLDER, LOG_FOLDER, pointsFile } from '../../src/storage/paths.js';
import { openParquetStores, withDataDir } from '../support/parquet-stores.js';
import { brief, plainPoints, upserts, uuid } from '../support/points.js';
import { createSeries, newSource } from '../support/stores.js';
import { contentOf, writeDuckdb, writeFormat1 } from './write-golden.js';

const HERE = import.meta.dirname;

async function readJson(...path: string[]): Promise<unknown> {
  return JSON.parse(await readFile(join(HERE, ...path), 'utf8'));
}

// The only run in which these files change: asked for by name, for a new folder.
describe.runIf(process.env['GOLDEN'] === 'write')('the golden files', () => {
  it('are written', async () => {
    await writeFormat1();
    await writeDuckdb();
  });
});

describe('a data directory of format version 1', () => {
  it('is read as it was written', async () => {
    await withDataDir(async (dataDir) => {
      await cp(join(HERE, 'format-1/files'), dataDir, { recursive: true });
      const stores = await openParquetStores(dataDir);
      expect(stores.directory.report).toMatchObject({ series: 4, damaged: [], ignored: [] });
      expect(stores.directory.report.fromCheckpoint).toBe(false);
      expect(await contentOf(stores)).toEqual(await readJson('format-1/content.json'));
      await stores.close();
    });
  });

  it('is read the same once it has a log and a checkpoint, its files as they were', async () => {
    await withDataDir(async (dataDir) => {
      await cp(join(HERE, 'format-1/files'), dataDir, { recursive: true });
      const files = await readdir(dataDir);
      await (await openParquetStores(dataDir)).close();
      for (const name of files) {
        const before = await readFile(join(HERE, 'format-1/files', name));
        expect(before.equals(await readFile(join(dataDir, name))), name).toBe(true);
      }
      const reopened = await openParquetStores(dataDir);
      expect(reopened.directory.report).toMatchObject({ fromCheckpoint: true, damaged: [] });
      expect(await contentOf(reopened)).toEqual(await readJson('format-1/content.json'));
      await reopened.close();
    });
  });

  it('can be written to, and has the change and everything else afterwards', async () => {
    await withDataDir(async (dataDir) => {
      await cp(join(HERE, 'format-1/files'), dataDir, { recursive: true });
      const before = (await readJson('format-1/content.json')) as {
        series: { row: { id: string }; points: unknown[] }[];
        sources: unknown[];
      };
      const stores = await openParquetStores(dataDir);
      for (const n of [1, 2, 3, 4]) {
        const [stored] = await stores.points.upsert([
          upserts(uuid(n), ['2500-01-01', '2500-02-01', '0.30000000000000000001']),
        ]);
        expect(stored!.counts).toEqual({ added: 1, corrected: 0, unchanged: 0 });
      }
      await stores.points.delete(uuid(3), {});
      await stores.series.update(uuid(4), { title: 'Changed' });
      await stores.sources.create(newSource({ name: 'New' }));
      await stores.close();

      const reopened = await openParquetStores(dataDir);
      for (const { row, points } of before.series) {
        const now = plainPoints(await reopened.points.read(uuid(Number(row.id.slice(-4)))));
        const added = now.filter(({ date }) => date === '2500-01-01');
        expect(now.filter(({ date }) => date !== '2500-01-01')).toEqual(points);
        expect(added).toHaveLength(row.id === uuid(3) ? 0 : 1);
      }
      expect(reopened.series.get(uuid(4))!.title).toBe('Changed');
      expect(reopened.sources.all()).toHaveLength(before.sources.length + 1);
      expect(reopened.directory.damaged).toBe(0);
      await reopened.close();
    });
  });
});

describe.each(['duckdb', 'pyarrow'])('points files written by %s', (folder) => {
  const names = async (): Promise<string[]> => {
    const files = await readdir(join(HERE, folder));
    return files.filter((name) => name.endsWith('.parquet')).map((name) => name.slice(0, -8));
  };

  it('are decoded to the rows of their twins', async () => {
    const found = await names();
    expect(found.length).toBeGreaterThanOrEqual(4);
    for (const name of found) {
      const bytes = await readFile(join(HERE, folder, `${name}.parquet`));
      for (const rowGroupRows of [2, 10_000]) {
        expect(plainPoints(readPoints(bytes, rowGroupRows)), name).toEqual(
          await readJson(folder, `${name}.json`),
        );
      }
    }
  });

  it('are not taken for our own', async () => {
    for (const name of await names()) {
      const bytes = await readFile(join(HERE, folder, `${name}.parquet`));
      expect(() => decodePoints(bytes, uuid(1)), name).toThrow(DamagedFileError);
    }
  });

  it('are reported and not served where they lie in a data directory', async () => {
    for (const name of await names()) {
      await withDataDir(async (dataDir) => {
        const stores = await openParquetStores(dataDir);
        const [foreign, own] = await createSeries(stores, 2);
        await stores.points.upsert([upserts(own!.id, ['2020-01-01', '2020-02-01', '1'])]);
        await stores.close();
        await cp(join(HERE, folder, `${name}.parquet`), join(dataDir, pointsFile(foreign!.id)));
        // With what the service noted of its files, and without: then they must vouch for themselves.
        for (const noted of [[], [INDEX_FOLDER, LOG_FOLDER]]) {
          for (const folder of noted) await rm(join(dataDir, folder), { recursive: true });
          const reopened = await openParquetStores(dataDir);
          expect(reopened.directory.report.damaged).toEqual([pointsFile(foreign!.id)]);
          await expect(reopened.points.read(foreign!.id)).rejects.toMatchObject({
            code: 'STORAGE_ERROR',
          });
          expect(brief(await reopened.points.read(own!.id))).toEqual(['2020-01-01 2020-02-01 1']);
          await reopened.close();
        }
      });
    }
  });
});

describe('a points file of another writer', () => {
  it.each(['column-missing', 'value-missing'])('is refused: %s', async (name) => {
    const bytes = await readFile(join(HERE, `incomplete/${name}.parquet`));
    expect(() => readPoints(bytes, 10)).toThrow(/column revision_date is empty in row 0/);
  });
});
