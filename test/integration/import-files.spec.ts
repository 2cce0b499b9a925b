import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createContext } from '../../src/app.js';
import { SourcesService } from '../../src/series/sources.service.js';
import { RecordingLogger, testConfig } from '../support/test-app.js';
import { Workbench, summaryOf } from './import-support.js';

let bench: Workbench;
beforeEach(async () => {
  bench = await Workbench.make();
});
afterEach(() => rm(bench.directory, { recursive: true, force: true }));

describe('a file in long form', () => {
  const VINTAGES = [
    'series,date,revision_date,value',
    'GDP,2024-01-01,2024-04-25,25000.5',
    'GDP,2024-01-01,2024-05-30,25010.25',
    'GDP,2024-04-01,2024-05-30,0.1000000000000000055',
    'CPI,2024-01,2024-02-13,308.417',
    'CPI,2024-02,2024-03-12,.',
    '',
  ].join('\n');

  it('is stored with every vintage, digit for digit', async () => {
    const { code, out } = await bench.import(await bench.file('vintages.csv', VINTAGES));
    expect(code).toBe(0);
    expect(summaryOf(out)).toMatchObject({ file: 1, created: 2, added: 5 });
    const { rows, series, sources } = await bench.stored();
    expect(rows).toEqual([
      ['CPI', '2024-01-01', '2024-02-13', '308.417', 'original'],
      ['CPI', '2024-02-01', '2024-03-12', null, 'original'],
      ['GDP', '2024-01-01', '2024-04-25', '25000.5', 'original'],
      ['GDP', '2024-01-01', '2024-05-30', '25010.25', 'revision'],
      ['GDP', '2024-04-01', '2024-05-30', '0.1000000000000000055', 'original'],
    ]);
    expect(sources).toMatchObject([{ name: 'vintages' }]);
    expect(series).toMatchObject([
      { externalId: 'CPI', title: 'CPI', frequency: 'monthly', sourceId: sources[0]!.id },
      { externalId: 'GDP', title: 'GDP', frequency: 'quarterly' },
    ]);
  });

  it('changes nothing the second time, and says so', async () => {
    const path = await bench.file('vintages.csv', VINTAGES);
    await bench.import(path);
    const before = await bench.stored();
    const { code, out } = await bench.import(path, { today: '2024-06-20' });
    expect(code).toBe(0);
    expect(out).toMatch(/^Nothing changed: 1 file/);
    expect(summaryOf(out)).toMatchObject({ created: 0, matched: 2, added: 0, unchanged: 5 });
    expect(await bench.stored()).toEqual(before);
  });

  it('corrects the value of a key that was stored with another one', async () => {
    await bench.import(await bench.file('vintages.csv', VINTAGES));
    const mended = await bench.file('mended.csv', VINTAGES.replace('25010.25', '25011'));
    const { out } = await bench.import(mended, { source: 'vintages' });
    expect(summaryOf(out)).toMatchObject({ added: 0, corrected: 1, unchanged: 4 });
  });

  it('is the same in chunks as in one piece', async () => {
    const path = await bench.file('vintages.csv', VINTAGES);
    await bench.import(path, { pointsPerChunk: 2 });
    const inChunks = await bench.stored();
    await rm(bench.dataDir, { recursive: true });
    await bench.import(path);
    expect(inChunks.rows).toEqual((await bench.stored()).rows);
    expect(inChunks.rows).toHaveLength(5);
  });

  it('may be gzip, have a byte order mark, CRLF, another delimiter, quotes and blank lines', async () => {
    const text = VINTAGES.replaceAll(',', ';')
      .replaceAll('\n', '\r\n\r\n')
      .replace('GDP;', '"GDP";');
    const path = await bench.file('vintages.csv.gz', gzipSync(`\uFEFF${text}`));
    expect((await bench.import(path)).code).toBe(0);
    const { rows, sources } = await bench.stored();
    expect(rows).toHaveLength(5);
    expect(sources).toMatchObject([{ name: 'vintages' }]);
  });

  it('may name its columns otherwise and write dates in a way that is told', async () => {
    const path = await bench.file(
      'rates.csv',
      'Date,Country,Exchange rate\n1/31/2024,South Korea,1334.5\n',
    );
    const options = { seriesColumn: 'country', valueColumn: 'Exchange rate' };
    expect((await bench.import(path, { ...options, dateFormat: 'M/D/YYYY' })).code).toBe(0);
    const { rows, series } = await bench.stored();
    expect(rows).toEqual([['South_Korea', '2024-01-31', '2024-06-15', '1334.5', 'original']]);
    expect(series).toMatchObject([{ title: 'South Korea' }]);
    const { code, err } = await bench.import(path, options);
    expect(code).toBe(1);
    expect(err).toContain(`${path}:2:1: "1/31/2024" is not a date like 2024, 2024-S1`);
  });
});

