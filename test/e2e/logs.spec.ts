// What is logged of requests, and the id by which callers find it again: over HTTP, GraphQL and Flight.

import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Clock } from '../../src/core/clock.js';
import { VERSION } from '../../src/core/version.js';
import { LongAnswer } from '../../src/graphql/answers/answers.js';
import { createPoints, createSeries, succeeded } from '../support/factories.js';
import { collected, FlightTestClient, ticketBytes } from '../support/flight-client.js';
import { cacheMark, exchange, got, posted, type WireRequest } from '../support/graphql-http.js';
import { LogLines } from '../support/log-lines.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const MADE = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const TRACE_PARENT = `00-${TRACE_ID}-00f067aa0ba902b7-01`;
const ORIGIN = 'https://charts.example.org';
const POINTS = 10_000;

/** Everything is at `debug`, and nothing is slow. */
let app: TestApp;
let lines: LogLines;
let client: FlightTestClient;
let seriesId: string;
/** Of more rows than an answer has that is made before it is sent. */
let long: string;

beforeAll(async () => {
  app = await startTestApp({
    logLevel: 'debug',
    slowQueryMilliseconds: 0,
    corsOrigins: ORIGIN,
    httpBodyBytesMax: 4_000_000,
  });
  client = new FlightTestClient(app.flightPort);
  seriesId = (await createSeries(app)).id;
  const start = Date.UTC(1990, 0, 1);
  const points = Array.from({ length: POINTS }, (_, day) => ({
    date: new Date(start + day * 86_400_000).toISOString().slice(0, 10),
    value: String(day),
  }));
  await createPoints(app, seriesId, points);
  const field = `dataPoints(seriesId: "${seriesId}") { date value }`;
  long = `query Long { ${Array.from({ length: 6 }, (_, index) => `a${index}: ${field}`).join(' ')} }`;
});
afterAll(async () => {
  client.close();
  await app.close();
});
beforeEach(() => {
  lines = new LogLines({ logLevel: 'debug' });
});

let ids = 0;
const nextId = (): string => `request-${++ids}`;

/** Sends it under an id of its own, and asserts that the answer returns that. */
async function send(request: WireRequest, id = nextId()) {
  const headers = { ...request.headers, 'x-request-id': id };
  const answer = await exchange(app.url, { ...request, headers });
  expect(answer.headers['x-request-id'], answer.text).toBe(id);
  return { answer, line: () => lines.one(id) };
}

/** The fault: from now on the service cannot tell the time. */
function breakTheClock(message: string): () => void {
  const clock = app.app.get(Clock);
  const now = () => {
    throw new Error(message);
  };
  Object.defineProperty(clock, 'now', { value: now, configurable: true });
  return () => Reflect.deleteProperty(clock, 'now');
}

const CREATE = {
  query: 'mutation Make($input: CreateEconomicSeriesInput!) { createSeries(input: $input) { id } }',
  variables: {
    input: {
      sourceId: '123e4567-e89b-12d3-a456-426614174000',
      externalId: 'LOGGED',
      title: 'x',
      frequency: 'm',
    },
  },
};

