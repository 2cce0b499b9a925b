// `doctor`, with real directories and real services: what is wrong is found and named, nothing is changed, and no
// secret is told.

import { once } from 'node:events';
import { cp, mkdir, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Check } from '../../src/cli/doctor/check.js';
import type { Facts } from '../../src/cli/doctor/facts.js';
import { runDoctor, type DoctorOptions } from '../../src/cli/doctor/run-doctor.js';
import { Secrets } from '../../src/cli/doctor/secrets.js';
import { serviceFacts } from '../../src/cli/doctor/service-facts.js';
import { DirectoryLock } from '../../src/storage/directory-lock.js';
import { pointsFile } from '../../src/storage/paths.js';
import { flip, rewriteFile } from '../support/damage.js';
import { openParquetStores, temporaryDataDir, withDataDir } from '../support/parquet-stores.js';
import { SOURCE_ID, upserts, uuid } from '../support/points.js';
import { newSeries, newSource } from '../support/stores.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { runCommand } from './verify-support.js';

const [A, B] = [uuid(1), uuid(2)];

/** Of machines nobody knows how much memory is free and how full the disk is. */
const SMALL = {
  HEALTH_DISK_FREE_PERCENT_MIN: '0',
  CACHE_BYTES_MAX: '0',
  DELTA_BYTES_MAX: '1048576',
};

let closed: string;

beforeAll(async () => {
  closed = await temporaryDataDir();
  const stores = await openParquetStores(closed);
  await stores.sources.create(newSource({ id: SOURCE_ID }));
  for (const id of [A, B]) {
    await stores.series.create(newSeries({ id, externalId: `S${id}` }));
    await stores.points.upsert([upserts(id, ['2020-01-01', '2020-03-01', '1.5'])]);
  }
  await stores.close();
});

afterAll(() => rm(closed, { recursive: true }));

