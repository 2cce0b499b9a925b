// Whoever answers a query, the answer is the same to the byte: the plain executor, the compiled one, and the
// cache of answers, the first time and from memory. OPERATIONS=20000 makes a long run of it.

import { randomUUID } from 'node:crypto';
import type { Agent } from 'node:http';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Config } from '../../src/config/environment.js';
import {
  cacheMark,
  connections,
  exchange,
  got,
  persisted,
  posted,
  sha256,
  type GraphqlRequest,
  type WireAnswer,
  type WireRequest,
} from '../support/graphql-http.js';
import { operations, requestsOf, type Operation } from '../support/operations.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import {
  DAMAGED_POINTS_ID,
  LARGE_ID,
  largeStore,
  variedStore,
  type VariedStore,
} from '../support/varied-store.js';

const OPERATIONS = Number(process.env['OPERATIONS'] ?? 300);
const LARGE_OPERATIONS = Math.ceil(OPERATIONS / 30);
/** Answers above it need not be kept. */
const KEPT_BYTES = 200_000;
const URL_CHARACTERS_MAX = 8000;

/** Applications that should answer alike. */
class Executors {
  private constructor(
    private readonly store: VariedStore,
    readonly reference: TestApp,
    readonly compiled: TestApp,
    readonly cached: TestApp,
    readonly agent: Agent,
  ) {}

  static async start(store: VariedStore): Promise<Executors> {
    const start = async (config: Partial<Config>) =>
      startTestApp({ dataDir: await store.copy(), flushIntervalSeconds: 0, ...config });
    return new Executors(
      store,
      await start({ graphqlExecutor: 'reference' }),
      await start({ graphqlExecutor: 'compiled', responseCacheBytesMax: 0 }),
      await start({ graphqlExecutor: 'compiled' }),
      connections(4),
    );
  }

  get all(): TestApp[] {
    return [this.reference, this.compiled, this.cached];
  }

  async stop(): Promise<void> {
    this.agent.destroy();
    for (const app of this.all) await app.stop();
    await this.store.remove();
  }

  /** Asserts that everybody answers it alike, twice. @returns the answer */
  async agree(wire: WireRequest): Promise<WireAnswer> {
    const expected = await exchange(this.reference.url, wire, this.agent);
    expect(cacheMark(expected)).toBeUndefined();
    for (const [name, app] of [
      ['compiled', this.compiled],
      ['cached, first', this.cached],
      ['cached, second', this.cached],
    ] as const) {
      const answer = await exchange(app.url, wire, this.agent);
      expectSame(name, answer, expected);
      checkMark(name, answer);
    }
    return expected;
  }
}

function expectSame(name: string, answer: WireAnswer, expected: WireAnswer): void {
  const shown = ({ status, headers, text }: WireAnswer) => ({
    status,
    type: headers['content-type'],
    text,
  });
  if (answer.text !== expected.text && sortedErrors(answer) === sortedErrors(expected)) {
    expect.fail(
      `${name}: only the order of the errors differs: ${answer.text} instead of ${expected.text}`,
    );
  }
  expect(shown(answer), name).toEqual(shown(expected));
}

function sortedErrors({ text }: WireAnswer): string {
  try {
    const { errors, ...rest } = JSON.parse(text) as { errors?: unknown[] };
    return JSON.stringify([rest, errors?.map((error) => JSON.stringify(error)).toSorted()]);
  } catch {
    return text;
  }
}

function checkMark(name: string, answer: WireAnswer): void {
  const mark = cacheMark(answer);
  if (name === 'compiled') expect(mark, `${name}: ${answer.text}`).not.toBe('HIT');
  else if (isRefusedByCache(answer)) expect(mark, `${name}: ${answer.text}`).not.toBe('HIT');
}

function isRefusedByCache({ status, text }: WireAnswer): boolean {
  return status !== 200 || text.includes('"errors":[') || text.includes('"Financial Data Service');
}

