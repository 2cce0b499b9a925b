// The change feed against what is stored: whoever replays its pages has the points as they are, however
// the pages fall between writes, flushes and restarts.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CalendarDate } from '../../src/core/calendar-date.js';
import type { Cursor } from '../../src/core/cursor.js';
import type { Uuid } from '../../src/core/uuid.js';
import {
  ChangesService,
  type FoundChange,
  type PageBudget,
} from '../../src/data-points/changes/changes.service.js';
import { ChangeKind } from '../../src/data-points/changes/series-changes.js';
import { LoggedChangesStore } from '../../src/storage/logged-changes-store.js';
import { INDEX_FOLDER } from '../../src/storage/paths.js';
import { fewDates } from '../support/arbitraries.js';
import { ManualClock } from '../support/manual-clock.js';
import { openParquetStoresOn, type ParquetStores } from '../support/parquet-stores.js';
import { plainPoints, upserts, uuid, vintages, type SentPoint } from '../support/points.js';
import { Random } from '../support/random.js';
import { SimDisk } from '../support/sim-disk.js';
import { day, newSeries } from '../support/stores.js';
import { testConfig } from '../support/test-app.js';

const SERIES = [uuid(1), uuid(2), uuid(3)];

const series = fc.nat(SERIES.length - 1);
const points: fc.Arbitrary<SentPoint[]> = fc.uniqueArray(
  fc.tuple(fewDates, fewDates, fc.constantFrom('5', '7', '0.1000000000000000055', null)),
  { minLength: 1, maxLength: 6, selector: ([date, revisionDate]) => `${date}/${revisionDate}` },
);

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('write' as const), series, points }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('publish' as const),
      series,
      points,
      isComplete: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('delete' as const),
      series,
      start: fewDates,
      revisionDate: fc.option(fewDates, { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete series' as const), series }) },
  // Some readers have several pages of a round before them when the next write comes.
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('read' as const),
      pages: fc.integer({ min: 1, max: 3 }),
      first: fc.integer({ min: 1, max: 5 }),
      budget: fc.record({
        series: fc.integer({ min: 1, max: 4 }),
        rows: fc.integer({ min: 1, max: 20 }),
      }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom(...(['flush', 'restart', 'kill', 'rebuild'] as const)),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Somebody who knows of the store what its pages said. */
class Reader {
  readonly points = new Map<string, string>();
  private cursor: Cursor | undefined;

  /** @returns whether there is more to read */
  async read(feed: ChangesService, first: number, budget?: PageBudget): Promise<boolean> {
    const page = await feed.page({ since: this.cursor ?? null, first }, {}, budget);
    expect(page.changes.length).toBeLessThanOrEqual(first);
    for (const found of page.changes) this.replay(found);
    this.cursor = page.cursor;
    return page.hasMore;
  }

  private replay({ change, point }: FoundChange): void {
    const { kind, seriesId, date, revisionDate } = change;
    if (kind === ChangeKind.SERIES_DELETED) {
      for (const key of this.points.keys()) if (key.startsWith(seriesId)) this.points.delete(key);
      return;
    }
    const key = keyOf(seriesId, CalendarDate.format(date!), CalendarDate.format(revisionDate!));
    if (kind === ChangeKind.DELETED) this.points.delete(key);
    else this.points.set(key, `${point!.value} ${point!.isOriginal}`);
  }
}

function keyOf(id: Uuid, date: string, revisionDate: string): string {
  return `${id} ${date} ${revisionDate}`;
}

async function stored({ series: all, points: store }: ParquetStores): Promise<Map<string, string>> {
  const known = new Map<string, string>();
  for (const { id } of all.all()) {
    for (const point of plainPoints(await store.read(id))) {
      const { date, revisionDate, value, isOriginal } = point;
      known.set(keyOf(id, date, revisionDate), `${value} ${isOriginal}`);
    }
  }
  return known;
}

describe('the change feed', () => {
  it('gives whoever replays it the points as they are stored', async () => {
    const run = async (steps: readonly Step[], seed: number) => {
      const random = new Random(seed);
      let disk = new SimDisk(random.fork());
      const clock = new ManualClock(1_000_000);
      const open = () => openParquetStoresOn(disk, { clock });
      let stores = await open();
      const create = (index: number) =>
        stores.series.create(newSeries({ id: SERIES[index]!, externalId: `S${index}` }));
      const feed = () =>
        new ChangesService(
          new LoggedChangesStore(stores.directory),
          stores.points,
          testConfig({ readPointsMax: 1000 }),
        );
      for (const index of SERIES.keys()) await create(index);
      const reader = new Reader();
      for (const [index, current] of steps.entries()) {
        clock.set((index + 2) * 1_000_000);
        switch (current.kind) {
          case 'write':
            await stores.points.upsert([upserts(SERIES[current.series]!, ...current.points)]);
            break;
          case 'publish': {
            const { points: sent, isComplete } = current;
            await stores.points.publish([vintages(SERIES[current.series]!, sent, isComplete)]);
            break;
          }
          case 'delete':
            await stores.points.delete(SERIES[current.series]!, {
              start: day(current.start),
              revisionDate:
                current.revisionDate === undefined ? undefined : day(current.revisionDate),
            });
            break;
          case 'delete series':
            await stores.series.delete(SERIES[current.series]!);
            await create(current.series);
            break;
          case 'read':
            for (let left = current.pages; left > 0; left--) {
              if (!(await reader.read(feed(), current.first, current.budget))) break;
            }
            break;
          case 'flush':
            await stores.directory.flush();
            break;
          case 'kill':
            disk = disk.crash(random, 'process');
            stores = await open();
            break;
          default:
            await stores.close();
            if (current.kind === 'rebuild') disk.empty(INDEX_FOLDER);
            stores = await open();
        }
      }
      // The round that the reader is in, and what came after it.
      while (await reader.read(feed(), 4));
      while (await reader.read(feed(), 4));
      const expected = await stored(stores);
      expect(reader.points).toEqual(expected);
      expect((await feed().page({ first: 1 })).hasMore).toBe(expected.size > 1);
      const newcomer = new Reader();
      while (await newcomer.read(feed(), 3, { series: 1, rows: 1 }));
      expect(newcomer.points).toEqual(expected);
      await stores.close();
    };
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40, size: 'max' }), fc.nat(), run),
      { numRuns: 60 },
    );
  }, 300_000);
});
