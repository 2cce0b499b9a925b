// Damaged, foreign, swapped and newer files: never a wrong answer, and the rest goes on being served.

import { cp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PointsOverview } from '../../src/storage/data-points-store.js';
import { DELETIONS_FILE, pointsFile, seriesFile, SOURCES_FILE } from '../../src/storage/paths.js';
import {
  flip,
  rewriteFile,
  sampledOffsets,
  withNewerFormat,
  withWrongFact,
} from '../support/damage.js';
import { ManualClock } from '../support/manual-clock.js';
import {
  openParquetStores,
  temporaryDataDir,
  withDataDir,
  type ParquetStores,
} from '../support/parquet-stores.js';
import { plainPoints, SOURCE_ID, upserts, uuid } from '../support/points.js';
import { day, newSeries, newSource } from '../support/stores.js';

const [A, B, C] = [uuid(1), uuid(2), uuid(3)];
const CONFIG = { parquetRowGroupRows: 4 };

let prepared: string;
let expected: Map<string, Awaited<ReturnType<typeof answers>>>;

/** Three series with ten points each, a deletion of points and of a series, one source. */
beforeAll(async () => {
  prepared = await temporaryDataDir();
  const stores = await openParquetStores(prepared, { clock: new ManualClock(), config: CONFIG });
  await stores.sources.create(newSource({ id: SOURCE_ID }));
  for (const id of [A, B, C]) {
    await stores.series.create(newSeries({ id, externalId: `S${id}` }));
    const points = Array.from(
      { length: 10 },
      (_, n) => [`2020-01-${n + 10}`, '2020-03-01', n % 4 ? `${n}.5` : null] as const,
    );
    await stores.points.upsert([upserts(id, ...points)]);
  }
  await stores.points.delete(B, { start: day('2020-01-19') });
  const gone = await stores.series.create(newSeries({ externalId: 'GONE' }));
  await stores.series.delete(gone.id);
  expected = new Map();
  for (const id of [A, B, C]) expected.set(id, await answers(stores, id));
  stores.close();
});

afterAll(() => rm(prepared, { recursive: true }));

/** What is told of a series; `damaged` for each part that is refused as such. */
async function answers({ series, points }: ParquetStores, id: typeof A) {
  const ask = async <T>(question: () => T | Promise<T>): Promise<T | 'damaged'> => {
    try {
      return await question();
    } catch (error) {
      expect(error).toMatchObject({ code: 'STORAGE_ERROR', details: { operation: 'read' } });
      expect((error as Error).message).toMatch(/damaged/);
      return 'damaged';
    }
  };
  return {
    overview: await ask(() => points.overview(id)),
    row: await ask(() => series.get(id)),
    points: await ask(async () => plainPoints(await points.read(id))),
    range: await ask(async () => plainPoints(await points.read(id, { start: day('2020-01-15') }))),
  };
}

/** Opens a copy of the prepared directory after `change`. */
async function withDamage(
  change: (dataDir: string) => Promise<void>,
  examine: (stores: ParquetStores, dataDir: string) => Promise<void>,
): Promise<void> {
  await withDataDir(async (dataDir) => {
    await cp(prepared, dataDir, { recursive: true });
    await change(dataDir);
    const stores = await openParquetStores(dataDir, { config: CONFIG });
    try {
      await examine(stores, dataDir);
    } finally {
      stores.close();
    }
  });
}

async function expectWhole(stores: ParquetStores, ids: readonly (typeof A)[]): Promise<void> {
  for (const id of ids) expect(await answers(stores, id)).toEqual(expected.get(id));
}

async function expectWritable({ points }: ParquetStores, id: typeof A): Promise<void> {
  const [stored] = await points.upsert([upserts(id, ['2022-01-01', '2022-02-01', '9'])]);
  expect(stored!.counts.added).toBe(1);
}

/** A series whose points cannot be believed: nothing of them is told, neither before nor after a read. */
async function expectDamagedPoints(stores: ParquetStores): Promise<void> {
  const { row, overview, ...rows } = await answers(stores, A);
  const whole = expected.get(A)!;
  const { bytes } = whole.overview as PointsOverview;
  expect(row).toEqual(whole.row);
  // The bytes are those on disk, however many; the rest is as it was, or not told.
  if (overview !== 'damaged') expect({ ...overview, bytes }).toEqual(whole.overview);
  expect(rows).toEqual({ points: 'damaged', range: 'damaged' });
  expect(() => stores.points.overview(A)).toThrow(/damaged/);
  expect(stores.directory.damaged).toBe(1);
  await expect(
    stores.points.upsert([upserts(A, ['2022-01-01', '2022-02-01', '9'])]),
  ).rejects.toMatchObject({ code: 'STORAGE_ERROR' });
  expect([...stores.points.overviews()].map(([{ id }]) => id)).toEqual([B, C]);
  await expectWhole(stores, [B, C]);
  await expectWritable(stores, B);
}

