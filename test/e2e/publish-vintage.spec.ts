// Publishing vintages: what is stored of them, in whatever order they come.

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  createPoints,
  createSeries,
  daysFromToday,
  expectRefused,
  failed,
  readPoints,
  succeeded,
  unknownId,
} from '../support/factories.js';
import { Random } from '../support/random.js';
import { startTestApp, temporaryDirectory, type TestApp } from '../support/test-app.js';

const D1 = '2024-03-01';
const D2 = '2024-04-01';
const D3 = '2024-05-01';
const D4 = '2024-06-01';
const JAN = '2024-01-01';
const FEB = '2024-02-01';
const MAR = '2024-03-01';

/** Values by date; null: published as missing. */
type Values = Readonly<Record<string, string | null>>;
type Counts = [added: number, revised: number, unchanged: number, withdrawn: number];

let shared: TestApp;
beforeAll(async () => {
  shared = await startTestApp();
});
afterAll(() => shared.close());

/** Calls `publishVintage`, whatever comes of it. */
function tryPublish(app: TestApp, variables: Record<string, unknown>) {
  return app.query(
    `mutation ($seriesId: UUID!, $revisionDate: Date!, $points: [VintagePointInput!]!,
       $complete: Boolean! = false) {
       publishVintage(seriesId: $seriesId, revisionDate: $revisionDate, points: $points,
         complete: $complete) { addedCount revisedCount unchangedCount withdrawnCount } }`,
    variables,
  );
}

async function publish(
  app: TestApp,
  seriesId: string,
  revisionDate: string,
  values: Values,
  complete?: boolean,
): Promise<Counts> {
  const points = Object.entries(values).map(([date, value]) => ({ date, value }));
  const answer = await tryPublish(app, {
    ...{ seriesId, revisionDate, points },
    ...(complete === undefined ? {} : { complete }),
  });
  const counts = succeeded(answer).publishVintage;
  return [counts.addedCount, counts.revisedCount, counts.unchangedCount, counts.withdrawnCount];
}

/** Every stored revision, as text. */
async function stored(app: TestApp, seriesId: string): Promise<string[]> {
  const points = await readPoints(app, seriesId);
  return points.map(({ date, revisionDate, value }) => `${date} ${revisionDate} ${value}`);
}

async function knownOn(app: TestApp, seriesId: string, asOf: string): Promise<Values> {
  const answer = await app.query(
    `{ dataPoints(seriesId: "${seriesId}", asOf: "${asOf}") { date value } }`,
  );
  const points: { date: string; value: string | null }[] = succeeded(answer).dataPoints;
  return Object.fromEntries(points.map(({ date, value }) => [date, value]));
}

async function newSeries(app = shared): Promise<string> {
  return (await createSeries(app)).id;
}

