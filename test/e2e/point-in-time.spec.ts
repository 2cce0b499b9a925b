// What a reader gets of the revisions of a series: selectors, the triangle, releases, statistics, transforms.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createPoints,
  createSeries,
  daysFromToday,
  expectRefused,
  failed,
  succeeded,
  unknownId,
  type PointInput,
} from '../support/factories.js';
import { startTestApp, type GraphqlAnswer, type TestApp } from '../support/test-app.js';

type Row = readonly [date: string, revisionDate: string, value: string | null];

/** January is revised twice, February loses its value and gets one again, March begins without one. */
const JAN_1: Row = ['2024-01-01', '2024-02-10', '100'];
const JAN_2: Row = ['2024-01-01', '2024-03-10', '101'];
const JAN_3: Row = ['2024-01-01', '2024-04-10', '102'];
const FEB_1: Row = ['2024-02-01', '2024-03-10', '200'];
const FEB_2: Row = ['2024-02-01', '2024-04-10', null];
const FEB_3: Row = ['2024-02-01', '2024-05-10', '210'];
const MAR_1: Row = ['2024-03-01', '2024-04-10', null];
const MAR_2: Row = ['2024-03-01', '2024-05-10', '300'];
const APR_1: Row = ['2024-04-01', '2024-05-10', '400'];
const TRIANGLE = [JAN_1, JAN_2, JAN_3, FEB_1, FEB_2, FEB_3, MAR_1, MAR_2, APR_1];

let app: TestApp;
let seriesId: string;

beforeAll(async () => {
  app = await startTestApp();
  seriesId = await seriesOf(TRIANGLE);
});
afterAll(() => app.close());

async function seriesOf(rows: readonly Row[], fields: Record<string, unknown> = {}) {
  const { id } = await createSeries(app, fields);
  if (rows.length > 0) await createPoints(app, id, rows.map(pointOf));
  return id;
}

function pointOf([date, revisionDate, value]: Row): PointInput {
  return { date, revisionDate, value };
}

type Args = Record<string, string | number>;

const ENUMS = new Set(['revisions', 'units', 'aggregation']);

/** Arguments as they are written in a query: `asOf: "2024-01-01", release: 2`. */
function written(args: Args): string {
  return Object.entries(args)
    .map(([name, value]) =>
      typeof value === 'string' && !ENUMS.has(name)
        ? `${name}: ${JSON.stringify(value)}`
        : `${name}: ${value}`,
    )
    .join(', ');
}

function inBrackets(args: Args): string {
  const text = written(args);
  return text === '' ? '' : `(${text})`;
}

/** The three fields that answer points, with the same arguments, one request each. */
function askPoints(id: string, args: Args): Promise<GraphqlAnswer>[] {
  return [
    app.query(`{ dataPoints(seriesId: "${id}" ${written(args)}) { date revisionDate value } }`),
    app.query(
      `{ series(id: "${id}") { dataPoints${inBrackets(args)} { date revisionDate value } } }`,
    ),
    app.query(`{ series(id: "${id}") { observations${inBrackets(args)} {
      dates revisionDates decimalValues values } } }`),
  ];
}

/** What `dataPoints`, and the fields of the series, answer; they must agree. */
async function read(args: Args, id = seriesId): Promise<Row[]> {
  const [first, second, third] = await Promise.all(askPoints(id, args));
  const points: { date: string; revisionDate: string; value: string | null }[] = succeeded(
    first!,
  ).dataPoints;
  expect(succeeded(second!).series.dataPoints).toEqual(points);
  const { dates, revisionDates, decimalValues, values } = succeeded(third!).series.observations;
  expect(values).toEqual(points.map(({ value }) => (value === null ? null : Number(value))));
  const rows: Row[] = points.map(({ date, revisionDate, value }) => [date, revisionDate, value]);
  const columns = dates.map((date: string, at: number) => [
    date,
    revisionDates[at],
    decimalValues[at],
  ]);
  expect(columns).toEqual(rows);
  return rows;
}

/** Every field that takes the arguments of a selection refuses them, naming the same argument. */
async function expectAllRefused(id: string, args: Args, field: string): Promise<void> {
  for (const answer of await Promise.all(askPoints(id, args))) expectRefused(answer, field);
}

function daysBetween(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / 86_400_000;
}

/** What a selection is, said once more and slowly. */
function modelled(rows: readonly Row[], args: Args): Row[] {
  const { revisions = 'LATEST', asOf = '9999-12-31', release, lagDays } = args;
  const { startDate = '0001-01-01', endDate = '9999-12-31' } = args;
  const selected: Row[] = [];
  for (const date of [...new Set(rows.map(([day]) => day))].sort()) {
    if (date < startDate || date > endDate) continue;
    const known = rows
      .filter(([day, published]) => day === date && published <= asOf)
      .sort((a, b) => (a[1] < b[1] ? -1 : 1));
    const timely = known.filter(([, published]) => daysBetween(date, published) <= Number(lagDays));
    const byName: Record<string, (Row | undefined)[]> = {
      LATEST: known.slice(-1),
      ORIGINAL: known.slice(0, 1),
      NTH_RELEASE: [known[Number(release) - 1]],
      FIXED_LAG: timely.slice(-1),
      ALL: known,
    };
    selected.push(...byName[revisions]!.filter((row) => row !== undefined));
  }
  return selected;
}

