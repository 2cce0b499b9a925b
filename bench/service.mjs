// Starts the built service (or any server script) in a process of its own and talks to it.

import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export function temporaryDirectory() {
  return mkdtempSync(join(tmpdir(), 'econ-graph-bench-'));
}

export function removeDirectory(path) {
  rmSync(path, { recursive: true, force: true });
}

const environment = (dataDir, variables) => ({
  PATH: process.env.PATH,
  NODE_ENV: 'production',
  DATA_DIR: dataDir,
  PORT: '0',
  FLIGHT_PORT: '0',
  LOG_LEVEL: 'info',
  ...variables,
});

/** @returns the running service with the milliseconds from its spawn until it listened */
export async function startService(dataDir, variables = {}, script = 'dist/main.js') {
  const started = performance.now();
  const child = spawn(process.execPath, [script], {
    env: environment(dataDir, variables),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { url, flightPort } = await listening(child);
  const startMilliseconds = performance.now() - started;
  child.stdout.resume();
  return {
    url,
    flightPort,
    startMilliseconds,
    post: (query, queryVariables) => post(url, query, queryVariables),
    residentMegabytes: () => megabytes(child.pid, 'VmRSS'),
    /** Of all its threads, since it was started. */
    cpuMilliseconds: () => cpuMilliseconds(child.pid),
    /** The most since it was started. */
    peakMegabytes: () => megabytes(child.pid, 'VmHWM'),
    async stop() {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

/** Runs a command of the command line to its end and answers its milliseconds. */
export function runCommand(dataDir, args, variables = {}) {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/cli/index.js', ...args], {
    env: environment(dataDir, variables),
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${args.join(' ')} failed: ${stdout}${stderr}`);
  return performance.now() - started;
}

/** Runs a script that prints its figures as JSON. */
export function runScript(script, dataDir, variables = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], {
    env: { ...environment(dataDir, variables), LOG_LEVEL: 'warn' },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${script} failed: ${stdout}${stderr}`);
  return JSON.parse(stdout.trim().split('\n').at(-1));
}

/** Bytes of the points files in a data directory. */
export function pointsBytes(dataDir) {
  return readdirSync(dataDir)
    .filter((name) => name.startsWith('data_points_'))
    .reduce((sum, name) => sum + statSync(join(dataDir, name)).size, 0);
}

async function listening(child) {
  let text = '';
  for await (const chunk of child.stdout) {
    text += chunk;
    const match = /"message":"Listening".*"url":"([^"]+)"(?:,"flightPort":(\d+))?/.exec(text);
    if (match) return { url: match[1], flightPort: Number(match[2]) };
  }
  throw new Error(`the service ended before it listened: ${text}`);
}

/** Between processes of one machine compression only costs; `fetch` would ask for it. */
export const UNCOMPRESSED = { 'accept-encoding': 'identity' };

/** Sends an operation to GraphQL and answers its data. */
export async function post(url, query, variables) {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...UNCOMPRESSED },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(JSON.stringify(errors[0]));
  return data;
}

/** In steps of a hundredth of a second; user and system time are the 14th and 15th field of proc(5) stat. */
function cpuMilliseconds(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Linux only, as the figures are. */
function megabytes(pid, field) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)[1]) / 1024;
}
