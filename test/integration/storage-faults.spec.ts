// A disk that fails at any of its calls, once or from then on, before or after the call did its work. A call
// of the stores is then refused and nothing of it is there, or nobody knows whether it is; what was
// acknowledged is never lost; flushes, checkpoints and the start can fail and be tried again.

import { beforeAll, describe, expect, it } from 'vitest';
import type { AppError } from '../../src/core/app-error.js';
import { INDEX_FOLDER, LOG_FOLDER } from '../../src/storage/paths.js';
import {
  FaultyDisk,
  type DiskCall,
  type DiskFaultCode,
  type Fault,
} from '../support/faulty-disk.js';
import { ManualClock } from '../support/manual-clock.js';
import { openParquetStoresOn, type ParquetStores } from '../support/parquet-stores.js';
import { plainPoints, SOURCE_ID, upserts, uuid } from '../support/points.js';
import { Random } from '../support/random.js';
import { SimDisk } from '../support/sim-disk.js';
import { day, newSeries, newSource } from '../support/stores.js';

const CODES: readonly DiskFaultCode[] = ['EIO', 'ENOSPC', 'EMFILE'];
/** Decides nothing that is tested; it makes the n-th call of a disk the same one in every run. */
const SEED = 7;

interface Opened {
  readonly stores: ParquetStores;
  readonly disk: FaultyDisk;
  isReleased(): boolean;
}

async function open(inner: SimDisk, fault?: Fault): Promise<Opened> {
  const disk = new FaultyDisk(inner);
  disk.arm(fault);
  let released = false;
  const stores = await openParquetStoresOn(disk, {
    clock: new ManualClock(),
    // Every read is one of the disk, and every few calls begin a segment of the log.
    config: { cacheTtlSeconds: 0, logSegmentBytes: 2048, parquetRowGroupRows: 50 },
    release: () => (released = true),
  });
  return { stores, disk, isReleased: () => released };
}

function copyOf(disk: SimDisk): SimDisk {
  return disk.clone(new Random(SEED));
}

/** What is left when the power goes now: no more than what was synced. */
function afterPowerCut(disk: SimDisk): SimDisk {
  return disk.crash(new Random(SEED), 'nothing');
}

function withoutIndexes(disk: SimDisk): SimDisk {
  const copy = copyOf(disk);
  copy.empty(INDEX_FOLDER);
  return copy;
}

/** Everything in files: three series, two of them with points, and one source. */
let flushed: SimDisk;
/** Changes of every kind in the log only, that of a process that was killed. */
let unflushed: SimDisk;

beforeAll(async () => {
  flushed = new SimDisk(new Random(SEED));
  const { stores } = await open(flushed);
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
  await stores.close();

  unflushed = copyOf(flushed);
  const { stores: later } = await open(unflushed);
  await CALLS['a write to three series']!(later);
  await CALLS['a deletion of points']!(later);
  await CALLS['a deletion of a series']!(later);
  await CALLS['a creation of a series']!(later);
  await CALLS['a creation of a source']!(later);
  await later.series.create(newSeries({ id: uuid(2), externalId: 'AGAIN' }));
  await later.points.upsert([
    upserts(uuid(9), ['2020-01-01', '2020-02-01', '9']),
    upserts(uuid(2), ['2022-01-01', '2022-02-01', '2.2']),
  ]);
});

const CALLS: Record<string, (stores: ParquetStores) => Promise<unknown>> = {
  'a write to three series': ({ points }) =>
    points.upsert([
      upserts(uuid(3), ['2020-01-01', '2020-02-01', '3']),
      upserts(uuid(1), ['2020-02-01', '2020-03-01', '2.5'], ['2020-03-01', '2020-04-01', '3']),
      upserts(uuid(2), ['2020-01-01', '2020-02-01', null]),
    ]),
  'a write too large for the segment': ({ points }) =>
    points.upsert([
      upserts(
        uuid(3),
        ...Array.from({ length: 250 }, (_, n): [string, string, string] => [
          `${1500 + n}-01-01`,
          '2020-02-01',
          String(n * 1.37),
        ]),
      ),
    ]),
  'a deletion of points': ({ points }) => points.delete(uuid(1), { start: day('2020-02-01') }),
  'a deletion of all points': ({ points }) => points.delete(uuid(1), {}),
  'a deletion of a series': ({ series }) => series.delete(uuid(2)),
  'a deletion of a series without points': ({ series }) => series.delete(uuid(3)),
  'a creation of a series': ({ series }) =>
    series.create(newSeries({ id: uuid(9), externalId: 'NEW' })),
  'an update of a series': ({ series }) =>
    series.update(uuid(1), { title: 'Changed', externalId: 'RENAMED' }),
  'a creation of a source': ({ sources }) =>
    sources.create(newSource({ id: uuid(8), name: 'New' })),
  'an update of a source': ({ sources }) => sources.update(SOURCE_ID, { name: 'Changed' }),
};