async function expectDamagedSeries(stores: ParquetStores): Promise<void> {
  const damaged = 'damaged';
  expect(await answers(stores, A)).toEqual({
    overview: damaged,
    row: damaged,
    points: damaged,
    range: damaged,
  });
  expect(stores.directory.damaged).toBe(1);
  expect([...stores.series.all()].map(({ id }) => id)).toEqual([B, C]);
  // What is there is not buried under a new series of the same id.
  await expect(
    stores.series.create(newSeries({ id: A, externalId: 'AGAIN' })),
  ).rejects.toMatchObject({ code: 'STORAGE_ERROR' });
  await expectWhole(stores, [B, C]);
  await expectWritable(stores, B);
}

async function expectDamagedSources(stores: ParquetStores): Promise<void> {
  const damaged = expect.objectContaining({ code: 'STORAGE_ERROR' }) as Error;
  expect(() => stores.sources.all()).toThrow(damaged);
  expect(() => stores.sources.get(SOURCE_ID)).toThrow(damaged);
  await expect(stores.sources.create(newSource())).rejects.toMatchObject({
    code: 'STORAGE_ERROR',
    message: expect.stringMatching(/damaged/) as string,
  });
  expect(stores.directory.damaged).toBe(1);
  await expectWhole(stores, [A, B, C]);
  await expectWritable(stores, B);
}

async function expectDamagedDeletions(stores: ParquetStores): Promise<void> {
  expect(stores.directory.damaged).toBe(1);
  await expectWhole(stores, [A, B, C]);
  // A deletion could not be remembered beside those in the file.
  await expect(stores.points.delete(A, {})).rejects.toMatchObject({
    code: 'STORAGE_ERROR',
    message: expect.stringMatching(/damaged/) as string,
  });
  await expect(stores.series.delete(A)).rejects.toMatchObject({ code: 'STORAGE_ERROR' });
  await expectWhole(stores, [A, B, C]);
  await expectWritable(stores, B);
}

const FILES = [
  ['points', pointsFile(A), expectDamagedPoints],
  ['series', seriesFile(A), expectDamagedSeries],
  ['sources', SOURCES_FILE, expectDamagedSources],
  ['deletions', DELETIONS_FILE, expectDamagedDeletions],
] as const;

describe.each(FILES)('a damaged %s file', (_kind, name, expectDamage) => {
  it('is never served, whichever byte has changed', async () => {
    const { byteLength } = await readFile(join(prepared, name));
    for (const offset of sampledOffsets(byteLength, 16)) {
      await withDamage(
        (dataDir) => rewriteFile(join(dataDir, name), (bytes) => flip(bytes, offset)),
        expectDamage,
      );
    }
  });

  it('is never served, wherever it ends', async () => {
    const { byteLength } = await readFile(join(prepared, name));
    for (const length of [0, 1, 4, 7, 8, 100, byteLength >> 1, byteLength - 8, byteLength - 1]) {
      await withDamage(
        (dataDir) => rewriteFile(join(dataDir, name), (bytes) => bytes.subarray(0, length)),
        expectDamage,
      );
    }
  });

  it('is never served with bytes added or zeroed', async () => {
    const changes = [
      (bytes: Buffer) => Buffer.concat([bytes, Buffer.from([0])]),
      (bytes: Buffer) => Buffer.concat([bytes, bytes]),
      (bytes: Buffer) => Buffer.alloc(bytes.byteLength),
      () => Buffer.from('PAR1'.repeat(100)),
    ];
    for (const change of changes) {
      await withDamage((dataDir) => rewriteFile(join(dataDir, name), change), expectDamage);
    }
  });

  it('is never served where another file of ours has its name', async () => {
    for (const other of [pointsFile(B), seriesFile(B), SOURCES_FILE, DELETIONS_FILE]) {
      if (other === name) continue;
      await withDamage((dataDir) => cp(join(dataDir, other), join(dataDir, name)), expectDamage);
    }
  });

  it('stops the start with a clear message where a later release wrote it', async () => {
    await withDataDir(async (dataDir) => {
      await cp(prepared, dataDir, { recursive: true });
      await rewriteFile(join(dataDir, name), withNewerFormat);
      await expect(openParquetStores(dataDir)).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        message: `${name}: format version 2 is newer than 1, the newest that this release knows; use a newer release`,
      });
      // The directory is free for that newer release.
      await cp(join(prepared, name), join(dataDir, name));
      (await openParquetStores(dataDir)).close();
    });
  });
});

