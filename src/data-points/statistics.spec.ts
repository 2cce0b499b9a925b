import { describe, expect, it } from 'vitest';
import { CalendarDate } from '../core/calendar-date.js';
import { atOnce } from '../core/steps.js';
import { Instant } from '../core/instant.js';
import { Uuid } from '../core/uuid.js';
import type { PointsOverview } from '../storage/data-points-store.js';
import { seriesRow } from '../../test/support/series-rows.js';
import { catalogStats, dataFreshness, seriesInRange } from './statistics.js';

const A = Uuid.parse('aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa');
const B = Uuid.parse('bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb');
const date = (text: string) => CalendarDate.parse(text);

function overview(fields: Partial<PointsOverview> = {}): PointsOverview {
  return {
    rows: 0,
    firstDate: null,
    lastDate: null,
    lastRevisionDate: null,
    bytes: 0,
    version: null,
    ...fields,
  };
}

function observed(first: string, last: string): PointsOverview {
  return overview({ rows: 2, firstDate: date(first), lastDate: date(last) });
}

describe('catalogStats', () => {
  it('sums up, and takes the outermost dates before and after 1970', () => {
    const stats = atOnce(
      catalogStats([
        [
          seriesRow({ frequency: 'daily' }),
          overview({
            rows: 3,
            bytes: 100,
            firstDate: date('1999-01-01'),
            lastDate: date('2001-01-01'),
            lastRevisionDate: date('2001-02-01'),
          }),
        ],
        [
          seriesRow({ isActive: false }),
          overview({
            rows: 2,
            bytes: 50,
            firstDate: date('1913-01-01'),
            lastDate: date('1920-01-01'),
            lastRevisionDate: date('2024-02-01'),
          }),
        ],
        [seriesRow(), overview()],
      ]),
    );
    expect(stats).toEqual({
      seriesCount: 3,
      activeSeriesCount: 2,
      dataPointCount: 5,
      dataPointBytes: 150,
      firstDate: date('1913-01-01'),
      lastDate: date('2001-01-01'),
      lastRevisionDate: date('2024-02-01'),
      frequencies: [
        { frequency: 'monthly', seriesCount: 2 },
        { frequency: 'daily', seriesCount: 1 },
      ],
    });
  });

  it('of nothing has no dates', () => {
    expect(atOnce(catalogStats([]))).toMatchObject({
      seriesCount: 0,
      firstDate: null,
      lastDate: null,
    });
  });

  it('takes 1970-01-01, day zero, for a date', () => {
    const epoch = observed('1970-01-01', '1970-01-01');
    const stats = atOnce(
      catalogStats([
        [seriesRow(), epoch],
        [seriesRow(), observed('1969-01-01', '1969-12-31')],
      ]),
    );
    expect(stats.lastDate).toBe(date('1970-01-01'));
  });
});

describe('dataFreshness', () => {
  it('has an entry per source, the most recently written first', () => {
    const written = (version: number) => overview({ version: Instant.of(version) });
    const entries = atOnce(
      dataFreshness([
        [seriesRow({ sourceId: A }), written(5)],
        [seriesRow({ sourceId: B }), written(7)],
        [seriesRow({ sourceId: A }), written(9)],
        [seriesRow({ sourceId: B }), overview()],
      ]),
    );
    expect(entries).toMatchObject([
      { sourceId: A, seriesCount: 2, lastWrittenAt: 9 },
      { sourceId: B, seriesCount: 2, lastWrittenAt: 7 },
    ]);
  });

  it('puts a source last that nothing was ever written for', () => {
    const entries = atOnce(
      dataFreshness([
        [seriesRow({ sourceId: B }), overview()],
        [seriesRow({ sourceId: A }), overview({ version: Instant.of(1) })],
      ]),
    );
    expect(entries.map(({ sourceId }) => sourceId)).toEqual([A, B]);
    expect(entries[1]).toMatchObject({ lastDate: null, lastWrittenAt: null });
  });
});

describe('seriesInRange', () => {
  const range = { startDate: date('2000-01-01'), endDate: date('2000-12-31') };

  it.each([
    ['ends on the first day', observed('1990-01-01', '2000-01-01'), {}, true],
    ['ends the day before', observed('1990-01-01', '1999-12-31'), {}, false],
    ['begins on the last day', observed('2000-12-31', '2010-01-01'), {}, true],
    ['begins the day after', observed('2001-01-01', '2010-01-01'), {}, false],
    ['spans the range', observed('1900-01-01', '2100-01-01'), {}, true],
    ['has neither points nor dates', overview(), {}, false],
    ['is declared to begin in it', overview(), { startDate: date('2000-06-01') }, true],
    ['is declared to have ended', overview(), { endDate: date('1999-12-31') }, false],
    [
      'is declared for it but was observed elsewhere',
      observed('1990-01-01', '1991-01-01'),
      { startDate: date('2000-06-01') },
      false,
    ],
  ])('decides for a series that %s', (_, points, declared, found) => {
    const row = seriesRow(declared);
    expect(atOnce(seriesInRange([[row, points]], range, 9))).toEqual(found ? [row] : []);
  });

  it('answers by external id', () => {
    const points = observed('2000-01-01', '2000-01-01');
    const [b, a] = [seriesRow({ externalId: 'B' }), seriesRow({ externalId: 'A' })];
    const found = atOnce(
      seriesInRange(
        [
          [b, points],
          [a, points],
        ],
        range,
        9,
      ),
    );
    expect(found.map(({ externalId }) => externalId)).toEqual(['A', 'B']);
  });

  it('refuses an end before the start', () => {
    const reversed = { startDate: range.endDate, endDate: range.startDate };
    expect(() => seriesInRange([], reversed, 9)).toThrow(
      expect.objectContaining({ code: 'VALIDATION_ERROR' }),
    );
  });
});
