// What a page of the change feed may cost, however little it has to tell.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Cursor } from '../../src/core/cursor.js';
import { Instant } from '../../src/core/instant.js';
import {
  ChangesService,
  type PageBudget,
  type PageOfChanges,
} from '../../src/data-points/changes/changes.service.js';
import { LoggedChangesStore } from '../../src/storage/logged-changes-store.js';
import { DELETIONS_FILE } from '../../src/storage/paths.js';
import * as tombstones from '../../src/storage/parquet/tombstones.js';
import { FaultyDisk } from '../support/faulty-disk.js';
import { openParquetStoresOn, type ParquetStores } from '../support/parquet-stores.js';
import { upserts, uuid, vintages } from '../support/points.js';
import { Random } from '../support/random.js';
import { SimDisk } from '../support/sim-disk.js';
import { day, newSeries } from '../support/stores.js';
import { testConfig } from '../support/test-app.js';

vi.mock(import('../../src/storage/parquet/tombstones.js'), { spy: true });

const IDS = Array.from({ length: 12 }, (_, n) => uuid(n + 1));
const NEVER = Instant.of(0);
const BUDGET: PageBudget = { series: 5, rows: 1000 };

let disk: FaultyDisk;
let stores: ParquetStores;
let feed: ChangesService;
beforeEach(async () => {
  disk = new FaultyDisk(new SimDisk(new Random(1)));
  stores = await openParquetStoresOn(disk);
  feed = new ChangesService(
    new LoggedChangesStore(stores.directory),
    stores.points,
    testConfig({ readPointsMax: 1_000_000 }),
  );
  for (const id of IDS) {
    await stores.series.create(newSeries({ id, externalId: id }));
    await stores.points.publish([vintages(id, [['2020-01-01', '2020-02-01', '1']])]);
  }
});
afterEach(async () => {
  vi.useRealTimers();
  vi.mocked(tombstones.deletionsBetween).mockClear();
  await stores.close();
});

/** Every vintage repeats the value that is known. */
async function confirmAll(revisionDate: string): Promise<void> {
  for (const id of IDS) {
    await stores.points.publish([vintages(id, [['2020-01-01', revisionDate, '1']])]);
  }
}

async function caughtUp(): Promise<Cursor> {
  const { cursor, hasMore } = await feed.page({ first: 1000 });
  expect(hasMore).toBe(false);
  return cursor;
}

interface Read {
  readonly pages: readonly PageOfChanges[];
  /** Series opened, by page. */
  readonly opened: readonly number[];
}

/** All pages to the end of what there is, each of which has to go on. */
async function readAll(since: Cursor, first = 100, budget = BUDGET): Promise<Read> {
  const opening = vi.spyOn(stores.points, 'read');
  const pages: PageOfChanges[] = [];
  const opened: number[] = [];
  let cursor = since;
  for (;;) {
    opening.mockClear();
    const page = await feed.page({ since: cursor, first }, {}, budget);
    pages.push(page);
    opened.push(opening.mock.calls.length);
    if (!page.hasMore) break;
    expect(page.cursor).not.toBe(cursor);
    ({ cursor } = page);
  }
  opening.mockRestore();
  return { pages, opened };
}

const told = (pages: readonly PageOfChanges[]) =>
  pages.flatMap(({ changes }) => changes.map(({ change }) => change.seriesId));