describe('a file without revision dates', () => {
  it('adds only what is new or different, dated today', async () => {
    const path = await bench.file('rate.csv', 'series,date,value\nR,2024-01,1\nR,2024-02,2\n');
    await bench.import(path, { today: '2024-06-01' });
    await bench.file('rate.csv', 'series,date,value\nR,2024-01,1.0\nR,2024-02,2.5\nR,2024-03,3\n');
    const { out } = await bench.import(path, { today: '2024-06-02' });
    expect(summaryOf(out)).toMatchObject({ matched: 1, added: 2, corrected: 0, unchanged: 1 });
    expect((await bench.stored()).rows).toEqual([
      ['R', '2024-01-01', '2024-06-01', '1', 'original'],
      ['R', '2024-02-01', '2024-06-01', '2', 'original'],
      ['R', '2024-02-01', '2024-06-02', '2.5', 'revision'],
      ['R', '2024-03-01', '2024-06-02', '3', 'original'],
    ]);
    const again = await bench.import(path, { today: '2024-06-03' });
    expect(again.out).toMatch(/^Nothing changed/);
  });

  it('is compared with what was known on the revision date that is given', async () => {
    const path = await bench.file('rate.csv', 'series,date,value\nR,2024-01,2\n');
    await bench.import(path, { revisionDate: '2024-03-01' });
    await bench.file('rate.csv', 'series,date,value\nR,2024-01,1\n');
    await bench.import(path, { revisionDate: '2024-02-01' });
    await bench.import(path, { revisionDate: '2024-02-15' });
    expect((await bench.stored()).rows).toEqual([
      ['R', '2024-01-01', '2024-02-01', '1', 'original'],
      ['R', '2024-01-01', '2024-03-01', '2', 'revision'],
    ]);
  });

  it('corrects a value of the same day', async () => {
    const path = await bench.file('rate.csv', 'series,date,value\nR,2024-01,2\n');
    await bench.import(path);
    await bench.file('rate.csv', 'series,date,value\nR,2024-01,3\n');
    expect(summaryOf((await bench.import(path)).out)).toMatchObject({ added: 0, corrected: 1 });
  });
});

describe('a file in wide form', () => {
  const EMPLOYMENT = [
    'month,nonfarm,Hours (avg),later',
    '2006-01,135450,33.7,',
    '2006-02,135762,NA,',
    '2006-03,136059,33.8,1',
    '',
  ].join('\n');

  it('stores a series per column, and an empty cell as no observation', async () => {
    const { code, out } = await bench.import(await bench.file('employment.csv', EMPLOYMENT));
    expect(code).toBe(0);
    expect(summaryOf(out)).toMatchObject({ created: 3, added: 6 });
    const { rows, series } = await bench.stored();
    expect(rows).toEqual([
      ['Hours__avg_', '2006-01-01', '2024-06-15', '33.7', 'original'],
      ['Hours__avg_', '2006-03-01', '2024-06-15', '33.8', 'original'],
      ['later', '2006-03-01', '2024-06-15', '1', 'original'],
      ['nonfarm', '2006-01-01', '2024-06-15', '135450', 'original'],
      ['nonfarm', '2006-02-01', '2024-06-15', '135762', 'original'],
      ['nonfarm', '2006-03-01', '2024-06-15', '136059', 'original'],
    ]);
    expect(series.map(({ title }) => title)).toEqual(['Hours (avg)', 'later', 'nonfarm']);
  });

  it('stores as missing what had a value before and has none now', async () => {
    const path = await bench.file('employment.csv', EMPLOYMENT);
    await bench.import(path);
    await bench.file('employment.csv', EMPLOYMENT.replace('33.8', ''));
    const { out } = await bench.import(path, { today: '2024-07-15' });
    expect(summaryOf(out)).toMatchObject({ added: 1, unchanged: 5 });
    expect((await bench.stored()).rows).toContainEqual([
      'Hours__avg_',
      '2006-03-01',
      '2024-07-15',
      null,
      'revision',
    ]);
    const again = await bench.import(path, { today: '2024-07-16' });
    expect(again.out).toMatch(/^Nothing changed/);
  });

  it('makes no series of a column without a value', async () => {
    const path = await bench.file('empty.csv', 'month,a,b\n2006-01,1,\n');
    await bench.import(path);
    expect((await bench.stored()).series.map(({ externalId }) => externalId)).toEqual(['a']);
  });

  it('is refused where two columns would be one series', async () => {
    const path = await bench.file('twice.csv', 'month,a b,a_b\n2006-01,1,2\n');
    const { code, err } = await bench.import(path);
    expect(code).toBe(1);
    expect(err).toContain(`${path}:1:1: "a_b" and "a b" would both be stored as a_b`);
  });
});

