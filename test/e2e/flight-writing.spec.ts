// Everything that can be sent over Flight: whatever types the columns have, the points are those that GraphQL
// would have stored of the same numbers.

import { rm } from 'node:fs/promises';
import { status } from '@grpc/grpc-js';
import {
  makeTable,
  Table,
  tableFromArrays,
  vectorFromArray,
  DateDay,
  Float32,
  Int8,
  Utf8,
  Dictionary,
} from 'apache-arrow';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  binary,
  bool,
  date32,
  date64,
  days32,
  decimal,
  dictionary,
  float,
  framed,
  int,
  largeUtf8,
  nulls,
  onlyMetadata,
  streamFrames,
  timestamp,
  utf8,
  utf8View,
  type Column,
  type Columns,
  type Frame,
} from '../support/arrow-frames.js';
import {
  createSeries,
  daysFromToday,
  readPoints,
  readSeries,
  seriesInput,
  succeeded,
  unknownId,
} from '../support/factories.js';
import {
  codeOf,
  detailsOf,
  expectRefusedField,
  FlightTestClient,
  type Asked,
  type PutEnd,
} from '../support/flight-client.js';
import { startTestApp, temporaryDirectory, type TestApp } from '../support/test-app.js';

const SOURCE = '11111111-1111-4111-8111-111111111111';
const OTHER_SOURCE = '22222222-2222-4222-8222-222222222222';
const DAY = '2024-05-01';

let app: TestApp;
let client: FlightTestClient;
/** A series without points, anew for each test. */
let id: string;

beforeAll(async () => {
  app = await startTestApp();
  client = new FlightTestClient(app.flightPort);
});
beforeEach(async () => {
  ({ id } = await createSeries(app));
});
afterAll(async () => {
  client.close();
  await app.close();
});

/** `date revision-date value`, of every revision. */
async function brief(seriesId = id): Promise<string[]> {
  const points = await readPoints(app, seriesId);
  return points.map(({ date, revisionDate, value }) => `${date} ${revisionDate} ${value}`);
}

const DATES = ['2024-01-01', '2024-02-01', '2024-03-01', '2024-04-01'];

/** Columns of points published on one day. */
function points(rows: readonly (readonly [string, number | null])[], revisionDate = DAY): Columns {
  return {
    date: date32(rows.map(([date]) => date)),
    value: float(
      64,
      rows.map(([, value]) => value),
    ),
    revision_date: date32(rows.map(() => revisionDate)),
  };
}

function expectRefusedRows({ results, error }: PutEnd, field: string, rows: number[]): void {
  expectRefusedField(error, field);
  expect(results.at(-1)).toEqual({
    error: { code: 'VALIDATION_ERROR', message: error!.details, rows },
  });
  expect(detailsOf(error)).toMatchObject({ rows });
}

