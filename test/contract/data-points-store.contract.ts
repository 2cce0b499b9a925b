import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CalendarDate, type DateRange } from '../../src/core/calendar-date.js';
import type { Uuid } from '../../src/core/uuid.js';
import type { PointsOverview } from '../../src/storage/data-points-store.js';
import { ManualClock } from '../support/manual-clock.js';
import { brief, plainPoints, upserts, uuid, vintages, type SentPoint } from '../support/points.js';
import { createSeries, day, type Stores, type StoresUnderTest } from '../support/stores.js';

/** What holds for every `DataPointsStore`. */
export function describeDataPointsStore(underTest: StoresUnderTest): void {
  describe(`data points store, ${underTest.name}`, () => {
    let clock: ManualClock;
    let stores: Stores;
    let a: Uuid;
    let b: Uuid;
    let c: Uuid;

    beforeEach(async () => {
      clock = new ManualClock();
      stores = await underTest.open(clock);
      [a, b, c] = (await createSeries(stores, 3)).map(({ id }) => id) as [Uuid, Uuid, Uuid];
    });

    afterEach(() => underTest.dispose(stores));

    const reopen = async (): Promise<void> => {
      stores = await underTest.reopen(stores, clock);
    };

    const read = async (id: Uuid): Promise<string[]> => brief(await stores.points.read(id));

    const write = async (id: Uuid, ...points: SentPoint[]) => {
      const [stored] = await stores.points.upsert([upserts(id, ...points)]);
      return stored!;
    };

    /** Without the size on disk, which is not the same everywhere. */
    const overview = (id: Uuid): Omit<PointsOverview, 'bytes'> => {
      const { bytes, ...rest } = stores.points.overview(id);
      expect(bytes).toBeGreaterThanOrEqual(0);
      return rest;
    };

    it('answers with no rows for a series without points', async () => {
      expect(await read(a)).toEqual([]);
      expect(overview(a)).toEqual({
        rows: 0,
        firstDate: null,
        lastDate: null,
        lastRevisionDate: null,
        version: null,
      });
    });

    it('keeps values digit for digit and nulls as nulls, across a restart', async () => {
      const values = [
        '25000.5',
        '0',
        '-0.1',
        '0.1000000000000000055',
        '1234567890123456789012345678',
        '9007199254740993',
        '-0.0000000000000000000000000001',
        null,
        '1',
        null,
        '100000000000000000000000',
      ];
      const points = values.map((value, index): SentPoint => {
        return [`2020-01-${String(index + 1).padStart(2, '0')}`, '2021-01-01', value];
      });
      await write(a, ...points);
      const stored = plainPoints(await stores.points.read(a));
      expect(stored.map(({ value }) => value)).toEqual(values);
      await reopen();
      expect(plainPoints(await stores.points.read(a))).toEqual(stored);
    });

    it('keeps the first and the last day of the calendar', async () => {
      await write(a, ['9999-12-31', '9999-12-31', '2'], ['0001-01-01', '0001-01-01', '1']);
      await write(a, ['1969-12-31', '1970-01-01', '3'], ['1970-01-01', '1969-12-31', '4']);
      const rows = [
        '0001-01-01 0001-01-01 1',
        '1969-12-31 1970-01-01 3',
        '1970-01-01 1969-12-31 4',
        '9999-12-31 9999-12-31 2',
      ];
      expect(await read(a)).toEqual(rows);
      await reopen();
      expect(await read(a)).toEqual(rows);
      expect(overview(a)).toMatchObject({
        firstDate: day('0001-01-01'),
        lastDate: day('9999-12-31'),
        lastRevisionDate: day('9999-12-31'),
      });
    });

    it('answers in the order of date and revision date, whatever order the points came in', async () => {
      await write(a, ['2020-03-01', '2020-04-01', '3'], ['2020-01-01', '2020-05-01', '1.5']);
      await write(a, ['2020-02-01', '2020-03-01', '2'], ['2020-01-01', '2020-02-01', '1']);
      expect(await read(a)).toEqual([
        '2020-01-01 2020-02-01 1',
        '2020-01-01 2020-05-01 1.5',
        '2020-02-01 2020-03-01 2',
        '2020-03-01 2020-04-01 3',
      ]);
    });

    it('reads a range of dates, both ends included, open where not given', async () => {
      await write(
        a,
        ['2020-01-01', '2020-02-01', '1'],
        ['2020-02-01', '2020-03-01', '2'],
        ['2020-02-01', '2020-04-01', '2.5'],
        ['2020-03-01', '2020-04-01', null],
        ['2020-04-01', '2020-05-01', '4'],
      );
      const range = async (start?: string, end?: string) => {
        const batch = await stores.points.read(a, {
          start: start === undefined ? undefined : day(start),
          end: end === undefined ? undefined : day(end),
        });
        return plainPoints(batch).map(({ value }) => value);
      };
      for (const start of [async () => undefined, reopen]) {
        await start();
        expect(await range('2020-02-01', '2020-03-01')).toEqual(['2', '2.5', null]);
        expect(await range('2020-01-02', '2020-02-29')).toEqual(['2', '2.5']);
        expect(await range('2020-03-01')).toEqual([null, '4']);
        expect(await range(undefined, '2020-01-01')).toEqual(['1']);
        expect(await range(undefined, '2019-12-31')).toEqual([]);
        expect(await range('2020-04-02')).toEqual([]);
        expect(await range('2020-04-01', '2020-01-01')).toEqual([]);
        expect(await range('0001-01-01', '9999-12-31')).toHaveLength(5);
      }
    });

    it('changes nothing when the same points are sent again', async () => {
      const points: SentPoint[] = [
        ['2020-01-01', '2020-02-01', '1.50'],
        ['2020-02-01', '2020-03-01', null],
        ['2020-03-01', '2020-04-01', '0.1000000000000000055', true],
      ];
      const first = await write(a, ...points);
      expect(first.counts).toEqual({ added: 3, corrected: 0, unchanged: 0 });
      const before = { rows: plainPoints(await stores.points.read(a)), overview: overview(a) };
      for (const start of [async () => undefined, reopen]) {
        await start();
        const again = await write(a, ...points, ['2020-01-01', '2020-02-01', '1.5']);
        expect(again.counts).toEqual({ added: 0, corrected: 0, unchanged: 3 });
        expect(plainPoints(again.stored)).toEqual(before.rows);
        expect(plainPoints(await stores.points.read(a))).toEqual(before.rows);
        expect(overview(a)).toEqual(before.overview);
      }
    });

    it('moves updatedAt with a correction and keeps createdAt', async () => {
      await write(a, ['2020-01-01', '2020-02-01', '1'], ['2020-02-01', '2020-03-01', '2']);
      const [first, second] = plainPoints(await stores.points.read(a));
      clock.set(clock.now() + 5_000_000);
      const { counts } = await write(
        a,
        ['2020-01-01', '2020-02-01', '1'],
        ['2020-02-01', '2020-03-01', '2.5'],
      );
      expect(counts).toEqual({ added: 0, corrected: 1, unchanged: 1 });
      for (const start of [async () => undefined, reopen]) {
        await start();
        expect(plainPoints(await stores.points.read(a))).toEqual([
          first,
          { ...second, value: '2.5', updatedAt: clock.now() },
        ]);
      }
    });

    it.each<[string, string | null, string | null]>([
      ['a number becomes missing', '1', null],
      ['missing becomes a number', null, '1'],
      ['digits beyond a double are added', '0.1', '0.1000000000000000055'],
      ['digits beyond a double are dropped', '0.1000000000000000055', '0.1'],
      ['digits beyond a double change', '9007199254740993', '9007199254740992'],
      ['missing becomes zero', null, '0'],
    ])('takes it as a correction when %s', async (_what, before, after) => {
      await write(a, ['2020-01-01', '2020-02-01', before]);
      const { counts } = await write(a, ['2020-01-01', '2020-02-01', after]);
      expect(counts).toEqual({ added: 0, corrected: 1, unchanged: 0 });
      await reopen();
      expect(await read(a)).toEqual([`2020-01-01 2020-02-01 ${after ?? 'null'}`]);
    });

    it('takes the first known publication of a date as the original release unless told', async () => {
      const flags = async () =>
        plainPoints(await stores.points.read(a)).map(({ isOriginal }) => isOriginal);
      await write(
        a,
        ['2020-01-01', '2020-02-01', '1'],
        ['2020-01-01', '2020-03-01', '2'],
        ['2020-02-01', '2020-03-01', '3', false],
        ['2020-03-01', '2020-04-01', '4', true],
        ['2020-03-01', '2020-05-01', '5', true],
      );
      expect(await flags()).toEqual([true, false, false, true, true]);
      // An earlier publication that comes later takes the flag over.
      await write(a, ['2020-01-01', '2020-01-15', '0'], ['2020-01-01', '2020-02-15', '1.5']);
      expect(await flags()).toEqual([true, false, false, false, false, true, true]);
      // A correction that does not say keeps the flag; one that says so changes it.
      await write(a, ['2020-02-01', '2020-03-01', '3.5'], ['2020-03-01', '2020-04-01', '4', false]);
      expect(await flags()).toEqual([true, false, false, false, false, false, true]);
      await reopen();
      expect(await flags()).toEqual([true, false, false, false, false, false, true]);
    });

    it('gives the flag to the first publication in whatever order publications come', async () => {
      const dates = ['2020-01-15', '2020-02-15', '2020-03-15'];
      const orders = [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
      ];
      for (const [n, order] of orders.entries()) {
        const date = `2020-01-0${n + 1}`;
        for (const at of order) await write(a, [date, dates[at]!, String(at)]);
        const batch = await stores.points.read(a, { start: day(date), end: day(date) });
        expect(plainPoints(batch).map(({ isOriginal }) => isOriginal)).toEqual([
          true,
          false,
          false,
        ]);
      }
    });

    it('counts a changed original-release flag as a correction, an unsaid one as none', async () => {
      await write(a, ['2020-01-01', '2020-02-01', '1', true]);
      const same = await write(a, ['2020-01-01', '2020-02-01', '1']);
      expect(same.counts).toEqual({ added: 0, corrected: 0, unchanged: 1 });
      const changed = await write(a, ['2020-01-01', '2020-02-01', '1', false]);
      expect(changed.counts).toEqual({ added: 0, corrected: 1, unchanged: 0 });
    });

    it('stores the points of several series with one instant', async () => {
      const results = await stores.points.upsert([
        upserts(b, ['2020-01-01', '2020-02-01', '1']),
        upserts(a, ['2020-01-01', '2020-02-01', '2'], ['2020-02-01', '2020-03-01', '3']),
      ]);
      expect(results.map(({ seriesId, counts }) => [seriesId, counts.added])).toEqual([
        [b, 1],
        [a, 2],
      ]);
      for (const start of [async () => undefined, reopen]) {
        await start();
        expect(overview(a).version).toBe(overview(b).version);
        expect(overview(c).version).toBeNull();
        expect([await read(a), await read(b), await read(c)].map(({ length }) => length)).toEqual([
          2, 1, 0,
        ]);
      }
    });

    it('stores nothing of a call in which one series is unknown', async () => {
      await write(a, ['2020-01-01', '2020-02-01', '1']);
      const before = overview(a);
      const call = stores.points.upsert([
        upserts(a, ['2020-01-01', '2020-02-01', '2'], ['2020-02-01', '2020-03-01', '3']),
        upserts(uuid(404), ['2020-01-01', '2020-02-01', '1']),
        upserts(b, ['2020-01-01', '2020-02-01', '1']),
      ]);
      await expect(call).rejects.toMatchObject({
        code: 'NOT_FOUND',
        details: { resource: 'EconomicSeries', id: uuid(404) },
      });
      for (const start of [async () => undefined, reopen]) {
        await start();
        expect(await read(a)).toEqual(['2020-01-01 2020-02-01 1']);
        expect(await read(b)).toEqual([]);
        expect(overview(a)).toEqual(before);
      }
    });

    it('does nothing for an empty call', async () => {
      expect(await stores.points.upsert([])).toEqual([]);
    });

    it('answers an upsert with the sent points as they are stored', async () => {
      await write(a, ['2020-01-01', '2020-02-01', '1'], ['2020-03-01', '2020-04-01', '3']);
      const { stored } = await write(
        a,
        ['2020-01-01', '2020-02-01', '1'],
        ['2020-02-01', '2020-03-01', '2'],
        ['2020-03-01', '2020-04-01', '4'],
      );
      expect(plainPoints(stored)).toEqual(plainPoints(await stores.points.read(a)));
      const { stored: part } = await write(a, ['2020-02-01', '2020-03-01', '2.5']);
      expect(brief(part)).toEqual(['2020-02-01 2020-03-01 2.5']);
    });

    it('loses none of many concurrent writes to the same series', async () => {
      const days = Array.from(
        { length: 12 },
        (_, n) => `2020-${String(n + 1).padStart(2, '0')}-01`,
      );
      await Promise.all(
        days.map((date, n) =>
          stores.points.upsert([
            upserts(n % 2 ? a : b, [date, '2021-01-01', String(n)]),
            upserts(n % 2 ? b : a, [date, '2021-01-01', String(n)]),
            upserts(c, [date, '2021-01-01', String(n)]),
          ]),
        ),
      );
      const rows = days.map((date, n) => `${date} 2021-01-01 ${n}`);
      for (const start of [async () => undefined, reopen]) {
        await start();
        for (const id of [a, b, c]) expect(await read(id)).toEqual(rows);
      }
    });

    it('tells rows, ends, last revision and version of each series, the same after a restart', async () => {
      await write(
        a,
        ['2020-03-01', '2020-04-01', '3'],
        ['2020-01-01', '2023-06-01', null],
        ['2020-01-01', '2020-02-01', '1'],
      );
      const expected = {
        rows: 3,
        firstDate: day('2020-01-01'),
        lastDate: day('2020-03-01'),
        lastRevisionDate: day('2023-06-01'),
        version: overview(a).version,
      };
      expect(expected.version).toBeGreaterThanOrEqual(clock.now());
      for (const start of [async () => undefined, reopen]) {
        await start();
        expect(overview(a)).toEqual(expected);
        const all = [...stores.points.overviews()];
        expect(all.map(([{ id }]) => id)).toEqual([a, b, c]);
        expect(all.map(([, { rows }]) => rows)).toEqual([3, 0, 0]);
      }
    });

    it('lets the version of a series grow with every change, though the clock goes back', async () => {
      const versions: number[] = [];
      const note = () => versions.push(overview(a).version!);
      await write(a, ['2020-01-01', '2020-02-01', '1'], ['2020-02-01', '2020-03-01', '2']);
      note();
      for (let n = 0; n < 3; n++) {
        clock.set(clock.now() - 60_000_000);
        await write(a, ['2020-01-01', '2020-02-01', `${n}.5`]);
        note();
        await reopen();
        expect(overview(a).version).toBe(versions.at(-1));
      }
      await stores.points.delete(a, { start: day('2020-02-01') });
      note();
      await reopen();
      await write(a, ['2020-02-01', '2020-03-01', '2']);
      note();
      expect(versions).toEqual([...new Set(versions)].sort((x, y) => x - y));
    });

    it('keeps the version of a series whose points are all deleted', async () => {
      await write(a, ['2020-01-01', '2020-02-01', '1']);
      const before = overview(a).version!;
      await stores.points.delete(a, {});
      const emptied = overview(a);
      expect(emptied).toEqual({
        rows: 0,
        firstDate: null,
        lastDate: null,
        lastRevisionDate: null,
        version: emptied.version,
      });
      expect(emptied.version).toBeGreaterThan(before);
      clock.set(clock.now() - 60_000_000);
      await reopen();
      expect(overview(a)).toEqual(emptied);
      expect(await read(a)).toEqual([]);
      await write(a, ['2020-01-01', '2020-02-01', '1']);
      expect(overview(a).version).toBeGreaterThan(emptied.version!);
      await reopen();
      expect(await read(a)).toEqual(['2020-01-01 2020-02-01 1']);
    });

    it('deletes by range, by revision date, or by both, and says how many there were', async () => {
      const points: SentPoint[] = [
        ['2020-01-01', '2020-02-01', '1'],
        ['2020-01-01', '2020-03-01', '2'],
        ['2020-02-01', '2020-03-01', '3'],
        ['2020-03-01', '2020-04-01', null],
      ];
      await write(a, ...points);
      await write(b, ...points);
      const remove = (selection: Parameters<typeof stores.points.delete>[1]) =>
        stores.points.delete(a, selection);
      expect(await remove({ start: day('2020-03-02') })).toBe(0);
      expect(await remove({ revisionDate: day('2019-01-01') })).toBe(0);
      expect(
        await remove({
          start: day('2020-01-01'),
          end: day('2020-01-01'),
          revisionDate: day('2020-03-01'),
        }),
      ).toBe(1);
      expect(await read(a)).toEqual([
        '2020-01-01 2020-02-01 1',
        '2020-02-01 2020-03-01 3',
        '2020-03-01 2020-04-01 null',
      ]);
      expect(await remove({ revisionDate: day('2020-03-01') })).toBe(1);
      expect(await remove({ start: day('2020-03-01') })).toBe(1);
      expect(await remove({ end: day('2019-12-31') })).toBe(0);
      for (const start of [async () => undefined, reopen]) {
        await start();
        expect(await read(a)).toEqual(['2020-01-01 2020-02-01 1']);
        expect(await read(b)).toHaveLength(4);
        expect(overview(a)).toMatchObject({ rows: 1, lastRevisionDate: day('2020-02-01') });
      }
    });

    it('keeps the times of the points that a deletion leaves', async () => {
      await write(a, ['2020-01-01', '2020-02-01', '1'], ['2020-02-01', '2020-03-01', '2']);
      const [kept] = plainPoints(await stores.points.read(a));
      clock.set(clock.now() + 1_000_000);
      await stores.points.delete(a, { start: day('2020-02-01') });
      await reopen();
      expect(plainPoints(await stores.points.read(a))).toEqual([kept]);
    });

    it('gives a point that comes back after its deletion new times', async () => {
      await write(a, ['2020-01-01', '2020-02-01', '1']);
      await stores.points.delete(a, {});
      clock.set(clock.now() + 1_000_000);
      const { counts } = await write(a, ['2020-01-01', '2020-02-01', '1']);
      expect(counts.added).toBe(1);
      expect(plainPoints(await stores.points.read(a))).toMatchObject([
        { createdAt: clock.now(), updatedAt: clock.now(), isOriginal: true },
      ]);
    });

    describe('the days of published vintages', () => {
      const days = async (range?: DateRange): Promise<string[]> => {
        const published = await stores.points.publishedDays(a, range);
        return published.map((each) => CalendarDate.format(each));
      };
      const publish = (isComplete: boolean, ...points: SentPoint[]) =>
        stores.points.publish([vintages(a, points, isComplete)]);

      it('are told though they only repeated what was known, the same after a restart', async () => {
        expect(await days()).toEqual([]);
        await write(a, ['2020-01-01', '2020-02-01', '1']);
        expect(await days()).toEqual([]);
        await publish(false, ['2020-01-01', '2020-05-01', '1']);
        await publish(false, ['2020-01-01', '2020-04-01', '1']);
        await publish(true, ['2020-01-01', '2020-06-01', '1']);
        const all = ['2020-04-01', '2020-05-01', '2020-06-01'];
        expect(await days()).toEqual(all);
        await reopen();
        expect(await days()).toEqual(all);
        await publish(false, ['2020-01-01', '2020-07-01', '1']);
        expect(await days()).toEqual([...all, '2020-07-01']);
        await reopen();
        expect(await days()).toEqual([...all, '2020-07-01']);
      });

      it('are those of the range, and of complete vintages, which speak of every date', async () => {
        const [january, march] = ['2020-01-01', '2020-03-01'];
        await publish(false, [january, '2020-04-01', '1'], [march, '2020-04-02', '3']);
        await publish(false, [january, '2020-05-01', '1'], [january, '2020-05-03', '1']);
        await publish(false, [march, '2020-05-02', '3']);
        await publish(true, [january, '2020-06-01', '1'], [march, '2020-06-01', '3']);
        const repeated = async (range?: DateRange) =>
          (await days(range)).filter((each) => each > '2020-04-30');
        expect(await repeated()).toEqual(['2020-05-01', '2020-05-02', '2020-05-03', '2020-06-01']);
        expect(await repeated({ end: day('2020-02-29') })).toEqual([
          '2020-05-01',
          '2020-05-03',
          '2020-06-01',
        ]);
        expect(await repeated({ start: day(march), end: day(march) })).toEqual([
          '2020-05-02',
          '2020-06-01',
        ]);
        expect(await repeated({ start: day('2021-01-01') })).toEqual(['2020-06-01']);
        // What is gone was confirmed by nobody.
        await stores.points.delete(a, { start: day(march) });
        expect(await repeated()).toEqual(['2020-05-01', '2020-05-03', '2020-06-01']);
      });

      it('of an unknown series are NOT_FOUND', async () => {
        await expect(stores.points.publishedDays(uuid(9999))).rejects.toMatchObject({
          code: 'NOT_FOUND',
        });
      });
    });

    it('publishes nothing of a call that the check refuses', async () => {
      await stores.points.publish([vintages(a, [['2020-01-01', '2020-02-01', '1']])]);
      const before = overview(a);
      const sent = [a, b].map((id) => vintages(id, [['2020-01-01', '2020-03-01', '2']]));
      const seen: number[] = [];
      const refused = stores.points.publish(sent, ({ added, revised }) => {
        seen.push(added, revised);
        if (added > 0) throw new Error('refused');
      });
      await expect(refused).rejects.toThrow('refused');
      expect(seen).toEqual([0, 1, 1, 0]);
      expect(overview(a)).toEqual(before);
      expect(await read(a)).toEqual(['2020-01-01 2020-02-01 1']);
      expect(await read(b)).toEqual([]);
      await stores.points.publish(sent);
      expect(await read(a)).toEqual(['2020-01-01 2020-02-01 1', '2020-01-01 2020-03-01 2']);
    });

    it('says NOT_FOUND where the series does not exist', async () => {
      const missing = { code: 'NOT_FOUND', details: { resource: 'EconomicSeries', id: uuid(404) } };
      expect(() => stores.points.overview(uuid(404))).toThrow(expect.objectContaining(missing));
      await expect(stores.points.read(uuid(404))).rejects.toMatchObject(missing);
      await expect(stores.points.delete(uuid(404), {})).rejects.toMatchObject(missing);
    });
  });
}
