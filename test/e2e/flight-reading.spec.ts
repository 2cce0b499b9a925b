// Everything that Flight answers: the same data as GraphQL, in columns.

import { readFile } from 'node:fs/promises';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { status } from '@grpc/grpc-js';
import { tableFromIPC, type Table } from 'apache-arrow';
import { Message } from 'apache-arrow/ipc/metadata/message';
import { MessageHeader } from 'apache-arrow/enum';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  FlightDescriptorSchema,
  HandshakeRequestSchema,
  HandshakeResponseSchema,
  type FlightData,
} from '../../src/flight/protocol/Flight_pb.js';
import {
  HealthCheckRequestSchema,
  HealthCheckResponseSchema,
  HealthCheckResponse_ServingStatus as ServingStatus,
  HealthListResponseSchema,
} from '../../src/flight/protocol/health_pb.js';
import { DataDirectory } from '../../src/storage/data-directory.js';
import { date32, days32, float, int, streamFrames, utf8 } from '../support/arrow-frames.js';
import { damagePointsFile } from '../support/damaged-points.js';
import {
  createPoints,
  createSeries,
  daysFromToday,
  seriesInput,
  succeeded,
  unknownId,
} from '../support/factories.js';
import {
  codeOf,
  collected,
  columnOf,
  detailsOf,
  expectRefusedField,
  failureOf,
  FlightTestClient,
  tableOf,
  type Asked,
} from '../support/flight-client.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const SOURCE = '11111111-1111-4111-8111-111111111111';
const OTHER_SOURCE = '22222222-2222-4222-8222-222222222222';
const DEFAULT_COLUMNS = [
  ...['series_id', 'date', 'revision_date', 'value', 'value_exact', 'is_original_release'],
];

let app: TestApp;
let client: FlightTestClient;
let gdp: string;
let cpi: string;
let empty: string;

beforeAll(async () => {
  app = await startTestApp();
  client = new FlightTestClient(app.flightPort);
  gdp = (await createSeries(app, { externalId: 'GDP', frequency: 'quarterly' })).id;
  cpi = (await createSeries(app, { externalId: 'CPI', title: 'Prices' })).id;
  empty = (await createSeries(app, { externalId: 'NOTHING', title: 'Empty' })).id;
  await createPoints(app, gdp, [
    { date: '2023-10-01', revisionDate: '2024-03-28', value: '3.4' },
    { date: '2024-01-01', revisionDate: '2024-04-25', value: '1.6' },
    { date: '2024-01-01', revisionDate: '2024-05-30', value: '1.3000000000000000000000001' },
    { date: '2024-04-01', revisionDate: '2024-09-26', value: null },
  ]);
  await createPoints(app, cpi, [
    { date: '2024-01-01', revisionDate: '2024-02-13', value: '0.1' },
    { date: '2024-02-01', revisionDate: '2024-03-12', value: '-12.5' },
  ]);
});
afterAll(async () => {
  client.close();
  await app.close();
});

const DATES_AND_VALUES = { columns: ['date', 'value'] };

/** The body lengths of record batches, which is what sizes count. */
function batchBytes(data: readonly FlightData[]): number[] {
  return data
    .map(({ dataHeader }) => Message.decode(dataHeader))
    .filter(({ headerType }) => headerType === MessageHeader.RecordBatch)
    .map(({ bodyLength }) => bodyLength);
}

const bytesOf = (table: Table, column: string) =>
  Buffer.concat(
    table.getChild(column)!.data.map(({ values }) => {
      const { buffer, byteOffset, byteLength } = values as Float64Array;
      return Buffer.from(buffer, byteOffset, byteLength);
    }),
  );

const ticketOf = async (asked: Asked) => (await client.info(asked)).endpoint[0]!.ticket!.ticket;

const rowsOf = async (asked: Asked) => client.rows(await ticketOf(asked));

