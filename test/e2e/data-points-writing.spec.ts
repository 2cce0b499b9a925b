// What a writer may count on: nothing half, nothing twice, nothing changed on the way.

import { v5 } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createPoints,
  createSeries,
  daysFromToday,
  expectRefused,
  failed,
  readPoints,
  succeeded,
  tryCreatePoints,
  unknownId,
  type PointInput,
} from '../support/factories.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

async function newSeries(points: readonly PointInput[] = []): Promise<string> {
  const { id } = await createSeries(app);
  if (points.length > 0) await createPoints(app, id, points);
  return id;
}

const POINT = { date: '2024-01-01', revisionDate: '2024-02-01' };

describe('createDataPoints', () => {
  it('answers the points as stored, in the order of the inputs', async () => {
    const [a, b] = [await newSeries(), await newSeries()];
    const answer = await tryCreatePoints(app, [
      { seriesId: b, date: '2024-02-01', value: '2.50', revisionDate: '2024-03-01' },
      { seriesId: a, date: '2024-01-01', value: 7, isOriginalRelease: false },
      { seriesId: b, date: '2024-01-01', value: null, revisionDate: '2024-03-01' },
    ]);
    const { dataPoints, ...counts } = succeeded(answer).createDataPoints;
    expect(counts).toEqual({ addedCount: 3, correctedCount: 0, unchangedCount: 0 });
    expect(dataPoints).toMatchObject([
      { seriesId: b, date: '2024-02-01', value: '2.5', revisionDate: '2024-03-01' },
      { seriesId: a, date: '2024-01-01', value: '7', isOriginalRelease: false },
      { seriesId: b, date: '2024-01-01', value: null, revisionDate: '2024-03-01' },
    ]);
    expect(await readPoints(app, b)).toEqual([dataPoints[2], dataPoints[0]]);
    expect(await readPoints(app, a)).toEqual([dataPoints[1]]);
  });

  it('takes literals', async () => {
    const id = await newSeries();
    const { createDataPoints } = succeeded(
      await app.query(`mutation { createDataPoints(inputs: [
        { seriesId: "${id}", date: "2024-01-01", value: 9007199254740993, revisionDate: "2024-02-01" }
        { seriesId: "${id}", date: "2024-01-02", value: 0.1000000000000000055, revisionDate: null }
        { seriesId: "${id}", date: "2024-01-03", value: "1e3", isOriginalRelease: null }
        { seriesId: "${id}", date: "2024-01-04" }
      ]) { dataPoints { value } } }`),
    );
    expect(createDataPoints.dataPoints).toEqual([
      { value: '9007199254740993' },
      { value: '0.1000000000000000055' },
      { value: '1000' },
      { value: null },
    ]);
  });

  it('takes one input for a list of one, and an empty list for nothing', async () => {
    const id = await newSeries();
    const one = await app.query(
      `mutation { createDataPoints(inputs: { seriesId: "${id}", date: "2024-01-01", value: 1 }) { addedCount } }`,
    );
    expect(succeeded(one).createDataPoints).toEqual({ addedCount: 1 });
    expect(await createPoints(app, id, [])).toEqual({
      addedCount: 0,
      correctedCount: 0,
      unchangedCount: 0,
      dataPoints: [],
    });
  });

  it('publishes today (UTC) what has no revision date', async () => {
    const before = daysFromToday(0);
    const { dataPoints } = await createPoints(app, await newSeries(), [
      { date: '2024-01-01', value: '1' },
      { date: '2024-01-02', value: '1', revisionDate: null },
    ]);
    const days = dataPoints.map(({ revisionDate }) => revisionDate);
    // Midnight may pass during the call.
    expect([before, daysFromToday(0)]).toContain(days[0]);
    expect(days[1]).toBe(days[0]);
  });

  it('changes nothing where the same is sent again', async () => {
    const sent = [
      { ...POINT, value: '25000.50' },
      { ...POINT, date: '2024-02-01', value: null },
      { ...POINT, date: '2024-03-01', value: '0.1000000000000000055' },
    ];
    const id = await newSeries(sent);
    const stored = await readPoints(app, id);

    const again = await createPoints(app, id, [
      { ...sent[2]! },
      { ...sent[0]!, value: '25000.5' },
      sent[1]!,
    ]);
    expect(again).toMatchObject({ addedCount: 0, correctedCount: 0, unchangedCount: 3 });
    expect(await readPoints(app, id)).toEqual(stored);
    const { catalogStats: before } = succeeded(
      await app.query('{ catalogStats { dataPointCount } }'),
    );
    await createPoints(app, id, sent);
    expect(succeeded(await app.query('{ catalogStats { dataPointCount } }')).catalogStats).toEqual(
      before,
    );
  });

  it.each([
    ['another value', '1', '2'],
    ['the same double but another decimal', '0.1', '0.1000000000000000055'],
    ['a value for a missing one', null, '2'],
    ['missing for a value', '1', null],
  ])('corrects a point by %s: updatedAt moves, createdAt stays', async (_, first, second) => {
    const id = await newSeries([
      { ...POINT, value: first },
      { ...POINT, date: '2024-02-01', value: '7' },
    ]);
    const [before, neighbour] = await readPoints(app, id);
    const corrected = await createPoints(app, id, [{ ...POINT, value: second }]);
    expect(corrected).toMatchObject({ addedCount: 0, correctedCount: 1, unchangedCount: 0 });
    const [after, unmoved] = await readPoints(app, id);
    expect(after).toEqual({ ...before, value: second, updatedAt: after!.updatedAt });
    expect(after!.updatedAt > before!.updatedAt).toBe(true);
    expect(unmoved).toEqual(neighbour);
  });

  it('counts added, corrected and unchanged points of one call apart', async () => {
    const id = await newSeries([
      { date: '2024-01-01', value: '1', revisionDate: '2024-02-01' },
      { date: '2024-01-02', value: '1', revisionDate: '2024-02-01' },
    ]);
    const result = await createPoints(app, id, [
      { date: '2024-01-01', value: '1', revisionDate: '2024-02-01' },
      { date: '2024-01-02', value: '2', revisionDate: '2024-02-01' },
      { date: '2024-01-03', value: '3', revisionDate: '2024-02-01' },
      { date: '2024-01-04', value: '4', revisionDate: '2024-02-01' },
    ]);
    expect(result).toMatchObject({ addedCount: 2, correctedCount: 1, unchangedCount: 1 });
  });

  it('keeps every revision of a date beside the others', async () => {
    const id = await newSeries([{ ...POINT, value: '1' }]);
    await createPoints(app, id, [{ ...POINT, revisionDate: '2024-03-01', value: '1' }]);
    expect(await readPoints(app, id)).toMatchObject([
      { revisionDate: '2024-02-01', isOriginalRelease: true },
      { revisionDate: '2024-03-01', isOriginalRelease: false },
    ]);
  });

  it('stores isOriginalRelease as sent', async () => {
    const id = await newSeries([
      { date: '2024-01-01', revisionDate: '2024-02-01', value: '1', isOriginalRelease: false },
      { date: '2024-01-01', revisionDate: '2024-03-01', value: '1', isOriginalRelease: true },
    ]);
    expect(await readPoints(app, id)).toMatchObject([
      { isOriginalRelease: false },
      { isOriginalRelease: true },
    ]);
  });

  it('takes a point for original, where that is not said, if no earlier publication is stored', async () => {
    const id = await newSeries();
    // The later publication arrives first: when it came, it was the earliest that was known.
    await createPoints(app, id, [{ date: '2024-01-01', revisionDate: '2024-03-01', value: '2' }]);
    await createPoints(app, id, [
      { date: '2024-01-01', revisionDate: '2024-04-01', value: '3' },
      { date: '2024-01-01', revisionDate: '2024-02-01', value: '1' },
    ]);
    const flags = (await readPoints(app, id)).map((point) => point.isOriginalRelease);
    expect(flags[0]).toBe(true);
    expect(flags[2]).toBe(false);
  });

  it('keeps the flag of a point that is sent again without one', async () => {
    const id = await newSeries([{ ...POINT, value: '1', isOriginalRelease: false }]);
    const again = await createPoints(app, id, [{ ...POINT, value: '1' }]);
    expect(again).toMatchObject({ unchangedCount: 1, dataPoints: [{ isOriginalRelease: false }] });
  });

  it('derives the id of a point from its key, the same on every server', async () => {
    const seriesId = '123e4567-e89b-12d3-a456-426614174000';
    await createSeries(app, { id: seriesId });
    await createPoints(app, seriesId, [{ ...POINT, value: '1' }]);
    const [point] = await readPoints(app, seriesId);
    const namespace = '8f2c1f6e-6a0b-5d0e-9c62-6f4f0c8b2a57';
    expect(point!.id).toBe(v5(`${seriesId}/2024-01-01/2024-02-01`, namespace));

    const other = await startTestApp();
    await createSeries(other, { id: seriesId });
    await createPoints(other, seriesId, [{ ...POINT, value: '2' }]);
    expect((await readPoints(other, seriesId))[0]!.id).toBe(point!.id);
    await other.close();
  });

  it.each([
    '0001-01-01',
    '1582-10-10',
    '1899-12-31',
    '1900-02-28',
    '1969-12-31',
    '1970-01-01',
    '2000-02-29',
    '2024-02-29',
    '9999-12-31',
  ])('stores the date %s', async (date) => {
    const id = await newSeries([{ date, value: '1', revisionDate: '0001-01-01' }]);
    expect(await readPoints(app, id)).toMatchObject([{ date, revisionDate: '0001-01-01' }]);
    const range = await app.query(
      `{ dataPoints(seriesId: "${id}", startDate: "${date}", endDate: "${date}") { date } }`,
    );
    expect(succeeded(range).dataPoints).toEqual([{ date }]);
  });
});

