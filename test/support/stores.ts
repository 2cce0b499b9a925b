// What the contract suites ask of an implementation of the stores.

import { CalendarDate } from '../../src/core/calendar-date.js';
import type { Clock } from '../../src/core/clock.js';
import type { SeriesRow } from '../../src/schema/series.columns.js';
import type { DataPointsStore } from '../../src/storage/data-points-store.js';
import type { NewSeries, SeriesStore } from '../../src/storage/series-store.js';
import type { NewSource, SourcesStore } from '../../src/storage/sources-store.js';
import { SOURCE_ID } from './points.js';

export interface Stores {
  readonly series: SeriesStore;
  readonly points: DataPointsStore;
  readonly sources: SourcesStore;
  close(): Promise<void>;
}

/** Stores that can be closed and opened again on what they have stored. */
export interface StoresUnderTest {
  readonly name: string;
  /** Empty stores. */
  open(clock: Clock): Promise<Stores>;
  /** Closes the stores and opens them again. */
  reopen(stores: Stores, clock: Clock): Promise<Stores>;
  dispose(stores: Stores): Promise<void>;
}

export function newSeries(overrides: Partial<NewSeries> = {}): NewSeries {
  return {
    sourceId: SOURCE_ID,
    externalId: 'GDP',
    title: 'Gross Domestic Product',
    description: null,
    units: null,
    frequency: 'quarterly',
    seasonalAdjustment: null,
    startDate: null,
    endDate: null,
    isActive: true,
    ...overrides,
  };
}

export function newSource(overrides: Partial<NewSource> = {}): NewSource {
  return { name: 'BEA', description: null, url: null, isActive: true, ...overrides };
}

/** Series with the external ids S0, S1, … */
export async function createSeries(stores: Stores, count: number): Promise<SeriesRow[]> {
  const created: SeriesRow[] = [];
  for (let n = 0; n < count; n++) {
    created.push(await stores.series.create(newSeries({ externalId: `S${n}` })));
  }
  return created;
}

export function day(text: string): CalendarDate {
  return CalendarDate.parse(text);
}
