// Which call a writer makes next. A writer touches only series whose external id begins with its name, so
// that no two calls in flight are about one series and the outcome of each can be told from the others.

const DATES = [
  '0001-01-01',
  '1913-01-01',
  '1969-12-31',
  '1970-01-01',
  '9999-12-31',
  ...Array.from({ length: 35 }, (_, month) => {
    const year = 2000 + Math.floor(month / 12);
    return `${year}-${String((month % 12) + 1).padStart(2, '0')}-01`;
  }),
].sort();
const REVISION_DATES = ['2004-02-29', '2004-03-30', '2010-12-31', '2020-06-15', '2024-01-02'];

/** Sent and stored; where there is one text, both are that. */
const VALUES = [
  ['0.1000000000000000055'],
  ['0.1'],
  ['9007199254740993'],
  ['-9007199254740993.5'],
  ['1234567890123456789012345678'],
  ['-0.000000000000000000000001234'],
  ['1.50', '1.5'],
  ['-0', '0'],
  ['1e3', '1000'],
  ['0'],
];
const FREQUENCIES = ['daily', 'weekly', 'monthly', 'quarterly', 'annual'];
const ADJUSTMENTS = [null, 'seasonally_adjusted', 'not_seasonally_adjusted'];
const TITLES = ['Prices', 'Wages “net”, €', '物価指数', 'Emploi à Genève', 'Output\nin two lines'];

/** Sources are few in practice; more of them would only make the verification longer. */
const SOURCES_MAX = 40;

export const PREFIX_END = '.';
export const writerPrefix = (writer) => `W${writer.number}${PREFIX_END}`;

/**
 * @param writer `number`, `random`, `seriesTarget`: so many series it keeps
 * @param seriesPerCallMax series that one createDataPoints call may be over
 */
export function nextOperation(writer, oracle, seriesPerCallMax) {
  const { random } = writer;
  const own = oracle.seriesOf(writerPrefix(writer));
  if (own.length === 0 || (own.length < writer.seriesTarget && random.chance(0.35))) {
    return createSeries(writer, oracle);
  }
  const dice = random.float();
  if (dice < 0.74) return createDataPoints(random, own, seriesPerCallMax);
  if (dice < 0.84) return updateSeries(writer, oracle, random.pick(own));
  if (dice < 0.93) return deleteDataPoints(random, random.pick(own));
  if (dice < 0.97) return { kind: 'deleteSeries', id: random.pick(own).id };
  if (oracle.sources.size < SOURCES_MAX) return createSource(random);
  return createDataPoints(random, own, seriesPerCallMax);
}

function createSource(random) {
  const name = `${random.pick(TITLES)} ${random.integer(0, 999)}`;
  const url = random.chance(0.5) ? 'https://example.org/data' : null;
  const description = random.chance(0.5) ? 'Where it comes from' : null;
  const isActive = random.chance(0.8);
  return { kind: 'createSource', source: { id: random.uuid(), name, url, description, isActive } };
}

function createSeries(writer, oracle) {
  const { random } = writer;
  const gone = random.chance(0.3) ? oracle.goneSeriesOf(writerPrefix(writer)) : [];
  const before = gone.length > 0 ? random.pick(gone) : undefined;
  const externalId = before?.externalId ?? `${writerPrefix(writer)}${oracle.nextNumber()}`;
  // Without an id the service makes one; with the id of a deleted series its points must not come back.
  const id = random.chance(0.3) ? null : before && random.chance(0.5) ? before.id : random.uuid();
  const sources = [...oracle.sources.keys()];
  return {
    kind: 'createSeries',
    id,
    fields: {
      sourceId: sources.length > 0 && random.chance(0.8) ? random.pick(sources) : random.uuid(),
      externalId,
      ...describe(random),
    },
  };
}

const describe = (random) => ({
  title: `${random.pick(TITLES)} ${random.integer(0, 999)}`,
  description: random.chance(0.5) ? 'x'.repeat(random.integer(1, 300)) : null,
  units: random.chance(0.5) ? 'Index 2015 = 100' : null,
  frequency: random.pick(FREQUENCIES),
  seasonalAdjustment: random.pick(ADJUSTMENTS),
  isActive: random.chance(0.8),
  startDate: random.chance(0.5) ? '1999-12-31' : null,
  endDate: random.chance(0.5) ? '2030-01-01' : null,
});