const CASES: readonly (readonly [string, WireRequest, number, object])[] = [
  ['a query', posted({ query: 'query Sources { sources { id } }' }), 200, { operation: 'Sources' }],
  [
    'the same again',
    posted({ query: 'query Sources { sources { id } }' }),
    200,
    { operation: 'Sources' },
  ],
  ['a query without a name', posted({ query: '{ sources { id } }' }), 200, { operation: 'query' }],
  ['a GET', got({ query: 'query Got { sources { id } }' }), 200, { operation: 'Got' }],
  [
    'what Apollo answers',
    posted({ query: 'query Typed { __typename }' }),
    200,
    { operation: 'Typed' },
  ],
  ['a mutation', posted(CREATE), 200, { operation: 'Make' }],
  [
    'a mutation that is refused',
    posted(CREATE),
    200,
    { operation: 'Make', level: 'info', code: 'CONFLICT' },
  ],
  [
    'a query that does not parse',
    posted({ query: '{ sources' }),
    400,
    { operation: 'unknown', level: 'info', code: 'GRAPHQL_PARSE_FAILED' },
  ],
  [
    'a query for what does not exist',
    posted({ query: 'query Nope { nope }' }),
    400,
    { operation: 'Nope', level: 'info', code: 'GRAPHQL_VALIDATION_FAILED' },
  ],
  [
    'a bad variable',
    posted({ query: 'query V($id: UUID!) { series(id: $id) { id } }', variables: { id: '1' } }),
    400,
    { operation: 'V', level: 'info', code: 'VALIDATION_ERROR' },
  ],
  [
    'a body that is no JSON',
    { ...posted({}), body: '{"query' },
    400,
    { protocol: 'http', operation: 'POST /graphql', level: 'info', code: '400' },
  ],
  [
    'a body without a query',
    posted({}),
    400,
    { protocol: 'http', operation: 'POST /graphql', level: 'info', code: '400' },
  ],
  [
    'a body that is too large',
    posted({ query: 'x'.repeat(4_000_001) }),
    413,
    { protocol: 'http', operation: 'POST /graphql', level: 'info', code: '413' },
  ],
  [
    'another media type',
    { method: 'POST', headers: { 'content-type': 'application/xml' }, body: '<a/>' },
    415,
    { protocol: 'http', operation: 'POST /graphql', level: 'info', code: '415' },
  ],
  [
    'a path that does not exist, whose text is not logged',
    { path: '/secret-in-a-path?token=abc' },
    404,
    { protocol: 'http', operation: 'GET none', level: 'info', code: '404' },
  ],
  [
    'an address that cannot be decoded',
    { path: '/%zz' },
    400,
    { protocol: 'http', operation: 'GET none', level: 'info', code: '400' },
  ],
  ['the playground', { path: '/' }, 200, { protocol: 'http', operation: 'GET /' }],
  ['health', { path: '/health' }, 200, { protocol: 'http', operation: 'GET /health' }],
  ['metrics', { path: '/metrics' }, 200, { protocol: 'http', operation: 'GET /metrics' }],
  [
    'a question of a browser',
    {
      method: 'OPTIONS',
      headers: { origin: ORIGIN, 'access-control-request-method': 'POST' },
    },
    204,
    { protocol: 'http' },
  ],
];

describe('a request over HTTP', () => {
  it.each(CASES)('%s has its id returned and one line', async (_, request, expected, fields) => {
    const { answer, line } = await send(request);
    expect(answer.status).toBe(expected);
    const logged = await line();
    expect(logged).toMatchObject({
      level: 'debug',
      principal: 'anonymous',
      protocol: 'graphql',
      service: 'econ-graph-financial-data',
      version: VERSION,
      durationMs: expect.any(Number),
      ...fields,
    });
    expect('code' in logged).toBe('code' in fields);
    expect(JSON.stringify(logged)).not.toMatch(/secret-in-a-path|token/);
  });

  it('has its id returned with answers from memory, and with those that did not change', async () => {
    const query = 'query Kept { sources { name } }';
    await send(posted({ query }));
    const { answer, line } = await send(posted({ query }));
    expect(cacheMark(answer)).toBe('HIT');
    expect(await line()).toMatchObject({ operation: 'Kept', level: 'debug' });
    const headers = { 'if-none-match': answer.headers.etag! };
    const unchanged = await send(got({ query }, headers));
    expect(unchanged.answer.status).toBe(304);
    expect(await unchanged.line()).toMatchObject({ operation: 'Kept', level: 'debug' });
  });

  it('has its id returned with an answer that is sent while it is made', async () => {
    const { answer, line } = await send(posted({ query: long }));
    expect(answer.headers['transfer-encoding']).toBe('chunked');
    expect(await line()).toMatchObject({ operation: 'Long', level: 'debug' });
  });

  it('is called by its trace where it has no other name, and else by a new one', async () => {
    const traced = await exchange(app.url, {
      path: '/health',
      headers: { traceparent: TRACE_PARENT },
    });
    expect(traced.headers['x-request-id']).toBe(TRACE_ID);
    const unnamed = await exchange(app.url, { path: '/health' });
    expect(unnamed.headers['x-request-id']).toMatch(MADE);
    const bad = await exchange(app.url, { path: '/health', headers: { 'x-request-id': 'a b' } });
    expect(bad.headers['x-request-id']).toMatch(MADE);
  });

  it('has an id that pages of other origins may read', async () => {
    const answer = await exchange(app.url, posted({ query: '{ health }' }, { origin: ORIGIN }));
    expect(answer.headers['access-control-expose-headers']).toBe('x-request-id');
  });

  it('that its caller gave up is told from one that was answered', async () => {
    const id = nextId();
    await new Promise<void>((resolve, reject) => {
      const { body, ...options } = posted({ query: long }, { 'x-request-id': id });
      const call = httpRequest(`${app.url}/graphql`, options, (response) => {
        response.once('data', () => {
          response.destroy();
          resolve();
        });
      });
      call.on('error', reject);
      call.end(body);
    });
    expect(await lines.one(id)).toMatchObject({
      message: 'Request cancelled',
      level: 'debug',
      code: 'CANCELLED',
      operation: 'Long',
    });
  });

  it.each(['identity', 'gzip'])(
    'that fails while its answer is sent (%s) is logged once',
    async (coding) => {
      const pieces = vi
        .spyOn(LongAnswer.prototype, 'pieces')
        .mockImplementation(async function* () {
          yield Buffer.from('{');
          throw new Error('broken midway');
        });
      const id = nextId();
      await expect(
        exchange(
          app.url,
          posted({ query: long }, { 'x-request-id': id, 'accept-encoding': coding }),
        ),
      ).rejects.toThrow();
      pieces.mockRestore();
      expect(await lines.one(id)).toMatchObject({
        level: 'error',
        message: 'broken midway',
        operation: 'Long',
        // Where nothing of it has gone out yet, it is answered as an error of HTTP.
        code: coding === 'gzip' ? '500' : 'INTERNAL_SERVER_ERROR',
      });
    },
  );

  it('that fails is logged once, with its cause, also where no operation was run', async () => {
    const repair = breakTheClock('cannot reach redis://user:hunter2@host:6379');
    const input = { ...CREATE.variables.input, externalId: 'UNTIMELY' };
    const operation = await send(posted({ ...CREATE, variables: { input } }));
    const plain = await send({ path: '/health' });
    repair();
    expect(plain.answer.status).toBe(500);
    const failure = {
      level: 'error',
      message: 'cannot reach redis://***@host:6379',
      cause: expect.stringMatching(/^Error: cannot reach redis:\/\/\*\*\*@host:6379\n +at /),
    };
    expect(await operation.line()).toMatchObject({
      ...failure,
      operation: 'Make',
      path: 'createSeries',
      code: 'INTERNAL_SERVER_ERROR',
    });
    expect(await plain.line()).toMatchObject({ ...failure, operation: 'GET /health', code: '500' });
    expect(lines.all.filter(({ level }) => level === 'error')).toHaveLength(2);
  });
});

