import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataDirectory } from '../../src/storage/data-directory.js';
import {
  createPoints,
  createSeries,
  expectRefused,
  failed,
  seriesInput,
  succeeded,
  tryUpdateSeries,
  unknownId,
  type SeriesAnswer,
} from '../support/factories.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const SOURCE_A = 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa';
const SOURCE_B = 'bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb';

let app: TestApp;
/** By external id. */
const known: Record<string, SeriesAnswer> = {};

/** A small catalogue, created in an order that is none of those that can be asked for. */
const CATALOGUE = [
  { externalId: 'UNRATE', title: 'Unemployment Rate', units: '%', seasonalAdjustment: 'SA' },
  { externalId: 'GDP_US', title: 'US Gross Domestic Product', frequency: 'Q', units: 'dollars' },
  {
    externalId: 'GDP_DE',
    title: 'German gross domestic product',
    frequency: 'Q',
    sourceId: SOURCE_B,
    description: 'Published by the statistical office',
  },
  { externalId: 'CPI', title: 'Consumer Prices', seasonalAdjustment: 'NSA' },
  { externalId: 'CPI', title: 'Consumer Prices', sourceId: SOURCE_B, isActive: false },
  { externalId: 'gdp_deflator', title: 'Deflator', frequency: 'A', description: 'Of the GDP' },
];

beforeAll(async () => {
  app = await startTestApp();
  for (const fields of CATALOGUE) {
    const created = await createSeries(app, { sourceId: SOURCE_A, ...fields });
    known[`${created.externalId}${created.sourceId === SOURCE_B ? '@B' : ''}`] = created;
  }
});
afterAll(() => app.close());

function idOf(name: string): string {
  return known[name]!.id;
}

interface Found {
  readonly externalId: string;
  readonly sourceId: string;
}

/** The names of the series that a query answers, as `known` names them. */
async function names(query: string, variables?: Record<string, unknown>): Promise<string[]> {
  const [found] = Object.values(succeeded(await app.query(query, variables))) as [Found[]];
  return found.map(({ externalId, sourceId }) => externalId + (sourceId === SOURCE_B ? '@B' : ''));
}

function list(args: string): Promise<string[]> {
  return names(`{ listSeries${args} { externalId sourceId } }`);
}

describe('series and seriesByIds', () => {
  it('answers the series asked for, by aliases and fragments too', async () => {
    const answer = await app.query(
      `query ($a: UUID!) {
         first: series(id: $a) { ...names }
         second: series(id: "${idOf('CPI').toUpperCase()}") { ...names __typename }
         none: series(id: "${unknownId()}") { ...names }
       }
       fragment names on EconomicSeries { externalId label: title }`,
      { a: idOf('UNRATE') },
    );
    expect(succeeded(answer)).toEqual({
      first: { externalId: 'UNRATE', label: 'Unemployment Rate' },
      second: { externalId: 'CPI', label: 'Consumer Prices', __typename: 'EconomicSeries' },
      none: null,
    });
  });

  it('answers seriesByIds in the order asked, null where unknown, repeats repeated', async () => {
    const ids = [idOf('UNRATE'), unknownId(), idOf('CPI'), idOf('UNRATE')];
    const answer = await app.query(
      'query ($ids: [UUID!]!) { seriesByIds(ids: $ids) { externalId } }',
      { ids },
    );
    expect(succeeded(answer).seriesByIds).toEqual([
      { externalId: 'UNRATE' },
      null,
      { externalId: 'CPI' },
      { externalId: 'UNRATE' },
    ]);
    expect(succeeded(await app.query('{ seriesByIds(ids: []) { id } }')).seriesByIds).toEqual([]);
  });

  it('takes 1000 ids and refuses 1001', async () => {
    const query = 'query ($ids: [UUID!]!) { seriesByIds(ids: $ids) { id } }';
    const ids = Array.from({ length: 1001 }, unknownId);
    const most = await app.query(query, { ids: ids.slice(1) });
    expect(succeeded(most).seriesByIds).toHaveLength(1000);
    expectRefused(await app.query(query, { ids }), 'ids');
  });
});

