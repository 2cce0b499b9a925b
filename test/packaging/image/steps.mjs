// Carries out the Dockerfile's steps where there is no container engine: the same commands, read from the Dockerfile, in
// a clean folder, with the Node.js of this machine. What comes out is run by the image's user on a tree that nobody
// may write. The base images, limits of memory and the first process of a container are not shown by that.

import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { contextFiles } from './build-context.mjs';
import { pairsOf } from './dockerfile.mjs';

const STEP_MILLISECONDS_MAX = 900_000;
const COMMAND_MILLISECONDS_MAX = 120_000;
const POLL_MILLISECONDS = 100;
const ARCHITECTURES = { x64: 'amd64', arm64: 'arm64' };
/** Settings of whoever runs this, which an image's build does not know. */
const FOREIGN = /^(npm_|NODE_ENV$|NODE_OPTIONS$|VITEST|INIT_CWD$)/;

export class Steps {
  name = 'steps';
  isContainer = false;
  isRoot = process.getuid() === 0;
  canChooseUser = this.isRoot;
  processes = new Set();

  constructor(dockerfile, context, folder) {
    this.dockerfile = dockerfile;
    this.context = context;
    this.folder = folder;
    this.files = contextFiles(context);
    const inherited = Object.entries(process.env).filter(([key]) => !FOREIGN.test(key));
    this.inherited = Object.fromEntries(inherited);
  }

  /** All stages, or those up to one. @returns the root of the last */
  build({ architecture = ARCHITECTURES[process.arch], target } = {}) {
    const roots = new Map();
    for (const stage of this.dockerfile.stages) {
      if (target && stage.name !== target) continue;
      const root = join(this.folder, `${stage.name}-${architecture}`);
      roots.set(stage.name, root);
      mkdirSync(root, { recursive: true });
      this.carryOut(stage, root, roots, architecture);
    }
    return [...roots.values()].at(-1);
  }

  carryOut({ instructions }, root, roots, architecture) {
    const state = { directory: root, values: {}, settings: {} };
    for (const step of instructions) {
      switch (step.keyword) {
        case 'ARG':
          for (const [key, value] of Object.entries(pairsOf(step)))
            state.values[key] = key === 'TARGETARCH' ? architecture : (value ?? '');
          break;
        case 'ENV':
          Object.assign(state.settings, pairsOf(step));
          break;
        case 'WORKDIR':
          state.directory = join(root, step.content);
          mkdirSync(state.directory, { recursive: true });
          break;
        case 'COPY':
          this.copy(step, root, state.directory, roots);
          break;
        case 'RUN':
          this.run(step, state);
          break;
        case 'USER':
          [this.uid, this.gid] = step.content.split(':').map(Number);
          break;
        case 'ENTRYPOINT':
          this.entrypoint = step.exec;
          break;
        case 'CMD':
          this.command = step.exec;
          break;
        case 'HEALTHCHECK':
          this.healthcheck = step.exec;
          break;
        case 'EXPOSE':
        case 'VOLUME':
        case 'STOPSIGNAL':
        case 'LABEL':
          break;
        default:
          throw new Error(`${step.keyword} cannot be carried out here: ${step.content}`);
      }
    }
    this.settings = state.settings;
  }

  copy({ words, flags, content }, root, directory, roots) {
    const sources = words.slice(0, -1);
    const last = words.at(-1);
    const target = last.startsWith('/') ? join(root, last) : join(directory, last);
    for (const source of sources) {
      const files = flags.from
        ? undefined
        : this.files.filter((file) => file === source || file.startsWith(`${source}/`));
      if (files?.length === 0)
        throw new Error(`COPY ${content}: ${source} is not let in by .dockerignore`);
      for (const file of files ?? []) {
        const inside =
          file === source
            ? last.endsWith('/')
              ? basename(file)
              : ''
            : file.slice(source.length + 1);
        put(join(this.context, file), join(target, inside), flags);
      }
      if (flags.from) put(join(roots.get(flags.from), source), target, flags);
    }
  }

  run({ content }, { directory, values, settings }) {
    const result = spawnSync('sh', ['-c', content], {
      cwd: directory,
      env: { ...this.inherited, ...values, ...settings },
      encoding: 'utf8',
      timeout: STEP_MILLISECONDS_MAX,
      maxBuffer: 64 * 1024 * 1024,
    });
    if (result.status === 0) return;
    throw new Error(`RUN ${content}: ${result.error?.message ?? result.stdout + result.stderr}`);
  }

  useTree(root) {
    this.root = root;
    this.mounted = join(root, 'app/data');
  }

  /** What `tar` lists of the tree, before it is closed. */
  list() {
    const packed = spawnSync('tar', ['-C', this.root, '-cf', '-', '.'], { maxBuffer: 1024 ** 3 });
    return spawnSync('tar', ['-tv', '--numeric-owner'], {
      input: packed.stdout,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    }).stdout;
  }

  close() {
    spawnSync('chmod', ['-R', 'a-w,a+rX', this.root]);
    this.before = this.snapshot();
  }

