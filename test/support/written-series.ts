// What the proof of linearizability writes and reads: a few registers in a store, each with the mutation that moves
// it on and every query that it can be seen through.

import { expect } from 'vitest';
import type { GraphqlRequest } from './graphql-http.js';
import { createSeries, succeeded } from './factories.js';
import { SOURCE_ID, uuid } from './points.js';
import { Register, type Shown } from './register.js';
import type { GraphqlAnswer, TestApp } from './test-app.js';

/** Data of an answer; the queries below know its shape. */
type Data = GraphqlAnswer['data'];

export interface Reading {
  readonly register: Register;
  readonly request: GraphqlRequest;
  readonly show: (data: Data) => Shown;
}

export interface Subject {
  readonly register: Register;
  readonly readings: readonly Reading[];
  /** Moves the register on; `n` was never given before. */
  readonly write: (app: TestApp, n: number) => Promise<void>;
}

export const VALUE_ID = uuid(1);
const TWIN_ID = uuid(2);
const TITLE_ID = uuid(3);
const BLINKING_ID = uuid(4);
const PUBLISHED_ID = uuid(5);
const GROWING_ID = uuid(6);
const GROWING_SOURCE_ID = uuid(60);

const DAY = '2020-01-01';
const OTHER_DAY = '2020-02-01';
const REVISION = '2021-01-01';

async function mutate(app: TestApp, query: string, variables: object): Promise<Data> {
  return succeeded(await app.query(query, variables as Record<string, unknown>));
}

function createPoints(app: TestApp, inputs: readonly object[]): Promise<Data> {
  return mutate(
    app,
    'mutation ($inputs: [CreateDataPointInput!]!) { createDataPoints(inputs: $inputs) { addedCount } }',
    { inputs },
  );
}

/** Asserts that all are the same: they were written by one call. */
function only(values: readonly Shown[], count = values.length): Shown {
  expect(values).toHaveLength(count);
  expect(new Set(values).size, values.join()).toBe(1);
  return values[0]!;
}

const valuesOf = (points: { value: string }[]): Shown[] => points.map(({ value }) => value);

function subject(
  register: Register,
  write: Subject['write'],
  readings: readonly (readonly [string | GraphqlRequest, Reading['show']])[],
): Subject {
  return {
    register,
    write,
    readings: readings.map(([request, show]) => ({
      register,
      show,
      request: typeof request === 'string' ? { query: request } : request,
    })),
  };
}

/** A value of two dates of two series, corrected by one call. */
function correctedValue(): Subject {
  const register = new Register('a value', '0');
  const byId = (id: string) => ({
    query: 'query Values($id: UUID!) { series(id: $id) { dataPoints { value date } } }',
    variables: { id },
  });
  return subject(
    register,
    (app, n) => register.write(String(n), () => createPoints(app, correction(n))),
    [
      [byId(VALUE_ID), ({ series }) => only(valuesOf(series.dataPoints), 2)],
      [byId(TWIN_ID), ({ series }) => only(valuesOf(series.dataPoints), 2)],
      [
        `{ dataPoints(seriesId: "${VALUE_ID}", revisions: ALL) { value } }`,
        ({ dataPoints }) => only(valuesOf(dataPoints), 2),
      ],
      [
        `{ dataPoints(seriesId: "${TWIN_ID}", asOf: "${REVISION}") { value } }`,
        ({ dataPoints }) => only(valuesOf(dataPoints), 2),
      ],
      [
        `{ series(id: "${VALUE_ID}") { observations { decimalValues values } } }`,
        ({ series: { observations } }) =>
          only([...observations.decimalValues, ...observations.values.map(String)] as Shown[], 4),
      ],
      [
        `{ dataPoint(seriesId: "${TWIN_ID}", date: "${DAY}") { value } }`,
        ({ dataPoint }) => dataPoint.value,
      ],
      [
        `{ revisionHistory(seriesId: "${VALUE_ID}", date: "${DAY}") { value } }`,
        ({ revisionHistory }) => only(valuesOf(revisionHistory), 1),
      ],
      [
        `{ vintages(seriesId: "${TWIN_ID}") { decimalValues } }`,
        ({ vintages }) => only(vintages.decimalValues as Shown[], 2),
      ],
      [
        `{ vintageMatrix(seriesId: "${VALUE_ID}") { rows { decimalValues } } }`,
        ({ vintageMatrix: { rows } }) =>
          only((rows as { decimalValues: Shown[] }[]).map(({ decimalValues: [value] }) => value!)),
      ],
      [
        `{ changes(seriesIds: ["${VALUE_ID}"]) { changes { value } } }`,
        ({ changes }) => only(valuesOf(changes.changes), 2),
      ],
    ],
  );
}

