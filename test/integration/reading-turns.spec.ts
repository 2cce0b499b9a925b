// However much one reads, others have their turn: what took hundreds of milliseconds in one go takes a few at a time.

import { describe, expect, it } from 'vitest';
import { Config } from '../../src/config/environment.js';
import type { CalendarDate } from '../../src/core/calendar-date.js';
import { SystemClock } from '../../src/core/clock.js';
import { Instant } from '../../src/core/instant.js';
import { DataPointsService } from '../../src/data-points/data-points.service.js';
import { Revisions } from '../../src/data-points/revisions.js';
import { StatisticsService } from '../../src/data-points/statistics.service.js';
import { Units } from '../../src/data-points/transforms/units.js';
import { toMatrix } from '../../src/data-points/vintages/matrix-rows.js';
import { VintagesService } from '../../src/data-points/vintages/vintages.service.js';
import type { PointBatch } from '../../src/schema/point-batch.js';
import { OrderDirection, SeriesOrderField } from '../../src/series/series.inputs.js';
import { SeriesService } from '../../src/series/series.service.js';
import { SourcesService } from '../../src/series/sources.service.js';
import {
  OriginalFlag,
  PointUpsertsBuilder,
  type PointUpserts,
} from '../../src/storage/point-upserts.js';
import { longestTurn } from '../support/longest-turn.js';
import { openParquetStores, withDataDir, type ParquetStores } from '../support/parquet-stores.js';
import { uuid } from '../support/points.js';
import { seriesRow } from '../support/series-rows.js';
import { newSeries } from '../support/stores.js';

/**
 * Twenty, which others hardly see, and ten more for what is measured with it: the system counts the time of a thread in
 * ticks of up to 4 ms, and a collection of garbage may fall into any turn. At once each of these took longer, most of
 * them several times as long.
 */
const TURN_MILLISECONDS_MAX = 30;

const ID = uuid(1);
const DATES = 20_000;
const VINTAGES = 50;

/** What is read of one request at once, as its aliases are: all in one go if nobody looks at the clock. */
function all<T>(count: number, read: () => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, read));
}

/** `vintages` of every so many of the dates. */
function manyPoints(every: number, vintages: number, value: number): PointUpserts {
  const builder = new PointUpsertsBuilder();
  for (let date = 0; date < DATES; date += every) {
    for (let vintage = 1; vintage <= vintages; vintage++) {
      const decimal = { double: value + ((date * 31 + vintage) % 1000) / 8, exact: null };
      const published = (date + vintage * 30) as CalendarDate;
      builder.add(ID, date as CalendarDate, published, decimal, OriginalFlag.UNSAID);
    }
  }
  return builder.finish()[0]!;
}

const CONFIG = Object.assign(new Config(), { readPointsMax: 10_000_000 });

function serviceOf({ points, series }: ParquetStores): DataPointsService {
  return new DataPointsService(points, series, new SystemClock(), CONFIG);
}

async function expectTurns(tasks: Readonly<Record<string, () => Promise<unknown>>>): Promise<void> {
  const turns: Record<string, number> = {};
  for (const [what, task] of Object.entries(tasks)) turns[what] = await longestTurn(task);
  expect(Math.max(...Object.values(turns)), JSON.stringify(turns)).toBeLessThan(
    TURN_MILLISECONDS_MAX,
  );
}

/** All that tells two batches apart, without a text per row. */
function contentOf(batch: PointBatch): unknown[] {
  const { dates, revisionDates, values, updatedAtMicros } = batch;
  return [dates, revisionDates, values, updatedAtMicros].map((column) =>
    Buffer.from(column.buffer, column.byteOffset, column.byteLength).toString('base64url'),
  );
}