/** Everything that a caller can see, but for the sizes of files. */
async function visible({ series, points, sources }: ParquetStores): Promise<unknown> {
  const rows = [...series.all()];
  return {
    rows,
    sources: sources.all(),
    overviews: [...points.overviews()].map(([{ id }, overview]) => [id, { ...overview, bytes: 0 }]),
    points: await Promise.all(rows.map(async ({ id }) => plainPoints(await points.read(id)))),
    found: rows.map(({ externalId }) => series.findByExternalId(externalId).map(({ id }) => id)),
  };
}

/** The same without instants: a call that is made again takes another one. */
function timeless(content: unknown): unknown {
  const instants = new Set(['createdAt', 'updatedAt', 'version']);
  const text = JSON.stringify(content, (key, value: unknown) => {
    return instants.has(key) && value !== null ? 'instant' : value;
  });
  return JSON.parse(text) as unknown;
}

/** What a start on a disk shows, and shows again without the checkpoint. */
async function afterRestart(disk: SimDisk, where: string): Promise<unknown> {
  const { stores } = await open(copyOf(disk));
  const found = await visible(stores);
  expect(stores.directory.damaged, where).toBe(0);
  const { stores: rebuilt } = await open(withoutIndexes(disk));
  expect(await visible(rebuilt), `${where} without indexes`).toEqual(found);
  expect(rebuilt.directory.damaged, where).toBe(0);
  return found;
}

async function failureOf(call: Promise<unknown>): Promise<AppError | undefined> {
  return call.then(
    () => undefined,
    (thrown: unknown) => thrown as AppError,
  );
}

function expectSaysNoPath(error: AppError): void {
  expect(JSON.stringify({ ...error, message: error.message, cause: undefined })).not.toContain(
    '/secret',
  );
}

function describeFault({ only: _, ...fault }: Fault, { failed }: FaultyDisk): string {
  return `${JSON.stringify(fault)} ${JSON.stringify(failed)}`;
}

/** Every way to fail for calls up to one that is never made: how many there are, the faults decide too. */
async function failEverywhere(
  codes: (n: number) => readonly DiskFaultCode[],
  run: (fault: Fault) => Promise<FaultyDisk>,
): Promise<number> {
  let n = 0;
  for (let reached = true; reached;) {
    n++;
    reached = false;
    for (const lasting of [false, true]) {
      for (const when of ['before', 'after'] as const) {
        for (const code of codes(n + Number(lasting) + 2 * Number(when === 'after'))) {
          const disk = await run({ call: n, code, when, lasting });
          reached ||= disk.failed !== undefined;
        }
      }
    }
  }
  return n - 1;
}

/** A call that meets a fault, and what there is of it then: at once, after a power cut, after a restart. */
async function failCall(
  call: (stores: ParquetStores) => Promise<unknown>,
  done: unknown,
  fault: Fault,
): Promise<FaultyDisk> {
  const inner = copyOf(flushed);
  const { stores, disk } = await open(inner);
  const before = await visible(stores);
  disk.arm(fault);
  const error = await failureOf(call(stores));
  const { failed } = disk;
  const where = describeFault(fault, disk);
  // The code decides what is said, nothing else: one of them is enough for the starts, which take long.
  const withStarts = fault.code === 'EIO';
  disk.arm();
  const now = await visible(stores);
  expect(stores.directory.damaged, where).toBe(0);
  if (error === undefined) {
    expect(timeless(now), where).toEqual(done);
    if (withStarts) expect(await afterRestart(afterPowerCut(inner), where)).toEqual(now);
  } else {
    expect(error, where).toMatchObject({ code: 'STORAGE_ERROR' });
    expectSaysNoPath(error);
    // Readers see what is known to be durable.
    expect(now, where).toEqual(before);
    const left = withStarts ? await afterRestart(afterPowerCut(inner), where) : before;
    if (error.details['outcome'] === 'unknown') {
      expect([timeless(before), done], where).toContainEqual(timeless(left));
      await expect(call(stores), where).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      expect(await visible(stores), where).toEqual(before);
    } else {
      expect(left, where).toEqual(before);
      if (fault.code === 'ENOSPC') expect(error.message).toMatch(/disk is full/);
      // The disk works again, and so does the same process.
      await call(stores);
      expect(timeless(await visible(stores)), where).toEqual(done);
    }
  }
  disk.failed = failed;
  if (!withStarts) return disk;
  const last = await visible(stores);
  const isUnknown = error?.details['outcome'] === 'unknown';
  await stores.close();
  const found = await afterRestart(inner, where);
  if (isUnknown) expect([timeless(before), done], where).toContainEqual(timeless(found));
  else expect(found, where).toEqual(last);
  return disk;
}