describe('a wrong digit in what the footer says', () => {
  const facts = [
    'rows',
    'first_date',
    'last_date',
    'last_revision_date',
    'through_seq',
    'series_id',
    // A later format would stop the start; a damaged file must not.
    'format_version',
  ];

  it.each(facts)('is noticed at the start, before anything of it is told: %s', async (fact) => {
    await withDamage(
      (dataDir) => rewriteFile(join(dataDir, pointsFile(A)), (bytes) => withWrongFact(bytes, fact)),
      async (stores) => {
        expect(stores.directory.report.damaged).toEqual([pointsFile(A)]);
        expect(() => stores.points.overview(A)).toThrow(/damaged/);
        await expectDamagedPoints(stores);
      },
    );
  });
});

describe('a points file that is damaged while the service runs', () => {
  const damage = (dataDir: string) =>
    rewriteFile(join(dataDir, pointsFile(A)), (bytes) => flip(bytes, 40));

  it.each([
    ['a read', (stores: ParquetStores) => stores.points.read(A)],
    [
      'a write',
      (stores: ParquetStores) =>
        stores.points.upsert([upserts(A, ['2022-01-01', '2022-02-01', '9'])]),
    ],
    ['a deletion', (stores: ParquetStores) => stores.points.delete(A, {})],
  ])('is found by %s and put into quarantine', async (_what, call) => {
    await withDamage(
      async () => undefined,
      async (stores, dataDir) => {
        await damage(dataDir);
        await expect(call(stores)).rejects.toMatchObject({
          code: 'STORAGE_ERROR',
          message: expect.stringMatching(/damaged/) as string,
        });
        await expectDamagedPoints(stores);
      },
    );
  });

  it('is found where it has gone altogether', async () => {
    await withDamage(
      async () => undefined,
      async (stores, dataDir) => {
        await rm(join(dataDir, pointsFile(A)));
        await expectDamagedPoints(stores);
      },
    );
  });

  it('is found where an older version of itself has taken its place', async () => {
    await withDamage(
      async () => undefined,
      async (stores, dataDir) => {
        const older = await readFile(join(dataDir, pointsFile(A)));
        await expectWritable(stores, A);
        stores.close();
        const again = await openParquetStores(dataDir);
        await writeFile(join(dataDir, pointsFile(A)), older);
        await expect(again.points.read(A)).rejects.toMatchObject({ code: 'STORAGE_ERROR' });
        again.close();
      },
    );
  });

  it('stops nothing of a call over several series but the call', async () => {
    await withDamage(
      async () => undefined,
      async (stores, dataDir) => {
        await damage(dataDir);
        const point = ['2022-01-01', '2022-02-01', '9'] as const;
        await expect(
          stores.points.upsert([upserts(B, point), upserts(A, point)]),
        ).rejects.toMatchObject({ code: 'STORAGE_ERROR' });
        await expectWhole(stores, [B, C]);
      },
    );
  });

  it('can be deleted with its series, which can then be made anew', async () => {
    await withDamage(damage, async (stores, dataDir) => {
      await expect(stores.points.read(A)).rejects.toThrow(/damaged/);
      await stores.series.delete(A);
      expect(stores.directory.damaged).toBe(0);
      await stores.series.create(newSeries({ id: A, externalId: 'NEW' }));
      await expectWritable(stores, A);
      stores.close();
      const again = await openParquetStores(dataDir);
      expect((await again.points.read(A)).length).toBe(1);
      again.close();
    });
  });
});

describe('two series whose files were swapped', () => {
  const swap = (of: typeof pointsFile) => async (dataDir: string) => {
    const [a, b, aside] = [of(A), of(B), 'aside'].map((name) => join(dataDir, name));
    await rename(a!, aside!);
    await rename(b!, a!);
    await rename(aside!, b!);
  };

  it('do not show the points of each other', async () => {
    await withDamage(swap(pointsFile), async (stores) => {
      expect(stores.directory.damaged).toBe(2);
      for (const id of [A, B]) {
        expect(await answers(stores, id)).toMatchObject({ points: 'damaged', overview: 'damaged' });
      }
      await expectWhole(stores, [C]);
    });
  });

  it('do not show the metadata of each other', async () => {
    await withDamage(swap(seriesFile), async (stores) => {
      expect(stores.directory.damaged).toBe(2);
      for (const id of [A, B]) expect(await answers(stores, id)).toMatchObject({ row: 'damaged' });
      await expectWhole(stores, [C]);
    });
  });
});

