import { expect, it } from 'vitest';
import { Uuid } from '../../core/uuid.js';
import { wideSchema } from './wide-table.js';

it('a wide table has as many columns as it may, and no more', () => {
  const id = Uuid.parse('0198a000-0000-7000-8000-000000000001');
  const series = (count: number) =>
    Array.from({ length: count }, (_, n) => ({ id, sourceId: id, externalId: `S${n}` }));
  expect(wideSchema(series(10_000)).fields).toHaveLength(10_001);
  expect(() => wideSchema(series(10_001))).toThrow('10001 columns, at most 10000');
});
