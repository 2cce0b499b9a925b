// Docker or podman, whichever answers: builds the image and runs containers of it as its documentation says.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setTimeout as wait } from 'node:timers/promises';

const BUILD_MILLISECONDS_MAX = 1_200_000;
const COMMAND_MILLISECONDS_MAX = 120_000;
const STOP_MILLISECONDS_MAX = 30_000;
const POLL_MILLISECONDS = 100;
const LIMITS = fileURLToPath(new URL('containers.conf', import.meta.url));
const IMAGE = 'localhost/econ-graph-financial-data:image-test';

/** @returns the engine that answers, or none */
export function findEngine(wanted) {
  for (const name of wanted ? [wanted] : ['docker', 'podman']) {
    const { status } = spawnSync(name, ['info'], { stdio: 'ignore', timeout: 30_000 });
    if (status === 0) return new Engine(name);
  }
  return undefined;
}

class Engine {
  isContainer = true;
  canChooseUser = true;

  constructor(name) {
    this.name = name;
    this.containers = new Set();
    this.environment = { ...process.env };
    // A machine that has settings of its own keeps them.
    const isSettled = process.env.CONTAINERS_CONF || existsSync('/etc/containers/containers.conf');
    if (name === 'podman' && process.getuid() === 0 && !isSettled)
      this.environment.CONTAINERS_CONF = LIMITS;
  }

  call(args, { timeout = COMMAND_MILLISECONDS_MAX, show = false } = {}) {
    const result = spawnSync(this.name, args, {
      encoding: 'utf8',
      timeout,
      env: this.environment,
      maxBuffer: 64 * 1024 * 1024,
      stdio: ['ignore', show ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'],
    });
    const { status, stdout, stderr, error } = result;
    return { status, stdout: stdout ?? '', stderr: (stderr ?? '') + (error?.message ?? '') };
  }

  must(args, options) {
    const result = this.call(args, options);
    if (result.status === 0) return result.stdout.trim();
    throw new Error(`${this.name} ${args.slice(0, 2).join(' ')}: ${result.stderr.trim()}`);
  }

  hasImage(name) {
    return this.call(['image', 'inspect', name]).status === 0;
  }

  /** An image from a folder with its root file system. */
  import(root, name, changes) {
    const file = `${root}.tar`;
    const { status } = spawnSync('tar', [
      '--numeric-owner',
      '--owner=0',
      '--group=0',
      '-C',
      root,
      '-cf',
      file,
      '.',
    ]);
    if (status !== 0) throw new Error(`tar could not pack ${root}`);
    this.must(['import', ...changes.flatMap((change) => ['--change', change]), file, name]);
    rmSync(file);
  }

  /** @returns the name of the image */
  build(context, { bases, platform, target }) {
    const name = target ? `${IMAGE}-${target}-${platform.replace('/', '-')}` : IMAGE;
    const args = ['build', '--tag', name];
    // HEALTHCHECK is Docker's own, and RUN needs no more than a folder to be in.
    if (this.name === 'podman') args.push('--format', 'docker', '--isolation', 'chroot');
    if (bases)
      args.push(
        '--build-arg',
        `BUILD_IMAGE=${bases.build}`,
        '--build-arg',
        `RUNTIME_IMAGE=${bases.runtime}`,
      );
    if (platform) args.push('--platform', platform);
    // Docker tells it to every build; older podman does not.
    if (platform && this.name === 'podman')
      args.push(
        '--build-arg',
        `BUILDPLATFORM=linux/${process.arch === 'x64' ? 'amd64' : process.arch}`,
      );
    if (target) args.push('--target', target);
    this.must([...args, context], { timeout: BUILD_MILLISECONDS_MAX });
    return name;
  }

  useImage(name) {
    this.image = name;
    const [inspected] = JSON.parse(this.must(['image', 'inspect', name]));
    this.settings = inspected.Config;
    this.bytes = inspected.Size;
  }

  /** Copies the file system of an image. @returns what `tar` lists of it */
  unpack(image, target) {
    const container = this.must(['create', image, 'x']);
    const file = `${target}.tar`;
    try {
      this.must(['export', '--output', file, container]);
    } finally {
      this.must(['rm', '--force', '--volumes', container]);
    }
    mkdirSync(target, { recursive: true });
    const tar = (...args) =>
      spawnSync('tar', args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }).stdout;
    tar('-xf', file, '-C', target, '--no-same-owner', '--exclude=dev/*');
    const list = tar('-tvf', file, '--numeric-owner');
    rmSync(file);
    return list;
  }

