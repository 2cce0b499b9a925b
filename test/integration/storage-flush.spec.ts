// What moves from the log into Parquet files, and what callers notice of it: nothing.

import { existsSync } from 'node:fs';
import { cp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { CalendarDate } from '../../src/core/calendar-date.js';
import { decodeDeletions } from '../../src/storage/parquet/deletions-file.js';
import {
  DELETIONS_FILE,
  INDEX_FOLDER,
  LOG_FOLDER,
  pointsFile,
  seriesFile,
} from '../../src/storage/paths.js';
import { OriginalFlag, PointUpsertsBuilder } from '../../src/storage/point-upserts.js';
import { FaultyDisk, HoldingDisk, type DiskCall } from '../support/faulty-disk.js';
import { ManualClock } from '../support/manual-clock.js';
import {
  openParquetStores,
  openParquetStoresOn,
  temporaryDataDir,
  withDataDir,
  type ParquetStores,
  type ParquetStoresOptions,
} from '../support/parquet-stores.js';
import { Random } from '../support/random.js';
import { SimDisk } from '../support/sim-disk.js';
import { brief, plainPoints, upserts, uuid } from '../support/points.js';
import { createSeries, day, newSeries, newSource } from '../support/stores.js';

/** Made by `npm run build`, which `npm test` runs first. */
const BUILT_WORKER = join(import.meta.dirname, '../../dist/storage/parquet/encoder-worker.js');

const A = uuid(1);

interface Counted {
  readonly stores: ParquetStores;
  readonly disk: FaultyDisk;
  readonly dataDir: string;
}

function withCounted(
  options: ParquetStoresOptions,
  task: (counted: Counted) => Promise<void>,
): Promise<void> {
  return withDataDir(async (dataDir) => {
    let disk: FaultyDisk | undefined;
    const stores = await openParquetStores(dataDir, {
      ...options,
      wrap: (inner) => (disk = new FaultyDisk(inner)),
    });
    await task({ stores, disk: disk!, dataDir });
    await stores.close();
  });
}

/** What another process finds that starts while this one has closed nothing, as after kill -9. */
async function withKilledCopy(
  dataDir: string,
  task: (copy: ParquetStores) => Promise<void>,
  { lost = [] }: { lost?: readonly string[] } = {},
): Promise<void> {
  await withDataDir(async (copyDir) => {
    await cp(dataDir, copyDir, { recursive: true });
    for (const folder of lost) await rm(join(copyDir, folder), { recursive: true });
    const copy = await openParquetStores(copyDir);
    await task(copy);
    await copy.close();
  });
}

/** Everything that a caller can see, but for the sizes of files. */
async function visible({ series, points, sources }: ParquetStores): Promise<unknown> {
  const rows = [...series.all()];
  return {
    rows,
    sources: sources.all(),
    overviews: [...points.overviews()].map(([{ id }, overview]) => [id, { ...overview, bytes: 0 }]),
    points: await Promise.all(rows.map(async ({ id }) => plainPoints(await points.read(id)))),
    parts: await Promise.all(
      rows.map(async ({ id }) => brief(await points.read(id, { start: day('2021-01-01') }))),
    ),
  };
}

const release = (value: string) => ['2024-01-01', '2024-02-01', value] as const;

describe('a release day', () => {
  it('opens no file for one new point of each of 200 series, and writes each file once when it is flushed', async () => {
    // A segment that is not half full, so that the next one is not made meanwhile.
    const config = { cacheTtlSeconds: 0, logSegmentBytes: 1_048_576 };
    await withCounted({ config }, async ({ stores, disk }) => {
      const ids = (await createSeries(stores, 200)).map(({ id }) => id);
      await stores.points.upsert(ids.map((id) => upserts(id, ['2020-01-01', '2020-02-01', '1'])));
      await stores.directory.flush();

      disk.arm();
      await Promise.all(ids.map((id) => stores.points.upsert([upserts(id, release('2'))])));
      expect(disk.calls.filter(({ name }) => !name.startsWith('wal/'))).toEqual([]);
      // Those that waited for a sync went together.
      expect(disk.count('sync')).toBeLessThan(20);

      disk.arm();
      await stores.directory.flush();
      expect(disk.count('create', 'rename')).toBe(400);
      const renamed = disk.calls.flatMap(({ operation, name }) =>
        operation === 'rename' ? [name] : [],
      );
      expect(renamed.toSorted()).toEqual(ids.map((id) => pointsFile(id)).toSorted());
      // A step is 64 series.
      expect(disk.count('syncDirectory')).toBe(4);
      // What was there before, and what was written.
      expect(disk.count('read')).toBe(400);

      disk.arm();
      await stores.directory.flush();
      expect(disk.calls).toEqual([]);
      for (const id of ids) {
        expect(brief(await stores.points.read(id))).toEqual([
          '2020-01-01 2020-02-01 1',
          '2024-01-01 2024-02-01 2',
        ]);
      }
    });
  });
});

/** Changes of every kind over series that have files. */
async function prepare(stores: ParquetStores): Promise<void> {
  await stores.sources.create(newSource({ id: uuid(90) }));
  for (const n of [1, 2, 3, 4]) {
    await stores.series.create(newSeries({ id: uuid(n), externalId: `S${n}` }));
    await stores.points.upsert([
      upserts(uuid(n), ['2020-01-01', '2020-02-01', '1'], ['2021-01-01', '2021-02-01', '2']),
    ]);
  }
  await stores.directory.flush();
  await stores.points.upsert([
    upserts(uuid(1), ['2020-01-01', '2020-02-01', '1.5'], release('3')),
    upserts(uuid(2), ['2021-01-01', '2021-03-01', null]),
  ]);
  await stores.points.delete(uuid(2), { end: day('2020-12-31') });
  await stores.points.delete(uuid(3), {});
  await stores.series.delete(uuid(4));
  await stores.series.update(uuid(1), { title: 'Changed' });
  await stores.sources.update(uuid(90), { name: 'Changed' });
  await stores.series.create(newSeries({ id: uuid(5), externalId: 'S5' }));
  await stores.points.upsert([upserts(uuid(5), release('5'))]);
}

describe('a flush', () => {
  it.each([
    ['with a cache', {}],
    ['without a cache', { cacheTtlSeconds: 0 }],
  ])('changes nothing of what is read before, during and after it, %s', async (_what, config) => {
    await withCounted({ config }, async ({ stores, disk, dataDir }) => {
      await prepare(stores);
      const before = await visible(stores);
      disk.arm();
      let flushing = true;
      const flush = stores.directory.flush().finally(() => (flushing = false));
      let reads = 0;
      while (flushing) {
        expect(await visible(stores)).toEqual(before);
        reads++;
        await new Promise<void>((resolve) => setImmediate(resolve));
      }
      await flush;
      expect(reads).toBeGreaterThan(1);
      expect(await visible(stores)).toEqual(before);
      expect(stores.directory.state.hasUnwritten).toBe(false);
      expect(stores.directory.state.deltaBytes).toBe(0);
      await withKilledCopy(dataDir, async (copy) => {
        expect(await visible(copy)).toEqual(before);
      });
    });
  });

  it('can be interrupted at any of its calls: what is there then starts with all that was acknowledged', async () => {
    await withCounted({}, async ({ stores, dataDir }) => {
      await prepare(stores);
      const before = await visible(stores);
      await withDataDir(async (flushedDir) => {
        await cp(dataDir, flushedDir, { recursive: true });
        let copying: Promise<void> | undefined;
        const copies: string[] = [];
        const disk: { holding?: HoldingDisk } = {};
        const flushed = await openParquetStores(flushedDir, {
          wrap: (inner) => (disk.holding = new HoldingDisk(inner)),
        });
        const holdNext = (): void => {
          const held = disk.holding!.holdNext(
            ({ operation }) => ['create', 'rename', 'unlink', 'syncDirectory'].includes(operation),
            'after',
          );
          copying = held.reached.then(async () => {
            const copy = await temporaryDataDir();
            copies.push(copy);
            await cp(flushedDir, copy, { recursive: true });
            holdNext();
            held.letGo();
          });
        };
        holdNext();
        await flushed.directory.flush();
        await flushed.directory.checkpoint();
        expect(copying).toBeDefined();
        expect(copies.length).toBeGreaterThan(10);
        for (const copy of copies) {
          for (const lost of [[], [INDEX_FOLDER]]) {
            await withKilledCopy(
              copy,
              async (started) => {
                expect(await visible(started)).toEqual(before);
                expect(started.directory.damaged).toBe(0);
              },
              { lost },
            );
          }
          await rm(copy, { recursive: true });
        }
        disk.holding!.stop();
        await flushed.close();
      });
    });
  });

  it('keeps what is committed while it makes its files', async () => {
    await withDataDir(async (dataDir) => {
      let disk: HoldingDisk | undefined;
      const stores = await openParquetStores(dataDir, {
        wrap: (inner) => (disk = new HoldingDisk(inner)),
      });
      await stores.series.create(newSeries({ id: A }));
      await stores.points.upsert([upserts(A, ['2020-01-01', '2020-02-01', '1'])]);
      const created = disk!.holdNext(isCreationOf(pointsFile(A)));
      const flush = stores.directory.flush();
      await created.reached;
      await stores.points.upsert([upserts(A, ['2020-01-01', '2020-02-01', '1.5'], release('2'))]);
      created.letGo();
      await flush;
      const both = ['2020-01-01 2020-02-01 1.5', '2024-01-01 2024-02-01 2'];
      expect(brief(await stores.points.read(A))).toEqual(both);
      await withKilledCopy(dataDir, async (copy) => {
        expect(brief(await copy.points.read(A))).toEqual(both);
      });
      await stores.directory.flush();
      expect(stores.directory.state.hasUnwritten).toBe(false);
      expect(brief(await stores.points.read(A))).toEqual(both);
      await stores.close();
    });
  });

  it.each([
    ['metadata', seriesFile(A)],
    ['points', pointsFile(A)],
  ])(
    'does not bring a series back that is deleted while its %s are written',
    async (_what, name) => {
      await withDataDir(async (dataDir) => {
        let disk: HoldingDisk | undefined;
        const stores = await openParquetStores(dataDir, {
          wrap: (inner) => (disk = new HoldingDisk(inner)),
        });
        await stores.series.create(newSeries({ id: A }));
        await stores.points.upsert([upserts(A, ['2020-01-01', '2020-02-01', '1'])]);
        const created = disk!.holdNext(isCreationOf(name));
        const flush = stores.directory.flush();
        await created.reached;
        await stores.series.delete(A);
        created.letGo();
        await flush;
        expect(stores.series.get(A)).toBeUndefined();
        for (const lost of [[], [INDEX_FOLDER]]) {
          await withKilledCopy(
            dataDir,
            async (copy) => {
              expect(copy.series.get(A)).toBeUndefined();
              expect(copy.directory.damaged).toBe(0);
            },
            { lost },
          );
        }
        await stores.close();
        expect((await readdir(dataDir)).filter((file) => file.includes(A))).toEqual([]);
        await rm(join(dataDir, INDEX_FOLDER), { recursive: true });
        await rm(join(dataDir, LOG_FOLDER), { recursive: true });
        const alone = await openParquetStores(dataDir);
        expect(alone.series.get(A)).toBeUndefined();
        await alone.close();
      });
    },
  );
});

function isCreationOf(name: string): (call: DiskCall) => boolean {
  return (call) => call.operation === 'create' && call.name.startsWith(name);
}

describe('a series that was deleted and made again with the same id', () => {
  /** Where the old one and the new one are when the process ends. */
  const stages: readonly (readonly [string, boolean, boolean, boolean])[] = [
    ['nothing in files', false, false, false],
    ['the old one in files', true, false, false],
    ['its deletion in files', true, true, false],
    ['the new one in files', true, true, true],
    ['all but the old one in files at once', false, false, true],
  ];

  it.each(stages)('keeps none of the old points: %s', async (_what, old, deleted, made) => {
    await withDataDir(async (dataDir) => {
      const stores = await openParquetStores(dataDir);
      await stores.series.create(newSeries({ id: A }));
      await stores.points.upsert([
        upserts(A, ['2019-01-01', '2019-02-01', '0'], ['2020-01-01', '2020-02-01', '1']),
      ]);
      if (old) await stores.directory.flush();
      await stores.series.delete(A);
      if (deleted) await stores.directory.flush();
      await stores.series.create(newSeries({ id: A, title: 'New' }));
      const expectNew = async (found: ParquetStores, points: readonly string[]): Promise<void> => {
        expect(found.series.get(A)!.title).toBe('New');
        expect(brief(await found.points.read(A))).toEqual(points);
        expect(found.points.overview(A).rows).toBe(points.length);
        expect(found.directory.damaged).toBe(0);
      };
      const expectEverywhere = async (points: readonly string[]): Promise<void> => {
        await expectNew(stores, points);
        for (const lost of [[], [INDEX_FOLDER]]) {
          await withKilledCopy(
            dataDir,
            async (copy) => {
              await expectNew(copy, points);
              await copy.directory.flush();
              await expectNew(copy, points);
            },
            { lost },
          );
        }
      };
      await expectEverywhere([]);
      await stores.points.upsert([upserts(A, release('9'))]);
      if (made) await stores.directory.flush();
      await expectEverywhere(['2024-01-01 2024-02-01 9']);
      await stores.close();
      await withKilledCopy(dataDir, (copy) => expectNew(copy, ['2024-01-01 2024-02-01 9']), {
        lost: [INDEX_FOLDER, LOG_FOLDER],
      });
    });
  });
});

const SMALL_DELTAS = { deltaBytesMax: 12_000 };

/** A write of about 1.5 KB of changes. */
const write = (stores: ParquetStores, id: typeof A, n: number) =>
  stores.points.upsert([upserts(id, [`${1900 + n}-01-01`, '2020-02-01', String(n)])]);

describe('writers that are faster than the flusher', () => {
  it('wait for it, and all succeed', async () => {
    await withCounted({ config: SMALL_DELTAS }, async ({ stores, disk }) => {
      const ids = (await createSeries(stores, 10)).map(({ id }) => id);
      disk.arm();
      for (let round = 0; round < 5; round++) {
        await Promise.all(ids.map((id) => write(stores, id, round)));
      }
      expect(disk.count('rename')).toBeGreaterThan(0);
      // One write more than what it was asked for may have been let in at once by each of them.
      expect(stores.directory.state.deltaBytes).toBeLessThan(SMALL_DELTAS.deltaBytesMax + 20_000);
      for (const id of ids) expect((await stores.points.read(id)).length).toBe(5);
    });
  });

  it('are refused while it fails, and succeed again afterwards', async () => {
    await withCounted({ config: SMALL_DELTAS }, async ({ stores, disk }) => {
      const ids = (await createSeries(stores, 10)).map(({ id }) => id);
      await stores.directory.flush();
      const only = ({ operation }: DiskCall) => operation === 'create';
      disk.arm({ call: 1, code: 'ENOSPC', when: 'before', lasting: true, only });
      let taken = 0;
      let failure: unknown;
      while (failure === undefined && taken < 1000) {
        try {
          await write(stores, ids[taken % 10]!, Math.floor(taken / 10));
          taken++;
        } catch (error) {
          failure = error;
        }
      }
      expect(taken).toBeGreaterThan(0);
      expect(failure).toMatchObject({ code: 'STORAGE_ERROR', details: { operation: 'write' } });
      expect(stores.directory.flushFailure).toMatch(/disk is full/);
      await expect(write(stores, ids[0]!, 99)).rejects.toMatchObject({ code: 'STORAGE_ERROR' });
      const countRows = async (): Promise<number> => {
        const batches = await Promise.all(ids.map((id) => stores.points.read(id)));
        return batches.reduce((sum, { length }) => sum + length, 0);
      };
      expect(await countRows()).toBe(taken);

      disk.arm();
      await stores.directory.flush();
      expect(stores.directory.flushFailure).toBeUndefined();
      await write(stores, ids[0]!, 99);
      expect(await countRows()).toBe(taken + 1);
    });
  });
});

describe('changes of a series whose file is damaged', () => {
  it('do not make other writers wait for ever where they fill the memory', async () => {
    await withCounted({ config: SMALL_DELTAS }, async ({ stores, dataDir }) => {
      const [damaged, other] = await createSeries(stores, 2);
      await write(stores, damaged!.id, 0);
      await stores.directory.flush();
      await writeFile(join(dataDir, pointsFile(damaged!.id)), 'rubbish');
      // Later than all that is stored, so that no file is opened for them.
      const many = Array.from({ length: 400 }, (_, n) => [`${2000 + n}-01-01`, '2020-02-01', '1']);
      await stores.points.upsert([upserts(damaged!.id, ...(many as [string, string, string][]))]);
      await stores.directory.flush();
      await expect(write(stores, other!.id, 1)).rejects.toMatchObject({ code: 'STORAGE_ERROR' });
      expect(stores.directory.state.flushedThrough).toBeLessThan(
        stores.directory.state.appliedThrough,
      );
    });
  });
});

describe('a flush that meets trouble', () => {
  it('leaves the process alone where it can do nothing about deltas that are half full', async () => {
    const config = { deltaBytesMax: 40_000 };
    await withCounted({ config }, async ({ stores, dataDir }) => {
      const [damaged] = await createSeries(stores, 1);
      await write(stores, damaged!.id, 0);
      await stores.directory.flush();
      await writeFile(join(dataDir, pointsFile(damaged!.id)), 'rubbish');
      const many = Array.from({ length: 700 }, (_, n) => [`${2000 + n}-01-01`, '2020-02-01', '1']);
      await stores.points.upsert([upserts(damaged!.id, ...(many as [string, string, string][]))]);
      await stores.directory.flush();
      expect(stores.directory.state.deltaBytes).toBeGreaterThan(config.deltaBytesMax / 2);
      // A loop that never waits for anything real would not let a timer come.
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(stores.directory.damaged).toBe(1);
    });
  });

  it('moves all other series where the file of one cannot be read', async () => {
    await withCounted({ config: { cacheTtlSeconds: 0 } }, async ({ stores, disk }) => {
      const ids = (await createSeries(stores, 70)).map(({ id }) => id);
      for (const id of ids) await write(stores, id, 0);
      await stores.directory.flush();
      for (const id of ids) await write(stores, id, 1);
      const isBad = ({ operation, name }: DiskCall) =>
        operation === 'read' && name === pointsFile(ids[0]!);
      disk.arm({ call: 1, code: 'EIO', when: 'before', lasting: true, only: isBad });
      await expect(stores.directory.flush()).rejects.toMatchObject({ code: 'STORAGE_ERROR' });
      expect([...stores.directory.catalog.deltas()].map(([id]) => id)).toEqual([ids[0]]);
      disk.arm();
      await stores.directory.flush();
      expect([...stores.directory.catalog.deltas()]).toEqual([]);
    });
  });

  it('quarantines nothing where the whole directory is away', async () => {
    await withCounted({ config: { cacheTtlSeconds: 0 } }, async ({ stores, dataDir }) => {
      const ids = (await createSeries(stores, 3)).map(({ id }) => id);
      for (const id of ids) await write(stores, id, 0);
      await stores.directory.flush();
      for (const id of ids) await write(stores, id, 1);
      await rename(dataDir, `${dataDir}-away`);
      await expect(stores.directory.flush()).rejects.toMatchObject({ code: 'STORAGE_ERROR' });
      await rename(`${dataDir}-away`, dataDir);
      expect(stores.directory.damaged).toBe(0);
      await stores.directory.flush();
      for (const id of ids) expect((await stores.points.read(id)).length).toBe(2);
    });
  });

  it('notes a deletion once, whenever it comes and whenever the process dies', async () => {
    await withDataDir(async (dataDir) => {
      let disk: HoldingDisk | undefined;
      const stores = await openParquetStores(dataDir, {
        wrap: (inner) => (disk = new HoldingDisk(inner)),
      });
      const [a] = await createSeries(stores, 1);
      await stores.points.upsert([
        upserts(a!.id, ['2020-01-01', '2020-02-01', '1'], ['2020-02-01', '2020-03-01', '2']),
      ]);
      await stores.directory.flush();
      // The deletion comes when the deletions are written and the points are not.
      const other = await stores.series.create(newSeries({ externalId: 'other' }));
      const renamed = disk!.holdNext(
        ({ operation, name }) => operation === 'rename' && name === seriesFile(other.id),
      );
      const flushing = stores.directory.flush();
      await renamed.reached;
      expect(await stores.points.delete(a!.id, {})).toBe(2);
      renamed.letGo();
      await flushing;
      // The points file has it, so only the log has what was deleted.
      const { state, catalog } = stores.directory;
      expect([...catalog.deltas()]).toEqual([]);
      expect(state.flushedThrough).toBeLessThan(state.appliedThrough);
      const deleted = async (directory: string): Promise<number> => {
        const bytes = await readFile(join(directory, DELETIONS_FILE));
        return decodeDeletions(bytes).deletions.reduce((sum, { numRows }) => sum + numRows, 0);
      };
      await withDataDir(async (copyDir) => {
        await cp(dataDir, copyDir, { recursive: true });
        const copy = await openParquetStores(copyDir);
        await copy.close();
        expect(await deleted(copyDir)).toBe(2);
      });
      await stores.close();
      expect(await deleted(dataDir)).toBe(2);
    });
  });

  it('notes a deletion once where the first attempt failed after its work', async () => {
    await withCounted({}, async ({ stores, disk, dataDir }) => {
      const [a] = await createSeries(stores, 1);
      await write(stores, a!.id, 0);
      await stores.points.delete(a!.id, {});
      const only = ({ operation }: DiskCall) => operation === 'syncDirectory';
      disk.arm({ call: 1, code: 'EIO', when: 'before', only });
      await expect(stores.directory.flush()).rejects.toMatchObject({ code: 'STORAGE_ERROR' });
      await stores.directory.flush();
      const bytes = await readFile(join(dataDir, DELETIONS_FILE));
      expect(decodeDeletions(bytes).deletions.map(({ numRows }) => numRows)).toEqual([1]);
    });
  });

  it('writes metadata that was lost although nothing else is written', async () => {
    await withDataDir(async (dataDir) => {
      const stores = await openParquetStores(dataDir);
      const [a] = await createSeries(stores, 1);
      await stores.close();
      await rm(join(dataDir, seriesFile(a!.id)));
      const again = await openParquetStores(dataDir, { config: { flushIntervalSeconds: 0.01 } });
      await vi.waitFor(() => expect(existsSync(join(dataDir, seriesFile(a!.id)))).toBe(true));
      await again.close();
    });
  });
});

describe('before the log lets go', () => {
  it('metadata files are durable under their names', async () => {
    const random = new Random(1);
    const disk = new SimDisk(random.fork());
    const stores = await openParquetStoresOn(disk);
    await stores.series.create(newSeries({ id: A }));
    await stores.directory.flush();
    await stores.directory.checkpoint();
    const left = disk.crash(random, 'nothing');
    for (const folder of [INDEX_FOLDER, LOG_FOLDER]) left.empty(folder);
    expect((await openParquetStoresOn(left)).series.get(A)).toEqual(stores.series.get(A));
  });

  it('the files of a deleted series are gone', async () => {
    await withDataDir(async (dataDir) => {
      let disk: HoldingDisk | undefined;
      const stores = await openParquetStores(dataDir, {
        wrap: (inner) => (disk = new HoldingDisk(inner)),
      });
      const { state } = stores.directory;
      await stores.series.create(newSeries({ id: A }));
      await stores.directory.flush();
      expect(state.flushedThrough).toBe(state.appliedThrough);
      await stores.series.delete(A);
      const unlinked = disk!.holdNext(
        ({ operation, name }) => operation === 'unlink' && name === seriesFile(A),
      );
      const flushing = stores.directory.flush();
      await unlinked.reached;
      expect(state.unwrittenDeletions).toEqual([]);
      expect(state.flushedThrough).toBeLessThan(state.appliedThrough);
      unlinked.letGo();
      await flushing;
      expect(state.flushedThrough).toBe(state.appliedThrough);
      await stores.close();
    });
  });

  it('the names that a start builds on are durable', async () => {
    await withDataDir(async (dataDir) => {
      await (await openParquetStores(dataDir)).close();
      let disk: FaultyDisk | undefined;
      const stores = await openParquetStores(dataDir, {
        wrap: (inner) => (disk = new FaultyDisk(inner)),
      });
      const firstRead = (folder: string): number =>
        disk!.calls.findIndex(
          ({ operation, name }) => operation === 'read' && name.startsWith(`${folder}/`),
        );
      const synced = (end: number): string[] =>
        disk!.calls
          .slice(0, end)
          .flatMap(({ operation, name }) => (operation === 'syncDirectory' ? [name] : []));
      expect(synced(firstRead(INDEX_FOLDER))).toEqual(['', INDEX_FOLDER]);
      expect(synced(firstRead(LOG_FOLDER))).toEqual(['', INDEX_FOLDER, LOG_FOLDER]);
      await stores.close();
    });
  });

  it('the removal of files is durable', async () => {
    await withCounted({}, async ({ stores, disk }) => {
      const [a] = await createSeries(stores, 1);
      await write(stores, a!.id, 0);
      await stores.directory.flush();
      await stores.series.delete(a!.id);
      disk.arm();
      await stores.directory.flush();
      const operations = disk.calls.map(({ operation }) => operation);
      const lastUnlink = operations.lastIndexOf('unlink');
      expect(lastUnlink).toBeGreaterThan(0);
      expect(operations.slice(lastUnlink)).toContain('syncDirectory');
    });
  });
});

async function segments(dataDir: string): Promise<string[]> {
  return (await readdir(join(dataDir, LOG_FOLDER))).sort();
}

describe('the log', () => {
  it('lets go of its segments after the checkpoint that knows what was in them', async () => {
    await withCounted({ config: { logSegmentBytes: 2048 } }, async ({ stores, dataDir }) => {
      await stores.series.create(newSeries({ id: A }));
      for (let n = 0; n < 60; n++) await write(stores, A, n);
      const before = await segments(dataDir);
      expect(before.length).toBeGreaterThan(3);
      // What is not in files keeps the log, whatever checkpoint is written.
      await stores.directory.checkpoint();
      expect(await segments(dataDir)).toEqual(before);
      const all = await visible(stores);

      await stores.directory.flush();
      await stores.directory.checkpoint();
      const after = await segments(dataDir);
      // The current segment, and perhaps the next one.
      expect(after.length).toBeLessThanOrEqual(2);
      expect(before.slice(0, -2).filter((name) => after.includes(name))).toEqual([]);
      expect(await visible(stores)).toEqual(all);
      await withKilledCopy(dataDir, async (copy) => {
        expect(copy.directory.report).toMatchObject({ fromCheckpoint: true, replayedCommits: 0 });
        expect(await visible(copy)).toEqual(all);
      });
    });
  });

  it('has everything that was acknowledged when the process is killed', async () => {
    await withCounted({ config: { logSegmentBytes: 2048 } }, async ({ stores, dataDir }) => {
      await prepare(stores);
      for (let n = 0; n < 40; n++) {
        await write(stores, A, n);
        if (n === 10) await stores.directory.flush();
        if (n === 20) await stores.directory.checkpoint();
      }
      const all = await visible(stores);
      for (const lost of [[], [INDEX_FOLDER]]) {
        await withKilledCopy(
          dataDir,
          async (copy) => {
            expect(copy.directory.report.replayedCommits).toBeGreaterThan(0);
            expect(await visible(copy)).toEqual(all);
            await write(copy, A, 50);
            const written = await visible(copy);
            await copy.directory.flush();
            expect(await visible(copy)).toEqual(written);
          },
          { lost },
        );
      }
    });
  });

  it('takes instants after all that it holds when it is opened again, whatever the clock says', async () => {
    await withDataDir(async (dataDir) => {
      const clock = new ManualClock();
      const stores = await openParquetStores(dataDir, { clock });
      const { id, updatedAt } = await stores.series.create(newSeries({ id: A }));
      await stores.close();
      for (const lost of [[], [INDEX_FOLDER], [INDEX_FOLDER, LOG_FOLDER]]) {
        clock.set(clock.now() - 1_000_000_000);
        for (const folder of lost) await rm(join(dataDir, folder), { recursive: true });
        const again = await openParquetStores(dataDir, { clock });
        const before = again.series.get(id)!.updatedAt;
        const changed = await again.series.update(id, { title: `After ${lost.length}` });
        expect(changed.updatedAt).toBeGreaterThan(Math.max(before, updatedAt));
        await again.close();
      }
    });
  });
});

describe('the folder indexes', () => {
  it('can be deleted: the next start answers the same', async () => {
    await withCounted({}, async ({ stores, dataDir }) => {
      await prepare(stores);
      const all = await visible(stores);
      const lost = [INDEX_FOLDER];
      await withKilledCopy(dataDir, async (copy) => expect(await visible(copy)).toEqual(all), {
        lost,
      });
      await stores.close();
      const rebuilt = async (copy: ParquetStores): Promise<void> => {
        expect(copy.directory.report.fromCheckpoint).toBe(false);
        expect(await visible(copy)).toEqual(all);
      };
      await withKilledCopy(dataDir, rebuilt, { lost });
      await withKilledCopy(dataDir, rebuilt, { lost: [INDEX_FOLDER, LOG_FOLDER] });
    });
  });
});

describe('a large points file', () => {
  const ROWS = 25_000;
  const FIRST = day('1900-01-01');

  function days(from: number, count: number, value: (n: number) => number) {
    const builder = new PointUpsertsBuilder();
    for (let n = from; n < from + count; n++) {
      const date = (FIRST + n) as CalendarDate;
      const decimal = { double: value(n), exact: null };
      builder.add(A, date, day('2024-01-01'), decimal, OriginalFlag.ORIGINAL);
    }
    return builder.finish();
  }

  it('is merged in another thread, and reads the same', async () => {
    expect(existsSync(BUILT_WORKER), 'run `npm run build` first').toBe(true);
    const options = { withThread: true, config: { cacheTtlSeconds: 0 } };
    await withCounted(options, async ({ stores, disk, dataDir }) => {
      await stores.series.create(newSeries({ id: A }));
      await stores.points.upsert(days(0, ROWS, (n) => n));
      await stores.directory.flush();
      expect((await stores.points.read(A)).values[ROWS - 1]).toBe(ROWS - 1);

      await stores.points.upsert(days(100, 50, (n) => -n));
      await stores.points.upsert(days(ROWS, 10, (n) => n));
      await stores.points.delete(A, { start: day('1950-01-01'), end: day('1950-01-31') });
      const before = plainPoints(await stores.points.read(A));
      expect(before).toHaveLength(ROWS + 10 - 31);
      disk.arm();
      await stores.directory.flush();
      expect(disk.calls).toContainEqual({ operation: 'rename', name: pointsFile(A) });
      expect(stores.directory.state.deltaBytes).toBe(0);
      expect(plainPoints(await stores.points.read(A))).toEqual(before);
      await withKilledCopy(
        dataDir,
        async (copy) => {
          expect(plainPoints(await copy.points.read(A))).toEqual(before);
        },
        { lost: [INDEX_FOLDER, LOG_FOLDER] },
      );
    });
  });

  it('that is damaged when it is to be merged is put into quarantine, and the rest is flushed', async () => {
    const options = { withThread: true, config: { cacheTtlSeconds: 0 } };
    await withCounted(options, async ({ stores, dataDir }) => {
      await stores.series.create(newSeries({ id: A }));
      const b = await stores.series.create(newSeries({ externalId: 'B' }));
      await stores.points.upsert(days(0, ROWS, (n) => n));
      await stores.directory.flush();
      await stores.points.upsert([...days(ROWS, 1, (n) => n), upserts(b.id, release('1'))]);
      await cp(join(dataDir, seriesFile(A)), join(dataDir, pointsFile(A)));
      await stores.directory.flush();
      expect(stores.directory.damaged).toBe(1);
      await expect(stores.points.read(A)).rejects.toMatchObject({ code: 'STORAGE_ERROR' });
      expect(await readdir(dataDir)).toContain(pointsFile(b.id));
      expect(brief(await stores.points.read(b.id))).toEqual(['2024-01-01 2024-02-01 1']);
    });
  });
});