describe('publishVintage', () => {
  it('stores what is new or changed, and counts dates by what became of them', async () => {
    const id = await newSeries();
    expect(await publish(shared, id, D1, { [JAN]: '1', [FEB]: '2' })).toEqual([2, 0, 0, 0]);
    expect(await publish(shared, id, D2, { [JAN]: '1', [FEB]: null, [MAR]: '3' })).toEqual([
      1, 0, 1, 1,
    ]);
    expect(await publish(shared, id, D3, { [JAN]: '1.5', [FEB]: '2', [MAR]: '3.0' })).toEqual([
      0, 2, 1, 0,
    ]);
    expect(await stored(shared, id)).toEqual([
      `${JAN} ${D1} 1`,
      `${JAN} ${D3} 1.5`,
      `${FEB} ${D1} 2`,
      `${FEB} ${D2} null`,
      `${FEB} ${D3} 2`,
      `${MAR} ${D2} 3`,
    ]);
  });

  it('counts a date that is published first as missing as added', async () => {
    const id = await newSeries();
    expect(await publish(shared, id, D1, { [JAN]: null })).toEqual([1, 0, 0, 0]);
    expect(await publish(shared, id, D2, { [JAN]: null })).toEqual([0, 0, 1, 0]);
    expect(await publish(shared, id, D3, { [JAN]: '1' })).toEqual([0, 1, 0, 0]);
  });

  it('tells values apart that doubles cannot, and forms of one value not', async () => {
    const id = await newSeries();
    await publish(shared, id, D1, { [JAN]: '0.1' });
    expect(await publish(shared, id, D2, { [JAN]: '0.1000000000000000055' })).toEqual([0, 1, 0, 0]);
    expect(await publish(shared, id, D3, { [JAN]: '0.10000000000000000550' })).toEqual([
      0, 0, 1, 0,
    ]);
  });

  it('takes dates in any order, and none at all', async () => {
    const id = await newSeries();
    expect(await publish(shared, id, D1, { [MAR]: '3', [JAN]: '1', [FEB]: '2' })).toEqual([
      3, 0, 0, 0,
    ]);
    expect(await publish(shared, id, D2, {})).toEqual([0, 0, 0, 0]);
    expect(await knownOn(shared, id, D2)).toEqual({ [JAN]: '1', [FEB]: '2', [MAR]: '3' });
  });

  it('marks the first publication of a date, and only that, as the original release', async () => {
    const id = await newSeries();
    await publish(shared, id, D2, { [JAN]: '2' });
    await publish(shared, id, D3, { [JAN]: '3' });
    await publish(shared, id, D1, { [JAN]: '1' });
    const points = await readPoints(shared, id);
    expect(points.map(({ isOriginalRelease }) => isOriginalRelease)).toEqual([true, false, false]);
  });

  it('corrects a vintage that is published once more with other values', async () => {
    const id = await newSeries();
    await publish(shared, id, D1, { [JAN]: '1' });
    const [before] = await readPoints(shared, id);
    expect(await publish(shared, id, D1, { [JAN]: '2', [FEB]: '5' })).toEqual([1, 1, 0, 0]);
    expect(await stored(shared, id)).toEqual([`${JAN} ${D1} 2`, `${FEB} ${D1} 5`]);
    const [after] = await readPoints(shared, id);
    expect(after!.createdAt).toBe(before!.createdAt);
    expect(after!.updatedAt > before!.updatedAt).toBe(true);
  });

  it('goes on from points that were written one by one', async () => {
    const id = await newSeries();
    await createPoints(shared, id, [
      { date: JAN, revisionDate: D1, value: '1' },
      { date: FEB, revisionDate: D2, value: '2' },
    ]);
    expect(await publish(shared, id, D3, { [JAN]: '1', [FEB]: '3', [MAR]: '4' })).toEqual([
      1, 1, 1, 0,
    ]);
    expect(await knownOn(shared, id, D3)).toEqual({ [JAN]: '1', [FEB]: '3', [MAR]: '4' });
    expect(await knownOn(shared, id, D2)).toEqual({ [JAN]: '1', [FEB]: '2' });
  });
});

describe('the same vintage again', () => {
  it('changes nothing: no revision more, no instant moved, nothing in the change feed', async () => {
    const id = await newSeries();
    await publish(shared, id, D1, { [JAN]: '1', [FEB]: '2' });
    await publish(shared, id, D2, { [JAN]: '1.5', [MAR]: null }, true);
    const before = await readPoints(shared, id);
    const { cursor } = succeeded(
      await shared.query(`{ changes(seriesIds: ["${id}"]) { cursor } }`),
    ).changes;
    expect(await publish(shared, id, D2, { [JAN]: '1.5', [MAR]: null }, true)).toEqual([
      0, 0, 2, 0,
    ]);
    expect(await publish(shared, id, D1, { [JAN]: '1', [FEB]: '2' })).toEqual([0, 0, 2, 0]);
    expect(await readPoints(shared, id)).toEqual(before);
    const { changes } = succeeded(
      await shared.query(
        `query ($since: Cursor) { changes(since: $since, seriesIds: ["${id}"]) { changes { kind } } }`,
        { since: cursor },
      ),
    );
    expect(changes).toEqual({ changes: [] });
  });

  it('an older one again changes nothing either, though later ones differ', async () => {
    const id = await newSeries();
    for (const [day, value] of [
      [D1, '5'],
      [D2, '7'],
      [D3, '5'],
    ] as const) {
      await publish(shared, id, day, { [JAN]: value });
    }
    const before = await readPoints(shared, id);
    for (const [day, value] of [
      [D3, '5'],
      [D1, '5'],
      [D2, '7'],
    ] as const) {
      expect(await publish(shared, id, day, { [JAN]: value })).toEqual([0, 0, 1, 0]);
    }
    expect(await readPoints(shared, id)).toEqual(before);
  });
});

