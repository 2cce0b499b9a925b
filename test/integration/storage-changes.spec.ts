// The storage side of the change feed: which store it is, what changed and what was deleted since a commit,
// wherever that is at the time, and for how long deletions are known.

import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Config } from '../../src/config/environment.js';
import { CalendarDate } from '../../src/core/calendar-date.js';
import { Instant } from '../../src/core/instant.js';
import type { Uuid } from '../../src/core/uuid.js';
import type { Disk } from '../../src/storage/disk.js';
import { LoggedChangesStore } from '../../src/storage/logged-changes-store.js';
import { decodeDeletions } from '../../src/storage/parquet/deletions-file.js';
import { DELETIONS_FILE, IDENTITY_FILE, pointsFile, seriesFile } from '../../src/storage/paths.js';
import { flip, rewriteFile } from '../support/damage.js';
import { FaultyDisk, HoldingDisk, type DiskCall } from '../support/faulty-disk.js';
import { ManualClock } from '../support/manual-clock.js';
import {
  openParquetStores,
  openParquetStoresOn,
  withDataDir,
  type ParquetStores,
} from '../support/parquet-stores.js';
import { upserts, uuid } from '../support/points.js';
import { Random } from '../support/random.js';
import { SimDisk } from '../support/sim-disk.js';
import { day, newSeries } from '../support/stores.js';

const [A, B, C] = [uuid(1), uuid(2), uuid(3)];
const NEVER = Instant.of(0);
const DAY = 86_400_000_000;
const T0 = Date.UTC(2024, 0, 1) * 1000;

interface Opened extends ParquetStores {
  readonly changes: LoggedChangesStore;
}

interface Options {
  readonly clock?: ManualClock;
  readonly config?: Partial<Config>;
  readonly wrap?: (disk: Disk) => Disk;
}

function withChanges(stores: ParquetStores): Opened {
  return Object.assign(stores, { changes: new LoggedChangesStore(stores.directory) });
}

async function open(dataDir: string, options: Options = {}): Promise<Opened> {
  return withChanges(await openParquetStores(dataDir, { clock: new ManualClock(), ...options }));
}

/** Three series; `2020-01-01`, `2020-01-02`, … of each, revised once. */
async function fill({ series, points }: ParquetStores, dates = 5): Promise<void> {
  for (const id of [A, B, C]) {
    await series.create(newSeries({ id, externalId: id }));
    const days = Array.from(
      { length: dates },
      (_, n) => `2020-01-${String(n + 1).padStart(2, '0')}`,
    );
    await points.upsert([
      upserts(
        id,
        ...days.flatMap((date) => [
          [date, '2020-02-01', '1'] as const,
          [date, '2020-03-01', '2'] as const,
        ]),
      ),
    ]);
  }
}

/** @returns the instant of the commit */
async function deleteDay({ points, changes }: Opened, id: Uuid, date: string): Promise<Instant> {
  expect(await points.delete(id, { start: day(date), end: day(date) })).toBe(2);
  return changes.through;
}

type PlainDeletion = readonly [Uuid, string, Instant];

/** All of them since a commit, by series; a day stands for both of its revisions. */
async function deleted({ changes }: Opened, since = NEVER): Promise<PlainDeletion[]> {
  const found = await changes.deletions(since, changes.through);
  return [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([id, deletions]) => {
      return deletions.map(({ seriesId, keys, deletedAt }): PlainDeletion => {
        expect(seriesId).toBe(id);
        const texts = (days: Int32Array) =>
          [...days].map((each) => CalendarDate.format(each as CalendarDate));
        if (keys === null) return [id, 'all of it', deletedAt];
        expect(texts(keys.revisionDates)).toEqual(['2020-02-01', '2020-03-01']);
        const [date, same] = texts(keys.dates);
        expect(same).toBe(date);
        return [id, date!, deletedAt];
      });
    });
}

const of = (operation: string, name: string) => (call: DiskCall) =>
  call.operation === operation && call.name === name;