/** An answer that has to come from memory when it is asked for again. */
function mustBeKept(request: GraphqlRequest, answer: WireAnswer): boolean {
  if (isRefusedByCache(answer) || answer.text.length > KEPT_BYTES) return false;
  // Of no use to keep, or with a clock in them: free to be made anew each time.
  return !/health|__schema|__type\b|changes/.test(request.query ?? '');
}

interface Manner {
  readonly get: boolean;
  readonly persisted: boolean;
  readonly accept: string | undefined;
  readonly encoding: string | undefined;
}

const rarely = <T>(...values: T[]) =>
  fc.option(fc.constantFrom(...values), { freq: 6, nil: undefined });

const manners: fc.Arbitrary<Manner> = fc.record({
  get: fc.integer({ min: 0, max: 5 }).map((n) => n === 5),
  persisted: fc.integer({ min: 0, max: 7 }).map((n) => n === 7),
  accept: fc
    .option(fc.constantFrom('application/graphql-response+json', 'application/json', '*/*'), {
      nil: undefined,
    })
    .map((accept) => accept),
  encoding: rarely('gzip', 'br', 'gzip;q=0.5, br;q=0.1', 'identity'),
});

/** The ways in which one request is sent, one after the other. */
function* waysOf(request: GraphqlRequest, manner: Manner): Generator<WireRequest> {
  const headers: Record<string, string> = {
    ...(manner.accept ? { accept: manner.accept } : {}),
    ...(manner.encoding ? { 'accept-encoding': manner.encoding } : {}),
  };
  yield posted(request, headers);
  if (manner.get) {
    const wire = got(request, headers);
    if (wire.path!.length < URL_CHARACTERS_MAX) yield wire;
  }
  if (manner.persisted && request.query !== undefined) {
    const { query: text, ...rest } = request;
    // One that nobody has ever sent.
    const query = `${text} #${randomUUID()}`;
    const extensions = persisted(sha256(query));
    // Unknown, made known, known.
    yield posted({ ...rest, extensions }, headers);
    yield posted({ ...rest, query, extensions }, headers);
    yield posted({ ...rest, extensions }, headers);
    const wire = got({ ...rest, extensions }, headers);
    if (wire.path!.length < URL_CHARACTERS_MAX) yield wire;
  }
}

interface Tally {
  answers: number;
  withErrors: number;
  refused: number;
  hits: number;
}

async function check(executors: Executors, operation: Operation, manner: Manner, tally: Tally) {
  for (const request of requestsOf(operation)) {
    try {
      for (const wire of waysOf(request, manner)) {
        const answer = await executors.agree(wire);
        tally.answers++;
        if (answer.status !== 200) tally.refused++;
        else if (answer.text.includes('"errors":[')) tally.withErrors++;
        if (wire.method !== 'POST' || !mustBeKept(request, answer)) continue;
        const again = await exchange(executors.cached.url, wire, executors.agent);
        expect(cacheMark(again), 'an answer without errors is kept').toBe('HIT');
        tally.hits++;
      }
    } catch (error) {
      throw new Error(`${JSON.stringify(request, null, 1)}\n${request.query}`, { cause: error });
    }
  }
}

async function property(
  executors: Executors,
  drawn: fc.Arbitrary<Operation>,
  numRuns: number,
): Promise<Tally> {
  const tally: Tally = { answers: 0, withErrors: 0, refused: 0, hits: 0 };
  await fc.assert(
    fc.asyncProperty(drawn, manners, (operation, manner) =>
      check(executors, operation, manner, tally),
    ),
    { numRuns },
  );
  return tally;
}

