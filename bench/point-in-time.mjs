// Reads a revision triangle in memory, below HTTP, and prints medians in milliseconds as JSON. Run by
// bench/run.mjs in a process of its own.

import { createContext } from '../dist/app.js';
import { loadConfig } from '../dist/config/environment.js';
import { ChangesService } from '../dist/data-points/changes/changes.service.js';
import { DataPointsService } from '../dist/data-points/data-points.service.js';
import { DataDirectory } from '../dist/storage/data-directory.js';
import { DataPointsStore } from '../dist/storage/data-points-store.js';
import { SeriesStore } from '../dist/storage/series-store.js';

const QUARTERS = 120;
const VINTAGES = 99;
const ROUNDS = 200;

const context = await createContext(loadConfig(process.env));
const points = context.get(DataPointsService);
const store = context.get(DataPointsStore);

const { id } = await context.get(SeriesStore).create({
  sourceId: '00000000-0000-4000-8000-000000000001',
  externalId: 'TRIANGLE',
  title: 'A triangle in which every vintage revises every date',
  description: null,
  units: null,
  frequency: 'quarterly',
  seasonalAdjustment: null,
  startDate: null,
  endDate: null,
  isActive: true,
});

const quarter = (index) => Math.round(Date.UTC(1980, index * 3, 1) / 86_400_000);
const revisionDate = (vintage) => quarter(QUARTERS) + 30 * vintage;
const vintageOf = (vintage) => ({
  revisionDate: revisionDate(vintage),
  isComplete: false,
  dates: Int32Array.from({ length: QUARTERS }, (_, index) => quarter(index)),
  values: Array.from({ length: QUARTERS }, (_, index) => ({
    double: Math.round(1000 * (100 + index + Math.sin(vintage + index))) / 1000,
    exact: null,
  })),
});

const published = [];
for (let vintage = 0; vintage < VINTAGES; vintage++) {
  const started = performance.now();
  await store.publish([{ seriesId: id, vintages: [vintageOf(vintage)] }]);
  published.push(performance.now() - started);
}
await context.get(DataDirectory).flush();

async function time(args) {
  const times = [];
  for (let round = 0; round < ROUNDS; round++) {
    const asOf = revisionDate(round % VINTAGES);
    const started = performance.now();
    await points.select(id, { revisions: 'LATEST', asOf, ...args });
    times.push(performance.now() - started);
  }
  return median(times);
}

function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

const figures = {
  rows: (await store.read(id)).length,
  asOf: await time({}),
  fixedLag: await time({ revisions: 'FIXED_LAG', lagDays: 60 }),
  growth: await time({ units: 'pc1' }),
  annual: await time({ frequency: 'annual', units: 'pch' }),
  publish: median(published),
};
const changes = context.get(ChangesService);
const started = performance.now();
let page = await changes.page({ first: 10_000 });
while (page.hasMore) page = await changes.page({ first: 10_000, since: page.cursor });
figures.changes = performance.now() - started;
process.stdout.write(`${JSON.stringify(figures)}\n`);
await context.close();