describe('the identity of a store', () => {
  it('is kept by restarts, by a copy, and without indexes/; another store has another', async () => {
    await withDataDir(async (dataDir) => {
      const first = await open(dataDir);
      const { storeId } = first.changes;
      expect(JSON.parse(await readFile(join(dataDir, IDENTITY_FILE), 'utf8'))).toEqual({
        formatVersion: 1,
        storeId,
      });
      await fill(first);
      await first.close();
      await rm(join(dataDir, 'indexes'), { recursive: true });
      await withDataDir(async (copyDir) => {
        await cp(dataDir, copyDir, { recursive: true });
        for (const directory of [dataDir, copyDir]) {
          const stores = await open(directory);
          expect(stores.directory.storeId).toBe(storeId);
          await stores.close();
        }
      });
      await withDataDir(async (other) => {
        const stores = await open(other);
        expect(stores.changes.storeId).not.toBe(storeId);
        await stores.close();
      });
    });
  });

  it('is durable before anything is served', async () => {
    const random = new Random(1);
    const disk = new SimDisk(random.fork());
    const { directory } = await openParquetStoresOn(disk);
    const left = disk.crash(random, 'nothing');
    expect((await openParquetStoresOn(left)).directory.storeId).toBe(directory.storeId);
  });

  it.each([
    ['is cut', (bytes: Uint8Array) => bytes.subarray(0, 30)],
    ['is empty', () => new Uint8Array()],
    ['has no id', () => Buffer.from('{"formatVersion":1,"storeId":"none"}')],
  ])('is made anew where its file %s, and that is told', async (_what, change) => {
    await withDataDir(async (dataDir) => {
      const first = await open(dataDir);
      await fill(first);
      await first.close();
      await rewriteFile(join(dataDir, IDENTITY_FILE), change);
      const warn = vi.spyOn(Logger.prototype, 'warn');
      onTestFinished(() => warn.mockRestore());
      const second = await open(dataDir);
      expect(warn).toHaveBeenCalledWith(
        expect.objectContaining({
          file: IDENTITY_FILE,
          remedy: expect.stringMatching(/cursors of the change feed begin anew/) as string,
        }),
      );
      expect(second.changes.storeId).not.toBe(first.changes.storeId);
      expect([...second.changes.changedAfter(NEVER)]).toEqual([A, B, C]);
      expect(second.directory.damaged).toBe(0);
      await second.close();
      const third = await open(dataDir);
      expect(third.changes.storeId).toBe(second.changes.storeId);
      await third.close();
    });
  });

  it('stops the start where a later release wrote it, or where it cannot be read', async () => {
    await withDataDir(async (dataDir) => {
      const path = join(dataDir, IDENTITY_FILE);
      await (await open(dataDir)).close();
      const before = await readFile(path);
      await writeFile(path, '{"formatVersion":2}');
      await expect(open(dataDir)).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        message: expect.stringMatching(/^store\.json: .*newer release/) as string,
      });
      expect(await readFile(path, 'utf8')).toBe('{"formatVersion":2}');
      await rm(path);
      await mkdir(path);
      await expect(open(dataDir)).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        message: expect.stringMatching(/^store\.json cannot be read \(EISDIR\)/) as string,
      });
      await rm(path, { recursive: true });
      await writeFile(path, before);
      await (await open(dataDir)).close();
    });
  });

  it('is written by the next flush where the disk has no space at the start', async () => {
    await withDataDir(async (dataDir) => {
      await (await open(dataDir)).close();
      await rm(join(dataDir, IDENTITY_FILE));
      const stores = await open(dataDir, {
        config: { flushIntervalSeconds: 0.01 },
        wrap: (inner) => {
          const disk = new FaultyDisk(inner);
          disk.arm({
            ...{ call: 1, code: 'ENOSPC', when: 'before' },
            only: ({ operation, name }) => operation === 'create' && name.startsWith(IDENTITY_FILE),
          });
          return disk;
        },
      });
      await vi.waitFor(() => expect(existsSync(join(dataDir, IDENTITY_FILE))).toBe(true));
      const { storeId } = stores.changes;
      await stores.close();
      const again = await open(dataDir);
      expect(again.changes.storeId).toBe(storeId);
      await again.close();
    });
  });
});