describe.each([
  ['100 row groups', 10_000],
  ['one row group', 1_000_000],
])('a million points in %s', (_how, parquetRowGroupRows) => {
  it('are read, merged with changes, selected and transformed in turns', async () => {
    await withDataDir(async (dataDir) => {
      const config = { parquetRowGroupRows, logSegmentBytes: 1 << 27, cacheTtlSeconds: 0 };
      const first = await openParquetStores(dataDir, { config });
      await first.series.create(newSeries({ id: ID, frequency: 'daily' }));
      await first.points.upsert([manyPoints(1, VINTAGES, 0)]);
      const written = contentOf(await first.points.read(ID));
      await first.close();

      const stores = await openParquetStores(dataDir, { config });
      const service = serviceOf(stores);
      // The first use compiles the decoder, which no turn can divide; nothing else of it is kept.
      await stores.points.read(ID);
      const turns: Record<string, number> = {};
      let read: PointBatch | undefined;
      turns['read'] = await longestTurn(async () => (read = await stores.points.read(ID)));
      expect(contentOf(read!)).toEqual(written);
      const selections = {
        selected: { revisions: Revisions.ALL, asOf: 15_000 as CalendarDate },
        transformed: { revisions: Revisions.LATEST, units: Units.pc1 },
        aggregated: { revisions: Revisions.LATEST, frequency: 'annual' },
      };
      for (const [what, args] of Object.entries(selections)) {
        // As above.
        await service.select(ID, args);
        turns[what] = await longestTurn(() => service.select(ID, args));
      }
      await stores.points.upsert([manyPoints(17, 1, 1000)]);
      turns['merged'] = await longestTurn(() => service.select(ID, { revisions: Revisions.ALL }));
      expect(Math.max(...Object.values(turns)), JSON.stringify(turns)).toBeLessThan(
        TURN_MILLISECONDS_MAX,
      );
      await stores.close();
    });
  });
});

describe('the vintages of a million points', () => {
  it('are counted, listed and laid out in turns', async () => {
    await withDataDir(async (dataDir) => {
      const config = { logSegmentBytes: 1 << 27, cacheBytesMax: 1 << 28 };
      const stores = await openParquetStores(dataDir, { config });
      await stores.series.create(newSeries({ id: ID, frequency: 'daily' }));
      await stores.points.upsert([manyPoints(1, VINTAGES, 0)]);
      const points = serviceOf(stores);
      const vintages = new VintagesService(stores.points, new SystemClock(), CONFIG);
      const from = 15_000 as CalendarDate;
      const window = { seriesId: ID, from, to: 15_040 as CalendarDate };
      const selected = await points.select(ID, { revisions: Revisions.LATEST });
      const listed = await vintages.vintages({ seriesId: ID }, {});
      const tasks: Record<string, () => Promise<unknown>> = {
        coverage: () => vintages.coverage(ID, {}, {}),
        coverageOfSelected: () => selected.coverage(),
        coverageOfListed: () => listed.coverage(),
        vintages: () => vintages.vintages({ seriesId: ID }, {}),
        ofWindow: () => vintages.vintages(window, {}),
        matrix: async () => toMatrix(await vintages.matrix({ ...window, filled: false }, {})),
        filled: async () => toMatrix(await vintages.matrix({ ...window, filled: true }, {})),
        releaseDates: () => vintages.releaseDates(ID, {}, {}),
        statistics: () => vintages.statistics(ID, {}, {}),
        statisticsAsOf: () => vintages.statistics(ID, { asOf: from }, {}),
      };
      await expectTurns(tasks);
      await stores.close();
    });
  });
});