describe('listSeries', () => {
  it('answers all series by external id, then by id', async () => {
    const cpis = known['CPI']!.id < known['CPI@B']!.id ? ['CPI', 'CPI@B'] : ['CPI@B', 'CPI'];
    expect(await list('')).toEqual([...cpis, 'GDP_DE@B', 'GDP_US', 'UNRATE', 'gdp_deflator']);
  });

  it.each([
    [`sourceId: "${SOURCE_B}"`, ['CPI@B', 'GDP_DE@B']],
    ['frequency: "quarterly"', ['GDP_DE@B', 'GDP_US']],
    ['frequency: "q"', ['GDP_DE@B', 'GDP_US']],
    ['seasonalAdjustment: "NSA"', ['CPI']],
    ['seasonalAdjustment: "seasonally_adjusted"', ['UNRATE']],
    ['isActive: false', ['CPI@B']],
    ['externalIdPrefix: "GDP_"', ['GDP_DE@B', 'GDP_US']],
    ['externalIdPrefix: "gdp"', ['gdp_deflator']],
    ['titleContains: "GROSS"', ['GDP_DE@B', 'GDP_US']],
    [`sourceId: "${SOURCE_A}", frequency: "Q"`, ['GDP_US']],
    ['externalIdPrefix: "NOTHING"', []],
  ])('filters by %s', async (filter, expected) => {
    expect(await list(`(filter: { ${filter} })`)).toEqual(expected);
  });

  it('takes no filter and an empty filter for the same, and null for a condition not given', async () => {
    const all = await list('');
    expect(await list('(filter: null)')).toEqual(all);
    expect(await list('(filter: {})')).toEqual(all);
    expect(await list('(filter: { isActive: null, sourceId: null, titleContains: null })')).toEqual(
      all,
    );
  });

  it.each([
    ['TITLE', (row: SeriesAnswer) => row.title],
    ['FREQUENCY', (row: SeriesAnswer) => row.frequency],
    ['EXTERNAL_ID', (row: SeriesAnswer) => row.externalId],
    ['CREATED_AT', (row: SeriesAnswer) => row.createdAt],
    ['UPDATED_AT', (row: SeriesAnswer) => row.updatedAt],
  ])('orders by %s, upwards and downwards', async (field, keyOf) => {
    const key = (name: string) => keyOf(known[name]!);
    const ascending = Object.keys(known).sort((a, b) =>
      key(a) === key(b) ? (idOf(a) < idOf(b) ? -1 : 1) : key(a) < key(b) ? -1 : 1,
    );
    expect(await list(`(orderBy: { field: ${field} })`)).toEqual(ascending);
    expect(await list(`(orderBy: { field: ${field}, direction: DESC })`)).toEqual(
      ascending.reverse(),
    );
  });

  it('answers the pages that limit and offset name', async () => {
    const all = await list('');
    expect(await list('(limit: 2)')).toEqual(all.slice(0, 2));
    expect(await list('(limit: 2, offset: 4)')).toEqual(all.slice(4));
    expect(await list('(limit: 1000, offset: 6)')).toEqual([]);
  });

  it.each([
    ['limit', 0, 'limit'],
    ['limit', 1001, 'limit'],
    ['offset', -1, 'offset'],
  ])('refuses %s %i', async (argument, value, field) => {
    expectRefused(await app.query(`{ listSeries(${argument}: ${value}) { id } }`), field);
    const variable = await app.query(`query ($n: Int!) { listSeries(${argument}: $n) { id } }`, {
      n: value,
    });
    expectRefused(variable, field);
  });

  it('answers 50 series where no limit is given', async () => {
    const other = await startTestApp();
    const creations = Array.from(
      { length: 51 },
      (_, index) => `s${index}: createSeries(input: {
        sourceId: "${SOURCE_A}", externalId: "S${index}", title: "x", frequency: "m" }) { id }`,
    );
    succeeded(await other.query(`mutation { ${creations.join('\n')} }`));
    const data = succeeded(
      await other.query(
        '{ listSeries { id } seriesConnection { edges { cursor } totalCount } searchSeries(text: "x") { id } }',
      ),
    );
    expect(data.listSeries).toHaveLength(50);
    expect(data.seriesConnection).toMatchObject({ totalCount: 51 });
    expect(data.seriesConnection.edges).toHaveLength(50);
    expect(data.searchSeries).toHaveLength(20);
    await other.close();
  });
});

