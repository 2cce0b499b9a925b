// Reads everything that a running service stores, over GraphQL, and holds it against the oracle.

import { differences, pointKey } from './model.mjs';
import { Violation } from './violation.mjs';

const SERIES_FIELDS = [
  'sourceId',
  'externalId',
  'title',
  'description',
  'units',
  'frequency',
  'seasonalAdjustment',
  'isActive',
  'startDate',
  'endDate',
];
const SOURCE_FIELDS = ['id', 'name', 'url', 'description', 'isActive'];

/** The largest page; the workload keeps fewer series than that. */
const LIST = `query {
  listSeries(limit: 1000) { id }
  sources { ${SOURCE_FIELDS.join(' ')} }
  catalogStats { seriesCount dataPointCount sourceCount }
}`;
const READ = `query ($ids: [UUID!]!) {
  seriesByIds(ids: $ids) {
    id createdAt updatedAt ${SERIES_FIELDS.join(' ')} dataPointCount
    dataPoints(revisions: ALL) { date revisionDate value isOriginalRelease createdAt updatedAt }
  }
}`;

/**
 * @returns points compared, and how many of the calls in flight were stored and how many were not
 * @throws Violation
 */
export async function verify(client, oracle) {
  const health = await client.get('/health');
  if (health.status !== 'healthy') {
    throw new Violation('the service is not healthy', [JSON.stringify(health)]);
  }
  const list = await client.query(LIST);
  const seen = {
    series: await readSeries(client, oracle, list),
    sources: new Map(list.sources.map((source) => [source.id, source])),
  };
  const settled = oracle.settle(seen);
  compareSeries(oracle, seen);
  compareSources(oracle, seen);
  compareTotals(oracle, list.catalogStats);
  return { points: oracle.pointCount, ...settled };
}

/** Also deleted and expected series are asked for by their ids: a list could leave out what is there. */
async function readSeries(client, oracle, { listSeries }) {
  const listed = new Set(listSeries.map(({ id }) => id));
  if (listed.size !== listSeries.length) throw new Violation('a series is listed twice');
  const ids = [...new Set([...listed, ...oracle.series.keys(), ...oracle.goneIds()])];
  const series = new Map();
  for (let from = 0; from < ids.length; from += 1000) {
    const part = ids.slice(from, from + 1000);
    const { seriesByIds } = await client.query(READ, { ids: part });
    seriesByIds.forEach((answer, index) => {
      const id = part[index];
      if ((answer !== null) !== listed.has(id)) {
        throw new Violation(`series ${id} is ${answer ? 'found and not listed' : 'only listed'}`);
      }
      if (answer) series.set(id, seenSeries(answer));
    });
  }
  return series;
}

function seenSeries({ id, createdAt, updatedAt, dataPointCount, dataPoints, ...answer }) {
  const points = new Map();
  for (const { isOriginalRelease, ...point } of dataPoints) {
    const key = pointKey(point);
    if (points.has(key)) throw new Violation(`series ${id} has point ${key} twice`);
    points.set(key, { ...point, isOriginal: isOriginalRelease });
  }
  const fields = Object.fromEntries(SERIES_FIELDS.map((name) => [name, answer[name]]));
  return { id, fields, createdAt, updatedAt, dataPointCount, points };
}

/** What is seen is expected from now on, with the times that no answer had told. */
function compareSeries(oracle, seen) {
  const found = [];
  for (const id of new Set([...oracle.series.keys(), ...seen.series.keys()])) {
    const lines = differences(oracle.series.get(id), seen.series.get(id));
    found.push(...lines.map((line) => `series ${id}: ${line}`));
  }
  if (found.length > 0) throw new Violation('what is stored is not what was acknowledged', found);
  for (const [id, { fields, createdAt, updatedAt, points }] of seen.series) {
    oracle.series.set(id, { id, fields, createdAt, updatedAt, points });
  }
}

function compareSources(oracle, seen) {
  const found = [];
  for (const id of new Set([...oracle.sources.keys(), ...seen.sources.keys()])) {
    for (const field of SOURCE_FIELDS) {
      const expected = oracle.sources.get(id)?.[field];
      const got = seen.sources.get(id)?.[field];
      if (expected !== got) found.push(`source ${id}, ${field}: expected ${expected}, seen ${got}`);
    }
  }
  if (found.length > 0) throw new Violation('the sources are not those acknowledged', found);
}

function compareTotals(oracle, stats) {
  const expected = {
    seriesCount: oracle.series.size,
    dataPointCount: oracle.pointCount,
    sourceCount: oracle.sources.size,
  };
  for (const [name, count] of Object.entries(expected)) {
    if (stats[name] !== count) {
      throw new Violation('the totals are wrong', [
        `${name}: expected ${count}, seen ${stats[name]}`,
      ]);
    }
  }
}
