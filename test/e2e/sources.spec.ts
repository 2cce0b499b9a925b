import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSeries, expectRefused, failed, succeeded, unknownId } from '../support/factories.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const FIELDS = 'id name description url isActive createdAt updatedAt';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

function tryCreate(input: Record<string, unknown>, on = app) {
  return on.query(
    `mutation ($input: CreateSourceInput!) { createSource(input: $input) { ${FIELDS} } }`,
    { input: { name: 'Bureau', ...input } },
  );
}

async function create(input: Record<string, unknown> = {}, on = app) {
  return succeeded(await tryCreate(input, on)).createSource;
}

function tryUpdate(id: string, input: Record<string, unknown>) {
  return app.query(
    `mutation ($id: UUID!, $input: UpdateSourceInput!) {
       updateSource(id: $id, input: $input) { ${FIELDS} } }`,
    { id, input },
  );
}

async function read(id: string, on = app) {
  return succeeded(await on.query(`{ source(id: "${id}") { ${FIELDS} } }`)).source;
}

describe('createSource', () => {
  it('stores every field as sent', async () => {
    const input = {
      id: unknownId(),
      name: 'Bureau of Labor Statistics',
      description: 'Employment, prices, productivity',
      url: 'https://www.bls.gov/data?x=1',
      isActive: false,
    };
    const created = await create(input);
    expect(created).toMatchObject(input);
    expect(created.updatedAt).toBe(created.createdAt);
    expect(await read(input.id)).toEqual(created);
  });

  it('leaves out what is not given, or null', async () => {
    const nothing = { description: null, url: null };
    expect(await create()).toMatchObject({ ...nothing, isActive: true });
    expect(await create({ ...nothing, id: null, isActive: null })).toMatchObject({
      ...nothing,
      isActive: true,
    });
  });

  it('refuses an id that is taken, and lets names repeat', async () => {
    const { id } = await create();
    expect(failed(await tryCreate({ id })).extensions).toEqual({
      code: 'CONFLICT',
      resource: 'DataSource',
      id,
    });
    expect((await create()).id).not.toBe(id);
  });

  it('loses none of 20 that are made at the same time', async () => {
    const made = await Promise.all(Array.from({ length: 20 }, () => create({ name: 'Many' })));
    const { sources } = succeeded(await app.query('{ sources { id name } }'));
    const stored = sources.filter(({ name }: { name: string }) => name === 'Many');
    expect(stored.map(({ id }: { id: string }) => id).sort()).toEqual(
      made.map(({ id }) => id).sort(),
    );
  });

  it.each([
    ['name', 'n', 'n'.repeat(200)],
    ['description', '', 'd'.repeat(2000)],
    ['url', 'http://a', `https://example.org/${'u'.repeat(1980)}`],
  ])('takes %s at its limits', async (field, shortest, longest) => {
    for (const value of [shortest, longest]) {
      expect(await create({ [field]: value })).toMatchObject({ [field]: value });
    }
  });

  it.each([
    ['name', ''],
    ['name', ' '],
    ['name', '\t\u00a0\n'],
    ['name', 'n'.repeat(201)],
    ['description', 'd'.repeat(2001)],
    ['url', `https://example.org/${'u'.repeat(1981)}`],
    ['url', 'example.org'],
    ['url', 'javascript:alert(1)'],
    ['url', 'ftp://example.org'],
    ['url', ''],
  ])('refuses %s past its limit (%#)', async (field, value) => {
    expectRefused(await tryCreate({ [field]: value }), `input.${field}`);
    const { id } = await create();
    expectRefused(await tryUpdate(id, { [field]: value }), `input.${field}`);
  });
});

describe('updateSource', () => {
  it('keeps what is not given and empties what is null', async () => {
    const before = await create({ description: 'before', url: 'https://example.org' });
    const { updateSource: named } = succeeded(await tryUpdate(before.id, { name: 'After' }));
    expect(named).toEqual({ ...before, name: 'After', updatedAt: named.updatedAt });
    expect(named.updatedAt > before.updatedAt).toBe(true);

    const emptied = { description: null, url: null, isActive: false };
    const { updateSource: after } = succeeded(await tryUpdate(before.id, emptied));
    expect(after).toEqual({ ...named, ...emptied, updatedAt: after.updatedAt });
    expect(await read(before.id)).toEqual(after);
  });

  it('refuses null for what is never empty, and an unknown source', async () => {
    const { id } = await create();
    expectRefused(await tryUpdate(id, { name: null }), 'input.name');
    expectRefused(await tryUpdate(id, { isActive: null }), 'input.isActive');
    const unknown = unknownId();
    expect(failed(await tryUpdate(unknown, { name: 'x' })).extensions).toEqual({
      code: 'NOT_FOUND',
      resource: 'DataSource',
      id: unknown,
    });
  });
});

describe('sources', () => {
  it('answer in the order of their names, after a restart too', async () => {
    const first = await startTestApp();
    for (const name of ['b', 'C', 'a']) await create({ name }, first);
    const ask = async (on: TestApp) => succeeded(await on.query(`{ sources { ${FIELDS} } }`));
    const before = await ask(first);
    expect(before.sources.map(({ name }: { name: string }) => name)).toEqual(['C', 'a', 'b']);
    await first.stop();
    const second = await startTestApp({ dataDir: first.dataDir });
    expect(await ask(second)).toEqual(before);
    await second.stop();
    await first.close();
  });

  it('answer null for one that is unknown', async () => {
    expect(await read(unknownId())).toBeNull();
  });

  it('belong to their series, whether registered before or after them', async () => {
    const sourceId = unknownId();
    const { id } = await createSeries(app, { sourceId });
    const ask = async () =>
      succeeded(await app.query(`{ series(id: "${id}") { sourceId source { id name } } }`)).series;
    expect(await ask()).toEqual({ sourceId, source: null });
    await create({ id: sourceId, name: 'Registered late' });
    expect(await ask()).toEqual({ sourceId, source: { id: sourceId, name: 'Registered late' } });
  });
});
