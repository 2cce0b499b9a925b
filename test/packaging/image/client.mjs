// The client's side of the checks: GraphQL, pages, metrics, and what lies in the files afterwards.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parquetMetadata } from 'hyparquet';

const ANSWER_MILLISECONDS_MAX = 60_000;
const SOURCE = '123e4567-e89b-12d3-a456-426614174000';
const DAY_MILLISECONDS = 86_400_000;

export async function ask(url, query, variables) {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(ANSWER_MILLISECONDS_MAX),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(errors[0].message);
  return data;
}

export async function text(url, path) {
  const response = await fetch(url + path, {
    signal: AbortSignal.timeout(ANSWER_MILLISECONDS_MAX),
  });
  if (response.status !== 200) throw new Error(`${path} answers ${response.status}`);
  return response.text();
}

export async function createSeries(url, externalId) {
  const input = { sourceId: SOURCE, externalId, title: externalId, frequency: 'daily' };
  const mutation = 'mutation($i: CreateEconomicSeriesInput!) { createSeries(input: $i) { id } }';
  return (await ask(url, mutation, { i: input })).createSeries.id;
}

/** Days from 1000-01-01 on, with values that are no doubles. */
export async function writePoints(url, seriesId, count) {
  const atOnce = 10_000;
  for (let from = 0; from < count; from += atOnce) {
    const i = Array.from({ length: Math.min(atOnce, count - from) }, (_, row) => ({
      seriesId,
      date: new Date(Date.UTC(1000, 0, 1) + (from + row) * DAY_MILLISECONDS)
        .toISOString()
        .slice(0, 10),
      revisionDate: '2024-01-01',
      value: valueOf(from + row),
    }));
    const mutation =
      'mutation($i: [CreateDataPointInput!]!) { createDataPoints(inputs: $i) { addedCount } }';
    await ask(url, mutation, { i });
  }
}

export async function expectPoints(url, seriesId, count) {
  const query = 'query($id: UUID!) { series(id: $id) { observations { decimalValues } } }';
  const { series } = await ask(url, query, { id: seriesId });
  const values = series?.observations.decimalValues ?? [];
  if (values.length !== count) throw new Error(`${values.length} points instead of ${count}`);
  const wrong = values.findIndex((value, row) => value !== valueOf(row));
  if (wrong >= 0) throw new Error(`row ${wrong} is ${values[wrong]}`);
}

function valueOf(row) {
  return `${row + 1}.1000000000000000055`;
}

/** How the columns of a series' points file are compressed. */
export function compressionOf(dataDir, seriesId) {
  const name = readdirSync(dataDir).find((file) => file === `data_points_${seriesId}.parquet`);
  if (!name) throw new Error(`There is no file of series ${seriesId}`);
  const bytes = readFileSync(join(dataDir, name));
  const { row_groups: groups } = parquetMetadata(
    bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
  );
  const codecs = groups.flatMap(({ columns }) => columns.map((column) => column.meta_data.codec));
  return [...new Set(codecs)].join(', ');
}

/** Megabytes, as the service itself measures them. */
export async function residentMegabytes(url) {
  const line = /^process_resident_memory_bytes(?:\{[^}]*\})? (\S+)/m.exec(
    await text(url, '/metrics'),
  );
  if (!line) throw new Error('/metrics tells no resident memory');
  return Math.round(Number(line[1]) / 1e6);
}
