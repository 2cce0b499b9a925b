// The built service in a process of its own, on free ports and an own data directory.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const LISTENING = /"message":"Listening".*"url":"([^"]+)","flightPort":(\d+)/;

/** A stop flushes the log and waits for open streams; longer is a hang. */
const STOP_MILLISECONDS_MAX = 20_000;

/**
 * @param variables settings beside the usual ones
 * @param prepare puts something into the data directory
 */
export async function startService(variables = {}, prepare = () => undefined) {
  const dataDir = mkdtempSync(join(tmpdir(), 'econ-graph-interop-'));
  prepare(dataDir);
  const child = spawn(process.execPath, ['dist/main.js'], {
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      DATA_DIR: dataDir,
      PORT: '0',
      FLIGHT_PORT: '0',
      LOG_LEVEL: 'info',
      ...variables,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const remove = () => rmSync(dataDir, { recursive: true, force: true });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', () => {
    kill();
    remove();
  });
  const exited = once(child, 'exit');
  const lines = [];
  const [url, flightPort] = await listening(child, lines);
  return {
    url,
    flight: `grpc://127.0.0.1:${flightPort}`,
    dataDir,
    /** What it logged as errors: a suite that provokes none should leave none. */
    errors: () => lines.filter((line) => line.includes('"level":"error"')),
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(kill, STOP_MILLISECONDS_MAX);
      const [code] = await exited;
      clearTimeout(timer);
      remove();
      return code;
    },
  };
}

function listening(child, lines) {
  return new Promise((resolve, reject) => {
    let rest = '';
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      const parts = (rest + chunk).split('\n');
      rest = parts.pop();
      lines.push(...parts);
      for (const line of parts) {
        const match = LISTENING.exec(line);
        if (match) resolve([match[1], match[2]]);
      }
    });
    child.once('exit', () =>
      reject(new Error(`the service ended before it listened: ${lines.join('\n')}`)),
    );
  });
}
