import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createPoints,
  createSeries,
  expectRefused,
  failed,
  readPoints,
  readSeries,
  seriesInput,
  succeeded,
  tryCreateSeries,
  tryUpdateSeries,
  unknownId,
} from '../support/factories.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

function deleteSeries(id: string) {
  return app.query('mutation ($id: UUID!) { deleteSeries(id: $id) }', { id });
}

describe('createSeries', () => {
  it('stores every field as sent', async () => {
    const input = seriesInput({
      title: 'Arbeitslosenquote, 失業率 📈',
      description: 'Line one\nLine "two"',
      units: '% of labour force',
      frequency: 'monthly',
      seasonalAdjustment: 'seasonally_adjusted',
      startDate: '1948-01-01',
      endDate: '2024-12-01',
      isActive: false,
    });
    const created = await createSeries(app, input);
    expect(created).toMatchObject(input);
    expect(created.id).toMatch(UUID_V7);
    expect(created.updatedAt).toBe(created.createdAt);
    expect(await readSeries(app, created.id)).toEqual(created);
  });

  it('leaves out what is not given and makes the series active', async () => {
    expect(await createSeries(app)).toMatchObject({
      description: null,
      units: null,
      seasonalAdjustment: null,
      startDate: null,
      endDate: null,
      isActive: true,
    });
  });

  it('takes null for what may be left out', async () => {
    const nothing = {
      id: null,
      description: null,
      units: null,
      seasonalAdjustment: null,
      startDate: null,
      endDate: null,
      isActive: null,
    };
    const created = await createSeries(app, nothing);
    expect(created).toMatchObject({ ...nothing, id: created.id, isActive: true });
  });

  it('takes the id that the client chose, in any case, and answers it in lower case', async () => {
    const id = 'ABCDEF01-2345-4678-9ABC-DEF012345678';
    expect(await createSeries(app, { id })).toMatchObject({ id: id.toLowerCase() });
    expect(await readSeries(app, id)).toMatchObject({ id: id.toLowerCase() });
  });

  it('refuses an id that is taken', async () => {
    const { id } = await createSeries(app);
    const error = failed(await tryCreateSeries(app, { id }));
    expect(error.extensions).toEqual({ code: 'CONFLICT', resource: 'EconomicSeries', id });
  });

  it('refuses an external id that the source has already, and names the series', async () => {
    const { id, sourceId, externalId } = await createSeries(app);
    const error = failed(await tryCreateSeries(app, { sourceId, externalId }));
    expect(error.extensions).toEqual({ code: 'CONFLICT', resource: 'EconomicSeries', id });
  });

  it('lets two sources use one external id, and one source two that differ in case', async () => {
    const { sourceId } = await createSeries(app, { externalId: 'SHARED' });
    const other = await createSeries(app, { externalId: 'SHARED', sourceId: unknownId() });
    const lower = await createSeries(app, { externalId: 'shared', sourceId });
    expect(other.externalId).toBe('SHARED');
    expect(lower.externalId).toBe('shared');
  });

  it('succeeds once where 20 callers create the same external id at the same time', async () => {
    const fields = seriesInput();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => tryCreateSeries(app, fields)),
    );
    const refused = answers.filter(({ errors }) => errors).map((answer) => failed(answer));
    expect(refused).toHaveLength(19);
    expect(new Set(refused.map(({ extensions }) => extensions.code))).toEqual(
      new Set(['CONFLICT']),
    );
    const winner = answers.find(({ errors }) => !errors)!.data.createSeries;
    const { findSeriesByExternalId: found } = succeeded(
      await app.query('query ($e: String!) { findSeriesByExternalId(externalId: $e) { id } }', {
        e: fields.externalId,
      }),
    );
    expect(found).toEqual({ id: winner.id });
  });

  it('succeeds once where 20 callers use the same id at the same time', async () => {
    const id = unknownId();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => tryCreateSeries(app, { id })),
    );
    expect(answers.filter(({ errors }) => !errors)).toHaveLength(1);
  });
});

