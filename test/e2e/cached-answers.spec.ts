// Answers from memory, as HTTP shows them: what is kept and for how long, entity tags, persisted queries,
// compression, and answers that are too large to be any of that.

import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { DataDirectory } from '../../src/storage/data-directory.js';
import { damagePointsFile } from '../support/damaged-points.js';
import {
  createPoints,
  createSeries,
  succeeded,
  tryUpdateSeries,
  unknownId,
  type SeriesAnswer,
} from '../support/factories.js';
import {
  cacheMark,
  connections,
  exchange,
  got,
  jsonOf,
  persisted,
  posted,
  sha256,
  zstdDecompress,
  type GraphqlRequest,
  type WireAnswer,
} from '../support/graphql-http.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { largePoints } from '../support/varied-store.js';

const POINT = { date: '2024-01-01', revisionDate: '2024-02-01' };

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

function ask(query: string, variables?: unknown, headers?: Record<string, string>) {
  const request = variables === undefined ? { query } : { query, variables };
  return exchange(app.url, posted(request, headers));
}

async function markOf(query: string, variables?: unknown): Promise<string | undefined> {
  const answer = await ask(query, variables);
  expect(answer.status, answer.text).toBe(200);
  return cacheMark(answer);
}

/** Asserts that it is answered from memory, after being asked for once if need be. */
async function keep(query: string): Promise<WireAnswer> {
  await ask(query);
  const answer = await ask(query);
  expect(cacheMark(answer), query).toBe('HIT');
  return answer;
}

async function seriesWithPoint(value = '1'): Promise<SeriesAnswer> {
  const series = await createSeries(app);
  await createPoints(app, series.id, [{ ...POINT, value }]);
  return series;
}

const titleOf = (id: string) => `{ series(id: "${id}") { title } }`;
const pointsOf = (id: string) => `{ series(id: "${id}") { title dataPoints { value } } }`;

async function mutate(query: string, variables?: Record<string, unknown>): Promise<void> {
  succeeded(await app.query(query, variables));
}

