// What the image does: started, written to, read, asked for everything it offers, stopped, killed and started again.

import { chmodSync, chownSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as client from './client.mjs';
import { filesBelow } from './tree-checks.mjs';

const COMMAND = 'econ-graph-financial-data';
const START_MILLISECONDS_MAX = 180_000;
const STOP_MILLISECONDS_MAX = 60_000;
/** Enough that the files are encoded in another thread. */
const POINTS = 20_000;
const USER = 1000;
const OTHER_USER = 54321;
const TERMINATED = 143;

export async function checkService(check, runtime, root, made) {
  const data = folder(runtime, made, USER);
  const beginning = performance.now();
  const service = await runtime.start({ dataDir: data });
  await check('starts as its user with a read-only root and becomes healthy', async () => {
    await healthy(service);
    return `${((performance.now() - beginning) / 1000).toFixed(1)} s`;
  });
  let series;
  await check('writes and reads over GraphQL', async () => {
    series = await client.createSeries(service.url, 'SNAPPY');
    await client.writePoints(service.url, series, POINTS);
    await client.expectPoints(service.url, series, POINTS);
  });
  await check('passes its own smoke test from within, over GraphQL and Arrow Flight', () =>
    succeeds(service.exec([COMMAND, 'smoke'])),
  );
  await check('passes its own smoke test through the published ports', () =>
    succeeds(
      runtime.once(['smoke', '--url', service.url, '--flight', service.flightUrl], {
        network: 'host',
      }),
    ),
  );
  await check('serves the playground with every file of it', async () => {
    const page = await client.text(service.url, '/');
    if (!page.includes('<script')) throw new Error('GET / is no page with a script');
    const folderOf = join(root, 'app/dist/playground');
    const paths = filesBelow(folderOf).map((path) => path.slice(folderOf.length));
    for (const path of paths.filter((each) => each !== '/index.html'))
      await client.text(service.url, `/playground${path}`);
    return `${paths.length} files`;
  });
  await check(
    'tells its metrics',
    async () => `${await client.residentMegabytes(service.url)} MB resident`,
  );
  for (const command of ['doctor', 'verify', 'health'])
    await check(`${command} works beside it`, () => succeeds(service.exec([COMMAND, command])));
  await check('--help of every command works', () => {
    const { stdout } = service.exec([COMMAND, '--help']);
    const names = [...stdout.matchAll(/^ {2}([a-z][a-z-]+) /gm)].map(([, name]) => name);
    if (names.length < 7) throw new Error(`only ${names.join(', ')}: ${stdout}`);
    for (const name of names.filter((each) => each !== 'help')) {
      const help = service.exec([COMMAND, name, '--help']);
      if (!help.stdout.includes(`Usage: ${COMMAND} ${name}`))
        throw new Error(`${name}: ${help.stderr}`);
    }
    return names.join(', ');
  });
  await check('writes nothing outside of its data and /tmp', () => {
    const changed = service.changedFiles().filter((line) => !isMount(line));
    if (changed.length > 0) throw new Error(changed.join(', '));
  });
  await check('SIGTERM ends it with code 0, and the points are in a Snappy file', async () => {
    service.signal('SIGTERM');
    expectEqual(await service.ended(STOP_MILLISECONDS_MAX), 0);
    expectEqual(client.compressionOf(data, series), 'SNAPPY');
  });
  await check('the next start finds the data', async () => {
    service.again();
    await healthy(service);
    await client.expectPoints(service.url, series, POINTS);
  });
  let killed;
  await check('SIGKILL loses nothing that was acknowledged', async () => {
    killed = await client.createSeries(service.url, 'KILLED');
    await client.writePoints(service.url, killed, 100);
    service.signal('SIGKILL');
    expectEqual(await service.ended(STOP_MILLISECONDS_MAX), 137);
    service.again();
    await healthy(service);
    await client.expectPoints(service.url, killed, 100);
  });
  service.signal('SIGTERM');
  await service.ended(STOP_MILLISECONDS_MAX);
  service.remove();
  await checkImport(check, runtime, data, made);
}

async function checkImport(check, runtime, dataDir, made) {
  const files = folder(runtime, made, USER);
  const lines = Array.from({ length: 5000 }, (_, day) => {
    const date = new Date(Date.UTC(2000, 0, 1 + day)).toISOString().slice(0, 10);
    return `CSV,${date},2024-01-01,${day}.5`;
  });
  writeFileSync(
    join(files, 'points.csv'),
    `series,date,revision_date,value\n${lines.join('\n')}\n`,
  );
  const options = { dataDir, folders: { '/import': files } };
  const environment = { PARQUET_COMPRESSION: 'zstd' };
  await check('imports a CSV file into its data', () => {
    const result = runtime.once(['import', '/import/points.csv'], { ...options, environment });
    succeeds(result);
    if (!result.stdout.includes('5,000 added')) throw new Error(result.stdout);
  });
  await check('writes ZSTD, reads both back, and verify finds every file whole', async () => {
    const service = await runtime.start({ ...options, environment });
    await healthy(service);
    const id = await client.createSeries(service.url, 'ZSTD');
    await client.writePoints(service.url, id, POINTS);
    service.signal('SIGTERM');
    expectEqual(await service.ended(STOP_MILLISECONDS_MAX), 0);
    expectEqual(client.compressionOf(dataDir, id), 'ZSTD');
    service.again();
    await healthy(service);
    await client.expectPoints(service.url, id, POINTS);
    const { listSeries } = await client.ask(
      service.url,
      '{ listSeries(limit: 10) { externalId dataPointCount } }',
    );
    const counts = Object.fromEntries(
      listSeries.map((each) => [each.externalId, each.dataPointCount]),
    );
    expectEqual(JSON.stringify([counts.CSV, counts.KILLED, counts.SNAPPY]), `[5000,100,${POINTS}]`);
    service.signal('SIGTERM');
    await service.ended(STOP_MILLISECONDS_MAX);
    service.remove();
    succeeds(runtime.once(['verify'], options));
  });
}

/** Users, mounts and limits that are not the usual ones. */
export async function checkSurroundings(check, skip, runtime, made) {
  if (runtime.canChooseUser) {
    await check('any other user works on a directory that it may write', async () => {
      const dataDir = folder(runtime, made, OTHER_USER);
      const service = await runtime.start({ dataDir, user: `${OTHER_USER}:0` });
      await healthy(service);
      succeeds(service.exec([COMMAND, 'smoke']));
      service.signal('SIGTERM');
      expectEqual(await service.ended(STOP_MILLISECONDS_MAX), 0);
      service.remove();
    });
  } else skip('any other user: only root can choose one');
  await check(
    'a directory that it may not write ends the start with one line that says what to do',
    () => {
      const dataDir = folder(runtime, made, 0);
      if (!runtime.canChooseUser) chmodSync(dataDir, 0o555);
      const { status, stderr, stdout } = runtime.once(['serve'], { dataDir });
      expectEqual(status, 1);
      const line = stderr.trim().split('\n').at(-1);
      if (
        !/^DATA_DIR: .* cannot be written by uid \d+ \(EACCES\); .*chown -R \d+.*--user/.test(line)
      )
        throw new Error(stdout + stderr);
      return line;
    },
  );
  if (!runtime.isContainer) {
    skip(
      'volumes, a gigabyte of memory, and signals to the first process: these need a container engine',
    );
    return;
  }
  for (const [title, user] of [
    ['the user of the image', undefined],
    ['a user that a cluster makes up, in group 0,', `${OTHER_USER}:0`],
  ]) {
    await check(`${title} works on a volume made from the image`, async () => {
      const service = await runtime.start({ user });
      await healthy(service);
      succeeds(service.exec([COMMAND, 'smoke']));
      service.remove();
    });
  }
  await check(
    'serves with 1 GiB of memory and one processor, and changes nothing outside of its data',
    async () => {
      const dataDir = folder(runtime, made, USER);
      const service = await runtime.start({ dataDir, memory: '1g', isWritable: true });
      const beginning = performance.now();
      await healthy(service);
      const seconds = ((performance.now() - beginning) / 1000).toFixed(1);
      const idle = await client.residentMegabytes(service.url);
      const id = await client.createSeries(service.url, 'MEMORY');
      await client.writePoints(service.url, id, 10 * POINTS);
      await client.expectPoints(service.url, id, 10 * POINTS);
      const busy = await client.residentMegabytes(service.url);
      const changed = service.changedFiles().filter((line) => !isMount(line));
      if (changed.length > 0) throw new Error(changed.join(', '));
      service.remove();
      return `ready in ${seconds} s, ${idle} MB idle, ${busy} MB after ${10 * POINTS} points`;
    },
  );
  for (const init of [false, true]) {
    await check(
      `SIGTERM ends a command that handles none, ${init ? 'with --init' : 'as the first process'}`,
      () => endsWhileWaiting(runtime, made, init),
    );
  }
}

/** An import into a service that never answers. */
async function endsWhileWaiting(runtime, made, init) {
  const files = folder(runtime, made, USER);
  writeFileSync(
    join(files, 'points.csv'),
    'series,date,revision_date,value\nA,2024-01-01,2024-02-01,1\n',
  );
  const server = createServer();
  const asked = new Promise((resolve) => server.once('connection', resolve));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${server.address().port}`;
  const command = ['import', '/import/points.csv', '--url', url];
  const container = await runtime.start({
    command,
    network: 'host',
    folders: { '/import': files },
    init,
  });
  try {
    const socket = await Promise.race([asked, until(START_MILLISECONDS_MAX)]);
    if (!socket) throw new Error(`it never asked: ${container.output()}`);
    container.signal('SIGTERM');
    expectEqual(await container.ended(STOP_MILLISECONDS_MAX), TERMINATED);
    socket.destroy();
  } finally {
    server.close();
    container.remove();
  }
}

function until(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
}

/** A folder of this machine that belongs to a user; where that cannot be, one that anybody may write. */
function folder(runtime, made, uid) {
  const path = mkdtempSync(join(tmpdir(), 'econ-graph-image-data-'));
  made.push(path);
  chmodSync(path, 0o755);
  if (process.getuid() === 0) chownSync(path, uid, 0);
  else if (uid !== 0) chmodSync(path, 0o777);
  return path;
}

async function healthy(service) {
  if (await service.healthy(START_MILLISECONDS_MAX)) return;
  throw new Error(`it is not healthy: ${service.output().slice(-1000)}`);
}

/** What an engine itself puts into a container. */
function isMount(line) {
  return /^[ACD] \/(app(\/data)?|dev|etc(\/(hosts|hostname|resolv\.conf|mtab|passwd|group))?|proc|run(\/.*)?|sys|tmp|var(\/run)?)$/.test(
    line,
  );
}

function succeeds({ status, stdout, stderr }) {
  if (status !== 0) throw new Error(`exit code ${status}: ${(stdout + stderr).slice(-1500)}`);
}

function expectEqual(value, expected) {
  if (value !== expected) throw new Error(`${value} instead of ${expected}`);
}