describe('fields that one request asks for many times', () => {
  it('are answered in turns, though each of them is a little work', async () => {
    await withDataDir(async (dataDir) => {
      const config = { logSegmentBytes: 1 << 27, cacheBytesMax: 1 << 28 };
      const stores = await openParquetStores(dataDir, { config });
      await stores.series.create(newSeries({ id: ID, frequency: 'daily' }));
      await stores.points.upsert([manyPoints(1, 3, 0)]);
      await stores.points.read(ID);
      for (let n = 0; n < 5000; n++) {
        stores.directory.catalog.putRow(seriesRow({ externalId: `CAT_${n}`, title: `Item ${n}` }));
      }
      const points = serviceOf(stores);
      const series = new SeriesService(stores.series);
      const statistics = new StatisticsService(points, new SourcesService(stores.sources));
      const vintages = new VintagesService(stores.points, new SystemClock(), CONFIG);
      const nth = { revisions: Revisions.NTH_RELEASE, release: 100 };
      const changed = { revisions: Revisions.LATEST, units: Units.pch, limit: 1 };
      const page = { limit: 50, offset: 0, filter: { titleContains: 'x' } };
      const tasks: Record<string, () => Promise<unknown>> = {
        nthRelease: () => all(500, () => points.select(ID, nth)),
        transformed: () => all(50, () => points.select(ID, changed)),
        listed: () => all(300, () => series.list(page)),
        statistics: () => all(300, () => statistics.catalog()),
        coverage: () => all(100, () => vintages.coverage(ID, {}, {})),
        revisionStatistics: () => all(50, () => vintages.statistics(ID, {}, {})),
      };
      await expectTurns(tasks);
      await stores.close();
    });
  });
});

describe('a hundred thousand series', () => {
  it('are listed, searched and counted in turns', async () => {
    await withDataDir(async (dataDir) => {
      const stores = await openParquetStores(dataDir);
      for (let n = 0; n < 100_000; n++) {
        const title = `Consumer price index, item ${n}, ${['Japan', 'Brazil'][n % 2]!}`;
        // In another order than that of the ids.
        const externalId = `CAT_${(n * 7919) % 100_000}`;
        const updatedAt = Instant.of(1 + ((n * 104_729) % 1000));
        stores.directory.catalog.putRow(seriesRow({ externalId, title, updatedAt }));
      }
      const series = new SeriesService(stores.series);
      const statistics = new StatisticsService(
        serviceOf(stores),
        new SourcesService(stores.sources),
      );
      const byUpdate = { field: SeriesOrderField.UPDATED_AT, direction: OrderDirection.DESC };
      const everything = { startDate: 0 as CalendarDate, endDate: 1 as CalendarDate };
      const tasks: Record<string, () => Promise<unknown>> = {
        firstPage: () => series.list({ limit: 50, offset: 0 }),
        lastPage: () => series.list({ limit: 50, offset: 99_950, orderBy: byUpdate }),
        connection: () => series.connection({ first: 50 }),
        search: () => series.search({ text: 'consumer price', first: 50 }),
        filtered: () => series.matching({ titleContains: 'japan' }),
        statistics: () => statistics.catalog(),
        freshness: () => statistics.freshness(),
        inRange: () => statistics.seriesInRange(everything, { limit: 50, offset: 0 }),
      };
      await expectTurns(tasks);
      await stores.close();
    });
  });

  it('are listed in the order of a sort, page by page', async () => {
    await withDataDir(async (dataDir) => {
      const stores = await openParquetStores(dataDir);
      const rows = Array.from({ length: 10_000 }, (_, n) =>
        seriesRow({ externalId: `S${(n * 7919) % 10_007}` }),
      );
      for (const row of rows) stores.directory.catalog.putRow(row);
      const ids = rows.map(({ externalId }) => externalId).sort();
      const series = new SeriesService(stores.series);
      for (const offset of [0, 1, 4000, 9990, 10_000]) {
        const page = await series.list({ limit: 100, offset });
        expect(page.map(({ externalId }) => externalId)).toEqual(ids.slice(offset, offset + 100));
      }
      const seen: string[] = [];
      let after: string | null = null;
      do {
        const page: Awaited<ReturnType<SeriesService['connection']>> = await series.connection({
          ...{ first: 1500, after },
        });
        expect(page.totalCount).toBe(10_000);
        expect(page.pageInfo.hasPreviousPage).toBe(seen.length > 0);
        seen.push(...page.edges.map(({ node }) => node.externalId));
        after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
      } while (after !== null);
      expect(seen).toEqual(ids);
      await stores.close();
    });
  });
});
