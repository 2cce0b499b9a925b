// Every rule of the data model at its limit and one past it. A refusal names the argument as its caller
// wrote it, in a literal and in a variable.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createSeries,
  daysFromToday,
  expectRefused,
  failed,
  readPoints,
  seriesInput,
  succeeded,
  tryCreatePoints,
  tryCreateSeries,
  tryUpdateSeries,
  unknownId,
} from '../support/factories.js';
import { startTestApp, type GraphqlAnswer, type TestApp } from '../support/test-app.js';

let app: TestApp;
let seriesId: string;
beforeAll(async () => {
  app = await startTestApp();
  ({ id: seriesId } = await createSeries(app));
});
afterAll(() => app.close());

/** GraphQL's text of an input object. */
function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).map(([name, inner]) => `${name}: ${literal(inner)}`);
  return `{ ${fields.join(', ')} }`;
}

function createByLiteral(fields: Record<string, unknown>): Promise<GraphqlAnswer> {
  return app.query(`mutation { createSeries(input: ${literal(seriesInput(fields))}) { id } }`);
}

function pointsByLiteral(inputs: unknown[]): Promise<GraphqlAnswer> {
  return app.query(`mutation { createDataPoints(inputs: ${literal(inputs)}) { addedCount } }`);
}

/** A point of a date and revision date of its own, so that what one test stores disturbs no other. */
function point(fields: Record<string, unknown> = {}) {
  return { seriesId, date: '2024-01-01', value: '1', revisionDate: '2024-02-01', ...fields };
}

describe('a series field at its limit', () => {
  it.each([
    ['externalId', 'A'],
    ['externalId', 'x'.repeat(100)],
    ['externalId', 'AZaz09_-./:'],
    ['title', 'T'],
    ['title', ' T '],
    ['title', 't'.repeat(500)],
    ['title', '📈'.repeat(500)],
    ['description', ''],
    ['description', 'd'.repeat(2000)],
    ['units', ''],
    ['units', 'u'.repeat(100)],
    ['startDate', '0001-01-01'],
    ['endDate', '9999-12-31'],
    ['startDate', '2024-02-29'],
  ])('%s is taken (%#)', async (field, value) => {
    const sourceId = unknownId();
    expect(await createSeries(app, { sourceId, [field]: value })).toMatchObject({ [field]: value });
    const updated = await createSeries(app, { sourceId: unknownId() });
    const answer = await tryUpdateSeries(app, updated.id, { [field]: value });
    expect(succeeded(answer).updateSeries).toMatchObject({ [field]: value });
  });
});