describe('a value', () => {
  // What is sent, and what comes back: digit for digit, in canonical form.
  const EXACT: [string, string][] = [
    ['25000.5', '25000.5'],
    ['25000.500', '25000.5'],
    ['0.1000000000000000055', '0.1000000000000000055'],
    ['-0.1000000000000000055', '-0.1000000000000000055'],
    ['9007199254740993', '9007199254740993'],
    ['1234567890123456789012345678', '1234567890123456789012345678'],
    ['0.1234567890123456789012345678', '0.1234567890123456789012345678'],
    ['-0', '0'],
    ['1E5', '100000'],
    ['1e300', `1${'0'.repeat(300)}`],
    ['5e-324', `0.${'0'.repeat(323)}5`],
    ['00012.30', '12.3'],
  ];

  it.each(EXACT)('%s as a string comes back as %s', async (sent, stored) => {
    const id = await newSeries([{ ...POINT, value: sent }]);
    expect(await readPoints(app, id)).toMatchObject([{ value: stored }]);
  });

  it('written as a number in the text of a query keeps its digits', async () => {
    const id = await newSeries();
    // GraphQL's grammar has no leading zeros; everything else of the above can be written.
    const numbers = EXACT.filter(([sent]) => !sent.startsWith('00'));
    const inputs = numbers.map(
      ([sent], index) =>
        `{ seriesId: "${id}", date: "2024-01-${String(index + 1).padStart(2, '0')}", value: ${sent} }`,
    );
    succeeded(
      await app.query(`mutation { createDataPoints(inputs: [${inputs.join()}]) { addedCount } }`),
    );
    const values = (await readPoints(app, id)).map(({ value }) => value);
    expect(values).toEqual(numbers.map(([, stored]) => stored));
  });

  it.each([
    [0, '0'],
    [-0, '0'],
    [0.1, '0.1'],
    [25000.5, '25000.5'],
    [1e21, '1000000000000000000000'],
    [1.5e-7, '0.00000015'],
    [Number.MAX_SAFE_INTEGER, '9007199254740991'],
    [-273.15, '-273.15'],
  ])('%d as a JSON number comes back as its shortest decimal %s', async (sent, stored) => {
    const id = await newSeries([{ ...POINT, value: sent }]);
    expect(await readPoints(app, id)).toMatchObject([{ value: stored }]);
  });

  it('is the same digits after a restart', async () => {
    const first = await startTestApp();
    const { id } = await createSeries(first);
    const points = EXACT.map(([value], index) => ({
      date: `2024-01-${String(index + 1).padStart(2, '0')}`,
      value,
    }));
    await createPoints(first, id, points);
    await first.stop();
    const second = await startTestApp({ dataDir: first.dataDir });
    expect((await readPoints(second, id)).map(({ value }) => value)).toEqual(
      EXACT.map(([, stored]) => stored),
    );
    await second.stop();
    await first.close();
  });
});

