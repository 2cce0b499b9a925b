// What a whole life of the built service writes, as a process: on standard output one JSON object per line and nothing
// else, whatever is sent to it.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FlightTestClient } from '../support/flight-client.js';
import { exchange, posted, type WireRequest } from '../support/graphql-http.js';
import { temporaryDirectory } from '../support/test-app.js';

const VERSION = /^\d+\.\d+\.\d+/;

let dataDir: string;
const children: ChildProcess[] = [];

beforeEach(async () => {
  dataDir = await temporaryDirectory();
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(dataDir, { recursive: true, force: true });
});

interface Running {
  readonly child: ChildProcess;
  readonly stdout: Readable;
  /** What was written so far. */
  output(): string;
  errors(): string;
  /** @returns the code of its end */
  ended(): Promise<number | null>;
}

function run(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Running {
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env.PATH, PORT: '0', FLIGHT_PORT: '0', DATA_DIR: dataDir, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const closed = once(child, 'close') as Promise<[number | null]>;
  return {
    child,
    stdout: child.stdout,
    output: () => output,
    errors: () => errors,
    ended: async () => (await closed)[0],
  };
}

async function started(environment: NodeJS.ProcessEnv = {}) {
  const running = run(['dist/main.js'], environment);
  const listening = await vi.waitFor(() => {
    const line = running.output().match(/^.*Listening.*$/m)?.[0];
    expect(line, running.errors()).toBeDefined();
    return line!;
  }, 30_000);
  const [, url] = /(http:\/\/[\d.:]+)/.exec(listening)!;
  const [, port] = /flightPort\W+(\d+)/.exec(listening)!;
  return { ...running, url: url!, flightPort: Number(port) };
}

/** Bytes that are no HTTP, up to whatever the service does about them. */
async function sendBytes(url: string, bytes: string | Buffer): Promise<void> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined).resume();
  socket.end(bytes);
  await once(socket, 'close');
}

const CONTROL = 'a\u0000\u001b[31m\r\n\u0085\u2028\u2029\u202e\ud800"}';
const CREATE = `mutation M($id: String!, $title: String!) { createSeries(input: {
  sourceId: "123e4567-e89b-12d3-a456-426614174000", externalId: $id, title: $title, frequency: "m" }) { id } }`;

const REQUESTS: readonly WireRequest[] = [
  posted({ query: '{ health sources { id } }' }),
  posted({ query: '{ health sources { id } }' }),
  posted({ query: CREATE, variables: { id: 'A', title: CONTROL } }),
  posted({ query: CREATE, variables: { id: 'A', title: CONTROL } }),
  posted({ query: CREATE, variables: { id: CONTROL, title: '' } }),
  posted({ query: `{ ${CONTROL} }` }),
  posted({ query: '{ nope }', operationName: CONTROL }),
  posted({ query: 5 }),
  posted([]),
  { ...posted({}), body: '{"query' },
  { ...posted({}), body: Buffer.from([0xff, 0xfe, 0x00, 0x0a]) },
  { method: 'POST', headers: { 'content-type': 'text/\u00e4' }, body: 'x' },
  { path: '/graphql?query=%7Bhealth%7D' },
  { path: '/nope/%0a%1b%5B2J' },
  { path: '/%zz' },
  { path: '/health' },
  { path: '/health/live' },
  { path: '/metrics' },
  { path: '/' },
  { method: 'DELETE', path: '/' },
  { path: '/health', headers: { 'x-request-id': 'not one id', traceparent: 'neither' } },
];

async function useOverFlight(port: number): Promise<void> {
  const client = new FlightTestClient(port);
  await client.list();
  await client.tryGet({ type: 'series' });
  await client.tryGet({ type: 'data_points', series: [CONTROL] });
  await client.tryGet(CONTROL);
  await client.tryGet(new Uint8Array([1, 2, 3]));
  await client.unary('GetFlightInfo', Buffer.from([0xff])).catch((error: unknown) => error);
  await client.stream('DoAction', Buffer.from('\n\u0000'));
  await client.unary('PollFlightInfo', Buffer.alloc(0)).catch((error: unknown) => error);
  client.close();
}