describe('a series field past its limit', () => {
  it.each([
    ['externalId', ''],
    ['externalId', 'x'.repeat(101)],
    ['externalId', 'with space'],
    ['externalId', 'new\nline'],
    ['externalId', 'line\n'],
    ['externalId', 'ümlaut'],
    ['externalId', '../../etc/passwd\0'],
    ['externalId', 'a+b'],
    ['title', ''],
    ['title', ' '],
    ['title', '\t\u00a0\n'],
    ['title', 't'.repeat(501)],
    ['description', 'd'.repeat(2001)],
    ['units', 'u'.repeat(101)],
    ['frequency', ''],
    ['frequency', 'fortnightly'],
    ['frequency', ' daily'],
    ['frequency', 'constructor'],
    ['seasonalAdjustment', ''],
    ['seasonalAdjustment', 'XSA'],
    ['seasonalAdjustment', 'toString'],
    ['startDate', '2023-02-30'],
    ['startDate', '2023-02-29'],
    ['startDate', '0000-01-01'],
    ['startDate', '10000-01-01'],
    ['startDate', '2023-13-01'],
    ['startDate', '2023-1-1'],
    ['startDate', '2023-01-01T00:00:00Z'],
    ['startDate', ''],
    ['startDate', 20230101],
    ['endDate', '1900-02-29'],
    ['sourceId', 'not-a-uuid'],
    ['sourceId', '123e4567e89b12d3a456426614174000'],
    ['sourceId', 5],
    ['id', '123e4567-e89b-12d3-a456-42661417400'],
  ])('%s is refused by name (%#)', async (field, value) => {
    const fields = { sourceId: unknownId(), [field]: value };
    expectRefused(await tryCreateSeries(app, fields), `input.${field}`);
    expectRefused(await createByLiteral(fields), `input.${field}`);
    if (field !== 'id') {
      expectRefused(await tryUpdateSeries(app, seriesId, { [field]: value }), `input.${field}`);
    }
  });

  it('is refused where a file could not give it back: half of a surrogate pair', async () => {
    const title = 'half of a pair: \ud83d';
    expectRefused(await tryCreateSeries(app, { title }), 'input.title');
    expectRefused(await tryUpdateSeries(app, seriesId, { title }), 'input.title');
  });

  it('is told with what is allowed and what was received', async () => {
    const { message } = failed(await tryCreateSeries(app, { frequency: 'fortnightly' }));
    expect(message).toContain('input.frequency');
    expect(message).toContain('biweekly');
    expect(message).toContain('"fortnightly"');
  });

  it('is told together with the others, which `faults` lists', async () => {
    const { extensions, message } = expectRefused(
      await tryCreateSeries(app, { externalId: '', title: '' }),
      'input.externalId',
    );
    const faults = extensions['faults'] as { field: string }[];
    expect(faults.map(({ field }) => field)).toEqual(['input.externalId', 'input.title']);
    expect(message).toContain('externalId');
    expect(message).toContain('title');
  });

  it('is not repeated at length: a message stays readable whatever was sent', async () => {
    const long = 'x'.repeat(1_000_000);
    for (const fields of [{ id: long }, { frequency: long }, { startDate: long }]) {
      expect(failed(await tryCreateSeries(app, fields)).message.length).toBeLessThan(1100);
    }
  });
});

describe('frequency', () => {
  it.each([
    ['daily', 'daily D d Daily DAILY'],
    ['weekly', 'weekly W w'],
    ['biweekly', 'biweekly bw BW W2 w2'],
    ['monthly', 'monthly M m Monthly'],
    ['quarterly', 'quarterly Q q QUARTERLY'],
    ['semiannual', 'semiannual sa SA S s'],
    ['annual', 'annual annually yearly Yearly A a'],
    ['irregular', 'irregular IRREGULAR'],
    ['other', 'other Other'],
  ])('%s is stored for %s', async (stored, words) => {
    for (const frequency of words.split(' ')) {
      const created = await createSeries(app, { sourceId: unknownId(), frequency });
      expect(created.frequency).toBe(stored);
    }
  });
});

describe('seasonalAdjustment', () => {
  it.each([
    ['seasonally_adjusted', 'SA'],
    ['not_seasonally_adjusted', 'NSA'],
    ['seasonally_adjusted_annual_rate', 'SAAR'],
    ['smoothed_seasonally_adjusted', 'SSA'],
    ['not_seasonally_adjusted_annual_rate', 'NSAAR'],
  ])('%s is stored for %s, in any case', async (stored, code) => {
    for (const seasonalAdjustment of [stored, stored.toUpperCase(), code, code.toLowerCase()]) {
      const created = await createSeries(app, { sourceId: unknownId(), seasonalAdjustment });
      expect(created.seasonalAdjustment).toBe(stored);
    }
  });
});

describe('startDate and endDate', () => {
  it('may be the same day', async () => {
    const days = { startDate: '2024-01-01', endDate: '2024-01-01' };
    expect(await createSeries(app, days)).toMatchObject(days);
  });

  it('are refused in the wrong order', async () => {
    const days = { startDate: '2024-01-02', endDate: '2024-01-01' };
    expectRefused(await tryCreateSeries(app, days), 'input.startDate');
    expectRefused(await createByLiteral(days), 'input.startDate');
    expectRefused(await tryUpdateSeries(app, seriesId, days), 'input.startDate');
  });
});