describe('a page', () => {
  it('opens no more series than it may, also where they have nothing to tell', async () => {
    const since = await caughtUp();
    await confirmAll('2020-03-01');
    const { pages, opened } = await readAll(since);
    expect(opened).toEqual([5, 5, 2]);
    expect(pages.map(({ hasMore }) => hasMore)).toEqual([true, true, false]);
    expect(told(pages)).toEqual([]);
    // The round is over: the same is not looked at again.
    expect((await readAll(pages.at(-1)!.cursor)).opened).toEqual([0]);
  });

  it('ends where it has opened as many rows as it may, and opens one series at least', async () => {
    const since = await caughtUp();
    await confirmAll('2020-03-01');
    const { opened } = await readAll(since, 100, { series: 100, rows: 2 });
    expect(opened).toEqual([2, 2, 2, 2, 2, 2]);
    const alone = await readAll(since, 100, { series: 100, rows: 1 });
    expect(alone.opened).toEqual(IDS.map(() => 1));
  });

  it('that is short tells the rest in the next ones, once', async () => {
    const since = await caughtUp();
    await confirmAll('2020-03-01');
    const changed = [IDS[3]!, IDS[4]!, IDS[5]!, IDS[11]!];
    for (const id of changed) {
      await stores.points.publish([vintages(id, [['2020-01-01', '2020-04-01', '2']])]);
    }
    for (const [first, series] of [
      [1, 1],
      [1, 5],
      [2, 3],
      [3, 5],
      [100, 5],
    ] as const) {
      const { pages, opened } = await readAll(since, first, { series, rows: 1000 });
      expect(told(pages), `${first} ${series}`).toEqual(changed);
      expect(Math.max(...opened)).toBe(series);
    }
  });

  it('goes on behind series that changed only after the round began', async () => {
    const since = await caughtUp();
    await stores.points.publish([vintages(IDS[0]!, [['2020-01-01', '2020-04-01', '2']])]);
    await stores.points.publish([vintages(IDS[11]!, [['2020-01-01', '2020-04-01', '2']])]);
    const begun = await feed.page({ since, first: 100 }, {}, { series: 1, rows: 1000 });
    expect([told([begun]), begun.hasMore]).toEqual([[IDS[0]], true]);
    for (const id of IDS.slice(1, 11)) {
      await stores.points.publish([vintages(id, [['2020-01-01', '2020-04-01', '3']])]);
    }
    const { pages, opened } = await readAll(begun.cursor);
    expect(Math.max(...opened)).toBe(5);
    expect(told(pages)).toEqual([IDS[11], ...IDS.slice(1, 11)]);
  });

  it('goes on from a cursor that an earlier release gave', async () => {
    const since = await caughtUp();
    for (const id of IDS) {
      await stores.points.publish([vintages(id, [['2020-01-01', '2020-04-01', '2']])]);
    }
    const { cursor } = await feed.page({ since, first: 3 });
    const values = Cursor.decode('changes/1', cursor)!;
    // The place was a change, always.
    expect(values.slice(4)).toEqual([IDS[2], 0, day('2020-01-01'), day('2020-04-01')]);
    const { pages } = await readAll(Cursor.encode('changes/1', values as (string | number)[]));
    expect(told(pages)).toEqual(IDS.slice(3));
  });
});

describe('pages over many deletions', () => {
  const DATES = Array.from({ length: 28 }, (_, n) => `2020-01-${String(n + 1).padStart(2, '0')}`);

  async function deleteMany(): Promise<Cursor> {
    for (const id of IDS) {
      await stores.points.upsert([
        upserts(id, ...DATES.map((date) => [date, '2020-02-01', '1'] as const)),
      ]);
    }
    const since = await caughtUp();
    for (const id of IDS) await stores.points.delete(id, {});
    await stores.directory.flush();
    return since;
  }

  it('find them once, and read their file once', async () => {
    const since = await deleteMany();
    disk.arm();
    const { pages } = await readAll(since, 10);
    expect(told(pages)).toEqual(IDS.flatMap((id) => DATES.map(() => id)));
    expect(pages).toHaveLength(Math.ceil((IDS.length * DATES.length) / 10));
    expect(tombstones.deletionsBetween).toHaveBeenCalledTimes(1);
    expect(disk.calls.filter(({ name }) => name === DELETIONS_FILE)).toHaveLength(1);
  });

  it('of some series find those of no other', async () => {
    const since = await feed.page({ first: 1000, seriesIds: [IDS[7]!] });
    await deleteMany();
    const page = await feed.page({ since: since.cursor, first: 1000, seriesIds: [IDS[7]!] });
    expect(told([page])).toEqual(DATES.map(() => IDS[7]));
    const found = vi.mocked(tombstones.deletionsBetween).mock.results.at(-1)!;
    expect(found.value).toHaveLength(1);
    const none = await feed.page({ first: 1, seriesIds: [] });
    const other = await feed.page({ since: none.cursor, first: 1000, seriesIds: [] });
    expect(told([other])).toEqual([]);
  });

  it('from a place on find nothing before it, and tell the same', async () => {
    const since = await deleteMany();
    const first = await feed.page({ since, first: 10 * DATES.length });
    // Somebody else asks something else in between.
    const others = await feed.page({ first: 1000, seriesIds: [IDS[0]!] });
    await feed.page({ since: others.cursor, first: 1, seriesIds: [IDS[0]!] });
    const store = new LoggedChangesStore(stores.directory);
    for (const from of [10, 11, 5, 0]) {
      const deletions = await store.deletions(NEVER, store.through, { from: IDS[from] });
      expect([...deletions.keys()]).toEqual(IDS.slice(from));
    }
    const rest = await feed.page({ since: first.cursor, first: 1000 });
    expect(told([first, rest])).toEqual(IDS.flatMap((id) => DATES.map(() => id)));
  });

  it('hold neither their file nor what was found in it when nobody comes again', async () => {
    const since = await deleteMany();
    vi.useFakeTimers();
    disk.arm();
    const reads = () => disk.calls.filter(({ name }) => name === DELETIONS_FILE).length;
    const look = () => feed.page({ since, first: 10 });
    await look();
    await vi.advanceTimersByTimeAsync(29_000);
    await look();
    await vi.advanceTimersByTimeAsync(29_000);
    await look();
    expect(reads()).toBe(1);
    await vi.advanceTimersByTimeAsync(31_000);
    await look();
    expect(reads()).toBe(2);
  });
});
