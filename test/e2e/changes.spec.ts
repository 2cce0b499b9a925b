// The feed of changes: whoever replays it has what is stored, wherever the pages end.

import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  createPoints,
  createSeries,
  expectRefused,
  failed,
  readPoints,
  succeeded,
  unknownId,
} from '../support/factories.js';
import { Random } from '../support/random.js';
import { startTestApp, temporaryDirectory, type TestApp } from '../support/test-app.js';

interface Change {
  readonly kind: 'ADDED' | 'REVISED' | 'WITHDRAWN' | 'CORRECTED' | 'DELETED' | 'SERIES_DELETED';
  readonly seriesId: string;
  readonly date: string | null;
  readonly revisionDate: string | null;
  readonly value: string | null;
  readonly isOriginalRelease: boolean | null;
  readonly committedAt: string;
}

interface Page {
  readonly changes: readonly Change[];
  readonly cursor: string;
  readonly hasMore: boolean;
}

interface Asked {
  readonly since?: string | null;
  readonly first?: number;
  readonly seriesIds?: readonly string[] | null;
}

function tryChanges(app: TestApp, asked: Asked = {}) {
  return app.query(
    `query ($since: Cursor, $first: Int! = 1000, $seriesIds: [UUID!]) {
       changes(since: $since, first: $first, seriesIds: $seriesIds) {
         changes { kind seriesId date revisionDate value isOriginalRelease committedAt }
         cursor hasMore } }`,
    { ...asked },
  );
}

async function changes(app: TestApp, asked: Asked = {}): Promise<Page> {
  return succeeded(await tryChanges(app, asked)).changes;
}

/** Every page up to the last one there is now. */
async function catchUp(app: TestApp, asked: Asked = {}): Promise<Page & { pages: Page[] }> {
  const pages: Page[] = [];
  let { since } = asked;
  for (;;) {
    const page = await changes(app, { ...asked, ...(since == null ? {} : { since }) });
    pages.push(page);
    since = page.cursor;
    if (!page.hasMore) break;
  }
  return { ...pages.at(-1)!, changes: pages.flatMap((page) => page.changes), pages };
}

/** `ADDED 2024-01-01 2024-02-10 100` */
function told({ kind, date, revisionDate, value }: Change): string {
  if (date === null) return kind;
  const key = `${kind} ${date} ${revisionDate}`;
  return kind === 'DELETED' ? key : `${key} ${value}`;
}

/** `ADDED` and its like are of what was not there, `CORRECTED` and `DELETED` of what may have been. */
class Replica {
  readonly points = new Map<string, string>();

  replay(page: readonly Change[]): void {
    for (const change of page) {
      const { kind, seriesId, date, revisionDate, value, isOriginalRelease } = change;
      const key = `${seriesId} ${date} ${revisionDate}`;
      switch (kind) {
        case 'SERIES_DELETED':
          for (const known of [...this.points.keys()]) {
            if (known.startsWith(seriesId)) this.points.delete(known);
          }
          break;
        case 'DELETED':
          expect([value, isOriginalRelease], key).toEqual([null, null]);
          this.points.delete(key);
          break;
        case 'ADDED':
        case 'REVISED':
        case 'WITHDRAWN':
          if (this.points.has(key)) expect.fail(`${kind} ${key} was there already`);
          this.points.set(key, `${value} ${isOriginalRelease}`);
          break;
        case 'CORRECTED':
          this.points.set(key, `${value} ${isOriginalRelease}`);
          break;
      }
    }
  }

  get sorted(): string[] {
    return sortedPoints(this.points);
  }
}

function sortedPoints(points: ReadonlyMap<string, string>): string[] {
  return [...points].map(([key, value]) => `${key} ${value}`).sort();
}