describe('paths, commands and JSON tickets', () => {
  it('answer the values known last, and every revision', async () => {
    const latest = [
      { date: '2023-10-01', revision_date: '2024-03-28', value: 3.4, value_exact: null },
      {
        date: '2024-01-01',
        revision_date: '2024-05-30',
        value: 1.3,
        value_exact: '1.3000000000000000000000001',
      },
      { date: '2024-04-01', revision_date: '2024-09-26', value: null, value_exact: null },
    ];
    const rows = await rowsOf(['data_points', gdp]);
    expect(rows).toMatchObject(latest);
    expect(Object.keys(rows[0]!)).toEqual(DEFAULT_COLUMNS);
    expect(columnOf(rows, 'is_original_release')).toEqual([true, false, true]);
    expect(columnOf(rows, 'series_id')).toEqual([gdp, gdp, gdp]);
    expect(columnOf(await rowsOf(['vintages', gdp]), 'revision_date')).toEqual([
      '2024-03-28',
      '2024-04-25',
      '2024-05-30',
      '2024-09-26',
    ]);
  });

  it.each<[string, () => Asked, () => Record<string, unknown>]>([
    ['series', () => ['series'], () => ({ type: 'series' })],
    ['all points', () => ['data_points'], () => ({ type: 'data_points' })],
    ['all vintages', () => ['vintages'], () => ({ type: 'vintages' })],
    [
      'points of one',
      () => ['data_points', gdp],
      () => ({ type: 'data_points', series: [`${SOURCE}/GDP`], revisions: 'LATEST' }),
    ],
    [
      'vintages of one',
      () => ['vintages', 'GDP'],
      () => ({ type: 'data_points', series: [gdp], revisions: 'ALL' }),
    ],
    ['changes', () => ['changes'], () => ({ type: 'changes' })],
  ])(
    '%s: are the same by path, by command, and with the command as ticket',
    async (_, path, command) => {
      const byPath = await rowsOf(path());
      expect(byPath.length).toBeGreaterThan(0);
      expect(await rowsOf(command())).toEqual(byPath);
      expect(await client.rows(command())).toEqual(byPath);
    },
  );

  it('name series in the order of the answer; those of a filter come by id', async () => {
    const named = await client.rows({ type: 'data_points', series: ['CPI', gdp] });
    expect(columnOf(named, 'series_id')).toEqual([cpi, cpi, gdp, gdp, gdp]);
    const all = await client.rows({ type: 'data_points' });
    expect(columnOf(all, 'series_id')).toEqual(columnOf(all, 'series_id').toSorted());
    expect(await client.rows({ type: 'data_points', filter: { titleContains: 'price' } })).toEqual(
      await client.rows({ type: 'data_points', series: ['CPI'] }),
    );
  });

  it('select by range, day, release, lag, unit, frequency and limit', async () => {
    const values = async (command: Record<string, unknown>) =>
      columnOf(await client.rows({ type: 'data_points', series: [gdp], ...command }), 'value');
    expect(await values({ startDate: '2024-01-01', endDate: '2024-03-31' })).toEqual([1.3]);
    expect(await values({ asOf: '2024-05-29' })).toEqual([3.4, 1.6]);
    expect(await values({ revisions: 'ORIGINAL' })).toEqual([3.4, 1.6, null]);
    expect(await values({ revisions: 'NTH_RELEASE', release: 2 })).toEqual([1.3]);
    expect(await values({ revisions: 'FIXED_LAG', lagDays: 120 })).toEqual([1.6]);
    expect(await values({ units: 'chg', asOf: '2024-05-01' })).toEqual([null, -1.8]);
    expect(await values({ limit: 2 })).toEqual([3.4, 1.3]);
    // Of each series, not of the answer.
    expect(columnOf(await client.rows({ type: 'data_points', limit: 1 }), 'value')).toEqual(
      gdp < cpi ? [3.4, 0.1] : [0.1, 3.4],
    );
  });

  it('send the columns that were asked for, in that order', async () => {
    const columns = [
      'decimal_value',
      'external_id',
      'updated_at',
      'source_id',
      'created_at',
      'date',
    ];
    const rows = await client.rows({ type: 'data_points', series: [gdp], columns });
    expect(Object.keys(rows[0]!)).toEqual(columns);
    expect(columnOf(rows, 'decimal_value')).toEqual(['3.4', '1.3000000000000000000000001', null]);
    expect(rows[0]).toMatchObject({ external_id: 'GDP', source_id: SOURCE });
    const { dataPoints } = succeeded(
      await app.query(`{ dataPoints(seriesId: "${gdp}") { createdAt } }`),
    );
    expect(new Date(Number(rows[0]!['created_at'])).toISOString().slice(0, 23)).toBe(
      (dataPoints[0].createdAt as string).slice(0, 23),
    );
  });

  it('answer tables without rows where there is nothing', async () => {
    for (const command of [
      { series: ['NOTHING'] },
      { series: [] },
      { filter: { externalIdPrefix: 'nobody' } },
      { startDate: '2030-01-01' },
      { series: ['NOTHING'], layout: 'wide' },
      { series: [], layout: 'wide' },
    ]) {
      const asked = { type: 'data_points', ...command };
      const info = await client.info(asked);
      expect(info.endpoint).toHaveLength(1);
      const data = await client.get(info.endpoint[0]!.ticket!.ticket);
      expect(tableOf(data).numRows).toBe(0);
      expect(batchBytes(data)).toEqual([]);
    }
    const table = await client.table({ type: 'series', filter: { externalIdPrefix: 'nobody' } });
    expect(table.numRows).toBe(0);
  });
});

