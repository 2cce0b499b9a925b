// Our files as another reader of Parquet sees them: the same names, types and rows, without our help.

import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CalendarDate } from '../../src/core/calendar-date.js';
import type { Instant } from '../../src/core/instant.js';
import { DELETIONS_FILE, pointsFile, SOURCES_FILE } from '../../src/storage/paths.js';
import { duckdb } from '../support/duckdb.js';
import { ManualClock } from '../support/manual-clock.js';
import {
  openParquetStores,
  temporaryDataDir,
  type ParquetStores,
} from '../support/parquet-stores.js';
import { plainPoints, SOURCE_ID, upserts, uuid, type SentPoint } from '../support/points.js';
import { day, newSeries, newSource } from '../support/stores.js';

const IDS = [uuid(1), uuid(2), uuid(3), uuid(4)];
const EMPTIED = uuid(4);

let dataDir: string;
let stores: ParquetStores;

beforeAll(async () => {
  dataDir = await temporaryDataDir();
  const clock = new ManualClock();
  stores = await openParquetStores(dataDir, { clock, config: { parquetRowGroupRows: 3 } });
  await stores.sources.create(newSource({ id: SOURCE_ID, description: 'Économie', url: null }));
  await stores.sources.create(newSource({ name: 'Second', url: 'https://example.org' }));
  for (const [index, id] of IDS.entries()) {
    await stores.series.create(
      newSeries({
        id,
        externalId: `S${index}`,
        title: `Série ${index}`,
        units: index % 2 ? 'USD' : null,
        startDate: index % 2 ? day('0001-01-01') : null,
        endDate: index % 2 ? day('9999-12-31') : null,
        isActive: index % 2 === 0,
      }),
    );
    const points: SentPoint[] = [
      ['0001-01-01', '0001-01-02', '1'],
      ['1969-12-31', '1970-01-01', '-0.5', false],
      ['1970-01-01', '1969-12-31', null],
      ['2020-01-01', '2020-02-01', '0.1000000000000000055'],
      ['2020-01-01', '2020-03-01', '9007199254740993'],
      ['9999-12-31', '9999-12-31', `${index}.25`],
    ];
    await stores.points.upsert([upserts(id, ...points)]);
    clock.set(clock.now() + 1_234_567);
  }
  await stores.points.upsert([upserts(IDS[0]!, ['2020-01-01', '2020-02-01', '0.2'])]);
  await stores.points.delete(IDS[1]!, { start: day('2020-01-01'), end: day('2020-01-01') });
  await stores.points.delete(EMPTIED, {});
  const gone = await stores.series.create(newSeries({ externalId: 'GONE' }));
  await stores.series.delete(gone.id);
  await stores.directory.flush();
});

afterAll(async () => {
  await stores.close();
  await rm(dataDir, { recursive: true });
});

function table(name: string): string {
  return `read_parquet('${join(dataDir, name)}')`;
}

async function columnsOf(name: string): Promise<string[]> {
  const rows = await duckdb(
    `SELECT column_name || ' ' || column_type AS text
     FROM (DESCRIBE SELECT * FROM ${table(name)})`,
  );
  return rows.map(({ text }) => text as string);
}

const POINT_COLUMNS = [
  'series_id VARCHAR',
  'date DATE',
  'revision_date DATE',
  'value DOUBLE',
  'value_exact VARCHAR',
  'is_original_release BOOLEAN',
  'created_at TIMESTAMP WITH TIME ZONE',
  'updated_at TIMESTAMP WITH TIME ZONE',
];

const POINTS = `series_id, date::VARCHAR AS date, revision_date::VARCHAR AS "revisionDate", value,
  value_exact AS exact, is_original_release AS "isOriginal",
  epoch_us(created_at)::VARCHAR AS "createdAt", epoch_us(updated_at)::VARCHAR AS "updatedAt"`;

/** The rows of a series as `POINTS` selects them. */
async function expectedPoints(id: (typeof IDS)[number]) {
  const batch = await stores.points.read(id);
  return plainPoints(batch).map(({ value, createdAt, updatedAt, ...rest }, row) => ({
    series_id: id,
    ...rest,
    value: value === null ? null : Number(value),
    exact: batch.exact(row),
    createdAt: String(createdAt),
    updatedAt: String(updatedAt),
  }));
}

function dateText(date: CalendarDate | null): string | null {
  return date === null ? null : CalendarDate.format(date);
}

function micros(instant: Instant): string {
  return String(instant);
}