describe('a data point', () => {
  it.each([
    ['revisionDate', daysFromToday(1)],
    ['revisionDate', '0001-01-01'],
    ['date', '9999-12-31'],
    ['value', '1234567890123456789012345678'],
    ['value', '-0.1234567890123456789012345678'],
    ['value', '1.7976931348623157e308'],
    ['value', null],
  ])('is taken with %s at its limit (%#)', async (field, value) => {
    const { id } = await createSeries(app);
    succeeded(await tryCreatePoints(app, [point({ seriesId: id, [field]: value })]));
    expect(await readPoints(app, id)).toHaveLength(1);
  });

  it.each([
    ['revisionDate', daysFromToday(2)],
    ['revisionDate', '2024-02-30'],
    ['date', '2023-02-30'],
    ['date', '0000-01-01'],
    ['date', '10000-01-01'],
    ['date', '1/31/2024'],
    ['date', 20240101],
    ['value', '12345678901234567890123456789'],
    ['value', '0.12345678901234567890123456789'],
    ['value', '1e400'],
    ['value', '-1e400'],
    ['value', '1e-400'],
    ['value', 'NaN'],
    ['value', 'Infinity'],
    ['value', ''],
    ['value', '1,5'],
    ['value', true],
    ['seriesId', 'x'],
  ])('is refused with %s past its limit, by its place (%#)', async (field, value) => {
    const { id } = await createSeries(app);
    const whole = [0, 1, 2].map((day) => point({ seriesId: id, date: `2024-01-0${day + 1}` }));
    const inputs = [...whole, point({ [field]: value })];
    expectRefused(await tryCreatePoints(app, inputs), `inputs[3].${field}`);
    expectRefused(await pointsByLiteral(inputs), `inputs[3].${field}`);
    expect(await readPoints(app, id)).toEqual([]);
  });

  it('is refused where its number, written in the query, has 29 digits or no double', async () => {
    for (const value of ['12345678901234567890123456789', '1e400']) {
      const answer = await app.query(
        `mutation { createDataPoints(inputs: [{ seriesId: "${seriesId}", date: "2024-01-01", value: ${value} }]) { addedCount } }`,
      );
      expectRefused(answer, 'inputs[0].value');
    }
  });

  it('is named by the variable that holds it, whatever the variable is called', async () => {
    const answer = await app.query(
      `mutation ($first: CreateDataPointInput!, $day: Date!) {
         createDataPoints(inputs: [$first, { seriesId: "${seriesId}", date: $day }]) { addedCount } }`,
      { first: point({ value: 'x' }), day: '2024-02-30' },
    );
    expect(answer.errors?.map(({ extensions }) => extensions['field'])).toEqual([
      'first.value',
      'day',
    ]);
  });

  it('is one of the first 50 that are told, however many are at fault', async () => {
    const inputs = Array.from({ length: 200 }, () => point({ date: 'x' }));
    const answer = await tryCreatePoints(app, inputs);
    const [last, ...named] = answer.errors!.toReversed();
    expect(named.map(({ extensions }) => extensions['field']).toReversed()).toEqual(
      Array.from({ length: 50 }, (_, index) => `inputs[${index}].date`),
    );
    expect(last).toMatchObject({
      message: expect.stringMatching(/^Too many errors/),
      extensions: { code: 'BAD_USER_INPUT' },
    });
    expect(answer.status).toBe(400);
    const texts = await pointsByLiteral(inputs);
    expect(texts.errors!.length).toBeLessThanOrEqual(101);
    expect(texts.errors![0]!.extensions).toEqual({
      code: 'VALIDATION_ERROR',
      field: 'inputs[0].date',
    });
  });

  it('is reported with every other one at fault', async () => {
    const answer = await tryCreatePoints(app, [
      point({ date: '2024-02-30' }),
      point(),
      point({ value: 'NaN', revisionDate: 'x' }),
    ]);
    expect(answer.errors?.map(({ extensions }) => extensions)).toEqual([
      { code: 'VALIDATION_ERROR', field: 'inputs[0].date' },
      { code: 'VALIDATION_ERROR', field: 'inputs[2].revisionDate' },
      { code: 'VALIDATION_ERROR', field: 'inputs[2].value' },
    ]);
  });
});

