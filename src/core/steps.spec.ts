import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { atOnce, filtered, firstOf, inTurns, sorted } from './steps.js';

interface Item {
  readonly key: number;
  readonly place: number;
}

const compare = (a: Item, b: Item): number => a.key - b.key;

/** More than a step of them, with equal keys. */
const items = fc
  .array(fc.integer({ min: 0, max: 500 }), { maxLength: 4000, size: 'max' })
  .map((keys) => keys.map((key, place): Item => ({ key, place })));

describe('work in steps', () => {
  it('sorts as a sort does, equal items in their order', () => {
    fc.assert(
      fc.property(items, (list) => {
        const before = [...list];
        expect(atOnce(sorted(list, compare))).toEqual(list.toSorted(compare));
        expect(list).toEqual(before);
      }),
      { numRuns: 50 },
    );
  });

  it('finds the first of an order, however many are wanted', () => {
    const isTotal = (a: Item, b: Item) => compare(a, b) || a.place - b.place;
    const find = (item: Item) => (item.key % 3 === 0 ? undefined : item);
    fc.assert(
      fc.property(items, fc.integer({ min: 1, max: 4000 }), (list, count) => {
        const expected = list.filter(({ key }) => key % 3 !== 0).sort(isTotal);
        expect(atOnce(firstOf(list, find, count, isTotal))).toEqual(expected.slice(0, count));
      }),
      { numRuns: 50 },
    );
  });

  it('lets others have their turn, and answers the same', async () => {
    const numbers = Array.from({ length: 3_000_000 }, (_, n) => n);
    let turns = 0;
    let isDone = false;
    const count = (): void => {
      turns++;
      if (!isDone) setImmediate(count);
    };
    setImmediate(count);
    const even = await inTurns(filtered(numbers, (n) => n % 2 === 0));
    isDone = true;
    expect(even.length).toBe(1_500_000);
    expect(turns).toBeGreaterThan(1);
  });
});
