// Every edge answers the same rows: Flight, GraphQL, and DuckDB over the Parquet files themselves.

import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Uuid } from '../../src/core/uuid.js';
import { DataDirectory } from '../../src/storage/data-directory.js';
import { pointsFile } from '../../src/storage/paths.js';
import { decimalTexts, fewDates } from '../support/arbitraries.js';
import { bool, date32, streamFrames, utf8 } from '../support/arrow-frames.js';
import { duckdb } from '../support/duckdb.js';
import { createSeries, succeeded } from '../support/factories.js';
import { FlightTestClient } from '../support/flight-client.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
let client: FlightTestClient;
beforeAll(async () => {
  // Flushed when the test says so; nothing is answered from a cache of answers.
  app = await startTestApp({ flushIntervalSeconds: 0, cacheTtlSeconds: 0 });
  client = new FlightTestClient(app.flightPort);
});
afterAll(async () => {
  client.close();
  await app.close();
});

interface Sent {
  readonly date: string;
  readonly revisionDate: string;
  readonly value: string | null;
  readonly isOriginal: boolean | null;
}

const sent: fc.Arbitrary<Sent[]> = fc.uniqueArray(
  fc.record({
    date: fewDates,
    revisionDate: fewDates,
    value: fc.option(decimalTexts, { freq: 5, nil: null }),
    isOriginal: fc.constantFrom(null, null, true, false),
  }),
  {
    selector: ({ date, revisionDate }) => `${date}/${revisionDate}`,
    minLength: 1,
    maxLength: 30,
  },
);

interface Selection {
  readonly startDate?: string;
  readonly endDate?: string;
  readonly asOf?: string;
  readonly limit?: number;
  readonly revisions?: string;
  readonly release?: number;
  readonly lagDays?: number;
}

const selector = fc.oneof(
  fc.constantFrom({}, { revisions: 'LATEST' }, { revisions: 'ORIGINAL' }, { revisions: 'ALL' }),
  fc.integer({ min: 1, max: 3 }).map((release) => ({ revisions: 'NTH_RELEASE', release })),
  fc.integer({ min: 0, max: 120 }).map((lagDays) => ({ revisions: 'FIXED_LAG', lagDays })),
);

const selections: fc.Arbitrary<Selection> = fc
  .tuple(
    selector,
    fc.record(
      {
        startDate: fewDates,
        endDate: fewDates,
        asOf: fewDates,
        limit: fc.integer({ min: 1, max: 9 }),
      },
      { requiredKeys: [] },
    ),
  )
  .map(([selected, { startDate, endDate, ...rest }]) => ({
    ...selected,
    ...rest,
    ...(startDate !== undefined && endDate !== undefined && startDate > endDate
      ? { startDate: endDate, endDate: startDate }
      : { ...(startDate ? { startDate } : {}), ...(endDate ? { endDate } : {}) }),
  }));

/** `date revision-date value flag` */
type Row = string;

async function overGraphql(id: string, selection: Selection): Promise<Row[]> {
  const { revisions, ...texts } = selection;
  const args = Object.entries(texts).map(([key, value]) => `, ${key}: ${JSON.stringify(value)}`);
  if (revisions !== undefined) args.push(`, revisions: ${revisions}`);
  const { dataPoints } = succeeded(
    await app.query(
      `{ dataPoints(seriesId: "${id}"${args.join('')}) { date revisionDate value isOriginalRelease } }`,
    ),
  );
  return (dataPoints as Record<string, unknown>[]).map(
    ({ date, revisionDate, value, isOriginalRelease }) =>
      `${String(date)} ${String(revisionDate)} ${String(value)} ${String(isOriginalRelease)}`,
  );
}

async function overFlight(id: string, selection: Selection): Promise<Row[]> {
  const asked = { type: 'data_points', series: [id], ...selection };
  const rows = await client.rows(asked);
  const exact = await client.rows({ ...asked, columns: ['decimal_value'] });
  return rows.map((row, at) => {
    const { date, revision_date, value, value_exact, is_original_release } = row;
    const decimal = exact[at]!['decimal_value'];
    // Whoever computes with `value` and `value_exact` has the same number as who reads `decimal_value`.
    if (value_exact === null) expect(decimal === null ? null : Number(decimal)).toBe(value);
    else expect(decimal).toBe(value_exact);
    return `${String(date)} ${String(revision_date)} ${String(decimal)} ${String(is_original_release)}`;
  });
}