describe('a repeated query', () => {
  it('is answered from memory the second time, with the same bytes', async () => {
    const { id } = await seriesWithPoint('4.5');
    const first = await ask(pointsOf(id));
    const second = await ask(pointsOf(id));
    expect([first, second].map(cacheMark)).toEqual(['MISS', 'HIT']);
    expect(jsonOf(first).data.series.dataPoints).toEqual([{ value: '4.5' }]);
    expect(second.sent).toEqual(first.sent);
    expect(second.headers['content-type']).toBe(first.headers['content-type']);
  });

  it('is answered from memory where there is nothing', async () => {
    const query = titleOf(unknownId());
    expect(jsonOf(await keep(query))).toEqual({ data: { series: null } });
  });

  it('is the same however it is spaced, commented and ordered', async () => {
    const { id } = await seriesWithPoint();
    const query =
      'query Q($a: UUID!, $n: Int) { series(id: $a) { dataPoints(limit: $n) { value } } }';
    expect(await markOf(query, { a: id, n: 1 })).toBe('MISS');
    expect(await markOf(query, { n: 1, a: id })).toBe('HIT');
    const spaced = `# a comment\nquery Q ( $a : UUID ! , $n:Int )\n{series(id:$a){dataPoints(limit:$n),{value}}}`;
    expect(await markOf(spaced, { a: id, n: 1 })).toBe('HIT');
    const byGet = await exchange(app.url, got({ query: spaced, variables: { n: 1, a: id } }));
    expect(cacheMark(byGet)).toBe('HIT');
  });

  it('is another one with other variables, null and nothing among them', async () => {
    const series = await createSeries(app);
    const points = ['01', '02', '03'].map((month) => ({
      date: `2024-${month}-01`,
      revisionDate: '2024-06-01',
      value: month,
    }));
    await createPoints(app, series.id, points);
    const query =
      'query ($id: UUID!, $n: Int = 2, $to: Date) { dataPoints(seriesId: $id, limit: $n, endDate: $to) { date } }';
    const { id } = series;
    const cases: [Record<string, unknown>, number][] = [
      [{ id }, 2],
      [{ id, n: 1 }, 1],
      [{ id, n: null }, 3],
      [{ id, n: 2 }, 2],
      [{ id, n: 3, to: '2024-02-01' }, 2],
      [{ id, n: 3, to: null }, 3],
      [{ id, n: 3, to: '2024-01-01' }, 1],
    ];
    for (let round = 0; round < 2; round++) {
      for (const [variables, count] of cases) {
        const answer = jsonOf(await ask(query, variables));
        expect(answer.data.dataPoints, JSON.stringify(variables)).toHaveLength(count);
      }
    }
  });

  it('is another one where a text says a number, or a list one value', async () => {
    const query = 'query ($n: Int!) { listSeries(limit: $n) { id } }';
    expect((await ask(query, { n: 1 })).status).toBe(200);
    expect((await ask(query, { n: 1 })).status).toBe(200);
    expect((await ask(query, { n: '1' })).status).toBe(400);
    expect((await ask(query, { n: [1] })).status).toBe(400);
    expect((await ask(query, { n: true })).status).toBe(400);
    expect((await ask(query, { n: null })).status).toBe(400);
    expect((await ask(query, {})).status).toBe(400);
  });

  it('is another one for another operation of the same document', async () => {
    const { id, title, externalId } = await createSeries(app);
    const query = `query A { series(id: "${id}") { title } } query B { series(id: "${id}") { externalId } }`;
    for (let round = 0; round < 2; round++) {
      const a = await exchange(app.url, posted({ query, operationName: 'A' }));
      expect(jsonOf(a)).toEqual({ data: { series: { title } } });
      const b = await exchange(app.url, posted({ query, operationName: 'B' }));
      expect(jsonOf(b)).toEqual({ data: { series: { externalId } } });
      const neither = await exchange(app.url, posted({ query }));
      expect(jsonOf(neither).errors[0].extensions.code).toBe('OPERATION_RESOLUTION_FAILURE');
    }
  });

  it('is another one where a text only looks like spaces and comments', async () => {
    const series = await createSeries(app, { title: 'one  two # three' });
    const search = (text: string) => `{ listSeries(filter: { titleContains: "${text}" }) { id } }`;
    for (let round = 0; round < 2; round++) {
      expect(jsonOf(await ask(search('one  two #'))).data.listSeries).toEqual([{ id: series.id }]);
      expect(jsonOf(await ask(search('one two #'))).data.listSeries).toEqual([]);
      expect(jsonOf(await ask(search('one  two,#'))).data.listSeries).toEqual([]);
    }
  });

  it('keeps the order in which its fields were asked for', async () => {
    const { id } = await createSeries(app);
    const [a, b] = [`{ series(id: "${id}") { id title } }`, `{ series(id: "${id}") { title id } }`];
    await keep(a);
    expect(Object.keys(jsonOf(await ask(b)).data.series as object)).toEqual(['title', 'id']);
    expect(Object.keys(jsonOf(await keep(a)).data.series as object)).toEqual(['id', 'title']);
  });

  it('has the type that each client accepts', async () => {
    const { id } = await createSeries(app);
    const types = {
      'application/json': /^application\/json/,
      'application/graphql-response+json': /^application\/graphql-response\+json/,
      '*/*': /^application\/json/,
    };
    for (let round = 0; round < 2; round++) {
      for (const [accept, type] of Object.entries(types)) {
        const answer = await ask(titleOf(id), undefined, { accept });
        expect(answer.headers['content-type']).toMatch(type);
        expect(answer.headers['vary']).toMatch(/\baccept\b(?!-)/i);
      }
      expect((await ask(titleOf(id), undefined, { accept: 'text/html' })).status).toBe(406);
    }
  });

  it.each([
    ['the state of the service', () => '{ health }', 200],
    ['the state of the service under another name', () => '{ title: health }', 200],
    [
      'the state of the service in a fragment',
      () => '{ ...F } fragment F on Query { health }',
      200,
    ],
    ['an error', () => `{ dataPoints(seriesId: "${unknownId()}") { id } }`, 200],
    [
      'an error beside data',
      () => `{ sources { id } dataPoints(seriesId: "${unknownId()}") { id } }`,
      200,
    ],
    ['what is not valid', () => '{ nope }', 400],
    ['what does not parse', () => '{', 400],
    ['a bad argument', () => '{ listSeries(limit: 0) { id } }', 200],
  ])('for %s is never answered from memory', async (_what, query, status) => {
    const text = query();
    for (let round = 0; round < 3; round++) {
      const answer = await ask(text);
      expect(answer.status).toBe(status);
      expect(cacheMark(answer)).not.toBe('HIT');
      expect(answer.headers['etag']).toBeUndefined();
      expect(answer.headers['cache-control']).toMatch(/no-store/);
    }
  });

  it('is not what a mutation is', async () => {
    const { id } = await createSeries(app);
    const query =
      'mutation ($id: UUID!) { updateSeries(id: $id, input: { title: "Again" }) { title } }';
    for (let round = 0; round < 2; round++) {
      const answer = await ask(query, { id });
      expect(jsonOf(answer).data.updateSeries).toEqual({ title: 'Again' });
      expect(cacheMark(answer)).not.toBe('HIT');
      expect(answer.headers['etag']).toBeUndefined();
      expect(answer.headers['cache-control']).toMatch(/no-store/);
    }
  });
});