describe('the selectors', () => {
  it.each<[string, Args, Row[]]>([
    ['LATEST', {}, [JAN_3, FEB_3, MAR_2, APR_1]],
    ['LATEST', { asOf: '2024-04-10' }, [JAN_3, FEB_2, MAR_1]],
    ['LATEST', { asOf: '2024-04-09' }, [JAN_2, FEB_1]],
    ['LATEST', { asOf: '2024-02-09' }, []],
    ['LATEST', { asOf: '9999-12-31' }, [JAN_3, FEB_3, MAR_2, APR_1]],
    ['ORIGINAL', {}, [JAN_1, FEB_1, MAR_1, APR_1]],
    ['ORIGINAL', { asOf: '2024-03-10' }, [JAN_1, FEB_1]],
    ['NTH_RELEASE', { release: 1 }, [JAN_1, FEB_1, MAR_1, APR_1]],
    ['NTH_RELEASE', { release: 2 }, [JAN_2, FEB_2, MAR_2]],
    ['NTH_RELEASE', { release: 3 }, [JAN_3, FEB_3]],
    ['NTH_RELEASE', { release: 4 }, []],
    ['NTH_RELEASE', { release: 2_147_483_647 }, []],
    ['NTH_RELEASE', { release: 2, asOf: '2024-04-10' }, [JAN_2, FEB_2]],
    ['NTH_RELEASE', { release: 3, asOf: '2024-04-10' }, [JAN_3]],
    ['NTH_RELEASE', { release: 3, asOf: '2024-04-09' }, []],
    // The first publications came 40, 38, 40 and 39 days after the dates that they are about.
    ['FIXED_LAG', { lagDays: 0 }, []],
    ['FIXED_LAG', { lagDays: 37 }, []],
    ['FIXED_LAG', { lagDays: 38 }, [FEB_1]],
    ['FIXED_LAG', { lagDays: 39 }, [FEB_1, APR_1]],
    ['FIXED_LAG', { lagDays: 40 }, [JAN_1, FEB_1, MAR_1, APR_1]],
    ['FIXED_LAG', { lagDays: 69 }, [JAN_2, FEB_2, MAR_1, APR_1]],
    ['FIXED_LAG', { lagDays: 70 }, [JAN_2, FEB_2, MAR_2, APR_1]],
    ['FIXED_LAG', { lagDays: 36_525 }, [JAN_3, FEB_3, MAR_2, APR_1]],
    ['FIXED_LAG', { lagDays: 70, asOf: '2024-04-10' }, [JAN_2, FEB_2, MAR_1]],
    ['ALL', {}, TRIANGLE],
    ['ALL', { asOf: '2024-03-10' }, [JAN_1, JAN_2, FEB_1]],
    ['ALL', { asOf: '2024-02-09' }, []],
  ])('%s with %j selects what was published so', async (revisions, args, rows) => {
    expect(await read({ revisions, ...args })).toEqual(rows);
  });

  it('answer, for any day and range, what a slow reading of the triangle answers', async () => {
    const selectors: Args[] = [
      { revisions: 'LATEST' },
      { revisions: 'ORIGINAL' },
      { revisions: 'ALL' },
      ...[1, 2, 3].map((release) => ({ revisions: 'NTH_RELEASE', release })),
      ...[0, 38, 69, 99, 100].map((lagDays) => ({ revisions: 'FIXED_LAG', lagDays })),
    ];
    const days: Args[] = ['2024-02-09', '2024-03-10', '2024-05-09', '2024-05-10'].map((asOf) => ({
      asOf,
    }));
    const ranges: Args[] = [
      { startDate: '2024-02-01', endDate: '2024-03-01' },
      { startDate: '2024-02-02' },
      { endDate: '2024-01-31' },
      { startDate: '2024-04-02', endDate: '2024-12-31' },
    ];
    for (const selector of selectors) {
      for (const day of [{}, ...days]) {
        for (const range of [{}, ...ranges]) {
          const args = { ...selector, ...day, ...range };
          expect(await read(args), JSON.stringify(args)).toEqual(modelled(TRIANGLE, args));
        }
      }
    }
  });

  it('take their numbers from variables, and null for what is not given', async () => {
    const ask = (variables: Record<string, unknown>) =>
      app.query(
        `query ($id: UUID!, $revisions: Revisions!, $release: Int, $lag: Int, $asOf: Date) {
           dataPoints(seriesId: $id, revisions: $revisions, release: $release, lagDays: $lag,
             asOf: $asOf) { value } }`,
        { id: seriesId, ...variables },
      );
    const values = async (variables: Record<string, unknown>) =>
      succeeded(await ask(variables)).dataPoints.map(({ value }: { value: string }) => value);
    expect(await values({ revisions: 'NTH_RELEASE', release: 3, lag: null })).toEqual([
      '102',
      '210',
    ]);
    expect(await values({ revisions: 'FIXED_LAG', lag: 39, release: null })).toEqual([
      '200',
      '400',
    ]);
    expectRefused(await ask({ revisions: 'NTH_RELEASE', release: null }), 'release');
    expectRefused(await ask({ revisions: 'FIXED_LAG', lag: null }), 'lagDays');
  });

  it('cut to the limit what is left after everything else', async () => {
    expect(await read({ revisions: 'NTH_RELEASE', release: 2, limit: 2 })).toEqual([JAN_2, FEB_2]);
    expect(
      await read({ revisions: 'FIXED_LAG', lagDays: 40, startDate: '2024-02-01', limit: 1 }),
    ).toEqual([FEB_1]);
  });
});