/** The selectors of the service as SQL over every stored revision. */
async function overParquet(id: string, selection: Selection): Promise<Row[]> {
  const { startDate, endDate, asOf, limit, revisions = 'LATEST', release, lagDays } = selection;
  const known = [
    ...(startDate ? [`date >= DATE '${startDate}'`] : []),
    ...(endDate ? [`date <= DATE '${endDate}'`] : []),
    ...(asOf ? [`revision_date <= DATE '${asOf}'`] : []),
    ...(lagDays === undefined ? [] : [`revision_date <= date + ${lagDays}`]),
  ];
  const wanted: Record<string, string> = {
    LATEST: 'from_last = 1',
    FIXED_LAG: 'from_last = 1',
    ORIGINAL: 'from_first = 1',
    NTH_RELEASE: `from_first = ${release}`,
    ALL: 'true',
  };
  const path = join(app.dataDir, pointsFile(Uuid.parse(id)));
  const rows = await duckdb(`
    SELECT strftime(date, '%Y-%m-%d') AS date, strftime(revision_date, '%Y-%m-%d') AS revision_date,
           value, value_exact, is_original_release
    FROM (SELECT *,
            row_number() OVER (PARTITION BY date ORDER BY revision_date) AS from_first,
            row_number() OVER (PARTITION BY date ORDER BY revision_date DESC) AS from_last
          FROM read_parquet('${path}')
          ${known.length > 0 ? `WHERE ${known.join(' AND ')}` : ''}) AS known
    WHERE ${wanted[revisions]}
    ORDER BY date, revision_date
    ${limit === undefined ? '' : `LIMIT ${limit}`}`);
  return (rows as Record<string, string | number | boolean | null>[]).map((row) => {
    const { date, revision_date, value, value_exact, is_original_release } = row;
    const text = value_exact ?? (value === null ? null : plain(Number(value)));
    return `${date} ${revision_date} ${text} ${is_original_release}`;
  });
}

/** The shortest decimal of a double, without an exponent. */
function plain(double: number): string {
  const text = String(double);
  const match = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (!match) return text;
  const [, sign = '', first = '', rest = '', power] = match;
  const places = Number(power);
  const digits = first + rest;
  return places < 0
    ? `${sign}0.${'0'.repeat(-places - 1)}${digits}`
    : `${sign}${digits.padEnd(places + 1, '0')}`;
}

it('Flight, GraphQL and DuckDB answer the same rows, digit for digit', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(sent, { minLength: 1, maxLength: 3 }),
      fc.array(selections, { minLength: 1, maxLength: 5 }),
      fc.boolean(),
      async (writes, asked, isFlushedBetween) => {
        const { id } = await createSeries(app);
        for (const points of writes) {
          const columns = {
            date: date32(points.map(({ date }) => date)),
            revision_date: date32(points.map(({ revisionDate }) => revisionDate)),
            value: utf8(points.map(({ value }) => value)),
            is_original_release: bool(points.map(({ isOriginal }) => isOriginal)),
          };
          await client.stored(['data_points', id], streamFrames(columns));
          if (isFlushedBetween) await app.app.get(DataDirectory).flush();
        }
        const answers: Row[][] = [];
        for (const selection of asked) {
          const rows = await overFlight(id, selection);
          expect(rows).toEqual(await overGraphql(id, selection));
          answers.push(rows);
        }
        await app.app.get(DataDirectory).flush();
        for (const [at, selection] of asked.entries()) {
          expect(await overFlight(id, selection)).toEqual(answers[at]);
          expect(await overParquet(id, selection)).toEqual(answers[at]);
        }
      },
    ),
    { numRuns: 25 },
  );
});

it('a panel is its series one after the other, whatever columns are chosen', async () => {
  const columns = fc.uniqueArray(
    fc.constantFrom(
      ...['series_id', 'source_id', 'external_id', 'date', 'revision_date', 'value', 'value_exact'],
      ...['decimal_value', 'is_original_release', 'created_at', 'updated_at'],
    ),
    { minLength: 1 },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.option(sent, { nil: [] }), { minLength: 1, maxLength: 4 }),
      selections,
      columns,
      async (panel, selection, chosen) => {
        const ids: string[] = [];
        for (const points of panel) {
          const { id } = await createSeries(app);
          ids.push(id);
          if (points.length === 0) continue;
          await client.stored(
            ['data_points', id],
            streamFrames({
              date: date32(points.map(({ date }) => date)),
              revision_date: date32(points.map(({ revisionDate }) => revisionDate)),
              value: utf8(points.map(({ value }) => value)),
            }),
          );
        }
        const asked = { type: 'data_points', ...selection, columns: chosen };
        const each = await Promise.all(ids.map((id) => client.rows({ ...asked, series: [id] })));
        const whole = await client.table({ ...asked, series: ids });
        expect(whole.schema.fields.map(({ name }) => name)).toEqual(chosen);
        expect(await client.rows({ ...asked, series: ids })).toEqual(each.flat());
      },
    ),
    { numRuns: 30 },
  );
});
