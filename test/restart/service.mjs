// The built service in a process of its own, for restarts: started, asked whether it is ready, told to stop.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

const READY_MILLISECONDS = 60_000;

/** A port that was free a moment ago: a service that comes back has to come back at the same address. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

export class Service {
  constructor(environment) {
    this.environment = environment;
    /** Of all its processes. */
    this.log = '';
    this.url = `http://127.0.0.1:${environment.PORT}`;
  }

  /** @returns the milliseconds until it said that it is ready */
  async start() {
    const started = performance.now();
    this.output = '';
    this.child = spawn(process.execPath, ['dist/main.js'], {
      env: { PATH: process.env.PATH, NODE_ENV: 'production', ...this.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.on('data', (text) => {
        this.output += text;
        this.log += text;
      });
    }
    while (!(await this.isReady())) {
      if (this.child.exitCode !== null) throw new Error(`it did not start: ${this.output}`);
      if (performance.now() - started > READY_MILLISECONDS) throw new Error('it is not ready');
      await wait(5);
    }
    return performance.now() - started;
  }

  async isReady() {
    try {
      return (await fetch(`${this.url}/health/ready`)).ok;
    } catch {
      // Nobody listens yet.
      return false;
    }
  }

  signal(name) {
    this.child.kill(name);
  }

  /** @returns how it ended: its code, or the signal that ended it */
  async ended() {
    const { child } = this;
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    return child.exitCode ?? child.signalCode;
  }
}