function correction(n: number): object[] {
  return [VALUE_ID, TWIN_ID].flatMap((seriesId) =>
    [DAY, OTHER_DAY].map((date) => ({
      seriesId,
      date,
      revisionDate: REVISION,
      value: String(n),
    })),
  );
}

function changedTitle(): Subject {
  const register = new Register('a title', 'Titular 0');
  const first = (list: { title: string }[]): Shown => only(list.map(({ title }) => title));
  return subject(
    register,
    (app, n) =>
      register.write(`Titular ${n}`, () =>
        mutate(
          app,
          'mutation ($id: UUID!, $title: String!) { updateSeries(id: $id, input: { title: $title }) { id } }',
          { id: TITLE_ID, title: `Titular ${n}` },
        ),
      ),
    [
      [`{ series(id: "${TITLE_ID}") { title } }`, ({ series }) => series.title],
      [`{ seriesByIds(ids: ["${TITLE_ID}"]) { title } }`, ({ seriesByIds: list }) => first(list)],
      [
        '{ listSeries(filter: { externalIdPrefix: "T-" }) { title } }',
        (data) => first(data.listSeries),
      ],
      [
        '{ listSeries(filter: { titleContains: "titular" }) { title } }',
        (data) => first(data.listSeries),
      ],
      ['{ searchSeries(text: "titul") { title } }', (data) => first(data.searchSeries)],
      [
        '{ findSeriesByExternalId(externalId: "T-1") { title } }',
        (data) => data.findSeriesByExternalId.title,
      ],
      [
        '{ findSeriesByDateRange(startDate: "1800-01-01", endDate: "1800-12-31") { title } }',
        (data) => first(data.findSeriesByDateRange),
      ],
      [
        '{ seriesConnection(filter: { externalIdPrefix: "T-" }) { edges { node { title } } } }',
        ({ seriesConnection: { edges } }) =>
          first((edges as { node: { title: string } }[]).map(({ node }) => node)),
      ],
    ],
  );
}

/** A point that comes and goes. */
function deletedPoint(): Subject {
  const register = new Register('a point that is deleted', null);
  const shown = (points: { value: string }[]): Shown => valuesOf(points)[0] ?? null;
  return subject(
    register,
    (app, n) => {
      const key = { seriesId: BLINKING_ID, revisionDate: REVISION };
      if (register.current === null) {
        return register.write(String(n), () =>
          createPoints(app, [{ ...key, date: DAY, value: String(n) }]),
        );
      }
      return register.write(null, () =>
        mutate(
          app,
          'mutation ($id: UUID!, $day: Date!) { deleteDataPoints(seriesId: $id, startDate: $day, endDate: $day) }',
          { id: BLINKING_ID, day: DAY },
        ),
      );
    },
    [
      [`{ dataPoints(seriesId: "${BLINKING_ID}") { value } }`, (data) => shown(data.dataPoints)],
      [
        `{ series(id: "${BLINKING_ID}") { dataPoints(revisions: ORIGINAL, limit: 5) { value } } }`,
        ({ series }) => shown(series.dataPoints),
      ],
      [
        `{ dataPoint(seriesId: "${BLINKING_ID}", date: "${DAY}", revisionDate: "${REVISION}") { value } }`,
        ({ dataPoint }) => dataPoint?.value ?? null,
      ],
      [
        `{ series(id: "${BLINKING_ID}") { observations(endDate: "2030-01-01") { decimalValues } } }`,
        ({ series }) => (series.observations.decimalValues as Shown[])[0] ?? null,
      ],
    ],
  );
}

