// A stop, in processes of their own: what clients notice of it. `npm run test:restart` does it fifty times under load.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { Agent, request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../support/test-app.js';

let dataDir: string;
let child: ChildProcess;
let url: string;
let output: string;

beforeEach(async () => {
  dataDir = await temporaryDirectory();
});

afterEach(async () => {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  await rm(dataDir, { recursive: true, force: true });
});

async function start(settings: Record<string, string> = {}): Promise<void> {
  output = '';
  child = spawn(process.execPath, ['dist/main.js'], {
    env: { PATH: process.env.PATH, PORT: '0', FLIGHT_PORT: '0', DATA_DIR: dataDir, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stderr!.on('data', (text) => (output += String(text)));
  child.stdout!.on('data', (text) => (output += String(text)));
  await expect.poll(() => output, { timeout: 30_000 }).toContain('"message":"Listening"');
  url = /"url":"([^"]+)"/.exec(output)![1]!;
}

/** How the process ended: its code, or the signal that ended it. */
async function ended(): Promise<number | string> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return (child.exitCode ?? child.signalCode)!;
}

interface Told {
  readonly status: number;
  readonly connection: string | undefined;
  readonly text: string;
}

function ask(path: string, body?: object, agent = new Agent()): Promise<Told> {
  return new Promise((resolve, reject) => {
    const method = body ? 'POST' : 'GET';
    const headers = { 'content-type': 'application/json' };
    const sent = request(`${url}${path}`, { method, agent, headers }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += String(chunk)));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode!,
          connection: response.headers.connection,
          text,
        }),
      );
    });
    sent.on('error', reject);
    sent.end(body && JSON.stringify(body));
  });
}

async function mutate(query: string, variables: object): Promise<string> {
  const { status, text } = await ask('/graphql', { query, variables });
  expect(status).toBe(200);
  expect(text).not.toContain('"errors"');
  return text;
}

async function createSeries(): Promise<string> {
  const text = await mutate(
    'mutation($i: CreateEconomicSeriesInput!) { createSeries(input: $i) { id } }',
    {
      i: {
        sourceId: '123e4567-e89b-12d3-a456-426614174000',
        externalId: 'X',
        title: 'x',
        frequency: 'd',
      },
    },
  );
  return /"id":"([^"]+)"/.exec(text)![1]!;
}

async function writePoints(seriesId: string, count: number, from = 0): Promise<void> {
  const day = (offset: number) =>
    new Date(Date.UTC(1970, 0, 1 + offset)).toISOString().slice(0, 10);
  const i = Array.from({ length: count }, (_, row) => ({
    ...{ seriesId, date: day(from + row), revisionDate: '2024-01-01', value: String(row) },
  }));
  await mutate(
    'mutation($i: [CreateDataPointInput!]!) { createDataPoints(inputs: $i) { addedCount } }',
    { i },
  );
}

/** The first of an answer take three seconds and more. */
const SLOW_CHARACTERS = 3_000_000;
const SLOW_MILLISECONDS = 70;

const ALL = 'query($id: UUID!) { series(id: $id) { dataPoints { date value id } } }';

