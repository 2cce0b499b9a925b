import fc from 'fast-check';
import type { Gauge } from 'prom-client';
import { describe, expect, it } from 'vitest';
import type { CalendarDate } from '../../core/calendar-date.js';
import type { Instant } from '../../core/instant.js';
import type { Uuid } from '../../core/uuid.js';
import { PointBatch } from '../../schema/point-batch.js';
import { changesOf } from '../delta/point-changes.js';
import { SeriesDelta } from '../delta/series-delta.js';
import type { PointsSummary } from '../log/commit.js';
import { SeriesCatalog } from './series-catalog.js';

const uuid = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}` as Uuid;
const SOURCES = [uuid(901), uuid(902), uuid(903)];

const gauge = { set: () => undefined } as unknown as Gauge;

/** What one step leaves of a series: where its points are, and what they are. */
interface Kept {
  readonly source: number;
  readonly rows: number;
  readonly lastDate: number;
  readonly change: number;
  readonly place: 'nowhere' | 'file' | 'delta' | 'both';
}

const step = fc.record({
  series: fc.nat(7),
  isDeleted: fc.boolean(),
  kept: fc.record({
    source: fc.nat(2),
    rows: fc.integer({ min: 1, max: 9 }),
    lastDate: fc.integer({ min: -50, max: 50 }),
    change: fc.integer({ min: 1, max: 99 }),
    place: fc.constantFrom('nowhere' as const, 'file' as const, 'delta' as const, 'both' as const),
  }),
});

function put(catalog: SeriesCatalog, id: Uuid, kept: Kept): void {
  const { source, rows, place } = kept;
  const [lastDate, change] = [kept.lastDate as CalendarDate, kept.change as Instant];
  catalog.putRow({
    ...{ id, sourceId: SOURCES[source]!, externalId: id, title: 'Title', description: null },
    ...{ units: null, frequency: 'monthly', seasonalAdjustment: null },
    ...{ startDate: null, endDate: null, isActive: true, createdAt: change, updatedAt: change },
  });
  const summary: PointsSummary = {
    ...{ rows, firstDate: lastDate, lastDate, lastRevisionDate: lastDate },
  };
  const ofFile = { sha256: 'ab'.repeat(32), bytes: 1, rowGroupDates: [], hasVintages: false };
  // What a delta says is of the whole series, whatever the file below it says.
  const below = place === 'both' ? { ...summary, rows: rows + 3 } : summary;
  const hasFile = place === 'file' || place === 'both';
  catalog.putFile(id, hasFile ? { ...ofFile, throughSeq: change, summary: below } : null);
  const changes = changesOf(PointBatch.EMPTY, null);
  catalog.putDelta(
    id,
    place === 'delta' || place === 'both' ? SeriesDelta.of({ changes }, change, summary) : null,
  );
}

describe('totals by source', () => {
  it('are those of a count one by one, whatever came and went', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const catalog = new SeriesCatalog(gauge, gauge);
        const all = new Map<Uuid, Kept>();
        for (const { series, isDeleted, kept } of steps) {
          const id = uuid(series);
          if (isDeleted) catalog.delete(id);
          else put(catalog, id, kept);
          if (isDeleted) all.delete(id);
          else all.set(id, kept);
          // Asked for in between: what is remembered must not outlive a change.
          catalog.totalsBySource();
        }
        const expected = SOURCES.map((sourceId, source) => {
          const own = [...all.values()].filter((kept) => kept.source === source);
          const stored = own.filter(({ place }) => place !== 'nowhere');
          const newest = (of: (kept: Kept) => number) =>
            stored.length === 0 ? null : Math.max(...stored.map(of));
          return {
            sourceId,
            series: own.length,
            points: stored.reduce((sum, { rows }) => sum + rows, 0),
            newestChange: newest(({ change }) => change),
            newestDate: newest(({ lastDate }) => lastDate),
          };
        }).filter(({ series }) => series > 0);
        const bySource = (a: { sourceId: Uuid }, b: { sourceId: Uuid }) =>
          a.sourceId < b.sourceId ? -1 : 1;
        expect(catalog.totalsBySource().toSorted(bySource)).toEqual(expected);
      }),
    );
  });

  it('are made once as long as nothing changes', () => {
    const catalog = new SeriesCatalog(gauge, gauge);
    put(catalog, uuid(1), { source: 0, rows: 1, lastDate: 1, change: 1, place: 'file' });
    const totals = catalog.totalsBySource();
    expect(catalog.totalsBySource()).toBe(totals);
    catalog.delete(uuid(1));
    expect(catalog.totalsBySource()).toEqual([]);
  });
});