describe('back-fill', () => {
  it('of 7 between two vintages of 5 leaves what is known on the third day', async () => {
    const id = await newSeries();
    expect(await publish(shared, id, D1, { [JAN]: '5' })).toEqual([1, 0, 0, 0]);
    expect(await publish(shared, id, D3, { [JAN]: '5' })).toEqual([0, 0, 1, 0]);
    expect(await publish(shared, id, D2, { [JAN]: '7' })).toEqual([0, 1, 0, 0]);
    expect(await knownOn(shared, id, D1)).toEqual({ [JAN]: '5' });
    expect(await knownOn(shared, id, D2)).toEqual({ [JAN]: '7' });
    expect(await knownOn(shared, id, D3)).toEqual({ [JAN]: '5' });
    expect(await stored(shared, id)).toEqual([
      `${JAN} ${D1} 5`,
      `${JAN} ${D2} 7`,
      `${JAN} ${D3} 5`,
    ]);
  });

  it('of a value that nothing confirmed later holds from then on', async () => {
    const id = await newSeries();
    await publish(shared, id, D1, { [JAN]: '5' });
    await publish(shared, id, D3, { [FEB]: '1' });
    await publish(shared, id, D2, { [JAN]: '7' });
    expect(await knownOn(shared, id, D3)).toEqual({ [JAN]: '7', [FEB]: '1' });
  });

  it('before everything leaves later days as they are, and stores no repetition', async () => {
    const id = await newSeries();
    await publish(shared, id, D3, { [JAN]: '5', [FEB]: '6' });
    expect(await publish(shared, id, D1, { [JAN]: '5', [FEB]: '4' })).toEqual([2, 0, 0, 0]);
    expect(await stored(shared, id)).toEqual([
      `${JAN} ${D1} 5`,
      `${FEB} ${D1} 4`,
      `${FEB} ${D3} 6`,
    ]);
  });

  it('behind a complete vintage that left the date out stays withdrawn from there on', async () => {
    const id = await newSeries();
    await publish(shared, id, D1, { [JAN]: '1' });
    await publish(shared, id, D3, { [JAN]: '1' }, true);
    expect(await publish(shared, id, D2, { [FEB]: '2' })).toEqual([1, 0, 0, 0]);
    expect(await knownOn(shared, id, D2)).toEqual({ [JAN]: '1', [FEB]: '2' });
    expect(await knownOn(shared, id, D3)).toEqual({ [JAN]: '1', [FEB]: null });
  });

  const { VINTAGES_SEED: chosen, CI } = process.env;
  const seed = Number(chosen ?? (CI ? 1 : Math.floor(Math.random() * 2 ** 31)));

  it(`in any order answers every day as in order does (VINTAGES_SEED=${seed})`, async () => {
    const random = new Random(seed);
    const days = Array.from({ length: 6 }, (_, at) => `2024-0${at + 1}-15`);
    const dates = ['2023-01-01', '2023-02-01', '2023-03-01', '2023-04-01'];
    for (let round = 0; round < 12; round++) {
      const vintages = days.map((day) => {
        const spoken = dates.filter(() => random.chance(0.7));
        const values = spoken.map((date) => [date, random.pick(['1', '2', '3', null])] as const);
        // A complete vintage without points is refused.
        const isComplete = random.chance(0.3) && spoken.length > 0;
        return { day, values: Object.fromEntries(values), isComplete };
      });
      const ids = [await newSeries(), await newSeries()];
      const shuffled = vintages.map((vintage) => [random.below(2 ** 30), vintage] as const);
      shuffled.sort(([a], [b]) => a - b);
      const orders = [vintages, shuffled.map(([, vintage]) => vintage)];
      for (const [at, order] of orders.entries()) {
        for (const { day, values, isComplete } of order) {
          await publish(shared, ids[at]!, day, values, isComplete);
        }
      }
      // What the vintages say, without any store.
      const known: Record<string, string | null> = {};
      for (const { day, values, isComplete } of vintages) {
        if (isComplete) {
          for (const date of Object.keys(known)) if (!(date in values)) known[date] = null;
        }
        Object.assign(known, values);
        for (const id of ids) {
          const what = `round ${round}, ${day}: ${JSON.stringify(orders)}`;
          expect(await knownOn(shared, id, day), what).toEqual(known);
        }
      }
      expect(await stored(shared, ids[1]!)).toEqual(await stored(shared, ids[0]!));
    }
  });
});