/** What is stored of these series, read through the other queries, which must agree. */
async function stored(app: TestApp, ids: readonly string[]): Promise<string[]> {
  const points = new Map<string, string>();
  for (const id of ids) {
    const rows = await readPoints(app, id);
    for (const { date, revisionDate, value, isOriginalRelease } of rows) {
      points.set(`${id} ${date} ${revisionDate}`, `${value} ${isOriginalRelease}`);
    }
    const { vintages } = succeeded(
      await app.query(`{ vintages(seriesId: "${id}") { dates revisionDates decimalValues } }`),
    );
    expect(vintages).toEqual({
      dates: rows.map(({ date }) => date),
      revisionDates: rows.map(({ revisionDate }) => revisionDate),
      decimalValues: rows.map(({ value }) => value),
    });
  }
  return sortedPoints(points);
}

async function publish(
  app: TestApp,
  seriesId: string,
  revisionDate: string,
  values: Readonly<Record<string, string | null>>,
  complete = false,
): Promise<void> {
  const points = Object.entries(values).map(([date, value]) => ({ date, value }));
  succeeded(
    await app.query(
      `mutation ($seriesId: UUID!, $revisionDate: Date!, $points: [VintagePointInput!]!,
         $complete: Boolean!) {
         publishVintage(seriesId: $seriesId, revisionDate: $revisionDate, points: $points,
           complete: $complete) { addedCount } }`,
      { seriesId, revisionDate, points, complete },
    ),
  );
}

async function deletePoints(app: TestApp, seriesId: string, args = ''): Promise<void> {
  succeeded(await app.query(`mutation { deleteDataPoints(seriesId: "${seriesId}" ${args}) }`));
}

async function deleteSeries(app: TestApp, id: string): Promise<void> {
  succeeded(await app.query(`mutation { deleteSeries(id: "${id}") }`));
}

const JAN = '2024-01-01';
const FEB = '2024-02-01';
const MAR = '2024-03-01';
const D1 = '2024-04-10';
const D2 = '2024-05-10';
const D3 = '2024-06-10';

