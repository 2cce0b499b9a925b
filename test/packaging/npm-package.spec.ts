// The package as it would be published: what is in it, and that it works where there is nothing else.

import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, join, posix } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { freePort } from '../support/redis-server.js';
import { postGraphql } from '../support/test-app.js';
import {
  DOCUMENTED_NPX,
  ended,
  NAME,
  npxLines,
  PackageUnderTest,
  type Ended,
} from './npm-package/package-under-test.js';

let packed: PackageUnderTest;
/** Why the tests of the installed package are left out. */
let notInstalled: string | undefined;
const running = new Set<ChildProcess>();

beforeAll(async () => {
  packed = await PackageUnderTest.pack();
  notInstalled = await packed.install();
  if (notInstalled === undefined) return;
  if (process.env['CI']) throw new Error(notInstalled);
  process.stderr.write(`Tests of the installed package skipped: ${notInstalled}\n`);
}, 600_000);

afterAll(async () => {
  for (const { pid } of running) endGroup(pid!);
  await packed?.dispose();
});

/** Also where npx has ended and the service has not. */
function endGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function skipUninstalled({ skip }: TestContext): void {
  if (notInstalled !== undefined) skip(notInstalled);
}

/** What may be in it. */
const ALLOWED = [
  /^(README|CHANGELOG|ARCHITECTURE|CONTRIBUTING)\.md$/,
  /^LICENSE$/,
  /^(package\.json|schema\.graphql)$/,
  /^dist\/[a-z-]+\.js$/,
  /^dist\/app\.module\.js$/,
  /^dist\/(?!playground\/)([a-z-]+\/)+[\w.-]+\.js$/,
  /^dist\/(app|config\/environment)\.d\.ts$/,
  /^dist\/playground\/(index\.html|licenses\.md|assets\/[\w.-]+\.(js|css|ttf))$/,
  /^docs\/(decisions\/\d{4}-)?[a-z\d-]+\.md$/,
  /^examples\/(python|go|us-employment)\/[\w./-]+\.(py|go|mod|sum|md|csv)$/,
  /^monitoring\/([a-z]+\/)*[\w.-]+\.(json|yml|yaml|md)$/,
];

/** Build steps, tests and what only a checkout has. */
const FORBIDDEN = /\.(spec|contract)\.|\.map$|\/\.|(^|\/)(tests?|scripts|bench|src|node_modules)\//;

/** Pages about what only a checkout has, and where that is. */
const OF_THE_CHECKOUT: Readonly<Record<string, RegExp>> = {
  'README.md': /^helm\//,
  'docs/packaging.md': /^(helm\/|scripts\/|Dockerfile$|docker-compose\.yml$)/,
};

/** Those of its first release and half as much again: what is more came in by mistake, or should be thought about. */
const TARBALL_BYTES_MAX = 4_000_000;

