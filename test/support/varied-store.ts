// A data directory with something of everything that an answer can be made of, and copies of it: instants and
// identifiers are the same in all of them.

import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DataDirectory } from '../../src/storage/data-directory.js';
import { INDEX_FOLDER, LOG_FOLDER, seriesFile } from '../../src/storage/paths.js';
import { flip, rewriteFile } from './damage.js';
import { damagePointsFile } from './damaged-points.js';
import {
  createPoints,
  createSeries,
  seriesInput,
  succeeded,
  type PointInput,
} from './factories.js';
import type { Vocabulary } from './operation-arguments.js';
import { OTHER_SOURCE_ID, SOURCE_ID, uuid } from './points.js';
import { startTestApp, temporaryDirectory, type TestApp } from './test-app.js';

const UNREGISTERED_SOURCE_ID = uuid(99);

/** One line of a title holds everything that JSON has to escape, and what HTML and JavaScript trip over. */
const TITLES = [
  'Gross domestic product',
  'Prices "at the gate" \\ \u00fcber alles \u{1F4C8}\u{1F469}\u200D\u{1F4BB}',
  'Tab\tline\nreturn\r bell\u0007 escape\u001b delete\u007f',
  'Separators \u2028 and \u2029 </script><!-- &amp;',
  '\u4E2D\u56FD \u0627\u0644\u0639\u0631\u0628\u064A\u0629 e\u0301 \uFEFF \uFFFD \u{10FFFF}',
  '{"title":"not JSON"}',
];

const EXACT_VALUES = [
  ...['0', '-0.5', '1', '25000.5', '0.1', '0.1000000000000000055', '9007199254740993'],
  ...['1e21', '-1e21', '123456789012345678901234567.8', '0.0000001', '1e-27', '5e-324', '1e300'],
  ...['9999999999999999999999999999', '-0.1234567890123456789012345678', '4.35', '100', null],
];

const REVISION_DATES = ['2020-01-15', '2020-02-15', '2021-06-30', '2024-05-01'];

export const DAMAGED_POINTS_ID = uuid(11);
export const DAMAGED_METADATA_ID = uuid(12);
/** Of the large store only. */
export const LARGE_ID = uuid(50);
const LARGE_POINTS = 30_000;

function month(n: number): string {
  return `${2000 + Math.floor(n / 12)}-${String((n % 12) + 1).padStart(2, '0')}-01`;
}

/** Points of the n-th series; every series is another case. */
function pointsOf(n: number): PointInput[] {
  const revised = (count: number): PointInput[] =>
    Array.from({ length: count }, (_, at) => ({
      date: month(at % 17),
      revisionDate: REVISION_DATES[at % REVISION_DATES.length]!,
      value: at % 7 === 3 ? null : EXACT_VALUES[(at * n) % EXACT_VALUES.length]!,
      isOriginalRelease: at % 5 === 0 ? true : null,
    }));
  switch (n) {
    case 1:
      return EXACT_VALUES.map((value, at) => ({
        date: month(at),
        revisionDate: '2020-01-15',
        value,
      }));
    case 2:
      return [
        { date: '0001-01-01', revisionDate: '0001-01-01', value: '1' },
        { date: '0001-01-01', revisionDate: '2020-01-15', value: '-1' },
        { date: '1969-12-31', revisionDate: '1970-01-01', value: '2' },
        { date: '9999-12-31', revisionDate: '2024-05-01', value: '3' },
      ];
    case 3:
      return [];
    case 4:
      return [{ date: '2020-01-01', revisionDate: '2020-01-15', value: null }];
    default:
      return revised(10 + 3 * n);
  }
}

export interface VariedStore {
  readonly dataDir: string;
  readonly known: Vocabulary;
  /** The directory as it is, under another name. */
  copy(): Promise<string>;
  remove(): Promise<void>;
}

async function closedStore(
  fill: (app: TestApp) => Promise<Vocabulary>,
  afterwards: (dataDir: string) => Promise<void>,
): Promise<VariedStore> {
  const dataDir = await temporaryDirectory();
  const app = await startTestApp({
    dataDir,
    flushIntervalSeconds: 0,
    graphqlExecutor: 'reference',
  });
  const known = await fill(app);
  await app.app.get(DataDirectory).flush();
  await app.stop();
  await afterwards(dataDir);
  const copies: string[] = [];
  return {
    dataDir,
    known,
    copy: async () => {
      const copy = await temporaryDirectory();
      copies.push(copy);
      await cp(dataDir, copy, { recursive: true });
      return copy;
    },
    remove: async () => {
      for (const directory of [dataDir, ...copies]) await rm(directory, { recursive: true });
    },
  };
}

/** A dozen series, two of them damaged. */
export function variedStore(): Promise<VariedStore> {
  return closedStore(fillVaried, async (dataDir) => {
    await damagePointsFile(dataDir, DAMAGED_POINTS_ID);
    const metadata = join(dataDir, seriesFile(DAMAGED_METADATA_ID));
    await rewriteFile(metadata, (bytes) => flip(bytes, 8));
    // Nothing else tells what was in it.
    for (const folder of [INDEX_FOLDER, LOG_FOLDER]) {
      await rm(join(dataDir, folder), { recursive: true });
    }
  });
}