describe('values', () => {
  const VALUES: [string, Column, (string | null)[]][] = [
    ['int8', int(8, [-128, 127, null, 0]), ['-128', '127', null, '0']],
    ['uint8', int(8, [255, 0, null, 1], false), ['255', '0', null, '1']],
    ['int16', int(16, [-32_768, 32_767, 0, 1]), ['-32768', '32767', '0', '1']],
    ['uint16', int(16, [65_535, 0, null, 1], false), ['65535', '0', null, '1']],
    ['int32', int(32, [-(2 ** 31), 2 ** 31 - 1, 0, 1]), ['-2147483648', '2147483647', '0', '1']],
    ['uint32', int(32, [2 ** 32 - 1, 0, null, 1], false), ['4294967295', '0', null, '1']],
    [
      'int64',
      int(64, [-(2n ** 63n), 2n ** 63n - 1n, null, 9_007_199_254_740_993n]),
      ['-9223372036854775808', '9223372036854775807', null, '9007199254740993'],
    ],
    [
      'uint64',
      int(64, [2n ** 64n - 1n, 0, null, 1], false),
      ['18446744073709551615', '0', null, '1'],
    ],
    [
      'float32',
      float(32, [0.1, -16_777_216, null, 3.4e38]),
      ['0.1', '-16777216', null, `34${'0'.repeat(37)}`],
    ],
    ['float64', float(64, [0.1, -1e-7, null, -0]), ['0.1', '-0.0000001', null, '0']],
    ['decimal32', decimal(32, 2, [-1n, 12_345n, null, 0n]), ['-0.01', '123.45', null, '0']],
    [
      'decimal64',
      decimal(64, 4, [-(10n ** 17n), 1n, null, 5n]),
      ['-10000000000000', '0.0001', null, '0.0005'],
    ],
    [
      'decimal128',
      decimal(128, 20, [-(10n ** 27n) - 1n, 10n ** 27n + 3n, null, 10n ** 20n]),
      ['-10000000.00000000000000000001', '10000000.00000000000000000003', null, '1'],
    ],
    [
      'decimal128 of a negative scale',
      decimal(128, -3, [7n, -7n, null, 0n]),
      ['7000', '-7000', null, '0'],
    ],
    [
      'decimal256',
      decimal(256, 40, [-(10n ** 40n), 1234567890123456789012345678n, null, 1n]),
      ['-1', '0.0000000000001234567890123456789012345678', null, `0.${'0'.repeat(39)}1`],
    ],
    [
      'utf8',
      utf8(['1.50', '1e3', null, '0.1000000000000000055']),
      ['1.5', '1000', null, '0.1000000000000000055'],
    ],
    ['large_utf8', largeUtf8(['-1', '22', null, '.5']), ['-1', '22', null, '0.5']],
    [
      'utf8_view',
      utf8View(['1', '123456789012', null, '1234567890123.45']),
      ['1', '123456789012', null, '1234567890123.45'],
    ],
    ['null', nulls(4), [null, null, null, null]],
    [
      'dictionary of doubles',
      dictionary(1, 8, [1, 0, null, 1], float(64, [0.5, 1e21])),
      [`1${'0'.repeat(21)}`, '0.5', null, `1${'0'.repeat(21)}`],
    ],
    [
      'dictionary with a null in it',
      dictionary(1, 16, [1, 0, 1, 0], utf8(['3', null])),
      [null, '3', null, '3'],
    ],
    [
      'dictionary by int64',
      dictionary(1, 64, [2, 1, 0, null], int(16, [5, 6, 7])),
      ['7', '6', '5', null],
    ],
    [
      'dictionary of views',
      dictionary(1, 32, [0, 0, 1, 1], utf8View(['1.00000000000000000', '2'])),
      ['1', '1', '2', '2'],
    ],
  ];

  it.each(VALUES)('of type %s are stored digit for digit', async (_, value, expected) => {
    const columns = { value, date: date32(DATES), revision_date: date32(DATES.map(() => DAY)) };
    expect(await client.stored(['data_points', id], streamFrames(columns))).toEqual({
      rows: 4,
      stored: true,
      added: 4,
      revised: 0,
      unchanged: 0,
    });
    const stored = await readPoints(app, id);
    expect(stored.map(({ value }) => value)).toEqual(expected);
  });

  it('are taken from value_exact where it has a text', async () => {
    const columns = {
      date: date32(DATES),
      value: float(64, [1, 2, null, 4]),
      value_exact: utf8([null, '2.00000000000000000000000001', '3', null]),
      revision_date: date32(DATES.map(() => DAY)),
    };
    await client.stored(['data_points', id], streamFrames(columns));
    const stored = await readPoints(app, id);
    expect(stored.map(({ value }) => value)).toEqual([
      '1',
      '2.00000000000000000000000001',
      '3',
      '4',
    ]);
  });

  it.each<[string, Column, number[]]>([
    ['NaN', float(64, [1, NaN, 2, Infinity]), [1, 3]],
    ['single NaN', float(32, [1, NaN, 2, -Infinity]), [1, 3]],
    ['29 digits', utf8(['1', '12345678901234567890123456789', '2', '3']), [1]],
    ['29 digits of a decimal', decimal(128, 0, [1n, 2n, 12345678901234567890123456789n, 3n]), [2]],
    ['beyond a double', utf8(['1e309', '1', '1e-400', '2']), [0, 2]],
    ['a scale beyond reason', decimal(128, 2 ** 31 - 1, [1n, 0n, 2n, 3n]), [0, 1, 2, 3]],
    ['no number', utf8(['one', '', ' 1', '1']), [0, 1, 2]],
    ['no number in a dictionary', dictionary(1, 8, [0, 1, 1, 0], utf8(['1', 'x'])), [1, 2]],
  ])('with %s are refused by row, and nothing is stored', async (_, value, rows) => {
    const columns = { date: date32(DATES), value };
    expectRefusedRows(await client.put(['data_points', id], streamFrames(columns)), 'value', rows);
    expect(await brief()).toEqual([]);
  });

  it('refuse types that no number has', async () => {
    for (const value of [
      bool([true, false, true, null]),
      date32(DATES),
      binary(['1', '2', '3', '4']),
      float(16, [0x3e00, 0, 0, 0]),
    ]) {
      const end = await client.put(
        ['data_points', id],
        streamFrames({ date: date32(DATES), value }),
      );
      expectRefusedField(end.error, 'message');
    }
    expect(await brief()).toEqual([]);
  });
});

