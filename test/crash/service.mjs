// The built service in a process of its own, and strace that ends it at a system call.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { join } from 'node:path';
import { Violation } from './violation.mjs';

/** A start under strace on a busy machine takes some seconds; longer is a hang. */
const START_MILLISECONDS_MAX = 90_000;
const STOP_MILLISECONDS_MAX = 30_000;

/** Every process that runs because of this test. */
const children = new Set();

function track(child) {
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

/** For the end of the test, however it comes. */
export function killChildren() {
  for (const child of children) child.kill('SIGKILL');
}

export class Service {
  #output = '';
  url;

  /** @param variables its whole environment except PATH */
  constructor(dist, variables) {
    this.child = track(
      spawn(process.execPath, [join(dist, 'main.js')], {
        env: {
          PATH: process.env.PATH,
          NODE_ENV: 'production',
          PORT: '0',
          FLIGHT_PORT: '0',
          ...variables,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );
    this.exited = once(this.child, 'close').then(([code, signal]) => ({ code, signal }));
    this.listening = this.#untilListening();
    // Whoever kills it during its start does not ask.
    this.listening.catch(() => undefined);
  }

  get isRunning() {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** The end of what it printed. */
  get output() {
    return this.#output;
  }

  kill(signal = 'SIGKILL') {
    if (this.isRunning) this.child.kill(signal);
  }

  /** How it ended, within a limit. */
  async ended(milliseconds = STOP_MILLISECONDS_MAX) {
    const result = await within(milliseconds, this.exited);
    if (result) return result;
    throw new Violation('the service does not stop', this.#output.split('\n'));
  }

  async #untilListening() {
    const listening = new Promise((resolve) => {
      const take = (chunk) => {
        this.#output = (this.#output + chunk).slice(-20_000);
        const match = this.url ? null : /"message":"Listening".*"url":"([^"]+)"/.exec(this.#output);
        if (match) {
          this.url = match[1];
          resolve(true);
        }
      };
      this.child.stdout.setEncoding('utf8').on('data', take);
      this.child.stderr.setEncoding('utf8').on('data', take);
    });
    const isUp = await within(
      START_MILLISECONDS_MAX,
      Promise.race([listening, this.exited.then(() => false)]),
    );
    if (!isUp) {
      const what = isUp === undefined ? 'did not listen in time' : 'ended before it listened';
      throw new Violation(`the service ${what}`, this.#output.trim().split('\n'));
    }
  }
}

/** @returns undefined where the promise takes longer */
async function within(milliseconds, promise) {
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(() => resolve(undefined), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

export const hasStrace = () => spawnSync('strace', ['-V']).status === 0;

/**
 * From now on the service dies at the `when`-th such call of any of its threads (strace counts per
 * thread), before that call does anything. Attached, because a start under strace takes three times as
 * long; not with `--seccomp-bpf`, with which strace injects errors but no signal.
 * @returns whether strace holds it; false where it ended meanwhile
 */
export async function killAtSystemCall(service, { call, when }) {
  const inject = `inject=?${call}:signal=SIGKILL:when=${when}`;
  const options = ['-f', '-o', '/dev/null', '-e', `trace=?${call}`, '-e', inject];
  const tracer = track(
    spawn('strace', [...options, '-p', String(service.child.pid)], {
      stdio: ['ignore', 'ignore', 'pipe'],
    }),
  );
  let said = '';
  const attached = new Promise((resolve) => {
    tracer.stderr.setEncoding('utf8').on('data', (chunk) => {
      said += chunk;
      if (said.includes('attached')) resolve(true);
    });
  });
  const exited = once(tracer, 'close').then(() => false);
  const isAttached = await Promise.race([attached, exited]);
  if (isAttached || !service.isRunning) return isAttached;
  // It may have ended of itself a moment ago.
  if (await within(1000, service.exited)) return false;
  throw new Error(`strace cannot attach: ${said}`);
}

/** @returns false where it listened or ended before it touched its data directory */
export async function untilTouched(service, dataDir) {
  const watcher = watch(dataDir);
  const isTouched = await Promise.race([
    once(watcher, 'change').then(() => true),
    service.listening.then(
      () => false,
      () => false,
    ),
  ]);
  watcher.close();
  return isTouched;
}

/**
 * As `killAtSystemCall`, from the moment at which a starting service first touches its data directory: it
 * is held there until strace counts.
 * @returns false where it listened or ended before
 */
export async function killAtSystemCallOfStart(service, dataDir, target) {
  if (!(await untilTouched(service, dataDir))) return false;
  service.kill('SIGSTOP');
  try {
    return await killAtSystemCall(service, target);
  } finally {
    service.kill('SIGCONT');
  }
}
