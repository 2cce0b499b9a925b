// What callers see, and what the log sees, of a failure that nobody expected.

import { afterEach, describe, expect, it } from 'vitest';
import { Clock } from '../../src/core/clock.js';
import { damagePointsFile } from '../support/damaged-points.js';
import {
  createPoints,
  createSeries,
  failed,
  succeeded,
  tryCreateSeries,
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

describe('a failure of one field', () => {
  it('empties the next field above it that may be null, and nothing else', async () => {
    app = await startTestApp({ cacheTtlSeconds: 0 });
    const [bad, good] = [await createSeries(app), await createSeries(app)];
    for (const { id } of [bad, good]) {
      await createPoints(app, id, [{ date: '2024-01-01', value: '1' }]);
    }
    await damagePointsFile(app.dataDir, bad.id);
    const { status, data, errors } = await app.query(`{
      bad: series(id: "${bad.id}") { title dataPoints { value } }
      good: series(id: "${good.id}") { dataPoints { value } } }`);
    expect(status).toBe(200);
    expect(data).toEqual({ bad: null, good: { dataPoints: [{ value: '1' }] } });
    expect(errors).toMatchObject([
      { path: ['bad', 'dataPoints'], extensions: { code: 'STORAGE_ERROR' } },
    ]);
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
    expect(loggedErrors()).toEqual([
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
    expect(loggedErrors()).toEqual([
      { message: SECRET, path: 'createSeries', cause: `Error: ${SECRET}` },
    ]);
    repair();
  });
});