describe('bad input to a selection', () => {
  it.each<[string, Args, string]>([
    ['asOf after tomorrow', { asOf: daysFromToday(2) }, 'asOf'],
    ['asOf just before the last day', { asOf: '9999-12-30' }, 'asOf'],
    ['asOf that is no date', { asOf: '2024-02-30' }, 'asOf'],
    ['asOf before the calendar', { asOf: '0000-12-31' }, 'asOf'],
    ['release 0', { revisions: 'NTH_RELEASE', release: 0 }, 'release'],
    ['a negative release', { revisions: 'NTH_RELEASE', release: -1 }, 'release'],
    ['NTH_RELEASE without release', { revisions: 'NTH_RELEASE' }, 'release'],
    ['release without a selector', { release: 1 }, 'release'],
    [
      'release with another selector',
      { revisions: 'FIXED_LAG', lagDays: 1, release: 1 },
      'release',
    ],
    ['release with ALL', { revisions: 'ALL', release: 1 }, 'release'],
    ['lagDays below 0', { revisions: 'FIXED_LAG', lagDays: -1 }, 'lagDays'],
    ['lagDays above a hundred years', { revisions: 'FIXED_LAG', lagDays: 36_526 }, 'lagDays'],
    ['FIXED_LAG without lagDays', { revisions: 'FIXED_LAG' }, 'lagDays'],
    ['lagDays without a selector', { lagDays: 1 }, 'lagDays'],
    [
      'lagDays with another selector',
      { revisions: 'NTH_RELEASE', release: 1, lagDays: 1 },
      'lagDays',
    ],
    ['lagDays with ORIGINAL', { revisions: 'ORIGINAL', lagDays: 0 }, 'lagDays'],
    ['a start after the end', { startDate: '2024-02-02', endDate: '2024-02-01' }, 'startDate'],
    ['a higher frequency', { frequency: 'weekly' }, 'frequency'],
    ['a higher frequency by its code', { frequency: 'd' }, 'frequency'],
    ['a frequency that nobody knows', { frequency: 'hourly' }, 'frequency'],
    ['a frequency without periods', { frequency: 'irregular' }, 'frequency'],
    ['an aggregation without frequency', { aggregation: 'sum' }, 'aggregation'],
    ['an aggregation with units alone', { aggregation: 'avg', units: 'pch' }, 'aggregation'],
  ])('%s is refused by name', async (_, args, field) => {
    await expectAllRefused(seriesId, args, field);
  });

  it.each(['ch1', 'pc1', 'pca', 'cca'])(
    'units %s of a series without a frequency are refused by name',
    async (units) => {
      for (const frequency of ['irregular', 'other']) {
        const id = await seriesOf(TRIANGLE, { frequency });
        await expectAllRefused(id, { units }, 'units');
      }
    },
  );

  it('an irregular series has no lower frequency', async () => {
    const id = await seriesOf(TRIANGLE, { frequency: 'irregular' });
    await expectAllRefused(id, { frequency: 'annual' }, 'frequency');
  });

  it('is refused of a series without points, too', async () => {
    const id = await seriesOf([]);
    await expectAllRefused(id, { frequency: 'daily' }, 'frequency');
    await expectAllRefused(id, { revisions: 'FIXED_LAG', lagDays: -1 }, 'lagDays');
  });

  it('asOf is taken up to tomorrow', async () => {
    expect(await read({ asOf: daysFromToday(1) })).toEqual(await read({}));
  });

  it.each(['asOf: "9999-12-30"', `asOf: "${daysFromToday(2)}"`])(
    '%s is refused wherever there is an asOf',
    async (asOf) => {
      const id = seriesId;
      for (const query of [
        `{ revisionHistory(seriesId: "${id}", date: "2024-01-01", ${asOf}) { value } }`,
        `{ coverage(seriesId: "${id}", ${asOf}) { revisionCount } }`,
        `{ series(id: "${id}") { coverage(${asOf}) { revisionCount } } }`,
        `{ series(id: "${id}") { revisionStatistics(${asOf}) { dateCount } } }`,
      ]) {
        expectRefused(await app.query(query), 'asOf');
      }
    },
  );

  it('a start after the end is refused wherever there is a range', async () => {
    const id = seriesId;
    const dates = 'startDate: "2024-02-02", endDate: "2024-02-01"';
    const window = 'from: "2024-02-02", to: "2024-02-01"';
    for (const [query, field] of [
      [`{ vintages(seriesId: "${id}", ${dates}) { dates } }`, 'startDate'],
      [`{ vintages(seriesId: "${id}", ${window}) { dates } }`, 'from'],
      [`{ vintageMatrix(seriesId: "${id}", ${dates}) { revisionDates } }`, 'startDate'],
      [`{ vintageMatrix(seriesId: "${id}", filled: true, ${window}) { revisionDates } }`, 'from'],
      [`{ series(id: "${id}") { revisionDates(${window}) { revisionDate } } }`, 'from'],
      [`{ series(id: "${id}") { revisionStatistics(${dates}) { dateCount } } }`, 'startDate'],
      [`{ series(id: "${id}") { coverage(${dates}) { revisionCount } } }`, 'startDate'],
      [`{ coverage(seriesId: "${id}", ${dates}) { revisionCount } }`, 'startDate'],
    ] as const) {
      expectRefused(await app.query(query), field);
    }
  });

  it('an unknown series is NOT_FOUND, with units and frequency too', async () => {
    const id = unknownId();
    for (const query of [
      `{ dataPoints(seriesId: "${id}", units: pch) { value } }`,
      `{ dataPoints(seriesId: "${id}", frequency: "daily") { value } }`,
      `{ vintages(seriesId: "${id}") { dates } }`,
      `{ vintageMatrix(seriesId: "${id}") { revisionDates } }`,
      `{ revisionHistory(seriesId: "${id}", date: "2024-01-01") { value } }`,
      `{ coverage(seriesId: "${id}") { revisionCount } }`,
    ]) {
      expect(failed(await app.query(query)).extensions).toEqual({
        code: 'NOT_FOUND',
        resource: 'EconomicSeries',
        id,
      });
    }
  });
});

describe('vintages', () => {
  async function vintages(args: Args): Promise<Row[]> {
    const answer = await app.query(`{ vintages(seriesId: "${seriesId}" ${written(args)}) {
      dates revisionDates decimalValues } }`);
    const { dates, revisionDates, decimalValues } = succeeded(answer).vintages;
    return dates.map((date: string, at: number) => [date, revisionDates[at], decimalValues[at]]);
  }

  it('answers the whole triangle, by date and then by revision date', async () => {
    expect(await vintages({})).toEqual(TRIANGLE);
  });

  it('answers what was published in a window, both ends inclusive', async () => {
    expect(await vintages({ from: '2024-03-10', to: '2024-04-10' })).toEqual([
      JAN_2,
      JAN_3,
      FEB_1,
      FEB_2,
      MAR_1,
    ]);
    expect(await vintages({ from: '2024-03-11', to: '2024-04-09' })).toEqual([]);
    expect(await vintages({ from: '2024-04-11' })).toEqual([FEB_3, MAR_2, APR_1]);
    expect(await vintages({ to: '2024-02-10' })).toEqual([JAN_1]);
  });

  it('combines the window with a range of dates', async () => {
    const range = { startDate: '2024-02-01', endDate: '2024-03-31' };
    expect(await vintages({ ...range, from: '2024-04-10' })).toEqual([FEB_2, FEB_3, MAR_1, MAR_2]);
    expect(await vintages({ ...range, to: '2024-03-10' })).toEqual([FEB_1]);
  });
});