describe('what a whole life of the service writes on standard output', () => {
  it.each(['trace', 'info'])('is one JSON object per line at the level %s', async (level) => {
    const service = await started({ LOG_LEVEL: level, SLOW_QUERY_MS: '1' });
    for (const request of REQUESTS) await exchange(service.url, request);
    await sendBytes(service.url, 'GARBAGE\r\n\r\n');
    await sendBytes(service.url, Buffer.from([0x16, 0x03, 0x01, 0x00]));
    await useOverFlight(service.flightPort);
    service.child.kill('SIGTERM');
    expect(await service.ended()).toBe(0);

    const output = service.output();
    expect(output.endsWith('\n')).toBe(true);
    const lines = output.slice(0, -1).split('\n');
    for (const line of lines) {
      const parsed = JSON.parse(line) as Record<string, unknown>;
      expect(new Date(String(parsed['time'])).toISOString(), line).toBe(parsed['time']);
      expect(parsed['level'], line).toMatch(/^(error|warn|info|debug|trace)$/);
      expect(parsed['message'], line).toMatch(/./);
      expect(parsed['service'], line).toBe('econ-graph-financial-data');
      expect(parsed['version'], line).toMatch(VERSION);
    }
    // Of each request that reached a handler, at least where it was refused.
    expect(lines.length).toBeGreaterThan(15);
    expect(output).not.toMatch(/[^\P{Control}\n]|[\u2028\u2029\u202e]/u);
    expect(output).not.toContain('"level":"error"');
    expect(service.errors()).toBe('');
  });

  it('is made for people where LOG_PRETTY says so, without colours where there is no terminal', async () => {
    const service = await started({ LOG_PRETTY: '1' });
    await exchange(service.url, { path: '/nope' });
    service.child.kill('SIGTERM');
    expect(await service.ended()).toBe(0);
    for (const line of service.output().trimEnd().split('\n')) {
      expect(line).toMatch(/^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\] (INFO|WARN): [\w[]/);
    }
    expect(service.output()).toMatch(/INFO: \[HTTP\] Request refused requestId=\S+ .*code=404\n/);
  });

  it('may have no reader any more: the service goes on, and ends as it should', async () => {
    const service = await started({ LOG_LEVEL: 'debug' });
    service.stdout.destroy();
    for (let round = 0; round < 3; round++) {
      for (const request of REQUESTS) await exchange(service.url, request);
    }
    expect((await exchange(service.url, { path: '/health' })).status).toBe(200);
    service.child.kill('SIGTERM');
    expect(await service.ended()).toBe(0);
    expect(service.errors()).toBe('');
  });
});

describe('a log on a full disk', () => {
  it('is lost, and the service goes on', async () => {
    const full = await open('/dev/full', 'w');
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as { port: number };
    probe.close();
    await once(probe, 'close');
    const child = spawn(process.execPath, ['dist/main.js'], {
      env: { PORT: String(port), FLIGHT_PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'debug' },
      stdio: ['ignore', full.fd, 'pipe'],
    });
    children.push(child);
    const ended = once(child, 'close');
    let errors = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (errors += text));
    const url = `http://127.0.0.1:${port}`;
    await vi.waitFor(() => exchange(url, { path: '/health' }), 30_000);
    for (const request of REQUESTS) await exchange(url, request);
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    expect(errors).toBe('');
    await full.close();
  });
});

describe('what happens to the process', () => {
  /** A process that logs as the service does, and then runs a statement. */
  function runStatement(statement: string): Running {
    const url = (name: string): string =>
      new URL(`../../dist/logging/${name}`, import.meta.url).href;
    const program = `
      import { JsonLogger } from ${JSON.stringify(url('json-logger.js'))};
      import { logProcessEvents } from ${JSON.stringify(url('process-events.js'))};
      logProcessEvents(new JsonLogger({ logLevel: 'info', logStackTraces: 1, logPretty: 0 }), true);
      setInterval(() => undefined, 1000);
      ${statement}`;
    return run(['--input-type=module', '--eval', program]);
  }

  it.each([
    ['Uncaught exception', 'setImmediate(() => { throw error; });'],
    ['Unhandled rejection', 'void Promise.reject(error);'],
  ])('%s: one line with its stack, and the end', async (message, statement) => {
    const cause = "new Error('redis://:hunter2@host')";
    const running = runStatement(
      `const error = new Error('broken', { cause: ${cause} }); ${statement}`,
    );
    expect(await running.ended()).toBe(1);
    const lines = running.output().trimEnd().split('\n');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0]!)).toMatchObject({
      level: 'error',
      message,
      cause: 'Error: broken, caused by: Error: redis://***@host',
      stack: expect.stringMatching(
        /^Error: broken\n +at [^]*\ncaused by: Error: redis:\/\/\*\*\*@host\n +at /,
      ),
    });
    expect(running.errors()).toBe('');
  });

  it('a warning of Node.js is a line of the log, and nothing else', async () => {
    const running = runStatement(
      "process.emitWarning('old', 'DeprecationWarning'); setTimeout(() => process.exit(0), 1);",
    );
    expect(await running.ended()).toBe(0);
    expect(JSON.parse(running.output())).toMatchObject({
      level: 'warn',
      message: 'old',
      warning: 'DeprecationWarning',
    });
    expect(running.errors()).toBe('');
  });
});