describe('what cannot be asked for', () => {
  it.each<[Record<string, unknown>, string]>([
    [{ nope: 1 }, 'nope'],
    [{ type: 'points' }, 'type'],
    [{ type: null }, 'type'],
    [{ type: 'series', series: ['GDP'] }, 'series'],
    [{ type: 'changes', filter: {} }, 'filter'],
    [{ type: 'changes', since: 'nonsense' }, 'since'],
    [{ type: 'changes', seriesIds: ['GDP'] }, 'seriesIds'],
    [{ series: 'GDP' }, 'series'],
    [{ series: ['GDP', 'GDP'] }, 'series'],
    [{ series: ['GDP'], filter: {} }, 'filter'],
    [{ filter: 'GDP' }, 'filter'],
    [{ filter: { nope: 1 } }, 'filter.nope'],
    [{ filter: { sourceId: 'x' } }, 'filter.sourceId'],
    [{ filter: { isActive: 'yes' } }, 'filter.isActive'],
    [{ startDate: '2024-02-30' }, 'startDate'],
    [{ startDate: 20240101 }, 'startDate'],
    [{ startDate: '2024-02-01', endDate: '2024-01-01' }, 'startDate'],
    [{ asOf: daysFromToday(3) }, 'asOf'],
    [{ revisions: 'SOME' }, 'revisions'],
    [{ revisions: 'NTH_RELEASE' }, 'release'],
    [{ release: 1 }, 'release'],
    [{ revisions: 'NTH_RELEASE', release: 0 }, 'release'],
    [{ revisions: 'FIXED_LAG', lagDays: 1.5 }, 'lagDays'],
    [{ units: 'percent' }, 'units'],
    [{ series: ['GDP'], frequency: 'hourly' }, 'frequency'],
    [{ series: ['GDP'], aggregation: 'sum' }, 'aggregation'],
    [{ limit: 0 }, 'limit'],
    [{ columns: [] }, 'columns'],
    [{ columns: ['nope'] }, 'columns'],
    [{ columns: ['date', 'date'] }, 'columns'],
    [{ columns: ['toString'] }, 'columns'],
    [{ layout: 'tall' }, 'layout'],
    [{ layout: 'wide', columns: ['date'] }, 'columns'],
    [{ layout: 'wide', revisions: 'ALL' }, 'revisions'],
  ])('%j is refused, naming %s', async (fields, field) => {
    const command = { type: 'data_points', ...fields };
    expectRefusedField((await client.tryGet(command)).error, field);
    // What only the feed itself can tell of a cursor is told when it is read.
    if (field !== 'since') expectRefusedField(await failureOf(client.info(command)), field);
  });

  it.each([[[]], [['nope']], [['series', 'GDP']], [['data_points', 'GDP', 'x']]])(
    'the path %j is refused',
    async (path: string[]) => {
      expectRefusedField(await failureOf(client.info(path)), 'path');
      expectRefusedField(await failureOf(client.schema(path)), 'path');
    },
  );

  it('no descriptor, no JSON and no message are refused', async () => {
    expectRefusedField(
      await failureOf(
        client.unary(
          'GetFlightInfo',
          toBinary(FlightDescriptorSchema, create(FlightDescriptorSchema)),
        ),
      ),
      'descriptor',
    );
    for (const cmd of ['', '[]', 'null', '{"type":', '1']) {
      const descriptor = create(FlightDescriptorSchema, { type: 2, cmd: Buffer.from(cmd) });
      const request = toBinary(FlightDescriptorSchema, descriptor);
      expectRefusedField(await failureOf(client.unary('GetSchema', request)), 'command');
    }
    const garbage = await failureOf(client.unary('GetFlightInfo', Buffer.from('ffffffff', 'hex')));
    expect(garbage.code).toBe(status.INVALID_ARGUMENT);
  });

  it('series that are not there are not found', async () => {
    for (const name of ['nobody', unknownId(), `${SOURCE}/nobody`, `${OTHER_SOURCE}/GDP`]) {
      const { error } = await client.tryGet({ type: 'data_points', series: [name] });
      expect(error?.code).toBe(status.NOT_FOUND);
      expect(codeOf(error)).toBe('NOT_FOUND');
      const failure = await failureOf(client.info(['data_points', name]));
      expect(detailsOf(failure)).toEqual({ resource: 'EconomicSeries', id: name });
    }
  });
});

describe('tickets', () => {
  it('stand for the command that they were made of', async () => {
    for (const asked of [
      { type: 'vintages', series: ['CPI', 'GDP'], startDate: '2024-01-01', asOf: '2024-06-01' },
      { type: 'data_points', filter: { isActive: true }, limit: 1, columns: ['date', 'series_id'] },
      { type: 'data_points', series: ['GDP'], revisions: 'FIXED_LAG', lagDays: 150 },
      {
        type: 'data_points',
        series: ['GDP'],
        units: 'pch',
        frequency: 'annual',
        aggregation: 'eop',
      },
      { type: 'data_points', series: ['GDP', 'CPI'], layout: 'wide' },
      { type: 'series', filter: { titleContains: 'Prices' } },
      { type: 'changes', seriesIds: [cpi] },
    ]) {
      expect(await rowsOf(asked)).toEqual(await client.rows(asked));
    }
  });

  it('are refused with any byte altered, cut short, or of another version', async () => {
    const ticket = await ticketOf(['data_points', gdp]);
    const altered = Array.from(ticket, (_, at) => {
      const copy = Uint8Array.from(ticket);
      copy[at]! ^= 1 << (at % 8);
      return copy;
    });
    // An opening brace in the place of the version: what follows is no command.
    const brace = Uint8Array.from(ticket);
    brace[0] = 0x7b;
    const unusable = [
      ...altered,
      brace,
      ticket.subarray(0, 5),
      ticket.subarray(0, -1),
      new Uint8Array(),
    ];
    for (const bytes of unusable) {
      const { data, error } = await client.tryGet(bytes);
      expect(data).toEqual([]);
      expectRefusedField(error, 'ticket');
    }
    const newer = Uint8Array.from(ticket);
    newer[0] = 2;
    expect((await client.tryGet(newer)).error?.details).toContain('version 2');
  });
});