describe('a variable that graphql-js itself refuses', () => {
  it.each([
    ['is missing', '$limit: Int!', 'listSeries(limit: $limit)', {}, 'limit'],
    ['is null', '$limit: Int!', 'listSeries(limit: $limit)', { limit: null }, 'limit'],
    ['is of another type', '$n: Int', 'listSeries(limit: $n)', { n: 'x' }, 'n'],
    ['is no Int32', '$n: Int', 'listSeries(limit: $n)', { n: 2 ** 31 }, 'n'],
    ['empties what has a default', '$n: Int', 'listSeries(limit: $n)', { n: null }, 'limit'],
    [
      'is no value of an enumeration',
      '$by: SeriesOrder',
      'listSeries(orderBy: $by)',
      { by: { field: 'NAME' } },
      'by.field',
    ],
    [
      'lacks a field',
      '$by: SeriesOrder',
      'listSeries(orderBy: $by)',
      { by: { direction: 'ASC' } },
      'by.field',
    ],
    [
      'has a field too many',
      '$f: SeriesFilter',
      'listSeries(filter: $f)',
      { f: { name: 'x' } },
      'f.name',
    ],
    ['has a bad default', '$id: UUID = "x"', 'listSeries(filter: { sourceId: $id })', {}, 'id'],
  ])('is named where it %s', async (_, definition, field, variables, name) => {
    const answer = await app.query(`query (${definition}) { ${field} { id } }`, variables);
    expectRefused(answer, name);
    expect(answer.status).toBe(400);
  });

  it('is named in a mutation and in a selection inside of one, too', async () => {
    const missing = { ...point(), date: undefined };
    expectRefused(await tryCreatePoints(app, [missing]), 'inputs[0].date');
    const inner = await app.query(
      `mutation ($revisions: Revisions) { updateSeries(id: "${seriesId}", input: {}) {
         dataPoints(revisions: $revisions) { value } } }`,
      { revisions: null },
    );
    expectRefused(inner, 'revisions');
  });

  it('stops the whole query, all of its faults told at once', async () => {
    const answer = await app.query(
      'query ($id: UUID!, $day: Date) { dataPoints(seriesId: $id, startDate: $day) { date } }',
      { id: 'x', day: '2023-02-30' },
    );
    expect(answer.status).toBe(400);
    expect(answer.data).toBeUndefined();
    expect(answer.errors?.map(({ extensions }) => extensions)).toEqual([
      { code: 'VALIDATION_ERROR', field: 'id' },
      { code: 'VALIDATION_ERROR', field: 'day' },
    ]);
  });
});

describe('a filter', () => {
  it.each([
    ['sourceId', 'x'],
    ['frequency', 'sometimes'],
    ['seasonalAdjustment', 'perhaps'],
    ['externalIdPrefix', 'x'.repeat(101)],
    ['titleContains', 'x'.repeat(501)],
  ])('is refused by %s, in all three queries', async (field, value) => {
    for (const query of [
      `{ listSeries(filter: { ${field}: "${value}" }) { id } }`,
      `{ seriesConnection(filter: { ${field}: "${value}" }) { totalCount } }`,
      `{ searchSeries(text: "x", filter: { ${field}: "${value}" }) { id } }`,
    ]) {
      expectRefused(await app.query(query), `filter.${field}`);
    }
  });

  it('takes texts at their limits', async () => {
    const filter = { externalIdPrefix: 'x'.repeat(100), titleContains: 'x'.repeat(500) };
    const answer = await app.query(`{ listSeries(filter: ${literal(filter)}) { id } }`);
    expect(succeeded(answer).listSeries).toEqual([]);
  });
});

describe('what callers do wrong', () => {
  it('is told to them and not to the log', async () => {
    await tryCreateSeries(app, { frequency: 'sometimes' });
    await tryCreatePoints(app, [point({ seriesId: unknownId() })]);
    await tryCreatePoints(app, [point({ date: 'x' })]);
    await app.query('{ nope }');
    await app.query('subscription { nope }');
    await app.query('query ($n: Int!) { listSeries(limit: $n) { id } }', {});
    expect(app.logger.entries.filter(({ level }) => level === 'error')).toEqual([]);
  });
});