describe('seriesConnection', () => {
  const PAGE = `query ($first: Int!, $after: String, $orderBy: SeriesOrder, $filter: SeriesFilter) {
    seriesConnection(first: $first, after: $after, orderBy: $orderBy, filter: $filter) {
      edges { cursor node { id externalId sourceId } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      totalCount } }`;

  async function page(variables: Record<string, unknown>, on = app) {
    return succeeded(await on.query(PAGE, variables)).seriesConnection;
  }

  async function walk(variables: Record<string, unknown>): Promise<string[]> {
    const ids: string[] = [];
    let after: string | null = null;
    for (;;) {
      const { edges, pageInfo, totalCount } = await page({ ...variables, after });
      expect(totalCount).toBe(6);
      expect(pageInfo.hasPreviousPage).toBe(after !== null);
      expect(pageInfo.startCursor).toBe(edges[0].cursor);
      expect(pageInfo.endCursor).toBe(edges.at(-1).cursor);
      ids.push(...edges.map((edge: { node: { id: string } }) => edge.node.id));
      if (!pageInfo.hasNextPage) return ids;
      after = pageInfo.endCursor;
    }
  }

  it.each(
    ['EXTERNAL_ID', 'TITLE', 'FREQUENCY', 'CREATED_AT', 'UPDATED_AT'].flatMap((field) =>
      ['ASC', 'DESC'].flatMap((direction) =>
        [1, 2, 3, 6, 7].map((first) => [field, direction, first]),
      ),
    ),
  )('walks every series once by %s %s in pages of %i', async (field, direction, first) => {
    const { listSeries } = succeeded(
      await app.query(
        `{ listSeries(orderBy: { field: ${field}, direction: ${direction} }) { id } }`,
      ),
    );
    expect(await walk({ first, orderBy: { field, direction } })).toEqual(
      listSeries.map(({ id }: { id: string }) => id),
    );
  });

  it('answers an empty page where nothing passes the filter', async () => {
    expect(await page({ first: 5, filter: { titleContains: 'nothing' } })).toEqual({
      edges: [],
      pageInfo: {
        hasNextPage: false,
        hasPreviousPage: false,
        startCursor: null,
        endCursor: null,
      },
      totalCount: 0,
    });
  });

  it('goes on behind a series that was deleted, or renamed, after its page was answered', async () => {
    const other = await startTestApp();
    for (const externalId of ['A', 'B', 'C', 'D', 'E']) await createSeries(other, { externalId });
    const first = await page({ first: 2 }, other);
    const [a, b] = first.edges.map(({ node }: { node: { id: string } }) => node.id);

    succeeded(await tryUpdateSeries(other, a, { externalId: 'Z' }));
    succeeded(await other.query(`mutation { deleteSeries(id: "${b}") }`));
    const second = await page({ first: 2, after: first.pageInfo.endCursor }, other);
    expect(second.edges.map((edge: { node: Found }) => edge.node.externalId)).toEqual(['C', 'D']);
    expect(second.totalCount).toBe(4);
    await other.close();
  });

  it.each([
    ['text that is no cursor', 'nonsense'],
    ['an empty text', ''],
    ['JSON of another shape', Buffer.from('{"a":1}').toString('base64url')],
    ['a cursor without a key', Buffer.from('["title","asc",null,"x"]').toString('base64url')],
  ])('refuses %s', async (_, after) => {
    expectRefused(await app.query(PAGE, { first: 2, after }), 'after');
  });

  it('refuses the cursor of another order', async () => {
    const { pageInfo } = await page({ first: 2 });
    for (const orderBy of [
      { field: 'TITLE', direction: 'ASC' },
      { field: 'EXTERNAL_ID', direction: 'DESC' },
    ]) {
      const answer = await app.query(PAGE, { first: 2, after: pageInfo.endCursor, orderBy });
      expectRefused(answer, 'after');
    }
  });

  it.each([0, -1, 1001])('refuses pages of %i', async (first) => {
    expectRefused(await app.query(PAGE, { first }), 'first');
  });
});