describe('a complete vintage', () => {
  it('withdraws the dates that it leaves out, once', async () => {
    const id = await newSeries();
    await publish(shared, id, D1, { [JAN]: '1', [FEB]: '2', [MAR]: null });
    expect(await publish(shared, id, D2, { [JAN]: '1' }, true)).toEqual([0, 0, 1, 1]);
    expect(await knownOn(shared, id, D2)).toEqual({ [JAN]: '1', [FEB]: null, [MAR]: null });
    expect(await knownOn(shared, id, D1)).toEqual({ [JAN]: '1', [FEB]: '2', [MAR]: null });
    expect(await publish(shared, id, D3, { [JAN]: '1' }, true)).toEqual([0, 0, 1, 0]);
    expect(await stored(shared, id)).toEqual([
      `${JAN} ${D1} 1`,
      `${FEB} ${D1} 2`,
      `${FEB} ${D2} null`,
      `${MAR} ${D1} null`,
    ]);
  });

  it('without any points is refused, and says how to withdraw everything', async () => {
    const seriesId = await newSeries();
    await publish(shared, seriesId, D1, { [JAN]: '1', [FEB]: '2' });
    const empty = { seriesId, revisionDate: D2, points: [] };
    const { message } = expectRefused(
      await tryPublish(shared, { ...empty, complete: true }),
      'points',
    );
    expect(message).toMatch(/value null.*deleteDataPoints/);
    expect(await knownOn(shared, seriesId, D3)).toEqual({ [JAN]: '1', [FEB]: '2' });
    succeeded(await tryPublish(shared, empty));
    expect(await publish(shared, seriesId, D3, { [JAN]: null }, true)).toEqual([0, 0, 0, 2]);
  });

  it('of nothing but a missing value withdraws everything; a later one brings it back', async () => {
    const id = await newSeries();
    await publish(shared, id, D1, { [JAN]: '1', [FEB]: '2' });
    expect(await publish(shared, id, D2, { [JAN]: null }, true)).toEqual([0, 0, 0, 2]);
    expect(await publish(shared, id, D3, { [JAN]: '1' }, true)).toEqual([0, 1, 0, 0]);
    expect(await knownOn(shared, id, D3)).toEqual({ [JAN]: '1', [FEB]: null });
  });

  it('leaves dates alone that were not yet known on its day', async () => {
    const id = await newSeries();
    await publish(shared, id, D3, { [FEB]: '2' });
    expect(await publish(shared, id, D1, { [JAN]: '1' }, true)).toEqual([1, 0, 0, 0]);
    expect(await knownOn(shared, id, D1)).toEqual({ [JAN]: '1' });
    expect(await knownOn(shared, id, D3)).toEqual({ [JAN]: '1', [FEB]: '2' });
  });

  it('is partial where `complete` is not given', async () => {
    const id = await newSeries();
    await publish(shared, id, D1, { [JAN]: '1', [FEB]: '2' });
    expect(await publish(shared, id, D2, { [JAN]: '3' })).toEqual([0, 1, 0, 0]);
    expect(await knownOn(shared, id, D2)).toEqual({ [JAN]: '3', [FEB]: '2' });
  });
});