describe('schemas and sizes', () => {
  it.each<[string, () => Asked]>([
    ['series', () => ['series']],
    ['changes', () => ['changes']],
    ['points', () => ['data_points', gdp]],
    ['columns', () => ({ type: 'data_points', ...DATES_AND_VALUES })],
    [
      'dictionaries',
      () => ({ type: 'data_points', columns: ['source_id', 'external_id', 'series_id'] }),
    ],
    ['wide', () => ({ type: 'data_points', series: ['GDP', 'CPI'], layout: 'wide' })],
  ])('the schema of %s is told as it is sent', async (_, asked) => {
    const info = await client.info(asked());
    const told = await client.schema(asked());
    expect(Buffer.from(info.schema)).toEqual(Buffer.from(told));
    const [first] = await client.get(info.endpoint[0]!.ticket!.ticket);
    const sent = tableOf([first!]).schema;
    expect(tableFromIPC(told).schema.fields.map(String)).toEqual(sent.fields.map(String));
    expect(sent.fields.length).toBeGreaterThan(0);
  });

  it('are exact for one series, however it is selected', async () => {
    for (const selection of [
      {},
      { revisions: 'ALL' },
      { asOf: '2024-05-29' },
      { limit: 1 },
      { units: 'chg' },
      { columns: ['value', 'decimal_value', 'created_at', 'is_original_release', 'external_id'] },
      { startDate: '2030-01-01' },
    ]) {
      const info = await client.info({ type: 'data_points', series: ['GDP'], ...selection });
      const data = await client.get(info.endpoint[0]!.ticket!.ticket);
      const bytes = batchBytes(data).reduce((sum, length) => sum + length, 0);
      expect([Number(info.totalRecords), Number(info.totalBytes)]).toEqual([
        tableOf(data).numRows,
        bytes,
      ]);
    }
  });

  it('are known of every revision of everything, and of the series', async () => {
    const every = await client.info(['vintages']);
    expect(Number(every.totalRecords)).toBe((await rowsOf(['vintages'])).length);
    const series = await client.info(['series']);
    expect(Number(series.totalRecords)).toBe((await rowsOf(['series'])).length);
    for (const asked of [
      ['data_points'],
      ['changes'],
      { type: 'vintages', startDate: '2024-01-01' },
      { type: 'vintages', limit: 1 },
      { type: 'data_points', series: ['GDP'], layout: 'wide' },
    ]) {
      const { totalRecords, totalBytes } = await client.info(asked);
      expect([totalRecords, totalBytes]).toEqual([-1n, -1n]);
    }
  });
});

describe('the wide layout', () => {
  const wide = (series: string[], selection = {}) => ({
    ...{ type: 'data_points', series, layout: 'wide' },
    ...selection,
  });

  it('has a row for each date of any series and a column for each series', async () => {
    const rows = await client.rows(wide(['CPI', 'NOTHING', 'GDP']));
    const blank = { CPI: null, NOTHING: null, GDP: null };
    expect(rows).toEqual([
      { ...blank, date: '2023-10-01', GDP: 3.4 },
      { ...blank, date: '2024-01-01', CPI: 0.1, GDP: 1.3 },
      { ...blank, date: '2024-02-01', CPI: -12.5 },
      // Published as missing.
      { ...blank, date: '2024-04-01' },
    ]);
    expect(Object.keys(rows[0]!)).toEqual(['date', 'CPI', 'NOTHING', 'GDP']);
    expect(await client.rows(wide(['GDP'], { asOf: '2024-05-01', limit: 1 }))).toEqual([
      { date: '2023-10-01', GDP: 3.4 },
    ]);
  });

  it('names columns by source where the external id is ambiguous or taken', async () => {
    const [a, b, date] = [
      await createSeries(app, { externalId: 'TWICE' }),
      await createSeries(app, { externalId: 'TWICE', sourceId: OTHER_SOURCE }),
      await createSeries(app, { externalId: 'date' }),
    ];
    const table = await client.table(wide([a.id, 'GDP', b.id, date.id]));
    expect(table.schema.fields.map(({ name }) => name)).toEqual([
      'date',
      `${SOURCE}/TWICE`,
      'GDP',
      `${OTHER_SOURCE}/TWICE`,
      `${SOURCE}/date`,
    ]);
    // Asked for alone there is nothing to confuse it with.
    const alone = await client.table(wide([a.id]));
    expect(alone.schema.fields[1]!.name).toBe('TWICE');
    const { error } = await client.tryGet(wide(['TWICE']));
    expect(error?.code).toBe(status.INVALID_ARGUMENT);
    expect(detailsOf(error)['candidates']).toEqual(
      expect.arrayContaining([
        { id: a.id, sourceId: SOURCE },
        { id: b.id, sourceId: OTHER_SOURCE },
      ]),
    );
  });
});

