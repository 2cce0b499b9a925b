// Writes the golden folders `format-1` and `duckdb`; see README.md. Not run by the tests, which read them.

import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Decimal } from '../../src/core/decimal.js';
import { duckdb } from '../support/duckdb.js';
import { ManualClock } from '../support/manual-clock.js';
import { openParquetStores, type ParquetStores } from '../support/parquet-stores.js';
import {
  OTHER_SOURCE_ID,
  plainPoints,
  SOURCE_ID,
  upserts,
  uuid,
  type PlainPoint,
  type SentPoint,
} from '../support/points.js';
import { day, newSeries, newSource } from '../support/stores.js';

const HERE = import.meta.dirname;

/** Everything that a data directory tells, as plain JSON. */
export async function contentOf({ series, points, sources }: ParquetStores): Promise<object> {
  const content = {
    sources: sources.all(),
    series: await Promise.all(
      [...series.all()].map(async (row) => ({
        row,
        overview: points.overview(row.id),
        points: plainPoints(await points.read(row.id)),
      })),
    ),
  };
  return JSON.parse(JSON.stringify(content)) as object;
}

/** Series with all kinds of values, several row groups, corrections and deletions behind them. */
export async function writeFormat1(): Promise<void> {
  const dataDir = join(HERE, 'format-1/files');
  await rm(dataDir, { recursive: true, force: true });
  await mkdir(dataDir, { recursive: true });
  const clock = new ManualClock();
  const stores = await openParquetStores(dataDir, { clock, config: { parquetRowGroupRows: 5 } });
  await stores.sources.create(newSource({ id: SOURCE_ID, url: 'https://www.bea.gov' }));
  await stores.sources.create(
    newSource({ id: OTHER_SOURCE_ID, name: 'Banque – 統計', description: 'x', isActive: false }),
  );
  const create = (n: number, overrides: Parameters<typeof newSeries>[0]) =>
    stores.series.create(newSeries({ id: uuid(n), externalId: `S${n}`, ...overrides }));
  await create(1, {
    title: 'Série “complète” 国内総生産 🇫🇷',
    description: 'All fields\nare set',
    units: 'Billions of USD',
    seasonalAdjustment: 'seasonally_adjusted',
    startDate: day('0001-01-01'),
    endDate: day('9999-12-31'),
    isActive: false,
  });
  await create(2, { sourceId: OTHER_SOURCE_ID, frequency: 'monthly' });
  await create(3, { title: 'Without points' });
  await create(4, { title: 'All points deleted' });
  await create(5, { title: 'Deleted' });
  const given = JSON.parse(await readFile(join(HERE, 'points.json'), 'utf8')) as PlainPoint[];
  await stores.points.upsert([
    upserts(
      uuid(1),
      ...given.map((point): SentPoint => {
        return [point.date, point.revisionDate, point.value, point.isOriginal];
      }),
    ),
    upserts(
      uuid(2),
      ...Array.from({ length: 24 }, (_, n): SentPoint => {
        const month = String((n % 12) + 1).padStart(2, '0');
        return [`${2020 + Math.floor(n / 12)}-${month}-01`, '2022-02-03', n % 5 ? `${n}.1` : null];
      }),
    ),
    upserts(uuid(4), ['2020-01-01', '2020-02-01', '1']),
    upserts(uuid(5), ['2020-01-01', '2020-02-01', '1']),
  ]);
  clock.set(clock.now() + 3_600_000_001);
  await stores.points.upsert([
    upserts(uuid(2), ['2020-01-01', '2022-02-03', '0.5'], ['2021-12-01', '2022-03-03', '11.9']),
  ]);
  await stores.points.delete(uuid(2), { start: day('2020-06-01'), end: day('2020-07-01') });
  await stores.points.delete(uuid(4), {});
  await stores.series.delete(uuid(5));
  await stores.series.update(uuid(2), { units: 'Index' });
  await writeJson(join(HERE, 'format-1/content.json'), await contentOf(stores));
  await stores.close();
  await rm(join(dataDir, 'lock'));
}

export async function writeDuckdb(): Promise<void> {
  const folder = join(HERE, 'duckdb');
  await mkdir(folder, { recursive: true });
  const given = JSON.parse(await readFile(join(HERE, 'points.json'), 'utf8')) as PlainPoint[];
  const rows = given.map((point) => {
    const decimal = point.value === null ? null : Decimal.parse(point.value);
    const text = (value: string | null | undefined) => (value == null ? 'NULL' : `'${value}'`);
    const instant = (micros: number) => `make_timestamptz(${micros})`;
    return `(${text(uuid(1))}, DATE '${point.date}', DATE '${point.revisionDate}',
      ${decimal?.double ?? 'NULL'}::DOUBLE, ${text(decimal?.exact)}::VARCHAR, ${point.isOriginal},
      ${instant(point.createdAt)}, ${instant(point.updatedAt)})`;
  });
  const table = `CREATE TABLE points AS SELECT * FROM (VALUES ${rows.join(', ')})
    AS t(series_id, date, revision_date, value, value_exact, is_original_release, created_at, updated_at)`;
  const write = async (name: string, query: string, options: string, points = given) => {
    const target = join(folder, `${name}.parquet`);
    await duckdb(table, `COPY (${query}) TO '${target}' (FORMAT parquet, ${options})`);
    await writeJson(join(folder, `${name}.json`), points);
  };
  await write('snappy', 'FROM points', 'COMPRESSION snappy');
  await write(
    'reordered-extra-column-zstd',
    `SELECT updated_at, 'extra' AS note, value_exact, value, is_original_release, series_id,
       revision_date, created_at, date FROM points`,
    'COMPRESSION zstd, PARQUET_VERSION v2',
  );
  await write('gzip', 'FROM points', 'COMPRESSION gzip');
  await write(
    'without-exact-and-series-id',
    `SELECT * EXCLUDE (value_exact, series_id) FROM points WHERE value_exact IS NULL`,
    'COMPRESSION uncompressed',
    given.filter(({ value }) => value === null || Decimal.parse(value).exact === null),
  );
  await mkdir(join(HERE, 'incomplete'), { recursive: true });
  for (const [name, query] of [
    ['column-missing', 'SELECT * EXCLUDE (revision_date) FROM points'],
    ['value-missing', 'SELECT * REPLACE (NULL::DATE AS revision_date) FROM points'],
  ]) {
    const target = join(HERE, `incomplete/${name}.parquet`);
    await duckdb(table, `COPY (${query}) TO '${target}' (FORMAT parquet)`);
  }
}

async function writeJson(path: string, content: unknown): Promise<void> {
  await writeFile(path, `${JSON.stringify(content, null, 2)}\n`);
}