describe('bad input to publishVintage', () => {
  it.each([true, false])('a date twice is refused by name (complete: %s)', async (complete) => {
    const seriesId = await newSeries();
    const points = [
      { date: JAN, value: '1' },
      { date: FEB, value: '2' },
      { date: MAR, value: '3' },
      { date: FEB, value: '2' },
    ];
    const answer = await tryPublish(shared, { seriesId, revisionDate: D1, points, complete });
    const { extensions } = expectRefused(answer, 'points[3].date');
    expect(extensions['conflictsWith']).toBe('points[1]');
    expect(await stored(shared, seriesId)).toEqual([]);
  });

  it('an unknown series is NOT_FOUND', async () => {
    const seriesId = unknownId();
    const points = [{ date: JAN, value: '1' }];
    for (const sent of [points, []]) {
      const answer = await tryPublish(shared, { seriesId, revisionDate: D1, points: sent });
      expect(failed(answer).extensions).toEqual({
        code: 'NOT_FOUND',
        resource: 'EconomicSeries',
        id: seriesId,
      });
    }
  });

  it('a revision date after tomorrow is refused, tomorrow is not', async () => {
    const seriesId = await newSeries();
    const points = [{ date: JAN, value: '1' }];
    const late = { seriesId, revisionDate: daysFromToday(2), points };
    expectRefused(await tryPublish(shared, late), 'revisionDate');
    expect(await stored(shared, seriesId)).toEqual([]);
    expect(await publish(shared, seriesId, daysFromToday(1), { [JAN]: '1' })).toEqual([1, 0, 0, 0]);
  });

  it('a bad date or value is refused by its place', async () => {
    const seriesId = await newSeries();
    const send = (point: object, revisionDate: string = D1) =>
      tryPublish(shared, { seriesId, revisionDate, points: [{ date: FEB, value: '2' }, point] });
    expectRefused(await send({ date: '2024-02-30', value: '1' }), 'points[1].date');
    expectRefused(await send({ date: JAN, value: 'one' }), 'points[1].value');
    expectRefused(await send({ date: JAN, value: '1' }, '2024-13-01'), 'revisionDate');
    expect(await stored(shared, seriesId)).toEqual([]);
  });

  it('more points than writePointsMax are refused, as many are not', async () => {
    const app = await startTestApp({ writePointsMax: 3 });
    try {
      const seriesId = await newSeries(app);
      const points = ['2024-01-01', '2024-01-02', '2024-01-03', '2024-01-04'].map((date) => ({
        ...{ date, value: '1' },
      }));
      const answer = await tryPublish(app, { seriesId, revisionDate: D1, points });
      expect(expectRefused(answer, 'points').extensions['limit']).toBe(3);
      expect(await stored(app, seriesId)).toEqual([]);
      succeeded(await tryPublish(app, { seriesId, revisionDate: D1, points: points.slice(1) }));
      expect(await stored(app, seriesId)).toHaveLength(3);
    } finally {
      await app.close();
    }
  });
});

describe('a complete vintage with a limit', () => {
  it('changes writePointsMax dates, those that it leaves out included, and not one more', async () => {
    const app = await startTestApp({ writePointsMax: 3 });
    try {
      const id = await newSeries(app);
      await publish(app, id, D1, { [JAN]: '1', [FEB]: '2', [MAR]: '3' });
      await publish(app, id, D1, { '2024-04-01': '4' });
      const vintage = { seriesId: id, revisionDate: D2, complete: true };
      const send = (value: string) =>
        tryPublish(app, { ...vintage, points: [{ date: '2024-04-01', value }] });
      const refused = expectRefused(await send('5'), 'points');
      expect(refused.extensions['limit']).toBe(3);
      expect(refused.message).toContain('change 4 dates, of which 3 would lose their value');
      expect(await stored(app, id)).toHaveLength(4);
      expect(succeeded(await send('4')).publishVintage.withdrawnCount).toBe(3);
      expect(await stored(app, id)).toHaveLength(7);
    } finally {
      await app.close();
    }
  });
});