describe('dates', () => {
  const MS = [Date.parse('2024-01-01'), Date.parse('1969-12-31')];
  const units = (perSecond: bigint) => MS.map((ms) => (BigInt(ms) / 1000n) * perSecond);

  it.each<[string, Column]>([
    ['date32', date32(['2024-01-01', '1969-12-31'])],
    ['date64', date64(MS)],
    ['timestamp[s]', timestamp(0, units(1n))],
    ['timestamp[ms]', timestamp(1, units(1_000n))],
    ['timestamp[us]', timestamp(2, units(1_000_000n))],
    ['timestamp[ns]', timestamp(3, units(1_000_000_000n))],
    ['utf8', utf8(['2024-01-01', '1969-12-31'])],
    ['large_utf8', largeUtf8(['2024-01-01', '1969-12-31'])],
    ['utf8_view', utf8View(['2024-01-01', '1969-12-31'])],
    ['dictionary of date32', dictionary(1, 8, [1, 0], date32(['1969-12-31', '2024-01-01']))],
    ['dictionary of text', dictionary(1, 32, [1, 0], utf8(['1969-12-31', '2024-01-01']))],
    ['dictionary of timestamp', dictionary(1, 16, [0, 1], timestamp(1, units(1_000n)))],
  ])('of type %s are the days that they say', async (_, date) => {
    const revision_date = date32([DAY, DAY]);
    const columns = { date, revision_date, value: int(8, [1, 2]) };
    await client.stored(['data_points', id], streamFrames(columns));
    expect(await brief()).toEqual([`1969-12-31 ${DAY} 2`, `2024-01-01 ${DAY} 1`]);
  });

  it.each<[string, Column]>([
    ['a time of day', timestamp(1, [BigInt(MS[0]!), BigInt(MS[0]!) + 1n])],
    ['a time of day in date64', date64([MS[0]!, MS[0]! + 1])],
    ['no day of the calendar', utf8(['2024-01-01', '2024-02-30'])],
    ['a day after 9999', days32([0, 2_932_897])],
    ['a day before 0001', days32([0, -719_163])],
    ['the number that stands for null inside', days32([0, -2_147_483_648])],
    ['a day after 9999 in nanoseconds', timestamp(0, [0n, (2n ** 62n / 86_400n) * 86_400n])],
    ['null', date32(['2024-01-01', null])],
    ['null in a dictionary', dictionary(1, 8, [0, 1], date32(['2024-01-01', null]))],
  ])('with %s are refused by row', async (_, date) => {
    const columns = { date, value: int(8, [1, 2]) };
    expectRefusedRows(await client.put(['data_points', id], streamFrames(columns)), 'date', [1]);
    expect(await brief()).toEqual([]);
  });

  it('of revision are today where they are left out or null, and at most tomorrow', async () => {
    const value = int(8, [1, 2]);
    const [today, tomorrow] = [daysFromToday(0), daysFromToday(1)];
    const date = date32(DATES.slice(0, 2));
    await client.stored(['data_points', id], streamFrames({ date, value }));
    expect(await brief()).toEqual([`2024-01-01 ${today} 1`, `2024-02-01 ${today} 2`]);
    const revision_date = date32([null, tomorrow]);
    const again = streamFrames({ date, value, revision_date });
    expect(await client.stored(['data_points', id], again)).toMatchObject({
      added: 1,
      unchanged: 1,
    });
    for (const late of [date32([DAY, daysFromToday(2)]), utf8([DAY, daysFromToday(2)])]) {
      const end = await client.put(
        ['data_points', id],
        streamFrames({ date, value, revision_date: late }),
      );
      expectRefusedRows(end, 'revision_date', [1]);
    }
  });
});

