// What is known of every series without opening a file. Entries are immutable and swapped whole, so a
// reader sees either all of a commit or nothing of it.

import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Gauge } from 'prom-client';
import { AppError, conflict, notFound, storageError } from '../../core/app-error.js';
import type { CalendarDate } from '../../core/calendar-date.js';
import type { Uuid } from '../../core/uuid.js';
import { STORAGE_QUARANTINED_FILES, STORAGE_SERIES } from '../../metrics/metric-definitions.js';
import type { SeriesRow } from '../../schema/series.columns.js';
import type { PointsOverview } from '../data-points-store.js';

export interface CatalogEntry {
  readonly row: SeriesRow;
  readonly points: PointsOverview;
  /** The checksum of the points file, which names its decoded batch in the cache; null without a file. */
  readonly pointsHash: string | null;
  /** The first date of each row group of the points file; empty where that is not known. */
  readonly rowGroupDates: readonly CalendarDate[];
}

const NO_POINTS: PointsOverview = {
  rows: 0,
  firstDate: null,
  lastDate: null,
  lastRevisionDate: null,
  bytes: 0,
  version: null,
};

/** A series that has no points file. */
export function entryWithoutPoints(row: SeriesRow): CatalogEntry {
  return { row, points: NO_POINTS, pointsHash: null, rowGroupDates: [] };
}

/** What of a series is damaged: `series` hides it, `points` leaves its metadata readable. */
export type Quarantined = 'series' | 'points';

@Injectable()
export class SeriesCatalog {
  private readonly entries = new Map<Uuid, CatalogEntry>();
  /** Ascending. */
  private readonly ids: Uuid[] = [];
  private readonly idsByExternalId = new Map<string, Uuid[]>();
  private readonly reserved = new Set<string>();
  private readonly quarantine = new Map<Uuid, Quarantined>();

  constructor(
    @InjectMetric(STORAGE_SERIES.name) private readonly seriesGauge: Gauge,
    @InjectMetric(STORAGE_QUARANTINED_FILES.name) private readonly quarantineGauge: Gauge,
  ) {}

  /** @throws AppError STORAGE_ERROR where the series' metadata is damaged */
  get(id: Uuid): CatalogEntry | undefined {
    const entry = this.entries.get(id);
    if (!entry && this.quarantine.get(id) === 'series') {
      throw damagedSeries(id, 'metadata');
    }
    return entry;
  }

  /** @throws AppError NOT_FOUND, or STORAGE_ERROR where the series' metadata is damaged */
  require(id: Uuid): CatalogEntry {
    const entry = this.get(id);
    if (!entry) throw notFound('EconomicSeries', id);
    return entry;
  }

  /** @throws AppError NOT_FOUND, or STORAGE_ERROR where metadata or points are damaged */
  requirePoints(id: Uuid): CatalogEntry {
    const entry = this.require(id);
    if (this.quarantine.has(id)) throw damagedSeries(id, 'points');
    return entry;
  }

  /** In the order of the ids. */
  *rows(): Iterable<SeriesRow> {
    for (const { row } of this.ordered()) yield row;
  }

  /** Series of which neither file is damaged, in the order of their ids. */
  *readable(): Iterable<readonly [SeriesRow, PointsOverview]> {
    for (const { row, points } of this.ordered()) {
      if (!this.quarantine.has(row.id)) yield [row, points];
    }
  }

  /** In the order of the ids. */
  findByExternalId(externalId: string, sourceId?: Uuid): SeriesRow[] {
    return (this.idsByExternalId.get(externalId) ?? [])
      .map((id) => this.entries.get(id)!.row)
      .filter((row) => sourceId === undefined || row.sourceId === sourceId);
  }

  /**
   * Holds an external id for a series that is about to be written.
   * @returns gives the hold up; the entry, once put, holds it by itself
   * @throws AppError CONFLICT where another series has it or is about to
   */
  reserve(row: Pick<SeriesRow, 'id' | 'sourceId' | 'externalId'>): () => void {
    const key = `${row.sourceId}/${row.externalId}`;
    const owner = this.findByExternalId(row.externalId, row.sourceId)[0];
    if ((owner && owner.id !== row.id) || this.reserved.has(key)) {
      throw conflict(
        `Source ${row.sourceId} already has a series ${JSON.stringify(row.externalId)}`,
        { resource: 'EconomicSeries', ...(owner ? { id: owner.id } : {}) },
      );
    }
    this.reserved.add(key);
    return () => this.reserved.delete(key);
  }

  put(entry: CatalogEntry): void {
    const { id, externalId } = entry.row;
    const before = this.entries.get(id);
    if (before && before.row.externalId !== externalId) this.forgetExternalId(before.row);
    if (!before || before.row.externalId !== externalId) {
      const ids = this.idsByExternalId.get(externalId) ?? [];
      ids.splice(positionIn(ids, id), 0, id);
      this.idsByExternalId.set(externalId, ids);
    }
    if (!before) this.ids.splice(positionIn(this.ids, id), 0, id);
    this.entries.set(id, entry);
    this.seriesGauge.set(this.entries.size);
  }

  delete(id: Uuid): void {
    const entry = this.entries.get(id);
    if (entry) {
      this.forgetExternalId(entry.row);
      this.ids.splice(positionIn(this.ids, id), 1);
    }
    this.entries.delete(id);
    this.quarantine.delete(id);
    this.seriesGauge.set(this.entries.size);
    this.quarantineGauge.set(this.quarantine.size);
  }

  setQuarantine(id: Uuid, quarantined: Quarantined): void {
    this.quarantine.set(id, quarantined);
    this.quarantineGauge.set(this.quarantine.size);
  }

  get quarantinedCount(): number {
    return this.quarantine.size;
  }

  /** The ids are copied, so that a reader who takes its time misses no series when one goes. */
  private *ordered(): Iterable<CatalogEntry> {
    for (const id of [...this.ids]) {
      const entry = this.entries.get(id);
      if (entry) yield entry;
    }
  }

  private forgetExternalId({ id, externalId }: SeriesRow): void {
    const left = this.idsByExternalId.get(externalId)?.filter((other) => other !== id) ?? [];
    if (left.length > 0) this.idsByExternalId.set(externalId, left);
    else this.idsByExternalId.delete(externalId);
  }
}

/** Where `id` is in a sorted list, or would be. */
function positionIn(ids: readonly Uuid[], id: Uuid): number {
  let low = 0;
  let high = ids.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ids[middle]! < id) low = middle + 1;
    else high = middle;
  }
  return low;
}

function damagedSeries(id: Uuid, what: string): AppError {
  return storageError('read', `The stored ${what} of series ${id} are damaged and not served`, {
    resource: 'EconomicSeries',
    id,
  });
}