describe('changed series', () => {
  it('are told whether a change is in the log, in a file, or found again by a restart', async () => {
    await withDataDir(async (dataDir) => {
      const clock = new ManualClock(T0);
      let stores = await open(dataDir, { clock });
      expect([...stores.changes.changedAfter(NEVER)]).toEqual([]);
      await fill(stores);
      const { through } = stores.changes;
      const changed = (since: Instant) => [...stores.changes.changedAfter(since)];
      expect(changed(NEVER)).toEqual([A, B, C]);
      expect(changed(through)).toEqual([]);
      await stores.points.upsert([upserts(B, ['2021-01-01', '2021-02-01', '1'])]);
      const written = stores.changes.through;
      expect(changed(through)).toEqual([B]);
      await stores.directory.flush();
      expect(changed(through)).toEqual([B]);
      await deleteDay(stores, C, '2020-01-01');
      // Metadata is no change of points, and what is there as sent is none at all.
      await stores.series.update(A, { title: 'Changed' });
      await stores.points.upsert([upserts(A, ['2020-01-01', '2020-02-01', '1'])]);
      const expectAll = (): void => {
        expect(changed(NEVER)).toEqual([A, B, C]);
        expect(changed(through)).toEqual([B, C]);
        expect(changed(written)).toEqual([C]);
        expect(changed(stores.changes.through)).toEqual([]);
      };
      expectAll();
      // As a killed process leaves it, and with and without a checkpoint.
      await withDataDir(async (copyDir) => {
        await cp(dataDir, copyDir, { recursive: true });
        const before = stores;
        stores = await open(copyDir, { clock });
        expectAll();
        await stores.close();
        stores = before;
      });
      for (const lost of [[], ['indexes'], ['indexes', 'wal']]) {
        await stores.close();
        for (const folder of lost) await rm(join(dataDir, folder), { recursive: true });
        stores = await open(dataDir, { clock });
        expectAll();
      }
      await stores.close();
    });
  });

  it('are the damaged ones too', async () => {
    await withDataDir(async (dataDir) => {
      const first = await open(dataDir);
      await fill(first);
      await first.close();
      await rewriteFile(join(dataDir, pointsFile(A)), (bytes) => flip(bytes, 40));
      const stores = await open(dataDir);
      await expect(stores.points.read(A)).rejects.toMatchObject({ code: 'STORAGE_ERROR' });
      stores.directory.catalog.setQuarantine(B, 'series');
      expect([...stores.changes.changedAfter(NEVER)]).toEqual([A, B, C]);
      await stores.close();
    });
  });
});