describe('large answers', () => {
  const ROWS = 400_000;
  const big: string[] = [];
  let all: Table;

  beforeAll(async () => {
    for (let n = 0; n < 3; n++) {
      const { id } = await createSeries(app, { externalId: `BIG_${n}`, title: 'Big' });
      big.push(id);
      const days = Array.from({ length: ROWS }, (_, row) => row);
      const columns = {
        date: days32(days),
        value: float(
          64,
          days.map((day) => day + n / 4),
        ),
        revision_date: days32(days.map(() => 18_000)),
      };
      await client.stored(['data_points', id], streamFrames(columns));
    }
    all = await client.table({ type: 'data_points', filter: { titleContains: 'Big' } });
  });

  it('have endpoints that make the whole when put together in order', async () => {
    const filter = { titleContains: 'Big' };
    for (const asked of [{ filter }, { series: big.toReversed() }]) {
      const info = await client.info({ type: 'vintages', ...asked });
      expect(info.ordered).toBe(true);
      expect(info.endpoint.length).toBe(2);
      expect(info.totalRecords).toBe(BigInt(3 * ROWS));
      const parts = await Promise.all(
        info.endpoint.map(({ ticket }) => client.table(ticket!.ticket)),
      );
      expect(parts.map(({ numRows }) => numRows)).toEqual([2 * ROWS, ROWS]);
      const whole = 'filter' in asked ? all : await client.table({ type: 'vintages', ...asked });
      for (const column of ['date', 'value']) {
        const together = Buffer.concat(parts.map((part) => bytesOf(part, column)));
        expect(together.equals(bytesOf(whole, column))).toBe(true);
      }
    }
  });

  it('are exact in size over several batches', async () => {
    const info = await client.info(['vintages', 'BIG_1']);
    const data = await client.get(info.endpoint[0]!.ticket!.ticket);
    const bytes = batchBytes(data);
    expect(bytes.length).toBeGreaterThan(2);
    expect(Number(info.totalBytes)).toBe(bytes.reduce((sum, length) => sum + length, 0));
    expect(Number(info.totalRecords)).toBe(ROWS);
  });

  it('of the wide layout are refused beyond the limit of values, and not before', async () => {
    // 400,000 dates of 20 series are 8,000,000 values, as many as are allowed.
    const names = ['BIG_0'];
    while (names.length < 21) names.push((await createSeries(app)).externalId);
    const asked = { type: 'data_points', layout: 'wide' };
    const allowed = await client.tryGet({ ...asked, series: names.slice(0, 20) });
    expect(allowed.error).toBeUndefined();
    const { error } = await client.tryGet({ ...asked, series: names });
    expect(error?.code).toBe(status.RESOURCE_EXHAUSTED);
    expect(codeOf(error)).toBe('READ_TOO_LARGE');
    expect(detailsOf(error)).toMatchObject({ limit: 8_000_000 });
  });
});

describe('the change feed', () => {
  const CHANGES = 24_000;
  let own: TestApp;
  let feed: FlightTestClient;
  beforeAll(async () => {
    own = await startTestApp();
    feed = new FlightTestClient(own.flightPort);
  });
  afterAll(async () => {
    feed.close();
    await own.close();
  });

  it('goes on from the cursor of any batch', async () => {
    const cpi = (await createSeries(own)).id;
    const { id } = await createSeries(own);
    await createPoints(own, cpi, [
      { date: '2024-01-01', revisionDate: '2024-02-13', value: '1' },
      { date: '2024-02-01', revisionDate: '2024-03-12', value: '2' },
    ]);
    const days = Array.from({ length: CHANGES }, (_, row) => row);
    const columns = { date: days32(days), value: float(64, days) };
    await feed.stored(['data_points', id], streamFrames(columns));
    const asked = { type: 'changes', seriesIds: [id, cpi] };
    const short = { ...asked, seriesIds: [cpi] };
    const cursorOf = ({ appMetadata }: FlightData) =>
      (JSON.parse(Buffer.from(appMetadata).toString()) as { cursor: string }).cursor;

    const data = await feed.get(asked);
    const [schema, first, ...rest] = data;
    expect(rest.length).toBeGreaterThan(1);
    expect(tableOf(data).numRows).toBe(CHANGES + 2);
    const resumed = await feed.get({ ...asked, since: cursorOf(first!) });
    expect(tableOf([schema!, first!]).numRows + tableOf(resumed).numRows).toBe(CHANGES + 2);
    expect(bytesOf(tableOf([schema!, first!, ...resumed.slice(1)]), 'value')).toEqual(
      bytesOf(tableOf(data), 'value'),
    );

    // At its end there is an empty batch with a cursor, and then what is new, only.
    const before = await feed.get(short);
    const since = cursorOf(before.at(-1)!);
    const nothing = await feed.get({ ...short, since });
    expect(tableOf(nothing).numRows).toBe(0);
    await createPoints(own, cpi, [{ date: '2024-02-01', revisionDate: '2024-04-10', value: '7' }]);
    for (const from of [since, cursorOf(nothing.at(-1)!)]) {
      expect(await feed.rows({ ...short, since: from })).toMatchObject([
        { kind: 'REVISED', series_id: cpi, date: '2024-02-01', value: 7, decimal_value: '7' },
      ]);
    }
    // A path can name a cursor, too; a cursor belongs to the series it was made for.
    const all = await feed.get({ type: 'changes' });
    await createPoints(own, cpi, [{ date: '2024-03-01', revisionDate: '2024-04-10', value: '8' }]);
    const asPath = (await feed.info(['changes', cursorOf(all.at(-1)!)])).endpoint[0]!.ticket!
      .ticket;
    expect(columnOf(await feed.rows(asPath), 'value')).toEqual([8]);
    expectRefusedField((await feed.tryGet({ type: 'changes', since })).error, 'since');
  });
});