describe('series of rows', () => {
  it.each<[string, (text: (texts: (string | null)[]) => Column, other: string) => Columns]>([
    ['series_id', (text, other) => ({ series_id: text([id, other, id]) })],
    ['external_id', (text) => ({ external_id: text(['A', 'B', 'A']) })],
    [
      'external_id and source_id',
      (text) => ({ external_id: text(['A', 'B', 'A']), source_id: text([SOURCE, null, SOURCE]) }),
    ],
    [
      'series_id as source/external',
      (text, other) => ({ series_id: text([`${SOURCE}/A`, other, 'A']) }),
    ],
  ])('are named by %s, in any encoding of text', async (_, named) => {
    const names: Record<string, string> = { A: `A${id}`, B: `B${id}` };
    const full = (name: string | null) =>
      name === null
        ? null
        : name.replace(/(^|\/)([AB])$/, (_, lead: string, key: string) => lead + names[key]!);
    succeeded(
      await app.query(
        `mutation { updateSeries(id: "${id}", input: { externalId: "${names['A']}" }) { id } }`,
      ),
    );
    const other = (await createSeries(app, { externalId: names['B']! })).id;
    const encodings: ((texts: (string | null)[]) => Column)[] = [
      utf8,
      largeUtf8,
      utf8View,
      (texts) => {
        const known = [...new Set(texts)];
        return dictionary(
          texts.length,
          8,
          texts.map((text) => known.indexOf(text)),
          utf8(known),
        );
      },
    ];
    for (const [n, encode] of encodings.entries()) {
      const columns = {
        date: date32(DATES.slice(0, 3)),
        ...named((texts) => encode(texts.map(full)), other),
        value: int(8, [n, n, n]),
        revision_date: date32([DAY, DAY, DAY]),
      };
      // Both name columns of one stream may be dictionaries: their ids must differ.
      const distinct = Object.fromEntries(
        Object.entries(columns).map(([name, of], index) => [
          name,
          of.dictionary ? { ...of, dictionary: { ...of.dictionary, id: index } } : of,
        ]),
      );
      await client.stored(['data_points'], streamFrames(distinct));
      expect(await brief()).toEqual([`2024-01-01 ${DAY} ${n}`, `2024-03-01 ${DAY} ${n}`]);
      expect(await brief(other)).toEqual([`2024-02-01 ${DAY} ${n}`]);
    }
  });

  it('that are not there, are null or ambiguous are refused by row', async () => {
    const twice = `TWICE${id}`;
    await createSeries(app, { externalId: twice });
    await createSeries(app, { externalId: twice, sourceId: OTHER_SOURCE });
    const put = (series_id: Column) =>
      client.put(
        ['data_points'],
        streamFrames({ series_id, date: date32(DATES), value: int(8, [1, 2, 3, 4]) }),
      );
    const missing = await put(utf8([id, id, 'nobody', id]));
    expect(missing.error?.code).toBe(status.NOT_FOUND);
    expect(missing.results.at(-1)!.error).toMatchObject({ code: 'NOT_FOUND', rows: [2] });
    expectRefusedRows(await put(utf8([id, null, id, null])), 'series_id', [1, 3]);
    const ambiguous = await put(utf8([id, twice, id, id]));
    expect(ambiguous.error?.code).toBe(status.INVALID_ARGUMENT);
    expect(ambiguous.results.at(-1)!.error).toMatchObject({ code: 'VALIDATION_ERROR', rows: [1] });
    expect(await brief()).toEqual([]);
    const end = await client.put(
      ['data_points', unknownId()],
      streamFrames(points([[DATES[0]!, 1]])),
    );
    expect(end.error?.code).toBe(status.NOT_FOUND);
  });

  it('of a path may be repeated in a column, and are no other ones', async () => {
    const other = (await createSeries(app)).id;
    const columns = points([
      [DATES[0]!, 1],
      [DATES[1]!, 2],
    ]);
    const put = (texts: string[]) =>
      client.put(['data_points', id], streamFrames({ ...columns, series_id: utf8(texts) }));
    expect((await put([id, id])).error).toBeUndefined();
    expectRefusedRows(await put([id, other]), 'series_id', [1]);
    expect(await brief(other)).toEqual([]);
  });
});