describe('vintageMatrix', () => {
  const DAYS = ['2024-02-10', '2024-03-10', '2024-04-10', '2024-05-10'];

  /** By date, a text for each cell: the value, `null` as published, or nothing. */
  async function matrix(args: Args, filled: boolean) {
    const answer = await app.query(
      `{ vintageMatrix(seriesId: "${seriesId}", filled: ${filled} ${written(args)}) {
         revisionDates rows { date values decimalValues isPresent } } }`,
    );
    const { revisionDates, rows } = succeeded(answer).vintageMatrix;
    interface Line {
      date: string;
      values: (number | null)[];
      decimalValues: (string | null)[];
      isPresent: boolean[];
    }
    const lines = rows.map(({ date, values, decimalValues, isPresent }: Line) => {
      expect(values).toEqual(decimalValues.map((text) => (text === null ? null : Number(text))));
      expect(isPresent).toHaveLength(revisionDates.length);
      const cells = decimalValues.map((text, at) => (isPresent[at] ? String(text) : ''));
      // What is not there has no value.
      decimalValues.forEach((text, at) => isPresent[at] || expect(text).toBeNull());
      return [date, ...cells];
    });
    return { revisionDates, lines };
  }

  it('has a cell for each publication, and nothing where nothing changed', async () => {
    expect(await matrix({}, false)).toEqual({
      revisionDates: DAYS,
      lines: [
        ['2024-01-01', '100', '101', '102', ''],
        ['2024-02-01', '', '200', 'null', '210'],
        ['2024-03-01', '', '', 'null', '300'],
        ['2024-04-01', '', '', '', '400'],
      ],
    });
  });

  it('filled: has in each cell what was known on its day', async () => {
    expect(await matrix({}, true)).toEqual({
      revisionDates: DAYS,
      lines: [
        ['2024-01-01', '100', '101', '102', '102'],
        ['2024-02-01', '', '200', 'null', '210'],
        ['2024-03-01', '', '', 'null', '300'],
        ['2024-04-01', '', '', '', '400'],
      ],
    });
  });

  it('has the columns of a window, and only dates with something in them', async () => {
    const window = { from: '2024-03-01', to: '2024-04-30' };
    expect(await matrix(window, false)).toEqual({
      revisionDates: ['2024-03-10', '2024-04-10'],
      lines: [
        ['2024-01-01', '101', '102'],
        ['2024-02-01', '200', 'null'],
        ['2024-03-01', '', 'null'],
      ],
    });
    expect(await matrix({ from: '2024-05-10' }, false)).toEqual({
      revisionDates: ['2024-05-10'],
      lines: [
        ['2024-02-01', '210'],
        ['2024-03-01', '300'],
        ['2024-04-01', '400'],
      ],
    });
    expect(await matrix({ from: '2024-02-11', to: '2024-03-09' }, false)).toEqual({
      revisionDates: [],
      lines: [],
    });
  });

  it('filled: knows in its first column what was published before the window', async () => {
    expect(await matrix({ from: '2024-05-01' }, true)).toEqual({
      revisionDates: ['2024-05-10'],
      lines: [
        ['2024-01-01', '102'],
        ['2024-02-01', '210'],
        ['2024-03-01', '300'],
        ['2024-04-01', '400'],
      ],
    });
    expect(await matrix({ from: '2024-04-01', to: '2024-04-10' }, true)).toEqual({
      revisionDates: ['2024-04-10'],
      lines: [
        ['2024-01-01', '102'],
        ['2024-02-01', 'null'],
        ['2024-03-01', 'null'],
      ],
    });
  });

  it('combines a window with a range of dates', async () => {
    const args = { startDate: '2024-02-01', endDate: '2024-02-29', to: '2024-04-10' };
    expect(await matrix(args, true)).toEqual({
      revisionDates: ['2024-03-10', '2024-04-10'],
      lines: [['2024-02-01', '200', 'null']],
    });
  });

  it('filled: each column is the as-of reading of its day', async () => {
    const { revisionDates, lines } = await matrix({}, true);
    for (const [column, asOf] of revisionDates.entries()) {
      const known = lines
        .filter((line: string[]) => line[column + 1] !== '')
        .map((line: string[]) => [line[0], line[column + 1]]);
      const rows = await read({ asOf });
      expect(known).toEqual(rows.map(([date, , value]) => [date, String(value)]));
    }
  });
});

describe('revisionHistory', () => {
  async function history(id: string, date: string, args: Args = {}) {
    const answer = await app.query(
      `{ revisionHistory(seriesId: "${id}", date: "${date}" ${written(args)}) {
         revisionDate value change changePercent } }`,
    );
    return succeeded(answer).revisionHistory.map(
      (entry: { revisionDate: string; value: string; change: string; changePercent: number }) => [
        entry.revisionDate,
        entry.value,
        entry.change,
        entry.changePercent,
      ],
    );
  }

  it('answers every value of a date with the change against the one before', async () => {
    expect(await history(seriesId, '2024-01-01')).toEqual([
      ['2024-02-10', '100', null, null],
      ['2024-03-10', '101', '1', 1],
      ['2024-04-10', '102', '1', expect.closeTo(0.990099, 6)],
    ]);
  });

  it('has no change where the value, or the one before, is missing', async () => {
    expect(await history(seriesId, '2024-02-01')).toEqual([
      ['2024-03-10', '200', null, null],
      ['2024-04-10', null, null, null],
      ['2024-05-10', '210', null, null],
    ]);
  });

  it('ends with what was known on a day, and is empty for a date that was not published', async () => {
    expect(await history(seriesId, '2024-01-01', { asOf: '2024-04-09' })).toHaveLength(2);
    expect(await history(seriesId, '2024-01-01', { asOf: '2024-02-09' })).toEqual([]);
    expect(await history(seriesId, '2024-01-02')).toEqual([]);
  });

  it('has no per cent where a value is not above zero, and changes that read as on paper', async () => {
    const date = '2024-01-01';
    const id = await seriesOf([
      [date, '2024-02-01', '0.1'],
      [date, '2024-03-01', '0.3'],
      [date, '2024-04-01', '-0.3'],
      [date, '2024-05-01', '0'],
      [date, '2024-06-01', '1'],
    ]);
    expect(await history(id, date)).toEqual([
      ['2024-02-01', '0.1', null, null],
      ['2024-03-01', '0.3', '0.2', expect.closeTo(200, 10)],
      ['2024-04-01', '-0.3', '-0.6', null],
      ['2024-05-01', '0', '0.3', null],
      ['2024-06-01', '1', '1', null],
    ]);
  });

  it('has exact changes of values that doubles cannot tell apart', async () => {
    const date = '2024-01-01';
    const id = await seriesOf([
      [date, '2024-02-01', '0.1000000000000000055'],
      [date, '2024-03-01', '0.1000000000000000057'],
      [date, '2024-04-01', '9007199254740993'],
      [date, '2024-05-01', '9007199254740995'],
    ]);
    const changes = (await history(id, date)).map(
      ([, , change]: [string, string, string]) => change,
    );
    expect(changes).toEqual([null, '0.0000000000000000002', expect.any(String), '2']);
  });
});

