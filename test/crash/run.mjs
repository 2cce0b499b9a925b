// The kill test: writes to the built service from many sides, ends it with SIGKILL at random moments and at
// every k-th write-side system call, starts it again and holds what is there against what it acknowledged.
//
//   node test/crash/run.mjs [--kills N] [--seconds S] [--seed X] [--mode random|syscall|both]
//     [--dist dist] [--lanes N] [--series-per-call N] [--env NAME=VALUE ...]
//
// Ends with code 1, leaving the data directory and the oracle file, where a promise was broken.

import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { clearInterval, setInterval } from 'node:timers';
import { parseArgs } from 'node:util';
import { Lane } from './lane.mjs';
import { Random } from './random.mjs';
import { hasStrace, killChildren } from './service.mjs';
import { SystemCallSweep } from './system-calls.mjs';
import { Violation } from './violation.mjs';

/** Small enough that log segments, flushes and checkpoints come several times a second. */
const VARIABLES = {
  LOG_SEGMENT_BYTES: '65536',
  FLUSH_INTERVAL_SECONDS: '1',
  DELTA_BYTES_MAX: '1048576',
};
const MODES = ['random', 'syscall', 'both'];
const PROGRESS_MILLISECONDS = 10_000;

const options = readOptions();
const started = performance.now();
const seconds = () => (performance.now() - started) / 1000;
const totals = {
  randomKills: 0,
  callKills: 0,
  startKills: 0,
  startsTraced: 0,
  cleanStops: 0,
  indexesRemoved: 0,
  secondsRefused: 0,
  acknowledged: 0,
  openStored: 0,
  openLeft: 0,
  verifications: 0,
  pointsVerified: 0,
  startMilliseconds: 0,
  verifyMilliseconds: 0,
};
const kills = () => totals.randomKills + totals.callKills;
let isStopped = false;

const random = new Random(options.seed);
const run = {
  options,
  totals,
  isOver: () => isStopped || kills() >= options.kills || seconds() >= options.seconds,
};
if (options.mode !== 'random') {
  run.sweep = new SystemCallSweep(random.fork());
  run.startSweep = new SystemCallSweep(random.fork());
}
const lanes = Array.from({ length: options.lanes }, () => new Lane(random.fork(), run));

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => {
    killChildren();
    for (const lane of lanes) lane.removeDirectory();
    say(`Stopped by ${signal}: ${progress()}`);
    process.exit(130);
  });
}
process.once('exit', killChildren);

say(`Seed ${options.seed}, mode ${options.mode}, ${options.lanes} services side by side`);
const timer = setInterval(() => say(progress()), PROGRESS_MILLISECONDS);
const outcomes = await Promise.allSettled(lanes.map((lane) => runLane(lane)));
clearInterval(timer);
killChildren();
const failures = outcomes.filter(({ status }) => status === 'rejected').length;
say(
  `In flight when it died: ${totals.openStored} stored, ${totals.openLeft} not; ` +
    `${totals.startKills} kills during the start, ${totals.cleanStops} clean stops, ` +
    `${totals.indexesRemoved} starts without indexes; a start took ${mean(totals.startMilliseconds)} ms, ` +
    `a verification ${mean(totals.verifyMilliseconds)} ms`,
);
if (run.sweep) {
  say(`System calls, while writing: ${run.sweep.summary() || 'none'}`);
  say(`System calls, during the start: ${run.startSweep.summary() || 'none'}`);
}
say(
  `${kills()} kills (${totals.randomKills} random, ${totals.callKills} at system calls), ` +
    `${totals.acknowledged} calls acknowledged, ${totals.pointsVerified} points verified, ` +
    `${failures} violations, ${seconds().toFixed(0)} seconds`,
);
if (totals.pointsVerified === 0)
  say('Nothing was verified: the run was too short to prove anything');
process.exitCode = failures > 0 || totals.pointsVerified === 0 ? 1 : 0;

async function runLane(lane) {
  try {
    await lane.runRounds();
  } catch (error) {
    isStopped = true;
    lane.killService();
    report(lane, error);
    throw error;
  }
}

function report(lane, error) {
  const isViolation = error instanceof Violation;
  say(
    `${isViolation ? 'VIOLATION' : 'THE TEST FAILED'}: ${isViolation ? error.message : error.stack}`,
  );
  for (const line of (error.details ?? []).slice(0, 20)) say(`  ${line}`);
  say(`  seed ${options.seed}; data directory and oracle file are in ${lane.directory}`);
}

function progress() {
  return (
    `${seconds().toFixed(0)} s: ${kills()} kills (${totals.callKills} at system calls), ` +
    `${totals.acknowledged} calls acknowledged, ${totals.pointsVerified} points verified`
  );
}

function mean(sum) {
  return (sum / Math.max(1, totals.verifications)).toFixed(0);
}

function say(line) {
  process.stdout.write(`${line}\n`);
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '100' },
      seconds: { type: 'string', default: '600' },
      seed: { type: 'string', default: String(Date.now() % 0xffffffff) },
      mode: { type: 'string', default: 'both' },
      dist: { type: 'string', default: 'dist' },
      lanes: { type: 'string', default: String(Math.min(2, availableParallelism())) },
      'series-per-call': { type: 'string', default: '50' },
      env: { type: 'string', multiple: true, default: [] },
    },
  });
  if (!MODES.includes(values.mode)) throw new Error(`--mode must be one of ${MODES.join(', ')}`);
  const mode = values.mode === 'random' || hasStrace() ? values.mode : 'random';
  if (mode !== values.mode) say('strace is not installed: random kills only');
  return {
    kills: wholeNumber('kills', values.kills),
    seconds: wholeNumber('seconds', values.seconds),
    seed: wholeNumber('seed', values.seed),
    lanes: wholeNumber('lanes', values.lanes),
    seriesPerCallMax: wholeNumber('series-per-call', values['series-per-call']),
    mode,
    dist: resolve(values.dist),
    variables: { ...VARIABLES, ...Object.fromEntries(values.env.map((text) => text.split('='))) },
  };
}

function wholeNumber(name, text) {
  const isValid = /^\d{1,15}$/.test(text) && (Number(text) > 0 || name === 'seed');
  if (!isValid) throw new Error(`--${name} must be a whole number above 0`);
  return Number(text);
}