describe('columns', () => {
  it('come in any order, and what was fetched can be sent back', async () => {
    const columns = {
      ...points([
        [DATES[0]!, 0.1],
        [DATES[1]!, null],
      ]),
      is_original_release: bool([true, null]),
    };
    await client.stored(['data_points', id], streamFrames(columns));
    const everything = [
      ...['updated_at', 'created_at', 'is_original_release', 'value_exact', 'value'],
      ...['revision_date', 'date', 'source_id', 'external_id', 'series_id'],
    ];
    const fetched = await client.get({ type: 'vintages', series: [id], columns: everything });
    const frames = fetched.map(({ dataHeader, dataBody }) => ({
      header: dataHeader,
      body: dataBody,
    }));
    expect(await client.stored(['data_points'], frames)).toMatchObject({ rows: 2, unchanged: 2 });
    // Of one series as well: an empty value_exact has no text at all.
    expect(await client.stored(['data_points', id], frames)).toMatchObject({ unchanged: 2 });
  });

  it('flags say what was an original release', async () => {
    const twice = [
      [DATES[0]!, 1],
      [DATES[1]!, 2],
    ] as const;
    await client.stored(
      ['data_points', id],
      streamFrames({ ...points(twice), is_original_release: bool([false, true]) }),
    );
    const flags = dictionary(1, 8, [1, 0], bool([true, false]));
    const later = { ...points(twice, '2024-06-01'), is_original_release: flags };
    await client.stored(['data_points', id], streamFrames(later));
    const stored = await readPoints(app, id);
    expect(
      stored.map(({ date, revisionDate, isOriginalRelease }) => [
        date,
        revisionDate,
        isOriginalRelease,
      ]),
    ).toEqual([
      [DATES[0], DAY, false],
      [DATES[0], '2024-06-01', false],
      [DATES[1], DAY, true],
      [DATES[1], '2024-06-01', true],
    ]);
  });

  it.each<[string, (columns: Columns) => Columns, string]>([
    ['unknown', (columns) => ({ ...columns, nope: int(8, [1]) }), 'nope'],
    ['named like a method', (columns) => ({ ...columns, constructor: int(8, [1]) }), 'constructor'],
    ['without a date', ({ value }) => ({ value: value! }), 'date'],
    ['without a value', ({ date }) => ({ date: date! }), 'value'],
  ])('%s are refused by name', async (_, change, field) => {
    const frames = streamFrames(change({ date: date32([DAY]), value: int(8, [1]) }));
    expectRefusedField((await client.put(['data_points', id], frames)).error, field);
  });

  it('twice are refused, as is a stream of which nobody knows the series', async () => {
    const columns = Object.entries({ date: date32([DAY]), value: int(8, [1]), other: int(8, [2]) });
    const frames = streamFrames(Object.fromEntries(columns));
    const header = Buffer.from(frames[0]!.header);
    header.write('value', header.indexOf('other'));
    const end = await client.put(['data_points', id], [{ ...frames[0]!, header }, frames[1]!]);
    expectRefusedField(end.error, 'value');
    expectRefusedField(
      (await client.put(['data_points'], streamFrames(points([[DAY, 1]])))).error,
      'series_id',
    );
  });

  it('of the Arrow library are read as they are', async () => {
    const table = new Table({
      date: vectorFromArray(
        DATES.slice(0, 3).map((date) => new Date(date)),
        new DateDay(),
      ),
      value: vectorFromArray([0.1, null, 2.5], new Float32()),
      value_exact: vectorFromArray([null, null, '2.5000000000000000001'], new Utf8()),
      series_id: vectorFromArray([id, id, id], new Dictionary(new Utf8(), new Int8())),
    });
    await client.stored(['data_points'], framed(table));
    const today = daysFromToday(0);
    expect(await brief()).toEqual([
      `2024-01-01 ${today} 0.1`,
      `2024-02-01 ${today} null`,
      `2024-03-01 ${today} 2.5000000000000000001`,
    ]);
    const more = tableFromArrays({ date: ['2024-04-01'], value: Int32Array.of(7) });
    await client.stored(['data_points', id], framed(more));
    expect((await brief()).at(-1)).toBe(`2024-04-01 ${today} 7`);
    const small = makeTable({ value: Int8Array.of(1), date: Int32Array.of(1) });
    expectRefusedField((await client.put(['data_points', id], framed(small))).error, 'message');
  });
});

