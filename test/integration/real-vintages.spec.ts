// Real vintages, imported as such: every day of publication reads as it was published, all of them checked.

import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { createContext } from '../../src/app.js';
import { CalendarDate } from '../../src/core/calendar-date.js';
import { DataPointsService } from '../../src/data-points/data-points.service.js';
import { Revisions } from '../../src/data-points/revisions.js';
import { SeriesService } from '../../src/series/series.service.js';
import { RecordingLogger, testConfig } from '../support/test-app.js';
import { Workbench } from './import-support.js';

const REALTIME = '../shared/data/realtime-vintages.csv.gz';
const CO2 = '../shared/data/co2-vintages.csv';
/** After every day in the files. */
const TODAY = '2026-11-01';

/** A line of a file. */
interface Line {
  readonly series: string;
  readonly date: string;
  readonly revisionDate: string;
  /** Empty: published as missing. */
  readonly value: string;
}

let bench: Workbench;
beforeEach(async () => {
  bench = await Workbench.make();
});
afterEach(() => rm(bench.directory, { recursive: true, force: true }));

function skipIfAbsent(context: TestContext): void {
  if (existsSync(REALTIME) && existsSync(CO2)) return;
  context.skip('the folder with real vintages is not beside the repository');
}

async function linesOf(path: string): Promise<Line[]> {
  const bytes = await readFile(path);
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
  const [header, ...lines] = text.trim().split(/\r?\n/);
  expect(header).toBe('series,date,revision_date,value');
  return lines.map((line) => {
    const [series, date, revisionDate, value] = line.split(',');
    return { series: series!, date: date!, revisionDate: revisionDate!, value: value! };
  });
}

/** Without trailing zeros, as values come back. */
function canonical(value: string): string {
  const text = value.includes('.') ? value.replace(/0+$/, '').replace(/\.$/, '') : value;
  return text === '' ? 'null' : text;
}

function groupedBy(lines: readonly Line[], key: 'series' | 'revisionDate'): Map<string, Line[]> {
  const groups = new Map<string, Line[]>();
  for (const line of lines) {
    const group = groups.get(line[key]);
    if (group) group.push(line);
    else groups.set(line[key], [line]);
  }
  return groups;
}

/** What each day of publication knew, day after day: what it lists changes what was known before. */
function* vintagesOf(lines: readonly Line[]): Iterable<[day: string, known: string[]]> {
  const known = new Map<string, string>();
  const byDay = groupedBy(lines, 'revisionDate');
  for (const day of [...byDay.keys()].sort()) {
    for (const { date, value } of byDay.get(day)!) known.set(date, canonical(value));
    yield [day, [...known].map(([date, value]) => `${date} ${value}`).sort()];
  }
}

interface Counts {
  added: number;
  revised: number;
  withdrawn: number;
  unchanged: number;
}

/** What an import of the lines, in the order of the days, has to say that it did. */
function countsOf(lines: readonly Line[]): Counts {
  const counts = { added: 0, revised: 0, withdrawn: 0, unchanged: 0 };
  for (const ofSeries of groupedBy(lines, 'series').values()) {
    const known = new Map<string, string>();
    const inOrder = ofSeries.toSorted((a, b) => (a.revisionDate < b.revisionDate ? -1 : 1));
    for (const { date, value } of inOrder) {
      const [before, now] = [known.get(date), canonical(value)];
      if (before === now) counts.unchanged++;
      else if (before === undefined) counts.added++;
      else if (now === 'null') counts.withdrawn++;
      else counts.revised++;
      known.set(date, now);
    }
  }
  return counts;
}

/** The counts of points in the summary of an import. */
function told(out: string): Counts {
  const amount = (name: string) =>
    Number(new RegExp(`([\\d,]+) ${name}`).exec(out)?.[1]?.replaceAll(',', ''));
  return {
    added: amount('added'),
    revised: amount('revised'),
    withdrawn: amount('withdrawn'),
    unchanged: amount('unchanged'),
  };
}

interface Store {
  /** `2024-01-01 5.1` for each date that was known on the day; by the external id of the series. */
  knownOn(series: string, day: string): Promise<string[]>;
  readonly externalIds: string[];
}