describe('searchSeries', () => {
  function search(args: string): Promise<string[]> {
    return names(`{ searchSeries(${args}) { externalId sourceId } }`);
  }

  it.each([
    ['a whole external id before its beginning', 'gdp_us', ['GDP_US']],
    [
      'the beginning of an external id before the text',
      'gdp',
      ['GDP_DE@B', 'GDP_US', 'gdp_deflator'],
    ],
    ['words of the title, whatever their order and case', 'PRODUCT gross', ['GDP_DE@B', 'GDP_US']],
    ['beginnings of words', 'unemp', ['UNRATE']],
    ['units', 'dollars', ['GDP_US']],
    ['descriptions', 'statistical', ['GDP_DE@B']],
    ['only series in which every word occurs', 'gross german', ['GDP_DE@B']],
    ['nothing where a word occurs nowhere', 'gross nowhere', []],
    ['no ends of words', 'employment', []],
  ])('finds %s', async (_, text, expected) => {
    expect(await search(`text: "${text}"`)).toEqual(expected);
  });

  it('ranks the exact external id first, then its beginning, then the title, then the rest', async () => {
    const other = await startTestApp();
    for (const [externalId, title, description] of [
      ['Z1', 'Nothing here', 'about cpi'],
      ['Z2', 'Has cpix inside', null],
      ['Z3', 'Has CPI inside', null],
      ['CPIX', 'Nothing here', null],
      ['CPI', 'Nothing here', null],
    ]) {
      await createSeries(other, { externalId, title, description });
    }
    const { searchSeries } = succeeded(
      await other.query('{ searchSeries(text: "cpi") { externalId } }'),
    );
    expect(searchSeries.map((found: Found) => found.externalId)).toEqual([
      'CPI',
      'CPIX',
      'Z3',
      'Z2',
      'Z1',
    ]);
    await other.close();
  });

  it('answers `first` of those that pass the filter', async () => {
    expect(await search('text: "gdp", first: 1')).toEqual(['GDP_DE@B']);
    expect(await search(`text: "gdp", filter: { sourceId: "${SOURCE_A}" }`)).toEqual([
      'GDP_US',
      'gdp_deflator',
    ]);
  });

  it.each([
    ['an empty text', 'text: ""', 'text'],
    ['spaces', 'text: "  "', 'text'],
    ['201 characters', `text: "${'x'.repeat(201)}"`, 'text'],
    ['no results', 'text: "x", first: 0', 'first'],
    ['1001 results', 'text: "x", first: 1001', 'first'],
    ['an unknown frequency', 'text: "x", filter: { frequency: "x" }', 'filter.frequency'],
  ])('refuses %s', async (_, args, field) => {
    expectRefused(await app.query(`{ searchSeries(${args}) { id } }`), field);
  });

  it('takes a text of 200 characters', async () => {
    expect(await search(`text: "${'x'.repeat(200)}"`)).toEqual([]);
  });
});

describe('findSeriesByExternalId', () => {
  const FIND = `query ($externalId: String!, $sourceId: UUID) {
    findSeriesByExternalId(externalId: $externalId, sourceId: $sourceId) { id } }`;

  it('finds the only match without a source', async () => {
    const answer = await app.query(FIND, { externalId: 'UNRATE' });
    expect(succeeded(answer)).toEqual({ findSeriesByExternalId: { id: idOf('UNRATE') } });
  });

  it('finds the match of a source, and null of another', async () => {
    const of = async (sourceId: string) =>
      succeeded(await app.query(FIND, { externalId: 'CPI', sourceId })).findSeriesByExternalId;
    expect(await of(SOURCE_A)).toEqual({ id: idOf('CPI') });
    expect(await of(SOURCE_B)).toEqual({ id: idOf('CPI@B') });
    expect(await of(unknownId())).toBeNull();
  });

  it('names the candidates where several sources use the external id', async () => {
    const error = expectRefused(await app.query(FIND, { externalId: 'CPI' }), 'sourceId');
    const candidates = error.extensions['candidates'] as unknown[];
    expect(candidates).toHaveLength(2);
    expect(candidates).toEqual(
      expect.arrayContaining([
        { id: idOf('CPI'), sourceId: SOURCE_A },
        { id: idOf('CPI@B'), sourceId: SOURCE_B },
      ]),
    );
  });

  it('answers null for what nobody has, in another case neither', async () => {
    for (const externalId of ['NOTHING', 'unrate', '', '__proto__']) {
      expect(succeeded(await app.query(FIND, { externalId })).findSeriesByExternalId).toBeNull();
    }
  });
});