describe('bad lines', () => {
  const BAD = [
    'series,date,revision_date,value',
    'A,2024-01,2024-02-01,1',
    'A,2024-13,2024-02-01,x',
    '"A",2024-03,2024-06-17,3',
    'A,2024-03',
    'B,2024-03,2024-04,4',
    ',2024-03,2024-04-01,5',
    'A,2024-01,2024-02-01,2',
    'C,2024-01,2024-02-01,1',
    '',
  ].join('\n');

  it('leave the whole file out, each with its file, line, column and reason', async () => {
    const path = await bench.file('bad.csv', BAD);
    const { code, out, err } = await bench.import(path);
    expect(code).toBe(1);
    expect(out).toMatch(/^Nothing imported: 0 files/);
    const faults = err.split('\n').filter((line) => line.startsWith(`${path}:`));
    expect(faults.map((line) => line.slice(path.length + 1))).toEqual([
      ' checking',
      expect.stringMatching(/^3:3: "2024-13" is not a date like 2024/),
      '3:22: value must be a decimal number, received "x"',
      '4:13: revision date "2024-06-17" is after tomorrow in UTC',
      '5:3: the line has 2 columns, the header has 4',
      '6:11: "2024-04" is not the day of a publication like 2024-01-31',
      '7:1: a series has a name of 1 to 100 characters, received 0',
      '8:22: line 2 gives another value for A, date 2024-01-01, revision date 2024-02-01',
      ' nothing of it was imported: 6 of 8 lines are bad; --skip-bad-lines imports the others',
    ]);
    expect((await bench.stored()).series).toEqual([]);
  });

  it('go into a rejects file that can be mended and imported, if they are to be skipped', async () => {
    const path = await bench.file('bad.csv', BAD);
    const { code, out } = await bench.import(path, { skipBadLines: true });
    expect(code).toBe(0);
    expect(out).toContain('6 lines skipped');
    expect(summaryOf(out)).toMatchObject({ created: 2, added: 2 });
    const rejected = path.replace('.csv', '.rejects.csv');
    const lines = (await readFile(rejected, 'utf8')).split('\n');
    expect(lines).toHaveLength(8);
    expect(lines[0]).toBe('series,date,revision_date,value,rejected_because');
    expect(lines[4]).toBe(
      'B,2024-03,2024-04,4,"6:11: ""2024-04"" is not the day of a publication like 2024-01-31"',
    );
    const mended = [lines[0], lines[4]!.replace('2024-04,', '2024-04-01,'), ''].join('\n');
    await bench.file('mended.csv', mended);
    const second = await bench.import(`${bench.directory}/mended.csv`, { source: 'bad' });
    expect(second.code).toBe(0);
    expect((await bench.stored()).rows).toEqual([
      ['A', '2024-01-01', '2024-02-01', '1', 'original'],
      ['B', '2024-03-01', '2024-04-01', '4', 'original'],
      ['C', '2024-01-01', '2024-02-01', '1', 'original'],
    ]);
  });

  it('do not stop the files after theirs', async () => {
    const bad = await bench.file('bad.csv', BAD);
    const good = await bench.file('good.csv', 'series,date,value\nG,2024,1\n');
    const { code, out } = await bench.import([bad, good], { source: 'S' });
    expect(code).toBe(1);
    expect(summaryOf(out)).toMatchObject({ file: 1, added: 1 });
    expect((await bench.stored()).rows).toHaveLength(1);
  });

  it('are shown up to a limit and counted beyond it', async () => {
    const lines = Array.from({ length: 25 }, (_, index) => `A,2024-01,${index}x`);
    const path = await bench.file('bad.csv', ['series,date,value', ...lines].join('\n'));
    const { err } = await bench.import(path);
    expect(err.match(/must be a decimal number/g)).toHaveLength(20);
    expect(err).toContain(`${path}: and 5 more`);
    expect(err).toContain('25 of 25 lines are bad');
  });
});