describe('updateSeries', () => {
  const everything = {
    title: 'Before',
    description: 'before',
    units: 'before',
    frequency: 'monthly',
    seasonalAdjustment: 'seasonally_adjusted',
    startDate: '2000-01-01',
    endDate: '2020-01-01',
    isActive: true,
  };

  it.each([
    ['title', 'After'],
    ['description', 'after'],
    ['units', 'after'],
    ['frequency', 'annual'],
    ['seasonalAdjustment', 'not_seasonally_adjusted'],
    ['startDate', '2001-01-01'],
    ['endDate', '2021-01-01'],
    ['isActive', false],
    ['externalId', 'AFTER'],
    ['sourceId', '22222222-2222-4222-8222-222222222222'],
  ])('changes %s and keeps what is not given', async (field, value) => {
    const before = await createSeries(app, everything);
    const { updateSeries: after } = succeeded(
      await tryUpdateSeries(app, before.id, { [field]: value }),
    );
    expect(after).toEqual({ ...before, [field]: value, updatedAt: after.updatedAt });
    expect(after.updatedAt > before.updatedAt).toBe(true);
    expect(await readSeries(app, before.id)).toEqual(after);
  });

  it.each(['description', 'units', 'seasonalAdjustment', 'startDate', 'endDate'])(
    'empties %s where it is null',
    async (field) => {
      const before = await createSeries(app, everything);
      const { updateSeries: after } = succeeded(
        await tryUpdateSeries(app, before.id, { [field]: null }),
      );
      expect(after).toEqual({ ...before, [field]: null, updatedAt: after.updatedAt });
    },
  );

  it.each(['title', 'externalId', 'sourceId', 'frequency', 'isActive'])(
    'refuses null for %s, which is never empty',
    async (field) => {
      const before = await createSeries(app, everything);
      expectRefused(await tryUpdateSeries(app, before.id, { [field]: null }), `input.${field}`);
      expect(await readSeries(app, before.id)).toEqual(before);
    },
  );

  it('changes nothing, updatedAt neither, where everything is already so', async () => {
    const before = await createSeries(app, everything);
    expect(succeeded(await tryUpdateSeries(app, before.id, {})).updateSeries).toEqual(before);
    const same = await tryUpdateSeries(app, before.id, { ...everything, frequency: 'M' });
    expect(succeeded(same).updateSeries).toEqual(before);
  });

  it('checks the dates together with those that are stored', async () => {
    const { id } = await createSeries(app, everything);
    expectRefused(await tryUpdateSeries(app, id, { startDate: '2020-01-02' }), 'input.startDate');
    expectRefused(await tryUpdateSeries(app, id, { endDate: '1999-12-31' }), 'input.endDate');
    succeeded(await tryUpdateSeries(app, id, { startDate: '2020-01-01' }));
  });

  it('refuses an external id that another series of the source has', async () => {
    const [first, second] = [await createSeries(app), await createSeries(app)];
    const { externalId } = first;
    const error = failed(await tryUpdateSeries(app, second.id, { externalId }));
    expect(error.extensions).toEqual({
      code: 'CONFLICT',
      resource: 'EconomicSeries',
      id: first.id,
    });
    expect(await readSeries(app, second.id)).toEqual(second);
  });

  it('sets an external id free for other series', async () => {
    const { id, externalId } = await createSeries(app);
    succeeded(await tryUpdateSeries(app, id, { externalId: `${externalId}_OLD` }));
    expect(await createSeries(app, { externalId })).toMatchObject({ externalId });
  });

  it('leaves the points alone', async () => {
    const { id } = await createSeries(app);
    await createPoints(app, id, [{ date: '2024-01-01', value: '1' }]);
    const before = await readPoints(app, id);
    succeeded(await tryUpdateSeries(app, id, { title: 'Changed' }));
    expect(await readPoints(app, id)).toEqual(before);
  });

  it('answers NOT_FOUND for an unknown series', async () => {
    const id = unknownId();
    expect(failed(await tryUpdateSeries(app, id, { title: 'x' })).extensions).toEqual({
      code: 'NOT_FOUND',
      resource: 'EconomicSeries',
      id,
    });
  });
});

describe('deleteSeries', () => {
  it('removes the series and its points, and frees its id and external id', async () => {
    const { id, externalId } = await createSeries(app);
    await createPoints(app, id, [{ date: '2024-01-01', value: '1' }]);

    expect(succeeded(await deleteSeries(id))).toEqual({ deleteSeries: true });
    expect(await readSeries(app, id)).toBeNull();
    const gone = failed(await app.query(`{ dataPoints(seriesId: "${id}") { value } }`));
    expect(gone.extensions).toMatchObject({ code: 'NOT_FOUND', id });

    const again = await createSeries(app, { id, externalId, title: 'Second life' });
    expect(again).toMatchObject({ id, externalId, title: 'Second life' });
    expect(await readPoints(app, id)).toEqual([]);
  });

  it('answers NOT_FOUND for an unknown series, and the second time', async () => {
    const { id } = await createSeries(app);
    succeeded(await deleteSeries(id));
    expect(failed(await deleteSeries(id)).extensions).toEqual({
      code: 'NOT_FOUND',
      resource: 'EconomicSeries',
      id,
    });
  });

  it('outlives a restart, as does what was made after it', async () => {
    const first = await startTestApp();
    const { id, externalId } = await createSeries(first);
    const kept = await createSeries(first);
    succeeded(await first.query(`mutation { deleteSeries(id: "${id}") }`));
    const again = await createSeries(first, { id, externalId, title: 'Second life' });
    await first.stop();

    const second = await startTestApp({ dataDir: first.dataDir });
    expect(await readSeries(second, id)).toEqual(again);
    expect(await readSeries(second, kept.id)).toEqual(kept);
    await second.stop();
    await first.close();
  });
});