describe('deletions', () => {
  it('are told from the log, from the file, from both, and after a restart', async () => {
    await withDataDir(async (dataDir) => {
      let stores = await open(dataDir);
      await fill(stores);
      expect(await deleted(stores)).toEqual([]);
      const first = await deleteDay(stores, A, '2020-01-01');
      const second = await deleteDay(stores, B, '2020-01-02');
      const expectFirst = async (): Promise<void> => {
        expect(await deleted(stores)).toEqual([
          [A, '2020-01-01', first],
          [B, '2020-01-02', second],
        ]);
        expect(await deleted(stores, first)).toEqual([[B, '2020-01-02', second]]);
        expect(await deleted(stores, second)).toEqual([]);
        const bounded = await stores.changes.deletions(NEVER, first);
        expect([...bounded.keys()]).toEqual([A]);
      };
      await expectFirst();
      await stores.directory.flush();
      await expectFirst();
      await stores.close();
      stores = await open(dataDir);
      await expectFirst();
      const third = await deleteDay(stores, A, '2020-01-03');
      const all: PlainDeletion[] = [
        [A, '2020-01-01', first],
        [A, '2020-01-03', third],
        [B, '2020-01-02', second],
      ];
      expect(await deleted(stores)).toEqual(all);
      // As a killed process leaves it: the third is in the log only.
      await withDataDir(async (copyDir) => {
        await cp(dataDir, copyDir, { recursive: true });
        const copy = await open(copyDir);
        expect(await deleted(copy)).toEqual(all);
        await copy.close();
      });
      await stores.close();
      await rm(join(dataDir, 'indexes'), { recursive: true });
      await rm(join(dataDir, 'wal'), { recursive: true });
      stores = await open(dataDir);
      expect(await deleted(stores)).toEqual(all);
      await stores.close();
    });
  });

  it('of a series are told, also where it was created again since', async () => {
    await withDataDir(async (dataDir) => {
      let stores = await open(dataDir);
      await fill(stores);
      const day1 = await deleteDay(stores, A, '2020-01-01');
      await stores.series.delete(A);
      const gone = stores.changes.through;
      await stores.series.create(newSeries({ id: A, externalId: 'AGAIN' }));
      await stores.points.upsert([
        upserts(A, ['2020-01-02', '2020-02-01', '9'], ['2020-01-02', '2020-03-01', '9']),
      ]);
      const day2 = await deleteDay(stores, A, '2020-01-02');
      const expectAll = async (): Promise<void> => {
        expect(await deleted(stores)).toEqual([
          [A, '2020-01-01', day1],
          [A, 'all of it', gone],
          [A, '2020-01-02', day2],
        ]);
        expect(await deleted(stores, gone)).toEqual([[A, '2020-01-02', day2]]);
        expect([...stores.changes.changedAfter(gone)]).toEqual([A]);
      };
      await expectAll();
      await stores.directory.flush();
      await expectAll();
      await stores.close();
      stores = await open(dataDir);
      await expectAll();
      await stores.series.delete(A);
      expect([...stores.changes.changedAfter(gone)]).toEqual([]);
      expect((await deleted(stores, gone)).map(([, what]) => what)).toEqual([
        '2020-01-02',
        'all of it',
      ]);
      await stores.close();
    });
  });

  it('are read once, and only where the file has some that are asked for', async () => {
    await withDataDir(async (dataDir) => {
      let disk: FaultyDisk | undefined;
      const stores = await open(dataDir, { wrap: (inner) => (disk = new FaultyDisk(inner)) });
      await fill(stores);
      const first = await deleteDay(stores, A, '2020-01-01');
      await stores.directory.flush();
      disk!.arm();
      const second = await deleteDay(stores, A, '2020-01-02');
      disk!.arm();
      expect(await deleted(stores, first)).toHaveLength(1);
      expect(disk!.calls).toEqual([]);
      await Promise.all([deleted(stores), deleted(stores)]);
      expect(await deleted(stores)).toHaveLength(2);
      expect(disk!.calls).toEqual([{ operation: 'read', name: DELETIONS_FILE }]);
      await stores.directory.flush();
      disk!.arm();
      // All that is asked for was read before; what came since is not.
      expect(await deleted(stores)).toHaveLength(2);
      expect(await deleted(stores, second)).toEqual([]);
      expect(disk!.count('read')).toBe(1);
      await stores.close();
    });
  });

  it('are neither lost nor doubled by a flush that moves them while the file is read', async () => {
    await withDataDir(async (dataDir) => {
      let disk: HoldingDisk | undefined;
      const stores = await open(dataDir, { wrap: (inner) => (disk = new HoldingDisk(inner)) });
      await fill(stores);
      const first = await deleteDay(stores, A, '2020-01-01');
      await stores.directory.flush();
      const second = await deleteDay(stores, A, '2020-01-02');
      const both = [
        [A, '2020-01-01', first],
        [A, '2020-01-02', second],
      ];
      // The bytes of the old file are read, then the flush puts the new one in its place.
      const read = disk!.holdNext(of('read', DELETIONS_FILE), 'after');
      const answer = deleted(stores);
      await read.reached;
      await stores.directory.flush();
      expect(stores.directory.state.unwrittenDeletions).toEqual([]);
      read.letGo();
      expect(await answer).toEqual(both);
      await stores.close();
    });
  });

  it('are neither lost nor doubled where the file is ahead of the list', async () => {
    await withDataDir(async (dataDir) => {
      let disk: HoldingDisk | undefined;
      const stores = await open(dataDir, { wrap: (inner) => (disk = new HoldingDisk(inner)) });
      await fill(stores);
      const first = await deleteDay(stores, A, '2020-01-01');
      await stores.directory.flush();
      const second = await deleteDay(stores, A, '2020-01-02');
      const renamed = disk!.holdNext(of('rename', DELETIONS_FILE), 'after');
      const flushing = stores.directory.flush();
      await renamed.reached;
      const third = await deleteDay(stores, B, '2020-01-01');
      const all = [
        [A, '2020-01-01', first],
        [A, '2020-01-02', second],
        [B, '2020-01-01', third],
      ];
      expect(stores.directory.state.unwrittenDeletions).toHaveLength(2);
      expect(await deleted(stores)).toEqual(all);
      renamed.letGo();
      await flushing;
      expect(await deleted(stores)).toEqual(all);
      await stores.close();
    });
  });

  it('are complete after a flush that failed when the file was in place', async () => {
    await withDataDir(async (dataDir) => {
      let disk: FaultyDisk | undefined;
      const stores = await open(dataDir, { wrap: (inner) => (disk = new FaultyDisk(inner)) });
      await fill(stores);
      await deleteDay(stores, A, '2020-01-01');
      await stores.directory.flush();
      await deleteDay(stores, A, '2020-01-02');
      const only = ({ operation }: DiskCall) => operation === 'syncDirectory';
      disk!.arm({ call: 1, code: 'EIO', when: 'before', only });
      await expect(stores.directory.flush()).rejects.toMatchObject({ code: 'STORAGE_ERROR' });
      await deleteDay(stores, A, '2020-01-03');
      expect((await deleted(stores)).map(([, what]) => what)).toEqual([
        '2020-01-01',
        '2020-01-02',
        '2020-01-03',
      ]);
      await stores.close();
    });
  });

  it.each([
    ['damaged', (path: string) => rewriteFile(path, (bytes) => flip(bytes, 40)), false],
    ['cut', (path: string) => rewriteFile(path, (bytes) => bytes.subarray(0, 100)), true],
    ['missing', (path: string) => rm(path), false],
  ])('are refused where their file is %s', async (_what, change, isSeenByStart) => {
    await withDataDir(async (dataDir) => {
      let stores = await open(dataDir);
      await fill(stores);
      const first = await deleteDay(stores, A, '2020-01-01');
      await stores.directory.flush();
      await change(join(dataDir, DELETIONS_FILE));
      const refusal = { code: 'STORAGE_ERROR', details: { operation: 'read' } };
      await expect(deleted(stores)).rejects.toMatchObject(refusal);
      // Nothing of the file is needed.
      expect(await deleted(stores, first)).toEqual([]);
      if (!isSeenByStart) return stores.close();
      await stores.close();
      stores = await open(dataDir);
      for (const since of [NEVER, stores.changes.through]) {
        await expect(deleted(stores, since)).rejects.toMatchObject(refusal);
      }
      await stores.close();
    });
  });

  it('are refused while the disk does not answer, and told when it does', async () => {
    await withDataDir(async (dataDir) => {
      let disk: FaultyDisk | undefined;
      const stores = await open(dataDir, { wrap: (inner) => (disk = new FaultyDisk(inner)) });
      await fill(stores);
      await deleteDay(stores, A, '2020-01-01');
      await stores.directory.flush();
      disk!.arm({ call: 1, code: 'EIO', when: 'before' });
      await expect(deleted(stores)).rejects.toMatchObject({
        code: 'STORAGE_ERROR',
        details: { reason: 'EIO' },
      });
      expect(await deleted(stores)).toHaveLength(1);
      await stores.close();
    });
  });
});

