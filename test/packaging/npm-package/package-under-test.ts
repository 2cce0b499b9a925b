// The package as npm makes it, and as npx installs it in an empty directory: one install for all tests.

import { execFile, spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { documentedCommands } from '../documented-commands.js';

export const NAME = 'econ-graph-financial-data';

/** How docs/packaging.md says that the package is run from its file; `PATH` is where that lies. */
export const DOCUMENTED_NPX = npxLines('docs/packaging.md').find((line) => / serve$/.test(line))!;

const run = promisify(execFile);
const OUTPUT_BYTES_MAX = 10_000_000;

/** What npm says where it cannot reach a registry. */
const NO_REGISTRY = /ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ENETUNREACH|ENOTCACHED|network/;

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The examples of a document that run the package from its file. */
export function npxLines(path: string): string[] {
  return documentedCommands(path).filter((line) => /^npx .*\.tgz/.test(line));
}

export class PackageUnderTest {
  private constructor(
    readonly directory: string,
    readonly tarball: string,
    /** Paths in the tarball. */
    readonly files: readonly string[],
  ) {}

  /** Packs the checkout, as `npm publish` would. */
  static async pack(): Promise<PackageUnderTest> {
    const directory = await mkdtemp(join(tmpdir(), 'econ-graph-package-'));
    const env = environment();
    const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', directory], {
      env,
      maxBuffer: OUTPUT_BYTES_MAX,
    });
    // Lines of the build come before it.
    const [{ filename, files }] = JSON.parse(stdout.slice(stdout.search(/^\[$/m))) as [
      { filename: string; files: { path: string }[] },
    ];
    // What was downloaded before is used; what npx installs goes with the test.
    const { stdout: cache } = await run('npm', ['config', 'get', 'cache'], { env });
    const downloads = join(cache.trim() || join(homedir(), '.npm'), '_cacache');
    await mkdir(downloads, { recursive: true });
    await mkdir(join(directory, 'cache'));
    await symlink(downloads, join(directory, 'cache', '_cacache'));
    const paths = files.map(({ path }) => path);
    return new PackageUnderTest(directory, join(directory, filename), paths);
  }

  /** @returns why not, where no registry can be reached; undefined where it is installed */
  async install(): Promise<string | undefined> {
    const { code, err } = await this.npx(['--version']);
    if (code === 0) return undefined;
    if (!NO_REGISTRY.test(err)) throw new Error(`npx cannot install the package: ${err}`);
    return `no registry of npm can be reached: ${err}`;
  }

  /** The documented command, with another one of the package's for `serve`, as a shell runs it. */
  startNpx(args: readonly string[], options: SpawnOptions = {}): ChildProcess {
    const line = DOCUMENTED_NPX.replace('PATH/', `${this.directory}/`);
    return spawn('sh', ['-c', `exec ${line.replace(/serve$/, args.join(' '))}`], {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...options,
      env: { ...environment(), npm_config_cache: join(this.directory, 'cache'), ...options.env },
    });
  }

  async npx(args: readonly string[]): Promise<Ended> {
    return ended(this.startNpx(args, { cwd: await this.emptyDirectory() }));
  }

  /** As npx runs it, without npx. */
  async command(args: readonly string[], settings: NodeJS.ProcessEnv = {}): Promise<Ended> {
    const bin = join(await this.tree(), '.bin', NAME);
    const cwd = await this.emptyDirectory();
    const env = { ...environment(), ...settings };
    return ended(spawn(bin, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] }));
  }

  /** A file of the tarball, as it is installed. */
  async text(path: string): Promise<string> {
    return readFile(join(await this.tree(), NAME, path), 'utf8');
  }

  /** The `node_modules` that npx made. */
  async tree(): Promise<string> {
    const folder = join(this.directory, 'cache', '_npx');
    const [install] = await readdir(folder);
    return join(folder, install!, 'node_modules');
  }

  emptyDirectory(): Promise<string> {
    return mkdtemp(join(this.directory, 'empty-'));
  }

  dispose(): Promise<void> {
    return rm(this.directory, { recursive: true, force: true });
  }
}

export async function ended(child: ChildProcess): Promise<Ended> {
  let [out, err] = ['', ''];
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (err += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, err };
}

/** Without what `npm test` tells its children, which would be taken for settings of theirs. */
function environment(): NodeJS.ProcessEnv {
  const ours =
    /^(npm_(?!config_(registry|.*proxy|cafile))|INIT_CWD$|NODE_OPTIONS$|VITEST|NODE_ENV$)/i;
  const kept = Object.entries(process.env).filter(([name]) => !ours.test(name));
  return { ...Object.fromEntries(kept), npm_config_prefer_offline: 'true' };
}
