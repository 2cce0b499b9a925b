import fc from 'fast-check';
import { LRUCache } from 'lru-cache';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { SegmentedLru } from './segmented-lru.js';

const HUGE = 1_000_000;

/** Of values that are their own sizes. */
function lruOf(limits: { bytesMax?: number; entriesMax?: number; ttlSeconds?: number }) {
  return new SegmentedLru<number>({
    ...{ bytesMax: HUGE, entriesMax: HUGE, ttlSeconds: 3600 },
    ...limits,
    bytesOf: (value) => value,
  });
}

/** As a reader does: what is missing is loaded and put in. */
function use(lru: SegmentedLru<number>, name: string, bytes = 1): boolean {
  const isHit = lru.get(name) !== undefined;
  if (!isHit) lru.set(name, bytes);
  return isHit;
}

function namesOf(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, n) => `${prefix}${n}`);
}

describe('a segmented LRU', () => {
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it.each([
    ['entries', { entriesMax: 1000 }, 1],
    ['bytes', { bytesMax: 1_000_000 }, 1000],
  ])('keeps what was used twice through a scan over ten times its %s', (_of, limits, bytes) => {
    const lru = lruOf(limits);
    const workingSet = namesOf('used', 750);
    for (const name of [...workingSet, ...workingSet]) use(lru, name, bytes);
    for (const name of namesOf('scanned', 10_000)) use(lru, name, bytes);
    const left = workingSet.filter((name) => lru.peek(name) !== undefined);
    expect(left.length).toBeGreaterThanOrEqual(workingSet.length * 0.9);
    expect(lru.size).toBe(1000);
  });

  it('keeps it through a scan of entries that would each push all of it out', () => {
    const lru = lruOf({ bytesMax: 1000 });
    const workingSet = namesOf('used', 70);
    for (const name of [...workingSet, ...workingSet]) use(lru, name, 10);
    for (const name of namesOf('scanned', 50)) use(lru, name, 900);
    expect(workingSet.filter((name) => lru.peek(name) !== undefined)).toEqual(workingSet);
  });

  it('keeps one entry that needs nearly all there is, at once where nothing else does and else at its second use', () => {
    const lru = lruOf({ bytesMax: 1000 });
    expect([use(lru, 'large', 950), use(lru, 'large', 950)]).toEqual([false, true]);
    const workingSet = namesOf('used', 70);
    for (const name of [...workingSet, ...workingSet, ...workingSet]) use(lru, name, 10);
    expect(use(lru, 'large', 950)).toBe(false);
    expect(use(lru, 'large', 950)).toBe(false);
    expect(use(lru, 'large', 950)).toBe(true);
  });

  it('follows a working set that moves, though it is larger than what newcomers have for themselves', () => {
    const lru = lruOf({ entriesMax: 100 });
    for (const set of ['first', 'second', 'third']) {
      const names = namesOf(set, 60);
      for (let round = 0; round < 4; round++) for (const name of names) use(lru, name);
      expect(names.filter((name) => use(lru, name)).length).toBeGreaterThanOrEqual(54);
    }
  });

  it('never holds more bytes or entries than it may, and answers what was put in last or nothing', () => {
    const actions = fc.array(
      fc.tuple(
        fc.constantFrom('get', 'get', 'use', 'use', 'set', 'delete', 'peek'),
        fc.integer({ min: 0, max: 30 }).map(String),
        fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 120 })),
      ),
      { maxLength: 300 },
    );
    const limits = fc.record({
      bytesMax: fc.integer({ min: 1, max: 200 }),
      entriesMax: fc.integer({ min: 1, max: 20 }),
    });
    fc.assert(
      fc.property(limits, actions, (max, list) => {
        const lru = lruOf(max);
        const written = new Map<string, number>();
        for (const [action, name, bytes] of list) {
          const known = written.get(name);
          if (action === 'set' || (action === 'use' && lru.get(name) === undefined)) {
            lru.set(name, bytes);
            written.set(name, bytes);
          } else if (action === 'delete') {
            lru.delete(name);
            written.delete(name);
            expect(lru.peek(name)).toBeUndefined();
          } else {
            const found = action === 'peek' ? lru.peek(name) : lru.get(name);
            expect([undefined, known]).toContain(found);
          }
          expect(lru.bytes).toBeLessThanOrEqual(max.bytesMax);
          expect(lru.size).toBeLessThanOrEqual(max.entriesMax);
          const held = [...written].filter(([of]) => lru.peek(of) !== undefined);
          expect(held.length).toBe(lru.size);
          expect(held.reduce((sum, [, size]) => sum + size, 0)).toBe(lru.bytes);
        }
        lru.clear();
        expect([lru.bytes, lru.size]).toEqual([0, 0]);
      }),
    );
  });

  it('forgets an entry when its time is over, protected or not, however often it is used', () => {
    vi.useFakeTimers();
    const lru = lruOf({ ttlSeconds: 10 });
    for (const name of ['once', 'often', 'often']) use(lru, name);
    vi.advanceTimersByTime(9999);
    expect([lru.peek('once'), lru.get('often')]).toEqual([1, 1]);
    vi.advanceTimersByTime(1);
    for (const name of ['once', 'often']) {
      expect(lru.peek(name)).toBeUndefined();
      expect(lru.get(name)).toBeUndefined();
    }
    expect(lru.size).toBe(0);
  });

  it.each([10, 5000])(
    'gives back the memory of %i that expire, though nobody asks for them',
    (count) => {
      vi.useFakeTimers();
      const sizes: number[] = [];
      const lru = new SegmentedLru<number>({
        ...{ bytesMax: HUGE, entriesMax: HUGE, ttlSeconds: 10 },
        bytesOf: (value) => value,
        onSwept: () => void sizes.push(lru.size),
      });
      const names = namesOf('used', count);
      for (const name of [...names, ...names, ...namesOf('once', count)]) use(lru, name);
      vi.advanceTimersByTime(9999);
      expect(lru.size).toBe(2 * count);
      vi.advanceTimersByTime(3501);
      expect([lru.size, lru.bytes, sizes.at(-1)]).toEqual([0, 0, 0]);
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  it('gives back what expired unused, though others are used all the time', () => {
    vi.useFakeTimers();
    const lru = lruOf({ ttlSeconds: 10 });
    for (const name of ['unused', 'unused']) use(lru, name);
    for (let second = 0; second < 25; second++) {
      for (const name of namesOf('used', 3)) use(lru, name);
      vi.advanceTimersByTime(1000);
    }
    expect(lru.size).toBe(3);
  });

  it('tells how many it gave up, and why', () => {
    vi.useFakeTimers();
    const given = { room: 0, expired: 0 };
    const lru = new SegmentedLru<number>({
      ...{ bytesMax: 10, entriesMax: HUGE, ttlSeconds: 10 },
      bytesOf: (value) => value,
      onEvicted: (reason, entries) => (given[reason] += entries),
    });
    for (const name of namesOf('first', 10)) use(lru, name);
    expect(given).toEqual({ room: 0, expired: 0 });
    use(lru, 'large', 3);
    expect(given).toEqual({ room: 3, expired: 0 });
    // Deleted by its owner: it was not given up.
    lru.delete('large');
    vi.advanceTimersByTime(20_000);
    expect(given).toEqual({ room: 3, expired: 7 });
  });

  it('looks up few things to let in what is new', () => {
    const lru = lruOf({});
    const names = namesOf('used', 10);
    for (const name of [...names, ...names]) use(lru, name);
    const operations = (['get', 'has', 'peek', 'set', 'delete', 'pop'] as const).map((name) =>
      vi.spyOn(LRUCache.prototype, name),
    );
    lru.set('new', 1);
    const calls = operations.reduce((sum, { mock }) => sum + mock.calls.length, 0);
    expect(calls).toBeLessThanOrEqual(2);
  });

  it.each([
    [500, true],
    [501, false],
  ])('remembers a name of %i characters: %s', (length, isRemembered) => {
    const lru = lruOf({ bytesMax: 1000 });
    for (const name of ['a', 'a']) use(lru, name, 100);
    const name = 'n'.repeat(length);
    for (let times = 0; times < 3; times++) use(lru, name, 950);
    expect(lru.peek(name) !== undefined).toBe(isRemembered);
  });
});
