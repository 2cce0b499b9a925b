import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seriesRow } from '../../test/support/series-rows.js';
import { Instant } from '../core/instant.js';
import { Uuid } from '../core/uuid.js';
import type { SeriesRow } from '../schema/series.columns.js';
import { OrderDirection, SeriesOrderField } from './series.inputs.js';
import {
  afterCursor,
  compareRows,
  compileFilter,
  DEFAULT_ORDER,
  encodeCursor,
  type Order,
} from './series-query.js';

const orders: Order[] = Object.values(SeriesOrderField).flatMap((field) =>
  Object.values(OrderDirection).map((direction) => ({ field, direction })),
);

// Few different values, so that rows are equal in the field and their ids decide.
const rows = fc.uniqueArray(
  fc
    .record({
      id: fc.uuid().map((text) => Uuid.parse(text)),
      externalId: fc.constantFrom('A', 'a', 'B', 'Ä', '"', '\u{1f4c8}'),
      title: fc.constantFrom('', 'x', 'y'),
      frequency: fc.constantFrom('daily', 'monthly'),
      createdAt: fc.integer({ min: 0, max: 3 }).map((micros) => Instant.of(micros)),
      updatedAt: fc.integer({ min: 0, max: 3 }).map((micros) => Instant.of(micros)),
    })
    .map(seriesRow),
  { selector: ({ id }) => id },
);

describe('compareRows', () => {
  it.each(orders)('is a total order by $field $direction', (order) => {
    fc.assert(
      fc.property(rows, (unsorted) => {
        const sorted = unsorted.toSorted(compareRows(order));
        expect(unsorted.toReversed().toSorted(compareRows(order))).toEqual(sorted);
        const opposite = order.direction === OrderDirection.ASC ? 'desc' : 'asc';
        const reversed: Order = { ...order, direction: opposite as OrderDirection };
        expect(unsorted.toSorted(compareRows(reversed))).toEqual(sorted.toReversed());
      }),
    );
  });
});

describe('a cursor', () => {
  it.each(orders)(
    'stands before exactly the rows behind its own, by $field $direction',
    (order) => {
      fc.assert(
        fc.property(rows, fc.nat(), (unsorted, pick) => {
          const sorted = unsorted.toSorted(compareRows(order));
          if (sorted.length === 0) return;
          const index = pick % sorted.length;
          const behind = afterCursor(encodeCursor(sorted[index]!, order), order);
          expect(sorted.filter(behind)).toEqual(sorted.slice(index + 1));
        }),
      );
    },
  );

  it('keeps its place when its row is gone', () => {
    const [a, b, c] = ['A', 'B', 'C'].map((externalId) => seriesRow({ externalId }));
    const behind = afterCursor(encodeCursor(b!, DEFAULT_ORDER), DEFAULT_ORDER);
    expect([a!, c!].filter(behind)).toEqual([c]);
  });

  it('is of letters that need no quoting in an address', () => {
    const row = seriesRow({ title: 'Ä"/+?&=\u{1f4c8}' });
    const order = { field: SeriesOrderField.TITLE, direction: OrderDirection.ASC };
    expect(encodeCursor(row, order)).toMatch(/^[\w-]+$/);
  });

  it('is refused where it was made for another order, or not by us', () => {
    const text = (parts: unknown) => Buffer.from(JSON.stringify(parts)).toString('base64url');
    for (const cursor of [
      '',
      'x',
      text(null),
      text([]),
      text(['externalId', 'asc', 'A']),
      text(['externalId', 'asc', 'A', 5]),
      text(['externalId', 'asc', { a: 1 }, 'x']),
      text(['externalId', 'desc', 'A', 'x']),
      text(['title', 'asc', 'A', 'x']),
    ]) {
      expect(() => afterCursor(cursor, DEFAULT_ORDER)).toThrow(
        expect.objectContaining({ code: 'VALIDATION_ERROR', details: { field: 'after' } }),
      );
    }
  });
});

describe('compileFilter', () => {
  const passes = (filter: Parameters<typeof compileFilter>[0], fields: Partial<SeriesRow>) =>
    compileFilter(filter)(seriesRow(fields));

  it('passes everything where it says nothing', () => {
    for (const filter of [null, undefined, {}, { isActive: null, titleContains: null }]) {
      expect(passes(filter, {})).toBe(true);
    }
  });

  it('asks for every condition at once', () => {
    const filter = { frequency: 'M', isActive: true };
    expect(passes(filter, { frequency: 'monthly', isActive: true })).toBe(true);
    expect(passes(filter, { frequency: 'monthly', isActive: false })).toBe(false);
    expect(passes(filter, { frequency: 'daily', isActive: true })).toBe(false);
  });

  it('takes false, and an empty text, for conditions', () => {
    expect(passes({ isActive: false }, { isActive: true })).toBe(false);
    expect(passes({ externalIdPrefix: '' }, { externalId: 'A' })).toBe(true);
  });

  it('minds case in external ids and not in titles', () => {
    expect(passes({ externalIdPrefix: 'gdp' }, { externalId: 'GDP' })).toBe(false);
    expect(passes({ titleContains: 'GROSS' }, { title: 'the gross' })).toBe(true);
  });
});