/** A series whose points make an answer of megabytes, and a small one beside it. */
export function largeStore(): Promise<VariedStore> {
  return closedStore(
    async (app) => {
      await createSeries(app, { id: LARGE_ID, externalId: 'LARGE', title: 'Large' });
      for (let from = 0; from < LARGE_POINTS; from += 10_000) {
        await createPoints(app, LARGE_ID, largePoints(from, 10_000));
      }
      await createSeries(app, { id: uuid(51), externalId: 'SMALL', title: 'Small' });
      await createPoints(app, uuid(51), pointsOf(6));
      return { ...(await vocabularyOf(app)), seriesIds: [LARGE_ID, LARGE_ID, uuid(51)] };
    },
    () => Promise.resolve(),
  );
}

export function largePoints(from: number, count: number): PointInput[] {
  return Array.from({ length: count }, (_, index) => {
    const at = from + index;
    const day = new Date(Date.UTC(1950, 0, 1 + (at >> 1))).toISOString().slice(0, 10);
    return {
      date: day,
      revisionDate: at % 2 === 0 ? '2020-01-15' : '2021-06-30',
      value: at % 97 === 0 ? null : (at * 1.37 - 5000).toFixed(at % 5),
    };
  });
}

async function fillVaried(app: TestApp): Promise<Vocabulary> {
  for (const [id, name, url] of [
    [SOURCE_ID, 'Bureau of "Statistics" \u{1F3E6}', 'https://example.org/?a=1&b=2'],
    [OTHER_SOURCE_ID, 'Central bank', null],
  ] as const) {
    const created = await app.query(
      'mutation ($input: CreateSourceInput!) { createSource(input: $input) { id } }',
      { input: { id, name, url } },
    );
    succeeded(created);
  }
  for (let n = 1; n <= 12; n++) {
    const sources = [SOURCE_ID, OTHER_SOURCE_ID, UNREGISTERED_SOURCE_ID];
    await createSeries(app, {
      ...seriesInput(),
      id: uuid(n),
      sourceId: sources[n % 3],
      // The same name at several sources, and names that begin alike.
      externalId: n > 9 ? 'SAME' : `${'ABC'[n % 3]}_${n}`,
      title: TITLES[n % TITLES.length],
      description: n % 2 === 0 ? null : `Line one\nline "two" ${n}`,
      units: n % 3 === 0 ? null : 'Billions of $',
      frequency: n % 4 === 0 ? 'quarterly' : 'monthly',
      seasonalAdjustment: n % 4 === 1 ? 'SA' : null,
      startDate: n % 5 === 0 ? '1990-01-01' : null,
      endDate: n % 5 === 0 ? '2030-12-31' : null,
      isActive: n % 6 !== 5,
    });
    const points = pointsOf(n);
    if (points.length > 0) await createPoints(app, uuid(n), points);
  }
  await publish(app, 6);
  await app.query(
    `mutation { deleteDataPoints(seriesId: "${uuid(7)}", startDate: "2000-03-01", endDate: "2000-05-01") }`,
  );
  await createSeries(app, { id: uuid(13), externalId: 'GONE' });
  await createPoints(app, uuid(13), pointsOf(5));
  succeeded(await app.query(`mutation { deleteSeries(id: "${uuid(13)}") }`));
  return vocabularyOf(app);
}

/** A vintage that changes, withdraws and adds. */
async function publish(app: TestApp, n: number): Promise<void> {
  const points = [0, 2, 3, 20].map((at) => ({ date: month(at), value: `${at}.5` }));
  const published = await app.query(
    `mutation ($id: UUID!, $points: [VintagePointInput!]!) {
       publishVintage(seriesId: $id, revisionDate: "2024-05-01", points: $points, complete: true) {
         addedCount revisedCount withdrawnCount } }`,
    { id: uuid(n), points },
  );
  succeeded(published);
}

async function vocabularyOf(app: TestApp): Promise<Vocabulary> {
  const { connection, page } = succeeded(
    await app.query(`{
      connection: seriesConnection { edges { cursor node { externalId } } }
      page: changes(first: 20) { cursor } }`),
  );
  const edges = connection.edges as { cursor: string; node: { externalId: string } }[];
  const ids = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((n) => uuid(n));
  return {
    seriesIds: [...ids, ...ids, DAMAGED_POINTS_ID, DAMAGED_METADATA_ID, uuid(13)],
    sourceIds: [SOURCE_ID, OTHER_SOURCE_ID, UNREGISTERED_SOURCE_ID],
    externalIds: edges.map(({ node }) => node.externalId),
    words: [
      'gross',
      'Pri',
      'gate',
      '\u00fcber',
      '\u{1F4C8}',
      '\u4E2D',
      'the "gate"',
      'SAME',
      'a b',
    ],
    dates: ['0001-01-01', '1969-12-31', '9999-12-31', ...[0, 1, 4, 9, 15, 18, 20].map(month)],
    revisionDates: ['0001-01-01', '2020-01-14', ...REVISION_DATES],
    seriesCursors: edges.map(({ cursor }) => cursor),
    changeCursors: [String(page.cursor)],
  };
}