describe('a write', () => {
  it('to a series is seen at once, and leaves answers about others in memory', async () => {
    const [a, b] = [await seriesWithPoint(), await seriesWithPoint()];
    await keep(pointsOf(a.id));
    await keep(pointsOf(b.id));
    await createPoints(app, a.id, [{ ...POINT, value: '2' }]);
    expect(await markOf(pointsOf(b.id))).toBe('HIT');
    const after = await ask(pointsOf(a.id));
    expect(cacheMark(after)).toBe('MISS');
    expect(jsonOf(after).data.series.dataPoints).toEqual([{ value: '2' }]);
    await keep(pointsOf(a.id));
  });

  it.each<[string, (id: string) => Promise<unknown>]>([
    ['a correction', (id) => createPoints(app, id, [{ ...POINT, value: '7' }])],
    ['a new point', (id) => createPoints(app, id, [{ ...POINT, date: '2024-03-01', value: '7' }])],
    ['a deletion of points', (id) => mutate(`mutation { deleteDataPoints(seriesId: "${id}") }`)],
    [
      'a vintage',
      (id) =>
        mutate(
          `mutation { publishVintage(seriesId: "${id}", revisionDate: "2024-05-01",
             points: [{ date: "2024-01-01", value: "8" }]) { revisedCount } }`,
        ),
    ],
    ['a deletion of the series', (id) => mutate(`mutation { deleteSeries(id: "${id}") }`)],
    ['a change of the metadata', (id) => tryUpdateSeries(app, id, { title: 'Changed' })],
  ])('that is %s outdates what was known of its series', async (_what, write) => {
    const [a, b] = [await seriesWithPoint(), await seriesWithPoint()];
    const query = `{ a: series(id: "${a.id}") { title dataPoints(revisions: ALL) { value } dataPointCount } }`;
    const before = await keep(query);
    await keep(pointsOf(b.id));
    await write(a.id);
    const after = await ask(query);
    expect(cacheMark(after)).toBe('MISS');
    expect(after.text).not.toBe(before.text);
    expect(await markOf(pointsOf(b.id))).toBe('HIT');
  });

  it('that is refused outdates nothing of the series', async () => {
    const { id } = await seriesWithPoint();
    await keep(pointsOf(id));
    const { errors } = await tryUpdateSeries(app, id, { title: '' });
    expect(errors).toHaveLength(1);
    expect(await markOf(pointsOf(id))).toBe('HIT');
  });

  it('of a new series is seen by every list, search and look-up', async () => {
    const prefix = `NEW_${unknownId().slice(0, 8)}`;
    const queries = [
      `{ listSeries(filter: { externalIdPrefix: "${prefix}" }) { externalId } }`,
      `{ list: seriesConnection(filter: { externalIdPrefix: "${prefix}" }) { totalCount } }`,
      `{ searchSeries(text: "${prefix}") { externalId } }`,
      `{ findSeriesByExternalId(externalId: "${prefix}") { externalId } }`,
      `{ findSeriesByDateRange(startDate: "1700-01-01", endDate: "1700-12-31") { externalId } }`,
      '{ catalogStats { seriesCount } }',
    ];
    const before = [];
    for (const query of queries) before.push((await keep(query)).text);
    await createSeries(app, {
      externalId: prefix,
      title: prefix,
      startDate: '1700-01-01',
      endDate: '1700-12-31',
    });
    for (const [at, query] of queries.entries()) {
      expect((await ask(query)).text, query).not.toBe(before[at]);
    }
  });

  it('of a series that was looked for in vain is seen by who asked for its id', async () => {
    const id = unknownId();
    const query = `{ series(id: "${id}") { title } seriesByIds(ids: ["${id}"]) { title } }`;
    await keep(query);
    await createSeries(app, { id, title: 'Here' });
    const title = 'Here';
    expect(jsonOf(await ask(query)).data).toEqual({ series: { title }, seriesByIds: [{ title }] });
  });

  it('of a source is seen by every field that names it', async () => {
    const id = unknownId();
    const series = await createSeries(app, { sourceId: id });
    const queries = [
      `{ series(id: "${series.id}") { source { name } } }`,
      `{ source(id: "${id}") { name } }`,
      '{ sources { id name } }',
      '{ dataFreshness { sourceId source { name } } }',
      '{ catalogStats { sourceCount } }',
    ];
    const before = [];
    for (const query of queries) before.push((await keep(query)).text);
    await mutate('mutation ($input: CreateSourceInput!) { createSource(input: $input) { id } }', {
      input: { id, name: 'First name' },
    });
    for (const [at, query] of queries.entries()) {
      expect((await ask(query)).text, query).not.toBe(before[at]);
    }
    for (const query of queries.slice(0, 4))
      expect((await keep(query)).text).toContain('First name');
    await mutate(
      'mutation ($id: UUID!) { updateSource(id: $id, input: { name: "Second" }) { id } }',
      {
        id,
      },
    );
    for (const query of queries.slice(0, 4)) expect((await ask(query)).text).toContain('Second');
  });

  it('of any kind is seen by the statistics of the catalogue', async () => {
    const query = '{ catalogStats { seriesCount dataPointCount activeSeriesCount lastDate } }';
    const { id } = await createSeries(app);
    const changes: (() => Promise<unknown>)[] = [
      () => createSeries(app),
      () => createPoints(app, id, [{ ...POINT, value: '1' }]),
      () => createPoints(app, id, [{ ...POINT, date: '9999-12-31', value: '1' }]),
      () => tryUpdateSeries(app, id, { isActive: false }),
      () => mutate(`mutation { deleteDataPoints(seriesId: "${id}") }`),
      () => mutate(`mutation { deleteSeries(id: "${id}") }`),
    ];
    for (const change of changes) {
      const before = await keep(query);
      await change();
      expect((await ask(query)).text).not.toBe(before.text);
    }
  });

  it('through Parquet files changes nothing but where it is kept', async () => {
    const { id } = await seriesWithPoint('3');
    const before = await keep(pointsOf(id));
    await app.app.get(DataDirectory).flush();
    expect((await ask(pointsOf(id))).text).toBe(before.text);
  });

  it('to many series in one call outdates each of them', async () => {
    const many = [await seriesWithPoint(), await seriesWithPoint(), await seriesWithPoint()];
    for (const { id } of many) await keep(pointsOf(id));
    const inputs = many.map(({ id }) => ({ seriesId: id, ...POINT, value: '9' }));
    await mutate(
      'mutation ($inputs: [CreateDataPointInput!]!) { createDataPoints(inputs: $inputs) { addedCount } }',
      { inputs },
    );
    for (const { id } of many) {
      expect(jsonOf(await ask(pointsOf(id))).data.series.dataPoints).toEqual([{ value: '9' }]);
    }
  });
});

