// The chart's limits hold the work that they are for: a large import and panels, side by side with the probes.

import assert from 'node:assert/strict';
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FlightClient } from '../../restart/clients.mjs';
import { run } from '../command.mjs';
import { memoryOfProcess, processOf } from '../container.mjs';
import { FLIGHT_PORT, Release } from '../release.mjs';

const COMMAND = join(dirname(fileURLToPath(import.meta.url)), '../../../dist/cli/index.js');
const SERIES = 1_000;
const DATES = 1_000;
const READERS = 6;
/** Longer than the liveness probe has patience. */
const BUSY_MILLISECONDS = 90_000;
const IMPORT_MILLISECONDS = 600_000;

export async function memory(cluster, checks) {
  const release = new Release(cluster);
  await release.ensure();
  const pod = await release.pod();
  const [pid, restarts] = [await processOf(pod), await release.restarts()];
  const file = join(cluster.state, 'panel.csv');
  await writePanel(file, 'PANEL');
  const more = join(cluster.state, 'more.csv');
  await writePanel(more, 'MORE');
  const importFile = async (path) =>
    run(process.execPath, [COMMAND, 'import', path, '--url', await release.url()], {
      milliseconds: IMPORT_MILLISECONDS,
    });

  await checks.check(`an import of ${SERIES * DATES} values fits the limits`, async () => {
    await importFile(file);
    const { catalogStats } = await release.ask('{ catalogStats { dataPointCount } }');
    assert.ok(Number(catalogStats.dataPointCount) >= SERIES * DATES, JSON.stringify(catalogStats));
  });
  await checks.check(
    `${READERS} readers of whole panels, and another import, keep it busy, and no probe ends it`,
    async () => {
      const [counts] = await Promise.all([readPanels(release), importFile(more)]);
      assert.equal(await release.restarts(), restarts);
      assert.equal(await processOf(await release.pod()), pid);
      assert.equal((await release.health()).status, 'healthy');
      return `${counts.rows} rows in ${counts.answers} answers`;
    },
  );
  await checks.check('the kernel killed nothing for want of memory', () => {
    const { peakBytes, limitBytes, kills } = memoryOfProcess(pid);
    assert.equal(kills, 0);
    assert.equal(limitBytes, 2 ** 30);
    return `at most ${Math.round(peakBytes / 2 ** 20)} MiB of ${limitBytes / 2 ** 20} MiB, the page cache included`;
  });
}

async function writePanel(file, name) {
  const out = createWriteStream(file);
  const columns = Array.from({ length: SERIES }, (_, series) => `${name}_${series}`);
  out.write(`date,${columns.join(',')}\n`);
  for (let row = 0; row < DATES; row++) {
    const date = new Date(Date.UTC(2000, 0, 1 + row)).toISOString().slice(0, 10);
    const values = columns.map((_, series) => ((row * 7919 + series * 104729) % 100_003) / 100);
    if (!out.write(`${date},${values.join(',')}\n`)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'close');
}

/** Half of them over GraphQL, half over Flight. */
async function readPanels(release) {
  const until = performance.now() + BUSY_MILLISECONDS;
  const counts = { rows: 0, answers: 0 };
  const { listSeries } = await release.ask(
    '{ listSeries(limit: 1000, filter: { externalIdPrefix: "PANEL_" }) { id } }',
  );
  const ids = listSeries.map(({ id }) => id);
  assert.equal(ids.length, SERIES);
  const host = await release.host();
  const overGraphql = async (reader) => {
    for (let number = 0; performance.now() < until; number++) {
      // Never the same twice: answers that are kept would be no work.
      const asked = ids.filter((_, row) => (row + number + reader) % 3 === 0);
      const { seriesByIds } = await release.ask(
        'query($ids: [UUID!]!) { seriesByIds(ids: $ids) { observations { dates values } } }',
        { ids: asked },
      );
      counts.answers++;
      counts.rows += seriesByIds.reduce((sum, each) => sum + each.observations.dates.length, 0);
    }
  };
  const overFlight = async () => {
    const client = new FlightClient(FLIGHT_PORT, ['data_points'], 0, host);
    while (performance.now() < until) {
      const { failure, rows } = await client.read();
      assert.equal(failure, undefined, failure?.message);
      counts.answers++;
      counts.rows += rows;
    }
    client.client.close();
  };
  const half = READERS / 2;
  await Promise.all(
    Array.from({ length: READERS }, (_, reader) =>
      reader < half ? overGraphql(reader) : overFlight(),
    ),
  );
  return counts;
}
