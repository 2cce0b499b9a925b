// What callers see of a failure, and of one that nobody expected also what the log sees.

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Clock } from '../../src/core/clock.js';
import { Uuid } from '../../src/core/uuid.js';
import { DataDirectory } from '../../src/storage/data-directory.js';
import { INDEX_FOLDER, LOG_FOLDER, seriesFile } from '../../src/storage/paths.js';
import { flip, rewriteFile } from '../support/damage.js';
import { damagePointsFile } from '../support/damaged-points.js';
import {
  createPoints,
  createSeries,
  daysFromToday,
  failed,
  type SeriesAnswer,
  succeeded,
  tryCreateSeries,
  unknownId,
} from '../support/factories.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const SECRET = 'EACCES: permission denied, open /very/secret/path';

let app: TestApp;
afterEach(() => app.close());

/** The fault: from now on the service cannot tell the time. */
function breakTheClock(): () => void {
  const clock = app.app.get(Clock);
  const now = () => {
    throw new Error(SECRET);
  };
  Object.defineProperty(clock, 'now', { value: now, configurable: true });
  return () => Reflect.deleteProperty(clock, 'now');
}

function loggedErrors(): unknown[] {
  return app.logger.entries.filter(({ level }) => level === 'error').map(({ message }) => message);
}

/** So many series of one point each, in files, in the order of their external ids. */
async function seriesWithPoints(count: number): Promise<SeriesAnswer[]> {
  const made: SeriesAnswer[] = [];
  for (let index = 0; index < count; index++) {
    const series = await createSeries(app, { externalId: `SERIES-${index}` });
    await createPoints(app, series.id, [{ date: '2024-01-01', value: '1' }]);
    made.push(series);
  }
  await app.app.get(DataDirectory).flush();
  return made;
}

describe('a damaged points file', () => {
  it('empties the points of its series, and nothing else', async () => {
    app = await startTestApp({ cacheTtlSeconds: 0 });
    const [bad, good] = (await seriesWithPoints(2)) as [SeriesAnswer, SeriesAnswer];
    await damagePointsFile(app.dataDir, bad.id);
    const { status, data, errors } = await app.query(`{
      bad: series(id: "${bad.id}") { title dataPoints { value } }
      good: series(id: "${good.id}") { dataPoints { value } }
      points: dataPoints(seriesId: "${bad.id}") { value } }`);
    expect(status).toBe(200);
    expect(data).toEqual({
      bad: { title: bad.title, dataPoints: null },
      good: { dataPoints: [{ value: '1' }] },
      points: null,
    });
    const code = 'STORAGE_ERROR';
    expect(errors?.map(({ path, extensions }) => [path?.join('.'), extensions.code])).toEqual(
      expect.arrayContaining([
        ['bad.dataPoints', code],
        ['points', code],
      ]),
    );
    expect(errors).toHaveLength(2);
  });

  it('leaves the other series of a list complete', async () => {
    app = await startTestApp({ cacheTtlSeconds: 0 });
    const made = await seriesWithPoints(3);
    const bad = made[1]!;
    await damagePointsFile(app.dataDir, bad.id);
    await app.query(`{ dataPoints(seriesId: "${bad.id}") { value } }`);

    const fields = ['dataPointCount', 'revisionDates', 'observations', 'dataPoints'];
    const { data, errors } = await app.query(`{ listSeries {
      title dataPointCount revisionDates { revisionDate } observations { values } dataPoints { value } } }`);
    const whole = {
      dataPointCount: 1,
      revisionDates: [{ revisionDate: daysFromToday(0) }],
      observations: { values: [1] },
      dataPoints: [{ value: '1' }],
    };
    const nothing = Object.fromEntries(fields.map((field) => [field, null]));
    expect(data.listSeries).toEqual(
      made.map((series) => ({ title: series.title, ...(series === bad ? nothing : whole) })),
    );
    expect(errors?.map(({ path }) => path?.join('.')).toSorted()).toEqual(
      fields.map((field) => `listSeries.1.${field}`).toSorted(),
    );
    for (const { extensions } of errors!) {
      expect(extensions).toMatchObject({ code: 'STORAGE_ERROR', id: bad.id });
    }
  });
});