/** A series that is made and deleted. */
function deletedSeries(): Subject {
  const register = new Register('a series that is deleted', null);
  let id = '';
  const shown = (list: { title: string }[]): Shown => list[0]?.title ?? null;
  return subject(
    register,
    (app, n) => {
      if (register.current === null) {
        return register.write(`Ephemeral ${n}`, async () => {
          ({ id } = await createSeries(app, { externalId: 'LIFE', title: `Ephemeral ${n}` }));
        });
      }
      // After the store was put back it has another id.
      return register.write(null, async () => {
        const found = await app.query('{ findSeriesByExternalId(externalId: "LIFE") { id } }');
        id = succeeded(found).findSeriesByExternalId.id;
        await mutate(app, 'mutation ($id: UUID!) { deleteSeries(id: $id) }', { id });
      });
    },
    [
      [
        '{ findSeriesByExternalId(externalId: "LIFE") { title } }',
        (data) => data.findSeriesByExternalId?.title ?? null,
      ],
      [
        '{ listSeries(filter: { externalIdPrefix: "LIFE" }) { title } }',
        (data) => shown(data.listSeries),
      ],
      ['{ searchSeries(text: "ephemeral") { title } }', (data) => shown(data.searchSeries)],
      [
        '{ seriesConnection(first: 1, filter: { titleContains: "Ephemeral" }) { totalCount edges { node { title } } } }',
        ({ seriesConnection: { totalCount, edges } }) => {
          expect(edges).toHaveLength(totalCount);
          return edges[0]?.node.title ?? null;
        },
      ],
    ],
  );
}

function publishedValue(): Subject {
  const register = new Register('a published value', '0');
  return subject(register, (app, n) => register.write(String(n), () => publish(app, n)), [
    [
      `{ dataPoints(seriesId: "${PUBLISHED_ID}", asOf: "${REVISION}") { value } }`,
      ({ dataPoints }) => only(valuesOf(dataPoints), 1),
    ],
    [
      `{ series(id: "${PUBLISHED_ID}") { revisionStatistics { dateCount } dataPoints(revisions: NTH_RELEASE, release: 1) { value } } }`,
      ({ series }) => only(valuesOf(series.dataPoints), 1),
    ],
    [
      `{ dataPoints(seriesId: "${PUBLISHED_ID}", startDate: "${DAY}", endDate: "${DAY}") { value updatedAt } }`,
      ({ dataPoints }) => only(valuesOf(dataPoints), 1),
    ],
  ]);
}

function publish(app: TestApp, n: number): Promise<Data> {
  return mutate(
    app,
    `mutation ($id: UUID!, $day: Date!, $points: [VintagePointInput!]!) {
       publishVintage(seriesId: $id, revisionDate: $day, points: $points) { addedCount } }`,
    { id: PUBLISHED_ID, day: REVISION, points: [{ date: DAY, value: String(n) }] },
  );
}

function renamedSource(): Subject {
  const register = new Register('the name of a source', 'Source 0');
  const named = (sources: { id: string; name: string }[]): Shown =>
    sources.find(({ id }) => id === SOURCE_ID)!.name;
  return subject(
    register,
    (app, n) =>
      register.write(`Source ${n}`, () =>
        mutate(
          app,
          'mutation ($id: UUID!, $name: String!) { updateSource(id: $id, input: { name: $name }) { id } }',
          { id: SOURCE_ID, name: `Source ${n}` },
        ),
      ),
    [
      [`{ source(id: "${SOURCE_ID}") { name } }`, ({ source }) => source.name],
      ['{ sources { id name } }', ({ sources }) => named(sources)],
      [`{ series(id: "${VALUE_ID}") { source { name } } }`, ({ series }) => series.source.name],
      [
        '{ listSeries(filter: { externalIdPrefix: "T-" }) { id source { name } } }',
        ({ listSeries: [series] }) => series.source.name,
      ],
      [
        '{ dataFreshness { source { id name } } }',
        ({ dataFreshness }) =>
          named(
            (dataFreshness as { source: { id: string; name: string } | null }[]).flatMap(
              ({ source }) => source ?? [],
            ),
          ),
      ],
    ],
  );
}

