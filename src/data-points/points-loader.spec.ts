import { describe, expect, it } from 'vitest';
import { batchOf, uuid, type PlainPoint } from '../../test/support/points.js';
import { CalendarDate, type DateRange } from '../core/calendar-date.js';
import type { Uuid } from '../core/uuid.js';
import { PointBatch } from '../schema/point-batch.js';
import type { DataPointsStore, ReadUse } from '../storage/data-points-store.js';
import type { ReadPass } from '../storage/read-pass.js';
import { PointsLoader } from './points-loader.js';

const [A, B] = [uuid(1), uuid(2)];
const day = (text: string) => CalendarDate.parse(text);

function batch(...dates: string[]): PointBatch {
  return batchOf(
    dates.map((date): PlainPoint => ({
      ...{ date, revisionDate: date, value: '1', isOriginal: true },
      ...{ createdAt: 1, updatedAt: 1 },
    })),
  );
}

const STORED = batch('2020-01-01', '2020-02-01', '2020-03-01', '2020-04-01');

/** A disk on which everything takes a turn of the event loop, and which counts. */
class SlowStore {
  readonly reads: { readonly seriesId: Uuid; readonly range: DateRange }[] = [];
  readonly inMemory = new Map<Uuid, PointBatch>();
  damaged: Uuid | undefined;
  isBetterTogether = true;
  running = 0;
  mostRunning = 0;

  readNow(seriesId: Uuid, range: DateRange): PointBatch | undefined {
    return this.inMemory.get(seriesId)?.inRange(range);
  }

  areReadTogether(): boolean {
    return this.isBetterTogether;
  }

  async read(seriesId: Uuid, range: DateRange, use: ReadUse, pass: ReadPass): Promise<PointBatch> {
    expect(use).toBe('lookup');
    this.reads.push({ seriesId, range });
    await pass.readFile(async () => {
      this.mostRunning = Math.max(this.mostRunning, ++this.running);
      await new Promise((resolve) => setImmediate(resolve));
      this.running--;
    });
    if (seriesId === this.damaged) throw new Error('damaged');
    return STORED.inRange(range);
  }
}

function setUp() {
  const store = new SlowStore();
  return { store, loader: new PointsLoader(store as unknown as DataPointsStore) };
}

describe('PointsLoader', () => {
  it('answers what is in memory without a promise', () => {
    const { store, loader } = setUp();
    store.inMemory.set(A, STORED);
    const rows = loader.load(A, { start: day('2020-02-01') });
    expect(rows).toBeInstanceOf(PointBatch);
    expect(rows).toMatchObject({ length: 3 });
    expect(store.reads).toEqual([]);
  });

  it('reads what several ask of one series once, and gives each its own range', async () => {
    const { store, loader } = setUp();
    const ranges = [
      { start: day('2020-03-01') },
      { start: day('2020-02-01'), end: day('2020-02-29') },
      { start: day('2020-04-01') },
    ];
    const answers = await Promise.all(ranges.map(async (range) => loader.load(A, range)));
    expect(answers.map(({ length }) => length)).toEqual([2, 1, 1]);
    expect(store.reads).toEqual([
      { seriesId: A, range: { start: day('2020-02-01'), end: undefined } },
    ]);
  });

  it('reads ranges by themselves that together would take more from the disk', async () => {
    const { store, loader } = setUp();
    store.isBetterTogether = false;
    const ranges = [{ end: day('2020-01-01') }, { start: day('2020-04-01') }];
    const answers = await Promise.all(ranges.map(async (range) => loader.load(A, range)));
    expect(answers.map(({ length }) => length)).toEqual([1, 1]);
    expect(store.reads.map(({ range }) => range)).toEqual(ranges);
  });

  it('gathers those who come some promises later, and reads sixteen files at a time', async () => {
    const { store, loader } = setUp();
    const ids = Array.from({ length: 100 }, (_, n) => uuid(n));
    const answers = await Promise.all(
      ids.map(async (id, n) => {
        for (let hop = 0; hop < n % 7; hop++) await Promise.resolve();
        const [one, other] = await Promise.all([loader.load(id, {}), loader.load(id, {})]);
        expect(one).toBe(other);
        return one.length;
      }),
    );
    expect(answers).toEqual(ids.map(() => 4));
    expect(store.reads.map(({ seriesId }) => seriesId).sort()).toEqual(ids);
    expect(store.mostRunning).toBe(16);
  });

  it('leaves a failure with those who asked for that series', async () => {
    const { store, loader } = setUp();
    store.damaged = A;
    const asked = [A, B, A].map(async (id) => loader.load(id, {}));
    const outcomes = await Promise.allSettled(asked);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected']);
  });

  it('does not answer who asks later with what is being read', async () => {
    const { store, loader } = setUp();
    const first = loader.load(A, {});
    await new Promise((resolve) => process.nextTick(resolve));
    await Promise.resolve();
    expect(store.reads).toHaveLength(1);
    const second = loader.load(A, {});
    await Promise.all([first, second]);
    expect(store.reads).toHaveLength(2);
  });
});