describe('old deletions', () => {
  it('are kept for so many days and not a microsecond longer, and what was left out is remembered', async () => {
    await withDataDir(async (dataDir) => {
      const clock = new ManualClock(T0);
      let stores = await open(dataDir, { clock });
      await fill(stores);
      const first = await deleteDay(stores, A, '2020-01-01');
      const second = await deleteDay(stores, B, '2020-01-01');
      await stores.directory.flush();

      clock.set(first + 400 * DAY);
      const atLimit = await deleteDay(stores, A, '2020-01-02');
      expect(atLimit).toBe(first + 400 * DAY);
      await stores.directory.flush();
      expect(stores.changes.deletionsKeptAfter).toBe(0);
      expect((await deleted(stores))[0]).toEqual([A, '2020-01-01', first]);

      // The next commit is one microsecond past the limit.
      const past = await deleteDay(stores, C, '2020-01-01');
      expect(past).toBe(atLimit + 1);
      expect(stores.changes.deletionsKeptAfter).toBe(0);
      await stores.directory.flush();
      const rest = [
        [A, '2020-01-02', atLimit],
        [B, '2020-01-01', second],
        [C, '2020-01-01', past],
      ];
      const expectRest = async (): Promise<void> => {
        expect(stores.changes.deletionsKeptAfter).toBe(first);
        expect(await deleted(stores)).toEqual(rest);
      };
      const reopen = async (): Promise<void> => {
        await stores.close();
        stores = await open(dataDir, { clock });
      };
      await reopen();
      await expectRest();
      await stores.close();
      await rm(join(dataDir, 'indexes'), { recursive: true });
      stores = await open(dataDir, { clock });
      await expectRest();
      // A later file that leaves nothing more out still tells of it.
      await stores.close();
      const config = { deletionsKeepDays: 36_500 };
      stores = await open(dataDir, { clock, config });
      rest.push([C, '2020-01-02', await deleteDay(stores, C, '2020-01-02')]);
      await stores.close();
      stores = await open(dataDir, { clock, config });
      await expectRest();
      await stores.close();
    });
  });

  it('go after DELETIONS_KEEP_DAYS, and with them what the file is made of', async () => {
    await withDataDir(async (dataDir) => {
      const clock = new ManualClock(T0);
      const config = { deletionsKeepDays: 1 };
      let stores = await open(dataDir, { clock, config });
      await fill(stores);
      const first = await deleteDay(stores, A, '2020-01-01');
      // Older than a day before it is in a file at all.
      clock.set(first + DAY + 1);
      await stores.series.update(A, { title: 'Changed' });
      await stores.directory.flush();
      expect(stores.changes.deletionsKeptAfter).toBe(first);
      const bytes = await readFile(join(dataDir, DELETIONS_FILE));
      const { deletions, facts, keptAfter } = decodeDeletions(bytes);
      expect(deletions.reduce((sum, { numRows }) => sum + numRows, 0)).toBe(0);
      expect([facts.throughSeq, keptAfter]).toEqual([first, first]);
      await stores.close();
      stores = await open(dataDir, { clock, config });
      expect(stores.changes.deletionsKeptAfter).toBe(first);
      expect(await deleted(stores)).toEqual([]);
      await stores.close();
    });
  });

  it('stay while files of their series wait to be removed', async () => {
    await withDataDir(async (dataDir) => {
      const clock = new ManualClock(T0);
      let disk: FaultyDisk | undefined;
      const stores = await open(dataDir, {
        clock,
        wrap: (inner) => (disk = new FaultyDisk(inner)),
      });
      await fill(stores);
      await stores.directory.flush();
      const other = await deleteDay(stores, B, '2020-01-01');
      await stores.series.delete(A);
      const gone = stores.changes.through;
      const only = of('unlink', pointsFile(A));
      disk!.arm({ call: 1, code: 'EIO', when: 'before', lasting: true, only });
      await expect(stores.directory.flush()).rejects.toMatchObject({ code: 'STORAGE_ERROR' });
      clock.set(gone + 500 * DAY);
      const late = await deleteDay(stores, C, '2020-01-01');
      await expect(stores.directory.flush()).rejects.toMatchObject({ code: 'STORAGE_ERROR' });
      expect(await deleted(stores)).toEqual([
        [A, 'all of it', gone],
        [C, '2020-01-01', late],
      ]);
      expect(stores.changes.deletionsKeptAfter).toBe(other);
      await withDataDir(async (copyDir) => {
        await cp(dataDir, copyDir, { recursive: true });
        // The tombstone alone says that these files are of a deleted series.
        for (const folder of ['indexes', 'wal'])
          await rm(join(copyDir, folder), { recursive: true });
        const copy = await open(copyDir, { clock });
        expect(copy.directory.report.deletionsFinished).toBe(1);
        expect(copy.series.get(A)).toBeUndefined();
        await copy.close();
      });
      disk!.arm();
      await stores.directory.flush();
      await expect(readFile(join(dataDir, seriesFile(A)))).rejects.toMatchObject({
        code: 'ENOENT',
      });
      // The next one that is written goes without it.
      await deleteDay(stores, C, '2020-01-02');
      await stores.directory.flush();
      expect(stores.changes.deletionsKeptAfter).toBe(gone);
      expect((await deleted(stores)).map(([id]) => id)).toEqual([C, C]);
      await stores.close();
    });
  });

  it('are known to be missing from before the file without them is in place', async () => {
    await withDataDir(async (dataDir) => {
      const clock = new ManualClock(T0);
      let disk: HoldingDisk | undefined;
      const stores = await open(dataDir, {
        clock,
        wrap: (inner) => (disk = new HoldingDisk(inner)),
      });
      await fill(stores);
      const first = await deleteDay(stores, A, '2020-01-01');
      await stores.directory.flush();
      clock.set(first + 401 * DAY);
      await deleteDay(stores, A, '2020-01-02');
      const renamed = disk!.holdNext(of('rename', DELETIONS_FILE), 'after');
      const flushing = stores.directory.flush();
      await renamed.reached;
      expect((await deleted(stores)).map(([, what]) => what)).toEqual(['2020-01-02']);
      expect(stores.changes.deletionsKeptAfter).toBe(first);
      renamed.letGo();
      await flushing;
      await stores.close();
    });
  });

  it('are forgotten, and that is told, where somebody removed their file', async () => {
    await withDataDir(async (dataDir) => {
      let stores = await open(dataDir);
      await fill(stores);
      const first = await deleteDay(stores, A, '2020-01-01');
      await stores.directory.flush();
      await rm(join(dataDir, DELETIONS_FILE));
      const second = await deleteDay(stores, A, '2020-01-02');
      await stores.close();
      stores = await open(dataDir);
      expect(stores.changes.deletionsKeptAfter).toBe(first);
      expect(await deleted(stores, first)).toEqual([[A, '2020-01-02', second]]);
      await stores.close();
    });
  });
});