describe('what goes wrong', () => {
  it('tells the first twenty rows, counted over the whole stream', async () => {
    const rows = Array.from({ length: 30 }, (_, row): [string, number | null] => [
      new Date(row * 86_400_000).toISOString().slice(0, 10),
      row % 10 === 3 ? NaN : row,
    ]);
    const good = rows.map(([date], row): [string, number] => [date, row]);
    const few = await client.put(['data_points', id], streamFrames(points(good), points(rows)));
    expectRefusedRows(few, 'value', [33, 43, 53]);
    expect(few.results[0]).toEqual({ batch: 0, rows: 30, stored: false });
    const all = rows.map(([date]): [string, number] => [date, NaN]);
    const many = await client.put(['data_points', id], streamFrames(points(all)));
    expectRefusedRows(
      many,
      'value',
      Array.from({ length: 20 }, (_, row) => row),
    );
    expect(await brief()).toEqual([]);
  });

  it('one key with two values is refused, with both rows; with one value it is not', async () => {
    const conflicting = streamFrames(
      points([
        ['2024-01-01', 1],
        ['2024-02-01', 2],
      ]),
      points([['2024-01-01', 3]]),
    );
    const end = await client.put(['data_points', id], conflicting);
    expect(end.error?.code).toBe(status.INVALID_ARGUMENT);
    expect(codeOf(end.error)).toBe('VALIDATION_ERROR');
    expect(end.error?.details).toContain('Row 2');
    expect(detailsOf(end.error)['conflictsWith']).toBe('Row 0');
    expect(await brief()).toEqual([]);
    const repeated = streamFrames(
      points([
        ['2024-01-01', 1],
        ['2024-01-01', 1],
      ]),
    );
    expect((await client.put(['data_points', id], repeated)).error).toBeUndefined();
    expect(await brief()).toEqual([`2024-01-01 ${DAY} 1`]);
  });

  it.each<[string, Asked]>([
    ['no such path', ['nope', 'x']],
    ['a series as part of series', ['series', 'x']],
    ['too long a path', ['data_points', 'x', 'y']],
    ['the feed', ['changes']],
    ['an empty path', []],
  ])('%s takes no upload', async (_, path) => {
    expectRefusedField(
      (await client.put(path, streamFrames(points([[DAY, 1]])))).error,
      'descriptor',
    );
  });

  it.each<[Record<string, unknown>, string]>([
    [{}, 'type'],
    [{ type: 'changes' }, 'type'],
    [{ type: 'data_points', nope: 1 }, 'nope'],
    [{ type: 'data_points', atomic: 'row' }, 'atomic'],
    [{ type: 'data_points', publish: 'all' }, 'publish'],
    [{ type: 'data_points', complete: true }, 'complete'],
    [{ type: 'data_points', publish: 'vintages', complete: 1 }, 'complete'],
    [{ type: 'data_points', series: 7 }, 'series'],
    [{ type: 'series', series: 'x' }, 'series'],
  ])('the command %j is refused, naming %s', async (command, field) => {
    const end = await client.put(command, streamFrames(points([[DAY, 1]])));
    expectRefusedField(end.error, field);
  });
});

describe('options and atomicity', () => {
  const [first, second] = [points([['2024-01-01', 1]]), points([['2024-02-01', 2]])];
  const wrong = points([['2024-03-01', NaN]]);
  const data = (...batches: Columns[]) => streamFrames(...batches);

  it('all rows of a stream are stored, or none', async () => {
    const end = await client.put(['data_points', id], data(first, second, wrong));
    expect(end.results.map(({ error, ...result }) => (error ? 'error' : result))).toEqual([
      { batch: 0, rows: 1, stored: false },
      { batch: 1, rows: 1, stored: false },
      'error',
    ]);
    expectRefusedRows(end, 'value', [2]);
    expect(await brief()).toEqual([]);
    const whole = await client.put(['data_points', id], data(first, second));
    expect(whole.results).toEqual([
      { batch: 0, rows: 1, stored: false },
      { batch: 1, rows: 1, stored: false },
      { rows: 2, stored: true, added: 2, revised: 0, unchanged: 0 },
    ]);
  });

  const ways: [string, (frames: Frame[]) => [Asked, Frame[]]][] = [
    ['a command', (frames) => [{ type: 'data_points', series: id, atomic: 'batch' }, frames]],
    [
      'a message of its own',
      (frames) => [
        ['data_points', id],
        [onlyMetadata({ atomic: 'batch' }), ...frames],
      ],
    ],
    [
      'a message between schema and batch',
      ([schema, ...rest]) => [
        ['data_points', id],
        [schema!, onlyMetadata({ atomic: 'batch' }), ...rest],
      ],
    ],
    [
      'the first batch',
      ([schema, batch, ...rest]) => [
        ['data_points', id],
        [schema!, { ...batch!, metadata: { atomic: 'batch' } }, ...rest],
      ],
    ],
  ];
  it.each(ways)('each batch is stored as it comes, where %s says so', async (_, way) => {
    const end = await client.put(...way(data(first, second, wrong)));
    expect(end.results.slice(0, 2)).toEqual([
      { batch: 0, rows: 1, stored: true, added: 1, revised: 0, unchanged: 0 },
      { batch: 1, rows: 1, stored: true, added: 1, revised: 0, unchanged: 0 },
    ]);
    expectRefusedRows(end, 'value', [2]);
    expect(await brief()).toEqual([`2024-01-01 ${DAY} 1`, `2024-02-01 ${DAY} 2`]);
    const last = points([
      ['2024-01-01', 9],
      ['2024-02-01', 2],
      ['2024-04-01', 4],
    ]);
    const again = await client.put(...way(data(first, last)));
    expect(again.error).toBeUndefined();
    expect(again.results.at(-1)).toEqual({
      rows: 4,
      stored: true,
      added: 1,
      revised: 1,
      unchanged: 2,
    });
  });

  it('a batch that was answered as stored is there before the next is sent', async () => {
    const putting = client.putting();
    const [schema, ...batches] = data(first, second);
    putting.send(onlyMetadata({ atomic: 'batch' }), ['data_points', id]);
    putting.send(schema!);
    for (const [index, batch] of batches.entries()) {
      putting.send(batch);
      await putting.answered(index + 1);
      expect(await brief()).toHaveLength(index + 1);
    }
    expect((await putting.finish()).error).toBeUndefined();
  });

  it('come before the second batch, and are known ones', async () => {
    const [schema, one, two] = data(first, second);
    const late = { ...two!, metadata: { atomic: 'batch' } };
    expectRefusedField(
      (await client.put(['data_points', id], [schema!, one!, late])).error,
      'app_metadata',
    );
    for (const [metadata, field] of [
      [{ nope: 1 }, 'nope'],
      [{ complete: true }, 'complete'],
      ['batch', 'app_metadata'],
    ] as const) {
      const end = await client.put(['data_points', id], [{ ...schema!, metadata }, one!]);
      expectRefusedField(end.error, field);
    }
    expect(await brief()).toEqual([]);
  });
});

