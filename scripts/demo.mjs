// The main job in one go: imports real employment series into the data directory, starts the service and
// says what to try. A second run imports nothing anew.

import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const dataFile = fileURLToPath(import.meta.resolve('vega-datasets')).replace(
  /build[\\/].*$/,
  'data/us-employment.csv',
);
const environment = { LOG_LEVEL: 'warn', ...process.env };

const imported = spawnSync(
  process.execPath,
  [
    'dist/cli/index.js',
    'import',
    dataFile,
    '--source',
    'US Bureau of Labor Statistics',
    '--source-url',
    'https://www.bls.gov/ces/',
    '--series-file',
    'examples/us-employment/series.csv',
  ],
  { stdio: 'inherit', env: environment },
);
if (imported.status !== 0) process.exit(imported.status ?? 1);
// For tests that want the data and a service of their own.
if (process.argv.includes('--import-only')) process.exit(0);

const service = spawn(process.execPath, ['dist/main.js'], { stdio: 'inherit', env: environment });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => service.kill(signal));
service.on('exit', (code, signal) => process.exit(code ?? (signal ? 0 : 1)));

const url = `http://localhost:${environment.PORT || 3001}`;
await untilHealthy(`${url}/health`);
process.stdout.write(`
The service runs at ${url} (Ctrl+C stops it).

Try it:
  - open ${url} in a browser and press the play button
  - or ask for the jobs lost in the recession of 2008:

    curl -s ${url}/graphql -H 'content-type: application/json' -d '{"query":"{ findSeriesByExternalId(externalId: \\"nonfarm\\") { title units dataPoints(startDate: \\"2008-01-01\\", endDate: \\"2009-12-31\\") { date value } } }"}'

  - its files are plain Parquet: DATA_DIR (./data) holds them
  - health: ${url}/health    metrics: ${url}/metrics
`);

async function untilHealthy(address) {
  // A start takes about a second; after 30 something is wrong, and the service has said what.
  for (const deadline = Date.now() + 30_000; Date.now() < deadline;) {
    try {
      if ((await fetch(address)).ok) return;
    } catch {
      // Not listening yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  process.stderr.write('The service did not become healthy within 30 seconds\n');
  service.kill();
}