describe('a damaged metadata file', () => {
  it('empties its place among the series asked for, and no other', async () => {
    app = await startTestApp();
    const [first, bad, last] = await seriesWithPoints(3);
    await app.stop();
    const file = join(app.dataDir, seriesFile(Uuid.parse(bad!.id)));
    await rewriteFile(file, (bytes) => flip(bytes, 8));
    // Nothing else tells what was in it.
    for (const folder of [INDEX_FOLDER, LOG_FOLDER]) {
      await rm(join(app.dataDir, folder), { recursive: true });
    }
    const restarted = await startTestApp({ dataDir: app.dataDir });
    const { data, errors } = await restarted.query(
      'query ($ids: [UUID!]!) { seriesByIds(ids: $ids) { title } }',
      { ids: [first!.id, bad!.id, unknownId(), last!.id] },
    );
    await restarted.stop();
    expect(data.seriesByIds).toEqual([{ title: first!.title }, null, null, { title: last!.title }]);
    expect(errors).toMatchObject([
      { path: ['seriesByIds', 1], extensions: { code: 'STORAGE_ERROR', id: bad!.id } },
    ]);
  });

  it('is not missed while the checkpoint of the catalogue has what was in it', async () => {
    app = await startTestApp();
    const [series] = await seriesWithPoints(1);
    await app.stop();
    const file = join(app.dataDir, seriesFile(Uuid.parse(series!.id)));
    await rewriteFile(file, (bytes) => flip(bytes, 8));
    const restarted = await startTestApp({ dataDir: app.dataDir });
    const answer = await restarted.query(`{ series(id: "${series!.id}") { title } }`);
    await restarted.stop();
    expect(succeeded(answer).series).toEqual({ title: series!.title });
  });
});

describe('mutations of one request', () => {
  it('are stored one by one up to the first that fails, which is named', async () => {
    app = await startTestApp();
    const create = (alias: string, externalId: string) =>
      `${alias}: createSeries(input: { sourceId: "123e4567-e89b-12d3-a456-426614174000",
         externalId: "${externalId}", title: "x", frequency: "m" }) { id }`;
    const { data, errors } = await app.query(
      `mutation { ${create('a', 'A')} ${create('b', 'A')} ${create('c', 'C')} }`,
    );
    expect(data).toBeNull();
    expect(errors).toMatchObject([{ path: ['b'], extensions: { code: 'CONFLICT' } }]);
    const { listSeries } = succeeded(await app.query('{ listSeries { externalId } }'));
    expect(listSeries).toEqual([{ externalId: 'A' }]);
  });
});

describe('an unexpected failure', () => {
  it('is answered without its message, path or stack, and leaves the service running', async () => {
    app = await startTestApp();
    const repair = breakTheClock();
    const answer = await tryCreateSeries(app);
    expect(answer.data).toBeNull();
    expect(failed(answer)).toEqual({
      message: 'Internal error; the log of the service has the details',
      locations: expect.any(Array),
      path: ['createSeries'],
      extensions: { code: 'INTERNAL_SERVER_ERROR' },
    });

    repair();
    succeeded(await tryCreateSeries(app));
  });

  it('of another edge is answered without its message, too', async () => {
    app = await startTestApp();
    const repair = breakTheClock();
    const response = await fetch(`${app.url}/health`);
    expect(response.status).toBe(500);
    expect(await response.json()).toEqual({ statusCode: 500, message: 'Internal server error' });
    repair();
  });

  it('is logged once, with its stack', async () => {
    app = await startTestApp();
    const repair = breakTheClock();
    await tryCreateSeries(app);
    expect(loggedErrors()).toMatchObject([
      {
        message: SECRET,
        path: 'createSeries',
        cause: expect.stringMatching(/^Error: EACCES: .*\n +at /),
      },
    ]);
    repair();
  });

  it('is logged without its stack where stack traces are off', async () => {
    app = await startTestApp({ logStackTraces: 0 });
    const repair = breakTheClock();
    await tryCreateSeries(app);
    expect(loggedErrors()).toMatchObject([
      { message: SECRET, path: 'createSeries', cause: `Error: ${SECRET}` },
    ]);
    repair();
  });
});