describe('revisionDates', () => {
  async function releases(args: Args, id = seriesId) {
    const answer = await app.query(`{ series(id: "${id}") { revisionDates${inBrackets(args)} {
      revisionDate addedCount revisedCount withdrawnCount } } }`);
    return succeeded(answer).series.revisionDates.map(
      (day: Record<'addedCount' | 'revisedCount' | 'withdrawnCount' | 'revisionDate', unknown>) => [
        day.revisionDate,
        day.addedCount,
        day.revisedCount,
        day.withdrawnCount,
      ],
    );
  }

  const RELEASES = [
    ['2024-02-10', 1, 0, 0],
    ['2024-03-10', 1, 1, 0],
    ['2024-04-10', 1, 1, 1],
    ['2024-05-10', 1, 2, 0],
  ];

  it('answers each day of publication with what it added, revised and withdrew', async () => {
    expect(await releases({})).toEqual(RELEASES);
  });

  it('answers the days of a window, both ends inclusive, counted beside what came before', async () => {
    expect(await releases({ from: '2024-03-10', to: '2024-04-10' })).toEqual(RELEASES.slice(1, 3));
    expect(await releases({ from: '2024-03-11' })).toEqual(RELEASES.slice(2));
    expect(await releases({ to: '2024-04-09' })).toEqual(RELEASES.slice(0, 2));
    expect(await releases({ from: '2024-05-11' })).toEqual([]);
  });

  it('counts a point that repeats the one before for nothing', async () => {
    const id = await seriesOf([
      ['2024-01-01', '2024-02-01', '5'],
      ['2024-01-01', '2024-03-01', '5'],
    ]);
    expect(await releases({}, id)).toEqual([
      ['2024-02-01', 1, 0, 0],
      ['2024-03-01', 0, 0, 0],
    ]);
  });
});

describe('revisionStatistics', () => {
  const FIELDS = `vintageCount dateCount shareRevised meanRevision meanAbsoluteRevision
    standardDeviation firstToLatestBiasPercent biasTStatistic`;

  /** Revisions of +4, -2 and 0; one date lacks its latest value and one its first. */
  const ROWS: Row[] = [
    ['2023-01-01', '2024-01-10', '100'],
    ['2023-01-01', '2024-02-10', '102'],
    ['2023-01-01', '2024-03-10', '104'],
    ['2023-02-01', '2024-01-10', '200'],
    ['2023-02-01', '2024-03-10', '198'],
    ['2023-03-01', '2024-01-10', '50'],
    ['2023-04-01', '2024-01-10', '10'],
    ['2023-04-01', '2024-03-11', null],
    ['2023-05-01', '2024-02-10', null],
    ['2023-05-01', '2024-03-10', '20'],
  ];

  async function statistics(id: string, args: Args = {}) {
    const answer = await app.query(
      `{ series(id: "${id}") { revisionStatistics${inBrackets(args)} { ${FIELDS} } } }`,
    );
    return succeeded(answer).series.revisionStatistics;
  }

  it('are those of the revisions from first to latest', async () => {
    const id = await seriesOf(ROWS);
    expect(await statistics(id)).toEqual({
      vintageCount: 4,
      dateCount: 3,
      shareRevised: expect.closeTo(2 / 3, 12),
      // (4 - 2 + 0) / 3
      meanRevision: expect.closeTo(0.666_666_666_667, 10),
      // (4 + 2 + 0) / 3
      meanAbsoluteRevision: expect.closeTo(2, 12),
      // The squares of 10/3, -8/3 and -2/3 sum to 56/3; divided by 2, the root of 28/3.
      standardDeviation: expect.closeTo(3.055_050_463_304, 10),
      // 2 / (100 + 200 + 50)
      firstToLatestBiasPercent: expect.closeTo(0.571_428_571_429, 10),
      // (2/3) / (sqrt(28/3) / sqrt(3)) = 1 / sqrt(7)
      biasTStatistic: expect.closeTo(0.377_964_473_009, 10),
    });
  });

  it('are those of a day, and of a range of dates', async () => {
    const id = await seriesOf(ROWS);
    expect(await statistics(id, { asOf: '2024-02-10' })).toMatchObject({
      vintageCount: 2,
      dateCount: 4,
      shareRevised: 0.25,
      meanRevision: 0.5,
      meanAbsoluteRevision: 0.5,
      // Deviations 1.5, -0.5, -0.5, -0.5: squares sum to 3, divided by 3.
      standardDeviation: 1,
    });
    expect(await statistics(id, { startDate: '2023-02-01', endDate: '2023-02-28' })).toEqual({
      vintageCount: 2,
      dateCount: 1,
      shareRevised: 1,
      meanRevision: -2,
      meanAbsoluteRevision: 2,
      standardDeviation: null,
      firstToLatestBiasPercent: -1,
      biasTStatistic: null,
    });
  });

  it('are null, never NaN, where no date has a first and a latest value', async () => {
    const nothing = {
      dateCount: 0,
      shareRevised: null,
      meanRevision: null,
      meanAbsoluteRevision: null,
      standardDeviation: null,
      firstToLatestBiasPercent: null,
      biasTStatistic: null,
    };
    expect(await statistics(await seriesOf([]))).toEqual({ vintageCount: 0, ...nothing });
    const id = await seriesOf(ROWS);
    expect(await statistics(id, { startDate: '2023-04-01' })).toEqual({
      vintageCount: 4,
      ...nothing,
    });
  });

  it('tell of a series that was never revised that nothing was', async () => {
    const id = await seriesOf([
      ['2023-01-01', '2024-01-10', '1'],
      ['2023-02-01', '2024-01-10', '-3'],
    ]);
    expect(await statistics(id)).toEqual({
      vintageCount: 1,
      dateCount: 2,
      shareRevised: 0,
      meanRevision: 0,
      meanAbsoluteRevision: 0,
      standardDeviation: 0,
      firstToLatestBiasPercent: 0,
      biasTStatistic: null,
    });
  });
});

