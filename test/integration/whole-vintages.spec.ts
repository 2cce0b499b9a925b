// Whole vintages of a real series, which repeat most of what was known: only their changes are stored.

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import type { INestApplicationContext } from '@nestjs/common';
import { beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { createContext } from '../../src/app.js';
import { CalendarDate } from '../../src/core/calendar-date.js';
import { Decimal } from '../../src/core/decimal.js';
import { DataPointsService } from '../../src/data-points/data-points.service.js';
import { Revisions } from '../../src/data-points/revisions.js';
import { SeriesService } from '../../src/series/series.service.js';
import { RecordingLogger, testConfig } from '../support/test-app.js';
import { Workbench } from './import-support.js';

const REALTIME = '../shared/data/realtime-vintages.csv.gz';
const TODAY = '2026-11-01';

/** What was known on each day of publication: value by date, both as they are stored; null: missing. */
type Vintages = Map<string, Map<string, string | null>>;

let bench: Workbench;
beforeEach(async () => {
  bench = await Workbench.make();
});

/** By series, from the file alone: it lists what each vintage changed. */
async function readVintages(path: string): Promise<Map<string, Vintages>> {
  const bytes = await readFile(path);
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString().trim();
  const changes = new Map<string, Vintages>();
  for (const line of text.split('\n').slice(1)) {
    const [series, date, day, value] = line.split(',') as [string, string, string, string];
    const ofSeries = changes.get(series) ?? new Map();
    changes.set(series, ofSeries);
    ofSeries.set(day, (ofSeries.get(day) ?? new Map()).set(date, canonical(value)));
  }
  for (const [series, ofSeries] of changes) {
    let known = new Map<string, string | null>();
    const days = [...ofSeries.keys()].sort();
    const vintages = days.map((day) => {
      known = new Map([...known, ...ofSeries.get(day)!]);
      return [day, known] as const;
    });
    changes.set(series, new Map(vintages));
  }
  return changes;
}

function canonical(text: string): string | null {
  if (text === '') return null;
  const { double, exact } = Decimal.parse(text);
  return Decimal.format(double, exact);
}

async function opened<T>(task: (context: INestApplicationContext) => Promise<T>): Promise<T> {
  const config = testConfig({ dataDir: bench.dataDir });
  const context = await createContext(config, { logger: new RecordingLogger() });
  try {
    return await task(context);
  } finally {
    await context.close();
  }
}

/** @returns how many vintages there were */
async function expectEveryVintage(expected: Map<string, Vintages>): Promise<number> {
  return opened(async (context) => {
    const points = context.get(DataPointsService);
    const series = await context.get(SeriesService).list({ limit: Infinity, offset: 0 });
    expect(series.map(({ externalId }) => externalId).sort()).toEqual([...expected.keys()].sort());
    let count = 0;
    for (const { id, externalId } of series) {
      for (const [day, vintage] of expected.get(externalId)!) {
        const { batch, rows } = await points.select(id, {
          revisions: Revisions.LATEST,
          asOf: CalendarDate.parse(day),
        });
        const known = Array.from(rows, (row) => [
          CalendarDate.format(batch.dates[row] as CalendarDate),
          batch.decimal(row),
        ]);
        expect(known, `${externalId} on ${day}`).toEqual([...vintage].sort());
        count++;
      }
    }
    return count;
  });
}

function skipWithout(path: string, context: TestContext): void {
  if (!existsSync(path)) context.skip('the folder with real vintages is not beside the repository');
}

function csvOf(
  series: string,
  vintages: Iterable<readonly [string, Map<string, string | null>]>,
): string {
  const lines = [...vintages].flatMap(([day, known]) =>
    [...known].map(([date, value]) => `${series},${date},${day},${value ?? ''}`),
  );
  return ['series,date,revision_date,value', ...lines, ''].join('\n');
}

describe('whole vintages of a real series', () => {
  it.for([
    ['complete', true],
    ['not called complete', false],
  ] as const)(
    'store only what they change, in whatever order they come: %s',
    { timeout: 60_000 },
    async ([, complete], context) => {
      skipWithout(REALTIME, context);
      const [series, vintages] = [...(await readVintages(REALTIME))][0]!;
      const all = [...vintages];
      // Every third one first, backwards: the others come between them.
      const parts = [1, 2, 0].map((rest) => all.filter((_, at) => at % 3 === rest).reverse());
      for (const [n, part] of parts.entries()) {
        const file = await bench.file(`part${n}.csv`, csvOf(series, part));
        const options = { vintages: true, complete, today: TODAY, source: 'Real' };
        expect((await bench.import(file, options)).code).toBe(0);
      }
      await expectEveryVintage(new Map([[series, vintages]]));
      const { rows } = await bench.stored();
      expect(rows).toHaveLength(countChanges(all));
    },
  );
});

/** Rows that one has to store of vintages in their order. */
function countChanges(
  vintages: readonly (readonly [string, Map<string, string | null>])[],
): number {
  let changes = 0;
  let before = new Map<string, string | null>();
  for (const [, known] of vintages) {
    for (const [date, value] of known) if (before.get(date) !== value) changes++;
    before = known;
  }
  return changes;
}