describe('while others write', () => {
  it('a write over GraphQL is visible to the very next DoGet', async () => {
    const { id } = await createSeries(app);
    const ticket = await ticketOf(['data_points', id]);
    for (let n = 0; n < 25; n++) {
      await createPoints(app, id, [{ date: '2024-01-01', revisionDate: '2024-02-01', value: n }]);
      expect(columnOf(await client.rows(ticket), 'value')).toEqual([n]);
    }
  });

  it('each series of a stream is of one commit', async () => {
    const ids = [(await createSeries(app)).id, (await createSeries(app)).id];
    const dates = Array.from(
      { length: 12 },
      (_, month) => `2023-${String(month + 1).padStart(2, '0')}-01`,
    );
    const write = (value: number) =>
      client.stored(
        ['data_points'],
        streamFrames({
          series_id: utf8(ids.flatMap((id) => dates.map(() => id))),
          date: date32(ids.flatMap(() => dates)),
          revision_date: date32(ids.flatMap(() => dates.map(() => '2024-01-01'))),
          value: int(
            32,
            ids.flatMap(() => dates.map(() => value)),
          ),
        }),
      );
    await write(0);
    let isWriting = true;
    let written = 0;
    const writer = (async () => {
      while (isWriting) await write(++written);
    })();
    const seen = new Set<number>();
    for (let n = 0; n < 60; n++) {
      const rows = await client.rows({ type: 'data_points', series: ids });
      expect(rows).toHaveLength(24);
      for (const id of ids) {
        const values = new Set(
          columnOf(
            rows.filter((row) => row['series_id'] === id),
            'value',
          ),
        );
        expect(values.size).toBe(1);
        seen.add([...values][0] as number);
      }
    }
    isWriting = false;
    await writer;
    expect(seen.size).toBeGreaterThan(3);
  });

  it('a series deleted between info and get is absent, and not found where it was named', async () => {
    const [kept, gone] = [
      await createSeries(app, { title: 'Passing' }),
      await createSeries(app, { title: 'Passing' }),
    ];
    for (const { id } of [kept, gone]) {
      await createPoints(app, id, [{ date: '2024-01-01', revisionDate: '2024-02-01', value: 1 }]);
    }
    const filtered = await ticketOf({ type: 'data_points', filter: { titleContains: 'Passing' } });
    const named = await ticketOf({ type: 'data_points', series: [kept.id, gone.id] });
    expect(await client.rows(filtered)).toHaveLength(2);
    succeeded(await app.query(`mutation { deleteSeries(id: "${gone.id}") }`));
    expect(columnOf(await client.rows(filtered), 'series_id')).toEqual([kept.id]);
    const { error } = await client.tryGet(named);
    expect(error?.code).toBe(status.NOT_FOUND);
    expect(detailsOf(error)).toMatchObject({ id: gone.id });
  });
});

describe('damage', () => {
  it('ends the stream with an error that names the series; the others can be read', async () => {
    const own = await startTestApp({ cacheTtlSeconds: 0 });
    const reader = new FlightTestClient(own.flightPort);
    try {
      const [whole, damaged] = [await createSeries(own), await createSeries(own)];
      for (const { id } of [whole, damaged]) {
        await createPoints(own, id, [{ date: '2024-01-01', revisionDate: '2024-02-01', value: 1 }]);
      }
      await own.app.get(DataDirectory).flush();
      await damagePointsFile(own.dataDir, damaged.id);
      for (const command of [{}, { series: [whole.id, damaged.id] }, { layout: 'wide' }]) {
        const { error } = await reader.tryGet({ type: 'data_points', ...command });
        expect(error?.code).toBe(status.INTERNAL);
        expect(codeOf(error)).toBe('STORAGE_ERROR');
        expect(error?.details).toContain(damaged.id);
        expect(error?.details).not.toContain(own.dataDir);
        expect(detailsOf(error)).toMatchObject({ operation: 'read', id: damaged.id });
      }
      const rows = await reader.rows({ type: 'data_points', series: [whole.id] });
      expect(columnOf(rows, 'value')).toEqual([1]);
      // What is known of the series themselves is told all the same.
      expect(await reader.rows({ type: 'series' })).toHaveLength(2);
    } finally {
      reader.close();
      await own.close();
    }
  });
});

