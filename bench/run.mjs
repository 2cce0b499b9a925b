// Measures the built service from outside, in processes of its own, and prints the figures beside those
// that were promised. It asserts nothing. Usage: npm run bench -- [--vintages FILE] [--seconds N] [--only WORD] [--large]

import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import autocannon from 'autocannon';
import { measureFlight } from './flight.mjs';
import {
  pointsBytes,
  removeDirectory,
  runCommand,
  runScript,
  startService,
  temporaryDirectory,
  UNCOMPRESSED,
} from './service.mjs';

const { values: options } = parseArgs({
  options: {
    vintages: { type: 'string' },
    seconds: { type: 'string', default: '8' },
    only: { type: 'string' },
    // Making 100,000 series takes some minutes.
    series: { type: 'string' },
    // Writing 50 million rows takes a minute.
    large: { type: 'boolean', default: false },
  },
});

const SOURCE_ID = '00000000-0000-4000-8000-000000000001';
const CONNECTIONS = 32;
const figures = [];

/** @param target what SPEC section 6 asks for, or an empty text */
function record(name, value, unit, target = '') {
  figures.push({ name, value: Number(value.toPrecision(4)), unit, target });
  process.stderr.write(`${name}: ${value.toPrecision(4)} ${unit}\n`);
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const percentile = (values, share) =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];

const CREATE_SERIES = 'mutation($i: CreateEconomicSeriesInput!) { createSeries(input: $i) { id } }';
const CREATE_POINTS =
  'mutation($i: [CreateDataPointInput!]!) { createDataPoints(inputs: $i) { addedCount } }';
const READ_SERIES =
  'query($id: UUID!, $start: Date!) { series(id: $id) { id title frequency dataPoints(startDate: $start, limit: 12) { date value } } }';

const day = (index) => new Date(Date.UTC(1970, 0, 1 + index)).toISOString().slice(0, 10);

async function createSeries(service, count, prefix = 'S') {
  const ids = [];
  for (let index = 0; index < count; index++) {
    const input = {
      sourceId: SOURCE_ID,
      externalId: `${prefix}${index}`,
      title: `Series ${index} of the benchmark, seasonally adjusted`,
      frequency: 'monthly',
    };
    ids.push((await service.post(CREATE_SERIES, { i: input })).createSeries.id);
  }
  return ids;
}

const point = (seriesId, index) => ({
  seriesId,
  date: day(index),
  revisionDate: '2024-01-01',
  value: (100 + Math.sin(index / 10) * 20).toFixed(3),
});

async function writePoints(service, seriesId, count) {
  for (let start = 0; start < count; start += 10_000) {
    const size = Math.min(10_000, count - start);
    const i = Array.from({ length: size }, (_, index) => point(seriesId, start + index));
    await service.post(CREATE_POINTS, { i });
  }
}

async function load(url, requests, path = '/graphql') {
  const result = await autocannon({
    url: `${url}${path}`,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    connections: CONNECTIONS,
    duration: Number(options.seconds),
    requests,
  });
  if (result.non2xx > 0 || result.errors > 0) throw new Error('the load met failures');
  return { perSecond: result.requests.average, p99: result.latency.p99 };
}

const QUERY_ROUNDS = 3;

/** Reads an answer to its end and keeps nothing: joining it would hold the load generator up. */
async function drain(url, body) {
  const headers = { 'content-type': 'application/json' };
  const request = httpRequest(`${url}/graphql`, { method: 'POST', headers });
  request.end(body);
  const [response] = await once(request, 'response');
  let bytes = 0;
  for await (const chunk of response) bytes += chunk.length;
  return bytes;
}

async function ask(url, body) {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...UNCOMPRESSED },
    body,
  });
  const text = await response.text();
  if (!response.ok) throw new Error(text.slice(0, 1000));
  return text;
}