describe('a stop', () => {
  it('says so first, and goes on answering for as long as SHUTDOWN_DELAY_MS', async () => {
    await start({ SHUTDOWN_DELAY_MS: '10000' });
    const kept = new Agent({ keepAlive: true, maxSockets: 1 });
    expect((await ask('/health/ready', undefined, kept)).status).toBe(200);
    child.kill('SIGTERM');
    await expect
      .poll(async () => (await ask('/health/ready')).status, { timeout: 10_000 })
      .toBe(503);
    // Over the connection that was kept, and over a new one.
    for (const agent of [kept, new Agent()]) {
      const { status, connection } = await ask('/graphql', { query: '{ __typename }' }, agent);
      expect([status, connection]).toEqual([200, 'close']);
    }
    child.kill('SIGKILL');
  });

  it('ends with code 0, and says so', async () => {
    await start({ SHUTDOWN_DELAY_MS: '100' });
    child.kill('SIGTERM');
    expect(await ended()).toBe(0);
    expect(output).toContain('"message":"Stopped"');
  });

  it('lets answers that have begun come to their end', async () => {
    await start();
    const id = await createSeries();
    for (let part = 0; part < 6; part++) await writePoints(id, 10_000, part * 10_000);
    const answer = new Promise<IncomingMessage>((resolve, reject) => {
      const headers = { 'content-type': 'application/json' };
      const sent = request(`${url}/graphql`, { method: 'POST', headers }, resolve);
      sent.on('error', reject);
      sent.end(JSON.stringify({ query: ALL, variables: { id } }));
    });
    const response = await answer;
    child.kill('SIGTERM');
    // A slow reader: longer than connections are waited for that are silent.
    let text = '';
    for await (const chunk of response) {
      text += String(chunk);
      if (text.length < SLOW_CHARACTERS) await wait(SLOW_MILLISECONDS);
    }
    expect(JSON.parse(text)).toMatchObject({
      data: { series: { dataPoints: { length: 60_000 } } },
    });
    expect(await ended()).toBe(0);
  });

  it('does not wait for connections that nobody uses', async () => {
    await start();
    const idle = connect(Number(new URL(url).port), '127.0.0.1');
    await once(idle, 'connect');
    const kept = new Agent({ keepAlive: true });
    await ask('/health/live', undefined, kept);
    const closed = once(idle.resume(), 'close');
    const began = performance.now();
    child.kill('SIGTERM');
    expect(await ended()).toBe(0);
    expect(performance.now() - began).toBeLessThan(8_000);
    await closed;
  });

  it('ends what is still open after SHUTDOWN_GRACE_MS, and loses nothing', async () => {
    await start({ SHUTDOWN_GRACE_MS: '1000' });
    const id = await createSeries();
    for (let part = 0; part < 6; part++) await writePoints(id, 10_000, part * 10_000);
    // Asks, and never reads.
    const body = JSON.stringify({
      query: `{ ${Array.from({ length: 10 }, (_, n) => `a${n}: series(id: "${id}") { dataPoints { date value id } }`).join(' ')} }`,
    });
    const socket = connect(Number(new URL(url).port), '127.0.0.1').pause();
    socket.on('error', () => undefined);
    socket.write(
      `POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    await wait(500);
    const began = performance.now();
    child.kill('SIGTERM');
    expect(await ended()).toBe(0);
    const took = performance.now() - began;
    expect(took).toBeGreaterThan(1_000);
    expect(took).toBeLessThan(10_000);
    expect(output).toContain('Cut off what was still open');
    socket.destroy();

    await start();
    const { text } = await ask('/graphql', { query: ALL, variables: { id } });
    expect(JSON.parse(text)).toMatchObject({
      data: { series: { dataPoints: { length: 60_000 } } },
    });
  });

  it('ends at once with a second signal, and loses nothing that was acknowledged', async () => {
    await start({ SHUTDOWN_DELAY_MS: '60000' });
    const id = await createSeries();
    await writePoints(id, 1000);
    child.kill('SIGTERM');
    await expect
      .poll(async () => (await ask('/health/ready')).status, { timeout: 10_000 })
      .toBe(503);
    await writePoints(id, 1000, 1000);
    // Sooner, it would be taken for the same signal.
    await wait(300);
    child.kill('SIGTERM');
    expect(await ended()).toBe(143);
    expect(output).toContain('Stopped at once');

    await start();
    const { text } = await ask('/graphql', { query: ALL, variables: { id } });
    expect(JSON.parse(text)).toMatchObject({ data: { series: { dataPoints: { length: 2000 } } } });
  });

  it('takes a signal to npm and all its children once, although npm passes it on', async () => {
    await start({ SHUTDOWN_DELAY_MS: '500' });
    child.kill('SIGINT');
    await wait(20);
    child.kill('SIGINT');
    expect(await ended()).toBe(0);
  });
});
