// `smoke` against real services: it passes where everything works, names what does not, and leaves nothing behind, or tells
// what.

import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { runSmoke, type SmokeOptions } from '../../src/cli/smoke/run-smoke.js';
import { storageError } from '../../src/core/app-error.js';
import { DataPointsService } from '../../src/data-points/data-points.service.js';
import { Lifecycle } from '../../src/health/lifecycle.js';
import { SeriesService } from '../../src/series/series.service.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { runCommand, startCommand } from './verify-support.js';

const apps: TestApp[] = [];
const servers: Server[] = [];

afterEach(async () => {
  vi.restoreAllMocks();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
  for (const app of apps.splice(0)) await app.close();
});

async function serving() {
  const app = await startTestApp();
  apps.push(app);
  const environment = { PORT: new URL(app.url).port, FLIGHT_PORT: String(app.flightPort) };
  return { app, environment, series: app.app.get(SeriesService) };
}

async function listening(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A service that is ready, and whose answer to the n-th question over GraphQL is up to the test. */
function readyService(answer: (question: number) => string | undefined): Promise<string> {
  let questions = 0;
  return listening((request, response) => {
    if (request.method === 'GET') {
      response.end('{"status":"ready"}');
      return;
    }
    const text = answer(++questions);
    if (text !== undefined) response.end(text);
  });
}

async function smoke(
  environment: NodeJS.ProcessEnv,
  options: Partial<SmokeOptions> = {},
  interrupted?: AbortSignal,
) {
  let [out, err] = ['', ''];
  const code = await runSmoke(
    { wait: 0, timeout: 20, ...options },
    {
      environment,
      stdout: { write: (text) => (out += text).length > 0 },
      stderr: { write: (text) => (err += text).length > 0 },
      ...(interrupted ? { interrupted } : {}),
    },
  );
  return { code, out, err, steps: stepsOf(out) };
}

/** `ok create`, `FAILED ready`, … */
function stepsOf(out: string): string[] {
  return [...out.matchAll(/^(ok|FAILED) +(.*?) +\d+ ms/gm)].map(
    ([, state, name]) => `${state} ${name!.replace(/ smoke\/.*/, '')}`,
  );
}

const [CREATE, WRITE, GRAPHQL, FLIGHT, CLEAN] = [
  'create',
  'write a point',
  'read it over GraphQL',
  'read it over Arrow Flight',
  'leave nothing behind',
] as const;
const ok = (...names: string[]) => names.map((name) => `ok ${name}`);

async function seriesOf(app: TestApp): Promise<{ id: string; externalId: string }[]> {
  return (await app.query('{ listSeries(limit: 10) { id externalId } }')).data.listSeries;
}

describe('smoke of a service that works', () => {
  it('passes, tells each step with its milliseconds, and leaves nothing behind', async () => {
    const { app, environment } = await serving();
    const { code, out, err, steps } = await smoke(environment);
    expect([code, err]).toEqual([0, '']);
    expect(steps).toEqual(ok('ready', CREATE, WRITE, GRAPHQL, FLIGHT, CLEAN));
    expect(out).toMatch(/ create smoke\/[0-9a-f-]{36} /);
    const names = `${app.url}, grpc://127.0.0.1:${app.flightPort}`;
    expect(out.trimEnd().split('\n').at(-1)).toBe(`passed: ${names}`);
    expect(await seriesOf(app)).toEqual([]);
  });

  it('passes again and again, and beside itself', async () => {
    const { app, environment } = await serving();
    const all = await Promise.all(Array.from({ length: 4 }, () => smoke(environment)));
    expect(all.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    expect(await seriesOf(app)).toEqual([]);
  });

  it('takes both addresses as options, and Flight on the host of --url otherwise', async () => {
    const { app, environment } = await serving();
    const flight = `grpc://127.0.0.1:${app.flightPort}`;
    expect((await smoke({}, { url: app.url, flight })).code).toBe(0);
    const { FLIGHT_PORT } = environment;
    expect((await smoke({ HOST: '192.0.2.1', FLIGHT_PORT }, { url: app.url })).code).toBe(0);
  });

  it('leaves Arrow Flight out with --no-flight', async () => {
    const { app } = await serving();
    const { code, out, steps } = await smoke({ FLIGHT_PORT: '0' }, { url: app.url, flight: false });
    expect([code, steps]).toEqual([0, ok('ready', CREATE, WRITE, GRAPHQL, CLEAN)]);
    expect(out).not.toMatch(/flight|grpc/i);
  });

  it('waits with --wait until it is ready', async () => {
    const { app, environment } = await serving();
    const life = app.app.get(Lifecycle);
    Object.assign(life, { current: 'starting' });
    const asked = vi.spyOn(life, 'state', 'get');
    const testing = smoke(environment, { wait: 30 });
    await expect.poll(() => asked.mock.calls.length, { timeout: 20_000 }).toBeGreaterThan(1);
    asked.mockRestore();
    life.noteServing();
    expect((await testing).code).toBe(0);
  });
});

describe('smoke of a service that does not work', () => {
  it('ends with 1 where nothing listens, and has nothing to delete', async () => {
    const { app, environment } = await serving();
    await app.stop();
    apps.length = 0;
    const { code, out, steps } = await smoke(environment);
    expect([code, steps]).toEqual([1, ['FAILED ready']]);
    expect(out).toMatch(/ms: http:\/\/127\.0\.0\.1:\d+ cannot be reached: connection refused\n/);
    expect(out).toMatch(/^failed: http:.*, grpc:.*\n$/m);
  });

  it('ends with 1 where it is not ready, after --wait at the latest', async () => {
    const { app, environment } = await serving();
    app.app.get(Lifecycle).noteStopping();
    const { code, out } = await smoke(environment, { wait: 0.4 });
    expect(code).toBe(1);
    expect(out).toContain(' is not ready: The service is stopping\n');
  });

  it('ends with 1 where something else listens', async () => {
    const url = await listening((_, response) => response.end('{"status":"ok"}'));
    const { code, out, steps } = await smoke({}, { url });
    expect([code, steps]).toEqual([1, ['FAILED ready']]);
    expect(out).toContain(' does not answer like this service: status 200 to GET /health/ready\n');
  });

  it('names the step, and deletes what it made, where Arrow Flight is not there', async () => {
    const { app, environment } = await serving();
    const url = await listening((_, response) => response.end('web'));
    for (const port of ['1', environment.PORT, new URL(url).port]) {
      const { code, out, steps } = await smoke({ ...environment, FLIGHT_PORT: port });
      expect(code).toBe(1);
      expect(steps).toEqual([
        ...ok('ready', CREATE, WRITE, GRAPHQL),
        `FAILED ${FLIGHT}`,
        `ok ${CLEAN}`,
      ]);
      expect(out).toMatch(/Arrow Flight +\d+ ms: UNAVAILABLE: [^\n]+\nok /);
      expect(await seriesOf(app)).toEqual([]);
    }
  });

  it('names the code where the series is refused, and leaves nothing', async () => {
    const { app, environment, series } = await serving();
    vi.spyOn(series, 'create').mockRejectedValue(storageError('write', 'the disk is full'));
    const { code, out, steps } = await smoke(environment);
    expect([code, steps]).toEqual([1, ['ok ready', `FAILED ${CREATE}`, `ok ${CLEAN}`]]);
    expect(out).toContain('ms: STORAGE_ERROR: the disk is full\n');
    expect(out).not.toContain('left behind');
    expect(await seriesOf(app)).toEqual([]);
  });

  it('names the code where the point is refused, and deletes the series', async () => {
    const { app, environment } = await serving();
    const points = app.app.get(DataPointsService);
    vi.spyOn(points, 'upsert').mockRejectedValue(storageError('write', 'the disk is full'));
    const { code, out, steps } = await smoke(environment);
    expect([code, steps]).toEqual([1, [...ok('ready', CREATE), `FAILED ${WRITE}`, `ok ${CLEAN}`]]);
    expect(out).toContain('ms: STORAGE_ERROR: the disk is full\n');
    expect(await seriesOf(app)).toEqual([]);
  });

  it('notices a point that comes back with another value, over either protocol', async () => {
    const { app, environment } = await serving();
    const points = app.app.get(DataPointsService);
    const upsert = points.upsert.bind(points);
    const other = { values: Float64Array.of(1.5), exact: new Map<number, string>() };
    vi.spyOn(points, 'upsert').mockImplementation((writes) =>
      upsert(writes.map((write) => ({ ...write, ...other, length: 1 }))),
    );
    const { code, out, steps } = await smoke(environment);
    expect([code, steps]).toEqual([
      1,
      [...ok('ready', CREATE, WRITE), `FAILED ${GRAPHQL}`, `FAILED ${FLIGHT}`, `ok ${CLEAN}`],
    ]);
    expect(
      out.match(/received .*"1\.5".*, expected .*1234567890\.123456789012345678/g),
    ).toHaveLength(2);
  });

  it('tells what may be left behind, and how to delete it, where the deletion fails', async () => {
    const { app, environment, series } = await serving();
    vi.spyOn(series, 'delete').mockRejectedValue(storageError('write', 'the disk is full'));
    const { code, out, steps } = await smoke(environment);
    expect([code, steps.at(-1)]).toEqual([1, `FAILED ${CLEAN}`]);
    const [left] = await seriesOf(app);
    const deletion = `mutation { deleteSeries(id: "${left!.id}") }`;
    expect(out).toContain(
      `May be left behind: series ${left!.externalId}; to delete it: ${deletion}\n`,
    );
    vi.restoreAllMocks();
    expect((await app.query(deletion)).data).toEqual({ deleteSeries: true });
  });

  it('notices a series that is deleted and still there', async () => {
    const { environment, series } = await serving();
    vi.spyOn(series, 'delete').mockResolvedValue(undefined);
    const { code, out, steps } = await smoke(environment);
    expect([code, steps.at(-1)]).toEqual([1, `FAILED ${CLEAN}`]);
    expect(out).toContain('May be left behind: ');
  });

  it('ends with 1 where a series was created and is not known any more', async () => {
    const { app, environment, series } = await serving();
    const remove = series.delete.bind(series);
    vi.spyOn(series, 'delete').mockImplementation(async (id) => {
      await remove(id);
      await remove(id);
    });
    const { code, out } = await smoke(environment);
    expect(code).toBe(1);
    expect(out).toContain('ms: the service does not know it any more\n');
    expect(await seriesOf(app)).toEqual([]);
  });

  it('waits for no answer longer than --timeout, and says that the series may yet come', async () => {
    const answers = [undefined, '{"errors":[{"message":"no","extensions":{"code":"NOT_FOUND"}}]}'];
    const url = await readyService((question) =>
      question < 3 ? answers[question - 1] : '{"data":{"series":null}}',
    );
    const { code, out, steps } = await smoke({}, { url, flight: false, timeout: 0.5 });
    expect([code, steps]).toEqual([1, ['ok ready', `FAILED ${CREATE}`, `ok ${CLEAN}`]]);
    expect(out).toContain('ms: no answer within 0.5 s\n');
    expect(out).toMatch(/^May be left behind: series smoke\//m);
  });

  it('tells what came where GraphQL does not answer like this service', async () => {
    const url = await readyService(() => '<html>\u001b[2J');
    const { code, out, steps } = await smoke({}, { url, flight: false });
    expect([code, steps]).toEqual([1, ['ok ready', `FAILED ${CREATE}`, `FAILED ${CLEAN}`]]);
    expect(out).toContain('ms: no answer of this service: status 200 <html> [2J\n');
  });
});

describe('smoke that is interrupted', () => {
  it('begins nothing where it was interrupted before', async () => {
    const { app, environment } = await serving();
    const { code, out, steps } = await smoke(environment, {}, AbortSignal.abort());
    expect([code, steps]).toEqual([1, []]);
    expect(out).toMatch(/^interrupted: /);
    expect(await seriesOf(app)).toEqual([]);
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'deletes its series on %s, however many come, and ends with 1',
    async (signal) => {
      const { app, environment } = await serving();
      const points = app.app.get(DataPointsService);
      const writing = new Promise<void>((resolve) => {
        vi.spyOn(points, 'upsert').mockImplementation(() => {
          resolve();
          return new Promise(() => undefined);
        });
      });
      const child = startCommand(['smoke'], environment);
      let out = '';
      child.stdout!.setEncoding('utf8').on('data', (text: string) => (out += text));
      const closed = once(child, 'close');
      await writing;
      expect(await seriesOf(app)).toHaveLength(1);
      child.kill(signal);
      child.kill(signal);
      expect(await closed).toEqual([1, null]);
      expect(stepsOf(out)).toEqual([...ok('ready', CREATE), `FAILED ${WRITE}`, `ok ${CLEAN}`]);
      expect(out).toMatch(/ms: interrupted\n/);
      expect(out).toMatch(/^interrupted: /m);
      expect(await seriesOf(app)).toEqual([]);
    },
  );

  it('gives up a wait at once', async () => {
    const { app, environment } = await serving();
    app.app.get(Lifecycle).noteStopping();
    const asked = vi.spyOn(app.app.get(Lifecycle), 'state', 'get');
    const interruption = new AbortController();
    const testing = smoke(environment, { wait: 600 }, interruption.signal);
    await expect.poll(() => asked.mock.calls.length, { timeout: 20_000 }).toBeGreaterThan(0);
    interruption.abort();
    expect((await testing).code).toBe(1);
  });
});

describe('what smoke is asked', () => {
  it.each([
    [{ PORT: 'x' }, {}, 'PORT: received "x", allowed is a whole number from 0 to 65535'],
    [{ FLIGHT_PORT: '0' }, {}, 'FLIGHT_PORT: 0 takes any free port: .* with --flight'],
    [{}, { url: 'here' }, '--url: received "here", allowed is http://host:port'],
    [{}, { flight: 'http://a:1' }, '--flight: received "http://a:1", allowed is grpc://host:port'],
    [{}, { flight: 'grpc://a' }, '--flight: received "grpc://a", allowed is grpc://host:port'],
    [{}, { flight: 'grpc://a:0' }, '--flight: received "grpc://a:0", allowed is'],
    [{}, { flight: 'grpc://::1:1' }, '--flight: received "grpc://::1:1", allowed is'],
  ])('ends with 2 and says why: %j %j', async (environment, options, message) => {
    const { code, out, err } = await smoke(environment, options);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(new RegExp(`^${message}[^\\n]*\\n$`));
  });

  it.each(['--nope', 'surplus', '--wait -1', '--timeout 0'])(
    'ends with 2 for %s',
    async (wrong) => {
      const { code, out } = await runCommand('unused', 'smoke', ...wrong.split(' '));
      expect([code, out]).toEqual([2, '']);
    },
  );

  it('passes as a command, too', async () => {
    const { app } = await serving();
    const flight = `grpc://127.0.0.1:${app.flightPort}`;
    const ended = await runCommand('unused', 'smoke', '--url', app.url, '--flight', flight);
    expect(ended).toMatchObject({ code: 0, err: '' });
    expect(ended.out).toMatch(/^passed: /m);
  });
});