describe('coverage', () => {
  const FIELDS = '{ firstRevisionDate lastRevisionDate revisionCount }';

  /** Of the query and of the field of the series, which must agree. */
  async function coverage(args: Args, id = seriesId) {
    const data = succeeded(
      await app.query(`{ coverage(seriesId: "${id}" ${written(args)}) ${FIELDS}
        series(id: "${id}") { coverage${inBrackets(args)} ${FIELDS} } }`),
    );
    expect(data.series.coverage).toEqual(data.coverage);
    const { firstRevisionDate, lastRevisionDate, revisionCount } = data.coverage;
    return [firstRevisionDate, lastRevisionDate, revisionCount];
  }

  it.each<[Args, unknown[]]>([
    [{}, ['2024-02-10', '2024-05-10', 4]],
    [{ asOf: '2024-04-30' }, ['2024-02-10', '2024-04-10', 3]],
    [{ asOf: '2024-02-10' }, ['2024-02-10', '2024-02-10', 1]],
    [{ asOf: '2024-02-09' }, [null, null, 0]],
    [{ startDate: '2024-03-01' }, ['2024-04-10', '2024-05-10', 2]],
    [{ endDate: '2024-01-31' }, ['2024-02-10', '2024-04-10', 3]],
    [
      { startDate: '2024-02-01', endDate: '2024-02-01', asOf: '2024-04-10' },
      ['2024-03-10', '2024-04-10', 2],
    ],
    [{ startDate: '2025-01-01' }, [null, null, 0]],
  ])('of %j is what is known of those dates', async (args, expected) => {
    expect(await coverage(args)).toEqual(expected);
  });

  it('of a series without points is nothing', async () => {
    expect(await coverage({}, await seriesOf([]))).toEqual([null, null, 0]);
  });

  it('of an answer is what the answer rests on, whatever was selected of it', async () => {
    const id = seriesId;
    const data = succeeded(
      await app.query(`{
        series(id: "${id}") {
          all: observations { coverage ${FIELDS} }
          original: observations(revisions: ORIGINAL, asOf: "2024-04-10") { coverage ${FIELDS} }
          range: observations(startDate: "2024-03-01") { coverage ${FIELDS} }
          changes: observations(units: chg, startDate: "2024-04-01") { coverage ${FIELDS} } }
        vintages(seriesId: "${id}", to: "2024-04-10") { coverage ${FIELDS} }
        vintageMatrix(seriesId: "${id}", startDate: "2024-03-01") { coverage ${FIELDS} } }`),
    );
    const rows = (first: string, last: string, count: number) => ({
      coverage: { firstRevisionDate: first, lastRevisionDate: last, revisionCount: count },
    });
    expect(data).toEqual({
      series: {
        all: rows('2024-02-10', '2024-05-10', 4),
        original: rows('2024-02-10', '2024-04-10', 3),
        range: rows('2024-04-10', '2024-05-10', 2),
        // A change rests on a value outside the range.
        changes: rows('2024-02-10', '2024-05-10', 4),
      },
      vintages: rows('2024-02-10', '2024-04-10', 3),
      vintageMatrix: rows('2024-04-10', '2024-05-10', 2),
    });
  });
});

type NumberRow = [date: string, revisionDate: string, value: number | null];

/** Values as numbers, for figures that have no end. */
async function readNumbers(id: string, args: Args): Promise<NumberRow[]> {
  const rows = await read(args, id);
  return rows.map(([date, day, value]) => [date, day, value === null ? null : Number(value)]);
}

function near(number: number): number {
  return expect.closeTo(number, 8) as number;
}