describe('a vintage that repeats what is known', () => {
  const days = ['2024-03-01', '2024-04-01', '2024-05-01', '2024-06-01'] as const;

  it('is a day of publication everywhere, of which nothing changed', async () => {
    const dataDir = await temporaryDirectory();
    let app = await startTestApp({ dataDir });
    const id = await newSeries(app);
    await publish(app, id, days[0], { [JAN]: '1', [FEB]: '2' });
    await publish(app, id, days[2], { [JAN]: '1', [FEB]: '3' });
    await publish(app, id, days[3], { [FEB]: '3' });
    await publish(app, id, days[1], { [JAN]: '1' });
    // Complete, and before anything was known.
    await publish(app, id, '2024-02-01', { [MAR]: '9' }, true);
    const look = async () => {
      const ofSeries = `revisionDates(from: "2024-03-01") { revisionDate addedCount revisedCount withdrawnCount }
        until: revisionDates(from: "2024-03-15", to: "2024-04-15") { revisionDate }
        known: coverage(asOf: "2024-04-15") { revisionCount lastRevisionDate }
        january: coverage(endDate: "${JAN}") { revisionCount lastRevisionDate }
        observations(startDate: "${FEB}", endDate: "${FEB}") { coverage { revisionCount } }
        changes: observations(units: chg, startDate: "${FEB}") { coverage { revisionCount } }
        revisionStatistics { vintageCount }
        inJanuary: revisionStatistics(endDate: "${JAN}", asOf: "2024-04-15") { vintageCount }`;
      const { series, ...triangle } = succeeded(
        await app.query(`{ series(id: "${id}") { ${ofSeries} }
          vintages(seriesId: "${id}", startDate: "${JAN}", endDate: "${JAN}") { coverage { revisionCount } }
          vintageMatrix(seriesId: "${id}", to: "2024-05-15") { revisionDates coverage { revisionCount } } }`),
      );
      return { ...series, ...triangle };
    };
    const release = (revisionDate: string, addedCount: number, revisedCount: number) => ({
      ...{ revisionDate, addedCount, revisedCount, withdrawnCount: 0 },
    });
    const expected = {
      revisionDates: [
        release(days[0], 2, 0),
        release(days[1], 0, 0),
        release(days[2], 0, 1),
        release(days[3], 0, 0),
      ],
      until: [{ revisionDate: days[1] }],
      known: { revisionCount: 3, lastRevisionDate: days[1] },
      january: { revisionCount: 3, lastRevisionDate: days[2] },
      observations: { coverage: { revisionCount: 3 } },
      changes: { coverage: { revisionCount: 5 } },
      revisionStatistics: { vintageCount: 5 },
      inJanuary: { vintageCount: 2 },
      vintages: { coverage: { revisionCount: 3 } },
      // The columns are those of the cells that changed.
      vintageMatrix: {
        revisionDates: ['2024-02-01', days[0], days[2]],
        coverage: { revisionCount: 4 },
      },
    };
    expect(await look()).toEqual(expected);
    await app.close();
    app = await startTestApp({ dataDir });
    try {
      expect(await look()).toEqual(expected);
    } finally {
      await app.close();
      await rm(dataDir, { recursive: true });
    }
  });
});

describe('deletion of points between vintages', () => {
  async function deletePoints(id: string, args: string): Promise<number> {
    const answer = await shared.query(`mutation { deleteDataPoints(seriesId: "${id}", ${args}) }`);
    return succeeded(answer).deleteDataPoints;
  }

  it('a deleted date is unknown: the next vintage adds it', async () => {
    const id = await newSeries();
    await publish(shared, id, D1, { [JAN]: '1', [FEB]: '2' });
    expect(await deletePoints(id, `startDate: "${FEB}", endDate: "${FEB}"`)).toBe(1);
    expect(await publish(shared, id, D2, { [JAN]: '1', [FEB]: '2' })).toEqual([1, 0, 1, 0]);
    expect(await knownOn(shared, id, D1)).toEqual({ [JAN]: '1' });
    expect(await knownOn(shared, id, D2)).toEqual({ [JAN]: '1', [FEB]: '2' });
  });

  it('a deleted vintage can be published again, with the same answers for every day', async () => {
    const id = await newSeries();
    await publish(shared, id, D1, { [JAN]: '5' });
    await publish(shared, id, D2, { [JAN]: '7' });
    await publish(shared, id, D3, { [JAN]: '5' });
    expect(await deletePoints(id, `revisionDate: "${D2}"`)).toBe(1);
    expect(await knownOn(shared, id, D2)).toEqual({ [JAN]: '5' });
    expect(await publish(shared, id, D4, { [JAN]: '5' })).toEqual([0, 0, 1, 0]);
    expect(await publish(shared, id, D2, { [JAN]: '7' })).toEqual([0, 1, 0, 0]);
    expect(await knownOn(shared, id, D2)).toEqual({ [JAN]: '7' });
    expect(await knownOn(shared, id, D3)).toEqual({ [JAN]: '5' });
    expect(await knownOn(shared, id, D4)).toEqual({ [JAN]: '5' });
  });

  it('a deleted value is not kept alive by the vintages that repeated it', async () => {
    const id = await newSeries();
    await publish(shared, id, D1, { [JAN]: '5' });
    await publish(shared, id, D2, { [JAN]: '5' });
    expect(await deletePoints(id, `startDate: "${JAN}"`)).toBe(1);
    expect(await knownOn(shared, id, D3)).toEqual({});
    await publish(shared, id, D1, { [JAN]: '6' });
    expect(await knownOn(shared, id, D3)).toEqual({ [JAN]: '6' });
  });

  it('all points deleted leave a series into which its vintages can be published anew', async () => {
    const id = await newSeries();
    const vintages: [string, Values][] = [
      [D1, { [JAN]: '1', [FEB]: '2' }],
      [D2, { [FEB]: '2' }],
      [D3, { [FEB]: '3', [MAR]: '4' }],
    ];
    for (const [day, values] of vintages) await publish(shared, id, day, values, true);
    const before = await stored(shared, id);
    await deletePoints(id, 'startDate: null');
    expect(await stored(shared, id)).toEqual([]);
    for (const [day, values] of vintages.reverse()) await publish(shared, id, day, values, true);
    expect(await stored(shared, id)).toEqual(before);
  });

  it('nothing of a deleted series is known of one that is created with its id', async () => {
    const id = await newSeries();
    await publish(shared, id, D1, { [JAN]: '5' });
    await publish(shared, id, D3, { [JAN]: '5' }, true);
    succeeded(await shared.query(`mutation { deleteSeries(id: "${id}") }`));
    await createSeries(shared, { id });
    expect(await publish(shared, id, D1, { [JAN]: '5', [FEB]: '1' })).toEqual([2, 0, 0, 0]);
    expect(await publish(shared, id, D2, { [JAN]: '7' })).toEqual([0, 1, 0, 0]);
    expect(await knownOn(shared, id, D4)).toEqual({ [JAN]: '7', [FEB]: '1' });
  });
});