describe('the feed', () => {
  let app: TestApp;
  beforeEach(async () => {
    app = await startTestApp();
  });
  afterEach(() => app.close());

  it('of an empty store is empty, and its cursor goes on from there', async () => {
    const page = await changes(app);
    expect(page).toMatchObject({ changes: [], hasMore: false });
    const { id } = await createSeries(app);
    await createPoints(app, id, [{ date: JAN, revisionDate: D1, value: '1' }]);
    const next = await changes(app, { since: page.cursor });
    expect(next.changes.map(told)).toEqual([`ADDED ${JAN} ${D1} 1`]);
  });

  it('tells what a page is made of: the point as stored, and when that was', async () => {
    const { id } = await createSeries(app);
    const { dataPoints } = await createPoints(app, id, [
      { date: JAN, revisionDate: D1, value: '0.1000000000000000055', isOriginalRelease: false },
    ]);
    expect(await changes(app)).toEqual({
      changes: [
        {
          kind: 'ADDED',
          seriesId: id,
          date: JAN,
          revisionDate: D1,
          value: '0.1000000000000000055',
          isOriginalRelease: false,
          committedAt: dataPoints[0]!.updatedAt,
        },
      ],
      cursor: expect.any(String),
      hasMore: false,
    });
  });

  it('tells everything to who comes first, by kind, and nothing of what is gone', async () => {
    const { id } = await createSeries(app);
    const { id: gone } = await createSeries(app);
    await createPoints(app, gone, [{ date: JAN, revisionDate: D1, value: '9' }]);
    await deleteSeries(app, gone);
    await publish(app, id, D1, { [JAN]: '1', [FEB]: '2', [MAR]: '3' });
    await publish(app, id, D2, { [JAN]: '1.5', [FEB]: null }, false);
    await deletePoints(app, id, `startDate: "${MAR}"`);
    expect((await changes(app)).changes.map(told)).toEqual([
      `ADDED ${JAN} ${D1} 1`,
      `REVISED ${JAN} ${D2} 1.5`,
      `ADDED ${FEB} ${D1} 2`,
      `WITHDRAWN ${FEB} ${D2} null`,
    ]);
  });

  it('tells later only what is new, each thing once and by its kind', async () => {
    const { id } = await createSeries(app);
    await publish(app, id, D1, { [JAN]: '1', [FEB]: '2' });
    let { cursor } = await catchUp(app);
    const news = async () => {
      const page = await changes(app, { since: cursor });
      expect(page.hasMore).toBe(false);
      ({ cursor } = page);
      return page.changes.map(told);
    };
    expect(await news()).toEqual([]);

    await publish(app, id, D2, { [JAN]: '1', [FEB]: null, [MAR]: '3' });
    expect(await news()).toEqual([`WITHDRAWN ${FEB} ${D2} null`, `ADDED ${MAR} ${D2} 3`]);

    await createPoints(app, id, [
      { date: JAN, revisionDate: D1, value: '1' },
      { date: MAR, revisionDate: D2, value: '3.5' },
    ]);
    expect(await news()).toEqual([`CORRECTED ${MAR} ${D2} 3.5`]);

    await createPoints(app, id, [
      { date: JAN, revisionDate: D1, value: '1', isOriginalRelease: false },
    ]);
    expect(await news()).toEqual([`CORRECTED ${JAN} ${D1} 1`]);

    await publish(app, id, D3, { [FEB]: '2' }, true);
    expect(await news()).toEqual([
      `WITHDRAWN ${JAN} ${D3} null`,
      `REVISED ${FEB} ${D3} 2`,
      `WITHDRAWN ${MAR} ${D3} null`,
    ]);

    await deletePoints(app, id, `revisionDate: "${D2}"`);
    expect(await news()).toEqual([`DELETED ${FEB} ${D2}`, `DELETED ${MAR} ${D2}`]);

    await deleteSeries(app, id);
    expect(await news()).toEqual(['SERIES_DELETED']);

    await createSeries(app, { id });
    expect(await news()).toEqual([]);
    await publish(app, id, D1, { [JAN]: '4' });
    expect(await news()).toEqual([`ADDED ${JAN} ${D1} 4`]);
    expect(await news()).toEqual([]);
  });

  it('tells a deletion before what was written in its place', async () => {
    const { id } = await createSeries(app);
    await publish(app, id, D1, { [JAN]: '1', [FEB]: '2' });
    const { cursor } = await catchUp(app);
    await deletePoints(app, id, `startDate: "${FEB}"`);
    await publish(app, id, D1, { [FEB]: '3' });
    const page = await changes(app, { since: cursor });
    expect(page.changes.map(told)).toEqual([`DELETED ${FEB} ${D1}`, `ADDED ${FEB} ${D1} 3`]);

    await deleteSeries(app, id);
    await createSeries(app, { id });
    await publish(app, id, D1, { [JAN]: '5' });
    const next = await changes(app, { since: page.cursor });
    expect(next.changes.map(told)).toEqual(['SERIES_DELETED', `ADDED ${JAN} ${D1} 5`]);
  });

  it('of a series and its points, deleted and made twice between two pages, ends as it is', async () => {
    const { id } = await createSeries(app);
    const replica = new Replica();
    await publish(app, id, D1, { [JAN]: '1', [FEB]: '2' });
    let page = await catchUp(app);
    replica.replay(page.changes);
    for (const value of ['3', '4']) {
      await deletePoints(app, id, `startDate: "${FEB}"`);
      await deleteSeries(app, id);
      await createSeries(app, { id });
      await publish(app, id, D1, { [JAN]: value, [FEB]: value });
    }
    await deletePoints(app, id, `startDate: "${FEB}"`);
    page = await catchUp(app, { since: page.cursor, first: 1 });
    replica.replay(page.changes);
    expect(replica.sorted).toEqual([`${id} ${JAN} ${D1} 4 true`]);
  });

  it('gives the same in pages of any length, each full but the last', async () => {
    const ids = [(await createSeries(app)).id, (await createSeries(app)).id];
    for (const id of ids) {
      await publish(app, id, D1, { [JAN]: '1', [FEB]: '2', [MAR]: '3' });
      await publish(app, id, D2, { [JAN]: '2', [MAR]: null });
    }
    const whole = await changes(app);
    expect(whole.changes).toHaveLength(10);
    for (const first of [1, 2, 3, 9, 10, 11]) {
      const { pages, changes: all } = await catchUp(app, { first });
      expect(all).toEqual(whole.changes);
      expect(pages).toHaveLength(Math.ceil(10 / first));
      for (const page of pages.slice(0, -1)) expect(page.changes).toHaveLength(first);
    }
    await deletePoints(app, ids[0]!);
    await publish(app, ids[0]!, D3, { [JAN]: '7' });
    const since = whole.cursor;
    const later = await changes(app, { since });
    expect(later.changes).toHaveLength(6);
    for (const first of [1, 2, 4, 5]) {
      expect((await catchUp(app, { since, first })).changes).toEqual(later.changes);
    }
  });

  it('answers the same page to the same cursor, until something happens', async () => {
    const { id } = await createSeries(app);
    await publish(app, id, D1, { [JAN]: '1', [FEB]: '2', [MAR]: '3' });
    const { cursor } = await changes(app, { first: 1 });
    expect(await changes(app, { since: cursor, first: 1 })).toEqual(
      await changes(app, { since: cursor, first: 1 }),
    );
    expect((await changes(app, { since: cursor, first: 2 })).changes.map(told)).toEqual([
      `ADDED ${FEB} ${D1} 2`,
      `ADDED ${MAR} ${D1} 3`,
    ]);
  });

  it('says that there is more while there is, also what was written since the first page', async () => {
    const { id } = await createSeries(app);
    await publish(app, id, D1, { [JAN]: '1', [FEB]: '2' });
    const { cursor } = await changes(app, { first: 1 });
    await publish(app, id, D1, { [MAR]: '3' });
    const page = await changes(app, { since: cursor, first: 1 });
    expect(page.changes.map(told)).toEqual([`ADDED ${FEB} ${D1} 2`]);
    const next = await changes(app, { since: page.cursor, first: 1 });
    expect(next.changes.map(told)).toEqual([`ADDED ${MAR} ${D1} 3`]);
    expect([page.hasMore, next.hasMore]).toEqual([true, false]);
  });

  it('is about the series that are asked for', async () => {
    const ids: string[] = [];
    for (let made = 0; made < 3; made++) {
      const { id } = await createSeries(app);
      await publish(app, id, D1, { [JAN]: String(made) });
      ids.push(id);
    }
    const [one, two, three] = ids as [string, string, string];
    const seriesIds = [three, one];
    const first = await catchUp(app, { seriesIds, first: 1 });
    expect(first.changes.map(({ seriesId }) => seriesId).sort()).toEqual([one, three].sort());
    await publish(app, two, D2, { [JAN]: '5' });
    expect((await changes(app, { seriesIds, since: first.cursor })).changes).toEqual([]);
    await deleteSeries(app, one);
    await deleteSeries(app, two);
    // Neither their order nor a repetition makes other series of them.
    const again = await changes(app, { seriesIds: [one, three, one], since: first.cursor });
    expect(again.changes.map((change) => [change.seriesId, change.kind])).toEqual([
      [one, 'SERIES_DELETED'],
    ]);
    expect((await changes(app, { seriesIds: [] })).changes).toEqual([]);
    expect((await changes(app, { seriesIds: [unknownId()] })).changes).toEqual([]);
  });

  it('refuses a cursor with other series than it was made for', async () => {
    const { id: one } = await createSeries(app);
    const { id: two } = await createSeries(app);
    await publish(app, one, D1, { [JAN]: '1', [FEB]: '2' });
    const of = async (seriesIds?: string[]) =>
      (await changes(app, { first: 1, ...(seriesIds && { seriesIds }) })).cursor;
    const [all, some, none] = [await of(), await of([one]), await of([])];
    for (const asked of [
      { since: all, seriesIds: [one] },
      { since: all, seriesIds: [] },
      { since: some },
      { since: some, seriesIds: [one, two] },
      { since: some, seriesIds: [two] },
      { since: none },
    ]) {
      expectRefused(await tryChanges(app, asked), 'since');
    }
  });

  it.each([
    ['nothing', ''],
    ['a word', 'yesterday'],
    ['no base64', '!!!'],
    ['JSON of another kind', Buffer.from('{"since":1}').toString('base64url')],
    ['a list without values', Buffer.from('["changes/1"]').toString('base64url')],
    ['a number', Buffer.from('17').toString('base64url')],
  ])('refuses %s for a cursor', async (_, since) => {
    expectRefused(await tryChanges(app, { since }), 'since');
    expectRefused(
      await app.query(`{ changes(since: ${JSON.stringify(since)}) { cursor } }`),
      'since',
    );
  });

  it('refuses a cursor that was cut, or changed in any of its values', async () => {
    const { id } = await createSeries(app);
    await publish(app, id, D1, { [JAN]: '1', [FEB]: '2' });
    const { cursor } = await changes(app, { first: 1 });
    expectRefused(await tryChanges(app, { since: cursor.slice(0, -8) }), 'since');
    const values: unknown[] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
    for (let at = 0; at < values.length; at++) {
      for (const value of [true, {}, 'x', -1]) {
        const forged = JSON.stringify(values.with(at, value));
        const since = Buffer.from(forged).toString('base64url');
        // A day before 1970 is a day.
        if (typeof values[at] === 'number' && value === -1 && at >= values.length - 2) continue;
        const answer = await tryChanges(app, { since });
        expect(answer.errors?.[0]?.extensions, forged).toMatchObject({
          code: 'VALIDATION_ERROR',
          field: 'since',
        });
      }
    }
  });

  it('refuses the cursor of another list', async () => {
    await createSeries(app);
    const { pageInfo } = succeeded(
      await app.query('{ seriesConnection { pageInfo { endCursor } } }'),
    ).seriesConnection;
    expectRefused(await tryChanges(app, { since: pageInfo.endCursor }), 'since');
    const { cursor } = await changes(app);
    const answer = await app.query(`{ seriesConnection(after: "${cursor}") { totalCount } }`);
    expectRefused(answer, 'after');
  });

  it('refuses the cursor of another store, though that holds the same', async () => {
    const other = await startTestApp();
    try {
      const { id } = await createSeries(app);
      await createSeries(other, { id });
      for (const store of [app, other]) await publish(store, id, D1, { [JAN]: '1', [FEB]: '2' });
      for (const first of [1, 1000]) {
        const { cursor } = await changes(other, { first });
        expectRefused(await tryChanges(app, { since: cursor }), 'since');
      }
    } finally {
      await other.close();
    }
  });

  it.each([0, -1, 10_001])('refuses a page of %i', async (first) => {
    expectRefused(await tryChanges(app, { first }), 'first');
  });

  it('has pages of up to 10,000, for up to 1,000 series', async () => {
    const seriesIds = Array.from({ length: 1001 }, unknownId);
    expect(await changes(app, { first: 10_000, seriesIds: seriesIds.slice(1) })).toMatchObject({
      changes: [],
    });
    expectRefused(await tryChanges(app, { seriesIds }), 'seriesIds');
  });
});

