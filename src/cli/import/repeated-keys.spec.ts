import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CalendarDate } from '../../core/calendar-date.js';
import { Decimal } from '../../core/decimal.js';
import { KeyOrder, RepeatedKeys, type KeyedValue } from './repeated-keys.js';

function key(date: number, revisionDate: number, value: string | null = '1'): KeyedValue {
  return {
    date: date as CalendarDate,
    revisionDate: revisionDate as CalendarDate,
    value: value === null ? null : Decimal.parse(value),
  };
}

function orderOf(keys: readonly KeyedValue[]): KeyOrder {
  const order = new KeyOrder();
  keys.forEach((one, line) => order.add(one, line));
  return order;
}

const keys = fc.array(
  fc.record({
    date: fc.integer({ min: 0, max: 6 }),
    revisionDate: fc.integer({ min: 0, max: 6 }),
    value: fc.constantFrom('1', '2', '0.1', '0.1000000000000000055', null),
  }),
  { maxLength: 60 },
);

describe('the order of keys', () => {
  it.each([
    ['by date', [key(1, 1), key(1, 2), key(2, 1)]],
    ['by date, downwards', [key(2, 1), key(1, 2), key(1, 1)]],
    ['by revision date', [key(1, 1), key(2, 1), key(1, 2)]],
    ['by revision date, downwards', [key(1, 2), key(2, 1), key(1, 1)]],
  ])('is seen when it is %s', (_, sorted) => {
    expect(orderOf(sorted).isScattered).toBe(false);
  });

  it('is seen to be missing', () => {
    expect(orderOf([key(1, 1), key(3, 1), key(2, 1)]).isScattered).toBe(true);
  });

  it('tells the line of the neighbour that gave another value, and minds no equal one', () => {
    const order = orderOf([key(1, 1, '0.1')]);
    expect(order.add(key(1, 1, '0.10'), 1)).toBeUndefined();
    expect(order.add(key(1, 1, '0.1000000000000000055'), 2)).toBe(0);
    expect(order.add(key(1, 1, null), 3)).toBe(0);
    expect(order.isScattered).toBe(false);
  });

  it('never hides a key that comes twice: sorted ones are neighbours', () => {
    fc.assert(
      fc.property(keys, (rows) => {
        const order = new KeyOrder();
        const seen = new Set<string>();
        let last = '';
        for (const { date, revisionDate } of rows) {
          const name = `${date} ${revisionDate}`;
          order.add(key(date, revisionDate), 0);
          if (seen.has(name) && name !== last) expect(order.isScattered).toBe(true);
          seen.add(name);
          last = name;
        }
      }),
    );
  });
});

describe('a window of keys', () => {
  it('finds for every key the line that gave it another value first', () => {
    fc.assert(
      fc.property(keys, (rows) => {
        const window = new RepeatedKeys(rows.length);
        const first = new Map<string, { line: number; value: string | null }>();
        rows.forEach(({ date, revisionDate, value }, line) => {
          const series = line % 2;
          const name = `${series} ${date} ${revisionDate}`;
          const before = first.get(name);
          const expected = before && before.value !== value ? before.line : undefined;
          expect(window.add(series, key(date, revisionDate, value), line)).toBe(expected);
          if (!before) first.set(name, { line, value });
        });
      }),
    );
  });
});