describe('damage that is found out', () => {
  it('ends the life of answers that did not know of it', async () => {
    const own = await startTestApp({ cacheTtlSeconds: 3600, cacheBytesMax: 0 });
    const { id } = await createSeries(own);
    await createPoints(own, id, [{ ...POINT, value: '1' }]);
    await own.app.get(DataDirectory).flush();
    const query = `{ series(id: "${id}") { dataPointCount } catalogStats { dataPointCount } }`;
    const wire = posted({ query });
    await exchange(own.url, wire);
    expect(cacheMark(await exchange(own.url, wire))).toBe('HIT');
    await damagePointsFile(own.dataDir, id);
    const { errors } = await own.query(`{ dataPoints(seriesId: "${id}") { value } }`);
    expect(errors?.[0]?.extensions.code).toBe('STORAGE_ERROR');
    const after = await exchange(own.url, wire);
    expect(cacheMark(after)).not.toBe('HIT');
    expect(jsonOf(after).data.series.dataPointCount).toBeNull();
    expect(jsonOf(after).errors[0].extensions.code).toBe('STORAGE_ERROR');
    await own.close();
  });
});

describe('the settings', () => {
  it('RESPONSE_CACHE_BYTES_MAX=0 keeps no answers', async () => {
    const own = await startTestApp({ responseCacheBytesMax: 0 });
    for (let round = 0; round < 3; round++) {
      const answer = await exchange(own.url, posted({ query: '{ sources { id } }' }));
      expect(cacheMark(answer)).not.toBe('HIT');
      expect(jsonOf(answer)).toEqual({ data: { sources: [] } });
    }
    await own.close();
  });

  it('RESPONSE_CACHE_BYTES_MAX bounds what is kept: the older answers go', async () => {
    const own = await startTestApp({ responseCacheBytesMax: 40_000 });
    const marks = async (from: number, to: number): Promise<(string | undefined)[]> => {
      const found = [];
      for (let n = from; n < to; n++) {
        const query = `{ sources { id } a${n}: __typename }`;
        found.push(cacheMark(await exchange(own.url, posted({ query }))));
      }
      return found;
    };
    await marks(0, 200);
    await marks(199, 200);
    const again = await marks(0, 200);
    expect(again.filter((mark) => mark === 'HIT').length).toBeLessThan(100);
    await own.close();
  });

  it('GRAPHQL_EXECUTOR=reference marks no answer, and gives the same', async () => {
    const own = await startTestApp({ graphqlExecutor: 'reference' });
    const answer = await exchange(own.url, posted({ query: '{ sources { id } }' }));
    expect(cacheMark(answer)).toBeUndefined();
    expect(jsonOf(answer)).toEqual({ data: { sources: [] } });
    await own.close();
  });
});

