// What series and points take of memory and disk, for the formulas of docs/runbook.md. Works in a directory of its
// own, which it removes; prints JSON.
//
//   node bench/capacity.mjs

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { register } from 'prom-client';
import { createContext } from '../dist/app.js';
import { loadConfig } from '../dist/config/environment.js';
import { DataDirectory } from '../dist/storage/data-directory.js';
import { DataPointsStore } from '../dist/storage/data-points-store.js';
import { OriginalFlag, PointUpsertsBuilder } from '../dist/storage/point-upserts.js';
import { SeriesStore } from '../dist/storage/series-store.js';

const SERIES = 500;
const POINTS_PER_SERIES = [12, 120, 1200, 12_000];
const BLOCK_BYTES = 512;

/** Given to a second process, which has nothing in memory but what it reads. */
const filled = process.argv[2];
const dataDir = filled ?? mkdtempSync(join(tmpdir(), 'econ-graph-capacity-'));
const context = await createContext(
  loadConfig({
    DATA_DIR: dataDir,
    LOG_LEVEL: 'error',
    // Changes stay in memory and in the log until they are asked to go.
    ...{ FLUSH_INTERVAL_SECONDS: '0', DELTA_BYTES_MAX: '4000000000' },
    ...{ CACHE_BYTES_MAX: '4000000000', CACHE_MAX_ENTRIES: '1000000', SCRUB_INTERVAL: '0' },
  }),
);
const series = context.get(SeriesStore);
const points = context.get(DataPointsStore);
const directory = context.get(DataDirectory);
let made = 0;

async function makeSeries(count) {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const number = made++;
      const { id } = await series.create({
        sourceId: '00000000-0000-4000-8000-000000000001',
        externalId: `CAP_${String(number).padStart(7, '0')}`,
        title: `Consumer price index, item ${number}, Switzerland, monthly`,
        ...{ description: null, units: 'Index 2015=100', frequency: 'monthly' },
        ...{ seasonalAdjustment: 'seasonally_adjusted', startDate: null, endDate: null },
        isActive: true,
      });
      return id;
    }),
  );
}

/** Values of six digits that wander, as an index does. */
function upserts(ids, from, count) {
  const builder = new PointUpsertsBuilder();
  for (const id of ids) {
    for (let row = from; row < from + count; row++) {
      const double = Math.round(1e5 + 3e4 * Math.sin(row / 40) + 97 * (row % 31)) / 1000;
      builder.add(id, row * 30, 20_000 + row, { double, exact: null }, OriginalFlag.UNSAID);
    }
  }
  return builder.finish();
}

async function cacheBytes() {
  const { values } = await register.getSingleMetric('cache_bytes').get();
  return values.find(({ labels }) => labels.cache === 'batches')?.value ?? 0;
}

/** Once what the work before left behind has been collected. */
async function residentBytes() {
  for (let turn = 0; turn < 5; turn++) {
    globalThis.gc();
    await wait(200);
  }
  return process.memoryUsage.rss();
}

async function readEverything() {
  const started = await residentBytes();
  for (const { id } of [...series.all()]) await points.read(id);
  return {
    cachedBytes: await cacheBytes(),
    residentBytesMore: (await residentBytes()) - started,
  };
}

const { log, state } = directory;
const files = (pattern) =>
  readdirSync(dataDir)
    .filter((name) => pattern.test(name))
    .map((name) => statSync(join(dataDir, name)));
const sum = (list, of) => list.reduce((total, item) => total + of(item), 0);
const rounded = (value) => Math.round(value * 100) / 100;

async function fill() {
  const figures = {};

  // Metadata: log, file, checkpoint.
  const logBefore = log.bytes;
  const ids = await makeSeries(SERIES);
  figures.logBytesPerSeriesCreated = rounded((log.bytes - logBefore) / SERIES);
  await directory.flush();
  await directory.checkpoint();
  const metadata = files(/^series_/);
  figures.metadataFileBytes = rounded(sum(metadata, ({ size }) => size) / SERIES);
  figures.metadataFileDiskBytes = rounded(
    sum(metadata, ({ blocks }) => blocks * BLOCK_BYTES) / SERIES,
  );
  figures.checkpointBytesPerSeries = rounded(
    statSync(join(dataDir, 'indexes', 'catalog.arrow')).size / SERIES,
  );

  // Commits of one point, one after the other.
  let before = log.bytes;
  for (let row = 0; row < 200; row++) await points.upsert(upserts([ids[0]], row, 1));
  figures.logBytesPerCommitOfOnePoint = rounded((log.bytes - before) / 200);
  await directory.flush();

  // A release: one point to each of many series in one call.
  before = log.bytes;
  let delta = state.deltaBytes;
  await points.upsert(upserts(ids.slice(1), 0, 1));
  figures.logBytesPerPointOfRelease = rounded((log.bytes - before) / (SERIES - 1));
  figures.deltaBytesPerPointOfRelease = rounded((state.deltaBytes - delta) / (SERIES - 1));
  await directory.flush();

  figures.pointsFiles = [];
  for (const count of POINTS_PER_SERIES) {
    const some = await makeSeries(Math.max(100, Math.min(SERIES, Math.round(240_000 / count))));
    await directory.flush();
    const known = new Set(readdirSync(dataDir));
    const all = some.length * count;
    [before, delta] = [log.bytes, state.deltaBytes];
    for (const id of some) await points.upsert(upserts([id], 0, count));
    const logged = (log.bytes - before) / all;
    const held = (state.deltaBytes - delta) / all;
    await directory.flush();
    const written = readdirSync(dataDir)
      .filter((name) => name.startsWith('data_points_') && !known.has(name))
      .map((name) => statSync(join(dataDir, name)));
    const cached = await cacheBytes();
    for (const id of some) await points.read(id);
    figures.pointsFiles.push({
      points: count,
      series: some.length,
      fileBytes: rounded(sum(written, ({ size }) => size) / some.length),
      fileDiskBytes: rounded(sum(written, ({ blocks }) => blocks * BLOCK_BYTES) / some.length),
      logBytesPerPoint: rounded(logged),
      deltaBytesPerPoint: rounded(held),
      cacheBytesPerPoint: rounded(((await cacheBytes()) - cached) / all),
    });
  }
  return figures;
}

const figures = filled === undefined ? await fill() : await readEverything();
await context.close();
if (filled === undefined) {
  const script = fileURLToPath(import.meta.url);
  const args = ['--expose-gc', script, dataDir];
  figures.readAll = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
  rmSync(dataDir, { recursive: true });
}
process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
