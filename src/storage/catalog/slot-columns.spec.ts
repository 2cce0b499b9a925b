import { describe, expect, it } from 'vitest';
import { CalendarDate } from '../../core/calendar-date.js';
import {
  COLUMN_OF_KIND,
  DateColumn,
  DigestColumn,
  FlagColumn,
  NumberColumn,
  RareTextColumn,
  SharedTextColumn,
  TextColumn,
  type SlotColumn,
} from './slot-columns.js';

const COLUMNS: [string, SlotColumn<unknown>, unknown[]][] = [
  ['texts', new TextColumn(), ['', 'GDP', 'Ölpreis, 中国']],
  ['shared texts', new SharedTextColumn(), ['', 'MONTHLY', 'MONTHLY']],
  ['rare texts', new RareTextColumn(), ['', '1,2', '3']],
  ['dates', new DateColumn(), [CalendarDate.MIN, 0, CalendarDate.MAX]],
  ['numbers', new NumberColumn(), [0, -1.5, Number.MAX_SAFE_INTEGER]],
  ['flags', new FlagColumn(), [true, false, true]],
  ['digests', new DigestColumn(), ['ab'.repeat(32), `${'0'.repeat(63)}1`, 'f'.repeat(64)]],
];

describe.each(COLUMNS)('a column of %s', (_, column, values) => {
  it('is null where nothing was set, also behind what it has grown by', () => {
    column.grow(2);
    expect([column.get(0), column.get(1)]).toEqual([null, null]);
    column.set(1, values[1]);
    column.grow(5);
    expect([0, 1, 2, 4].map((slot) => column.get(slot))).toEqual([null, values[1], null, null]);
  });

  it('gives back what was set, and null after null was', () => {
    values.forEach((value, slot) => column.set(slot, value));
    expect(values.map((_value, slot) => column.get(slot))).toEqual(values);
    column.set(1, null);
    expect(column.get(0)).toEqual(values[0]);
    expect(column.get(1)).toBeNull();
    expect(column.get(2)).toEqual(values[2]);
  });
});

describe('a column of shared texts', () => {
  it('lets go of texts that no slot has any more', () => {
    const column = new SharedTextColumn();
    column.grow(2);
    for (let round = 0; round < 100; round += 1) column.set(round % 2, `units ${round}`);
    expect(column.distinct).toBe(2);
    expect([column.get(0), column.get(1)]).toEqual(['units 98', 'units 99']);
    column.set(0, 'units 99');
    expect(column.distinct).toBe(1);
    column.set(0, null);
    expect(column.get(1)).toBe('units 99');
  });
});

describe('a column of digests', () => {
  it('takes no other text', () => {
    const column = new DigestColumn();
    column.grow(1);
    for (const text of ['', 'abc', 'g'.repeat(64), 'a'.repeat(63), 'a'.repeat(66)]) {
      expect(() => column.set(0, text)).toThrow('64 hexadecimal digits');
    }
  });
});

it('every kind of column has a form in memory', () => {
  for (const make of Object.values(COLUMN_OF_KIND)) {
    const column = make();
    column.grow(1);
    expect(column.get(0)).toBeNull();
  }
});