describe('vintages', () => {
  const march = points(
    [
      ['2023-07-01', 4.9],
      ['2023-10-01', 3.4],
    ],
    '2024-03-28',
  );
  const april = points(
    [
      ['2023-10-01', 3.4],
      ['2024-01-01', 1.6],
    ],
    '2024-04-25',
  );

  it.each<[string, () => Asked, unknown]>([
    ['by path', () => ['vintages', id], {}],
    ['by option', () => ['data_points', id], { publish: 'vintages' }],
    ['by command', () => ({ type: 'data_points', series: id, publish: 'vintages' }), {}],
  ])('published %s are stored as what they change', async (_, asked, options) => {
    const end = await client.put(asked(), [onlyMetadata(options), ...streamFrames(march, april)]);
    expect(end.error).toBeUndefined();
    expect(end.results.at(-1)).toEqual({
      ...{ rows: 4, stored: true, added: 3, revised: 0, unchanged: 1, withdrawn: 0 },
    });
    expect(await brief()).toEqual([
      '2023-07-01 2024-03-28 4.9',
      '2023-10-01 2024-03-28 3.4',
      '2024-01-01 2024-04-25 1.6',
    ]);
  });

  it('that are complete withdraw what they leave out', async () => {
    const asked = { type: 'vintages', series: id, complete: true };
    expect(await client.stored(asked, streamFrames(march, april))).toMatchObject({ withdrawn: 1 });
    expect(await brief()).toEqual([
      '2023-07-01 2024-03-28 4.9',
      '2023-07-01 2024-04-25 null',
      '2023-10-01 2024-03-28 3.4',
      '2024-01-01 2024-04-25 1.6',
    ]);
  });

  it('are published all or none', async () => {
    const wrong = points([['2024-01-01', NaN]], '2024-05-30');
    const end = await client.put(['vintages', id], streamFrames(march, wrong));
    expectRefusedRows(end, 'value', [2]);
    expect(await brief()).toEqual([]);
  });
});