describe('units of a monthly series', () => {
  const FIRST = '2024-06-10';
  const SECOND = '2024-07-10';
  let id: string;

  beforeAll(async () => {
    id = await seriesOf([
      ['2024-01-01', FIRST, '100'],
      ['2024-02-01', FIRST, '110'],
      ['2024-02-01', SECOND, '120'],
      ['2024-03-01', FIRST, '121'],
      ['2024-04-01', FIRST, '0'],
      ['2024-05-01', FIRST, '-10'],
      ['2024-06-01', SECOND, '50'],
      ['2024-07-01', SECOND, '60'],
    ]);
  });

  it('chg: is the change against the month before, within one vintage', async () => {
    expect(await readNumbers(id, { units: 'chg', asOf: FIRST })).toEqual([
      ['2024-01-01', FIRST, null],
      ['2024-02-01', FIRST, 10],
      ['2024-03-01', FIRST, 11],
      ['2024-04-01', FIRST, -121],
      ['2024-05-01', FIRST, -10],
    ]);
    expect(await readNumbers(id, { units: 'chg' })).toEqual([
      ['2024-01-01', FIRST, null],
      ['2024-02-01', SECOND, 20],
      ['2024-03-01', SECOND, 1],
      ['2024-04-01', FIRST, -121],
      ['2024-05-01', FIRST, -10],
      ['2024-06-01', SECOND, 60],
      ['2024-07-01', SECOND, 10],
    ]);
  });

  it('compares the value at startDate with the one before it', async () => {
    const range = { startDate: '2024-03-01', endDate: '2024-04-30' };
    expect(await readNumbers(id, { units: 'chg', ...range, asOf: FIRST })).toEqual([
      ['2024-03-01', FIRST, 11],
      ['2024-04-01', FIRST, -121],
    ]);
    expect(await readNumbers(id, { units: 'chg', ...range, revisions: 'ALL' })).toEqual([
      ['2024-03-01', FIRST, 11],
      ['2024-03-01', SECOND, 1],
      ['2024-04-01', FIRST, -121],
    ]);
    expect(await readNumbers(id, { units: 'chg', startDate: '2024-03-01', limit: 1 })).toEqual([
      ['2024-03-01', SECOND, 1],
    ]);
  });

  it('a change that a revision of its base made is a release of its own', async () => {
    const range = { startDate: '2024-03-01', endDate: '2024-03-01', units: 'chg' };
    expect(await readNumbers(id, { ...range, revisions: 'ORIGINAL' })).toEqual([
      ['2024-03-01', FIRST, 11],
    ]);
    expect(await readNumbers(id, { ...range, revisions: 'NTH_RELEASE', release: 2 })).toEqual([
      ['2024-03-01', SECOND, 1],
    ]);
    // 101 days lie between 2024-03-01 and the first vintage, 131 before the second.
    expect(await readNumbers(id, { ...range, revisions: 'FIXED_LAG', lagDays: 130 })).toEqual([
      ['2024-03-01', FIRST, 11],
    ]);
    expect(await readNumbers(id, { ...range, revisions: 'FIXED_LAG', lagDays: 131 })).toEqual([
      ['2024-03-01', SECOND, 1],
    ]);
    expect(await readNumbers(id, { ...range, revisions: 'FIXED_LAG', lagDays: 100 })).toEqual([]);
  });

  it('pch, cch, pca, cca: are growth rates, and null where a value is not above zero', async () => {
    const february = { startDate: '2024-02-01', endDate: '2024-02-01', asOf: FIRST };
    const rate = async (units: string) => (await readNumbers(id, { units, ...february }))[0]![2];
    expect(await rate('pch')).toBeCloseTo(10, 10);
    expect(await rate('cch')).toBeCloseTo(9.531_017_980_4, 8);
    // 1.1 to the twelfth is 3.138428376721.
    expect(await rate('pca')).toBeCloseTo(213.842_837_672_1, 7);
    expect(await rate('cca')).toBeCloseTo(114.372_215_765_2, 7);
    for (const units of ['pch', 'cch', 'pca', 'cca']) {
      const rows = await readNumbers(id, { units, startDate: '2024-04-01', endDate: '2024-06-30' });
      expect(rows.map(([date, , value]) => [date, value])).toEqual([
        ['2024-04-01', null],
        ['2024-05-01', null],
        ['2024-06-01', null],
      ]);
    }
    expect(await readNumbers(id, { units: 'pch', startDate: '2024-07-01' })).toEqual([
      ['2024-07-01', SECOND, near(20)],
    ]);
  });

  it('log: is the natural logarithm, and null where the value is not above zero', async () => {
    expect(await readNumbers(id, { units: 'log', startDate: '2024-02-01', asOf: FIRST })).toEqual([
      ['2024-02-01', FIRST, near(4.700_480_365_79)],
      ['2024-03-01', FIRST, near(4.795_790_545_6)],
      ['2024-04-01', FIRST, null],
      ['2024-05-01', FIRST, null],
    ]);
  });

  it('lin: is the series as it is, digit for digit', async () => {
    const exact = await seriesOf([['2024-01-01', FIRST, '0.1000000000000000055']]);
    expect(await read({ units: 'lin' }, exact)).toEqual([
      ['2024-01-01', FIRST, '0.1000000000000000055'],
    ]);
  });

  it('a month without a value leaves no change, and the months beside it are not joined', async () => {
    const gap = await seriesOf([
      ['2024-01-01', FIRST, '1'],
      ['2024-02-01', FIRST, null],
      ['2024-03-01', FIRST, '4'],
      ['2024-05-01', FIRST, '5'],
      ['2024-06-01', FIRST, '7'],
    ]);
    expect(await readNumbers(gap, { units: 'chg' })).toEqual([
      ['2024-01-01', FIRST, null],
      ['2024-02-01', FIRST, null],
      ['2024-03-01', FIRST, null],
      ['2024-05-01', FIRST, null],
      ['2024-06-01', FIRST, 2],
    ]);
  });
});

describe('units against a year ago', () => {
  const FIRST = '2024-06-10';
  const SECOND = '2024-07-10';
  let id: string;

  beforeAll(async () => {
    id = await seriesOf(
      [
        ['2023-01-01', FIRST, '80'],
        ['2023-01-01', SECOND, '88'],
        ['2023-04-01', FIRST, '90'],
        ['2023-07-01', FIRST, '95'],
        ['2023-10-01', FIRST, '100'],
        ['2023-10-01', SECOND, '88'],
        ['2024-01-01', FIRST, '110'],
      ],
      { frequency: 'quarterly' },
    );
  });

  it.each<[string, number, number]>([
    ['ch1', 30, 22],
    ['pc1', 37.5, 25],
    ['chg', 10, 22],
    ['pch', 10, 25],
    // 1.1 and 1.25 to the fourth
    ['pca', 46.41, 144.140_625],
    ['cca', 38.124_071_921_73, 89.257_420_525_68],
  ])('%s: of a quarter in the first vintage, and now', async (units, first, now) => {
    const range = { units, startDate: '2024-01-01', endDate: '2024-03-31' };
    expect(await readNumbers(id, { ...range, asOf: FIRST })).toEqual([
      ['2024-01-01', FIRST, near(first)],
    ]);
    expect(await readNumbers(id, range)).toEqual([['2024-01-01', SECOND, near(now)]]);
    expect(await readNumbers(id, { ...range, revisions: 'ALL' })).toEqual([
      ['2024-01-01', FIRST, near(first)],
      ['2024-01-01', SECOND, near(now)],
    ]);
  });

  it('are null for the first year', async () => {
    const rows = await readNumbers(id, { units: 'pc1', endDate: '2023-12-31' });
    expect(rows.map(([, , value]) => value)).toEqual([null, null, null, null]);
  });
});

