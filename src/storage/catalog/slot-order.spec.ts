import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SlotOrder } from './slot-order.js';

describe('the order of slots', () => {
  it('is that of the ids, in whatever order they come and go', () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ add: fc.string({ maxLength: 3 }) }) },
      { weight: 2, arbitrary: fc.record({ remove: fc.nat() }) },
      { weight: 1, arbitrary: fc.constant('look' as const) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
        const ids: string[] = [];
        const present = new Set<number>();
        const order = new SlotOrder((slot) => ids[slot]!);
        for (const step of [...steps, 'look' as const]) {
          if (step === 'look') {
            const expected = [...present].sort((a, b) => (ids[a]! < ids[b]! ? -1 : 1));
            expect([...order.slots()]).toEqual(expected);
          } else if ('add' in step) {
            if ([...present].some((slot) => ids[slot] === step.add)) continue;
            present.add(ids.push(step.add) - 1);
            order.add(ids.length - 1);
          } else if (present.size > 0) {
            const slot = [...present][step.remove % present.size]!;
            order.remove(slot);
            present.delete(slot);
          }
        }
      }),
    );
  });

  it('takes in many at once that come in no order, among those that are there', () => {
    const idOf = (slot: number) => String((slot * 7919) % 1000).padStart(3, '0');
    const order = new SlotOrder(idOf);
    for (const count of [1, 100, 1000]) {
      for (let slot = order.slots().length; slot < count; slot += 1) order.add(slot);
      const ids = [...order.slots()].map(idOf);
      expect(ids).toHaveLength(count);
      expect(ids).toEqual([...new Set(ids)].sort());
    }
  });

  it('hands out copies', () => {
    const order = new SlotOrder(String);
    order.add(1);
    const before = order.slots();
    order.add(0);
    expect([...before]).toEqual([1]);
    expect([...order.slots()]).toEqual([0, 1]);
  });
});
