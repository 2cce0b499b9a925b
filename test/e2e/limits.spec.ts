// Every limit on what one request may cost, at the limit and one past it.

import { afterEach, describe, expect, it } from 'vitest';
import type { Config } from '../../src/config/environment.js';
import {
  createPoints,
  createSeries,
  expectRefused,
  failed,
  readPoints,
  succeeded,
  tryCreatePoints,
} from '../support/factories.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
afterEach(() => app.close());

async function start(overrides: Partial<Config>): Promise<void> {
  app = await startTestApp(overrides);
}

function days(count: number): { date: string; value: string }[] {
  return Array.from({ length: count }, (_, day) => ({
    date: new Date(day * 86_400_000).toISOString().slice(0, 10),
    value: String(day),
  }));
}

describe('writePointsMax', () => {
  it('is the most points that one call stores', async () => {
    await start({ writePointsMax: 3 });
    const { id } = await createSeries(app);
    const inputs = days(4).map((point) => ({ seriesId: id, ...point }));

    expectRefused(await tryCreatePoints(app, inputs), 'inputs');
    expect(await readPoints(app, id)).toEqual([]);
    succeeded(await tryCreatePoints(app, inputs.slice(0, 3)));
    expect(await readPoints(app, id)).toHaveLength(3);
  });

  it('is 10,000 where it is not set', async () => {
    await start({});
    const { id } = await createSeries(app);
    const inputs = days(10_001).map((point) => ({ seriesId: id, ...point }));

    const error = expectRefused(await tryCreatePoints(app, inputs), 'inputs');
    expect(error.message).toBe('inputs must have at most 10000 points, received 10001');
    const stored = await tryCreatePoints(app, inputs.slice(0, 10_000));
    expect(succeeded(stored).createDataPoints.addedCount).toBe(10_000);
    const { series } = succeeded(
      await app.query(`{ series(id: "${id}") { dataPointCount firstDate lastDate } }`),
    );
    expect(series).toEqual({
      dataPointCount: 10_000,
      firstDate: '1970-01-01',
      lastDate: '1997-05-18',
    });
  });
});

describe('readPointsMax', () => {
  it('is the most points that a request answers', async () => {
    await start({ readPointsMax: 3 });
    const { id } = await createSeries(app);
    await createPoints(app, id, days(4));
    const read = (args: string) => app.query(`{ dataPoints(seriesId: "${id}" ${args}) { date } }`);

    for (const query of [
      `{ dataPoints(seriesId: "${id}") { date } }`,
      `{ series(id: "${id}") { dataPoints { date } } }`,
      `{ series(id: "${id}") { observations { dates } } }`,
    ]) {
      const { extensions, message } = failed(await app.query(query));
      expect(extensions).toEqual({ code: 'READ_TOO_LARGE', points: 4, limit: 3 });
      expect(message).toContain('at most 3');
    }
    expect(succeeded(await read('endDate: "1970-01-03"')).dataPoints).toHaveLength(3);
    expect(succeeded(await read('limit: 3')).dataPoints).toHaveLength(3);
    expect(succeeded(await read('limit: 2147483647, startDate: "1970-01-02"')).dataPoints).toEqual([
      { date: '1970-01-02' },
      { date: '1970-01-03' },
      { date: '1970-01-04' },
    ]);
  });

  it('counts what is answered, not what is stored', async () => {
    await start({ readPointsMax: 2 });
    const { id } = await createSeries(app);
    const revisions = days(3).map(({ date: revisionDate }) => ({
      date: '1960-01-01',
      value: '1',
      revisionDate,
    }));
    await createPoints(app, id, revisions);
    const latest = await app.query(`{ dataPoints(seriesId: "${id}") { date } }`);
    expect(succeeded(latest).dataPoints).toHaveLength(1);
    const all = await app.query(`{ dataPoints(seriesId: "${id}", revisions: ALL) { date } }`);
    expect(failed(all).extensions.code).toBe('READ_TOO_LARGE');
  });
});

describe('readPointsMax over the fields of one request', () => {
  it('is the most points that aliases answer together', async () => {
    await start({ readPointsMax: 5 });
    const { id } = await createSeries(app);
    await createPoints(app, id, days(4));
    const ask = (a: number, b: number) =>
      app.query(`{ series(id: "${id}") {
        a: dataPoints(limit: ${a}) { date } b: observations(limit: ${b}) { dates } } }`);

    const most = succeeded(await ask(2, 3)).series;
    expect([most.a.length, most.b.dates.length]).toEqual([2, 3]);

    const answer = await ask(3, 3);
    const { path, extensions } = failed(answer);
    expect(path).toEqual(['series', 'b']);
    expect(extensions).toEqual({ code: 'READ_TOO_LARGE', points: 6, limit: 5 });
    expect(answer.data.series.a).toHaveLength(3);
    expect(answer.data.series.b).toBeNull();
  });

  it('is the most points that the series of a page answer together', async () => {
    await start({ readPointsMax: 5 });
    for (let made = 0; made < 3; made++) {
      await createPoints(app, (await createSeries(app)).id, days(2));
    }
    const answer = await app.query('{ listSeries { dataPoints { date } } }');
    expect(failed(answer).extensions).toMatchObject({ code: 'READ_TOO_LARGE', points: 6 });
    const answered = answer.data.listSeries.filter(
      ({ dataPoints }: { dataPoints: unknown }) => dataPoints !== null,
    );
    expect(answered).toHaveLength(2);
  });

  it('counts a field that is refused for nothing: a smaller one still fits', async () => {
    await start({ readPointsMax: 3 });
    const { id } = await createSeries(app);
    await createPoints(app, id, days(4));
    const answer = await app.query(`{
      tooMany: dataPoints(seriesId: "${id}") { date }
      few: dataPoints(seriesId: "${id}", limit: 3) { date } }`);
    expect(failed(answer).path).toEqual(['tooMany']);
    expect(answer.data.few).toHaveLength(3);
  });

  it('counts revision dates as points', async () => {
    await start({ readPointsMax: 5 });
    const { id } = await createSeries(app);
    const revisions = days(3).map(({ date: revisionDate }) => ({
      date: '1960-01-01',
      revisionDate,
    }));
    await createPoints(app, id, revisions);
    const answer = await app.query(`{ series(id: "${id}") {
      a: revisionDates { revisionDate } b: revisionDates { revisionDate } } }`);
    expect(failed(answer)).toMatchObject({
      path: ['series', 'b'],
      extensions: { code: 'READ_TOO_LARGE', points: 6, limit: 5 },
    });
    expect(answer.data.series.a).toHaveLength(3);
  });

  it('begins anew with each request', async () => {
    await start({ readPointsMax: 4 });
    const { id } = await createSeries(app);
    await createPoints(app, id, days(4));
    for (let request = 0; request < 3; request++) expect(await readPoints(app, id)).toHaveLength(4);
  });
});

