// A query over many series reads the files that it needs side by side, and each of them once.

import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Config } from '../../src/config/environment.js';
import { DataDirectory } from '../../src/storage/data-directory.js';
import { damagePointsFile } from '../support/damaged-points.js';
import { createSeries, succeeded, tryCreatePoints } from '../support/factories.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

const SERIES = 100;

let app: TestApp;
let ids: string[];

/** Series of five points each, in three row groups. */
async function start(count: number, config: Partial<Config> = {}): Promise<void> {
  app = await startTestApp({ flushIntervalSeconds: 0, parquetRowGroupRows: 2, ...config });
  ids = [];
  for (let n = 0; n < count; n++) ids.push((await createSeries(app)).id);
  const dates = ['2020-01-01', '2020-02-01', '2020-03-01', '2020-04-01', '2020-05-01'];
  const points = ids.flatMap((seriesId) =>
    dates.map((date) => ({ seriesId, date, revisionDate: '2020-06-01', value: '1' })),
  );
  succeeded(await tryCreatePoints(app, points));
  await app.app.get(DataDirectory).flush();
}

afterEach(() => app.close());

/** The files that a query reads, and what it answers. */
async function readsOf(fields: string) {
  const read = vi.spyOn(app.app.get(DataDirectory), 'read');
  const answer = await app.query(
    `query ($ids: [UUID!]!) { seriesByIds(ids: $ids) { id ${fields} } }`,
    { ids },
  );
  const names = read.mock.calls.map(([name]) => name);
  read.mockRestore();
  return { answer, names };
}

describe('a query over a hundred series', () => {
  it('reads each file once, and none again while it is in memory', async () => {
    await start(SERIES);
    const cold = await readsOf('dataPoints { date value }');
    const series = succeeded(cold.answer).seriesByIds;
    expect(series.map(({ id }: { id: string }) => id)).toEqual(ids);
    for (const { dataPoints } of series) expect(dataPoints).toHaveLength(5);
    expect(cold.names).toHaveLength(SERIES);
    expect(new Set(cold.names).size).toBe(SERIES);
    const warm = await readsOf('observations { values }');
    expect(succeeded(warm.answer).seriesByIds).toHaveLength(SERIES);
    expect(warm.names).toEqual([]);
  });

  it('reads a file once for all the aliases that want parts of it', async () => {
    await start(SERIES);
    const { answer, names } = await readsOf(`
      january: dataPoints(endDate: "2020-01-31") { date }
      spring: observations(startDate: "2020-03-01", endDate: "2020-04-30") { dates }
      all: dataPoints { date }
      changes: dataPoints(units: chg) { value }`);
    const [first] = succeeded(answer).seriesByIds;
    expect(first.january).toEqual([{ date: '2020-01-01' }]);
    expect(first.spring.dates).toEqual(['2020-03-01', '2020-04-01']);
    expect(first.all).toHaveLength(5);
    expect(first.changes).toHaveLength(5);
    expect(names).toHaveLength(SERIES);
  });

  it('answers all of it but the one series whose file is damaged, with an error at its place', async () => {
    await start(SERIES);
    const damaged = 41;
    await damagePointsFile(app.dataDir, ids[damaged]!);
    const { answer } = await readsOf('dataPoints { date }');
    expect(answer.errors).toHaveLength(1);
    expect(answer.errors![0]).toMatchObject({
      path: ['seriesByIds', damaged, 'dataPoints'],
      extensions: { code: 'STORAGE_ERROR' },
    });
    const series: { dataPoints: unknown[] | null }[] = answer.data.seriesByIds;
    series.forEach(({ dataPoints }, n) => {
      if (n === damaged) expect(dataPoints).toBeNull();
      else expect(dataPoints).toHaveLength(5);
    });
  });

  it('is refused where all its fields together would answer too many points', async () => {
    await start(3, { readPointsMax: 12 });
    const { answer } = await readsOf('dataPoints { date }');
    const series: { dataPoints: unknown[] | null }[] = answer.data.seriesByIds;
    expect(series.map(({ dataPoints }) => dataPoints?.length)).toEqual([5, 5, undefined]);
    expect(answer.errors).toMatchObject([{ extensions: { code: 'READ_TOO_LARGE' } }]);
  });
});
