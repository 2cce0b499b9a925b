// `health`, asking real services and what is none: the answer is one line, and an exit code.

import { once } from 'node:events';
import { rename } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import {
  createServer as createTcpServer,
  type AddressInfo,
  type Server as TcpServer,
} from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import {
  DEFAULT_FLIGHT_PORT,
  DEFAULT_HOST,
  DEFAULT_HTTP_PORT,
  httpAddress,
  UsageError,
} from '../../src/cli/health/service-address.js';
import { runHealth, type HealthOptions } from '../../src/cli/health/run-health.js';
import { Config } from '../../src/config/environment.js';
import { Lifecycle } from '../../src/health/lifecycle.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { runCommand, startCommand } from './verify-support.js';

const apps: TestApp[] = [];
const servers: (Server | TcpServer)[] = [];
const sockets: { destroy(): void }[] = [];

afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

async function serving(overrides: Partial<Config> = {}) {
  const app = await startTestApp(overrides);
  apps.push(app);
  return { app, environment: { PORT: new URL(app.url).port } };
}

async function listening(server: Server | TcpServer): Promise<NodeJS.ProcessEnv> {
  servers.push(server);
  server.on('connection', (socket: { destroy(): void }) => sockets.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { PORT: String((server.address() as AddressInfo).port) };
}

async function health(environment: NodeJS.ProcessEnv, options: Partial<HealthOptions> = {}) {
  let [out, err] = ['', ''];
  const code = await runHealth(
    { timeout: 10, ...options },
    {
      environment,
      stdout: { write: (text) => (out += text).length > 0 },
      stderr: { write: (text) => (err += text).length > 0 },
    },
  );
  return { code, out, err };
}

function told(code: number, text: string | RegExp) {
  return { code, out: expect.stringMatching(text) as string, err: '' };
}

describe('health of a service', () => {
  it('ends with 0 where it is ready, has started, is alive', async () => {
    const { app, environment } = await serving();
    expect(await health(environment)).toEqual({ code: 0, out: `${app.url} is ready\n`, err: '' });
    const [startup, live] = [{ startup: true }, { live: true }];
    expect(await health(environment, startup)).toEqual(told(0, / has started\n$/));
    expect(await health(environment, live)).toEqual(told(0, / is alive\n$/));
    expect(await health(environment, { ready: true })).toEqual(told(0, / is ready\n$/));
  });

  it('asks where --url says, however it is written', async () => {
    const { app } = await serving();
    for (const url of [app.url, `${app.url}/`, `${app.url}/graphql`, `${app.url}/graphql?x#y`]) {
      const asked = await health({ PORT: '1' }, { url });
      expect(asked).toEqual({ code: 0, out: `${app.url} is ready\n`, err: '' });
    }
  });

  it.each(['127.0.0.1', '0.0.0.0', 'localhost', '::', '::1'])(
    'finds on this machine what listens on %s',
    async (host) => {
      const { environment } = await serving({ host });
      expect(await health({ ...environment, HOST: host })).toEqual(told(0, / is ready\n$/));
    },
  );

  it('ends with 1, and the reason, while it starts', async () => {
    const { app, environment } = await serving();
    Object.assign(app.app.get(Lifecycle), { current: 'starting' });
    const starting = ': The service is starting\n$';
    expect(await health(environment)).toEqual(told(1, ` is not ready${starting}`));
    expect(await health(environment, { startup: true })).toEqual(
      told(1, ` has not started${starting}`),
    );
    expect(await health(environment, { live: true })).toEqual(told(0, / is alive\n$/));
  });

  it('ends with 1, and the reason, while it stops', async () => {
    const { app, environment } = await serving();
    app.app.get(Lifecycle).noteStopping();
    expect(await health(environment)).toEqual(told(1, / is not ready: The service is stopping\n$/));
    expect(await health(environment, { startup: true })).toEqual(told(0, / has started\n$/));
  });

  it('ends with 1, and the reason, where the data directory is gone', async () => {
    const { app, environment } = await serving();
    await rename(app.dataDir, `${app.dataDir}-gone`);
    const asked = await health(environment);
    await rename(`${app.dataDir}-gone`, app.dataDir);
    expect(asked).toEqual(told(1, / is not ready: \S.*\n$/));
  });
});

describe('health of anything else', () => {
  it('ends with 1 where nothing listens', async () => {
    const server = createTcpServer();
    const environment = await listening(server);
    server.close();
    await once(server, 'close');
    expect(await health(environment)).toEqual(told(1, / cannot be reached: connection refused\n$/));
  });

  it('ends with 1 where there is no such host', async () => {
    const url = 'http://nowhere.invalid:3001';
    expect(await health({}, { url })).toEqual(told(1, `^${url} cannot be reached: `));
  });

  it.each([
    ['{"status":"ok"}', 200],
    ['ready', 200],
    ['null', 200],
    ['<html>', 404],
  ])('ends with 1 where %s with %i is the answer', async (text, status) => {
    const environment = await listening(
      createServer((_, response) => response.writeHead(status).end(text)),
    );
    const expected = ` does not answer like this service: status ${status} to GET /health/ready\n$`;
    expect(await health(environment)).toEqual(told(1, expected));
  });

  it('ends with 1 where no HTTP is spoken', async () => {
    const environment = await listening(createTcpServer((socket) => socket.end('220 mail\r\n')));
    expect(await health(environment)).toEqual(told(1, / does not speak HTTP\n$/));
  });

  it('ends with 1 where the connection is closed at once', async () => {
    const environment = await listening(createTcpServer((socket) => socket.destroy()));
    expect(await health(environment)).toEqual(told(1, / cannot be reached: /));
  });

  it('waits for no longer than --timeout, also for an answer that has begun', async () => {
    const silent = await listening(createServer(() => undefined));
    const late = / cannot be reached: no answer within 0.1 s\n$/;
    expect(await health(silent, { timeout: 0.1 })).toEqual(told(1, late));
    const dripping = await listening(createServer((_, response) => response.write('{')));
    expect(await health(dripping, { timeout: 0.1 })).toEqual(told(1, late));
  });

  it('reads no more than a megabyte', async () => {
    const environment = await listening(
      createServer((_, response) => response.end('x'.repeat(1_000_001))),
    );
    expect(await health(environment)).toEqual(told(1, / the answer is too large\n$/));
  });

  it('prints one line whatever the reason is, and no password', async () => {
    const report = { status: 'not ready', reason: 'a\nb\u2028c\u001b[31m' };
    const { PORT: port } = await listening(
      createServer((_, response) => response.writeHead(503).end(JSON.stringify(report))),
    );
    const { out } = await health({}, { url: `http://someone:hunter22@127.0.0.1:${port}/base/` });
    expect(out).toBe(`http://127.0.0.1:${port}/base is not ready: a b c [31m\n`);
  });
});

describe('what health is asked', () => {
  it.each([
    [{ PORT: 'x' }, {}, 'PORT: received "x", allowed is a whole number from 0 to 65535'],
    [{ PORT: '65536' }, {}, 'PORT: received "65536", allowed is a whole number from 0 to 65535'],
    [{ PORT: '0' }, {}, 'PORT: 0 takes any free port: say which one it is with --url'],
    [{ HOST: 'a b' }, {}, 'HOST: received "a b": say where it is with --url'],
    [{}, { url: 'localhost:3001' }, '--url: received "localhost:3001", allowed is http://host'],
    [{}, { url: 'ftp://a' }, '--url: received "ftp://a", allowed is http://host:port or https'],
  ])('ends with 2 and says why: %j %j', async (environment, options, message) => {
    const { code, out, err } = await health(environment, options);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(new RegExp(`^${message}[^\\n]*\\n$`));
  });

  it('has the defaults of the settings', () => {
    const { port, host, flightPort } = new Config();
    expect([DEFAULT_HTTP_PORT, DEFAULT_HOST, DEFAULT_FLIGHT_PORT]).toEqual([
      port,
      host,
      flightPort,
    ]);
    expect(httpAddress(undefined, { PORT: '', HOST: '' }).href).toBe(`http://${host}:${port}/`);
  });

  it('takes addresses of both protocols, in brackets or not', () => {
    const hrefOf = (HOST: string) => httpAddress(undefined, { HOST }).href;
    expect(hrefOf('fd00::5')).toBe('http://[fd00::5]:3001/');
    expect(hrefOf('[fd00::5]')).toBe('http://[fd00::5]:3001/');
    expect(hrefOf('10.0.0.7')).toBe('http://10.0.0.7:3001/');
    expect(() => hrefOf('fe80::1%eth0')).toThrow(UsageError);
  });

  it.each([
    ...['--nope', 'surplus', '--url', '--live --startup', '--ready --live'],
    ...['--timeout 0', '--timeout x', '--timeout 86401'],
  ])('ends with 2 for %s', async (wrong) => {
    const { code, out } = await runCommand('unused', 'health', ...wrong.split(' '));
    expect([code, out]).toEqual([2, '']);
  });
});

/** Prints the address of every module that is loaded, on standard error. */
const TELL_MODULES = `data:text/javascript,${encodeURIComponent(`
  import { register } from 'node:module';
  register('data:text/javascript,' + encodeURIComponent(\`
    export async function load(url, context, next) { process._rawDebug(url); return next(url, context); }
  \`));
`)}`;

describe('the command health', () => {
  it('loads commander and a few small files, because it runs every few seconds', async () => {
    const { app, environment } = await serving();
    const settings = { ...environment, NODE_OPTIONS: `--import ${TELL_MODULES}` };
    const child = startCommand(['health'], settings);
    let [out, err] = ['', ''];
    child.stdout!.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (err += text));
    const [code] = (await once(child, 'close')) as [number];
    expect([code, out]).toEqual([0, `${app.url} is ready\n`]);
    const files = err.split('\n').filter((line) => line.startsWith('file:'));
    expect(files).toContainEqual(expect.stringMatching(/\/dist\/cli\/health\/run-health\.js$/));
    expect(
      files.filter((file) => !/\/dist\/(cli|core)\/|\/node_modules\/commander\//.test(file)),
    ).toEqual([]);
    expect(files.length).toBeLessThan(25);
  });
});
