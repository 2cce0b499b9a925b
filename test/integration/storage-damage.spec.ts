// Damaged, foreign, swapped and newer files: never a wrong answer, and the rest goes on being served. What
// is noticed, and when, depends on what there is beside the files: the checkpoint knows the series without
// their metadata files, the log has what was written last, and without both the files vouch for themselves.

import { cp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PointsOverview } from '../../src/storage/data-points-store.js';
import {
  CHECKPOINT_FILE,
  DELETIONS_FILE,
  INDEX_FOLDER,
  LOG_FOLDER,
  pointsFile,
  seriesFile,
  SOURCES_FILE,
} from '../../src/storage/paths.js';
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

/** What there is beside the files. */
type Beside = 'nothing' | 'the log' | 'the checkpoint and the log';
const LOST: Record<Beside, readonly string[]> = {
  nothing: [INDEX_FOLDER, LOG_FOLDER],
  'the log': [INDEX_FOLDER],
  'the checkpoint and the log': [],
};

const [A, B, C] = [uuid(1), uuid(2), uuid(3)];
const CONFIG = { parquetRowGroupRows: 4 };

let prepared: string;
let expected: Map<string, Awaited<ReturnType<typeof answers>>>;

function open(dataDir: string, clock?: ManualClock): Promise<ParquetStores> {
  const options = { config: CONFIG };
  return openParquetStores(dataDir, clock ? { ...options, clock } : options);
}

async function lose(dataDir: string, beside: Beside): Promise<void> {
  for (const folder of LOST[beside]) await rm(join(dataDir, folder), { recursive: true });
}

