// Writes points through the storage engine itself, below every protocol, and prints its figures as JSON.
// Run by bench/run.mjs in a process of its own.

import { createContext } from '../dist/app.js';
import { loadConfig } from '../dist/config/environment.js';
import { DataDirectory } from '../dist/storage/data-directory.js';
import { DataPointsStore } from '../dist/storage/data-points-store.js';
import { OriginalFlag, PointUpsertsBuilder } from '../dist/storage/point-upserts.js';
import { SeriesStore } from '../dist/storage/series-store.js';

const SERIES = 40;
const POINTS_PER_CALL = 10_000;
const CALLS_PER_SERIES = 10;
const WRITERS = 4;

const context = await createContext(loadConfig(process.env));
const series = context.get(SeriesStore);
const points = context.get(DataPointsStore);
const directory = context.get(DataDirectory);

const ids = [];
for (let index = 0; index <= SERIES; index++) {
  const row = await series.create({
    sourceId: '00000000-0000-4000-8000-000000000001',
    externalId: `E${index}`,
    title: `Series ${index}`,
    description: null,
    units: null,
    frequency: 'daily',
    seasonalAdjustment: null,
    startDate: null,
    endDate: null,
    isActive: true,
  });
  ids.push(row.id);
}

/** The columns are made beforehand: what is measured begins where a protocol hands them over. */
function upserts(seriesId, call) {
  const builder = new PointUpsertsBuilder();
  for (let row = 0; row < POINTS_PER_CALL; row++) {
    const date = -200_000 + call * POINTS_PER_CALL + row;
    const value = { double: Math.round(1e6 * Math.sin(date / 50)) / 1000, exact: null };
    builder.add(seriesId, date, 20_000, value, OriginalFlag.UNSAID);
  }
  return builder.finish();
}

const writes = [];
for (let call = 0; call < CALLS_PER_SERIES; call++) {
  for (const id of ids.slice(0, -1)) writes.push(upserts(id, call));
}

// A series that nobody writes, read all the while.
const quiet = ids.pop();
await points.upsert(upserts(quiet, 0));
await directory.flush();
const readTimes = [];
let isDone = false;
async function reader() {
  while (!isDone) {
    const from = performance.now();
    await points.read(quiet, { start: -200_000, end: -199_990 });
    readTimes.push(performance.now() - from);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

const total = writes.length * POINTS_PER_CALL;
const started = performance.now();
let next = 0;
async function writer() {
  while (next < writes.length) await points.upsert(writes[next++]);
}
await Promise.all(Array.from({ length: WRITERS }, writer));
const durable = performance.now() - started;
await directory.flush();
const flushed = performance.now() - started;

// A million points at the pace that GraphQL reaches.
const reading = reader();
for (let call = 0; call < 100; call++) {
  const id = ids[call % ids.length];
  await points.upsert(upserts(id, CALLS_PER_SERIES + Math.floor(call / ids.length)));
  await new Promise((resolve) => setTimeout(resolve, 100));
}
await directory.flush();
isDone = true;
await reading;
readTimes.sort((a, b) => a - b);
process.stdout.write(
  `${JSON.stringify({
    points: total,
    pointsPerSecond: total / (durable / 1000),
    pointsPerSecondFlushed: total / (flushed / 1000),
    readP99Milliseconds: readTimes[Math.floor(readTimes.length * 0.99)],
  })}\n`,
);
await context.close();
