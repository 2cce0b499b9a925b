// What a reader gets: revisions, points in time, ranges, columns.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createPoints,
  createSeries,
  expectRefused,
  failed,
  succeeded,
  unknownId,
} from '../support/factories.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

/** (date, revision date, value): January is revised twice, February once, March was published missing. */
const VINTAGES: [string, string, string | null][] = [
  ['2024-01-01', '2024-02-10', '100'],
  ['2024-01-01', '2024-03-10', '101'],
  ['2024-01-01', '2024-04-10', '102'],
  ['2024-02-01', '2024-03-10', '200'],
  ['2024-02-01', '2024-04-10', null],
  ['2024-03-01', '2024-04-10', null],
];

let app: TestApp;
let seriesId: string;

beforeAll(async () => {
  app = await startTestApp();
  ({ id: seriesId } = await createSeries(app));
  const points = VINTAGES.map(([date, revisionDate, value]) => ({ date, revisionDate, value }));
  // The order of arrival is no order of the answer.
  await createPoints(app, seriesId, points.reverse());
});
afterAll(() => app.close());

type Row = [date: string, revisionDate: string, value: string | null];

interface Answered {
  readonly date: string;
  readonly revisionDate: string;
  readonly value: string | null;
}

/** Reads the same selection in all three ways that there are; they must agree. */
async function read(args: Record<string, string>, on = app, id = seriesId): Promise<Row[]> {
  const given = Object.entries(args).map(([name, value]) => `${name}: ${value}`);
  const inner = given.length > 0 ? `(${given.join(', ')})` : '';
  const data = succeeded(
    await on.query(`{
      dataPoints(seriesId: "${id}" ${given.join(', ')}) { date revisionDate value }
      series(id: "${id}") {
        dataPoints${inner} { date revisionDate value }
        observations${inner} { dates values decimalValues revisionDates }
      } }`),
  );
  const { dates, values, decimalValues, revisionDates } = data.series.observations;
  const columns = dates.map((date: string, index: number) => [
    date,
    revisionDates[index],
    decimalValues[index],
  ]);
  const rows = (points: Answered[]): Row[] =>
    points.map(({ date, revisionDate, value }) => [date, revisionDate, value]);
  expect(rows(data.series.dataPoints)).toEqual(rows(data.dataPoints));
  expect(columns).toEqual(rows(data.dataPoints));
  expect(values).toEqual(
    decimalValues.map((value: string | null) => (value === null ? null : Number(value))),
  );
  return rows(data.dataPoints);
}