  optionsOf({ dataDir, folders = {}, environment = {}, user, isWritable, memory, init }) {
    const args = ['--security-opt', 'label=disable', '--cap-drop', 'ALL'];
    args.push('--security-opt', 'no-new-privileges');
    if (this.name === 'podman') args.push('--passwd=false');
    if (!isWritable) {
      args.push('--read-only', '--tmpfs', '/tmp');
      if (this.name === 'podman') args.push('--read-only-tmpfs=false');
    }
    if (dataDir) args.push('--volume', `${dataDir}:/app/data`);
    for (const [inside, outside] of Object.entries(folders))
      args.push('--volume', `${outside}:${inside}:ro`);
    for (const [key, value] of Object.entries(environment)) args.push('--env', `${key}=${value}`);
    if (user) args.push('--user', user);
    if (memory) args.push('--memory', memory, '--cpus', '1');
    if (init) args.push('--init');
    return args;
  }

  /** One command of the image, to its end. */
  once(command, options = {}) {
    const name = `econ-graph-image-test-${process.pid}-${++this.count}`;
    const args = ['run', '--rm', '--name', name, ...this.optionsOf(options)];
    if (options.network) args.push('--network', options.network);
    const result = this.call([...args, this.image, ...command]);
    if (result.status === null) this.call(['rm', '--force', name]);
    return result;
  }

  count = 0;

  /** In the background; `command` stands for CMD. */
  async start(options) {
    const network = options.network
      ? ['--network', options.network]
      : ['--publish', '127.0.0.1::3001', '--publish', '127.0.0.1::8815'];
    const args = ['run', '--detach', ...network, ...this.optionsOf(options)];
    const id = this.must([...args, this.image, ...(options.command ?? [])]);
    this.containers.add(id);
    return new Container(this, id);
  }

  stopAll() {
    for (const id of this.containers) this.call(['rm', '--force', '--volumes', id]);
  }
}

class Container {
  constructor(engine, id) {
    this.engine = engine;
    this.id = id;
  }

  get url() {
    return `http://${this.published(3001)}`;
  }

  get flightUrl() {
    return `grpc://${this.published(8815)}`;
  }

  published(port) {
    return this.engine.must(['port', this.id, String(port)]).split('\n')[0];
  }

  exec(command) {
    return this.engine.call(['exec', this.id, ...command]);
  }

  output() {
    const { stdout, stderr } = this.engine.call(['logs', this.id]);
    return stdout + stderr;
  }

  /** HEALTHCHECK as the engine runs it, until it says so or time is over. */
  async healthy(milliseconds) {
    const deadline = performance.now() + milliseconds;
    while (performance.now() < deadline) {
      if (!this.isRunning()) return false;
      if (this.engine.name === 'podman') {
        if (this.engine.call(['healthcheck', 'run', this.id]).status === 0) return true;
      } else {
        const format = ['--format', '{{.State.Health.Status}}'];
        if (this.engine.must(['inspect', ...format, this.id]) === 'healthy') return true;
      }
      await wait(POLL_MILLISECONDS);
    }
    return false;
  }

  isRunning() {
    return this.engine.must(['inspect', '--format', '{{.State.Running}}', this.id]) === 'true';
  }

  signal(name) {
    this.engine.must(['kill', '--signal', name, this.id]);
  }

  /** @returns the exit code */
  async ended(milliseconds = STOP_MILLISECONDS_MAX) {
    const deadline = performance.now() + milliseconds;
    while (this.isRunning()) {
      if (performance.now() > deadline) return undefined;
      await wait(POLL_MILLISECONDS);
    }
    return Number(this.engine.must(['inspect', '--format', '{{.State.ExitCode}}', this.id]));
  }

  /** Paths that are not as in the image, without mounts. */
  changedFiles() {
    return this.engine.must(['diff', this.id]).split('\n').filter(Boolean);
  }

  again() {
    this.engine.must(['start', this.id]);
  }

  remove() {
    this.engine.must(['rm', '--force', '--volumes', this.id]);
    this.engine.containers.delete(this.id);
  }
}
