// Other people's clients against the built service: pyarrow with pandas, polars and DuckDB, the official client
// of Go, and the examples as a reader of the documentation would start them.
//
//   node test/interop/run.mjs [--only python|go|examples|documents ...] [--suite NAME ...] [--strict]
//
// --suite names a suite of Python: `writing` is test/interop/python/test_writing.py.
// What a machine has no Python or Go for is skipped, with the reason; with --strict that is a failure.

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { post } from '../../bench/service.mjs';
import { fillStore } from './data.mjs';
import { CACHE, goEnvironment, pythonEnvironment, run } from './environments.mjs';
import { startService } from './service.mjs';

const PARTS = ['python', 'go', 'examples', 'documents'];

/** Their examples in Python run as they stand, on the data of the demo. */
const DOCUMENTS = ['README.md', 'docs/arrow-flight.md'];

/** Limits that a test can reach. */
const LIMITED = {
  FLIGHT_MESSAGE_BYTES_MAX: '1048576',
  FLIGHT_PUT_BYTES_MAX: '8388608',
  FLIGHT_STREAMS_PER_CLIENT_MAX: '4',
  FLIGHT_IDLE_SECONDS: '1',
};

/** What `go test` calls them. */
const OUTCOMES = { pass: 'passed', fail: 'failed', skip: 'skipped' };

/** No suite takes half of it. */
const SUITE_MILLISECONDS_MAX = 240_000;

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: PARTS },
    suite: { type: 'string', multiple: true, default: [] },
    strict: { type: 'boolean', default: false },
  },
});
const wanted = (part) => options.only.includes(part);
const total = { passed: 0, failed: 0, skipped: 0 };

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(130));

const python = ['python', 'examples', 'documents'].some(wanted) ? pythonEnvironment() : {};
const go =
  wanted('go') || wanted('examples') ? goEnvironment('test/interop/go', 'examples/go') : {};
mkdirSync(CACHE, { recursive: true });

const service = await startService();
const limited = await startService(LIMITED);
await fillStore((query, variables) => post(service.url, query, variables));
const addresses = {
  ECON_GRAPH_FLIGHT: service.flight,
  ECON_GRAPH_HTTP: service.url,
  ECON_GRAPH_DATA: service.dataDir,
  ECON_GRAPH_FLIGHT_LIMITED: limited.flight,
  ECON_GRAPH_HTTP_LIMITED: limited.url,
};

if (wanted('examples')) {
  await part('examples in Python', python, pythonExamples);
  await part('examples in Go', go, goExamples);
}
if (wanted('documents')) await part('documents', python, documents);
if (wanted('python')) await part('Python', python, pythonSuites);
if (wanted('go')) await part('Go', go, goSuite);

const faults = [service, limited].flatMap(({ errors }) => errors());
const codes = [await service.stop(), await limited.stop()];
report('service', [
  outcome('logs no error', faults.length === 0, faults.slice(0, 5).join('\n')),
  outcome(
    'stops by itself',
    codes.every((code) => code === 0),
    `exit codes ${codes}`,
  ),
]);