describe('reading a series', () => {
  it('answers one row per date, the latest value known, where nothing else is said', async () => {
    const latest: Row[] = [
      ['2024-01-01', '2024-04-10', '102'],
      ['2024-02-01', '2024-04-10', null],
      ['2024-03-01', '2024-04-10', null],
    ];
    expect(await read({})).toEqual(latest);
    expect(await read({ revisions: 'LATEST' })).toEqual(latest);
  });

  it('answers the first publication of each date for ORIGINAL', async () => {
    expect(await read({ revisions: 'ORIGINAL' })).toEqual([
      ['2024-01-01', '2024-02-10', '100'],
      ['2024-02-01', '2024-03-10', '200'],
      ['2024-03-01', '2024-04-10', null],
    ]);
  });

  it('answers every publication for ALL, by date and then by revision date', async () => {
    expect(await read({ revisions: 'ALL' })).toEqual(VINTAGES);
  });

  it.each<[string, Row[]]>([
    ['2024-02-09', []],
    ['2024-02-10', [['2024-01-01', '2024-02-10', '100']]],
    ['2024-03-09', [['2024-01-01', '2024-02-10', '100']]],
    [
      '2024-03-10',
      [
        ['2024-01-01', '2024-03-10', '101'],
        ['2024-02-01', '2024-03-10', '200'],
      ],
    ],
    [
      '2024-04-10',
      [
        ['2024-01-01', '2024-04-10', '102'],
        ['2024-02-01', '2024-04-10', null],
        ['2024-03-01', '2024-04-10', null],
      ],
    ],
    [
      '9999-12-31',
      [
        ['2024-01-01', '2024-04-10', '102'],
        ['2024-02-01', '2024-04-10', null],
        ['2024-03-01', '2024-04-10', null],
      ],
    ],
    ['0001-01-01', []],
  ])('shows what was known on %s, and no row for what was not yet published', async (day, rows) => {
    expect(await read({ asOf: `"${day}"` })).toEqual(rows);
  });

  it('combines asOf with ORIGINAL and ALL', async () => {
    expect(await read({ asOf: '"2024-03-10"', revisions: 'ORIGINAL' })).toEqual([
      VINTAGES[0],
      VINTAGES[3],
    ]);
    expect(await read({ asOf: '"2024-03-10"', revisions: 'ALL' })).toEqual([
      VINTAGES[0],
      VINTAGES[1],
      VINTAGES[3],
    ]);
    expect(await read({ asOf: '"2024-02-09"', revisions: 'ALL' })).toEqual([]);
  });

  it.each([
    ['2024-01-01', '2024-03-01', ['2024-01-01', '2024-02-01', '2024-03-01']],
    ['2024-01-02', '2024-02-29', ['2024-02-01']],
    ['2024-02-01', '2024-02-01', ['2024-02-01']],
    ['2024-03-02', '2024-12-31', []],
    ['2023-01-01', '2023-12-31', []],
  ])('includes both ends of %s to %s', async (start, end, dates) => {
    const rows = await read({ startDate: `"${start}"`, endDate: `"${end}"` });
    expect(rows.map(([date]) => date)).toEqual(dates);
  });

  it('leaves an end open that is not given or null', async () => {
    expect(await read({ startDate: '"2024-02-01"' })).toHaveLength(2);
    expect(await read({ endDate: '"2024-02-01"' })).toHaveLength(2);
    expect(await read({ startDate: 'null', endDate: 'null', asOf: 'null', limit: 'null' })).toEqual(
      await read({}),
    );
  });

  it('answers the earliest dates up to the limit', async () => {
    expect(await read({ limit: '1' })).toEqual([VINTAGES[2]]);
    expect(await read({ limit: '2', revisions: 'ALL' })).toEqual(VINTAGES.slice(0, 2));
    expect(await read({ limit: '2147483647' })).toHaveLength(3);
  });

  it('answers the same for variables as for literals', async () => {
    const data = succeeded(
      await app.query(
        `query ($id: UUID!, $start: Date, $end: Date, $asOf: Date, $revisions: Revisions!, $limit: Int) {
           dataPoints(seriesId: $id, startDate: $start, endDate: $end, asOf: $asOf,
             revisions: $revisions, limit: $limit) { date revisionDate value } }`,
        {
          id: seriesId,
          start: '2024-01-01',
          end: '2024-02-01',
          asOf: '2024-03-10',
          revisions: 'ALL',
          limit: 2,
        },
      ),
    );
    expect(data.dataPoints).toEqual([
      { date: '2024-01-01', revisionDate: '2024-02-10', value: '100' },
      { date: '2024-01-01', revisionDate: '2024-03-10', value: '101' },
    ]);
  });

  it('answers nothing of a series without points', async () => {
    const { id } = await createSeries(app);
    expect(await read({}, app, id)).toEqual([]);
    expect(await read({ revisions: 'ALL', asOf: '"2024-01-01"' }, app, id)).toEqual([]);
  });

  it('answers NOT_FOUND for the points of an unknown series', async () => {
    const id = unknownId();
    const extensions = { code: 'NOT_FOUND', resource: 'EconomicSeries', id };
    const points = await app.query(`{ dataPoints(seriesId: "${id}") { value } }`);
    expect(failed(points).extensions).toEqual(extensions);
    const point = await app.query(`{ dataPoint(seriesId: "${id}", date: "2024-01-01") { value } }`);
    expect(failed(point).extensions).toEqual(extensions);
  });

  it('refuses a start after the end, and limits below 1', async () => {
    const of = (args: string) =>
      app.query(`{ series(id: "${seriesId}") { observations(${args}) { dates } } }`);
    expectRefused(await of('startDate: "2024-01-02", endDate: "2024-01-01"'), 'startDate');
    expectRefused(await of('limit: 0'), 'limit');
    expectRefused(
      await app.query(`{ dataPoints(seriesId: "${seriesId}", limit: -1) { date } }`),
      'limit',
    );
  });

  it('reads the same after a restart, from the files', async () => {
    const first = await startTestApp();
    const { id } = await createSeries(first);
    const points = VINTAGES.map(([date, revisionDate, value]) => ({ date, revisionDate, value }));
    await createPoints(first, id, points);
    await first.stop();
    const second = await startTestApp({ dataDir: first.dataDir });
    expect(await read({ revisions: 'ALL' }, second, id)).toEqual(VINTAGES);
    await second.stop();
    await first.close();
  });
});

describe('dataPoint', () => {
  async function point(args: string) {
    const answer = await app.query(
      `{ dataPoint(seriesId: "${seriesId}", ${args}) { date revisionDate value } }`,
    );
    return succeeded(answer).dataPoint;
  }

  it('answers the latest publication of a date', async () => {
    expect(await point('date: "2024-01-01"')).toEqual({
      date: '2024-01-01',
      revisionDate: '2024-04-10',
      value: '102',
    });
    expect(await point('date: "2024-01-01", revisionDate: null')).toMatchObject({ value: '102' });
  });

  it('answers the publication of a day', async () => {
    expect(await point('date: "2024-01-01", revisionDate: "2024-03-10"')).toEqual({
      date: '2024-01-01',
      revisionDate: '2024-03-10',
      value: '101',
    });
  });

  it('tells a point published as missing from a point that is not there', async () => {
    expect(await point('date: "2024-03-01"')).toMatchObject({ value: null });
    expect(await point('date: "2024-03-02"')).toBeNull();
    expect(await point('date: "2024-01-01", revisionDate: "2024-03-11"')).toBeNull();
  });
});