describe('findSeriesByDateRange', () => {
  let ranges: TestApp;
  beforeAll(async () => {
    ranges = await startTestApp();
    const observed = await createSeries(ranges, {
      externalId: 'OBSERVED',
      startDate: '1900-01-01',
      endDate: '2100-01-01',
    });
    await createPoints(ranges, observed.id, [
      { date: '2000-01-01', value: '1' },
      { date: '2010-01-01', value: '2' },
    ]);
    await createSeries(ranges, {
      externalId: 'DECLARED',
      startDate: '2010-01-01',
      endDate: '2020-01-01',
    });
    await createSeries(ranges, { externalId: 'ENDLESS', startDate: '2015-01-01' });
    await createSeries(ranges, { externalId: 'UNDATED' });
  });
  afterAll(() => ranges.close());

  async function find(startDate: string, endDate: string, more = ''): Promise<string[]> {
    const data = succeeded(
      await ranges.query(
        `query ($startDate: Date!, $endDate: Date!) {
           findSeriesByDateRange(startDate: $startDate, endDate: $endDate ${more}) { externalId } }`,
        { startDate, endDate },
      ),
    );
    return data.findSeriesByDateRange.map(({ externalId }: Found) => externalId);
  }

  it.each([
    ['the day before the first observation', '1999-01-01', '1999-12-31', []],
    ['the first observation', '1999-01-01', '2000-01-01', ['OBSERVED']],
    ['between observations', '2005-01-01', '2005-01-01', ['OBSERVED']],
    ['where two series touch', '2010-01-01', '2010-01-01', ['DECLARED', 'OBSERVED']],
    ['the day after the last observation', '2010-01-02', '2010-01-02', ['DECLARED']],
    ['the declared end', '2020-01-01', '2020-01-01', ['DECLARED', 'ENDLESS']],
    ['far behind the declared end', '2050-01-01', '9999-12-31', ['ENDLESS']],
    ['all of time', '0001-01-01', '9999-12-31', ['DECLARED', 'ENDLESS', 'OBSERVED']],
  ])('finds series at %s', async (_, start, end, expected) => {
    expect(await find(start, end)).toEqual(expected);
  });

  it('answers pages', async () => {
    expect(await find('0001-01-01', '9999-12-31', 'limit: 1, offset: 1')).toEqual(['ENDLESS']);
  });

  it('refuses an end before the start, and pages out of bounds', async () => {
    const range = (args: string) => ranges.query(`{ findSeriesByDateRange(${args}) { id } }`);
    expectRefused(await range('startDate: "2020-01-02", endDate: "2020-01-01"'), 'startDate');
    const days = 'startDate: "2020-01-01", endDate: "2020-01-01"';
    expectRefused(await range(`${days}, limit: 0`), 'limit');
    expectRefused(await range(`${days}, limit: 1001`), 'limit');
    expectRefused(await range(`${days}, offset: -1`), 'offset');
  });
});

