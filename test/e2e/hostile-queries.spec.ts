// Queries that are meant to harm: what they make the service keep, throw or do in one go.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Answers } from '../../src/graphql/answers/answers.js';
import { Questions } from '../../src/graphql/answers/questions.js';
import { createPoints, createSeries, unknownId } from '../support/factories.js';
import { cacheMark, exchange, posted, type WireAnswer } from '../support/graphql-http.js';
import { longestTurn } from '../support/longest-turn.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const ROWS = 1000;
const SERIES = 100;

let app: TestApp;
let reference: TestApp;
const ids: string[] = [];

beforeAll(async () => {
  app = await startTestApp();
  reference = await startTestApp({ graphqlExecutor: 'reference' });
  const first = Date.UTC(1970, 0, 1);
  const points = Array.from({ length: ROWS }, (_, day) => ({
    date: new Date(first + day * 86_400_000).toISOString().slice(0, 10),
    revisionDate: '2024-01-01',
    value: String(day),
  }));
  for (let index = 0; index < SERIES; index++) {
    const { id } = await createSeries(app);
    ids.push(id);
    await createPoints(app, id, points);
  }
});
afterAll(async () => {
  await app.close();
  await reference.close();
});

const ask = (body: string, on = app): Promise<WireAnswer> =>
  exchange(on.url, { ...posted({}), body });

describe('a number that no double holds', () => {
  const body = (limit: string) =>
    `{"query":"query($id: UUID!, $l: Int) { dataPoints(seriesId: $id, limit: $l) { date } }",` +
    `"variables":{"id":"${ids[0]}","l":${limit}}}`;

  it.each(['1e400', '-1e400'])('%s is not null, and not answered like it', async (number) => {
    for (const _ of ['made', 'kept']) expect((await ask(body('null'))).status).toBe(200);
    const answer = await ask(body(number));
    expect(answer.status).toBe(400);
    expect(cacheMark(answer)).not.toBe('HIT');
  });
});

describe('what is nested more deeply than a stack is', () => {
  const nested = (text: string, times: number, end: string) =>
    text.repeat(times) + end.repeat(times);
  const bodies: [string, string][] = [
    [
      'in variables',
      `{"query":"query($x: UUID!) { series(id: $x) { id } }","variables":{"x":${nested('[', 20_000, ']')}}}`,
    ],
    ['in an argument', JSON.stringify({ query: `{series(id:${nested('[', 5000, ']')}){id}}` })],
    ['in selections', JSON.stringify({ query: nested('{a', 10_000, '}') })],
  ];

  it.each(bodies)('%s is refused as the reference executor refuses it', async (_, body) => {
    const [answer, expected] = [await ask(body), await ask(body, reference)];
    expect(answer.status).toBe(400);
    expect([answer.status, answer.text]).toEqual([expected.status, expected.text]);
    expect((await ask('{"query":"{health}"}')).status).toBe(200);
  });
});

describe('what is kept of a request', () => {
  const query = 'query($e: String!) { findSeriesByExternalId(externalId: $e) { id } }';

  it('is short, however long its variables are', () => {
    const question = app.app
      .get(Questions)
      .ofBody({ query, variables: { e: 'x'.repeat(100_000) } });
    expect(question!.key.length).toBeLessThan(100);
  });

  it('is another key for each of them', () => {
    const keys = ['a', 'b'].map((letter) => {
      const variables = { e: letter.repeat(100_000) };
      return app.app.get(Questions).ofBody({ query, variables })!.key;
    });
    expect(new Set(keys).size).toBe(2);
  });

  it('is not remembered by its text where it is no query, or came once only', async () => {
    const bodies = [
      '{"query":"{ nope }"}',
      '{"query":"mutation { deleteSeries(id: \\"x\\") }"}',
      '[{"query":"{health}"}]',
    ];
    for (const body of bodies) {
      await ask(body);
      await ask(body);
      expect(app.app.get(Questions).known(body)).toBeUndefined();
    }
    const body = '{"query":"{ sources { id } }"}';
    await ask(body);
    expect(app.app.get(Questions).known(body)).toBeUndefined();
    await ask(body);
    expect(app.app.get(Questions).known(body)).toBeDefined();
  });
});

describe('an answer of many short lists', () => {
  it('is written in turns, and by the clock: identifiers take ten times as long as dates', async () => {
    const query = 'query($ids: [UUID!]!) { seriesByIds(ids: $ids) { dataPoints { id date } } }';
    const question = app.app.get(Questions).ofBody({ query, variables: { ids: ids.slice(0, 40) } });
    const answers = app.app.get(Answers);
    // Compiled, and read into memory.
    await answers.answer(question!, {});
    let bytes = 0;
    const turn = await longestTurn(async () => {
      const answer = await answers.answer(question!, {});
      bytes = answer && 'body' in answer ? answer.body.length : 0;
    });
    expect(bytes).toBeGreaterThan(1_000_000);
    // CPU time of the thread, which a busy machine doubles; in one go the 40,000 rows take more than 400.
    expect(turn).toBeLessThan(150);
  });

  it('of more than 50,000 rows is sent while it is written, and not kept', async () => {
    const body = JSON.stringify({
      query: 'query($ids: [UUID!]!) { seriesByIds(ids: $ids) { dataPoints { date } } }',
      variables: { ids },
    });
    for (const _ of ['first', 'second']) {
      const answer = await ask(body);
      expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', 'x-cache': 'MISS' });
      const { data } = JSON.parse(answer.text) as { data: { seriesByIds: { dataPoints: [] }[] } };
      expect(data.seriesByIds.map(({ dataPoints }) => dataPoints.length)).toEqual(
        ids.map(() => ROWS),
      );
    }
  });
});

describe('a query that fails in one place', () => {
  it('is answered in full by the reference executor, byte for byte', async () => {
    const query = `{ a: series(id: "${ids[0]}") { title } b: dataPoints(seriesId: "${unknownId()}") { date } }`;
    const answer = await ask(JSON.stringify({ query }));
    const body = JSON.parse(answer.text) as { data: { a: unknown; b: unknown }; errors: unknown[] };
    expect(body.data.a).not.toBeNull();
    expect(body.data.b).toBeNull();
    expect(body.errors).toHaveLength(1);
  });
});