function updateSeries(writer, oracle, { id }) {
  const { random } = writer;
  const all = Object.entries(describe(random));
  const change = Object.fromEntries(random.sample(all, random.integer(1, 4)));
  if (random.chance(0.15)) change.externalId = `${writerPrefix(writer)}${oracle.nextNumber()}`;
  return { kind: 'updateSeries', id, change };
}

function createDataPoints(random, own, seriesPerCallMax) {
  const dice = random.float();
  const wanted = dice < 0.45 ? 1 : dice < 0.75 ? random.integer(2, 8) : random.integer(9, 50);
  const chosen = random.sample(own, Math.min(wanted, seriesPerCallMax));
  const pointsMax = random.chance(0.03) ? 150 : chosen.length > 8 ? 4 : 20;
  const points = chosen.flatMap(({ id }) => somePoints(random, id, random.integer(1, pointsMax)));
  // Points of several series arrive mixed.
  return { kind: 'createDataPoints', points: random.sample(points, points.length) };
}

function somePoints(random, seriesId, count) {
  const chosen = new Map();
  for (let i = 0; i < count; i++) {
    const date = random.pick(DATES);
    const revisionDate = random.pick(REVISION_DATES);
    const [value, stored] = someValue(random);
    const isOriginalRelease = random.pick([null, null, true, false]);
    const point = { seriesId, date, revisionDate, value, stored, isOriginalRelease };
    chosen.set(`${date}|${revisionDate}`, point);
  }
  return [...chosen.values()];
}

function someValue(random) {
  const dice = random.float();
  if (dice < 0.1) return [null, null];
  if (dice < 0.3) {
    const [sent, stored = sent] = random.pick(VALUES);
    return [sent, stored];
  }
  // One to twenty-five digits in canonical form: no zero at either end.
  const whole = String(random.integer(1, 99_999_999)).slice(0, random.integer(1, 8));
  const fraction = Array.from({ length: random.integer(0, 16) }, () => random.integer(0, 9));
  const tail = fraction.length > 0 ? `.${fraction.join('')}${random.integer(1, 9)}` : '';
  const text = `${random.chance(0.3) ? '-' : ''}${whole}${tail}`;
  return [text, text];
}

function deleteDataPoints(random, { id: seriesId }) {
  const from = random.integer(0, DATES.length - 1);
  const to = Math.min(DATES.length - 1, from + random.integer(0, 8));
  const isAll = random.chance(0.1);
  return {
    kind: 'deleteDataPoints',
    seriesId,
    startDate: isAll ? DATES[0] : DATES[from],
    endDate: isAll ? DATES.at(-1) : DATES[to],
    revisionDate: random.chance(0.5) ? random.pick(REVISION_DATES) : null,
  };
}

function pointInput({ seriesId, date, revisionDate, value, isOriginalRelease }) {
  return { seriesId, date, revisionDate, value, isOriginalRelease };
}

/** The GraphQL request of an operation. */
export function requestOf(operation) {
  switch (operation.kind) {
    case 'createSource':
      return [
        'mutation ($input: CreateSourceInput!) { createSource(input: $input) { id } }',
        { input: operation.source },
      ];
    case 'createSeries':
      return [
        'mutation ($input: CreateEconomicSeriesInput!) { createSeries(input: $input) { id createdAt updatedAt } }',
        { input: { ...(operation.id === null ? {} : { id: operation.id }), ...operation.fields } },
      ];
    case 'updateSeries':
      return [
        'mutation ($id: UUID!, $input: UpdateEconomicSeriesInput!) { updateSeries(id: $id, input: $input) { id createdAt updatedAt } }',
        { id: operation.id, input: operation.change },
      ];
    case 'deleteSeries':
      return ['mutation ($id: UUID!) { deleteSeries(id: $id) }', { id: operation.id }];
    case 'deleteDataPoints': {
      const { seriesId, startDate, endDate, revisionDate } = operation;
      return [
        'mutation ($seriesId: UUID!, $startDate: Date, $endDate: Date, $revisionDate: Date) { deleteDataPoints(seriesId: $seriesId, startDate: $startDate, endDate: $endDate, revisionDate: $revisionDate) }',
        { seriesId, startDate, endDate, revisionDate },
      ];
    }
    case 'createDataPoints':
      return [
        'mutation ($inputs: [CreateDataPointInput!]!) { createDataPoints(inputs: $inputs) { addedCount correctedCount unchangedCount dataPoints { createdAt updatedAt } } }',
        { inputs: operation.points.map(pointInput) },
      ];
    default:
      throw new Error(`unknown operation ${operation.kind}`);
  }
}
