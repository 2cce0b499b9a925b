import { rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CalendarDate } from '../../src/core/calendar-date.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { summaryOf, Workbench } from './import-support.js';

let bench: Workbench;
beforeEach(async () => {
  bench = await Workbench.make();
});
afterEach(() => rm(bench.directory, { recursive: true, force: true }));

describe('a running service', () => {
  let service: Workbench;
  let app: TestApp;
  beforeEach(async () => {
    service = await Workbench.make();
    app = await startTestApp({ dataDir: service.dataDir });
  });
  afterEach(async () => {
    await app.stop();
    await rm(service.directory, { recursive: true, force: true });
  });

  it('stores the same rows as a data directory, import after import', async () => {
    const wide = await bench.file('wide.csv', 'month,a b,c\n2006-01,1,\n2006-02,,0.30\n');
    const wideLater = await bench.file('wider.csv', 'month,a b,c\n2006-01,,\n2006-02,5,0.3\n');
    const vintages = await bench.file(
      'vintages.csv',
      [
        'series,date,revision_date,value',
        'G,2024-Q1,2024-04-25,-1.50',
        'G,2024-Q1,2024-05-30,0.1000000000000000055',
        'G,2023-Q4,2024-04-25,1e21',
        'H,2024-W05,2024-04-25,NaN',
      ].join('\n'),
    );
    const seriesFile = await bench.file('series.csv', 'series,title,units,frequency\nc,C,%,A\n');
    const steps = [
      { path: wide, source: 'S', today: '2024-06-01' },
      { path: wideLater, source: 'S', seriesFile, today: '2024-06-02' },
      { path: vintages, sourceUrl: 'https://g.example/', today: '2024-06-03' },
      { path: wideLater, source: 'S', seriesFile, today: '2024-06-04' },
    ];
    for (const { path, ...setting } of steps) {
      const locally = await bench.import(path, setting);
      const remotely = await bench.import(path, { ...setting, url: app.url });
      expect(remotely.code).toBe(0);
      expect(summaryOf(remotely.out)).toEqual(summaryOf(locally.out));
    }
    await app.stop();
    const [here, there] = [await bench.stored(), await service.stored()];
    expect(there.rows).toEqual(here.rows);
    expect(there.rows).toHaveLength(8);
    const facts = (stored: typeof here) =>
      stored.series.map(({ externalId, title, units, frequency, seasonalAdjustment }) => ({
        externalId,
        title,
        units,
        frequency,
        seasonalAdjustment,
      }));
    expect(facts(there)).toEqual(facts(here));
    expect(there.sources.map(({ name, url }) => [name, url])).toEqual(
      here.sources.map(({ name, url }) => [name, url]),
    );
  });

  it('is sent no more points in a call than it takes', async () => {
    const strict = await startTestApp({ writePointsMax: 100 });
    const lines = Array.from({ length: 350 }, (_, n) => `N,${1000 + n},2024-02-01,${n}`);
    const path = await bench.file(
      'years.csv',
      ['series,date,revision_date,value', ...lines].join('\n'),
    );
    const { code, out } = await bench.import(path, { url: strict.url });
    expect(code).toBe(0);
    expect(summaryOf(out)).toMatchObject({ added: 350, unchanged: 0 });
    await strict.close();
  });

  it('is published the same vintages as a data directory, in whatever order', async () => {
    const long = (name: string, ...lines: string[]) =>
      bench.file(name, ['series,date,revision_date,value', ...lines].join('\n'));
    const later = await long(
      'later.csv',
      'V,2024-01,2024-03-01,5',
      'V,2024-02,2024-03-01,6',
      'V,2024-01,2024-05-01,5',
      'V,2024-02,2024-05-01,',
    );
    const earlier = await long('earlier.csv', 'V,2024-01,2024-04-01,7');
    const complete = await long('complete.csv', 'V,2024-02,2024-06-01,8');
    const wide = await bench.file('wide.csv', 'month,V\n2024-01,\n2024-03,9\n');
    const steps = [
      { path: later, vintages: true },
      { path: earlier, vintages: true },
      { path: complete, vintages: true, complete: true },
      { path: later, vintages: true },
      { path: wide, vintages: true, revisionDate: '2024-06-02' },
    ];
    const summaries = [];
    for (const { path, ...options } of steps) {
      const setting = { source: 'S', ...options };
      const locally = await bench.import(path, setting);
      const remotely = await bench.import(path, { ...setting, url: app.url });
      expect(remotely.code).toBe(0);
      expect(summaryOf(remotely.out)).toEqual(summaryOf(locally.out));
      const { added, revised, withdrawn, unchanged } = summaryOf(remotely.out);
      summaries.push([added, revised, withdrawn, unchanged]);
    }
    expect(summaries).toEqual([
      [2, 0, 1, 1],
      [0, 1, 0, 0],
      [0, 1, 1, 0],
      [0, 0, 0, 4],
      [1, 0, 0, 0],
    ]);
    await app.stop();
    const [here, there] = [await bench.stored(), await service.stored()];
    expect(there.rows).toEqual(here.rows);
    expect(here.rows.map((row) => row.slice(1, 4).join(' '))).toEqual([
      '2024-01-01 2024-03-01 5',
      '2024-01-01 2024-04-01 7',
      '2024-01-01 2024-05-01 5',
      '2024-01-01 2024-06-01 ',
      '2024-02-01 2024-03-01 6',
      '2024-02-01 2024-05-01 ',
      '2024-02-01 2024-06-01 8',
      '2024-03-01 2024-06-02 9',
    ]);
  });

  it('is sent vintages in parts where it takes fewer points, unless they are complete', async () => {
    const strict = await startTestApp({ writePointsMax: 100 });
    const lines = Array.from({ length: 250 }, (_, n) => `N,${1000 + n},2024-02-01,${n}`);
    const path = await bench.file(
      'years.csv',
      ['series,date,revision_date,value', ...lines].join('\n'),
    );
    const setting = { url: strict.url, vintages: true };
    const { out } = await bench.import(path, setting);
    expect(summaryOf(out)).toMatchObject({ added: 250, unchanged: 0 });
    const refused = await bench.import(path, { ...setting, complete: true });
    expect(refused.code).toBe(1);
    expect(refused.err).toContain('points must have at most 100 points, received 250');
    await strict.close();
  });

  it('is sent too large a part of a vintage once', async () => {
    const strict = await startTestApp({ writePointsMax: 5000 });
    const first = CalendarDate.parse('1900-01-01');
    const lines = Array.from({ length: 20_000 }, (_, n) => {
      return `N,${CalendarDate.format((first + n) as CalendarDate)},2024-02-01,${n}`;
    });
    const path = await bench.file(
      'days.csv',
      ['series,date,revision_date,value', ...lines].join('\n'),
    );
    const calls = vi.spyOn(globalThis, 'fetch');
    const { out } = await bench.import(path, { url: strict.url, vintages: true });
    const published = calls.mock.calls.filter(([, init]) => {
      return (init?.body as string).includes('publishVintage');
    });
    calls.mockRestore();
    expect(summaryOf(out)).toMatchObject({ added: 20_000 });
    expect(published).toHaveLength(1 + 4);
    await strict.close();
  });

  it('withdraws the dates of blank cells, and nothing of a column that is all blank', async () => {
    const full = await bench.file('full.csv', 'month,V,W\n2024-01,1,2\n2024-02,3,4\n');
    const blank = await bench.file('blank.csv', 'month,V,W\n2024-01,1,\n2024-02,,\n');
    for (const url of [undefined, app.url]) {
      const setting = { ...(url === undefined ? {} : { url }), source: 'S', vintages: true };
      await bench.import(full, { ...setting, revisionDate: '2024-03-01' });
      const options = { ...setting, complete: true, revisionDate: '2024-04-01' };
      const { code, out } = await bench.import(blank, options);
      expect(code).toBe(0);
      expect(summaryOf(out)).toMatchObject({ withdrawn: 1, unchanged: 1 });
    }
  });

  it('is told why a complete vintage that would withdraw too much is refused', async () => {
    const strict = await startTestApp({ writePointsMax: 3 });
    const header = 'series,date,revision_date,value';
    const all = ['2021', '2022', '2023', '2024'].map((year) => `N,${year},2024-02-01,1`);
    const path = await bench.file('all.csv', [header, ...all].join('\n'));
    const left = await bench.file('left.csv', [header, 'N,2021,2024-03-01,2'].join('\n'));
    const setting = { url: strict.url, vintages: true, source: 'S' };
    expect((await bench.import(path, setting)).code).toBe(0);
    const refused = await bench.import(left, { ...setting, complete: true });
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('change 4 dates')]);
    await strict.close();
  });

  it('takes the same file from several imports at once, and has it once', async () => {
    const lines = Array.from({ length: 30 }, (_, n) => `S${n},2024-01-01,2024-02-01,${n}`);
    const path = await bench.file(
      'same.csv',
      ['series,date,revision_date,value', ...lines].join('\n'),
    );
    const outcomes = await Promise.all(
      Array.from({ length: 4 }, () => bench.import(path, { url: app.url })),
    );
    expect(outcomes.map(({ code, err }) => [code, err])).toEqual(
      outcomes.map(({ err }) => [0, err]),
    );
    await app.stop();
    const { rows, sources, series } = await service.stored();
    expect(sources).toHaveLength(1);
    expect(series).toHaveLength(30);
    expect(rows).toHaveLength(30);
  });

  it('is sent more points than one call may have in several calls', async () => {
    const days = Array.from({ length: 12_345 }, (_, index) => {
      const day = new Date(Date.UTC(1980, 0, 1 + index)).toISOString().slice(0, 10);
      return `D,${day},${index}`;
    });
    const path = await bench.file('daily.csv', ['series,date,value', ...days].join('\n'));
    const { code, out } = await bench.import(path, { url: `${app.url}/` });
    expect(code).toBe(0);
    expect(summaryOf(out)).toMatchObject({ added: 12_345 });
    const again = await bench.import(path, { url: app.url, today: '2024-06-16' });
    expect(again.out).toMatch(/^Nothing changed/);
  });

  it('is quoted where it refuses', async () => {
    const small = await startTestApp({ queryComplexityMax: 1 });
    try {
      const path = await bench.file('data.csv', 'month,a\n2006-01,1\n2006-02,2\n');
      const { code, err } = await bench.import(path, { url: small.url });
      expect(code).toBe(1);
      expect(err).toContain('QUERY_TOO_COMPLEX: The query');
    } finally {
      await small.close();
    }
  });
});

