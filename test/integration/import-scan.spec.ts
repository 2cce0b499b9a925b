import { rm } from 'node:fs/promises';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CsvFile } from '../../src/cli/import/csv-file.js';
import { parsePeriod } from '../../src/cli/import/period-date.js';
import { scanFile, type ScannedFile } from '../../src/cli/import/scan.js';
import { CalendarDate } from '../../src/core/calendar-date.js';
import { Workbench } from './import-support.js';

let bench: Workbench;
beforeEach(async () => {
  bench = await Workbench.make();
});
afterEach(() => rm(bench.directory, { recursive: true, force: true }));

const TODAY = CalendarDate.parse('2024-06-15');

async function scan(lines: readonly string[], keysPerWindow?: number): Promise<ScannedFile> {
  const csv = await CsvFile.open(await bench.file('scan.csv', lines.join('\n')));
  return scanFile(csv, {
    columns: {},
    rules: {
      readPeriod: parsePeriod,
      dateForms: '2024',
      revisionDate: TODAY,
      revisionDateMax: TODAY,
    },
    ...(keysPerWindow === undefined ? {} : { keysPerWindow }),
  });
}

const STRADDLING = [
  { series: 'B', month: 4, day: 2, value: 1 },
  { series: 'B', month: 1, day: 1, value: 0 },
  { series: 'B', month: 4, day: 2, value: 0 },
  { series: 'B', month: 4, day: 2, value: 1 },
  { series: 'A', month: 1, day: 1, value: 0 },
];

describe('keys that come twice with different values', () => {
  const rows = fc.array(
    fc.record({
      series: fc.constantFrom('A', 'B'),
      month: fc.integer({ min: 1, max: 9 }),
      day: fc.integer({ min: 1, max: 3 }),
      value: fc.integer({ min: 0, max: 1 }),
    }),
    { minLength: 1, maxLength: 80 },
  );

  it.each([1_000_000, 40, 7])('are all found, %i keys at a time', async (keysPerWindow) => {
    await fc.assert(
      fc.asyncProperty(rows, async (points) => {
        const before = new Map<string, number[]>();
        const [fromFirst, fromAny] = [new Set<number>(), new Set<number>()];
        points.forEach(({ series, month, day, value }, index) => {
          const key = `${series} ${month} ${day}`;
          const values = before.get(key) ?? [];
          if (values.length > 0 && values[0] !== value) fromFirst.add(index + 2);
          if (values.some((earlier) => earlier !== value)) fromAny.add(index + 2);
          before.set(key, [...values, value]);
        });
        const lines = points.map(
          ({ series, month, day, value }) => `${series},2023-0${month},2024-01-0${day},${value}`,
        );
        const header = 'series,date,revision_date,value';
        const { conflicts, faults } = await scan([header, ...lines], keysPerWindow);
        // The first line of a key stands. Of the lines behind it every one that differs from it is found,
        // and none that agrees with all lines before it; one that differs from a neighbour may be.
        const found = new Set(conflicts.keys());
        for (const line of fromFirst) expect(found).toContain(line);
        for (const line of found) expect(fromAny).toContain(line);
        expect(faults.badLines).toBe(found.size);
      }),
      {
        numRuns: 30,
        // A line may agree with the first one of its key and not with its neighbour.
        examples: [[STRADDLING]],
      },
    );
  });

  it('reject the whole line of the wide form', async () => {
    const { conflicts } = await scan(['day,a,b', '2024-02,1,2', '2024-01,1,2', '2024-02,1,3']);
    expect([...conflicts]).toEqual([
      [
        4,
        {
          line: 4,
          column: 11,
          reason: 'line 2 gives another value for b, date 2024-02-01, revision date 2024-06-15',
        },
      ],
    ]);
  });
});

describe('the place of a fault', () => {
  it('counts lines inside quotes and blank ones, and characters within them', async () => {
    const { faults } = await scan([
      'series,note,date,value',
      'A,"two\nlines, and ""quotes""",2024-01,1',
      '',
      'A,"a, b",2024-02,x',
    ]);
    expect(faults.describe('f')).toEqual(['f:5:18: value must be a decimal number, received "x"']);
  });
});