describe('one call over many series', () => {
  it('stores nothing where one of the series is unknown', async () => {
    const [a, b, unknown] = [await newSeries(), await newSeries(), unknownId()];
    const answer = await tryCreatePoints(app, [
      { seriesId: a, ...POINT, value: '1' },
      { seriesId: unknown, ...POINT, value: '1' },
      { seriesId: b, ...POINT, value: '1' },
    ]);
    expect(failed(answer).extensions).toEqual({
      code: 'NOT_FOUND',
      resource: 'EconomicSeries',
      id: unknown,
    });
    expect(await readPoints(app, a)).toEqual([]);
    expect(await readPoints(app, b)).toEqual([]);
  });

  it('stores nothing where one of the points is refused', async () => {
    const [a, b] = [await newSeries(), await newSeries()];
    const answer = await tryCreatePoints(app, [
      { seriesId: a, ...POINT, value: '1' },
      { seriesId: b, ...POINT, value: '1', revisionDate: daysFromToday(3) },
    ]);
    expectRefused(answer, 'inputs[1].revisionDate');
    expect(await readPoints(app, a)).toEqual([]);
  });

  it('stores a point of each of 300 series', async () => {
    const creations = Array.from(
      { length: 300 },
      (_, index) => `s${index}: createSeries(input: {
        sourceId: "${unknownId()}", externalId: "B${index}", title: "x", frequency: "m" }) { id }`,
    );
    const created = succeeded(await app.query(`mutation { ${creations.join('\n')} }`));
    const ids = Object.values(created as Record<string, { id: string }>).map(({ id }) => id);
    const inputs = ids.map((seriesId, index) => ({ seriesId, ...POINT, value: String(index) }));
    expect(succeeded(await tryCreatePoints(app, inputs)).createDataPoints.addedCount).toBe(300);
    const { seriesByIds } = succeeded(
      await app.query(
        'query ($ids: [UUID!]!) { seriesByIds(ids: $ids) { dataPoints { value } } }',
        { ids },
      ),
    );
    expect(seriesByIds).toEqual(
      ids.map((_, index) => ({ dataPoints: [{ value: String(index) }] })),
    );
  });
});