describe('the start', () => {
  it('reports files of others, and leaves them alone', async () => {
    const foreign = ['notes.txt', 'report.xlsx.tmp', 'other.parquet'];
    await withDamage(
      async (dataDir) => {
        for (const name of foreign) await writeFile(join(dataDir, name), 'mine');
      },
      async (stores, dataDir) => {
        expect([...stores.directory.report.ignored].sort()).toEqual(foreign.sort());
        expect(stores.directory.damaged).toBe(0);
        expect(await readdir(dataDir)).toEqual(expect.arrayContaining(foreign));
        await expectWhole(stores, [A, B, C]);
      },
    );
  });

  it('keeps the id of points whose metadata is gone: no new series may bury them', async () => {
    await withDamage(
      (dataDir) => rm(join(dataDir, seriesFile(A))),
      async (stores, dataDir) => {
        expect(stores.directory.report.damaged).toEqual([pointsFile(A)]);
        expect(stores.directory.damaged).toBe(1);
        expect(() => stores.series.get(A)).toThrow(/damaged/);
        await expect(stores.series.create(newSeries({ id: A }))).rejects.toMatchObject({
          code: 'STORAGE_ERROR',
        });
        expect(await readdir(dataDir)).toContain(pointsFile(A));
        await expectWhole(stores, [B, C]);
      },
    );
  });

  it('serves the older of two series that have one external id, and reports the younger', async () => {
    await withDataDir(async (dataDir) => {
      const stores = await openParquetStores(dataDir);
      const older = await stores.series.create(newSeries());
      const away = join(dataDir, 'away');
      await rename(join(dataDir, seriesFile(older.id)), away);
      stores.close();
      // As when a file is damaged, its name taken by another series, and the file then restored.
      const meanwhile = await openParquetStores(dataDir);
      const younger = await meanwhile.series.create(newSeries());
      meanwhile.close();
      await rename(away, join(dataDir, seriesFile(older.id)));

      const restored = await openParquetStores(dataDir);
      expect(restored.series.get(older.id)).toMatchObject({ id: older.id });
      expect(restored.series.findByExternalId(older.externalId)).toHaveLength(1);
      expect(() => restored.series.get(younger.id)).toThrow(/damaged/);
      expect(restored.directory.report.damaged).toEqual([seriesFile(younger.id)]);
      restored.close();
    });
  });

  it('removes what interrupted writes left behind', async () => {
    await withDamage(
      async (dataDir) => {
        for (const name of [pointsFile(A), seriesFile(B), SOURCES_FILE, DELETIONS_FILE]) {
          await cp(join(dataDir, name), join(dataDir, `${name}.0123456789ab.tmp`));
        }
      },
      async (stores, dataDir) => {
        expect(stores.directory.report.temporaryFilesRemoved).toBe(4);
        expect((await readdir(dataDir)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
        await expectWhole(stores, [A, B, C]);
      },
    );
  });

  it('finishes the deletion of a series that a crash interrupted', async () => {
    for (const left of [[seriesFile(A), pointsFile(A)], [seriesFile(A)], [pointsFile(A)]]) {
      await withDamage(
        async (dataDir) => {
          const stores = await openParquetStores(dataDir);
          await stores.series.delete(A);
          stores.close();
          for (const name of left) await cp(join(prepared, name), join(dataDir, name));
        },
        async (stores, dataDir) => {
          expect(stores.directory.report.deletionsFinished).toBe(1);
          expect(stores.series.get(A)).toBeUndefined();
          expect(await readdir(dataDir)).not.toEqual(expect.arrayContaining([left[0]]));
          await expectWhole(stores, [B, C]);
        },
      );
    }
  });

  it('keeps a series that was made again under the id of a deleted one', async () => {
    await withDamage(
      async (dataDir) => {
        const stores = await openParquetStores(dataDir);
        await stores.series.delete(A);
        await stores.series.create(newSeries({ id: A, externalId: 'AGAIN' }));
        await expectWritable(stores, A);
        stores.close();
      },
      async (stores) => {
        expect(stores.directory.report.deletionsFinished).toBe(0);
        expect((await stores.points.read(A)).length).toBe(1);
      },
    );
  });
});
