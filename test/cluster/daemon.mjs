// A program that runs as long as the cluster does. What it writes goes to a file, whose end tells why it stopped.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from './until.mjs';

const KILL_MILLISECONDS = 10_000;
const LAST_CHARACTERS = 3_000;

export class Daemon {
  constructor(name, command, args, { logs, env = {}, ready, readyMilliseconds = 60_000 }) {
    Object.assign(this, { name, command, args, env, ready, readyMilliseconds });
    this.logFile = join(logs, `${name}.log`);
  }

  /** Starts it, and waits until it is ready. */
  async start() {
    const log = openSync(this.logFile, 'a');
    this.child = spawn(this.command, this.args, {
      env: { ...process.env, ...this.env },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.exited = once(this.child, 'exit');
    await until(`${this.name} is ready`, this.readyMilliseconds, async () => {
      if (this.child.exitCode !== null) {
        throw new Error(`${this.name} ended with ${this.child.exitCode}: ${this.lastWords()}`);
      }
      return this.ready();
    }).catch((error) => {
      throw new Error(`${error.message}\n${this.lastWords()}`, { cause: error });
    });
    return this;
  }

  async stop() {
    if (!this.child || this.child.exitCode !== null || this.child.signalCode !== null) return;
    const kill = setTimeout(() => this.child.kill('SIGKILL'), KILL_MILLISECONDS);
    this.child.kill('SIGTERM');
    await this.exited;
    clearTimeout(kill);
  }

  lastWords() {
    return readFileSync(this.logFile, 'utf8').slice(-LAST_CHARACTERS);
  }
}