describe('one key twice in one call', () => {
  it('is refused with different values, naming both places', async () => {
    const [a, b] = [await newSeries(), await newSeries()];
    const answer = await tryCreatePoints(app, [
      { seriesId: a, ...POINT, value: '1' },
      { seriesId: b, ...POINT, value: '1' },
      { seriesId: a, ...POINT, date: '2024-05-01', value: '1' },
      { seriesId: b, ...POINT, value: '2' },
    ]);
    const error = expectRefused(answer, 'inputs[3]');
    expect(error.extensions['conflictsWith']).toBe('inputs[1]');
    expect(error.message).toContain('inputs[1]');
    expect(error.message).toContain('inputs[3]');
    expect(await readPoints(app, a)).toEqual([]);
  });

  it.each([
    ['missing and a value', null, '1'],
    ['two decimals of one double', '0.1', '0.1000000000000000055'],
  ])('is refused with %s', async (_, first, second) => {
    const id = await newSeries();
    const answer = await tryCreatePoints(app, [
      { seriesId: id, ...POINT, value: first },
      { seriesId: id, ...POINT, value: second },
    ]);
    expectRefused(answer, 'inputs[1]');
  });

  it('is refused where only the revision date that is meant is the same', async () => {
    const id = await newSeries();
    const answer = await tryCreatePoints(app, [
      { seriesId: id, date: '2024-01-01', value: '1' },
      { seriesId: id, date: '2024-01-01', value: '2', revisionDate: daysFromToday(0) },
    ]);
    expectRefused(answer, 'inputs[1]');
  });

  it('is one point with the same value', async () => {
    const id = await newSeries();
    const { dataPoints } = await createPoints(app, id, [
      { ...POINT, value: '1.0' },
      { ...POINT, value: '1' },
    ]);
    expect(dataPoints).toHaveLength(2);
    expect(dataPoints[0]).toEqual(dataPoints[1]);
    expect(await readPoints(app, id)).toHaveLength(1);
  });
});

