// The HTTP side of GraphQL: what else can be sent, and what comes back of it.

import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from '../support/test-app.js';

const JSON_TYPE = { 'content-type': 'application/json' };

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly body: {
    readonly data?: unknown;
    readonly message?: string;
    readonly errors?: { message: string; extensions: { code: string } }[];
  };
}

/** Whatever the answer is: it is JSON, and tells nothing of the inside. */
async function send(path: string, init: RequestInit = {}, on = app): Promise<Answer> {
  const response = await fetch(on.url + path, init);
  const text = await response.text();
  expect(response.headers.get('content-type')).toMatch(/^application\/json/);
  expect(text).not.toMatch(/node_modules|\.[jt]s:\d|\bat [\w.]+ \(/);
  expect(text).not.toContain(process.cwd());
  expect(text).not.toContain(on.dataDir);
  return { status: response.status, text, body: JSON.parse(text) as Answer['body'] };
}

function post(body: string, headers: Record<string, string> = JSON_TYPE): Promise<Answer> {
  return send('/graphql', { method: 'POST', headers, body });
}

describe('a request that is no GraphQL request', () => {
  it.each([
    ['malformed JSON', '{"query": ', /not valid JSON/],
    ['an empty body', '', /cannot be empty/],
    [
      'JSON that smuggles a prototype',
      '{"query":"{health}","__proto__":{"a":1}}',
      /not valid JSON/,
    ],
  ])('%s is refused', async (_, body, message) => {
    const answer = await post(body);
    expect(answer.status).toBe(400);
    expect(answer.body.message).toMatch(message);
  });

  it.each([
    ['no object', 'null', /body missing/i],
    ['a number', '5', /body missing/i],
    ['an empty object', '{}', /body missing/i],
    ['a query that is no text', '{"query":5}', /must be strings/],
    ['an empty query', '{"query":""}', /non-empty/],
    ['variables that are a text', '{"query":"{health}","variables":"{}"}', /variables/],
    ['an array of requests', '[{"query":"{health}"},{"query":"{health}"}]', /batching/],
    ['an empty array', '[]', /batching/],
  ])('%s is refused', async (_, body, message) => {
    const answer = await post(body);
    expect(answer.status).toBe(400);
    expect(answer.body.errors).toHaveLength(1);
    expect(answer.body.errors![0]!.message).toMatch(message);
    expect(answer.body.errors![0]!.extensions).toEqual({ code: 'BAD_REQUEST' });
  });

  it.each([
    ['application/xml', 415],
    ['application/graphql', 415],
    ['multipart/form-data; boundary=x', 415],
    // What a web page can send without asking first is refused as a possible forgery.
    ['text/plain', 400],
    ['application/x-www-form-urlencoded', 400],
  ])('content of the type %s is answered %i', async (type, status) => {
    const answer = await post('{"query":"{health}"}', { 'content-type': type });
    expect(answer.status).toBe(status);
    expect(answer.body.data).toBeUndefined();
    expect(answer.body.message ?? answer.body.errors?.[0]?.message).toBeTruthy();
  });

  it('of a simple GET is refused as a possible forgery', async () => {
    const answer = await send('/graphql?query={health}');
    expect(answer.status).toBe(400);
    expect(answer.body.errors?.[0]?.extensions.code).toBe('BAD_REQUEST');
  });

  it.each(['PUT', 'PATCH', 'DELETE'])('%s is answered 404', async (method) => {
    expect((await send('/graphql', { method })).status).toBe(404);
  });
});

describe('a GET request', () => {
  const headers = { 'apollo-require-preflight': 'yes' };

  it('may query', async () => {
    const answer = await send('/graphql?query={health}', { headers });
    expect(answer).toMatchObject({
      status: 200,
      body: { data: { health: 'Financial Data Service is healthy' } },
    });
  });

  it('may not change anything', async () => {
    const query = encodeURIComponent(
      'mutation { deleteSeries(id: "123e4567-e89b-12d3-a456-426614174000") }',
    );
    const answer = await send(`/graphql?query=${query}`, { headers });
    expect(answer.status).toBe(405);
    expect(answer.body.errors?.[0]?.message).toMatch(/only support query/);
  });
});

describe('the size of a body', () => {
  /** A request of exactly so many bytes. */
  function requestOf(bytes: number): string {
    const request = (padding: string) => JSON.stringify({ query: `{ health } #${padding}` });
    return request('x'.repeat(bytes - request('').length));
  }

  it('is limited by httpBodyBytesMax, to the byte', async () => {
    const small = await startTestApp({ httpBodyBytesMax: 2000 });
    const of = (bytes: number) =>
      send('/graphql', { method: 'POST', headers: JSON_TYPE, body: requestOf(bytes) }, small);
    expect((await of(2000)).status).toBe(200);
    const refused = await of(2001);
    expect(refused.status).toBe(413);
    expect(refused.body.message).toBe('Request body is too large');
    await small.close();
  });

  it('of 50 MB is refused by default, and the next request is served', async () => {
    const refused = await post(requestOf(50 * 1024 * 1024));
    expect(refused.status).toBe(413);
    expect((await post('{"query":"{health}"}')).status).toBe(200);
  });

  it('of a release of 10,000 points is accepted by default', async () => {
    const inputs = Array.from({ length: 10_000 }, () => ({
      seriesId: '123e4567-e89b-12d3-a456-426614174000',
      date: '2024-01-01',
      revisionDate: '2024-01-01',
      value: '0.1234567890123456789012345678',
      isOriginalRelease: true,
    }));
    const query =
      'mutation ($inputs: [CreateDataPointInput!]!) { createDataPoints(inputs: $inputs) { addedCount } }';
    const answer = await post(JSON.stringify({ query, variables: { inputs } }));
    expect(answer.body.errors?.[0]?.extensions.code).toBe('NOT_FOUND');
  });
});

describe('a path', () => {
  it.each(['/nope', '/graphql/nope', '/health/nope', '/playground/nope.js'])(
    '%s that does not exist is answered 404',
    async (path) => {
      const answer = await send(path);
      expect(answer.status).toBe(404);
      expect(answer.body.message).toBe(`Cannot GET ${path}`);
    },
  );

  it.each(['/playground/..%2f..%2fpackage.json', '/playground/%2e%2e/%2e%2e/package.json', '/%zz'])(
    '%s leads nowhere',
    async (path) => {
      const answer = await send(path);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
    },
  );

  it('/ is the playground, a page that loads nothing from elsewhere', async () => {
    const response = await fetch(`${app.url}/`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^text\/html/);
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    const html = await response.text();
    expect(html).toContain('/playground/');
    expect(html).not.toMatch(/(src|href)="(https?:)?\/\//);
  });
});

describe('the text of a query', () => {
  it.each([
    ['that does not parse', '{ health', 'GRAPHQL_PARSE_FAILED'],
    ['that asks for what does not exist', '{ nope }', 'GRAPHQL_VALIDATION_FAILED'],
    ['that lacks an argument', '{ series { id } }', 'GRAPHQL_VALIDATION_FAILED'],
    ['that subscribes', 'subscription { nope }', 'GRAPHQL_VALIDATION_FAILED'],
    [
      'with two operations and no name',
      'query A { health } query B { health }',
      'OPERATION_RESOLUTION_FAILURE',
    ],
    [
      'whose fragments go in circles',
      '{ listSeries { ...a } } fragment a on EconomicSeries { ...a }',
      'GRAPHQL_VALIDATION_FAILED',
    ],
  ])('%s is told so to its author', async (_, query, code) => {
    const { body } = await post(JSON.stringify({ query }));
    expect(body.data ?? null).toBeNull();
    expect(body.errors?.map(({ extensions }) => extensions)).toEqual([{ code }]);
  });

  it('may name the operation to run', async () => {
    const query = 'query A { a: health } query B { b: health }';
    const { body } = await post(JSON.stringify({ query, operationName: 'B' }));
    expect(body.data).toEqual({ b: 'Financial Data Service is healthy' });
  });

  it('may ask for the schema', async () => {
    const query = '{ __schema { queryType { name } } __type(name: "Decimal") { kind } }';
    const { body } = await post(JSON.stringify({ query }));
    expect(body.data).toEqual({
      __schema: { queryType: { name: 'Query' } },
      __type: { kind: 'SCALAR' },
    });
  });
});

describe('GraphQL over HTTP', () => {
  // The audits are known before the service is: their address is asked for when they run.
  const audits = serverAudits({ url: () => `${app.url}/graphql` });

  it.each(audits.map((audit) => [audit.id, audit.name, audit] as const))(
    '%s: the server %s',
    async (_id, _name, audit) => {
      const result = await audit.fn();
      // "notice" is a MAY and "warn" a SHOULD that is not met; "error" is a MUST.
      expect(result.status, 'reason' in result ? result.reason : '').not.toBe('error');
    },
  );

  it('misses no more of the specification than is known', async () => {
    const results = await Promise.all(audits.map((audit) => audit.fn()));
    const missed = results.filter(({ status }) => status === 'warn').map(({ name }) => name);
    // Bad requests are answered 400 whatever the client accepts; proxies and logs see them so.
    expect(missed).toEqual([
      'SHOULD use 200 status code on document parsing failure when accepting application/json',
      'SHOULD use 200 status code on document validation failure when accepting application/json',
      'SHOULD use a status code of 200 on variable coercion failure when accepting application/json',
    ]);
  });

  it('leaves no trace in the log of what callers do wrong', () => {
    expect(app.logger.entries.filter(({ level }) => level === 'error')).toEqual([]);
  });
});