/** The services over what was imported. */
async function withStore(task: (store: Store) => Promise<void>): Promise<void> {
  const config = testConfig({ dataDir: bench.dataDir });
  const context = await createContext(config, { logger: new RecordingLogger() });
  try {
    const points = context.get(DataPointsService);
    const series = await context.get(SeriesService).list({ limit: Infinity, offset: 0 });
    const ids = new Map(series.map(({ id, externalId }) => [externalId, id]));
    await task({
      externalIds: [...ids.keys()],
      async knownOn(externalId, day) {
        const asOf = CalendarDate.parse(day);
        const selection = { revisions: Revisions.LATEST, asOf };
        const { batch, rows } = await points.select(ids.get(externalId)!, selection);
        return Array.from(
          rows,
          (row) => `${CalendarDate.format(batch.dates[row] as CalendarDate)} ${batch.decimal(row)}`,
        );
      },
    });
  } finally {
    await context.close();
  }
}

/** @returns how many values were compared */
async function expectEveryVintage(store: Store, lines: readonly Line[]): Promise<number> {
  let compared = 0;
  const bySeries = groupedBy(lines, 'series');
  expect(store.externalIds.sort()).toEqual([...bySeries.keys()].sort());
  for (const [series, ofSeries] of bySeries) {
    for (const [day, known] of vintagesOf(ofSeries)) {
      expect(await store.knownOn(series, day), `${series} as of ${day}`).toEqual(known);
      compared += known.length;
    }
  }
  return compared;
}

describe('real vintages', () => {
  it('read on every day of publication as they were published', async (context) => {
    skipIfAbsent(context);
    const lines = [...(await linesOf(REALTIME)), ...(await linesOf(CO2))];
    const { code, err, out } = await bench.import([REALTIME, CO2], {
      vintages: true,
      today: TODAY,
    });
    expect({ code, err }).toMatchObject({ code: 0 });
    expect(told(out)).toEqual(countsOf(lines));

    await withStore(async (store) => {
      const first = lines.map(({ revisionDate }) => revisionDate).sort()[0]!;
      const dayBefore = CalendarDate.format((CalendarDate.parse(first) - 1) as CalendarDate);
      for (const series of store.externalIds) {
        expect(await store.knownOn(series, dayBefore)).toEqual([]);
      }
      // 24 series of about 99 vintages, and about 150 dates in each of them.
      expect(await expectEveryVintage(store, lines)).toBeGreaterThan(200_000);
    });
  }, 60_000);

  it('imported again change nothing', async (context) => {
    skipIfAbsent(context);
    const options = { vintages: true, today: TODAY };
    for (const path of [REALTIME, CO2]) expect((await bench.import(path, options)).code).toBe(0);
    const before = await bench.stored();
    const lines = [...(await linesOf(REALTIME)), ...(await linesOf(CO2))];
    const { code, out } = await bench.import([REALTIME, CO2], options);
    expect(code).toBe(0);
    expect(out).toMatch(/^Nothing changed: 2 files;/);
    expect(told(out)).toEqual({ added: 0, revised: 0, withdrawn: 0, unchanged: lines.length });
    expect(await bench.stored()).toEqual(before);
  }, 60_000);

  it('published from the last to the first read the same, and are stored the same', async (context) => {
    skipIfAbsent(context);
    // 45 vintages, one of which gives a value to a date again that it had before another one.
    const lines = await linesOf(CO2);
    const days = [...groupedBy(lines, 'revisionDate')].sort(([a], [b]) => (a < b ? 1 : -1));
    expect(days.length).toBeGreaterThan(40);
    for (const [day, ofDay] of days) {
      const content = ofDay.map((line) => Object.values(line).join(',')).join('\n');
      const path = await bench.file(`${day}.csv`, `series,date,revision_date,value\n${content}\n`);
      const options = { vintages: true, today: TODAY, source: 'co2' };
      expect((await bench.import(path, options)).code).toBe(0);
    }
    await withStore(async (store) => {
      await expectEveryVintage(store, lines);
    });
    const { rows } = await bench.stored();
    await rm(bench.dataDir, { recursive: true });
    expect((await bench.import(CO2, { vintages: true, today: TODAY })).code).toBe(0);
    expect((await bench.stored()).rows).toEqual(rows);
  }, 60_000);

  it('in one file in reverse order read the same', async (context) => {
    skipIfAbsent(context);
    const lines = (await linesOf(REALTIME)).filter(({ series }) => series === 'gdp_cssa');
    expect(lines.length).toBeGreaterThan(2000);
    const reversed = lines.toReversed().map((line) => Object.values(line).join(','));
    const path = await bench.file(
      'reversed.csv',
      `series,date,revision_date,value\n${reversed.join('\n')}\n`,
    );
    // Small chunks, so that later vintages are stored before earlier ones.
    const options = { vintages: true, today: TODAY, pointsPerChunk: 100 };
    expect((await bench.import(path, options)).code).toBe(0);
    await withStore(async (store) => {
      await expectEveryVintage(store, lines);
    });
  }, 60_000);
});