describe('vintages across restarts', () => {
  let app: TestApp;
  let dataDir: string;
  afterEach(async () => {
    await app.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  async function begin(): Promise<string> {
    dataDir = await temporaryDirectory();
    app = await startTestApp({ dataDir });
    return newSeries(app);
  }

  async function restart(losesIndexes: boolean): Promise<void> {
    await app.stop();
    if (losesIndexes) await rm(join(dataDir, 'indexes'), { recursive: true, force: true });
    app = await startTestApp({ dataDir });
  }

  it.each([
    ['a restart', false],
    ['a restart without indexes/', true],
  ])('%s forgets neither a confirmation nor a complete vintage', async (_, losesIndexes) => {
    const id = await begin();
    await publish(app, id, D1, { [JAN]: '5', [FEB]: '1' });
    await restart(losesIndexes);
    expect(await publish(app, id, D3, { [JAN]: '5', [FEB]: '1' }, true)).toEqual([0, 0, 2, 0]);
    await restart(losesIndexes);
    expect(await publish(app, id, D2, { [JAN]: '7', [MAR]: '9' })).toEqual([1, 1, 0, 0]);
    const before = await readPoints(app, id);
    await restart(losesIndexes);
    expect(await readPoints(app, id)).toEqual(before);
    expect(await knownOn(app, id, D1)).toEqual({ [JAN]: '5', [FEB]: '1' });
    expect(await knownOn(app, id, D2)).toEqual({ [JAN]: '7', [FEB]: '1', [MAR]: '9' });
    expect(await knownOn(app, id, D3)).toEqual({ [JAN]: '5', [FEB]: '1', [MAR]: null });
    expect(await publish(app, id, D2, { [JAN]: '7', [MAR]: '9' })).toEqual([0, 0, 2, 0]);
    expect(await publish(app, id, D3, { [JAN]: '5', [FEB]: '1' }, true)).toEqual([0, 0, 2, 0]);
    expect(await readPoints(app, id)).toEqual(before);
  });

  it('a deletion is remembered across a restart by the vintages after it', async () => {
    const id = await begin();
    await publish(app, id, D1, { [JAN]: '5' });
    await publish(app, id, D3, { [JAN]: '5' });
    succeeded(await app.query(`mutation { deleteDataPoints(seriesId: "${id}") }`));
    await restart(true);
    expect(await publish(app, id, D2, { [JAN]: '7' })).toEqual([1, 0, 0, 0]);
    expect(await knownOn(app, id, D3)).toEqual({ [JAN]: '7' });
  });
});
