// Removes each rule of durability from a copy of the source and asks the tests whether they notice.
//
//   node test/mutation/run.mjs [--only <part of a rule>] [--sample N] [--seed S] [--states N]
//
// A rule whose removal no test notices is a rule that is not proven; the exit code is 1 then.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { MUTATIONS } from './mutations.mjs';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    /** So many rules, chosen by the seed. */
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    /** Crash states of one run of the simulation; it ends at the first violation. */
    states: { type: 'string', default: '3000' },
  },
});

/** A service that hangs without a rule has been noticed too. */
const RUN_MILLISECONDS_MAX = 600_000;

const root = resolve(import.meta.dirname, '../..');
const copy = mkdtempSync(join(tmpdir(), 'econ-graph-mutation-'));
process.on('exit', () => rmSync(copy, { recursive: true, force: true }));

for (const name of ['src', 'test', 'package.json', 'tsconfig.json', 'vitest.config.ts']) {
  cpSync(join(root, name), join(copy, name), { recursive: true });
}
for (const name of ['node_modules', 'dist']) symlinkSync(join(root, name), join(copy, name));

/** Chosen by a multiplicative walk, so that every rule comes up as the seed counts on. */
function sampled(mutations, count, seed) {
  const chosen = Array.from({ length: count }, (_, n) => (seed * count + n) % mutations.length);
  return chosen.map((index) => mutations[index]);
}

function apply({ file, text, replacement }) {
  const path = join(copy, file);
  const source = readFileSync(path, 'utf8');
  const parts = source.split(text);
  if (parts.length !== 2) {
    throw new Error(`${file}: ${JSON.stringify(text)} occurs ${parts.length - 1} times, not once`);
  }
  writeFileSync(path, parts.join(replacement));
  return () => writeFileSync(path, source);
}

let running;
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    killGroup();
    process.exit(130);
  });
}

/** The tests have processes of their own, and one that a missing rule keeps busy does not end by itself. */
function killGroup() {
  try {
    if (running) process.kill(-running.pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
  running = undefined;
}

async function isGreen(specs, states) {
  running = spawn('npx', ['--no', '--', 'vitest', 'run', '--bail=1', ...specs], {
    cwd: copy,
    stdio: 'ignore',
    detached: true,
    env: { ...process.env, SIM_STATES: states, SIM_SEED: options.seed },
  });
  const timer = setTimeout(killGroup, RUN_MILLISECONDS_MAX);
  const [code] = await once(running, 'exit');
  clearTimeout(timer);
  killGroup();
  return code === 0;
}

const wanted = MUTATIONS.filter(({ rule }) => rule.includes(options.only ?? ''));
const mutations = options.sample
  ? sampled(wanted, Number(options.sample), Number(options.seed))
  : wanted;

// Every text has to be found, also of the rules that are not asked for today.
for (const mutation of MUTATIONS) apply(mutation)();

// Red has to mean that the rule is missed, and nothing else.
if (!(await isGreen([...new Set(mutations.flatMap(({ specs }) => specs))], '50'))) {
  throw new Error('the tests are red before any rule was removed');
}

let caught = 0;
for (const mutation of mutations) {
  const started = performance.now();
  const undo = apply(mutation);
  const noticed = !(await isGreen(mutation.specs, options.states));
  undo();
  if (noticed) caught++;
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  process.stdout.write(`${noticed ? 'caught' : 'MISSED'}  ${mutation.rule} (${seconds} s)\n`);
}
const share = ((100 * caught) / mutations.length).toFixed(0);
process.stdout.write(`${caught} of ${mutations.length} removed rules were noticed (${share} %)\n`);
process.exit(caught === mutations.length ? 0 : 1);