describe('concurrent writers', () => {
  it('of one series lose nothing of each other', async () => {
    const id = await newSeries();
    const writers = Array.from({ length: 20 }, (_, writer) =>
      createPoints(
        app,
        id,
        Array.from({ length: 5 }, (_, point) => ({
          date: `20${String(writer).padStart(2, '0')}-01-0${point + 1}`,
          value: `${writer}.${point + 1}`,
        })),
      ),
    );
    const results = await Promise.all(writers);
    expect(results.map(({ addedCount }) => addedCount)).toEqual(results.map(() => 5));
    const stored = await readPoints(app, id);
    expect(stored.map(({ value }) => value)).toEqual(
      results.flatMap(({ dataPoints }) => dataPoints.map(({ value }) => value)),
    );
  });

  it('of one key take turns: one value wins whole, and none is created twice', async () => {
    const id = await newSeries();
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, writer) =>
        createPoints(app, id, [{ ...POINT, value: String(writer) }]),
      ),
    );
    expect(results.filter(({ addedCount }) => addedCount === 1)).toHaveLength(1);
    expect(results.filter(({ correctedCount }) => correctedCount === 1)).toHaveLength(19);
    expect(await readPoints(app, id)).toHaveLength(1);
  });

  it('of overlapping sets of series all succeed, in whatever order they name them', async () => {
    const ids = [await newSeries(), await newSeries(), await newSeries()];
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, writer) => {
        const order = writer % 2 === 0 ? ids : ids.toReversed();
        const date = `2024-01-${String(writer + 1).padStart(2, '0')}`;
        return tryCreatePoints(
          app,
          order.map((seriesId) => ({ seriesId, date, value: String(writer) })),
        );
      }),
    );
    for (const answer of answers) succeeded(answer);
    for (const id of ids) expect(await readPoints(app, id)).toHaveLength(12);
  });

  it('and a reader: every answer is the state after some whole call', async () => {
    const id = await newSeries();
    const inputs = (call: number) => [
      { date: '2024-01-01', value: String(call), revisionDate: '2024-02-01' },
      { date: '2024-01-02', value: String(call), revisionDate: '2024-02-01' },
    ];
    await createPoints(app, id, inputs(0));
    const writing = (async () => {
      for (let call = 1; call <= 20; call++) await createPoints(app, id, inputs(call));
    })();
    for (let round = 0; round < 20; round++) {
      const [first, second] = await readPoints(app, id);
      expect(first!.value).toBe(second!.value);
    }
    await writing;
    expect(await readPoints(app, id)).toMatchObject([{ value: '20' }, { value: '20' }]);
  });
});

