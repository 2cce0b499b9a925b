// What the suites and the examples find in the store: written over GraphQL, so that what comes back over
// Flight went in through another door.

const OFFICE = '10000000-0000-4000-8000-00000000000a';
const BANK = '10000000-0000-4000-8000-00000000000b';
const PANEL_SERIES = 24;

const CREATE_SOURCE =
  'mutation ($input: CreateSourceInput!) { createSource(input: $input) { id } }';
const CREATE_SERIES =
  'mutation ($input: CreateEconomicSeriesInput!) { createSeries(input: $input) { id } }';
const CREATE_POINTS =
  'mutation ($inputs: [CreateDataPointInput!]!) { createDataPoints(inputs: $inputs) { addedCount } }';
const PUBLISH = `mutation ($seriesId: UUID!, $revisionDate: Date!, $points: [VintagePointInput!]!) {
  publishVintage(seriesId: $seriesId, revisionDate: $revisionDate, points: $points) { addedCount }
}`;

/** The example of docs/point-in-time.md. */
const GDP_VINTAGES = {
  '2024-03-28': { '2023-07-01': '4.9', '2023-10-01': '3.4' },
  '2024-04-25': { '2023-10-01': '3.4', '2024-01-01': '1.6' },
  '2024-05-30': { '2024-01-01': '1.3' },
  '2024-06-27': { '2024-01-01': '1.4' },
  '2024-09-26': {
    '2023-07-01': '4.4',
    '2023-10-01': '3.2',
    '2024-01-01': '1.6',
    '2024-04-01': '3.0',
  },
};

/** Numbers that a double holds, numbers that it does not, and none. */
const EXACT_VALUES = ['0.1', '9007199254740993', '1234567890.123456789012345678', null, '-0.5'];

/** @param post sends an operation to GraphQL and answers its data */
export async function fillStore(post) {
  let created = 0;
  const series = async (input) => {
    const id = `20000000-0000-4000-8000-${String(++created).padStart(12, '0')}`;
    await post(CREATE_SERIES, { input: { id, sourceId: OFFICE, frequency: 'monthly', ...input } });
    return id;
  };

  await post(CREATE_SOURCE, { input: { id: OFFICE, name: 'Statistics Office' } });
  await post(CREATE_SOURCE, { input: { id: BANK, name: 'Central Bank' } });

  const gdp = await series({
    externalId: 'GDP_GROWTH',
    title: 'Real gross domestic product, percent change from preceding quarter',
    units: 'percent',
    frequency: 'quarterly',
  });
  for (const [revisionDate, values] of Object.entries(GDP_VINTAGES)) {
    const points = Object.entries(values).map(([date, value]) => ({ date, value }));
    await post(PUBLISH, { seriesId: gdp, revisionDate, points });
  }

  const exact = await series({ externalId: 'EXACT', title: 'Numbers of many digits' });
  const shared = [
    await series({ externalId: 'SHARED', title: 'Shared name, of the office' }),
    await series({ externalId: 'SHARED', title: 'Shared name, of the bank', sourceId: BANK }),
  ];
  await series({ externalId: 'EMPTY', title: 'A series without points', isActive: false });
  await series({
    externalId: 'SCRATCH',
    title: 'For an example to write to',
    frequency: 'quarterly',
  });
  const panel = [];
  for (let index = 0; index < PANEL_SERIES; index++) {
    const number = String(index).padStart(2, '0');
    panel.push(await series({ externalId: `PANEL_${number}`, title: `Panel, series ${number}` }));
  }

  await post(CREATE_POINTS, {
    inputs: [
      ...EXACT_VALUES.map((value, index) => point(exact, month(index), '2024-06-01', value)),
      ...shared.map((id, index) => point(id, '2024-01-01', '2024-02-01', String(index + 1))),
      ...panel.flatMap((id, index) => panelPoints(id, index)),
    ],
  });
}

/** Ten years of months; every tenth value is missing, and every twelfth was revised. */
function panelPoints(id, index) {
  return Array.from({ length: 120 }, (_, at) => {
    const value = at % 10 === 9 ? null : String(100 + index + at / 8);
    const first = point(id, month(at), '2024-06-01', value);
    return at % 12 === 0 ? [first, point(id, month(at), '2024-07-01', String(at))] : [first];
  }).flat();
}

function point(seriesId, date, revisionDate, value) {
  return { seriesId, date, revisionDate, value };
}

function month(index) {
  return new Date(Date.UTC(2010, index, 1)).toISOString().slice(0, 10);
}