const scenarios = {
  async start() {
    const dataDir = temporaryDirectory();
    let service = await startService(dataDir);
    await settle();
    record('start, empty', service.startMilliseconds, 'ms');
    record('resident memory, 0 series', service.residentMegabytes(), 'MB', '<= 200');
    await createSeries(service, 1000);
    await service.stop();
    service = await startService(dataDir);
    await settle();
    record('start, 1,000 series', service.startMilliseconds, 'ms');
    record('resident memory, 1,000 series', service.residentMegabytes(), 'MB', '<= 200.6');
    await service.stop();
    removeDirectory(dataDir);
  },

  async queries() {
    const dataDir = temporaryDirectory();
    let service = await startService(dataDir);
    const ids = await createSeries(service, 100);
    for (const id of ids) await writePoints(service, id, 400);
    // What was just written is moved into files at the stop, and not while queries are timed.
    await service.stop();
    const body = (id, start) =>
      JSON.stringify({ query: READ_SERIES, variables: { id, start: day(start) } });
    const repeatedRequests = [{ body: body(ids[0], 0) }];
    let next = 0;
    const differentRequests = [
      {
        setupRequest: (request) => {
          next++;
          return { ...request, body: body(ids[next % ids.length], Math.floor(next / 100) % 380) };
        },
      },
    ];
    const servers = {
      service: [{}, 'dist/main.js'],
      apollo: [{ SERVER: 'apollo' }, 'bench/other-servers.mjs'],
      mercurius: [{ SERVER: 'mercurius' }, 'bench/other-servers.mjs'],
    };
    const rounds = [];
    // The machine has other moods each minute: what is compared is measured in turns.
    for (let round = 0; round < QUERY_ROUNDS; round++) {
      const figures = {};
      let answer;
      for (const [name, [variables, script]] of Object.entries(servers)) {
        service = await startService(dataDir, variables, script);
        for (const id of ids) await ask(service.url, body(id, 0));
        const answered = (await ask(service.url, body(ids[0], 0))).trim();
        if (answer !== undefined && answered !== answer) throw new Error(`${name} answers else`);
        answer = answered;
        figures[name] = {
          repeated: await load(service.url, repeatedRequests),
          different: await load(service.url, differentRequests),
        };
        await service.stop();
      }
      const bare = await startService(dataDir, { ANSWER: answer }, 'bench/bare-fastify.mjs');
      figures.bare = { repeated: await load(bare.url, repeatedRequests) };
      await bare.stop();
      rounds.push(figures);
    }
    const of = (look) => median(rounds.map(look));
    const ofService = (look) => of(({ service: figures }) => look(figures));
    const perRound = (kind, other) =>
      of((figures) => figures.service[kind].perSecond / figures[other][kind].perSecond);
    record(
      'repeated query',
      ofService(({ repeated }) => repeated.perSecond),
      '/s',
      '30,000',
    );
    record(
      'repeated query, p99 at 32 connections',
      ofService(({ repeated }) => repeated.p99),
      'ms',
      '< 5',
    );
    record(
      'same operation, different variables',
      ofService(({ different }) => different.perSecond),
      '/s',
      '10,000',
    );
    record(
      'same operation, different variables, p99',
      ofService(({ different }) => different.p99),
      'ms',
    );
    const names = { apollo: 'plain Apollo', mercurius: 'Mercurius with jit' };
    for (const [server, name] of Object.entries(names)) {
      for (const kind of ['repeated', 'different']) {
        record(
          `${name}, ${kind}`,
          of((figures) => figures[server][kind].perSecond),
          '/s',
        );
        record(`the service / ${name}, ${kind}`, perRound(kind, server), '');
      }
    }
    record(
      'bare Fastify, the same bytes',
      of(({ bare }) => bare.repeated.perSecond),
      '/s',
    );
    record('repeated query / bare Fastify', perRound('repeated', 'bare'), '', '>= 0.6');
    record(
      'different variables / bare Fastify',
      of((figures) => figures.service.different.perSecond / figures.bare.repeated.perSecond),
      '',
      '>= 0.2',
    );
    removeDirectory(dataDir);
  },

  async largeAnswers() {
    const dataDir = temporaryDirectory();
    let service = await startService(dataDir);
    const [small, middle, large] = await createSeries(service, 3);
    await writePoints(service, small, 400);
    await writePoints(service, middle, 11_000);
    await writePoints(service, large, 1_000_000);
    // What was just written is moved into files at the stop, and not while answers are timed.
    await service.stop();
    service = await startService(dataDir);
    const query = `query($id: UUID!, $start: Date) {
      series(id: $id) { dataPoints(startDate: $start, limit: 10000) { date value } } }`;
    const ofMiddle = (start) =>
      JSON.stringify({ query, variables: { id: middle, start: day(start) } });
    // A different range each time: the cache of answers has none of them.
    for (let start = 0; start < 400; start++) await ask(service.url, ofMiddle(start));
    const before = service.cpuMilliseconds();
    for (let start = 400; start < 800; start++) await ask(service.url, ofMiddle(start));
    const cpu = (service.cpuMilliseconds() - before) / 400;
    record('answer of 10,000 points, CPU', cpu, 'ms', '< 4');

    const all = JSON.stringify({
      query: 'query($id: UUID!) { series(id: $id) { dataPoints { date value } } }',
      variables: { id: large },
    });
    const started = performance.now();
    const bytes = await drain(service.url, all);
    const seconds = (performance.now() - started) / 1000;
    record('answer of 1,000,000 points, the first time', seconds * 1000, 'ms');
    record('the same', bytes / 1e6 / seconds, 'MB/s');
    let isDone = false;
    const large1 = (async () => {
      while (!isDone) await drain(service.url, all);
    })();
    const beside = await load(service.url, [
      { body: JSON.stringify({ query: READ_SERIES, variables: { id: small, start: day(0) } }) },
    ]);
    isDone = true;
    await large1;
    record('small queries beside it, p99', beside.p99, 'ms', '< 20');
    await service.stop();
    removeDirectory(dataDir);
  },

  async cold() {
    const dataDir = temporaryDirectory();
    let service = await startService(dataDir);
    const all = await createSeries(service, 60);
    for (const id of all) await writePoints(service, id, 20_000);
    await service.stop();
    // The files are cold, the service is not: its first requests compile it.
    const [warmUp, ids] = [all.slice(0, 10), all.slice(10)];
    // No cache: every read opens, checks and decodes the file.
    service = await startService(dataDir, { CACHE_TTL_SECONDS: '0' });
    const timeEach = async (query) => {
      for (const id of warmUp) await service.post(query, { id });
      const times = [];
      for (let round = 0; round < 4; round++) {
        for (const id of ids) {
          const started = performance.now();
          await service.post(query, { id });
          times.push(performance.now() - started);
        }
      }
      return times;
    };
    const year = await timeEach(
      'query($id: UUID!) { dataPoints(seriesId: $id, startDate: "2000-01-01", endDate: "2000-12-31") { date value } }',
    );
    record('cold read, a year of 20,000 points, median', median(year), 'ms');
    record('cold read, a year of 20,000 points, p99', percentile(year, 0.99), 'ms', '< 10');
    const columns = await timeEach(
      'query($id: UUID!) { series(id: $id) { observations { dates values } } }',
    );
    record('cold read, all 20,000 points in columns, median', median(columns), 'ms');
    record('cold read, all 20,000 points in columns, p99', percentile(columns, 0.99), 'ms', '< 10');
    await service.stop();
    removeDirectory(dataDir);
  },

  async writes() {
    const dataDir = temporaryDirectory();
    const service = await startService(dataDir);
    const ids = await createSeries(service, 1000);
    const thousand = [];
    for (let round = 0; round < 20; round++) {
      const i = Array.from({ length: 1000 }, (_, index) => point(ids[0], round * 1000 + index));
      const started = performance.now();
      await service.post(CREATE_POINTS, { i });
      thousand.push(performance.now() - started);
    }
    record('write of 1,000 points to one series, median', median(thousand), 'ms');
    const burst = [];
    for (let round = 0; round < 5; round++) {
      const i = ids.map((id) => point(id, 30_000 + round));
      const started = performance.now();
      await service.post(CREATE_POINTS, { i });
      burst.push(performance.now() - started);
    }
    record('write of 1 point to each of 1,000 series, median', median(burst), 'ms', '< 100');
    await service.stop();
    removeDirectory(dataDir);
  },

  async ingest() {
    const dataDir = temporaryDirectory();
    const service = await startService(dataDir);
    const ids = await createSeries(service, 100);
    const calls = (pointsPerCall, total) =>
      Array.from({ length: total / pointsPerCall }, (_, call) =>
        Array.from({ length: pointsPerCall }, (_, index) =>
          point(ids[call % ids.length], Math.floor(call / ids.length) * pointsPerCall + index),
        ),
      );
    const large = calls(10_000, 1_000_000);
    let started = performance.now();
    for (const i of large) await service.post(CREATE_POINTS, { i });
    record(
      'ingest over GraphQL, 10,000 points a call',
      1_000_000 / ((performance.now() - started) / 1000),
      'points/s',
      '>= 40,000',
    );
    // Small reads of other series beside it, in calls of a size that a crawler would use.
    const [quiet] = await createSeries(service, 1, 'Q');
    await writePoints(service, quiet, 400);
    const small = calls(100, 1_000_000);
    const times = [];
    let isDone = false;
    const reader = async () => {
      while (!isDone) {
        const from = performance.now();
        await service.post(READ_SERIES, { id: quiet, start: day(0) });
        times.push(performance.now() - from);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    };
    const reading = reader();
    started = performance.now();
    for (const i of small) await service.post(CREATE_POINTS, { i });
    const seconds = (performance.now() - started) / 1000;
    isDone = true;
    await reading;
    record('ingest over GraphQL, 100 points a call', 1_000_000 / seconds, 'points/s');
    record('small reads beside it, median', median(times), 'ms');
    record('small reads beside it, p99', percentile(times, 0.99), 'ms', '< 10');
    await service.stop();
    removeDirectory(dataDir);
  },

  async engine() {
    const dataDir = temporaryDirectory();
    const figures = runScript('bench/engine.mjs', dataDir);
    record(
      'storage engine, 10,000 points a call, durable',
      figures.pointsPerSecond,
      'points/s',
      '>= 500,000',
    );
    record('the same, and in Parquet files', figures.pointsPerSecondFlushed, 'points/s');
    record('small reads beside it, p99', figures.readP99Milliseconds, 'ms', '< 10');
    removeDirectory(dataDir);
  },

  async pointInTime() {
    const dataDir = temporaryDirectory();
    const figures = runScript('bench/point-in-time.mjs', dataDir);
    const of = `${figures.rows} rows in memory, without HTTP`;
    record(`as-of read of ${of}`, figures.asOf, 'ms', '< 1');
    record(`the same with a fixed lag`, figures.fixedLag, 'ms');
    record('the same, change from a year ago in per cent', figures.growth, 'ms');
    record('the same, annual averages and their growth', figures.annual, 'ms');
    record('publication of a vintage of 120 dates', figures.publish, 'ms');
    record(`change feed of ${figures.rows} rows, in pages of 10,000`, figures.changes, 'ms');
    removeDirectory(dataDir);
  },

  async flight() {
    await measureFlight(record, { large: options.large });
  },

  async catalogue() {
    if (!options.series) return;
    const dataDir = temporaryDirectory();
    const environment = { PATH: process.env.PATH, NODE_ENV: 'production', DATA_DIR: dataDir };
    const { status } = spawnSync(process.execPath, ['bench/make-catalogue.mjs', options.series], {
      env: environment,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    if (status !== 0) throw new Error('the series could not be made');
    const starts = [];
    for (let round = 0; round < 3; round++) {
      const service = await startService(dataDir);
      starts.push(service.startMilliseconds);
      await settle();
      if (round === 2) {
        const resident = service.residentMegabytes();
        const target = `<= ${200 + (0.6 * Number(options.series)) / 1000}`;
        record(`resident memory, ${options.series} series`, resident, 'MB', target);
        const from = performance.now();
        await service.post('{ searchSeries(text: "item 777 japan", first: 10) { title } }');
        record(`search in ${options.series} series`, performance.now() - from, 'ms');
      }
      await service.stop();
    }
    record(`start, ${options.series} series`, median(starts), 'ms', '<= 3,000');
    removeDirectory(dataDir);
  },

  async imports() {
    const dataDir = temporaryDirectory();
    const file = join(dataDir, 'wide.csv');
    const header = ['date', ...Array.from({ length: 20 }, (_, index) => `series_${index}`)];
    const lines = Array.from({ length: 10_000 }, (_, row) =>
      [day(row), ...header.slice(1).map((_, index) => (row * 0.1 + index).toFixed(2))].join(','),
    );
    writeFileSync(file, [header.join(','), ...lines, ''].join('\n'));
    const milliseconds = runCommand(join(dataDir, 'data'), ['import', file]);
    record('import of a wide CSV, 200,000 points', 200_000 / (milliseconds / 1000), 'points/s');
    removeDirectory(dataDir);
  },

  async vintages() {
    if (!options.vintages) return;
    const bytes = readFileSync(options.vintages);
    const text = options.vintages.endsWith('.gz') ? gunzipSync(bytes) : bytes;
    const points = text.toString().trimEnd().split('\n').length - 1;
    for (const [compression, target] of [
      ['snappy', '<= 8'],
      ['zstd', '<= 7'],
    ]) {
      const dataDir = temporaryDirectory();
      const milliseconds = runCommand(dataDir, ['import', options.vintages], {
        PARQUET_COMPRESSION: compression,
      });
      const stored = pointsBytes(dataDir);
      if (compression === 'snappy') {
        record(`import of ${points} vintage points`, milliseconds / 1000, 's', '< 10');
      }
      record(`vintages, ${compression}`, stored / points, 'bytes/point', target);
      record(
        `vintages, ${compression}, smaller than the CSV by`,
        100 - (stored / text.length) * 100,
        '%',
        '>= 82',
      );
      if (compression === 'snappy') await timeTriangle(dataDir, points);
      removeDirectory(dataDir);
    }
    const dataDir = temporaryDirectory();
    const milliseconds = runCommand(dataDir, ['import', options.vintages, '--vintages']);
    record(`import of ${points} points as vintages`, milliseconds / 1000, 's');
    record('the same, snappy', pointsBytes(dataDir) / points, 'bytes/point');
    removeDirectory(dataDir);
  },
};

/** From the request to the last byte of the answer, everything in memory. */
async function timeTriangle(dataDir, points) {
  const service = await startService(dataDir);
  const query =
    '{ listSeries(limit: 1000) { observations(revisions: ALL) { dates revisionDates values } } }';
  const times = [];
  for (let round = 0; round < 20; round++) {
    const started = performance.now();
    const answer = await fetch(`${service.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    });
    await answer.arrayBuffer();
    times.push(performance.now() - started);
  }
  await service.stop();
  // The first rounds read the files and warm the compiler.
  record(`triangle of ${points} rows in columns, median`, median(times.slice(5)), 'ms', '< 150');
}

/** Idle memory is read once what the start left behind has been collected. */
function settle() {
  return new Promise((resolve) => setTimeout(resolve, 3000));
}

for (const [name, run] of Object.entries(scenarios)) {
  if (options.only === undefined || name === options.only) await run();
}

const machine = `${cpus().length} cores, ${cpus()[0].model}, Node.js ${process.version}`;
const rows = figures.map(({ name, value, unit, target }) => [
  name,
  `${value} ${unit}`.trim(),
  target,
]);
const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column].length)));
process.stdout.write(`\n${machine}\n\n`);
for (const [name, value, target] of rows) {
  process.stdout.write(`${name.padEnd(widths[0])}  ${value.padStart(widths[1])}  ${target}\n`);
}
mkdirSync('bench-results', { recursive: true });
const result = { date: new Date().toISOString(), machine, figures };
writeFileSync('bench-results/latest.json', `${JSON.stringify(result, null, 2)}\n`);
