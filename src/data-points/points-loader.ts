// Reads of points as the fields of a query ask for them: each by itself, and all in the same breath. What is in
// memory is answered at once; the rest is gathered until nobody is left who asks, and then read in one pass.

import type { DateRange } from '../core/calendar-date.js';
import type { Uuid } from '../core/uuid.js';
import type { PointBatch } from '../schema/point-batch.js';
import { hullOf } from '../storage/row-groups.js';
import type { DataPointsStore } from '../storage/data-points-store.js';
import { ReadPass } from '../storage/read-pass.js';

interface Ask {
  readonly seriesId: Uuid;
  readonly range: DateRange;
  readonly answer: (rows: PointBatch) => void;
  readonly refuse: (error: unknown) => void;
}

/** One read of a series, and who asked for it or for a part of it. */
interface Read {
  readonly range: DateRange;
  readonly asks: readonly [Ask, ...Ask[]];
}

export class PointsLoader {
  private asked: Ask[] = [];

  constructor(private readonly store: DataPointsStore) {}

  /**
   * The rows of a date range, all revisions, as of when it was asked or later.
   * @throws AppError as `DataPointsStore.read`, at once or later
   */
  load(seriesId: Uuid, range: DateRange): PointBatch | Promise<PointBatch> {
    return this.store.readNow(seriesId, range) ?? this.gather(seriesId, range);
  }

  private gather(seriesId: Uuid, range: DateRange): Promise<PointBatch> {
    return new Promise((answer, refuse) => {
      this.asked.push({ seriesId, range, answer, refuse });
      if (this.asked.length > 1) return;
      // Fields whose arguments take a promise or two more are still on their way: they come before the next tick.
      void Promise.resolve().then(() => process.nextTick(() => void this.readAll()));
    });
  }

  private async readAll(): Promise<void> {
    const asked = this.asked;
    this.asked = [];
    const bySeries = new Map<Uuid, [Ask, ...Ask[]]>();
    for (const ask of asked) {
      const others = bySeries.get(ask.seriesId);
      if (others) others.push(ask);
      else bySeries.set(ask.seriesId, [ask]);
    }
    const reads = [...bySeries.values()].flatMap((asks) => this.readsOf(asks));
    const pass = new ReadPass();
    await Promise.all(reads.map((read) => this.read(read, pass)));
  }

  private readsOf(asks: readonly [Ask, ...Ask[]]): Read[] {
    const ranges = asks.map(({ range }) => range);
    const [{ seriesId }] = asks;
    const areOne = asks.length > 1 && this.store.areReadTogether(seriesId, ranges);
    return areOne
      ? [{ range: hullOf(ranges), asks }]
      : asks.map((ask) => ({ range: ask.range, asks: [ask] }));
  }

  private async read({ range, asks }: Read, pass: ReadPass): Promise<void> {
    try {
      const rows = await this.store.read(asks[0].seriesId, range, 'lookup', pass);
      for (const ask of asks) ask.answer(rows.inRange(ask.range));
    } catch (error) {
      for (const ask of asks) ask.refuse(error);
    }
  }
}