const { passed, failed, skipped } = total;
say(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed === 0 ? 0 : 1;

/** Runs a part where the machine can. */
async function part(name, environment, suites) {
  if (environment.reason === undefined) return suites(environment);
  say(`${name}: skipped, ${environment.reason}`);
  total[options.strict ? 'failed' : 'skipped']++;
}

async function pythonSuites({ python }) {
  const file = join(CACHE, 'python-report.json');
  rmSync(file, { force: true });
  const { status, output } = await execute(
    python,
    ['test/interop/python/run.py', file, ...options.suite.map((name) => `test_${name}`)],
    addresses,
  );
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
  const tests = lines.map((line) => JSON.parse(line));
  if (status !== 0 || tests.length === 0) {
    tests.push({ ...outcome('runs to its end', false, output), suite: 'suites' });
  }
  reportBySuite('Python', tests);
}

async function goSuite({ variables }) {
  const { output } = await execute(
    'go',
    ['test', '-count=1', '-json', './...'],
    { ...variables, ...addresses },
    'test/interop/go',
  );
  const tests = new Map();
  const rest = [];
  for (const line of output.split('\n').filter(Boolean)) {
    const event = parsed(line);
    if (!event?.Test) {
      rest.push(event?.Output ?? line);
      continue;
    }
    const test = tests.get(event.Test) ?? { suite: 'client', name: event.Test, message: '' };
    tests.set(event.Test, test);
    if (event.Output) test.message += event.Output;
    if (event.Action in OUTCOMES) test.outcome = OUTCOMES[event.Action];
  }
  // What began and did not end took the others along.
  const all = [...tests.values()].map((test) => ({ outcome: 'failed', ...test }));
  if (all.length === 0) all.push({ ...outcome('builds', false, rest.join('')), suite: 'client' });
  reportBySuite('Go', all);
}

async function pythonExamples({ python }) {
  const folder = 'examples/python';
  const files = readdirSync(folder).filter((name) => name.endsWith('.py'));
  await examples('Python', files, (name) => execute(python, [join(folder, name)], addresses));
}

async function goExamples({ variables }) {
  const folder = 'examples/go';
  const binaries = join(CACHE, 'go-examples');
  rmSync(binaries, { recursive: true, force: true });
  mkdirSync(binaries, { recursive: true });
  const { status, stderr } = run('go', ['build', '-o', binaries, './...'], {
    cwd: folder,
    env: variables,
  });
  if (status !== 0) {
    report('Go examples', [outcome('build', false, stderr)]);
    return;
  }
  await examples('Go', readdirSync(binaries), (name) =>
    execute(join(binaries, name), [service.flight], {}),
  );
}

/** The examples of each document make one program, in their order. */
async function documents({ python }) {
  const demo = await startService({}, importDemo);
  const tests = [];
  for (const name of DOCUMENTS) {
    const blocks = readFileSync(name, 'utf8').matchAll(/^```python\n(.*?)^```$/gms);
    const program = Array.from(blocks, ([, code]) => code)
      .join('\n')
      .replaceAll('grpc://localhost:8815', demo.flight);
    const { status, output } = await execute(python, ['-c', program], {});
    tests.push(outcome(name, status === 0 && program !== '', output));
  }
  report('examples of documents', tests);
  await demo.stop();
}

function importDemo(dataDir) {
  const { status, stderr } = run(process.execPath, ['scripts/demo.mjs', '--import-only'], {
    env: { ...process.env, DATA_DIR: dataDir },
  });
  if (status !== 0) throw new Error(`the demo data was not imported: ${stderr}`);
}

/** Each ends well and has something to say. */
async function examples(language, names, start) {
  const tests = [];
  for (const name of names.sort()) {
    const { status, output } = await start(name);
    tests.push(outcome(name, status === 0 && output.trim() !== '', output));
  }
  report(`${language} examples`, tests);
}

/** The exit code of a program and what it printed; it ends with this run. */
async function execute(command, args, variables, cwd = '.') {
  const child = spawn(command, args, {
    cwd: resolve(cwd),
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: SUITE_MILLISECONDS_MAX,
    killSignal: 'SIGKILL',
  });
  const end = () => child.kill('SIGKILL');
  process.once('exit', end);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk) => (output += chunk));
  }
  const status = await new Promise((ended) => {
    child.once('error', (error) => {
      output += error.message;
      ended(1);
    });
    child.once('close', (code) => ended(code ?? 1));
  });
  process.off('exit', end);
  return { status, output };
}

function reportBySuite(language, tests) {
  for (const suite of new Set(tests.map((test) => test.suite))) {
    report(
      `${language} ${suite}`,
      tests.filter((test) => test.suite === suite),
    );
  }
}

function report(suite, tests) {
  const count = (wantedOutcome) => tests.filter((test) => test.outcome === wantedOutcome).length;
  const counts = Object.keys(total).map((name) => [name, count(name)]);
  for (const [name, number] of counts) total[name] += number;
  const told = counts.filter(([, number]) => number > 0).map((pair) => pair.reverse().join(' '));
  say(`${suite}: ${told.join(', ')}`);
  for (const test of tests.filter(({ outcome }) => outcome !== 'passed')) {
    say(`  ${test.outcome.toUpperCase()} ${test.name}`);
    say(test.message.trimEnd().replace(/^/gm, '    '));
  }
}

function outcome(name, isPassed, message) {
  return { name, outcome: isPassed ? 'passed' : 'failed', message };
}

function parsed(line) {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function say(text) {
  process.stdout.write(`${text}\n`);
}