const servers: Server[] = [];
const apps: TestApp[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

type Report = Facts & { readonly checks: readonly Check[] };

async function run(environment: NodeJS.ProcessEnv, options: DoctorOptions = {}) {
  let [out, err] = ['', ''];
  const code = await runDoctor(options, {
    environment: { ...SMALL, ...environment },
    stdout: { write: (text) => (out += text).length > 0 },
    stderr: { write: (text) => (err += text).length > 0 },
  });
  return { code, out, err };
}

async function report(environment: NodeJS.ProcessEnv, options: DoctorOptions = {}) {
  const { code, out } = await run(environment, { ...options, json: true });
  const facts = JSON.parse(out) as Report;
  const statusOf = (name: string) => facts.checks.find((check) => check.name === name)?.status;
  return { ...facts, code, statusOf };
}

/** A service on a copy of the directory. */
async function serving(prepare: (dataDir: string) => Promise<unknown> = async () => {}) {
  const dataDir = await temporaryDataDir();
  await cp(closed, dataDir, { recursive: true });
  await prepare(dataDir);
  const app = await startTestApp({ dataDir });
  apps.push({
    ...app,
    close: async () => {
      await app.stop();
      await rm(dataDir, { recursive: true });
    },
  });
  return { app, dataDir, environment: { DATA_DIR: dataDir, PORT: new URL(app.url).port } };
}

async function listening(server: Server): Promise<number> {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function unusedPort(): Promise<string> {
  const server = createServer();
  const port = await listening(server);
  server.close();
  await once(server, 'close');
  return String(port);
}

async function snapshot(dataDir: string): Promise<unknown[]> {
  const names = (await readdir(dataDir, { recursive: true })).sort();
  return Promise.all(
    names.map(async (name) => {
      const { size, mtimeMs } = await stat(join(dataDir, name));
      return [name, size, mtimeMs];
    }),
  );
}

describe('doctor beside no service', () => {
  it('finds nothing wrong with a sound directory, and changes nothing in it', async () => {
    const before = await snapshot(closed);
    const found = await report({ DATA_DIR: closed, PORT: await unusedPort() });
    expect(found.checks.filter(({ status }) => status === 'problem')).toEqual([]);
    expect(found.code).toBe(0);
    expect(found.service).toEqual({ state: 'not running' });
    expect(found.directory).toMatchObject({
      path: closed,
      lock: { state: 'free' },
      kinds: { points: { files: 2 }, series: { files: 2 }, checkpoint: { files: 1 } },
    });
    expect(await snapshot(closed)).toEqual(before);
  });

  it('makes no directory where there is none', () =>
    withDataDir(async (parent) => {
      const found = await report({ DATA_DIR: join(parent, 'a', 'b'), PORT: await unusedPort() });
      expect(found.directory.failure).toBe('ENOENT');
      expect(found.statusOf('data directory')).toBe('warning');
      expect(found.statusOf('disk space')).not.toBe('unknown');
      expect(await readdir(parent)).toEqual([]);
    }));

  it('tells files of each kind apart, those of others among them', () =>
    withDataDir(async (dataDir) => {
      await mkdir(join(dataDir, 'wal'));
      await writeFile(join(dataDir, 'wal', '0000000001.log'), 'x'.repeat(1000));
      await writeFile(join(dataDir, 'wal', '0000000002.log.damaged'), 'x'.repeat(10));
      await writeFile(join(dataDir, `${pointsFile(A)}.0123456789ab.tmp`), 'xyz');
      await writeFile(join(dataDir, 'notes.txt'), 'xy');
      await symlink('/nowhere', join(dataDir, 'broken'));
      const found = await report({ DATA_DIR: dataDir, PORT: await unusedPort() });
      expect(found.directory.kinds).toMatchObject({
        log: { files: 1, bytes: 1000 },
        damaged: { files: 1, bytes: 10 },
        temporary: { files: 1, bytes: 3 },
        foreign: { files: 1, bytes: 2 },
      });
      expect(found.directory.largest[0]).toEqual({ name: 'wal/0000000001.log', bytes: 1000 });
      expect(found.statusOf('damaged log')).toBe('warning');
    }));

  it('ends with 1 where DATA_DIR is a file, and says so', () =>
    withDataDir(async (dataDir) => {
      const file = join(dataDir, 'file');
      await writeFile(file, '');
      const { code, out } = await run({ DATA_DIR: file, PORT: await unusedPort() });
      expect(code).toBe(1);
      expect(out).toMatch(/PROBLEM +data directory: cannot be read \(ENOTDIR\)/);
    }));

  it('ends with 1 for a bad setting, tells it as the start does, and looks at the rest', async () => {
    const { code, out } = await run({ DATA_DIR: closed, PORT: 'x', LOG_LEVEL: 'loud' });
    expect(code).toBe(1);
    expect(out).toContain('PORT: received "x", allowed is a whole number from 0 to 65535');
    expect(out).toContain('LOG_LEVEL: received "loud", allowed is one of error, warn,');
    expect(out).toMatch(/points files 2 \(/);
  });

  it('says who works on the directory where nothing listens, and leaves the lock to them', async () => {
    const lock = DirectoryLock.acquire(closed);
    try {
      const found = await report({ DATA_DIR: closed, PORT: await unusedPort() });
      expect(found.directory.lock).toMatchObject({
        state: 'held',
        holder: expect.stringMatching(new RegExp(`^process ${process.pid} on `)) as string,
      });
      expect(found.statusOf('service')).toBe('warning');
      expect(DirectoryLock.isHeld(closed)).toBe(true);
    } finally {
      lock.release();
    }
  });
});

describe('doctor beside a service', () => {
  it('finds it well, with what it says of itself', async () => {
    const { app, environment } = await serving();
    await app.query('{ listSeries(limit: 10) { id } }');
    const found = await report(environment);
    expect(found.checks.filter(({ status }) => status === 'problem')).toEqual([]);
    expect(found.service).toMatchObject({
      state: 'answers',
      address: app.url,
      health: { status: expect.stringMatching(/^(healthy|degraded)$/) as string },
      metrics: { series: 2, points: 2, version: found.machine.version },
    });
    if (found.service.state !== 'answers') throw new Error('asserted above');
    expect(found.service.metrics?.heldSeconds).toBeGreaterThanOrEqual(0);
    expect(found.service.metrics?.residentBytes).toBeGreaterThan(1e6);
    expect(found.statusOf('service')).toBe('ok');
  });

  it('names a check of /health that is not healthy, and the section about it', async () => {
    const { app, environment } = await serving((dataDir) =>
      rewriteFile(join(dataDir, pointsFile(A)), (bytes) => flip(bytes, 40)),
    );
    await app.query('query Q($id: UUID!) { series(id: $id) { dataPoints { value } } }', { id: A });
    const found = await report(environment);
    const check = found.checks.find(({ name }) => name === 'health: stored_files');
    expect(check).toMatchObject({ status: 'warning' });
    expect(check?.advice).toMatch(/#filesquarantined$/);
    if (found.service.state !== 'answers') throw new Error('it runs');
    expect(found.service.metrics?.errors.graphql).toBe(1);
  });

  it('notices that the service works on another directory', async () => {
    const { environment } = await serving();
    const found = await report({ ...environment, DATA_DIR: closed });
    expect(found.statusOf('service')).toBe('warning');
    expect(found.directory.lock).toEqual({ state: 'free' });
  });

  it('notices what is no service of ours', async () => {
    const port = await listening(createServer((_, response) => response.end('{"status":"ok"}')));
    const found = await report({ DATA_DIR: closed, PORT: String(port) });
    expect(found.service.state).toBe('foreign');
    expect(found.code).toBe(1);
  });

  it('gives up a service that does not answer', async () => {
    const port = await listening(createServer(() => undefined));
    const secrets = new Secrets({});
    const found = await serviceFacts({ host: '127.0.0.1', port }, secrets, 50);
    expect(found).toMatchObject({ state: 'silent' });
  });

  it('asks on this machine what listens on every interface', async () => {
    const { app, environment } = await serving();
    const found = await report({ ...environment, HOST: '0.0.0.0' });
    expect(found.service).toMatchObject({ state: 'answers', address: app.url });
  });
});

describe('what doctor prints', () => {
  const REDIS_URL = 'redis://someone:hunter22@cache.example.org';

  it('has no secret in it, wherever one may come from', async () => {
    await withDataDir(async (folder) => {
      const log = join(folder, 'service.log');
      const message = `AUTH hunter22 at ${REDIS_URL}`;
      await writeFile(log, `${JSON.stringify({ level: 'error', message })}\n`);
      const checks = { cache: { name: 'cache', status: 'Degraded', message: 'no hunter22' } };
      const health = JSON.stringify({ status: 'degraded', checks, metrics: {} });
      const port = await listening(createServer((_, response) => response.end(health)));
      const environment = {
        ...{ DATA_DIR: join(folder, 'hunter22'), PORT: String(port), REDIS_URL },
        CORS_ORIGINS: 'https://a:zyxwvuts@b.example',
      };
      for (const json of [true, false]) {
        const { out } = await run(environment, { json, log });
        expect(out).toContain('set, not shown');
        expect(out).toContain('AUTH ***');
        expect(out).not.toMatch(/hunter22|zyxwvuts|cache\.example/);
      }
      const { err } = await run(environment, { log: join(folder, 'hunter22.log') });
      expect(err).toMatch(/^--log: ENOENT.*\*\*\*\.log/);
    });
  });

  it('ends with 2 where the log file cannot be read', async () => {
    const { code, out } = await run({ DATA_DIR: closed }, { log: join(closed, 'none.log') });
    expect([code, out]).toEqual([2, '']);
  });
});

describe('the command line', () => {
  it('prints the page, and ends with 2 for wrong usage', async () => {
    const asked = await runCommand(closed, 'doctor');
    expect(asked.out).toMatch(/^Checks$/m);
    expect(asked.code).toBe(asked.out.includes('PROBLEM') ? 1 : 0);
    for (const wrong of [['--nope'], ['surplus'], ['--log']]) {
      expect(await runCommand(closed, 'doctor', ...wrong)).toMatchObject({ code: 2, out: '' });
    }
    expect(await runCommand(closed, 'doctor', '--help')).toMatchObject({ code: 0, err: '' });
  });
});