describe('an entity tag', () => {
  it.each<
    [string, (request: GraphqlRequest, headers: Record<string, string>) => ReturnType<typeof got>]
  >([
    ['GET', got],
    ['POST', posted],
  ])('of what has not changed spares the answer to a %s', async (_method, wire) => {
    const { id } = await seriesWithPoint();
    const query = pointsOf(id);
    const first = await exchange(app.url, wire({ query }, {}));
    const etag = String(first.headers['etag']);
    expect(etag).toMatch(/^(W\/)?"[^"]+"$/);
    expect(first.headers['cache-control']).toMatch(/no-cache|max-age=0/);
    for (const named of [etag, `"other", ${etag}`, '*', etag.replace(/^W\//, '')]) {
      const again = await exchange(app.url, wire({ query }, { 'if-none-match': named }));
      expect([again.status, again.sent.length], named).toEqual([304, 0]);
      expect(again.headers['etag']).toBe(etag);
      expect(again.headers['vary']).toBe(first.headers['vary']);
      expect(again.headers['content-encoding']).toBeUndefined();
    }
  });

  it('of what has changed, or of nothing, spares nothing', async () => {
    const { id } = await seriesWithPoint();
    const query = pointsOf(id);
    const etag = String((await exchange(app.url, got({ query }))).headers['etag']);
    await createPoints(app, id, [{ ...POINT, value: '2' }]);
    for (const named of [etag, '"other"', '', 'x', etag.slice(1)]) {
      const answer = await exchange(app.url, got({ query }, { 'if-none-match': named }));
      expect(answer.status).toBe(200);
      expect(jsonOf(answer).data.series.dataPoints).toEqual([{ value: '2' }]);
      expect(answer.headers['etag']).not.toBe(etag);
    }
  });

  it('spares nothing where the answer has an error', async () => {
    const query = `{ dataPoints(seriesId: "${unknownId()}") { id } }`;
    const answer = await exchange(app.url, got({ query }, { 'if-none-match': '*' }));
    expect(answer.status).toBe(200);
    expect(jsonOf(answer).errors).toHaveLength(1);
  });

  it('is the same for the same answer, and another for another', async () => {
    const { id } = await seriesWithPoint();
    const tagOf = async (query: string) =>
      (await exchange(app.url, got({ query }))).headers['etag'];
    expect(await tagOf(titleOf(id))).toBe(await tagOf(titleOf(id)));
    expect(await tagOf(titleOf(id))).not.toBe(await tagOf(pointsOf(id)));
  });
});

describe('a GET request', () => {
  it('answers what a POST answers', async () => {
    const { id } = await seriesWithPoint();
    const query =
      'query Points($id: UUID!) { dataPoints(seriesId: $id) { value } } query Other { sources { id } }';
    const request = { query, variables: { id }, operationName: 'Points' };
    const byPost = await exchange(app.url, posted(request));
    const byGet = await exchange(app.url, got(request));
    expect(byGet.text).toBe(byPost.text);
    expect(cacheMark(byGet)).toBe('HIT');
    expect(byGet.headers['etag']).toBe(byPost.headers['etag']);
  });

  it('without a sign that a page may send it is refused, known answer or not', async () => {
    const query = '{ sources { id } }';
    await keep(query);
    const { path } = got({ query });
    const answer = await exchange(app.url, { path: path! });
    expect(answer.status).toBe(400);
    expect(cacheMark(answer)).not.toBe('HIT');
  });

  it('may not change anything', async () => {
    const { id } = await createSeries(app);
    const query = `mutation { deleteSeries(id: "${id}") }`;
    const answer = await exchange(app.url, got({ query }));
    expect(answer.status).toBe(405);
    expect(answer.headers['allow']).toBe('POST');
    expect(jsonOf(await ask(titleOf(id))).data.series).not.toBeNull();
  });

  it.each([
    ['variables that are no JSON', '&variables={'],
    ['variables that are a list', '&variables=[1]'],
    ['variables that are a text', '&variables="x"'],
    ['variables given twice', '&variables={}&variables={}'],
    ['two queries', '&query={health}'],
    ['two operation names', '&operationName=A&operationName=B'],
    ['extensions that are no JSON', '&extensions={'],
  ])('with %s is refused', async (_what, rest) => {
    const path = encodeURI(`/graphql?query={ sources { id } }${rest}`);
    const headers = { 'apollo-require-preflight': 'yes' };
    await exchange(app.url, { path: encodeURI('/graphql?query={ sources { id } }'), headers });
    const answer = await exchange(app.url, { path, headers });
    expect(answer.status).toBe(400);
    expect(jsonOf(answer).errors[0].extensions.code).toBe('BAD_REQUEST');
  });

  it('is what a HEAD request is, without a body', async () => {
    const query = '{ sources { id } }';
    const answer = await exchange(app.url, { ...got({ query }), method: 'HEAD' });
    expect(answer.sent).toHaveLength(0);
    expect([200, 404, 405]).toContain(answer.status);
  });
});

describe('a persisted query', () => {
  const byHash = (query: string, variables?: unknown): GraphqlRequest => ({
    extensions: persisted(sha256(query)),
    ...(variables === undefined ? {} : { variables }),
  });

  it('is known by its hash once it was sent, by POST and by GET', async () => {
    const { id, title } = await createSeries(app);
    const query = `query Persisted${unknownId().slice(0, 8)}($id: UUID!) { series(id: $id) { title } }`;
    for (const wire of [posted, got]) {
      const unknown = await exchange(app.url, wire(byHash(query, { id })));
      expect(jsonOf(unknown).errors[0]).toMatchObject({
        message: 'PersistedQueryNotFound',
        extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' },
      });
      expect(cacheMark(unknown)).not.toBe('HIT');
      expect(unknown.headers['cache-control']).toMatch(/no-store|no-cache/);
    }
    const registered = await exchange(app.url, posted({ ...byHash(query, { id }), query }));
    expect(jsonOf(registered)).toEqual({ data: { series: { title } } });
    for (const wire of [posted, got]) {
      const answer = await exchange(app.url, wire(byHash(query, { id })));
      expect(answer.text).toBe(registered.text);
      expect(cacheMark(answer)).toBe('HIT');
    }
    // With other variables it is another question.
    const other = await exchange(app.url, got(byHash(query, { id: unknownId() })));
    expect(jsonOf(other)).toEqual({ data: { series: null } });
  });

  it('may be registered by GET', async () => {
    const query = `{ a${unknownId().slice(0, 8)}: __typename }`;
    expect((await exchange(app.url, got({ ...byHash(query), query }))).status).toBe(200);
    const answer = await exchange(app.url, posted(byHash(query)));
    expect(jsonOf(answer).data).toEqual(expect.objectContaining({}));
    expect(answer.text).toContain('Query');
  });

  it('under the hash of another text is refused and not kept', async () => {
    const { id } = await createSeries(app);
    const query = titleOf(id);
    await keep(query);
    const wrong = { query, extensions: persisted(sha256(`${query} `)) };
    for (let round = 0; round < 2; round++) {
      const answer = await exchange(app.url, posted(wrong));
      expect(answer.status).toBe(400);
      expect(jsonOf(answer).errors[0].message).toMatch(/sha does not match query/);
      expect(jsonOf(answer).errors[0].extensions.code).toBe('BAD_REQUEST');
    }
    const unknown = await exchange(app.url, posted({ extensions: wrong.extensions }));
    expect(jsonOf(unknown).errors[0].message).toBe('PersistedQueryNotFound');
  });

  it('of another version of the protocol is refused', async () => {
    const query = '{ sources { id } }';
    const extensions = { persistedQuery: { version: 2, sha256Hash: sha256(query) } };
    const answer = await exchange(app.url, posted({ query, extensions }));
    expect(answer.status).toBe(400);
    expect(jsonOf(answer).errors[0].message).toMatch(/version/);
    expect(jsonOf(answer).errors[0].extensions.code).toBe('BAD_REQUEST');
  });

  it('that changes something works by POST, every time, and never by GET', async () => {
    const { id } = await createSeries(app);
    const query =
      'mutation ($id: UUID!, $title: String!) { updateSeries(id: $id, input: { title: $title }) { title } }';
    const variables = (title: string) => ({ id, title });
    await exchange(app.url, posted({ ...byHash(query, variables('One')), query }));
    const two = await exchange(app.url, posted(byHash(query, variables('Two'))));
    expect(jsonOf(two).data.updateSeries).toEqual({ title: 'Two' });
    const three = await exchange(app.url, got(byHash(query, variables('Three'))));
    expect(three.status).toBe(405);
    expect(jsonOf(await ask(titleOf(id))).data.series).toEqual({ title: 'Two' });
  });
});

describe('compression', () => {
  let long: string;
  let plain: WireAnswer;
  beforeAll(async () => {
    const { id } = await createSeries(app);
    await createPoints(app, id, largePoints(0, 2000));
    long = `{ dataPoints(seriesId: "${id}", revisions: ALL) { date revisionDate value } }`;
    plain = await ask(long);
  });

  it('is not used where it was not asked for', () => {
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(plain.sent.length).toBeGreaterThan(50_000);
    expect(jsonOf(plain).data.dataPoints).toHaveLength(2000);
  });

  it.each<[string, string | undefined]>([
    ['gzip', 'gzip'],
    ['br', 'br'],
    ['deflate', undefined],
    ['identity', undefined],
    ['', undefined],
    ['gzip;q=0', undefined],
    ['gzip;q=0, br', 'br'],
    ['br;q=0.1, gzip;q=0.9', 'gzip'],
    ['br;q=0, *;q=0', undefined],
    ['GZIP', 'gzip'],
    ['identity;q=1, gzip;q=0.1', undefined],
    ['nonsense', undefined],
    ...(zstdDecompress ? [['zstd', 'zstd'] as [string, string]] : []),
  ])('for "%s" is %s, of the answer from memory too', async (accepted, expected) => {
    for (let round = 0; round < 2; round++) {
      const answer = await ask(long, undefined, { 'accept-encoding': accepted });
      expect(answer.headers['content-encoding']).toBe(expected);
      expect(answer.headers['vary']).toMatch(/accept-encoding/i);
      expect(answer.text).toBe(plain.text);
      if (expected !== undefined) expect(answer.sent.length).toBeLessThan(plain.sent.length / 3);
      expect(Number(answer.headers['content-length'] ?? answer.sent.length)).toBe(
        answer.sent.length,
      );
      expect(cacheMark(answer)).toBe('HIT');
    }
  });

  it('of several codings that are liked equally takes one', async () => {
    const answer = await ask(long, undefined, { 'accept-encoding': 'gzip, deflate, br' });
    expect(['gzip', 'br']).toContain(answer.headers['content-encoding']);
    expect(answer.text).toBe(plain.text);
  });

  it('is not spent on small answers', async () => {
    const answer = await ask('{ sources { id } }', undefined, { 'accept-encoding': 'gzip, br' });
    expect(answer.headers['content-encoding']).toBeUndefined();
  });

  it('leaves entity tags usable', async () => {
    const headers = { 'accept-encoding': 'gzip' };
    const packed = await exchange(app.url, got({ query: long }, headers));
    const etag = String(packed.headers['etag']);
    const again = await exchange(
      app.url,
      got({ query: long }, { ...headers, 'if-none-match': etag }),
    );
    expect([again.status, again.sent.length]).toEqual([304, 0]);
    // A strong tag names bytes, and those of another coding are others.
    const other = await exchange(app.url, got({ query: long }, { 'accept-encoding': 'br' }));
    if (!etag.startsWith('W/')) expect(other.headers['etag']).not.toBe(etag);
  });
});

describe('a large answer', () => {
  const POINTS = 200_000;
  let large: TestApp;
  let id: string;
  let all: string;
  beforeAll(async () => {
    large = await startTestApp({ writePointsMax: 50_000 });
    ({ id } = await createSeries(large));
    for (let from = 0; from < POINTS; from += 50_000) {
      const inputs = largePoints(from, 50_000).map((point) => ({ ...point, seriesId: id }));
      const created = await large.query(
        'mutation ($inputs: [CreateDataPointInput!]!) { createDataPoints(inputs: $inputs) { addedCount } }',
        { inputs },
      );
      succeeded(created);
    }
    all = `{ dataPoints(seriesId: "${id}", revisions: ALL) { date revisionDate value } }`;
  });
  afterAll(() => large.close());

  const small = () => `{ dataPoints(seriesId: "${id}", limit: 3) { date value } }`;

  async function expectAlive(): Promise<void> {
    const answer = await exchange(large.url, posted({ query: small() }));
    expect(jsonOf(answer).data.dataPoints).toHaveLength(3);
  }

  it.each([undefined, 'gzip', 'br'])(
    'of 200,000 points arrives whole, encoded as %s, while small ones are answered in time',
    async (encoding) => {
      const headers: Record<string, string> = encoding ? { 'accept-encoding': encoding } : {};
      let isUnderWay = true;
      const answered = exchange(large.url, posted({ query: all }, headers)).finally(() => {
        isUnderWay = false;
      });
      const times: number[] = [];
      const agent = connections(10);
      const askSmall = async (): Promise<void> => {
        for (let n = 0; n < 5 || (isUnderWay && n < 500); n++) {
          const started = performance.now();
          const query = `{ dataPoints(seriesId: "${id}", limit: ${1 + (n % 7)}) { date value } }`;
          const answer = await exchange(large.url, posted({ query }), agent);
          times.push(performance.now() - started);
          expect(answer.status).toBe(200);
        }
      };
      await Promise.all(Array.from({ length: 10 }, askSmall));
      const answer = await answered;
      agent.destroy();
      expect(answer.headers['content-encoding']).toBe(encoding);
      const points = jsonOf(answer).data.dataPoints as { date: string; value: string | null }[];
      expect(points).toHaveLength(POINTS);
      expect(points[0]!.date).toBe('1950-01-01');
      expect(Number(points.at(-1)!.value)).toBe(Number(largePoints(POINTS - 1, 1)[0]!.value));
      times.sort((a, b) => a - b);
      expect(times.length).toBeGreaterThanOrEqual(50);
      // Reading the answer takes this same thread, so the bound is generous.
      expect(times[Math.floor(times.length * 0.9)]).toBeLessThan(400);
    },
  );

  /** Sends a request by hand, so that the answer can be left unread. */
  async function opened(): Promise<ReturnType<typeof connect>> {
    const socket = connect(Number(new URL(large.url).port), '127.0.0.1');
    await once(socket, 'connect');
    const body = JSON.stringify({ query: all });
    socket.write(
      `POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
    return socket;
  }

  it('is given up where the client goes away, and nobody else minds', async () => {
    for (let n = 0; n < 10; n++) {
      const socket = await opened();
      await once(socket, 'data');
      socket.destroy();
    }
    await expectAlive();
    expect(large.logger.entries.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('waits for slow readers without piling up in memory', async () => {
    await expectAlive();
    const before = process.memoryUsage().rss;
    const sockets = await Promise.all(Array.from({ length: 8 }, opened));
    for (const socket of sockets) {
      await once(socket, 'data');
      socket.pause();
    }
    for (let n = 0; n < 50; n++) await expectAlive();
    // Eight answers of 13 MB as text would be 104 MB, as objects several times that.
    expect(process.memoryUsage().rss - before).toBeLessThan(400 * 1024 * 1024);
    let bytes = 0;
    sockets[0]!.on('data', (part: Buffer) => (bytes += part.length)).resume();
    await vi.waitFor(() => expect(bytes).toBeGreaterThan(10_000_000), { timeout: 20_000 });
    for (const socket of sockets) socket.destroy();
    await expectAlive();
  });
});
