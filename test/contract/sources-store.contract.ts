import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../support/manual-clock.js';
import { uuid } from '../support/points.js';
import { newSource, type Stores, type StoresUnderTest } from '../support/stores.js';

/** What holds for every `SourcesStore`. */
export function describeSourcesStore(underTest: StoresUnderTest): void {
  describe(`sources store, ${underTest.name}`, () => {
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

    it('is empty at first', () => {
      expect(stores.sources.all()).toEqual([]);
      expect(stores.sources.get(uuid(1))).toBeUndefined();
    });

    it('keeps every field across a restart', async () => {
      const full = newSource({
        name: 'Banque de France – 統計',
        description: 'Statistics',
        url: 'https://example.org/?a=b&c=d',
        isActive: false,
      });
      const created = await stores.sources.create(full);
      const instant = clock.now();
      expect(created).toEqual({ ...full, id: created.id, createdAt: instant, updatedAt: instant });
      const bare = await stores.sources.create(newSource());
      await reopen();
      expect(stores.sources.get(created.id)).toEqual(created);
      expect(stores.sources.get(bare.id)).toEqual(bare);
    });

    it('lists the sources by name, then by id', async () => {
      for (const [n, name] of [
        [3, 'B'],
        [2, 'A'],
        [1, 'B'],
      ] as const) {
        await stores.sources.create(newSource({ id: uuid(n), name }));
      }
      const order = [uuid(2), uuid(1), uuid(3)];
      expect(stores.sources.all().map(({ id }) => id)).toEqual(order);
      await reopen();
      expect(stores.sources.all().map(({ id }) => id)).toEqual(order);
    });

    it('lets one of many concurrent calls have an id, and loses none of the others', async () => {
      const outcomes = await Promise.allSettled([
        ...Array.from({ length: 5 }, () => stores.sources.create(newSource({ id: uuid(1) }))),
        ...Array.from({ length: 5 }, (_, n) => stores.sources.create(newSource({ name: `N${n}` }))),
      ]);
      const failures = outcomes.flatMap((outcome) =>
        outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
      );
      expect(failures).toHaveLength(4);
      for (const failure of failures) expect(failure).toMatchObject({ code: 'CONFLICT' });
      expect(stores.sources.all()).toHaveLength(6);
      await reopen();
      expect(stores.sources.all()).toHaveLength(6);
    });

    it('leaves a source alone that is told nothing new', async () => {
      const created = await stores.sources.create(newSource({ url: 'https://example.org' }));
      const { name, url } = created;
      expect(await stores.sources.update(created.id, { name, url })).toEqual(created);
    });

    it('moves updatedAt with an update and keeps createdAt and what is not named', async () => {
      const created = await stores.sources.create(newSource({ url: 'https://example.org' }));
      clock.set(clock.now() - 1_000_000);
      const updated = await stores.sources.update(created.id, { description: 'New', url: null });
      expect(updated).toEqual({
        ...created,
        description: 'New',
        url: null,
        updatedAt: updated.updatedAt,
      });
      expect(updated.updatedAt).toBeGreaterThan(created.updatedAt);
      await reopen();
      expect(stores.sources.all()).toEqual([updated]);
    });

    it('says NOT_FOUND where a source to be changed does not exist', async () => {
      await expect(stores.sources.update(uuid(1), { name: 'x' })).rejects.toMatchObject({
        code: 'NOT_FOUND',
        details: { resource: 'DataSource', id: uuid(1) },
      });
    });

    it('takes later instants after a restart, though the clock goes back', async () => {
      const before = await stores.sources.create(newSource());
      clock.set(clock.now() - 60_000_000);
      await reopen();
      const after = await stores.sources.create(newSource({ name: 'Later' }));
      expect(after.createdAt).toBeGreaterThan(before.createdAt);
    });
  });
}