describe('series', () => {
  const columnsOf = (rows: Record<string, string | null>[], names: Record<string, string>) =>
    Object.fromEntries(
      Object.entries(names).map(([name, key]) => [name, utf8(rows.map((row) => row[key] ?? null))]),
    );
  const NAMES = {
    source_id: 'sourceId',
    external_id: 'externalId',
    title: 'title',
    frequency: 'frequency',
  };

  it('are created, updated and left alone', async () => {
    const [one, two] = [seriesInput(), seriesInput({ frequency: 'Quarterly' })] as Record<
      string,
      string
    >[];
    const columns = {
      ...columnsOf([one!, two!], NAMES),
      start_date: date32(['2020-01-01', null]),
      is_active: bool([false, true]),
      units: dictionary(1, 8, [0, null], utf8(['percent'])),
    };
    expect(await client.stored(['series'], streamFrames(columns))).toEqual({
      ...{ rows: 2, stored: true, added: 2, revised: 0, unchanged: 0 },
    });
    const stored = await client.rows({
      type: 'series',
      filter: { externalIdPrefix: one!['externalId'] },
    });
    expect(stored[0]).toMatchObject({
      ...{ title: one!['title'], start_date: '2020-01-01', is_active: false, units: 'percent' },
    });
    expect(await client.stored({ type: 'series' }, streamFrames(columns))).toMatchObject({
      unchanged: 2,
    });
    // Columns that are left out stay as they are.
    const { id: oneId } = stored[0] as { id: string };
    const change = { id: utf8([oneId]), title: utf8(['Changed']) };
    expect(await client.stored(['series'], streamFrames(change))).toMatchObject({ revised: 1 });
    expect(await readSeries(app, oneId)).toMatchObject({
      ...{ title: 'Changed', startDate: '2020-01-01', isActive: false, units: 'percent' },
    });
    // A null is a value of its own.
    const without = { id: utf8([oneId]), units: utf8([null]), start_date: nulls(1) };
    expect(await client.stored(['series'], streamFrames(without))).toMatchObject({ revised: 1 });
    expect(await readSeries(app, oneId)).toMatchObject({ units: null, startDate: null });
  });

  it('that were fetched can be sent back', async () => {
    const fetched = await client.get({ type: 'series', filter: { sourceId: SOURCE } });
    const frames = fetched.map(({ dataHeader, dataBody }) => ({
      header: dataHeader,
      body: dataBody,
    }));
    const { rows, unchanged } = await client.stored(['series'], frames);
    expect(rows).toBeGreaterThan(10);
    expect(unchanged).toBe(rows);
  });

  it.each<[string, () => Columns, string, number | undefined]>([
    ['an unknown column', () => ({ id: utf8([id]), nope: utf8(['x']) }), 'nope', undefined],
    [
      'a column named like a method',
      () => ({ id: utf8([id]), constructor: utf8(['x']) }),
      'constructor',
      undefined,
    ],
    ['no key', () => ({ title: utf8(['x']) }), 'id', undefined],
    ['no id', () => ({ id: utf8(['x']) }), 'id', 0],
    ['an empty title', () => ({ id: utf8([id, id]), title: utf8(['ok', '']) }), 'title', 1],
    ['a null title', () => ({ id: utf8([id]), title: utf8([null]) }), 'title', 0],
    ['a null flag', () => ({ id: utf8([id]), is_active: nulls(1) }), 'isActive', 0],
    [
      'a new one without a title',
      () => ({
        source_id: utf8([SOURCE]),
        external_id: utf8([`NEW${id}`]),
        frequency: utf8(['daily']),
      }),
      'title',
      0,
    ],
    ['a wrong date', () => ({ id: utf8([id]), start_date: utf8(['2024-02-30']) }), 'start_date', 0],
  ])('with %s are refused', async (_, columns, field, row) => {
    const before = await readSeries(app, id);
    const end = await client.put(['series'], streamFrames(columns()));
    expectRefusedField(end.error, field);
    if (row !== undefined) expect(end.results.at(-1)!.error!.rows).toEqual([row]);
    expect(await readSeries(app, id)).toEqual(before);
  });

  it('are refused where a column comes twice', async () => {
    const [schema, batch] = streamFrames({
      id: utf8([id]),
      title: utf8(['a']),
      units: utf8(['b']),
    });
    const header = Buffer.from(schema!.header);
    header.write('title', header.indexOf('units'));
    const end = await client.put(['series'], [{ ...schema!, header }, batch!]);
    expectRefusedField(end.error, 'title');
  });

  it('that conflict are told by row', async () => {
    const [taken, other] = [await createSeries(app), await createSeries(app)];
    const columns = {
      id: utf8([id, other.id]),
      external_id: utf8([`FREE${id}`, taken.externalId]),
    };
    const end = await client.put(['series'], streamFrames(columns));
    expect(end.error?.code).toBe(status.ALREADY_EXISTS);
    expect(end.results.at(-1)!.error).toMatchObject({ code: 'CONFLICT', rows: [1] });
  });
});

it('what was answered as stored is there after the service was started anew', async () => {
  const dataDir = await temporaryDirectory();
  try {
    const before = await startTestApp({ dataDir });
    const writer = new FlightTestClient(before.flightPort);
    const { id: kept } = await createSeries(before);
    await writer.stored(
      ['data_points', kept],
      streamFrames(
        points([
          ['2024-01-01', 1.5],
          ['2024-02-01', null],
        ]),
      ),
    );
    writer.close();
    await before.stop();

    const after = await startTestApp({ dataDir });
    const reader = new FlightTestClient(after.flightPort);
    const rows = await reader.rows({ type: 'vintages', series: [kept] });
    expect(rows).toMatchObject([
      { date: '2024-01-01', revision_date: DAY, value: 1.5, is_original_release: true },
      { date: '2024-02-01', revision_date: DAY, value: null },
    ]);
    reader.close();
    await after.stop();
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
});

it('nothing unexpected was logged', () => {
  expect(app.logger.entries.filter(({ level }) => level === 'error')).toEqual([]);
});