describe('catalogStats and dataFreshness', () => {
  it('sum up what is stored', async () => {
    const other = await startTestApp();
    const nothing = `{ catalogStats { seriesCount activeSeriesCount sourceCount dataPointCount
      dataPointBytes firstDate lastDate lastRevisionDate frequencies { frequency seriesCount } }
      dataFreshness { sourceId seriesCount lastDate lastRevisionDate lastWrittenAt source { name } } }`;
    expect(succeeded(await other.query(nothing))).toEqual({
      catalogStats: {
        seriesCount: 0,
        activeSeriesCount: 0,
        sourceCount: 0,
        dataPointCount: 0,
        dataPointBytes: 0,
        firstDate: null,
        lastDate: null,
        lastRevisionDate: null,
        frequencies: [],
      },
      dataFreshness: [],
    });

    succeeded(
      await other.query(
        `mutation { createSource(input: { id: "${SOURCE_A}", name: "Bureau" }) { id } }`,
      ),
    );
    const early = await createSeries(other, { sourceId: SOURCE_A });
    await createSeries(other, { sourceId: SOURCE_A, isActive: false });
    const late = await createSeries(other, { sourceId: SOURCE_B, frequency: 'daily' });
    await createPoints(other, early.id, [
      { date: '1913-01-01', value: '9.8', revisionDate: '2020-02-01' },
      { date: '1913-01-01', value: '9.9', revisionDate: '2020-03-01' },
    ]);
    const { dataPoints } = await createPoints(other, late.id, [
      { date: '2024-05-01', value: '1', revisionDate: '2024-05-02' },
    ]);

    const unflushed = succeeded(await other.query(nothing));
    await other.app.get(DataDirectory).flush();
    const { catalogStats, dataFreshness } = succeeded(await other.query(nothing));
    // The bytes are those of files; nothing else waits for them.
    expect(unflushed).toEqual({
      catalogStats: { ...catalogStats, dataPointBytes: expect.any(Number) },
      dataFreshness,
    });
    expect(catalogStats).toEqual({
      seriesCount: 3,
      activeSeriesCount: 2,
      sourceCount: 1,
      dataPointCount: 3,
      dataPointBytes: expect.any(Number),
      firstDate: '1913-01-01',
      lastDate: '2024-05-01',
      lastRevisionDate: '2024-05-02',
      frequencies: [
        { frequency: 'monthly', seriesCount: 2 },
        { frequency: 'daily', seriesCount: 1 },
      ],
    });
    expect(catalogStats.dataPointBytes).toBeGreaterThan(0);
    expect(dataFreshness).toEqual([
      {
        sourceId: SOURCE_B,
        seriesCount: 1,
        lastDate: '2024-05-01',
        lastRevisionDate: '2024-05-02',
        lastWrittenAt: dataPoints[0]!.createdAt,
        source: null,
      },
      {
        sourceId: SOURCE_A,
        seriesCount: 2,
        lastDate: '1913-01-01',
        lastRevisionDate: '2020-03-01',
        lastWrittenAt: expect.any(String),
        source: { name: 'Bureau' },
      },
    ]);
    await other.close();
  });
});

describe('the fields of a series', () => {
  it('tell what is stored of it', async () => {
    const { id } = await createSeries(app, seriesInput());
    const ask = async () =>
      succeeded(
        await app.query(
          `query ($id: UUID!) { series(id: $id) { dataPointCount firstDate lastDate
            revisionDates { revisionDate addedCount revisedCount withdrawnCount } source { name } } }`,
          { id },
        ),
      ).series;
    expect(await ask()).toEqual({
      dataPointCount: 0,
      firstDate: null,
      lastDate: null,
      revisionDates: [],
      source: null,
    });

    await createPoints(app, id, [
      { date: '2020-02-01', value: '1', revisionDate: '2020-03-10' },
      { date: '2020-01-01', value: '1', revisionDate: '2020-03-10' },
      { date: '2020-01-01', value: '1', revisionDate: '2020-02-10' },
    ]);
    expect(await ask()).toEqual({
      dataPointCount: 3,
      firstDate: '2020-01-01',
      lastDate: '2020-02-01',
      revisionDates: [
        { revisionDate: '2020-02-10', addedCount: 1, revisedCount: 0, withdrawnCount: 0 },
        // The value of January was published again as it was.
        { revisionDate: '2020-03-10', addedCount: 1, revisedCount: 0, withdrawnCount: 0 },
      ],
      source: null,
    });
  });

  it('are not answered for a field that does not exist', async () => {
    const error = failed(await app.query('{ listSeries { nope } }'));
    expect(error.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
  });
});
