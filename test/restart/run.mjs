// Restarts the service again and again while clients go on, and counts what they notice: nothing that was taken may
// fail or be cut, nothing that was acknowledged may be missing, and whoever tries again gets an answer.
//
//   node test/restart/run.mjs [--restarts 50] [--per-second 200]

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { FlightClient, HttpClients } from './clients.mjs';
import { freePort, Service } from './service.mjs';

const { values } = parseArgs({
  options: {
    restarts: { type: 'string', default: '50' },
    'per-second': { type: 'string', default: '200' },
  },
});
const restarts = Number(values.restarts);
const perSecond = Number(values['per-second']);

const STOP_MILLISECONDS_MAX = 15_000;
/** Between two restarts: enough for connections to be kept open, and for streams to begin. */
const SERVING_MILLISECONDS = 700;
const WAITING_MAX = 20;
const LOOK_MILLISECONDS = 20;
const POINTS = 200_000;
/** Starts differ; on a busy machine by this much. */
const GAP_SHARE_MAX = 1.5;
const GAP_MILLISECONDS_EXTRA = 1_500;

const dataDir = mkdtempSync(join(tmpdir(), 'econ-graph-restart-'));
const [port, flightPort] = [await freePort(), await freePort()];
const service = new Service({
  DATA_DIR: dataDir,
  PORT: String(port),
  FLIGHT_PORT: String(flightPort),
  // A line for each request that was taken.
  LOG_LEVEL: 'debug',
});
process.once('exit', () => {
  service.child?.kill('SIGKILL');
  rmSync(dataDir, { recursive: true, force: true });
});

async function ask(query, variables) {
  const response = await fetch(`${service.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(errors[0].message);
  return data;
}

async function createSeries(externalId) {
  const input = {
    sourceId: '123e4567-e89b-12d3-a456-426614174000',
    externalId,
    title: externalId,
    frequency: 'daily',
  };
  const answer = await ask(
    'mutation($i: CreateEconomicSeriesInput!) { createSeries(input: $i) { id } }',
    { i: input },
  );
  return answer.createSeries.id;
}

async function fill(seriesId) {
  const atOnce = 10_000;
  for (let from = 0; from < POINTS; from += atOnce) {
    const i = Array.from({ length: atOnce }, (_, row) => ({
      seriesId,
      date: new Date(Date.UTC(1000, 0, 1 + from + row)).toISOString().slice(0, 10),
      revisionDate: '2024-01-01',
      value: row,
    }));
    await ask(
      'mutation($i: [CreateDataPointInput!]!) { createDataPoints(inputs: $i) { addedCount } }',
      { i },
    );
  }
}

function percentile(numbers, share) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

const faults = [];
await service.start();
const [written, read] = [await createSeries('WRITTEN'), await createSeries('READ')];
await fill(read);

// What a start takes when nobody waits for it.
const quietStarts = [];
for (let round = 0; round < 3; round++) {
  service.signal('SIGTERM');
  await service.ended();
  quietStarts.push(await service.start());
}
const quietStart = percentile(quietStarts, 0.5);

const http = new HttpClients(service.url, written, { perSecond, connections: 20 });
const flights = Array.from(
  { length: 3 },
  () => new FlightClient(flightPort, ['data_points', read], POINTS),
);
http.start();
for (const flight of flights) flight.start();

const stops = [];
const gaps = [];
for (let restart = 0; restart < restarts; restart++) {
  // Whoever waited for the start has been answered.
  while (http.waiting > WAITING_MAX) await wait(LOOK_MILLISECONDS);
  await wait(SERVING_MILLISECONDS);
  const began = performance.now();
  service.signal('SIGTERM');
  const ended = await service.ended();
  stops.push(performance.now() - began);
  if (ended !== 0)
    faults.push(`stop ${restart} ended with ${ended}: ${service.output.slice(-500)}`);
  if (service.output.includes('"level":"error"')) faults.push(service.output.slice(-2000));
  gaps.push(await service.start());
}
await wait(SERVING_MILLISECONDS);
await http.stop();
for (const flight of flights) await flight.stop();

const { series } = await ask('query($id: UUID!) { series(id: $id) { dataPoints { date } } }', {
  id: written,
});
const stored = new Set(series.dataPoints.map(({ date }) => date));
const lost = http.acknowledged.filter((date) => !stored.has(date));
if (lost.length > 0) faults.push(`${lost.length} acknowledged points are missing`);

// In the middle of writes: the second signal ends it at once.
service.environment.SHUTDOWN_DELAY_MS = '10000';
service.signal('SIGTERM');
await service.ended();
await service.start();
const last = new HttpClients(service.url, written, { perSecond: 100, connections: 10 });
last.start();
await wait(SERVING_MILLISECONDS);
service.signal('SIGTERM');
// Two that come together are one signal, that was passed on.
await wait(400);
service.signal('SIGTERM');
const began = performance.now();
const ended = await service.ended();
const secondSignal = performance.now() - began;
if (ended !== 143) faults.push(`two signals ended it with ${ended}`);
if (secondSignal > 2_000) faults.push(`two signals took ${Math.round(secondSignal)} ms`);
delete service.environment.SHUTDOWN_DELAY_MS;
await service.start();
await last.stop();
const after = await ask('query($id: UUID!) { series(id: $id) { dataPoints { date } } }', {
  id: written,
});
const storedAfter = new Set(after.series.dataPoints.map(({ date }) => date));
if (!last.acknowledged.every((date) => storedAfter.has(date))) {
  faults.push('two signals lost an acknowledged point');
}
service.signal('SIGTERM');
await service.ended();

if (http.acknowledged.length > 0 && !service.log.includes('"requestId"')) {
  faults.push('the log has no ids of requests: nothing is proven of resets');
}
const taken = http.resets.filter((id) => service.log.includes(id));
if (taken.length > 0) faults.push(`${taken.length} requests were taken and reset`);
faults.push(...http.faults, ...flights.flatMap((flight) => flight.faults));
const longestStop = Math.max(...stops);
const gap = percentile(gaps, 0.5);
if (longestStop > STOP_MILLISECONDS_MAX) faults.push(`a stop took ${Math.round(longestStop)} ms`);
if (gap > GAP_SHARE_MAX * quietStart + GAP_MILLISECONDS_EXTRA) {
  faults.push(`the gap was ${Math.round(gap)} ms, a start without clients ${quietStart} ms`);
}
const streams = flights.reduce((sum, { counts }) => sum + counts.streams, 0);
const tell = (text) => process.stdout.write(`${text}\n`);
tell(`${restarts} restarts at ${perSecond} requests/s over 20 kept connections, 3 readers over Flight
  requests answered    ${http.counts.answered}, ${http.counts.retried} tries where nobody listened (${http.resets.length} reset in the backlog), longest wait ${Math.round(http.longest)} ms
  points acknowledged  ${http.acknowledged.length}, missing ${lost.length}
  streams whole        ${streams}
  stop                 median ${Math.round(percentile(stops, 0.5))} ms, longest ${Math.round(longestStop)} ms
  from stop to ready   median ${Math.round(gap)} ms, longest ${Math.round(Math.max(...gaps))} ms (a start without clients: ${Math.round(quietStart)} ms)
  second signal        ended after ${Math.round(secondSignal)} ms`);
for (const fault of faults.slice(0, 20)) tell(`FAULT ${fault}`);
tell(`${faults.length} faults`);
process.exitCode = faults.length === 0 ? 0 : 1;