describe('ListFlights', () => {
  it('lists the catalogue, the feed and every series, each with tickets that work', async () => {
    const infos = await client.list();
    const table = await rowsOf(['series']);
    expect(infos).toHaveLength(2 + table.length);
    expect(infos.slice(0, 2).map(({ flightDescriptor }) => flightDescriptor!.path)).toEqual([
      ['series'],
      ['changes'],
    ]);
    const described = infos.find(({ flightDescriptor }) => flightDescriptor!.path[1] === gdp)!;
    expect(JSON.parse(Buffer.from(described.appMetadata).toString())).toEqual({
      id: gdp,
      sourceId: SOURCE,
      externalId: 'GDP',
      title: expect.any(String),
      units: null,
      frequency: 'quarterly',
      points: 4,
    });
    expect(await client.rows(described.endpoint[0]!.ticket!.ticket)).toEqual(
      await rowsOf(['data_points', gdp]),
    );
  });

  it('lists only what the criteria let pass, and refuses those it does not know', async () => {
    const pathsOf = async (criteria: unknown) =>
      (await client.list(criteria)).map(({ flightDescriptor }) => flightDescriptor!.path);
    expect(await pathsOf({ externalIdPrefix: 'NOTHI' })).toEqual([['data_points', empty]]);
    expect(await pathsOf({ frequency: 'quarterly' })).toEqual([['data_points', gdp]]);
    expect(await pathsOf({ titleContains: 'no such title' })).toEqual([]);
    expectRefusedField((await client.tryList(Buffer.from('{"nope":1}'))).error, 'nope');
    expectRefusedField((await client.tryList(Buffer.from('nope'))).error, 'criteria');
    expectRefusedField((await client.tryList(Buffer.from('{"isActive":1}'))).error, 'isActive');
  });
});

describe('the table of series', () => {
  it('has their metadata and what is known of their points', async () => {
    const { id } = await createSeries(app, {
      ...{ externalId: 'META', title: 'Ünïcode 数', description: 'd', units: 'u' },
      ...{
        seasonalAdjustment: 'not_seasonally_adjusted',
        startDate: '2020-01-01',
        isActive: false,
      },
    });
    await createPoints(app, id, [
      { date: '2024-01-01', revisionDate: '2024-02-01', value: 1 },
      { date: '2024-01-01', revisionDate: '2024-03-01', value: 2 },
    ]);
    const [row] = await client.rows({ type: 'series', filter: { externalIdPrefix: 'META' } });
    expect(row).toMatchObject({
      ...{ id, source_id: SOURCE, external_id: 'META', title: 'Ünïcode 数', description: 'd' },
      ...{ units: 'u', frequency: 'monthly', seasonal_adjustment: 'not_seasonally_adjusted' },
      ...{ start_date: '2020-01-01', end_date: null, is_active: false, points: 2 },
      ...{ first_date: '2024-01-01', last_date: '2024-01-01', last_revision_date: '2024-03-01' },
    });
  });
});

describe('Handshake, DoExchange, PollFlightInfo', () => {
  it('each greeting is answered, and nobody has to prove who they are', async () => {
    const call = client.duplex('Handshake');
    for (const protocolVersion of [0n, 7n]) {
      const request = create(HandshakeRequestSchema, {
        protocolVersion,
        payload: Buffer.from('x'),
      });
      call.write(Buffer.from(toBinary(HandshakeRequestSchema, request)));
    }
    call.end();
    const { messages, error } = await collected(call);
    expect(error).toBeUndefined();
    const answers = messages.map((message) => fromBinary(HandshakeResponseSchema, message));
    expect(answers.map(({ protocolVersion }) => protocolVersion)).toEqual([0n, 7n]);
  });

  it('are not implemented where they have no use', async () => {
    const exchange = client.duplex('DoExchange');
    exchange.end();
    expect((await collected(exchange)).error?.code).toBe(status.UNIMPLEMENTED);
    expect((await failureOf(client.unary('PollFlightInfo', new Uint8Array()))).code).toBe(
      status.UNIMPLEMENTED,
    );
  });
});