describe('deleteDataPoints', () => {
  const POINTS = [
    { date: '2024-01-01', revisionDate: '2024-02-01', value: '1' },
    { date: '2024-01-01', revisionDate: '2024-03-01', value: '2' },
    { date: '2024-01-02', revisionDate: '2024-02-01', value: '3' },
    { date: '2024-01-03', revisionDate: '2024-03-01', value: '4' },
  ];

  async function remove(id: string, args = '') {
    const answer = await app.query(`mutation { deleteDataPoints(seriesId: "${id}" ${args}) }`);
    return succeeded(answer).deleteDataPoints;
  }

  async function left(id: string) {
    return (await readPoints(app, id)).map(({ value }) => value);
  }

  it.each([
    ['all points', '', []],
    ['a range, both ends included', 'startDate: "2024-01-01", endDate: "2024-01-02"', ['4']],
    ['from a date', 'startDate: "2024-01-02"', ['1', '2']],
    ['up to a date', 'endDate: "2024-01-01"', ['3', '4']],
    ['a publication', 'revisionDate: "2024-03-01"', ['1', '3']],
    [
      'a publication of a date',
      'startDate: "2024-01-01", endDate: "2024-01-01", revisionDate: "2024-03-01"',
      ['1', '3', '4'],
    ],
    ['nothing where nothing is selected', 'startDate: "2030-01-01"', ['1', '2', '3', '4']],
    ['all points for nulls', 'startDate: null, endDate: null, revisionDate: null', []],
  ])('removes %s and counts them', async (_, args, values) => {
    const id = await newSeries(POINTS);
    expect(await remove(id, args)).toBe(4 - values.length);
    expect(await left(id)).toEqual(values);
    expect(await remove(id, args)).toBe(0);
  });

  it('removes what another call of the same kind left', async () => {
    const id = await newSeries(POINTS);
    expect(await remove(id, 'endDate: "2024-01-01"')).toBe(2);
    expect(await remove(id, 'startDate: "2024-01-02"')).toBe(2);
    expect(await left(id)).toEqual([]);
  });

  it('lets a point be written again, as a new one', async () => {
    const id = await newSeries(POINTS);
    const [before] = await readPoints(app, id);
    await remove(id);
    expect(await createPoints(app, id, POINTS.slice(0, 1))).toMatchObject({ addedCount: 1 });
    const [after] = await readPoints(app, id);
    expect(after!.id).toBe(before!.id);
    expect(after!.createdAt > before!.createdAt).toBe(true);
  });

  it('is remembered over a restart', async () => {
    const first = await startTestApp();
    const { id } = await createSeries(first);
    await createPoints(first, id, POINTS);
    await first.query(
      `mutation { deleteDataPoints(seriesId: "${id}", revisionDate: "2024-02-01") }`,
    );
    await first.stop();
    const second = await startTestApp({ dataDir: first.dataDir });
    expect((await readPoints(second, id)).map(({ value }) => value)).toEqual(['2', '4']);
    await second.stop();
    await first.close();
  });

  it('refuses a start after the end, and an unknown series', async () => {
    const id = await newSeries(POINTS);
    const reversed = await app.query(
      `mutation { deleteDataPoints(seriesId: "${id}", startDate: "2024-01-02", endDate: "2024-01-01") }`,
    );
    expectRefused(reversed, 'startDate');
    expect(await left(id)).toHaveLength(4);
    const unknown = unknownId();
    const answer = await app.query(`mutation { deleteDataPoints(seriesId: "${unknown}") }`);
    expect(failed(answer).extensions).toMatchObject({ code: 'NOT_FOUND', id: unknown });
  });
});