describe('aggregation to a lower frequency', () => {
  const FIRST = '2024-06-10';
  const SECOND = '2024-07-10';
  let id: string;

  beforeAll(async () => {
    id = await seriesOf([
      ['2024-01-01', FIRST, '10'],
      ['2024-02-01', FIRST, '20'],
      ['2024-02-01', SECOND, '23'],
      ['2024-03-01', FIRST, '30'],
      ['2024-04-01', FIRST, '40'],
      ['2024-05-01', FIRST, '50'],
      ['2024-06-01', SECOND, '60'],
    ]);
  });

  it.each<[string, NumberRow[], NumberRow[]]>([
    [
      'avg',
      [['2024-01-01', FIRST, 20]],
      [
        ['2024-01-01', SECOND, 21],
        ['2024-04-01', SECOND, 50],
      ],
    ],
    [
      'sum',
      [['2024-01-01', FIRST, 60]],
      [
        ['2024-01-01', SECOND, 63],
        ['2024-04-01', SECOND, 150],
      ],
    ],
    [
      'eop',
      [['2024-01-01', FIRST, 30]],
      [
        ['2024-01-01', FIRST, 30],
        ['2024-04-01', SECOND, 60],
      ],
    ],
  ])(
    '%s: of each vintage by itself, its last quarter only when complete',
    async (aggregation, first, now) => {
      const args = { frequency: 'quarterly', aggregation };
      expect(await readNumbers(id, { ...args, asOf: FIRST })).toEqual(first);
      expect(await readNumbers(id, args)).toEqual(now);
      expect(await readNumbers(id, { ...args, asOf: '2024-06-09' })).toEqual([]);
    },
  );

  it('averages where nothing is said, and knows the frequency by all its names', async () => {
    const averages = await readNumbers(id, { frequency: 'quarterly', aggregation: 'avg' });
    for (const frequency of ['quarterly', 'Quarterly', 'q', 'Q']) {
      expect(await readNumbers(id, { frequency })).toEqual(averages);
    }
  });

  it('answers every release of a quarter', async () => {
    const args = { frequency: 'q', aggregation: 'sum', endDate: '2024-01-01' };
    expect(await readNumbers(id, { ...args, revisions: 'ALL' })).toEqual([
      ['2024-01-01', FIRST, 60],
      ['2024-01-01', SECOND, 63],
    ]);
    expect(await readNumbers(id, { ...args, revisions: 'ORIGINAL' })).toEqual([
      ['2024-01-01', FIRST, 60],
    ]);
    expect(await readNumbers(id, { ...args, revisions: 'NTH_RELEASE', release: 2 })).toEqual([
      ['2024-01-01', SECOND, 63],
    ]);
    // 161 days lie between 2024-01-01 and the first vintage.
    expect(await readNumbers(id, { ...args, revisions: 'FIXED_LAG', lagDays: 161 })).toEqual([
      ['2024-01-01', FIRST, 60],
    ]);
    expect(await readNumbers(id, { ...args, revisions: 'FIXED_LAG', lagDays: 160 })).toEqual([]);
  });

  it('aggregates first and transforms then, also across startDate', async () => {
    const args = { frequency: 'q', aggregation: 'avg', startDate: '2024-04-01' };
    expect(await readNumbers(id, { ...args, units: 'chg' })).toEqual([['2024-04-01', SECOND, 29]]);
    // 50 against 21
    expect(await readNumbers(id, { ...args, units: 'pch' })).toEqual([
      ['2024-04-01', SECOND, near(138.095_238_095_24)],
    ]);
    expect(await readNumbers(id, { ...args, units: 'chg', asOf: FIRST })).toEqual([]);
    // A quarter has four to the year, whatever the series had.
    expect(await readNumbers(id, { ...args, units: 'cca', aggregation: 'eop' })).toEqual([
      ['2024-04-01', SECOND, near(Math.log(2) * 400)],
    ]);
  });

  it('leaves out a first and a last period with too few values, not one in the middle', async () => {
    const days = [
      '2024-02-01',
      '2024-03-01',
      '2024-04-01',
      '2024-07-01',
      '2024-08-01',
      '2024-09-01',
    ];
    const sparse = await seriesOf([
      ...days.map((date, at): Row => [date, '2024-11-01', String(at + 1)]),
      ['2024-10-01', '2024-11-01', '7'],
      ['2024-11-01', '2024-12-01', '8'],
    ]);
    expect(await readNumbers(sparse, { frequency: 'q', aggregation: 'sum' })).toEqual([
      ['2024-04-01', '2024-11-01', 3],
      ['2024-07-01', '2024-11-01', 15],
    ]);
  });

  it('does not count values published as missing', async () => {
    const gap = await seriesOf([
      ['2024-01-01', FIRST, '1'],
      ['2024-02-01', FIRST, '2'],
      ['2024-03-01', FIRST, '3'],
      ['2024-04-01', FIRST, '4'],
      ['2024-05-01', FIRST, null],
      ['2024-06-01', FIRST, '6'],
      ['2024-07-01', FIRST, '7'],
      ['2024-08-01', FIRST, null],
      ['2024-09-01', FIRST, '9'],
    ]);
    expect(await readNumbers(gap, { frequency: 'q', aggregation: 'avg' })).toEqual([
      ['2024-01-01', FIRST, 2],
      ['2024-04-01', FIRST, 5],
    ]);
  });

  it('takes the frequency of the series itself for what it is', async () => {
    expect(await readNumbers(id, { frequency: 'monthly' })).toEqual(await readNumbers(id, {}));
    expect(await readNumbers(id, { frequency: 'm', aggregation: 'sum', units: 'chg' })).toEqual(
      await readNumbers(id, { units: 'chg' }),
    );
  });

  it('never shows what was published after asOf, in any unit', async () => {
    for (const units of ['lin', 'chg', 'pch', 'pca', 'cch', 'cca', 'log']) {
      for (const frequency of ['m', 'q']) {
        for (const asOf of ['2024-06-09', FIRST, '2024-07-09']) {
          const rows = await read({ units, frequency, asOf, revisions: 'ALL' }, id);
          expect(rows.filter(([, day]) => day > asOf)).toEqual([]);
          const latest = await read({ units, frequency, asOf }, id);
          expect(latest).toEqual(modelled(rows, {}));
        }
      }
    }
  });
});