describe('DuckDB', () => {
  it('sees the columns and the rows of a points file', async () => {
    expect(await columnsOf(pointsFile(IDS[0]!))).toEqual(POINT_COLUMNS);
    for (const id of IDS) {
      const rows = await duckdb(`SELECT ${POINTS} FROM ${table(pointsFile(id))}`);
      expect(rows).toEqual(await expectedPoints(id));
    }
  });

  it('sees the points of all series as one table, that of an emptied one included', async () => {
    expect(await columnsOf('data_points_*.parquet')).toEqual(POINT_COLUMNS);
    const rows = await duckdb(
      `SELECT ${POINTS} FROM ${table('data_points_*.parquet')} ORDER BY series_id, date, revision_date`,
    );
    expect(rows).toEqual((await Promise.all(IDS.map(expectedPoints))).flat());
    expect(rows).toHaveLength(6 + 4 + 6);
  });

  it('can skip row groups by date, because the files carry statistics', async () => {
    const rows = await duckdb(
      `SELECT row_group_id, stats_min_value AS min, stats_max_value AS max
       FROM parquet_metadata('${join(dataDir, pointsFile(IDS[0]!))}')
       WHERE path_in_schema = 'date' ORDER BY row_group_id`,
    );
    expect(rows).toEqual([
      { row_group_id: '0', min: '0001-01-01', max: '1970-01-01' },
      { row_group_id: '1', min: '2020-01-01', max: '9999-12-31' },
    ]);
  });

  it('sees the facts and the checksum in the footer', async () => {
    const rows = await duckdb(
      `SELECT key::VARCHAR AS key, value::VARCHAR AS value
       FROM parquet_kv_metadata('${join(dataDir, pointsFile(IDS[0]!))}')`,
    );
    const facts = Object.fromEntries(rows.map(({ key, value }) => [key, value])) as object;
    expect(facts).toMatchObject({
      format_version: '1',
      kind: 'data_points',
      series_id: IDS[0],
      through_seq: String(stores.points.overview(IDS[0]!).version),
      rows: '6',
      first_date: '0001-01-01',
      last_date: '9999-12-31',
      last_revision_date: '9999-12-31',
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
  });

  it('sees the metadata of all series as one table', async () => {
    expect(await columnsOf('series_*.parquet')).toEqual([
      'id VARCHAR',
      'source_id VARCHAR',
      'external_id VARCHAR',
      'title VARCHAR',
      'description VARCHAR',
      'units VARCHAR',
      'frequency VARCHAR',
      'seasonal_adjustment VARCHAR',
      'start_date DATE',
      'end_date DATE',
      'is_active BOOLEAN',
      // parquetjs-lite writes the older form of the type, which DuckDB shows as UTC without saying so.
      'created_at TIMESTAMP',
      'updated_at TIMESTAMP',
    ]);
    const rows = await duckdb(
      `SELECT id, source_id, external_id, title, description, units, frequency, seasonal_adjustment,
         start_date::VARCHAR AS start_date, end_date::VARCHAR AS end_date, is_active,
         epoch_us(created_at)::VARCHAR AS created_at, epoch_us(updated_at)::VARCHAR AS updated_at
       FROM ${table('series_*.parquet')} ORDER BY id`,
    );
    expect(rows).toEqual(
      [...stores.series.all()].map((row) => ({
        id: row.id,
        source_id: row.sourceId,
        external_id: row.externalId,
        title: row.title,
        description: row.description,
        units: row.units,
        frequency: row.frequency,
        seasonal_adjustment: row.seasonalAdjustment,
        start_date: dateText(row.startDate),
        end_date: dateText(row.endDate),
        is_active: row.isActive,
        created_at: micros(row.createdAt),
        updated_at: micros(row.updatedAt),
      })),
    );
  });

  it('sees the sources', async () => {
    const rows = await duckdb(
      `SELECT id, name, description, url, is_active AS "isActive",
         epoch_us(created_at)::VARCHAR AS "createdAt", epoch_us(updated_at)::VARCHAR AS "updatedAt"
       FROM ${table(SOURCES_FILE)} ORDER BY name`,
    );
    expect(rows).toEqual(
      stores.sources.all().map(({ createdAt, updatedAt, ...rest }) => ({
        ...rest,
        createdAt: micros(createdAt),
        updatedAt: micros(updatedAt),
      })),
    );
  });

  it('sees what was deleted', async () => {
    expect(await columnsOf(DELETIONS_FILE)).toEqual([
      'series_id VARCHAR',
      'date DATE',
      'revision_date DATE',
      'deleted_at TIMESTAMP WITH TIME ZONE',
    ]);
    const [counts] = await duckdb(
      `SELECT count(*) FILTER (date IS NULL AND revision_date IS NULL) AS series,
         count(*) FILTER (series_id = '${IDS[1]}' AND date = DATE '2020-01-01') AS points,
         count(*) FILTER (series_id = '${EMPTIED}') AS emptied, count(*) AS all
       FROM ${table(DELETIONS_FILE)}`,
    );
    expect(counts).toEqual({ series: '1', points: '2', emptied: '6', all: '9' });
  });

  it('reads files of each compression', async () => {
    const bytes = await readFile(join(dataDir, pointsFile(IDS[0]!)));
    expect(bytes.byteLength).toBeGreaterThan(0);
    for (const parquetCompression of ['zstd', 'uncompressed'] as const) {
      const directory = await temporaryDataDir();
      const other = await openParquetStores(directory, { config: { parquetCompression } });
      await other.series.create(newSeries({ id: IDS[0]! }));
      await other.points.upsert([upserts(IDS[0]!, ['2020-01-01', '2020-02-01', '1.5'])]);
      await other.close();
      const name = join(directory, pointsFile(IDS[0]!));
      const [row] = await duckdb(
        `SELECT value, (SELECT any_value(compression) FROM parquet_metadata('${name}')) AS compression
         FROM read_parquet('${name}')`,
      );
      expect(row).toEqual({ value: 1.5, compression: parquetCompression.toUpperCase() });
      await rm(directory, { recursive: true });
    }
  });
});