/** More series than before. */
function addedSeries(): Subject {
  const register = new Register('how many series there are', '0');
  const count = (text: Shown) => String(Number(text) + 1);
  return subject(
    register,
    (app, n) =>
      register.write(count(register.current), () =>
        createSeries(app, { externalId: `N-${n}`, title: `Numbered ${n}` }),
      ),
    [
      [
        '{ seriesConnection(filter: { externalIdPrefix: "N-" }) { totalCount } }',
        ({ seriesConnection }) => String(seriesConnection.totalCount),
      ],
      [
        '{ listSeries(limit: 1000, filter: { externalIdPrefix: "N-" }) { id } }',
        ({ listSeries }) => String(listSeries.length),
      ],
      [
        '{ searchSeries(text: "numbered", first: 1000) { id } }',
        (data) => String(data.searchSeries.length),
      ],
    ],
  );
}

/** More points than before, each a day after the last. */
function addedPoints(): Subject {
  const register = new Register('how many points there are', '1');
  const start = Date.UTC(2000, 0, 1);
  const dayOf = (count: number) => new Date(start + count * 86_400_000).toISOString().slice(0, 10);
  const countOf = (day: string) => String((Date.parse(day) - start) / 86_400_000);
  return subject(
    register,
    (app) => {
      const count = Number(register.current) + 1;
      return register.write(String(count), () => grow(app, dayOf(count)));
    },
    [
      [
        `{ series(id: "${GROWING_ID}") { dataPointCount lastDate } }`,
        ({ series }) => only([String(series.dataPointCount), countOf(series.lastDate)]),
      ],
      [
        `{ series(id: "${GROWING_ID}") { observations { dates coverage { revisionCount } } } }`,
        ({ series }) => String(series.observations.dates.length),
      ],
      [
        `{ dataPoints(seriesId: "${GROWING_ID}", revisions: FIXED_LAG, lagDays: 36525) { id } }`,
        ({ dataPoints }) => String(dataPoints.length),
      ],
      [
        '{ dataFreshness { sourceId lastDate } }',
        ({ dataFreshness }) =>
          countOf(
            (dataFreshness as { sourceId: string; lastDate: string }[]).find(
              ({ sourceId }) => sourceId === GROWING_SOURCE_ID,
            )!.lastDate,
          ),
      ],
      [
        `{ series(id: "${GROWING_ID}") { revisionDates { addedCount } } }`,
        ({ series }) => String(series.revisionDates[0].addedCount),
      ],
      [
        `{ series(id: "${GROWING_ID}") { revisionStatistics { dateCount } } }`,
        ({ series }) => String(series.revisionStatistics.dateCount),
      ],
    ],
  );
}

function grow(app: TestApp, date: string): Promise<Data> {
  return createPoints(app, [{ seriesId: GROWING_ID, date, revisionDate: REVISION, value: '1' }]);
}

/** Everything at its first state, in an empty store. */
export async function prepareSubjects(app: TestApp): Promise<Subject[]> {
  await mutate(
    app,
    'mutation ($input: CreateSourceInput!) { createSource(input: $input) { id } }',
    {
      input: { id: SOURCE_ID, name: 'Source 0' },
    },
  );
  for (const id of [VALUE_ID, TWIN_ID, BLINKING_ID, PUBLISHED_ID]) {
    await createSeries(app, { id, sourceId: SOURCE_ID });
  }
  await createSeries(app, { id: GROWING_ID, sourceId: GROWING_SOURCE_ID });
  await createSeries(app, {
    id: TITLE_ID,
    sourceId: SOURCE_ID,
    externalId: 'T-1',
    title: 'Titular 0',
    startDate: '1800-01-01',
    endDate: '1800-12-31',
  });
  await createPoints(app, correction(0));
  await publish(app, 0);
  await grow(app, '2000-01-02');
  return [
    correctedValue(),
    changedTitle(),
    deletedPoint(),
    deletedSeries(),
    publishedValue(),
    renamedSource(),
    addedSeries(),
    addedPoints(),
  ];
}
