import { Instant } from '../../src/core/instant.js';
import { Uuid } from '../../src/core/uuid.js';
import type { SeriesRow } from '../../src/schema/series.columns.js';

/** A row of series metadata for tests of pure functions. */
export function seriesRow(fields: Partial<SeriesRow> = {}): SeriesRow {
  return {
    id: Uuid.v7(),
    sourceId: Uuid.parse('aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa'),
    externalId: 'SERIES',
    title: 'A series',
    description: null,
    units: null,
    frequency: 'monthly',
    seasonalAdjustment: null,
    startDate: null,
    endDate: null,
    isActive: true,
    createdAt: Instant.of(1),
    updatedAt: Instant.of(1),
    ...fields,
  };
}