describe('cursors', () => {
  let app: TestApp;
  let dataDir: string;
  const directories: string[] = [];
  beforeEach(async () => {
    dataDir = await newDirectory();
    app = await startTestApp({ dataDir });
  });
  afterEach(async () => {
    await app.stop();
    for (const directory of directories.splice(0)) {
      await rm(directory, { recursive: true, force: true });
    }
  });

  async function newDirectory(): Promise<string> {
    const directory = await temporaryDirectory();
    directories.push(directory);
    return directory;
  }

  /** Two series, the first page read, then changes of all kinds, and pages of them in the middle. */
  async function begin() {
    const { id } = await createSeries(app);
    const { id: other } = await createSeries(app);
    await publish(app, id, D1, { [JAN]: '1', [FEB]: '2', [MAR]: '3' });
    await publish(app, other, D1, { [JAN]: '1', [FEB]: '2' });
    const inFirstRound = (await changes(app, { first: 2 })).cursor;
    const caughtUp = (await catchUp(app)).cursor;
    await publish(app, id, D2, { [JAN]: '1', [FEB]: null });
    await deletePoints(app, id, `startDate: "${MAR}"`);
    await deleteSeries(app, other);
    await publish(app, id, D3, { [FEB]: '3' });
    const inLaterRound = (await changes(app, { since: caughtUp, first: 1 })).cursor;
    return [inFirstRound, caughtUp, inLaterRound];
  }

  /** What each cursor leads to, round after round, until it leads no further. */
  async function reading(cursors: readonly string[]): Promise<Change[][]> {
    const read: Change[][] = [];
    for (let since of cursors) {
      const told: Change[] = [];
      for (;;) {
        const { changes: some, cursor } = await changes(app, { since, first: 2 });
        told.push(...some);
        if (cursor === since) break;
        since = cursor;
      }
      read.push(told);
    }
    return read;
  }

  it.each([
    ['a restart', false],
    ['a restart without indexes/', true],
  ])('go on after %s as if nothing had been', async (_, losesIndexes) => {
    const cursors = await begin();
    const before = await reading(cursors);
    expect(before.map(({ length }) => length)).toEqual([4, 4, 3]);
    await app.stop();
    if (losesIndexes) await rm(join(dataDir, 'indexes'), { recursive: true, force: true });
    app = await startTestApp({ dataDir });
    expect(await reading(cursors)).toEqual(before);
    const { cursor } = await catchUp(app, { since: cursors[1]! });
    expect((await changes(app, { since: cursor })).changes).toEqual([]);
  });

  it('go on in a copy of the data directory', async () => {
    const cursors = await begin();
    const before = await reading(cursors);
    const { cursor } = await catchUp(app);
    await app.stop();
    const copy = await newDirectory();
    await cp(dataDir, copy, { recursive: true });
    app = await startTestApp({ dataDir: copy });
    expect(await reading(cursors)).toEqual(before);
    expect((await changes(app, { since: cursor })).changes).toEqual([]);
    const { id } = await createSeries(app);
    await publish(app, id, D1, { [JAN]: '8' });
    expect((await changes(app, { since: cursor })).changes.map(told)).toEqual([
      `ADDED ${JAN} ${D1} 8`,
    ]);
  });

  it('of what came after a backup are expired in the restored backup', async () => {
    const { id } = await createSeries(app);
    await publish(app, id, D1, { [JAN]: '1' });
    await app.stop();
    const backup = await newDirectory();
    await cp(dataDir, backup, { recursive: true });
    app = await startTestApp({ dataDir });
    await publish(app, id, D1, { [FEB]: '2' });
    const { cursor: since } = await catchUp(app);
    await app.stop();
    app = await startTestApp({ dataDir: backup });
    expect(failed(await tryChanges(app, { since })).extensions.code).toBe('CURSOR_EXPIRED');
  });
});