describe('queryComplexityMax', () => {
  it('is the most fields that one query may answer', async () => {
    await start({ queryComplexityMax: 21 });
    // The list counts one, and each of its series two.
    succeeded(await app.query('{ listSeries(limit: 10) { id title } }'));
    const answer = await app.query('{ listSeries(limit: 11) { id title } }');
    const { extensions, message } = failed(answer);
    expect(extensions).toEqual({ code: 'QUERY_TOO_COMPLEX', complexity: 23, limit: 21 });
    expect(message).toContain('at most 21');
    expect(answer.status).toBe(400);
  });

  it.each([
    ['in a variable', 'query ($n: Int!) { listSeries(limit: $n) { id title } }'],
    ['in a default', 'query ($n: Int = 11) { listSeries(limit: $n) { id title } }'],
    ['of a connection', '{ seriesConnection(first: 11) { edges { node { id } } } }'],
    ['of a search', '{ searchSeries(text: "x", first: 11) { id title } }'],
    [
      'of a date range',
      '{ findSeriesByDateRange(startDate: "2024-01-01", endDate: "2024-01-01") { id } }',
    ],
    [
      'behind fragments',
      '{ listSeries(limit: 11) { ...a } } fragment a on EconomicSeries { ...b } fragment b on EconomicSeries { id title }',
    ],
    [
      'by aliases',
      `{ ${Array.from({ length: 22 }, (_, index) => `a${index}: health`).join(' ')} }`,
    ],
    [
      'hidden behind another fault',
      'query ($n: Int!, $m: Int) { listSeries(limit: $n) { id title } other: listSeries(limit: $m) { id } }',
    ],
  ])('counts what is asked for %s', async (_, query) => {
    await start({ queryComplexityMax: 21 });
    expect(failed(await app.query(query, { n: 11 })).extensions.code).toBe('QUERY_TOO_COMPLEX');
  });

  it('counts a field of points once, however many there are', async () => {
    await start({ queryComplexityMax: 12 });
    const { id } = await createSeries(app);
    await createPoints(app, id, days(100));
    const { dataPoints, series } = succeeded(
      await app.query(`{
        dataPoints(seriesId: "${id}", limit: 100) { date value }
        series(id: "${id}") { dataPoints(limit: 100) { date } observations(limit: 100) { dates } } }`),
    );
    expect(dataPoints).toHaveLength(100);
    expect(series.dataPoints).toHaveLength(100);
    expect(series.observations.dates).toHaveLength(100);
  });

  it('stops a query whose fragments multiply before they are all counted', async () => {
    await start({ queryComplexityMax: 1000 });
    const levels = Array.from(
      { length: 20 },
      (_, level) =>
        `fragment f${level} on EconomicSeries { ${level === 19 ? 'id' : `...f${level + 1} a: source { id } ...f${level + 1}`} }`,
    );
    const started = performance.now();
    const answer = await app.query(`{ listSeries(limit: 1) { ...f0 } } ${levels.join('\n')}`);
    const { code } = failed(answer).extensions;
    expect(code).toBe('QUERY_TOO_COMPLEX');
    expect(answer.status).toBe(400);
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it('is judged for the operation that is run, and not for mutations', async () => {
    await start({ queryComplexityMax: 5 });
    const { id } = await createSeries(app);
    const inputs = days(20).map((point) => ({ seriesId: id, ...point }));
    expect(succeeded(await tryCreatePoints(app, inputs)).createDataPoints.addedCount).toBe(20);
    const response = await fetch(`${app.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        operationName: 'Small',
        query: 'query Large { listSeries(limit: 1000) { id title } } query Small { health }',
      }),
    });
    expect(await response.json()).toEqual({
      data: { health: 'Financial Data Service is healthy' },
    });
  });
});

describe('queryTokensMax', () => {
  it('is the most tokens in the text of one query', async () => {
    await start({ queryTokensMax: 10 });
    // Two braces, and eight names in between.
    const query = (names: number) => `{ ${'health '.repeat(names)} }`;
    succeeded(await app.query(query(8)));
    const answer = await app.query(query(9));
    expect(failed(answer).extensions).toEqual({ code: 'QUERY_TOO_COMPLEX' });
    expect(answer.status).toBe(400);
  });
});