describe('a file that cannot be imported', () => {
  it.each([
    ['a missing one', 'missing.csv', undefined, /missing\.csv: no such file\n$/],
    ['a directory', '.', undefined, /\.: is a directory, not a file\n$/],
    ['an empty one', 'empty.csv', '', /empty\.csv: is empty\n$/],
    ['a header alone', 'h.csv', 'month,a\n', /h\.csv: has a header but no rows\n$/],
    ['no header', 'h.csv', '\n\n', /h\.csv: is empty\n$/],
    ['UTF-16', 'u.csv', Buffer.from('\uFEFFa,b', 'utf16le'), /u\.csv: is not text in UTF-8\n$/],
    ['an open quote', 'q.csv', 'month,a\n2024,"1\n2025,2\n', /q\.csv:2:1: a quote is opened here/],
    [
      'a cut gzip',
      'z.csv.gz',
      gzipSync('month,a\n' + '2024,1\n'.repeat(9)).subarray(0, 30),
      /z\.csv\.gz: the gzip file ends too early\n$/,
    ],
    [
      'revision dates in a wide file',
      'w.csv',
      'month,vintage,a\n2024,2024-01-01,1\n',
      /w\.csv:1:1: the wide form has no column of revision dates/,
    ],
  ])('is told in one line: %s', async (_, name, content, message) => {
    if (content !== undefined) await bench.file(name, content);
    const { code, err } = await bench.import(`${bench.directory}/${name}`);
    expect(err.replace(/^.*: checking\n/, '')).toMatch(message);
    expect(err.replace(/^.*: checking\n/, '').trim()).not.toContain('\n');
    expect(code).toBe(1);
  });

  it.each([
    [{ frequency: 'sometimes' }, /--frequency must be one of/],
    [{ revisionDate: '2024-1-1' }, /--revision-date must be a calendar date/],
    [{ revisionDate: '2024-06-17' }, /--revision-date must not be after tomorrow/],
    [{ delimiter: '::' }, /--delimiter: received "::"/],
    [{ dateFormat: 'D' }, /--date-format: received "D"/],
    [{ sourceUrl: 'nowhere' }, /--source-url: /],
    [{ source: '' }, /--source: /],
  ])('is not looked at with %j', async (options, message) => {
    const path = await bench.file('good.csv', 'series,date,value\nG,2024,1\n');
    const { code, err } = await bench.import(path, options);
    expect(code).toBe(1);
    expect(err).toMatch(message);
    expect(existsSync(bench.dataDir)).toBe(false);
  });

  it('has revision dates of its own, and one is given', async () => {
    const path = await bench.file('v.csv', 'series,date,vintage,value\nG,2024,2024-06-01,1\n');
    const { code, err } = await bench.import(path, { revisionDate: '2024-06-01' });
    expect(code).toBe(1);
    expect(err).toContain('has revision dates of its own');
  });
});