describe('a call over Flight', () => {
  /** What came of it, and the id that it was given. */
  async function call(method: string, request: Uint8Array, headers: Record<string, string>) {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    const passThrough = (bytes: Buffer): Buffer => bytes;
    const stream = client.client.makeServerStreamRequest(
      `/arrow.flight.protocol.FlightService/${method}`,
      passThrough,
      passThrough,
      Buffer.from(request),
      metadata,
    );
    const initial = new Promise<Metadata>((resolve) => stream.once('metadata', resolve));
    const { error } = await collected(stream);
    return { error, id: String((await initial).get('x-request-id')[0]) };
  }

  const ticket = () => ticketBytes(JSON.stringify({ type: 'data_points', series: [seriesId] }));

  it('has its id returned, and one line', async () => {
    const id = nextId();
    expect(await call('DoGet', ticket(), { 'x-request-id': id })).toEqual({ id, error: undefined });
    expect(await lines.one(id)).toMatchObject({
      level: 'debug',
      protocol: 'flight',
      operation: 'DoGet',
      principal: 'anonymous',
      durationMs: expect.any(Number),
    });
  });

  it('is called by its trace where it has no other name, and else by a new one', async () => {
    expect((await call('ListActions', Buffer.alloc(0), { traceparent: TRACE_PARENT })).id).toBe(
      TRACE_ID,
    );
    expect((await call('ListActions', Buffer.alloc(0), {})).id).toMatch(MADE);
  });

  it('that is refused has its id returned, and its code in one line', async () => {
    const id = nextId();
    const { error, ...refused } = await call('DoGet', ticketBytes('{'), { 'x-request-id': id });
    expect(refused.id).toBe(id);
    expect(error?.code).toBe(status.INVALID_ARGUMENT);
    expect(await lines.one(id)).toMatchObject({
      level: 'info',
      message: 'Request refused',
      operation: 'DoGet',
      code: 'VALIDATION_ERROR',
    });
  });

  it('that is answered once has its id returned, too', async () => {
    const id = nextId();
    const metadata = new Metadata();
    metadata.set('x-request-id', id);
    const passThrough = (bytes: Buffer): Buffer => bytes;
    const initial = await new Promise<Metadata>((resolve, reject) => {
      client.client
        .makeUnaryRequest(
          '/grpc.health.v1.Health/Check',
          passThrough,
          passThrough,
          Buffer.alloc(0),
          metadata,
          (error: ServiceError | null) => {
            if (error) reject(error);
          },
        )
        .once('metadata', resolve);
    });
    expect(initial.get('x-request-id')).toEqual([id]);
    expect(await lines.one(id)).toMatchObject({ level: 'debug', operation: 'Check' });
  });

  it('that fails is logged once, with its cause', async () => {
    const id = nextId();
    const repair = breakTheClock('broken');
    const { error } = await call('DoGet', ticket(), { 'x-request-id': id });
    repair();
    expect(error?.code).toBe(status.INTERNAL);
    expect(await lines.one(id)).toMatchObject({
      level: 'error',
      message: 'broken',
      method: 'DoGet',
      code: 'INTERNAL',
      cause: expect.stringMatching(/^Error: broken\n +at /),
    });
  });
});