  open() {
    spawnSync('chmod', ['-R', 'u+w', this.folder]);
  }

  snapshot() {
    const below = (folder) =>
      readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
        const path = join(folder, entry.name);
        const { size, mtimeMs, mode } = lstatSync(path);
        return [`${path} ${size} ${mtimeMs} ${mode}`, ...(entry.isDirectory() ? below(path) : [])];
      });
    return below(this.root);
  }

  /** How a command of the image is spawned. */
  commandLine(
    [program, ...args],
    { dataDir = this.mounted, environment = {}, user, ports, folders = {} },
  ) {
    const path = join(this.root, program);
    const words = args.map((arg) => {
      const mount = Object.keys(folders).find((inside) => arg.startsWith(inside));
      return mount ? folders[mount] + arg.slice(mount.length) : arg;
    });
    const [uid, gid = 0] = user ? user.split(':').map(Number) : [this.uid, this.gid];
    const temporary = mkdtempSync(join(tmpdir(), 'econ-graph-image-tmp-'));
    chmodSync(temporary, 0o1777);
    const env = {
      ...this.inherited,
      ...this.settings,
      HOST: '127.0.0.1',
      DATA_DIR: dataDir,
      TMPDIR: temporary,
    };
    Object.assign(
      env,
      { PORT: String(ports?.[0] ?? 0), FLIGHT_PORT: String(ports?.[1] ?? 0) },
      environment,
    );
    const options = { cwd: join(this.root, 'app'), env, ...(this.isRoot ? { uid, gid } : {}) };
    return { args: [path, ...words], options, temporary };
  }

  once(command, options = {}) {
    const {
      args,
      options: spawned,
      temporary,
    } = this.commandLine([...this.entrypoint, ...command], options);
    const result = spawnSync(process.execPath, args, {
      ...spawned,
      encoding: 'utf8',
      timeout: COMMAND_MILLISECONDS_MAX,
    });
    rmSync(temporary, { recursive: true, force: true });
    return { status: result.status, stdout: result.stdout ?? '', stderr: result.stderr ?? '' };
  }

  async start(options) {
    const ports = [await freePort(), await freePort()];
    const service = new Process(this, { ...options, ports }, options.command ?? this.command);
    this.processes.add(service);
    return service;
  }

  stopAll() {
    for (const service of this.processes) service.remove();
    this.open();
  }
}

class Process {
  constructor(steps, options, command) {
    this.steps = steps;
    this.options = options;
    this.command = command;
    this.again();
  }

  again() {
    if (this.temporary) rmSync(this.temporary, { recursive: true, force: true });
    this.text = '';
    const line = this.steps.commandLine([...this.steps.entrypoint, ...this.command], this.options);
    this.temporary = line.temporary;
    this.child = spawn(process.execPath, line.args, line.options);
    for (const stream of [this.child.stdout, this.child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (this.text += text));
  }

  get url() {
    return `http://127.0.0.1:${this.options.ports[0]}`;
  }

  get flightUrl() {
    return `grpc://127.0.0.1:${this.options.ports[1]}`;
  }

  output() {
    return this.text;
  }

  isRunning() {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  exec([, ...command]) {
    return this.steps.once(command, this.options);
  }

  async healthy(milliseconds) {
    const [, ...command] = this.steps.healthcheck;
    const deadline = performance.now() + milliseconds;
    while (performance.now() < deadline && this.isRunning()) {
      if (this.steps.once(command, this.options).status === 0) return true;
      await wait(POLL_MILLISECONDS);
    }
    return false;
  }

  signal(name) {
    this.child.kill(name);
  }

  async ended(milliseconds = 30_000) {
    const deadline = performance.now() + milliseconds;
    while (this.isRunning()) {
      if (performance.now() > deadline) return undefined;
      await wait(POLL_MILLISECONDS);
    }
    return this.child.exitCode ?? 128 + (this.child.signalCode === 'SIGKILL' ? 9 : 15);
  }

  changedFiles() {
    const before = new Set(this.steps.before);
    return this.steps.snapshot().filter((line) => !before.has(line));
  }

  remove() {
    this.child.kill('SIGKILL');
    rmSync(this.temporary, { recursive: true, force: true });
    this.steps.processes.delete(this);
  }
}

function put(source, target, { chmod, chown }) {
  mkdirSync(dirname(target), { recursive: true });
  if (!existsSync(source)) throw new Error(`There is no ${source}`);
  cpSync(source, target, { recursive: true, verbatimSymlinks: true });
  // The modes of folders are not copied along.
  const folders = statSync(source).isDirectory()
    ? readdirSync(source, { withFileTypes: true })
    : [];
  for (const entry of folders.filter((each) => each.isDirectory()))
    chmodSync(join(target, entry.name), statSync(join(source, entry.name)).mode);
  if (chmod) chmodSync(target, Number.parseInt(chmod, 8));
  if (!chown || process.getuid() !== 0) return;
  const [uid, gid] = chown.split(':').map(Number);
  for (const name of readdirSync(source)) chownSync(join(target, name), uid, gid);
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