describe('what is in the package', () => {
  it('is what is allowed and nothing else', () => {
    const isAllowed = (path: string) => ALLOWED.some((pattern) => pattern.test(path));
    expect(packed.files.filter((path) => !isAllowed(path) || FORBIDDEN.test(path))).toEqual([]);
  });

  it('has every module of the sources, and none that has no source', async () => {
    const sources = (await readdir('src', { recursive: true }))
      .filter((path) => /(?<!\.d|\.spec)\.ts$/.test(path))
      .filter((path) => !path.startsWith('graphql/playground/'))
      .map((path) => `dist/${path.replace(/\.ts$/, '.js')}`);
    const modules = packed.files.filter((path) => /^dist\/(?!playground\/).*\.js$/.test(path));
    expect(modules.sort()).toEqual(sources.sort());
  });

  it('has what it names in package.json, and its documents', async () => {
    const { bin, types, exports } = JSON.parse(await readFile('package.json', 'utf8')) as {
      bin: Record<string, string>;
      types: string;
      exports: Record<string, string | Record<string, string>>;
    };
    const targets = Object.values(exports).flatMap((target) =>
      typeof target === 'string' ? [target] : Object.values(target),
    );
    const named = [...Object.values(bin), types, ...targets].map((path) => posix.normalize(path));
    const documents = ['README.md', 'LICENSE', 'CHANGELOG.md', 'docs/command-line.md'];
    expect(packed.files).toEqual(expect.arrayContaining([...named, ...documents]));
  });

  it('has every file that its documents link to, but for what only a checkout has', async () => {
    const broken: string[] = [];
    for (const path of packed.files.filter((file) => /^(?!dist\/).*\.md$/.test(file))) {
      for (const [, link] of (await readFile(path, 'utf8')).matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^([a-z]+:|#)/.test(link!)) continue;
        const target = posix.join(posix.dirname(path), link!.replace(/#.*/, '')).replace(/\/$/, '');
        const isThere = packed.files.some((file) => `${file}/`.startsWith(`${target}/`));
        const isElsewhere = OF_THE_CHECKOUT[path]?.test(target) && existsSync(target);
        if (!isThere && !isElsewhere) broken.push(`${path}: ${link}`);
      }
    }
    expect(broken).toEqual([]);
  });

  it('has no more bytes than TARBALL_BYTES_MAX', async () => {
    expect((await readFile(packed.tarball)).byteLength).toBeLessThan(TARBALL_BYTES_MAX);
  });
});

describe('the documented way to run the package from its file', () => {
  it('is one, wherever it is told, and names the file that npm makes', () => {
    const others = npxLines('README.md').filter((line) => / serve$/.test(line));
    expect(others).toEqual([DOCUMENTED_NPX]);
    const [start] = DOCUMENTED_NPX.split(/serve$/);
    for (const line of npxLines('docs/packaging.md')) expect(line.startsWith(start!)).toBe(true);
    expect(DOCUMENTED_NPX).toContain(`PATH/${basename(packed.tarball)} `);
  });
});

describe('the command of the installed package', () => {
  beforeEach(skipUninstalled);

  it('tells its version, through npx in an empty directory', async () => {
    const { version } = JSON.parse(await packed.text('package.json')) as { version: string };
    expect(await packed.npx(['--version'])).toMatchObject({ code: 0, out: `${version}\n` });
  });

  it('has help with examples and exit codes for every command', async () => {
    const { code, out } = await packed.command(['--help']);
    expect([code, out]).toEqual([0, expect.stringContaining('Examples:')]);
    const commands = [...out.matchAll(/^ {2}([a-z-]+) /gm)].map(([, name]) => name!);
    const wanted = ['serve', 'import', 'verify', 'salvage-log', 'doctor', 'health', 'smoke'];
    expect(commands).toEqual([...wanted, 'help']);
    for (const name of wanted) {
      const help = await packed.command([name, '--help']);
      expect(help).toMatchObject({ code: 0, err: '' });
      expect(help.out).toMatch(new RegExp(`\\nExamples:\\n(.*\\n)*? +\\$ .*${NAME} ${name}`));
      expect(help.out).toMatch(/Exit codes: 0 /);
    }
  });

  it('says what there is where it is given nothing, and what is wrong where it is, with code 2', async () => {
    const nothing = await packed.command([]);
    expect(nothing).toMatchObject({ code: 2, err: expect.stringContaining('Commands:') as string });
    const wrong = await packed.command(['helth']);
    expect(wrong).toMatchObject({ code: 2, out: '' });
    expect(wrong.err).toMatch(/unknown command 'helth'\n\(Did you mean health\?\)\n\(--help /);
    for (const name of ['serve', 'import', 'verify', 'salvage-log', 'doctor']) {
      expect((await packed.command([name, '--nope'])).code).toBe(2);
    }
  });
});

interface Served {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  readonly url: string;
  readonly settings: { readonly PORT: string; readonly FLIGHT_PORT: string };
}

/** The documented `npx … serve`, in a process group of its own, as a terminal has it. */
async function serve(cwd: string): Promise<Served> {
  const settings = { PORT: String(await freePort()), FLIGHT_PORT: String(await freePort()) };
  const child = packed.startNpx(['serve'], { cwd, env: settings, detached: true });
  running.add(child);
  let log = '';
  child.stdout!.on('data', (text) => (log += String(text)));
  child.stderr!.on('data', (text) => (log += String(text)));
  const end = ended(child);
  await expect
    .poll(() => (child.exitCode === null ? log : `it ended: ${log}`), { timeout: 120_000 })
    .toMatch(/"message":"Listening"|^it ended/);
  expect(log).toContain('"message":"Listening"');
  return { child, ended: end, url: `http://127.0.0.1:${settings.PORT}`, settings };
}

const TEST_MILLISECONDS = 300_000;

describe('npx from the tarball in an empty directory', { timeout: TEST_MILLISECONDS }, () => {
  beforeEach(skipUninstalled);

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'serves, keeps its data in ./data, and has all of it in files when it was stopped by %s',
    async (signal) => {
      const cwd = await packed.emptyDirectory();
      const service = await serve(cwd);
      const smoke = await packed.command(['smoke'], service.settings);
      expect(smoke).toMatchObject({ code: 0, err: '' });
      expect(smoke.out).toMatch(/^passed: http:.*, grpc:/m);
      expect((await packed.command(['health'], service.settings)).code).toBe(0);

      const id = '0198a000-0000-7000-8000-000000000001';
      const sourceId = '123e4567-e89b-12d3-a456-426614174000';
      const { errors } = await postGraphql(
        service.url,
        `mutation { createSeries(input: { id: "${id}" sourceId: "${sourceId}" externalId: "GDP" title: "GDP" frequency: "annual" }) { id }
           createDataPoints(inputs: [{ seriesId: "${id}", date: "2020-01-01", value: "1.5" }]) { addedCount } }`,
      );
      expect(errors).toBeUndefined();

      // A terminal sends it to npx and to the service, others to npx only.
      process.kill(signal === 'SIGINT' ? -service.child.pid! : service.child.pid!, signal);
      const { out } = await service.ended;
      expect(out).toContain('"message":"Stopped"');
      expect(await readdir(cwd)).toEqual(['data']);
      const stored = await readdir(join(cwd, 'data'));
      expect(stored).toEqual(
        expect.arrayContaining([`series_${id}.parquet`, `data_points_${id}.parquet`]),
      );
      const verified = await packed.command(['verify', '--json'], { DATA_DIR: join(cwd, 'data') });
      expect(verified.code).toBe(0);
      expect(JSON.parse(verified.out)).toMatchObject({ findings: [], series: 1, points: 1 });
    },
  );

  it('has the playground with all that its page loads', async () => {
    const service = await serve(await packed.emptyDirectory());
    const page = await (await fetch(service.url, { headers: { accept: 'text/html' } })).text();
    const assets = [...page.matchAll(/(?:src|href)="([^"]+\.(?:js|css))"/g)].map(
      ([, path]) => path!,
    );
    expect(assets.length).toBeGreaterThan(1);
    for (const path of assets) {
      const answer = await fetch(new URL(path, service.url));
      expect([path, answer.status]).toEqual([path, 200]);
    }
    process.kill(service.child.pid!, 'SIGTERM');
    await service.ended;
  });
});

const CONSUMER = `
import { createApp, listen, type Addresses } from '${NAME}';
import { Config, ConfigError, loadConfig } from '${NAME}/config';

const config: Config = loadConfig({ ...process.env, PORT: '0', FLIGHT_PORT: '0', LOG_LEVEL: 'error' });
const app = await createApp(config);
const { url, flightPort }: Addresses = await listen(app, config);
const health: unknown = await (await fetch(new URL('/health/ready', url))).json();
await app.close();
try {
  loadConfig({ PORT: 'x' });
} catch (error) {
  if (error instanceof ConfigError) console.log(JSON.stringify(health), flightPort > 0, error.faults.length);
}
`;

describe('the package as a library', { timeout: TEST_MILLISECONDS }, () => {
  beforeEach(skipUninstalled);

  const TSC = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const OPTIONS = {
    ...{ module: 'nodenext', moduleResolution: 'nodenext', target: 'es2023', types: ['node'] },
    ...{ strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false },
  };

  async function consumer(source: string): Promise<string> {
    const directory = await packed.emptyDirectory();
    await symlink(await packed.tree(), join(directory, 'node_modules'));
    await writeFile(join(directory, 'package.json'), '{ "type": "module" }');
    await writeFile(join(directory, 'use.ts'), source);
    const settings = { compilerOptions: OPTIONS, files: ['use.ts'] };
    await writeFile(join(directory, 'tsconfig.json'), JSON.stringify(settings));
    return directory;
  }

  function node(cwd: string, ...args: string[]): Promise<Ended> {
    return ended(spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] }));
  }

  it('type-checks in strict mode, its dependencies too, and runs', async () => {
    const directory = await consumer(CONSUMER);
    expect(await node(directory, TSC, '-p', '.')).toEqual({ code: 0, out: '', err: '' });
    const { code, out, err } = await node(directory, 'use.js');
    expect({ code, out, err }).toEqual({ code: 0, out: '{"status":"ready"} true 1\n', err: '' });
  });

  it('tells of a wrong use of its types', async () => {
    const directory = await consumer(
      CONSUMER.replace('createApp(config)', 'createApp({ port: 1 })'),
    );
    const { code, out } = await node(directory, TSC, '-p', '.');
    expect(code).not.toBe(0);
    expect(out).toMatch(/^use\.ts\(6,\d+\): error TS2\d+: /m);
  });

  it('keeps to itself what is not meant for others', async () => {
    const directory = await consumer('');
    const { code, err } = await node(
      directory,
      '--input-type=module',
      '-e',
      `await import('${NAME}/dist/serve.js')`,
    );
    expect(code).toBe(1);
    expect(err).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED');
  });
});