describe('at the level info', () => {
  it('nothing is written of what went well, and one line of what did not', async () => {
    const quiet = await startTestApp({ logLevel: 'info', slowQueryMilliseconds: 0 });
    const written = new LogLines({ logLevel: 'info' });
    for (let round = 0; round < 2; round++) succeeded(await quiet.query('{ sources { id } }'));
    succeeded(await quiet.query('{ __typename }'));
    await exchange(quiet.url, { path: '/health' });
    await exchange(quiet.url, { path: '/metrics' });
    await exchange(quiet.url, { path: '/nope', headers: { 'x-request-id': 'the-last' } });
    await written.one('the-last');
    expect(written.all).toMatchObject([{ level: 'info', code: '404' }]);
    await quiet.close();
  });
});

describe('a query that takes longer than SLOW_QUERY_MS', () => {
  let slow: TestApp;
  let written: LogLines;

  beforeAll(async () => {
    slow = await startTestApp({ slowQueryMilliseconds: 0.000_1 });
  });
  afterAll(() => slow.close());
  beforeEach(() => {
    written = new LogLines();
  });

  async function slowLine(request: unknown) {
    const id = nextId();
    await exchange(slow.url, posted(request, { 'x-request-id': id }));
    return written.one(id);
  }

  it('is logged with its text and variables, compiled or not, from memory or not', async () => {
    const query = `query  Slow($text: String!) {
      # a comment
      searchSeries(text: $text, first: 3) { id }
    }`;
    const fields = {
      level: 'warn',
      message: 'Slow query',
      operation: 'Slow',
      query: 'query Slow($text:String!){searchSeries(text:$text first:3){id}}',
      variables: '{"text":"gdp"}',
      durationMs: expect.any(Number),
    };
    expect(await slowLine({ query, variables: { text: 'gdp' } })).toMatchObject(fields);
    expect(await slowLine({ query, variables: { text: 'gdp' } })).toMatchObject(fields);
    const typed = { query: 'query  T { __typename }' };
    expect(await slowLine(typed)).toMatchObject({ query: 'query T{__typename}', operation: 'T' });
  });

  it('is logged where it changed something, or was refused', async () => {
    const query = 'mutation Drop($id: UUID!) { deleteSeries(id: $id) }';
    const variables = { id: '123e4567-e89b-12d3-a456-426614174000' };
    expect(await slowLine({ query, variables })).toMatchObject({
      level: 'warn',
      message: 'Slow query',
      operation: 'Drop',
      variables: JSON.stringify(variables),
    });
    expect(await slowLine({ query: '{ nope(' })).toMatchObject({
      message: 'Slow query',
      query: '{nope(',
      code: 'GRAPHQL_PARSE_FAILED',
    });
  });

  it('is cut where it is long, and shows no secret', async () => {
    const line = await slowLine({
      query: `query Cut($text: String!) { ${'a: __typename '.repeat(1000)} }`,
      variables: { password: 'hunter2', text: 'x'.repeat(5000) },
    });
    expect(String(line['query'])).toHaveLength(2001);
    expect(String(line['variables'])).toHaveLength(1001);
    expect(line['variables']).toMatch(/^\{"password":"\*\*\*","text":"xxx/);
  });

  it('is logged over Flight, with its command', async () => {
    const flight = new FlightTestClient(slow.flightPort);
    const { error } = await flight.tryGet({ type: 'series' });
    await flight.list();
    await flight.info(['series']);
    await flight.action('verify');
    flight.close();
    expect(error).toBeUndefined();
    expect(written.all).toMatchObject([
      { operation: 'DoGet', query: '{"type":"series","filter":{}}' },
      { operation: 'ListFlights', query: '' },
      { operation: 'GetFlightInfo', query: 'series' },
      { operation: 'DoAction', query: 'verify' },
    ]);
    for (const line of written.all)
      expect(line).toMatchObject({ level: 'warn', message: 'Slow query' });
  });

  it('is none where it is no query', async () => {
    await exchange(slow.url, { path: '/health' });
    await exchange(slow.url, { path: '/' });
    await exchange(slow.url, { path: '/nope', headers: { 'x-request-id': 'after-them' } });
    await written.one('after-them');
    expect(written.all.filter(({ level }) => level === 'warn')).toEqual([]);
  });
});