describe('every executor, and the cache of answers,', () => {
  let executors: Executors;
  let store: VariedStore;
  beforeAll(async () => {
    store = await variedStore();
    executors = await Executors.start(store);
    // Found out on first reading; from then on it is known, and told by every field.
    for (const app of executors.all) {
      const { errors } = await app.query(`{ dataPoints(seriesId: "${DAMAGED_POINTS_ID}") { id } }`);
      expect(errors).toHaveLength(1);
    }
  });
  afterAll(() => executors.stop());

  it(
    'answers generated operations alike, to the byte',
    async () => {
      const tally = await property(executors, operations({ known: store.known }), OPERATIONS);
      // That the operations are worth the trouble: most are answered, many fail in some part.
      expect(tally.answers - tally.refused).toBeGreaterThan(tally.answers / 2);
      expect(tally.withErrors).toBeGreaterThan(tally.answers / 100);
      expect(tally.refused).toBeGreaterThan(tally.answers / 100);
      expect(tally.hits).toBeGreaterThan(tally.answers / 10);
    },
    60_000 + OPERATIONS * 400,
  );

  const known = `{ series(id: "0198a000-0000-7000-8000-000000000005") { title } }`;
  const named = 'query A { sources { name } } query B($a: Int) { listSeries(limit: $a) { id } }';

  it.each<[string, unknown]>([
    ['an operation name that is empty', { query: known, operationName: '' }],
    ['an operation name that is no text', { query: known, operationName: 5 }],
    ['an operation name of null', { query: known, operationName: null }],
    ['no name among several operations', { query: named }],
    ['an empty name among several operations', { query: named, operationName: '' }],
    ['the first name', { query: named, operationName: 'A' }],
    ['the second name', { query: named, operationName: 'B', variables: { a: 1 } }],
    ['the second name without the variable', { query: named, operationName: 'B' }],
    ['the name of nothing', { query: named, operationName: 'C' }],
    ['the name of a property of objects', { query: named, operationName: 'constructor' }],
    ['variables of null', { query: known, variables: null }],
    ['variables in a list', { query: known, variables: [] }],
    ['variables as a text', { query: known, variables: '{}' }],
    ['variables as a number', { query: known, variables: 7 }],
    ['variables of the names of properties', { query: known, variables: { constructor: 1 } }],
    ['extensions of null', { query: known, extensions: null }],
    ['extensions as a text', { query: known, extensions: 'x' }],
    ['unknown extensions', { query: known, extensions: { a: 1 } }],
    ['unknown keys', { query: known, id: 'x', doc: 5 }],
    ['a query of null', { query: null }],
    ['a query in a list', { query: [known] }],
    ['no query', { variables: {} }],
    ['a persisted query of another version', { extensions: { persistedQuery: { version: 2 } } }],
    ['a persisted query that is null', { query: known, extensions: { persistedQuery: null } }],
    ['a wrong hash', { query: known, extensions: persisted(sha256('x')) }],
    ['a hash in capitals', { query: known, extensions: persisted(sha256(known).toUpperCase()) }],
    ['a list of requests', [{ query: known }]],
    ['a subscription', { query: 'subscription { x }' }],
    ['a directive of the specification', { query: '{ sources @defer { name } }' }],
    [
      'a deep query',
      { query: `{ series(id: "x") { ${'... { '.repeat(200)} id ${'}'.repeat(200)}}}` },
    ],
    [
      'many aliases',
      { query: `{ ${Array.from({ length: 500 }, (_, n) => `a${n}: __typename`).join(' ')} }` },
    ],
    ['a number too large', { query: '{ listSeries(limit: 99999999999999999999) { id } }' }],
    ['a whole number with a point', { query: '{ listSeries(limit: 1.0) { id } }' }],
    [
      'a variable that is a whole number with a point',
      { query: 'query ($n: Int!) { listSeries(limit: $n) { id } }', variables: { n: 1.0 } },
    ],
    [
      'a variable of the wrong type in a list',
      {
        query: 'query ($ids: [UUID!]!) { seriesByIds(ids: $ids) { id } }',
        variables: { ids: [null, 5, {}] },
      },
    ],
    [
      'more than the points of one request',
      { query: '{ listSeries(limit: 1000, offset: 0) { a: dataPoints { id } } }' },
    ],
    [
      'too many fields',
      {
        query:
          '{ listSeries(limit: 1000) { a: source { id name url } b: source { id name url } c: source { id name url } d: source { id } } x: listSeries(limit: 1000) { ' +
          Array.from({ length: 200 }, (_, n) => `a${n}: id`).join(' ') +
          ' } }',
      },
    ],
  ])('answers %s alike', async (_what, request) => {
    await executors.agree(posted(request));
    await executors.agree(posted(request, { accept: 'application/graphql-response+json' }));
    await executors.agree(posted(request, { accept: 'text/html' }));
    if (!Array.isArray(request)) await executors.agree(got(request as GraphqlRequest));
  });

  it.each<[string, WireRequest]>([
    ['a body that is not JSON', { method: 'POST', body: '{"query":' }],
    ['an empty body', { method: 'POST', body: '' }],
    ['a body with a byte order mark', { method: 'POST', body: `\uFEFF{"query":"{__typename}"}` }],
    ['a key twice', { method: 'POST', body: '{"query":"{nope}","query":"{__typename}"}' }],
    [
      'a smuggled prototype',
      { method: 'POST', body: '{"query":"{__typename}","__proto__":{"a":1}}' },
    ],
    [
      'a body that is not UTF-8',
      { method: 'POST', body: Buffer.from('{"query":"{a(b:\\"\xff\\")}"}', 'latin1') },
    ],
    ['a GET without a query', { path: '/graphql' }],
    ['a query twice', { path: '/graphql?query={__typename}&query={health}' }],
    ['variables that are not JSON', { path: '/graphql?query={__typename}&variables={' }],
    ['variables that are a list', { path: '/graphql?query={__typename}&variables=[]' }],
    ['variables that are empty', { path: '/graphql?query={__typename}&variables=' }],
    ['extensions that are not JSON', { path: '/graphql?query={__typename}&extensions=x' }],
    ['an unknown parameter', { path: '/graphql?query={__typename}&x=1' }],
    ['a path with a slash at its end', { path: '/graphql/?query={__typename}' }],
    ['a mutation by GET', { path: '/graphql?query=mutation{deleteSeries(id:"x")}' }],
    ['HEAD', { method: 'HEAD', path: '/graphql?query={__typename}' }],
    ['OPTIONS', { method: 'OPTIONS' }],
    ['PUT', { method: 'PUT', body: '{"query":"{__typename}"}' }],
  ])('answers %s alike', async (_what, wire) => {
    const json = { 'content-type': 'application/json' };
    const preflight = { 'apollo-require-preflight': 'yes' };
    await executors.agree({ ...wire, headers: { ...json, ...preflight } });
    await executors.agree({ ...wire, headers: wire.body === undefined ? {} : json });
    await executors.agree({ ...wire, headers: { 'content-type': 'text/plain' } });
    await executors.agree({
      ...wire,
      headers: { ...json, 'content-type': 'application/json; charset=utf-8' },
    });
  });
});