describe('a call of the stores whose disk fails', () => {
  it.each(Object.entries(CALLS))(
    '%s is there wholly, or not at all, or it is said that nobody knows',
    async (_what, call) => {
      const { stores } = await open(copyOf(flushed));
      await call(stores);
      const done = timeless(await visible(stores));
      const calls = await failEverywhere(
        () => CODES,
        (fault) => failCall(call, done, fault),
      );
      // A write and a sync of the log at least, and the mark behind them.
      expect(calls).toBeGreaterThanOrEqual(3);
    },
  );
});

const MAINTENANCE: Record<string, (stores: ParquetStores) => Promise<void>> = {
  flush: ({ directory }) => directory.flush(),
  checkpoint: ({ directory }) => directory.checkpoint(),
};

describe('a disk that fails beside the calls of the stores', () => {
  it.each(Object.entries(MAINTENANCE))(
    'during a %s costs nothing, and it can be done later',
    async (what, maintain) => {
      const calls = await failEverywhere(
        (n) => [CODES[n % CODES.length]!],
        async (fault) => {
          const inner = copyOf(unflushed);
          const { stores, disk } = await open(inner);
          const before = await visible(stores);
          if (what === 'checkpoint') await stores.directory.flush();
          disk.arm(fault);
          const error = await failureOf(maintain(stores));
          const { failed } = disk;
          const where = describeFault(fault, disk);
          if (error !== undefined) {
            expect(error, where).toMatchObject({ code: 'STORAGE_ERROR' });
            expectSaysNoPath(error);
            if (what === 'flush') expect(stores.directory.flushFailure, where).toBeDefined();
          }
          disk.arm();
          expect(await visible(stores), where).toEqual(before);
          if (fault.when === 'before') {
            expect(await afterRestart(afterPowerCut(inner), where), where).toEqual(before);
          }

          await stores.directory.flush();
          await stores.directory.checkpoint();
          expect(stores.directory.flushFailure).toBeUndefined();
          expect(stores.directory.state.hasUnwritten, where).toBe(false);
          expect(await visible(stores), where).toEqual(before);
          if (fault.when === 'after')
            expect(await afterRestart(inner, where), where).toEqual(before);
          disk.failed = failed;
          return disk;
        },
      );
      expect(calls).toBeGreaterThanOrEqual(4);
    },
  );

  it('during closing costs nothing', async () => {
    const calls = await failEverywhere(
      (n) => [CODES[n % CODES.length]!],
      async (fault) => {
        const inner = copyOf(unflushed);
        const { stores, disk } = await open(inner);
        const before = await visible(stores);
        disk.arm(fault);
        await failureOf(stores.close());
        const where = describeFault(fault, disk);
        const left = fault.lasting ? inner : afterPowerCut(inner);
        expect(await afterRestart(left, where), where).toEqual(before);
        return disk;
      },
    );
    expect(calls).toBeGreaterThanOrEqual(20);
  });

  it('during closing does not keep the directory from being given free', async () => {
    for (const lasting of [false, true]) {
      for (const operation of ['create', 'syncDirectory', 'close'] as const) {
        const { stores, disk, isReleased } = await open(copyOf(unflushed));
        const only = (call: DiskCall) => call.operation === operation;
        disk.arm({ call: 1, code: 'EIO', when: 'before', lasting, only });
        const error = await failureOf(stores.close());
        expect(disk.failed?.operation).toBe(operation);
        expect(error, operation).toBeUndefined();
        expect(isReleased(), operation).toBe(true);
      }
    }
  });

  it('during the start stops it, or leaves out what cannot be read; the next start has everything', async () => {
    const { stores } = await open(copyOf(unflushed));
    const before = await visible(stores);
    const calls = await failEverywhere(
      (n) => [CODES[n % CODES.length]!],
      async (fault) => {
        const inner = copyOf(unflushed);
        const disk = new FaultyDisk(inner);
        disk.arm(fault);
        const opening = openParquetStoresOn(disk, {
          clock: new ManualClock(),
          config: { cacheTtlSeconds: 0, logSegmentBytes: 2048 },
        });
        const opened = await opening.catch(() => undefined);
        const { failed } = disk;
        const where = describeFault(fault, disk);
        disk.arm();
        expect(await afterRestart(afterPowerCut(inner), where), where).toEqual(before);
        await opened?.close();
        expect(await afterRestart(inner, where), where).toEqual(before);
        disk.failed = failed;
        return disk;
      },
    );
    expect(calls).toBeGreaterThanOrEqual(20);
  });
});

