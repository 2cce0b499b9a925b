import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { validationError } from '../../src/core/app-error.js';
import type { SeriesRow } from '../../src/schema/series.columns.js';
import { ManualClock } from '../support/manual-clock.js';
import { brief, OTHER_SOURCE_ID, SOURCE_ID, upserts, uuid } from '../support/points.js';
import {
  createSeries,
  day,
  newSeries,
  type Stores,
  type StoresUnderTest,
} from '../support/stores.js';

/** What holds for every `SeriesStore`. */
export function describeSeriesStore(underTest: StoresUnderTest): void {
  describe(`series store, ${underTest.name}`, () => {
    let clock: ManualClock;
    let stores: Stores;

    beforeEach(async () => {
      clock = new ManualClock();
      stores = await underTest.open(clock);
    });

    afterEach(() => underTest.dispose(stores));

    const reopen = async (): Promise<void> => {
      stores = await underTest.reopen(stores, clock);
    };

    const all = (): SeriesRow[] => [...stores.series.all()];

    it('keeps every field, texts and extreme dates included, across a restart', async () => {
      const full = newSeries({
        title: 'Année – 国内総生産 🇫🇷 "quoted", ‘x’ \\ \n tab\t',
        description: 'd'.repeat(2000),
        units: '% of GDP',
        seasonalAdjustment: 'seasonally_adjusted',
        startDate: day('0001-01-01'),
        endDate: day('9999-12-31'),
        isActive: false,
      });
      const created = await stores.series.create(full);
      const bare = await stores.series.create(
        newSeries({ externalId: 'BARE', startDate: day('1969-12-31'), endDate: day('1970-01-01') }),
      );
      expect(created).toEqual({
        ...full,
        id: created.id,
        createdAt: clock.now(),
        updatedAt: clock.now(),
      });
      await reopen();
      expect(stores.series.get(created.id)).toEqual(created);
      expect(stores.series.get(bare.id)).toEqual(bare);
    });

    it('keeps its times to the microsecond, in centuries to come too', async () => {
      for (const [n, micros] of [
        Number.MAX_SAFE_INTEGER - 1000,
        Number.MAX_SAFE_INTEGER - 777,
      ].entries()) {
        clock.set(micros);
        const created = await stores.series.create(newSeries({ externalId: `FAR${n}` }));
        expect(created.createdAt).toBe(micros);
        await reopen();
        expect(stores.series.get(created.id)).toEqual(created);
      }
    });

    it('keeps an empty text apart from none', async () => {
      const created = await stores.series.create(newSeries({ description: '', units: null }));
      await reopen();
      expect(stores.series.get(created.id)).toMatchObject({ description: '', units: null });
    });

    it('gives ids of its own, and takes those that the caller chose', async () => {
      const own = await stores.series.create(newSeries({ externalId: 'A' }));
      const chosen = await stores.series.create(newSeries({ id: uuid(7), externalId: 'B' }));
      expect(own.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
      expect(chosen.id).toBe(uuid(7));
      await expect(
        stores.series.create(newSeries({ id: uuid(7), externalId: 'C' })),
      ).rejects.toMatchObject({ code: 'CONFLICT' });
      expect(stores.series.findByExternalId('C')).toEqual([]);
    });

    it('lists the series in the order of their ids, whatever order they came in', async () => {
      const order = [5, 1, 9, 3, 7, 2, 8, 4, 6];
      for (const n of order) {
        await stores.series.create(newSeries({ id: uuid(n), externalId: `S${n}` }));
      }
      const sorted = [...order].sort().map(uuid);
      expect(all().map(({ id }) => id)).toEqual(sorted);
      expect([...stores.points.overviews()].map(([{ id }]) => id)).toEqual(sorted);
      await stores.series.delete(uuid(3));
      await stores.series.update(uuid(1), { title: 'Changed' });
      const left = sorted.filter((id) => id !== uuid(3));
      expect(all().map(({ id }) => id)).toEqual(left);
      await reopen();
      expect(all().map(({ id }) => id)).toEqual(left);
      expect([...stores.points.overviews()].map(([{ id }]) => id)).toEqual(left);
    });

    it('finds series by external id, in one source or in all, in the order of their ids', async () => {
      await stores.series.create(newSeries({ id: uuid(2), externalId: 'X' }));
      await stores.series.create(
        newSeries({ id: uuid(1), externalId: 'X', sourceId: OTHER_SOURCE_ID }),
      );
      const found = (...args: Parameters<typeof stores.series.findByExternalId>) =>
        stores.series.findByExternalId(...args).map(({ id }) => id);
      for (const start of [async () => undefined, reopen]) {
        await start();
        expect(found('X')).toEqual([uuid(1), uuid(2)]);
        expect(found('X', SOURCE_ID)).toEqual([uuid(2)]);
        expect(found('x')).toEqual([]);
        expect(found('X', uuid(3))).toEqual([]);
      }
    });

    it('lets one of many concurrent calls have an external id', async () => {
      const attempts = Array.from({ length: 20 }, () => stores.series.create(newSeries()));
      const outcomes = await Promise.allSettled(attempts);
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') {
          expect(outcome.reason).toMatchObject({ code: 'CONFLICT' });
        }
      }
      expect(all()).toHaveLength(1);
      await reopen();
      expect(all()).toHaveLength(1);
    });

    it('lets one of many concurrent calls have an id', async () => {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 10 }, (_, n) =>
          stores.series.create(newSeries({ id: uuid(1), externalId: `S${n}` })),
        ),
      );
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(all()).toHaveLength(1);
      const [{ externalId }] = all() as [SeriesRow];
      for (let n = 0; n < 10; n++) {
        expect(stores.series.findByExternalId(`S${n}`)).toHaveLength(
          `S${n}` === externalId ? 1 : 0,
        );
      }
    });

    it('lets one external id go to one of a create and several updates', async () => {
      const rows = await createSeries(stores, 5);
      const outcomes = await Promise.allSettled([
        ...rows.map(({ id }) => stores.series.update(id, { externalId: 'WANTED' })),
        stores.series.create(newSeries({ externalId: 'WANTED' })),
      ]);
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(stores.series.findByExternalId('WANTED')).toHaveLength(1);
    });

    it('frees an external id when its series is renamed, moved or deleted', async () => {
      const first = await stores.series.create(newSeries({ externalId: 'A' }));
      await stores.series.update(first.id, { externalId: 'B' });
      const second = await stores.series.create(newSeries({ externalId: 'A' }));
      await stores.series.delete(second.id);
      const third = await stores.series.create(newSeries({ externalId: 'A' }));
      await stores.series.update(third.id, { sourceId: OTHER_SOURCE_ID });
      const fourth = await stores.series.create(newSeries({ externalId: 'A' }));
      expect(stores.series.findByExternalId('A', SOURCE_ID)).toEqual([fourth]);
      expect(stores.series.findByExternalId('A')).toHaveLength(2);
    });

    it('refuses an update to an external id that another series has, and changes nothing', async () => {
      const [a, b] = (await createSeries(stores, 2)) as [SeriesRow, SeriesRow];
      await expect(
        stores.series.update(b.id, { externalId: 'S0', title: 'Changed' }),
      ).rejects.toMatchObject({ code: 'CONFLICT' });
      expect(stores.series.get(b.id)).toEqual(b);
      expect(stores.series.findByExternalId('S0')).toEqual([a]);
    });

    it('moves updatedAt with an update and keeps createdAt', async () => {
      const created = await stores.series.create(newSeries({ units: 'USD' }));
      const change = { title: 'New', units: null, startDate: day('2000-01-01') };
      const updated = await stores.series.update(created.id, change);
      expect(updated).toEqual({ ...created, ...change, updatedAt: updated.updatedAt });
      expect(updated.updatedAt).toBeGreaterThan(created.updatedAt);
      await reopen();
      expect(stores.series.get(created.id)).toEqual(updated);
    });

    it('leaves a series alone that an update does not change', async () => {
      const created = await stores.series.create(newSeries());
      expect(await stores.series.update(created.id, { title: created.title })).toEqual(created);
      expect(await stores.series.update(created.id, {})).toEqual(created);
    });

    it('checks the row as an update would leave it, and leaves it where the check throws', async () => {
      const created = await stores.series.create(newSeries({ startDate: day('2020-01-01') }));
      const seen: SeriesRow[] = [];
      const refused = stores.series.update(created.id, { endDate: day('2010-01-01') }, (row) => {
        seen.push(row);
        throw validationError('endDate', 'too early');
      });
      await expect(refused).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
      expect(seen).toEqual([{ ...created, endDate: day('2010-01-01') }]);
      expect(stores.series.get(created.id)).toEqual(created);
    });

    it('loses none of several concurrent updates of one series', async () => {
      const { id } = await stores.series.create(newSeries());
      await Promise.all([
        stores.series.update(id, { title: 'New title' }),
        stores.series.update(id, { units: 'USD' }),
        stores.series.update(id, { isActive: false }),
        stores.points.upsert([upserts(id, ['2020-01-01', '2020-02-01', '1'])]),
      ]);
      for (const start of [async () => undefined, reopen]) {
        await start();
        expect(stores.series.get(id)).toMatchObject({
          title: 'New title',
          units: 'USD',
          isActive: false,
        });
        expect(stores.points.overview(id).rows).toBe(1);
      }
    });

    it('says NOT_FOUND where a series to be changed does not exist', async () => {
      const missing = { code: 'NOT_FOUND', details: { resource: 'EconomicSeries', id: uuid(1) } };
      expect(stores.series.get(uuid(1))).toBeUndefined();
      await expect(stores.series.update(uuid(1), { title: 'x' })).rejects.toMatchObject(missing);
      await expect(stores.series.delete(uuid(1))).rejects.toMatchObject(missing);
    });

    it('deletes a series with its points, for good', async () => {
      const [kept, gone] = (await createSeries(stores, 2)) as [SeriesRow, SeriesRow];
      for (const { id } of [kept, gone]) {
        await stores.points.upsert([upserts(id, ['2020-01-01', '2020-02-01', '1'])]);
      }
      await stores.series.delete(gone.id);
      for (const start of [async () => undefined, reopen]) {
        await start();
        expect(all()).toEqual([kept]);
        expect(stores.series.get(gone.id)).toBeUndefined();
        expect(() => stores.points.overview(gone.id)).toThrow(
          expect.objectContaining({ code: 'NOT_FOUND' }),
        );
        await expect(stores.points.read(gone.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
        expect(brief(await stores.points.read(kept.id))).toEqual(['2020-01-01 2020-02-01 1']);
      }
    });

    it('gives a series that is created again under a deleted id none of the old points', async () => {
      const { id } = await stores.series.create(newSeries());
      await stores.points.upsert([upserts(id, ['2020-01-01', '2020-02-01', '1'])]);
      await stores.series.delete(id);
      const again = await stores.series.create(newSeries({ id }));
      for (const start of [async () => undefined, reopen]) {
        await start();
        expect(stores.series.get(id)).toEqual(again);
        expect((await stores.points.read(id)).length).toBe(0);
        expect(stores.points.overview(id)).toMatchObject({ rows: 0, version: null });
      }
    });

    it('gives every change an instant of its own, though the clock stands or goes back', async () => {
      const instants: number[] = [];
      const { id, createdAt } = await stores.series.create(newSeries());
      instants.push(createdAt);
      for (let n = 0; n < 3; n++) {
        clock.set(clock.now() - 60_000_000);
        instants.push((await stores.series.update(id, { title: `Title ${n}` })).updatedAt);
        await reopen();
      }
      const next = await stores.series.create(newSeries({ externalId: 'NEXT' }));
      instants.push(next.createdAt);
      await stores.series.delete(next.id);
      await reopen();
      instants.push((await stores.series.create(newSeries({ externalId: 'LAST' }))).createdAt);
      expect(instants).toEqual([...new Set(instants)].sort((a, b) => a - b));
      // The deletion took an instant too.
      expect(instants.at(-1)).toBeGreaterThan(instants.at(-2)! + 1);
    });
  });
}