describe('actions', () => {
  it('are those of the document', async () => {
    const text = await readFile('docs/arrow-flight.md', 'utf8');
    const section = text.slice(text.indexOf('## Actions'), text.indexOf('## Errors'));
    const documented = [...section.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name);
    expect((await client.actions()).toSorted()).toEqual(documented.toSorted());
    expect(documented).toContain('flush');
  });

  it('report health and counts, as HTTP and GraphQL do', async () => {
    expect(await client.action('health')).toMatchObject({ status: 'healthy' });
    const stats = (await client.action('catalog_stats')) as Record<string, number>;
    const { catalogStats } = succeeded(
      await app.query('{ catalogStats { seriesCount dataPointCount } }'),
    );
    expect(stats).toMatchObject(catalogStats);
  });

  it('create series by the rules of GraphQL', async () => {
    const input = seriesInput({ startDate: '2020-01-01' });
    const created = (await client.action('create_series', input)) as Record<string, unknown>;
    expect(created).toMatchObject(input);
    const { series } = succeeded(
      await app.query(`{ series(id: "${created['id'] as string}") { createdAt startDate title } }`),
    );
    expect(created).toMatchObject(series);
    const again = await failureOf(client.action('create_series', input));
    expect(again.code).toBe(status.ALREADY_EXISTS);
    expect(codeOf(again)).toBe('CONFLICT');
    const refused = async (fields: object, field: string) => {
      const body = { ...seriesInput(), ...fields };
      expectRefusedField(await failureOf(client.action('create_series', body)), field);
    };
    await refused({ title: '' }, 'title');
    await refused({ title: null }, 'title');
    await refused({ nope: 1 }, 'nope');
    await refused({ sourceId: 'x' }, 'sourceId');
    await refused({ startDate: '2024-13-01' }, 'startDate');
    const disordered = { ...seriesInput(), startDate: '2024-02-01', endDate: '2024-01-01' };
    const failure = await failureOf(client.action('create_series', disordered));
    expect(detailsOf(failure)['field']).toMatch(/startDate$/);
  });

  it('flush, verify and compact', async () => {
    await client.action('flush');
    expect(await client.action('verify')).toMatchObject({ findings: [] });
    const before = await rowsOf(['vintages', gdp]);
    expect(await client.action('compact', { series: ['GDP', cpi] })).toBeTypeOf('object');
    expect(await rowsOf(['vintages', gdp])).toEqual(before);
    const missing = await failureOf(client.action('compact', { series: ['nobody'] }));
    expect(missing.code).toBe(status.NOT_FOUND);
  });

  it('refuse what they do not know', async () => {
    expectRefusedField(await failureOf(client.action('nope')), 'type');
    expectRefusedField(await failureOf(client.action('constructor')), 'type');
    expectRefusedField(await failureOf(client.action('flush', { nope: 1 })), 'nope');
    expectRefusedField(await failureOf(client.action('flush', [])), 'body');
  });
});

describe('gRPC health', () => {
  const check = async (service: string) => {
    const request = create(HealthCheckRequestSchema, { service });
    const bytes = toBinary(HealthCheckRequestSchema, request);
    const answer = await client.unary('/grpc.health.v1.Health/Check', bytes);
    return fromBinary(HealthCheckResponseSchema, answer).status;
  };
  const FLIGHT = 'arrow.flight.protocol.FlightService';

  it('Check knows the server and its services, and no others', async () => {
    expect(await check('')).toBe(ServingStatus.SERVING);
    expect(await check(FLIGHT)).toBe(ServingStatus.SERVING);
    expect((await failureOf(check('nobody'))).code).toBe(status.NOT_FOUND);
  });

  it('List tells of all', async () => {
    const answer = await client.unary('/grpc.health.v1.Health/List', new Uint8Array());
    const { statuses } = fromBinary(HealthListResponseSchema, answer);
    expect(Object.keys(statuses)).toEqual(expect.arrayContaining(['', FLIGHT]));
    expect(statuses[FLIGHT]!.status).toBe(ServingStatus.SERVING);
  });

  it('Watch tells the state now, and that it stops', async () => {
    const own = await startTestApp();
    const watcher = new FlightTestClient(own.flightPort);
    const watch = (service: string) => {
      const request = create(HealthCheckRequestSchema, { service });
      return watcher.open(
        '/grpc.health.v1.Health/Watch',
        toBinary(HealthCheckRequestSchema, request),
      );
    };
    const call = watch('');
    const end = collected(call);
    await new Promise((resolve) => call.once('data', resolve));
    const unknown = watch('nobody');
    const unknownEnd = collected(unknown);
    await new Promise((resolve) => unknown.once('data', resolve));
    await own.close();
    const told = ({ messages }: Awaited<typeof end>) =>
      messages.map((message) => fromBinary(HealthCheckResponseSchema, message).status);
    expect(told(await end)).toEqual([ServingStatus.SERVING, ServingStatus.NOT_SERVING]);
    expect((await end).error).toBeUndefined();
    expect(told(await unknownEnd)).toEqual([ServingStatus.SERVICE_UNKNOWN]);
    watcher.close();
  });
});

it('nothing unexpected was logged', () => {
  expect(app.logger.entries.filter(({ level }) => level === 'error')).toEqual([]);
});
