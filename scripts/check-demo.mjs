// Runs `npm run demo` in a data directory of its own, twice, as a newcomer would, and queries it over HTTP.

import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import assert from 'node:assert/strict';

const dataDir = mkdtempSync(join(tmpdir(), 'econ-graph-demo-'));
const port = await freePort();

const QUERY = `{
  catalogStats { seriesCount dataPointCount }
  findSeriesByExternalId(externalId: "nonfarm") {
    title
    units
    seasonalAdjustment
    source { name }
    dataPoints(startDate: "2008-01-01", endDate: "2008-12-31") { date value }
  }
}`;

try {
  const first = await demo(async () => {
    const { data } = await graphql(QUERY);
    assert.equal(data.catalogStats.seriesCount, 23);
    assert.equal(data.catalogStats.dataPointCount, 23 * 120);
    const series = data.findSeriesByExternalId;
    assert.equal(series.source.name, 'US Bureau of Labor Statistics');
    assert.equal(series.seasonalAdjustment, 'seasonally_adjusted');
    assert.equal(series.dataPoints.length, 12);
    // As published in the file: nonfarm employment of January 2008, in thousands of persons.
    assert.deepEqual(series.dataPoints[0], { date: '2008-01-01', value: '138419' });
    const page = await fetch(`http://localhost:${port}/`);
    assert.match(await page.text(), /EconGraph/);
  });
  assert.match(first, /2,?760/, 'the first import says how many points it added');
  const second = await demo(() => Promise.resolve());
  assert.match(second, /nothing changed/i, 'the second import says that nothing changed');
  assert.equal(readdirSync(dataDir).filter((name) => name.startsWith('data_points_')).length, 23);
  process.stdout.write('The demo imports, serves and repeats\n');
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}

/** Runs the demo, calls `use` once it says that it runs, stops it and answers what it printed. */
async function demo(use) {
  const child = spawn('npm', ['run', '-s', 'demo'], {
    env: { ...process.env, DATA_DIR: dataDir, PORT: String(port), FLIGHT_PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const exited = once(child, 'exit');
  let printed = '';
  const running = new Promise((resolve) => {
    child.stdout.on('data', (chunk) => {
      printed += chunk;
      if (printed.includes('The service runs at')) resolve(true);
    });
  });
  const timeout = setTimeout(() => process.kill(-child.pid), 120_000);
  try {
    assert.ok(
      await Promise.race([running, exited.then(() => false)]),
      `the demo ended early:\n${printed}`,
    );
    await use();
  } finally {
    clearTimeout(timeout);
    // The group: npm, the demo and the service that it started.
    if (child.exitCode === null) process.kill(-child.pid, 'SIGTERM');
    await exited;
  }
  return printed;
}

async function graphql(query) {
  const response = await fetch(`http://localhost:${port}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  const answer = await response.json();
  assert.equal(answer.errors, undefined);
  return answer;
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: free } = server.address();
  server.close();
  return free;
}