describe('replaying the feed', () => {
  const { CHANGES_SEED: chosen, CI } = process.env;
  const SEED = Number(chosen ?? (CI ? 1 : Math.floor(Math.random() * 2 ** 31)));
  const STEPS = 150;
  const RESTARTS_PER_STEP = 0.02;

  const DATES = ['2024-01-01', '2024-02-01', '2024-03-01', '2024-04-01', '2024-05-01'];
  const DAYS = ['2024-06-01', '2024-06-02', '2024-06-03', '2024-06-04'];
  const VALUES = ['1', '2', '0.1', null];

  let dataDir: string;
  beforeAll(async () => {
    dataDir = await temporaryDirectory();
  });
  afterAll(() => rm(dataDir, { recursive: true, force: true }));

  /** Does something to a series at random; what is written first or again, the feed has to find out. */
  class Writer {
    readonly ids: string[] = [];

    constructor(private readonly random: Random) {}

    async begin(app: TestApp): Promise<void> {
      for (let made = 0; made < 4; made++) this.ids.push((await createSeries(app)).id);
    }

    async step(app: TestApp): Promise<void> {
      const { random } = this;
      const id = random.pick(this.ids);
      const kind = random.below(100);
      if (kind < 40) await this.createPoints(app);
      else if (kind < 75) await this.publish(app, id);
      else if (kind < 95) await deletePoints(app, id, this.selection());
      else {
        await deleteSeries(app, id);
        await createSeries(app, { id });
      }
    }

    /** Of several series in one commit; some of them are corrections, some change nothing. */
    private async createPoints(app: TestApp): Promise<void> {
      const { random } = this;
      const points = new Map<string, { date: string; seriesId: string }>();
      for (let count = 1 + random.below(5); count > 0; count--) {
        const key = {
          seriesId: random.pick(this.ids),
          date: random.pick(DATES),
          revisionDate: random.pick(DAYS),
        };
        const flag = random.chance(0.2) ? { isOriginalRelease: random.chance(0.5) } : {};
        const point = { ...key, value: random.pick(VALUES), ...flag };
        points.set(Object.values(key).join(' '), point);
      }
      await createPoints(app, this.ids[0]!, [...points.values()]);
    }

    private async publish(app: TestApp, id: string): Promise<void> {
      const { random } = this;
      const dates = DATES.filter(() => random.chance(0.6));
      const values = Object.fromEntries(dates.map((date) => [date, random.pick(VALUES)]));
      await publish(app, id, random.pick(DAYS), values, random.chance(0.3));
    }

    private selection(): string {
      const { random } = this;
      const parts: string[] = [];
      if (random.chance(0.7)) parts.push(`startDate: "${random.pick(DATES.slice(0, 3))}"`);
      if (random.chance(0.7)) parts.push(`endDate: "${random.pick(DATES.slice(2))}"`);
      if (random.chance(0.4)) parts.push(`revisionDate: "${random.pick(DAYS)}"`);
      return parts.join(', ');
    }
  }

  /** A reader of the feed, perhaps of some series only. */
  class Reader {
    private readonly replica = new Replica();
    private since: string | undefined;

    constructor(
      private readonly ids: readonly string[],
      private readonly isFiltered: boolean,
    ) {}

    /** @returns whether there is more */
    async page(app: TestApp, first: number): Promise<boolean> {
      const page = await changes(app, {
        first,
        ...(this.since === undefined ? {} : { since: this.since }),
        ...(this.isFiltered ? { seriesIds: this.ids } : {}),
      });
      expect(page.changes.length).toBeLessThanOrEqual(first);
      this.replica.replay(page.changes);
      this.since = page.cursor;
      return page.hasMore;
    }

    async catchUp(app: TestApp, first: number): Promise<void> {
      while (await this.page(app, first));
      // The end of a round is no end where something was written while it was read.
      while (await this.page(app, first));
    }

    async check(app: TestApp): Promise<void> {
      expect(this.replica.sorted).toEqual(await stored(app, this.ids));
    }
  }

  it(`gives what is stored, whatever is written between the pages (CHANGES_SEED=${SEED})`, async () => {
    process.stdout.write(`changes: CHANGES_SEED=${SEED}\n`);
    const random = new Random(SEED);
    let app = await startTestApp({ dataDir });
    try {
      const writer = new Writer(random.fork());
      await writer.begin(app);
      const readers = [
        new Reader(writer.ids, false),
        new Reader(writer.ids.slice(1, 3), true),
        // Comes late, and rarely.
        new Reader(writer.ids, false),
      ];
      for (let step = 0; step < STEPS; step++) {
        await writer.step(app);
        for (const [at, reader] of readers.entries()) {
          if (at === 2 && !random.chance(0.1)) continue;
          if (random.chance(0.5)) await reader.page(app, 1 + random.below(6));
          if (random.chance(0.05)) {
            await reader.catchUp(app, 1 + random.below(20));
            await reader.check(app);
          }
        }
        if (random.chance(RESTARTS_PER_STEP)) {
          await app.stop();
          if (random.chance(0.5)) {
            await rm(join(dataDir, 'indexes'), { recursive: true, force: true });
          }
          app = await startTestApp({ dataDir });
        }
      }
      for (const reader of [...readers, new Reader(writer.ids, false)]) {
        await reader.catchUp(app, 1 + random.below(20));
        await reader.check(app);
      }
    } finally {
      await app.stop();
    }
  }, 120_000);
});