describe('where no service is', () => {
  let server: Server;
  beforeEach(async () => {
    server = createServer((_, response) => response.writeHead(404).end('<h1>Not here</h1>'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => new Promise<void>((resolve) => void server.close(() => resolve())));

  it('one line says what answers instead, or that nothing does', async () => {
    const path = await bench.file('data.csv', 'month,a\n2006-01,1\n');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const wrong = await bench.import(path, { url });
    expect(wrong.code).toBe(1);
    expect(wrong.err).toBe(
      `${url}/graphql does not answer like this service: 404 Not Found <h1>Not here</h1>\n`,
    );
    await new Promise<void>((resolve) => void server.close(() => resolve()));
    const gone = await bench.import(path, { url });
    expect(gone.code).toBe(1);
    expect(gone.err).toBe(
      `${url}/graphql cannot be reached: connection refused; is the service running?\n`,
    );
  });
});

it.each([
  [{ complete: true }, '--complete is for vintages: give --vintages, too'],
  [{ complete: true, vintages: true, skipBadLines: true }, 'would be withdrawn'],
])('does not begin with options that contradict each other: %o', async (options, message) => {
  const path = await bench.file('data.csv', 'series,date,value\nA,2024-01,1\n');
  const { code, err } = await bench.import(path, options);
  expect(code).toBe(1);
  expect(err).toContain(message);
});
