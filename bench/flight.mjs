// Measures Arrow Flight with pyarrow as the client, beside pyarrow's own server with the same tables in
// memory, in turns on the same machine.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { pythonEnvironment, run } from '../test/interop/environments.mjs';
import { removeDirectory, startService, temporaryDirectory } from './service.mjs';

const SERIES = 100;
const ROWS = 10_000;
/** Of the large panel: 50 million rows. */
const LARGE = { groups: 25, series: 100, rows: 20_000 };
/** Groups of a million points that are in memory for the warm panel: a stream of 0.1 s. */
const WARM_GROUPS = 4;
const WARM = { CACHE_BYTES_MAX: '536870912' };
const COLD = { CACHE_BYTES_MAX: '0' };
const ROUNDS = 21;
const TURNS = 3;
const SMALL_SECONDS = 4;
const REFERENCE_SECONDS = 240;

const PANEL = JSON.stringify({ type: 'data_points' });
const ALL_COLUMNS = JSON.stringify({
  type: 'vintages',
  columns: [
    ...['series_id', 'date', 'revision_date', 'value', 'value_exact', 'is_original_release'],
    ...['created_at', 'updated_at'],
  ],
});
/** 300 rows. */
const SMALL = JSON.stringify({
  type: 'data_points',
  series: ['G000_00007'],
  endDate: new Date((300 - 10_000 - 1) * 86_400_000).toISOString().slice(0, 10),
});

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** @param record tells a figure: name, value, unit, target */
export async function measureFlight(record, { large }) {
  const { python, reason } = pythonEnvironment();
  if (!python) {
    process.stderr.write(`Arrow Flight is not measured: ${reason}\n`);
    return;
  }
  const client = (address, ...args) => {
    const { status, stdout, stderr } = run(python, ['bench/flight/client.py', address, ...args]);
    if (status !== 0) throw new Error(`the Flight client failed: ${stderr}`);
    return JSON.parse(stdout);
  };
  const dataDir = temporaryDirectory();
  const withService = async (variables, task, directory = dataDir) => {
    const service = await startService(directory, variables);
    try {
      return await task(`grpc://127.0.0.1:${service.flightPort}`, service);
    } finally {
      await service.stop();
    }
  };

  await withService(WARM, async (address) => {
    const { pointsPerSecond } = client(address, 'load', `${SERIES}`, `${ROWS}`, '5');
    const name = `DoPut of 1,000,000 points into ${SERIES} series, durable`;
    record(name, pointsPerSecond / 1e6, 'M points/s', '>= 1');
  });
  removeDirectory(dataDir);

  await withService(WARM, async (address) => {
    client(address, 'load', `${SERIES}`, `${ROWS}`, `${WARM_GROUPS}`);
    const reference = await startReference(python, address, [PANEL, ALL_COLUMNS, SMALL]);
    const both = { ours: address, theirs: reference.address };
    const inTurns = (...args) => {
      const figures = { ours: [], theirs: [] };
      for (let turn = 0; turn < TURNS; turn++) {
        for (const whose of Object.keys(both)) figures[whose].push(client(both[whose], ...args));
      }
      return figures;
    };
    for (const [what, command] of Object.entries({
      'DoGet, warm': PANEL,
      'all columns': ALL_COLUMNS,
    })) {
      const { ours, theirs } = inTurns('get', `${ROUNDS}`, command);
      const of = (figures, name) => median(figures.map((figure) => figure[name]));
      const rate = of(ours, 'gigabytesPerSecond');
      record(`${what}, one stream of 4,000,000 rows`, rate, 'GB/s', '>= 1.2');
      record('the same from pyarrow', of(theirs, 'gigabytesPerSecond'), 'GB/s');
      record('ours beside it', rate / of(theirs, 'gigabytesPerSecond'), 'times', '>= 0.5');
      record('first rows of it', of(ours, 'firstMilliseconds'), 'ms');
    }
    const { firstMilliseconds } = client(address, 'get', '301', SMALL);
    record('first rows of 300, warm', firstMilliseconds, 'ms', '< 1');
    const { ours, theirs } = inTurns('small', '8', `${SMALL_SECONDS}`, SMALL);
    const perSecond = (figures) => median(figures.map((figure) => figure.perSecond));
    record('small DoGets of 300 rows', perSecond(ours), '/s', '>= 3,000');
    record('the same from pyarrow', perSecond(theirs), '/s');
    await reference.stop();
  });

  await withService(COLD, (address) => {
    const { millionRowsPerSecond } = client(address, 'get', '15', PANEL);
    record('DoGet, cold from Parquet', millionRowsPerSecond, 'M rows/s', '>= 8');
  });
  removeDirectory(dataDir);
  if (large) await measureLarge(record, client, withService);
}

/** The memory that the largest of panels takes. */
async function measureLarge(record, client, withService) {
  const dataDir = temporaryDirectory();
  const { groups, series, rows } = LARGE;
  await withService(
    {},
    (address) => client(address, 'load', `${series}`, `${rows}`, `${groups}`),
    dataDir,
  );
  // What the first start leaves behind of a log of many megabytes is not the stream's.
  await withService({}, (address) => client(address, 'load', '1', '10'), dataDir);
  await withService(
    // The check of all files in the background has memory of its own.
    { SCRUB_INTERVAL: '0' },
    async (address, service) => {
      const { millionRowsPerSecond } = client(address, 'get', '1', PANEL);
      record('DoGet of 50 million rows, cold', millionRowsPerSecond, 'M rows/s');
      record('resident memory meanwhile, at most', service.peakMegabytes(), 'MB', '< 300');
    },
    dataDir,
  );
  removeDirectory(dataDir);
}

async function startReference(python, source, commands) {
  const args = ['bench/flight/reference_server.py', source, `${REFERENCE_SECONDS}`, ...commands];
  const child = spawn(python, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data');
  return {
    address: `grpc://127.0.0.1:${line.trim()}`,
    stop: async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}