const ofTheLog = ({ name }: DiskCall): boolean => name.startsWith(`${LOG_FOLDER}/`);
const update = (title: string) => (stores: ParquetStores) =>
  stores.series.update(uuid(1), { title });

describe('a log that could not be synced', () => {
  it('takes no more writes, for the outcome is unknown, and reads go on', async () => {
    const inner = copyOf(flushed);
    const { stores, disk } = await open(inner);
    await update('Acknowledged')(stores);
    const before = await visible(stores);
    disk.arm({
      ...{ call: 1, code: 'EIO', when: 'before' },
      only: (call) => call.operation === 'sync' && ofTheLog(call),
    });
    // Both are in one group: of neither anybody knows.
    const failures = await Promise.all([
      failureOf(update('Unknown')(stores)),
      failureOf(stores.sources.create(newSource({ name: 'Unknown' }))),
    ]);
    disk.arm();
    expect(failures[0]).toMatchObject({ code: 'STORAGE_ERROR', details: { outcome: 'unknown' } });
    expect(failures[1]?.code).toMatch(/STORAGE_ERROR|UNAVAILABLE/);
    for (const call of Object.values(CALLS)) {
      await expect(call(stores)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    }
    await expect(stores.directory.probe()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    // Not a byte more goes to a log of which nobody knows what it holds.
    expect(disk.calls.filter((call) => ofTheLog(call))).toEqual([]);
    expect(await visible(stores)).toEqual(before);
    await stores.close();

    const { stores: restarted } = await open(inner);
    const { title } = restarted.series.get(uuid(1))!;
    expect(['Acknowledged', 'Unknown']).toContain(title);
    await update('Writable')(restarted);
  });
});

describe('a disk without space', () => {
  const isFull: Fault = {
    ...{ call: 1, code: 'ENOSPC', when: 'before', lasting: true },
    only: ({ operation }) => ['write', 'create', 'makeFolder'].includes(operation),
  };

  it('refuses writes, goes on serving, and takes writes again by itself once it has space', async () => {
    const inner = copyOf(unflushed);
    const { stores, disk } = await open(inner);
    const before = await visible(stores);
    disk.arm(isFull);
    for (let n = 0; n < 3; n++) {
      const error = await failureOf(update(`Refused ${n}`)(stores));
      expect(error).toMatchObject({ code: 'STORAGE_ERROR', details: { reason: 'ENOSPC' } });
      expect(error?.message).toBe('Nothing was changed: the disk is full');
    }
    await expect(stores.directory.flush()).rejects.toMatchObject({ code: 'STORAGE_ERROR' });
    expect(stores.directory.flushFailure).toMatch(/disk is full/);
    expect(await visible(stores)).toEqual(before);

    disk.arm();
    await update('Taken')(stores);
    await stores.directory.flush();
    expect(stores.directory.flushFailure).toBeUndefined();
    const after = await visible(stores);
    await stores.close();
    expect(await afterRestart(inner, 'full')).toEqual(after);
  });

  it('does not keep a start from serving what is stored', async () => {
    const { stores: whole } = await open(copyOf(unflushed));
    const before = await visible(whole);
    const inner = copyOf(unflushed);
    const { stores, disk } = await open(inner, {
      ...isFull,
      // What is written in place needs no space.
      only: ({ operation }) => operation === 'create',
    });
    expect(await visible(stores)).toEqual(before);
    disk.arm();
    await update('Taken')(stores);
    await stores.close();
    const { stores: restarted } = await open(inner);
    expect(restarted.series.get(uuid(1))!.title).toBe('Taken');
  });
});

describe('a disk that fails a read', () => {
  it('fails that one, and the next one answers', async () => {
    const { stores, disk } = await open(copyOf(flushed));
    disk.arm({ call: 1, code: 'EIO', when: 'before' });
    const error = await failureOf(stores.points.read(uuid(1)));
    expect(error).toMatchObject({ code: 'STORAGE_ERROR', details: { operation: 'read' } });
    expectSaysNoPath(error!);
    expect((await stores.points.read(uuid(1))).length).toBe(2);
    expect(stores.directory.damaged).toBe(0);
  });
});
