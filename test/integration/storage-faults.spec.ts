// A disk that fails in the middle of a call: the call fails, and nothing else changes.

import { cp, readdir, rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FaultyDisk, type Fault } from '../support/faulty-disk.js';
import { ManualClock } from '../support/manual-clock.js';
import {
  openParquetStores,
  temporaryDataDir,
  withDataDir,
  type ParquetStores,
} from '../support/parquet-stores.js';
import { plainPoints, SOURCE_ID, upserts, uuid } from '../support/points.js';
import { day, newSeries, newSource } from '../support/stores.js';

const CACHED = {};
const UNCACHED = { cacheTtlSeconds: 0 };

interface Faulty {
  readonly stores: ParquetStores;
  readonly disk: FaultyDisk;
}

async function openFaulty(dataDir: string, config: object): Promise<Faulty> {
  let disk: FaultyDisk | undefined;
  const stores = await openParquetStores(dataDir, {
    clock: new ManualClock(),
    config,
    wrap: (inner) => (disk = new FaultyDisk(inner)),
  });
  return { stores, disk: disk! };
}

let prepared: string;

/** Three series, two of them with points, one of those with deletions behind it, and one source. */
beforeAll(async () => {
  prepared = await temporaryDataDir();
  const stores = await openParquetStores(prepared, { clock: new ManualClock() });
  for (const n of [1, 2, 3]) {
    await stores.series.create(newSeries({ id: uuid(n), externalId: `S${n}` }));
  }
  await stores.sources.create(newSource({ id: SOURCE_ID }));
  await stores.points.upsert([
    upserts(uuid(1), ['2020-01-01', '2020-02-01', '1'], ['2020-02-01', '2020-03-01', null]),
    upserts(uuid(2), ['2020-01-01', '2020-02-01', '0.1000000000000000055']),
  ]);
  await stores.points.upsert([upserts(uuid(2), ['2021-01-01', '2021-02-01', '7'])]);
  await stores.points.delete(uuid(2), { start: day('2021-01-01') });
  stores.close();
});

afterAll(() => rm(prepared, { recursive: true }));

function withPreparedDir<T>(task: (dataDir: string) => Promise<T>): Promise<T> {
  return withDataDir(async (dataDir) => {
    await cp(prepared, dataDir, { recursive: true });
    return task(dataDir);
  });
}

/** Everything that a caller can see. */
async function visible({ series, points, sources }: ParquetStores): Promise<unknown> {
  const rows = [...series.all()];
  return {
    rows,
    sources: sources.all(),
    overviews: [...points.overviews()],
    points: await Promise.all(rows.map(async ({ id }) => plainPoints(await points.read(id)))),
    found: rows.map(({ externalId }) => series.findByExternalId(externalId)),
  };
}

const CALLS: Record<string, (stores: ParquetStores) => Promise<unknown>> = {
  'a write to three series': ({ points }) =>
    points.upsert([
      upserts(uuid(3), ['2020-01-01', '2020-02-01', '3']),
      upserts(uuid(1), ['2020-02-01', '2020-03-01', '2.5'], ['2020-03-01', '2020-04-01', '3']),
      upserts(uuid(2), ['2020-01-01', '2020-02-01', null]),
    ]),
  'a deletion of points': ({ points }) => points.delete(uuid(1), { start: day('2020-02-01') }),
  'a deletion of all points': ({ points }) => points.delete(uuid(1), {}),
  'a deletion of a series': ({ series }) => series.delete(uuid(2)),
  'a deletion of a series without points': ({ series }) => series.delete(uuid(3)),
  'a creation of a series': ({ series }) =>
    series.create(newSeries({ id: uuid(9), externalId: 'NEW' })),
  'an update of a series': ({ series }) =>
    series.update(uuid(1), { title: 'Changed', externalId: 'RENAMED' }),
  'a creation of a source': ({ sources }) => sources.create(newSource({ name: 'New' })),
  'an update of a source': ({ sources }) => sources.update(SOURCE_ID, { name: 'Changed' }),
};

/** The calls of a disk that a call of the stores takes, until all is durable. */
async function decisiveCalls(call: (stores: ParquetStores) => Promise<unknown>, config: object) {
  return withPreparedDir(async (dataDir) => {
    const { stores, disk } = await openFaulty(dataDir, config);
    await visible(stores);
    disk.arm();
    await call(stores);
    stores.close();
    return disk.calls.findLastIndex(({ operation }) => operation === 'syncDirectory') + 1;
  });
}

async function failAt(
  call: (stores: ParquetStores) => Promise<unknown>,
  config: object,
  fault: Fault,
): Promise<void> {
  await withPreparedDir(async (dataDir) => {
    const { stores, disk } = await openFaulty(dataDir, config);
    const before = await visible(stores);
    disk.arm(fault);
    const error = await call(stores).then(
      () => undefined,
      (thrown: unknown) => thrown as Error,
    );
    const where = `${JSON.stringify(fault)} ${JSON.stringify(disk.calls[fault.call - 1])}`;
    expect(error, where).toMatchObject({ code: 'STORAGE_ERROR' });
    expect(JSON.stringify({ ...error, message: error?.message })).not.toContain('/secret');
    if (fault.code === 'ENOSPC') expect(error?.message).toMatch(/disk is full/);
    disk.arm();
    expect(await visible(stores), where).toEqual(before);
    expect(stores.directory.damaged, where).toBe(0);
    stores.close();

    const reopened = await openParquetStores(dataDir, { clock: new ManualClock() });
    expect(await visible(reopened), where).toEqual(before);
    expect((await readdir(dataDir)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    await call(reopened);
    const after = await visible(reopened);
    expect(after).not.toEqual(before);
    reopened.close();
    const again = await openParquetStores(dataDir);
    expect(await visible(again), where).toEqual(after);
    again.close();
  });
}

describe('a disk that fails', () => {
  for (const [what, call] of Object.entries(CALLS)) {
    for (const [when, code, config] of [
      ['before', 'ENOSPC', CACHED],
      ['after', 'EIO', UNCACHED],
    ] as const) {
      it(`${what} leaves all as it was, whichever call fails ${when} its work`, async () => {
        const calls = await decisiveCalls(call, config);
        expect(calls).toBeGreaterThan(2);
        for (let n = 1; n <= calls; n++) await failAt(call, config, { call: n, code, when });
      });
    }
  }

  it('once leaves the service able to do the same call at once', async () => {
    await withPreparedDir(async (dataDir) => {
      const { stores, disk } = await openFaulty(dataDir, CACHED);
      const call = CALLS['a write to three series']!;
      disk.arm({ call: 5, code: 'ENOSPC', when: 'before' });
      await expect(call(stores)).rejects.toThrow(/disk is full/);
      await call(stores);
      expect(stores.points.overview(uuid(3)).rows).toBe(1);
      expect(stores.points.overview(uuid(1)).rows).toBe(3);
      stores.close();
    });
  });
});

describe('a disk that fails a read', () => {
  it('fails that one, and the next one answers', async () => {
    await withPreparedDir(async (dataDir) => {
      const { stores, disk } = await openFaulty(dataDir, UNCACHED);
      disk.arm({ call: 1, code: 'EIO', when: 'before' });
      const error = await stores.points.read(uuid(1)).catch((thrown: unknown) => thrown as Error);
      expect(error).toMatchObject({ code: 'STORAGE_ERROR', details: { operation: 'read' } });
      expect((error as Error).message).not.toContain('/secret');
      expect((await stores.points.read(uuid(1))).length).toBe(2);
      expect(stores.directory.damaged).toBe(0);
      stores.close();
    });
  });
});