/** Three series with ten points each, a deletion of points and of a series, one source. */
beforeAll(async () => {
  prepared = await temporaryDataDir();
  const stores = await open(prepared, new ManualClock());
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
  await stores.directory.flush();
  expected = new Map();
  for (const id of [A, B, C]) expected.set(id, await answers(stores, id));
  await stores.close();
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
  beside: Beside = 'nothing',
): Promise<void> {
  await withDataDir(async (dataDir) => {
    await cp(prepared, dataDir, { recursive: true });
    await change(dataDir);
    await lose(dataDir, beside);
    const stores = await open(dataDir);
    try {
      await examine(stores, dataDir);
    } finally {
      await stores.close();
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

/** The metadata is known from elsewhere: all is served, and nothing stays damaged that is known to be. */
async function expectRepaired(stores: ParquetStores, dataDir: string): Promise<void> {
  expect(stores.directory.damaged).toBe(0);
  await expectWhole(stores, [A, B, C]);
  await stores.series.update(A, { title: 'Changed' });
  await stores.close();
  await lose(dataDir, 'nothing');
  const alone = await open(dataDir);
  expect(alone.directory.damaged).toBe(0);
  expect(alone.series.get(A)!.title).toBe('Changed');
  await expectWhole(alone, [B, C]);
  await alone.close();
}

/** Only the footer is read at the start: a deletion is refused, or the log keeps it. */
async function expectDeletionsKept(stores: ParquetStores, dataDir: string): Promise<void> {
  await expectWhole(stores, [A, B, C]);
  const deleted = await stores.series.delete(A).then(
    () => true,
    () => false,
  );
  const before = await readFile(join(dataDir, DELETIONS_FILE));
  await stores.directory.flush();
  expect(stores.directory.state.deletionsFile.damage).toBeDefined();
  // It is not written over, so that what can be read of it by other means stays.
  expect(before.equals(await readFile(join(dataDir, DELETIONS_FILE)))).toBe(true);
  await expectWritable(stores, B);
  await stores.close();
  const again = await open(dataDir);
  expect(again.series.get(A) === undefined).toBe(deleted);
  await expectWhole(again, [C]);
  await again.close();
}

type Expectation = (stores: ParquetStores, dataDir: string) => Promise<void>;

const FILES: readonly (readonly [string, string, Record<Beside, Expectation>])[] = [
  ['points', pointsFile(A), everywhere(expectDamagedPoints)],
  [
    'series',
    seriesFile(A),
    {
      nothing: expectDamagedSeries,
      'the log': expectRepaired,
      'the checkpoint and the log': expectRepaired,
    },
  ],
  ['sources', SOURCES_FILE, everywhere(expectDamagedSources)],
  [
    'deletions',
    DELETIONS_FILE,
    {
      nothing: expectDamagedDeletions,
      'the log': expectDamagedDeletions,
      'the checkpoint and the log': expectDeletionsKept,
    },
  ],
];

function everywhere(expectation: Expectation): Record<Beside, Expectation> {
  return {
    nothing: expectation,
    'the log': expectation,
    'the checkpoint and the log': expectation,
  };
}

const CASES = FILES.flatMap(([kind, name, expectations]) =>
  (Object.keys(LOST) as Beside[]).map((beside) => {
    return { kind, name, beside, expectDamage: expectations[beside] };
  }),
);

describe.each(CASES)('a damaged $kind file beside $beside', ({ name, beside, expectDamage }) => {
  /** Fewer where the files are not what decides. */
  const samples = beside === 'nothing' ? 16 : 6;
  const examine = (change: (bytes: Buffer) => Uint8Array) =>
    withDamage((dataDir) => rewriteFile(join(dataDir, name), change), expectDamage, beside);

  it('is never served, whichever byte has changed', async () => {
    const { byteLength } = await readFile(join(prepared, name));
    for (const offset of sampledOffsets(byteLength, samples)) {
      await examine((bytes) => flip(bytes, offset));
    }
  });

  it('is never served, wherever it ends', async () => {
    const { byteLength } = await readFile(join(prepared, name));
    for (const length of [0, 1, 4, 7, 8, 100, byteLength >> 1, byteLength - 8, byteLength - 1]) {
      await examine((bytes) => bytes.subarray(0, length));
    }
  });

  it('is never served with bytes added or zeroed', async () => {
    await examine((bytes) => Buffer.concat([bytes, Buffer.from([0])]));
    await examine((bytes) => Buffer.concat([bytes, bytes]));
    await examine((bytes) => Buffer.alloc(bytes.byteLength));
    await examine(() => Buffer.from('PAR1'.repeat(100)));
  });

  it('is never served where another file of ours has its name', async () => {
    for (const other of [pointsFile(B), seriesFile(B), SOURCES_FILE, DELETIONS_FILE]) {
      if (other === name) continue;
      const content = await readFile(join(prepared, other));
      await examine(() => content);
    }
  });
});

describe.each(FILES)('a %s file of a later release', (_kind, name) => {
  it('stops the start with a clear message, and leaves the directory free', async () => {
    await withDataDir(async (dataDir) => {
      await cp(prepared, dataDir, { recursive: true });
      await lose(dataDir, 'nothing');
      await rewriteFile(join(dataDir, name), withNewerFormat);
      await expect(open(dataDir)).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        message: `${name}: format version 3 is newer than 2, the newest that this release knows; use a newer release`,
      });
      // The directory is free for that newer release.
      await cp(join(prepared, name), join(dataDir, name));
      await (await open(dataDir)).close();
    });
  });
});

describe('a points file of a later release beside a checkpoint of this one', () => {
  it('is neither served nor written over', async () => {
    await withDataDir(async (dataDir) => {
      await cp(prepared, dataDir, { recursive: true });
      await rewriteFile(join(dataDir, pointsFile(A)), withNewerFormat);
      const newer = await readFile(join(dataDir, pointsFile(A)));
      const stores = await open(dataDir);
      await expect(stores.points.read(A)).rejects.toMatchObject({ code: 'STORAGE_ERROR' });
      // Without a look at the file, because the point is after all that are stored.
      await stores.points
        .upsert([upserts(A, ['2022-01-01', '2022-02-01', '9'])])
        .catch(() => undefined);
      await expectWritable(stores, B);
      await stores.directory.flush().catch(() => undefined);
      expect(newer.equals(await readFile(join(dataDir, pointsFile(A))))).toBe(true);
      await expectWhole(stores, [C]);
      await stores.close();
    });
  });
});

describe('a damaged checkpoint', () => {
  it('is made again from the files, which tell the same', async () => {
    const { byteLength } = await readFile(join(prepared, CHECKPOINT_FILE));
    const changes = [
      ...sampledOffsets(byteLength, 6).map((at) => (bytes: Buffer) => flip(bytes, at)),
      ...[0, 1, byteLength - 1].map((length) => (bytes: Buffer) => bytes.subarray(0, length)),
    ];
    for (const change of changes) {
      await withDamage(
        (dataDir) => rewriteFile(join(dataDir, CHECKPOINT_FILE), change),
        async (stores, dataDir) => {
          expect(stores.directory.report).toMatchObject({ fromCheckpoint: false, damaged: [] });
          expect(stores.directory.damaged).toBe(0);
          await expectWhole(stores, [A, B, C]);
          await stores.close();
          const again = await open(dataDir);
          expect(again.directory.report.fromCheckpoint).toBe(true);
          await expectWhole(again, [A, B, C]);
          await again.close();
        },
        'the checkpoint and the log',
      );
    }
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
        stores.points.upsert([upserts(A, ['2020-01-12', '2020-03-01', '9'])]),
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
        await stores.close();
        const again = await open(dataDir);
        await writeFile(join(dataDir, pointsFile(A)), older);
        await expect(again.points.read(A)).rejects.toMatchObject({ code: 'STORAGE_ERROR' });
        await again.close();
      },
    );
  });

  it('loses nothing of a write that did not need it, once it is restored', async () => {
    await withDamage(
      async () => undefined,
      async (stores, dataDir) => {
        await damage(dataDir);
        // After all that is stored, so that no file is opened.
        await expectWritable(stores, A);
        await stores.directory.flush();
        await expectDamagedPoints(stores);
        await stores.close();

        const again = await open(dataDir);
        await expect(again.points.read(A)).rejects.toMatchObject({ code: 'STORAGE_ERROR' });
        expect(again.directory.damaged).toBe(1);
        await again.close();

        await cp(join(prepared, pointsFile(A)), join(dataDir, pointsFile(A)));
        const restored = await open(dataDir);
        const rows = plainPoints(await restored.points.read(A));
        expect(rows.slice(0, -1)).toEqual(expected.get(A)!.points);
        expect(rows.at(-1)).toMatchObject({ date: '2022-01-01', value: '9' });
        expect(restored.directory.damaged).toBe(0);
        await restored.close();
      },
      'the checkpoint and the log',
    );
  });

  it('stops nothing of a call over several series but the call', async () => {
    await withDamage(
      async () => undefined,
      async (stores, dataDir) => {
        await damage(dataDir);
        const point = ['2020-01-12', '2020-03-01', '9'] as const;
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
      await stores.close();
      const again = await open(dataDir);
      expect((await again.points.read(A)).length).toBe(1);
      await again.close();
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

  it.each(['the log', 'the checkpoint and the log'] as const)(
    'writes metadata anew that is gone, from %s',
    async (beside) => {
      await withDamage(
        (dataDir) => rm(join(dataDir, seriesFile(A))),
        async (stores, dataDir) => {
          await expectWhole(stores, [A, B, C]);
          expect(stores.directory.damaged).toBe(0);
          await stores.directory.flush();
          expect(await readdir(dataDir)).toContain(seriesFile(A));
        },
        beside,
      );
    },
  );

  it('does not take a series for empty whose points file is gone', async () => {
    await withDamage(
      (dataDir) => rm(join(dataDir, pointsFile(A))),
      expectDamagedPoints,
      'the checkpoint and the log',
    );
  });

  it('makes a points file that is gone from the log, as long as that has all of it', async () => {
    await withDamage(
      (dataDir) => rm(join(dataDir, pointsFile(A))),
      async (stores) => {
        expect((await answers(stores, A)).points).toEqual(expected.get(A)!.points);
        await stores.directory.flush();
        await expectWhole(stores, [A, B, C]);
      },
      'the log',
    );
  });

  it('serves no part of a series whose points file is gone where the log has only the rest', async () => {
    await withDataDir(async (dataDir) => {
      const config = { logSegmentBytes: 2048 };
      const stores = await openParquetStores(dataDir, { config });
      const { id } = await stores.series.create(newSeries());
      for (let n = 0; n < 40; n++) {
        await stores.points.upsert([upserts(id, [`${1950 + n}-01-01`, '2020-01-01', String(n)])]);
      }
      await stores.directory.flush();
      await stores.directory.checkpoint();
      await stores.points.upsert([upserts(id, ['2000-01-01', '2020-01-01', '50'])]);
      await stores.close();
      await rm(join(dataDir, pointsFile(id)));
      await lose(dataDir, 'the log');
      const again = await open(dataDir);
      await expect(again.points.read(id)).rejects.toMatchObject({ code: 'STORAGE_ERROR' });
      expect(again.directory.damaged).toBe(1);
      await again.close();
    });
  });

  it('gives a series back whose points file was restored', async () => {
    await withDataDir(async (dataDir) => {
      await cp(prepared, dataDir, { recursive: true });
      await rewriteFile(join(dataDir, pointsFile(A)), (bytes) => flip(bytes, 40));
      const stores = await open(dataDir);
      await expectDamagedPoints(stores);
      await stores.close();
      await cp(join(prepared, pointsFile(A)), join(dataDir, pointsFile(A)));
      const restored = await open(dataDir);
      expect(restored.directory.damaged).toBe(0);
      await expectWhole(restored, [A, C]);
      await expectWritable(restored, A);
      await restored.close();
    });
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
      const stores = await open(dataDir);
      const older = await stores.series.create(newSeries());
      await stores.close();
      const away = join(dataDir, 'away');
      await rename(join(dataDir, seriesFile(older.id)), away);
      await lose(dataDir, 'nothing');
      // As when a file is damaged, its name taken by another series, and the file then restored.
      const meanwhile = await open(dataDir);
      const younger = await meanwhile.series.create(newSeries());
      await meanwhile.close();
      await rename(away, join(dataDir, seriesFile(older.id)));

      const restored = await open(dataDir);
      expect(restored.series.get(older.id)).toMatchObject({ id: older.id });
      expect(restored.series.findByExternalId(older.externalId)).toHaveLength(1);
      expect(() => restored.series.get(younger.id)).toThrow(/damaged/);
      expect(restored.directory.report.damaged).toEqual([seriesFile(younger.id)]);
      await restored.close();
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

  it.each(Object.keys(LOST) as Beside[])(
    'finishes the deletion of a series that a crash interrupted, beside %s',
    async (beside) => {
      for (const left of [[seriesFile(A), pointsFile(A)], [seriesFile(A)], [pointsFile(A)]]) {
        await withDamage(
          async (dataDir) => {
            const stores = await open(dataDir);
            await stores.series.delete(A);
            await stores.close();
            for (const name of left) await cp(join(prepared, name), join(dataDir, name));
          },
          async (stores, dataDir) => {
            if (beside === 'nothing') expect(stores.directory.report.deletionsFinished).toBe(1);
            expect(stores.series.get(A)).toBeUndefined();
            await stores.directory.flush();
            const names = await readdir(dataDir);
            for (const name of left) expect(names).not.toContain(name);
            expect(stores.directory.damaged).toBe(0);
            await expectWhole(stores, [B, C]);
          },
          beside,
        );
      }
    },
  );

  it('keeps a series that was made again under the id of a deleted one', async () => {
    await withDamage(
      async (dataDir) => {
        const stores = await open(dataDir);
        await stores.series.delete(A);
        await stores.series.create(newSeries({ id: A, externalId: 'AGAIN' }));
        await expectWritable(stores, A);
        await stores.close();
      },
      async (stores) => {
        expect(stores.directory.report.deletionsFinished).toBe(0);
        expect((await stores.points.read(A)).length).toBe(1);
      },
    );
  });
});