describe('every executor, and the cache of answers, of a long series', () => {
  let executors: Executors;
  let store: VariedStore;
  beforeAll(async () => {
    store = await largeStore();
    executors = await Executors.start(store);
  });
  afterAll(() => executors.stop());

  it(
    'answers generated operations alike, to the byte',
    async () => {
      const rootFields = [
        'series',
        'dataPoints',
        'vintages',
        'seriesByIds',
        'listSeries',
        'vintageMatrix',
      ];
      await property(executors, operations({ known: store.known, rootFields }), LARGE_OPERATIONS);
    },
    60_000 + LARGE_OPERATIONS * 3000,
  );

  it('answers all of its points alike, in rows and in columns, compressed or not', async () => {
    const fields =
      'id seriesId date revisionDate value isOriginalRelease createdAt updatedAt __typename';
    for (const query of [
      `{ dataPoints(seriesId: "${LARGE_ID}", revisions: ALL) { ${fields} } }`,
      `{ series(id: "${LARGE_ID}") { observations(revisions: ALL) { dates values decimalValues revisionDates coverage { revisionCount } } } }`,
      `{ a: dataPoints(seriesId: "${LARGE_ID}") { v: value v2: value ... { date } }
         b: dataPoints(seriesId: "nope") { value } }`,
    ]) {
      await executors.agree(posted({ query }));
    }
    for (const encoding of ['gzip', 'br']) {
      const query = `{ dataPoints(seriesId: "${LARGE_ID}", revisions: ALL) { ${fields} } }`;
      await executors.agree(posted({ query }, { 'accept-encoding': encoding }));
    }
  });
});