describe('the description of series', () => {
  const DATA = 'month,a,b\n2006-01,1,2\n2006-02,3,4\n';

  it('is used when they are made, and later where it differs', async () => {
    const data = await bench.file('data.csv', DATA);
    const described = [
      'External_ID,Title,note,UNITS,frequency,Seasonal_Adjustment',
      'a,"Series, A",x,Persons,Q,SAAR',
      'other,Other,,,,',
    ];
    const seriesFile = await bench.file('series.csv', described.join('\n'));
    const first = await bench.import(data, { seriesFile });
    expect(summaryOf(first.out)).toMatchObject({ created: 2 });
    const before = await bench.stored();
    expect(before.series).toMatchObject([
      {
        externalId: 'a',
        title: 'Series, A',
        units: 'Persons',
        frequency: 'quarterly',
        seasonalAdjustment: 'seasonally_adjusted_annual_rate',
        description: null,
      },
      { externalId: 'b', title: 'b', frequency: 'monthly' },
    ]);
    const second = await bench.import(data, { seriesFile });
    expect(second.out).toMatch(/^Nothing changed/);
    expect((await bench.stored()).series).toEqual(before.series);

    await bench.file('series.csv', 'series,title,units\na,,Thousands of persons\n');
    const third = await bench.import(data, { seriesFile });
    expect(summaryOf(third.out)).toMatchObject({ created: 0, updated: 1, matched: 1, added: 0 });
    expect((await bench.stored()).series).toMatchObject([
      { title: 'Series, A', units: 'Thousands of persons', frequency: 'quarterly' },
      { title: 'b' },
    ]);
  });

  it('is refused whole with every fault, and nothing is imported', async () => {
    const data = await bench.file('data.csv', DATA);
    const seriesFile = await bench.file(
      'series.csv',
      `series,title,frequency\na,${'x'.repeat(501)},often\n,B,\na,A,\n`,
    );
    const { code, err } = await bench.import(data, { seriesFile, skipBadLines: true });
    expect(code).toBe(1);
    expect(err).toContain(`${seriesFile}:2:505: frequency must be one of`);
    expect(err).toContain(`${seriesFile}:2:3: title must be shorter than or equal to 500`);
    expect(err).toContain(`${seriesFile}:3:1: the series has no name`);
    expect(err).toContain(`${seriesFile}:4:1: a was described on a line before`);
    expect(existsSync(bench.dataDir)).toBe(false);
  });

  it('may be no more than a frequency', async () => {
    await bench.import(await bench.file('data.csv', DATA), { frequency: 'yearly' });
    expect((await bench.stored()).series).toMatchObject([
      { frequency: 'annual' },
      { frequency: 'annual' },
    ]);
  });
});

describe('the source', () => {
  it('is the one of exactly that name, and takes the address that is given', async () => {
    const path = await bench.file('data.csv', 'month,a\n2006-01,1\n');
    await bench.import(path, { source: 'Bureau' });
    await bench.import(path, { source: 'Bureau', sourceUrl: 'https://bureau.example/' });
    await bench.import(path, { source: 'bureau' });
    expect((await bench.stored()).sources).toMatchObject([
      { name: 'Bureau', url: 'https://bureau.example/' },
      { name: 'bureau', url: null },
    ]);
  });
});

it('a source whose name several have is not guessed: the error names them', async () => {
  const config = testConfig({ dataDir: bench.dataDir });
  const context = await createContext(config, { logger: new RecordingLogger() });
  const sources = context.get(SourcesService);
  const ids = [];
  for (let twin = 0; twin < 2; twin++) ids.push((await sources.create({ name: 'Twin' })).id);
  await context.close();
  const path = await bench.file('data.csv', 'month,a\n2006-01,1\n');
  const { code, err } = await bench.import(path, { source: 'Twin' });
  expect(code).toBe(1);
  for (const id of ids) expect(err).toContain(id);
  expect((await bench.stored()).series).toEqual([]);
});

describe('a dry run', () => {
  it('tells what is in a file and writes nothing', async () => {
    const path = await bench.file('data.csv', 'month,a,b\n2006-01,1,\n2006-02,3,4\n');
    const { code, out } = await bench.import(path, { dryRun: true });
    expect(code).toBe(0);
    expect(out).toContain('wide form, 2 lines (0 bad); 2 series, 3 values');
    expect(out).toContain('2006-01-01 to 2006-02-01');
    expect(existsSync(bench.dataDir)).toBe(false);
  });
});

describe('real data', () => {
  const VINTAGES = '../shared/data/realtime-vintages.csv.gz';

  it('of 23 series with 99 vintages each comes back exactly', async (context) => {
    if (!existsSync(VINTAGES)) {
      context.skip('the folder with real vintages is not beside the repository');
      return;
    }
    const startedAt = performance.now();
    const { code, out } = await bench.import(VINTAGES, { today: '2025-01-01' });
    // Takes 4 s on an idle machine (`npm run bench` tells); other tests run beside it.
    expect(performance.now() - startedAt).toBeLessThan(30_000);
    expect(code).toBe(0);
    expect(summaryOf(out)).toMatchObject({ created: 23, added: 178_540 });
    const lines = gunzipSync(await readFile(VINTAGES))
      .toString()
      .trim()
      .split('\n')
      .slice(1);
    const { rows } = await bench.stored();
    const stored = rows.map((row) => row.slice(0, 4).join(',')).sort();
    expect(stored).toEqual(lines.map(canonicalLine).sort());
  });
});

/** Values as they come back: without trailing zeros. */
function canonicalLine(line: string): string {
  return line.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '');
}
