// What is known of every series without opening a file: its metadata, its points file, the changes that
// the file lacks. Every change is one synchronous step, and rows, files and deltas are handed out as values
// that never change, so a reader sees either all of a commit or nothing of it.

import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Gauge } from 'prom-client';
import type { SeriesVersion } from '../../cache/versions.js';
import { AppError, conflict, notFound, storageError } from '../../core/app-error.js';
import { assert } from '../../core/assert.js';
import type { Instant } from '../../core/instant.js';
import type { Uuid } from '../../core/uuid.js';
import { STORAGE_SERIES } from '../../metrics/definitions/catalogue.js';
import { STORAGE_QUARANTINED_FILES } from '../../metrics/definitions/storage.js';
import type { SeriesRow } from '../../schema/series.columns.js';
import type { PointsOverview } from '../data-points-store.js';
import type { SeriesDelta } from '../delta/series-delta.js';
import { NO_POINTS } from '../points-summary.js';
import { CatalogTable, type PointsFile } from './catalog-table.js';
import { ExternalIds } from './external-ids.js';
import { SlotOrder } from './slot-order.js';
import { totalsBySource, type ChangedSlot, type SourceTotals } from './source-totals.js';

export type { PointsFile } from './catalog-table.js';

/** Where the points of a series are. */
interface StoredPoints {
  readonly file: PointsFile | null;
  /** The changes that the file does not hold yet. */
  readonly delta: SeriesDelta | null;
}

export interface CatalogEntry extends StoredPoints {
  readonly row: SeriesRow;
}

export interface PointsEntry extends StoredPoints {
  readonly id: Uuid;
}

const NO_SERIES: SeriesVersion = { row: -1, points: null };

/** What of a series is damaged: `series` hides it, `points` leaves its metadata readable. */
export type Quarantined = 'series' | 'points';

/** Some series, next to each other in the order of their ids; to be used before anything else can run. */
export interface CatalogBlock {
  readonly table: CatalogTable;
  readonly slots: Uint32Array;
  quarantined(slot: number): Quarantined | null;
}

export function overviewOf({
  file,
  delta,
}: {
  readonly file: Pick<PointsFile, 'summary' | 'bytes' | 'throughSeq'> | null;
  readonly delta: Pick<SeriesDelta, 'summary' | 'throughSeq'> | null;
}): PointsOverview {
  const { rows, firstDate, lastDate, lastRevisionDate } =
    delta?.summary ?? file?.summary ?? NO_POINTS;
  const bytes = file?.bytes ?? 0;
  const version = delta?.throughSeq ?? file?.throughSeq ?? null;
  return { rows, firstDate, lastDate, lastRevisionDate, bytes, version };
}

@Injectable()
export class SeriesCatalog {
  private table = new CatalogTable();
  private readonly slots = new Map<Uuid, number>();
  private readonly order = new SlotOrder((slot) => this.table.id(slot));
  private readonly externalIds = new ExternalIds();
  private readonly deltasById = new Map<Uuid, SeriesDelta>();
  private readonly reserved = new Set<string>();
  private readonly quarantine = new Map<Uuid, Quarantined>();
  /** Series in the table that `rows` does not show. */
  private hidden = 0;
  private changeCount = 0;
  private rowChangeCount = 0;
  /** Made when it is asked for, and good until something changes. */
  private totals:
    { readonly changes: number; readonly sources: readonly SourceTotals[] } | undefined;

  constructor(
    @InjectMetric(STORAGE_SERIES.name) private readonly seriesGauge: Gauge,
    @InjectMetric(STORAGE_QUARANTINED_FILES.name) private readonly quarantineGauge: Gauge,
  ) {}

  /** How many series `rows` shows. */
  get size(): number {
    return this.slots.size - this.hidden;
  }

  get quarantinedCount(): number {
    return this.quarantine.size;
  }

  /** How often anything here changed, files too that hold what was known before. */
  get changes(): number {
    return this.changeCount;
  }

  /** How often metadata changed, or what of it is shown. */
  get rowChanges(): number {
    return this.rowChangeCount;
  }

  /** Whether the metadata of the series is known, damaged or not. */
  has(id: Uuid): boolean {
    return this.slots.has(id);
  }

  /** @throws AppError STORAGE_ERROR where the series' metadata is damaged */
  row(id: Uuid): SeriesRow | undefined {
    const slot = this.readableSlot(id);
    return slot === undefined ? undefined : this.table.row(slot);
  }

  /** @throws AppError STORAGE_ERROR where the series' metadata is damaged */
  get(id: Uuid): CatalogEntry | undefined {
    const slot = this.readableSlot(id);
    if (slot === undefined) return undefined;
    return { row: this.table.row(slot), ...this.pointsAt(slot, id) };
  }

  /** What the points file of a series is, whatever is quarantined; null where there is none. */
  file(id: Uuid): PointsFile | null {
    const slot = this.slots.get(id);
    return slot === undefined ? null : this.table.file(slot);
  }

  /** @throws AppError NOT_FOUND, or STORAGE_ERROR where the series' metadata is damaged */
  require(id: Uuid): CatalogEntry {
    const entry = this.get(id);
    if (!entry) throw notFound('EconomicSeries', id);
    return entry;
  }

  /** @throws AppError NOT_FOUND, or STORAGE_ERROR where metadata or points are damaged */
  requirePoints(id: Uuid): PointsEntry {
    return { id, ...this.pointsAt(this.pointsSlot(id), id) };
  }

  /** @throws AppError as `requirePoints` */
  overview(id: Uuid): PointsOverview {
    const slot = this.pointsSlot(id);
    const delta = this.deltasById.get(id) ?? null;
    return overviewOf({ file: this.table.fileFacts(slot), delta });
  }

  /**
   * Whatever is quarantined. No two states of a series, nor of two that had the same id one after the other,
   * have the same version.
   */
  version(id: Uuid): SeriesVersion {
    const slot = this.slots.get(id);
    if (slot === undefined) return NO_SERIES;
    const points = this.deltasById.get(id)?.throughSeq ?? this.table.files.throughSeq.get(slot);
    return { row: this.table.rowVersion(slot), points };
  }

  /** Whatever is quarantined. */
  delta(id: Uuid): SeriesDelta | undefined {
    return this.deltasById.get(id);
  }

  /** The changes of all series that have some, those of quarantined ones too. */
  *deltas(): Iterable<readonly [Uuid, SeriesDelta]> {
    yield* [...this.deltasById];
  }

  /** In the order of the ids. */
  *rows(): Iterable<SeriesRow> {
    for (const slot of this.shown()) yield this.table.row(slot);
  }

  /** How many series have changes that their files lack. */
  get deltaCount(): number {
    return this.deltasById.size;
  }

  /** Of all series, damaged ones too as far as they are known. 100,000 of them take some milliseconds. */
  totalsBySource(): readonly SourceTotals[] {
    if (this.totals?.changes !== this.changeCount) {
      const sources = totalsBySource(this.table, this.changedSlots());
      this.totals = { changes: this.changeCount, sources };
    }
    return this.totals.sources;
  }

  /** Series of which neither file is damaged, in the order of their ids. */
  *readable(): Iterable<readonly [SeriesRow, PointsOverview]> {
    for (const slot of this.shown()) {
      const row = this.table.row(slot);
      if (this.quarantine.has(row.id)) continue;
      const delta = this.deltasById.get(row.id) ?? null;
      yield [row, overviewOf({ file: this.table.fileFacts(slot), delta })];
    }
  }

  /**
   * Series whose points were touched by a commit after `since`, in the order of their ids; those of damaged
   * files too, as far as their last commit is known.
   */
  *changedAfter(since: Instant): Iterable<Uuid> {
    const { table, deltasById } = this;
    const slots = this.order.slots();
    const now = table.now;
    for (const slot of slots) {
      if (!table.isHeldSince(slot, now)) continue;
      const id = table.id(slot);
      // What a delta holds is later than what its file holds.
      const changedAt = deltasById.get(id)?.throughSeq ?? table.files.throughSeq.get(slot);
      if (changedAt !== null && changedAt > since) yield id;
    }
  }

  /** In the order of the ids. */
  findByExternalId(externalId: string, sourceId?: Uuid): SeriesRow[] {
    return this.owners(externalId, sourceId).filter(({ id }) => !this.isHidden(id));
  }

  /** Series of one source that have the same external id, the oldest first; calls cannot make any. */
  duplicates(): SeriesRow[][] {
    const groups = new Map<string, SeriesRow[]>();
    for (const slots of this.externalIds.shared()) {
      for (const slot of slots) {
        const row = this.table.row(slot);
        const key = `${row.sourceId}/${row.externalId}`;
        groups.set(key, [...(groups.get(key) ?? []), row]);
      }
    }
    return [...groups.values()]
      .filter((rows) => rows.length > 1)
      .map((rows) => rows.sort((a, b) => a.createdAt - b.createdAt));
  }

  /**
   * Holds an external id for a series that is about to be written.
   * @returns gives the hold up; the row, once put, holds it by itself
   * @throws AppError CONFLICT where another series has it or is about to
   */
  reserve(row: Pick<SeriesRow, 'id' | 'sourceId' | 'externalId'>): () => void {
    const key = `${row.sourceId}/${row.externalId}`;
    const owner = this.owners(row.externalId, row.sourceId).find(({ id }) => id !== row.id);
    if (owner || this.reserved.has(key)) {
      throw conflict(
        `Source ${row.sourceId} already has a series ${JSON.stringify(row.externalId)}`,
        { resource: 'EconomicSeries', ...(owner ? { id: owner.id } : {}) },
      );
    }
    this.reserved.add(key);
    return () => this.reserved.delete(key);
  }

  /** Of a new series or of one that is there, which keeps its file and its changes. */
  putRow(row: SeriesRow): void {
    const { id, externalId } = row;
    const known = this.slots.get(id);
    const slot = known ?? this.table.add();
    const before = this.table.series.externalId.get(slot);
    this.table.putRow(slot, row);
    if (before !== externalId) {
      if (before !== null) this.externalIds.remove(before, slot);
      this.externalIds.add(externalId, slot);
    }
    this.noticeRow(slot);
    if (known !== undefined) return;
    this.slots.set(id, slot);
    this.order.add(slot);
    if (this.isHidden(id)) this.hidden += 1;
    this.updateGauges();
  }

  /** Nothing happens where the series went meanwhile. */
  putFile(id: Uuid, file: PointsFile | null): void {
    this.changeCount += 1;
    const slot = this.slots.get(id);
    if (slot !== undefined) this.table.putFile(slot, file);
  }

  /** The series has a row or is quarantined; null may also be put where it is gone. */
  putDelta(id: Uuid, delta: SeriesDelta | null): void {
    this.changeCount += 1;
    if (delta === null) {
      this.deltasById.delete(id);
      return;
    }
    const isKnown = this.slots.has(id) || this.quarantine.has(id);
    assert(isKnown, `series ${id} has changes but no metadata`);
    this.deltasById.set(id, delta);
  }

  /** All that is known of the series goes. */
  delete(id: Uuid): void {
    this.clearQuarantine(id);
    this.deltasById.delete(id);
    const slot = this.slots.get(id);
    if (slot === undefined) return;
    this.externalIds.remove(this.table.series.externalId.get(slot)!, slot);
    this.order.remove(slot);
    this.slots.delete(id);
    this.noticeRow(slot);
    this.table.remove(slot);
    this.updateGauges();
  }

  setQuarantine(id: Uuid, quarantined: Quarantined): void {
    this.clearQuarantine(id);
    this.quarantine.set(id, quarantined);
    this.noticeRow(this.slots.get(id));
    if (this.isHidden(id) && this.has(id)) this.hidden += 1;
    this.updateGauges();
  }

  clearQuarantine(id: Uuid): void {
    if (this.isHidden(id) && this.has(id)) this.hidden -= 1;
    if (!this.quarantine.delete(id)) return;
    this.noticeRow(this.slots.get(id));
    this.updateGauges();
  }

  isQuarantined(id: Uuid): boolean {
    return this.quarantine.has(id);
  }

  *quarantined(): Iterable<readonly [Uuid, Quarantined]> {
    yield* [...this.quarantine];
  }

  /**
   * Every series that has a row, as it is when its block comes up. Series that are added after the first
   * block are left out, those that go are missing from the blocks that follow.
   */
  *blocks(seriesMax: number): Iterable<CatalogBlock> {
    const { table } = this;
    const slots = this.order.slots();
    const now = table.now;
    for (let start = 0; start < slots.length; start += seriesMax) {
      yield {
        table,
        slots: slots
          .subarray(start, start + seriesMax)
          .filter((slot) => table.isHeldSince(slot, now)),
        quarantined: (slot) => this.quarantine.get(table.id(slot)) ?? null,
      };
    }
  }

  /** Takes a whole table over: slots from 0 to `size`, ids ascending. The catalogue is empty before. */
  load(table: CatalogTable, size: number, quarantined: ReadonlyMap<Uuid, Quarantined>): void {
    assert(
      this.slots.size === 0 && this.quarantine.size === 0,
      'only an empty catalogue is loaded',
    );
    this.table = table;
    for (let slot = 0; slot < size; slot += 1) {
      this.slots.set(table.id(slot), slot);
      this.order.add(slot);
      this.externalIds.add(table.series.externalId.get(slot)!, slot);
    }
    for (const [id, what] of quarantined) this.setQuarantine(id, what);
    this.updateGauges();
  }

  private *changedSlots(): Iterable<ChangedSlot> {
    for (const [id, { summary, throughSeq }] of this.deltasById) {
      const slot = this.slots.get(id);
      if (slot !== undefined) yield { slot, summary, throughSeq };
    }
  }

  /** The slots are copied, so that a reader who takes its time misses no series when one goes. */
  private *shown(): Iterable<number> {
    const slots = this.order.slots();
    const now = this.table.now;
    for (const slot of slots) {
      if (!this.table.isHeldSince(slot, now)) continue;
      if (this.hidden === 0 || !this.isHidden(this.table.id(slot))) yield slot;
    }
  }

  private owners(externalId: string, sourceId?: Uuid): SeriesRow[] {
    return this.externalIds
      .slots(externalId)
      .map((slot) => this.table.row(slot))
      .filter((row) => sourceId === undefined || row.sourceId === sourceId)
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  private readableSlot(id: Uuid): number | undefined {
    if (this.isHidden(id)) throw damagedSeries(id, 'metadata');
    return this.slots.get(id);
  }

  private pointsSlot(id: Uuid): number {
    const slot = this.readableSlot(id);
    if (slot === undefined) throw notFound('EconomicSeries', id);
    if (this.quarantine.has(id)) throw damagedSeries(id, 'points');
    return slot;
  }

  private pointsAt(slot: number, id: Uuid): StoredPoints {
    return { file: this.table.file(slot), delta: this.deltasById.get(id) ?? null };
  }

  private noticeRow(slot: number | undefined): void {
    this.changeCount += 1;
    this.rowChangeCount += 1;
    if (slot !== undefined) this.table.setRowVersion(slot, this.rowChangeCount);
  }

  private isHidden(id: Uuid): boolean {
    return this.quarantine.get(id) === 'series';
  }

  private updateGauges(): void {
    this.seriesGauge.set(this.size);
    this.quarantineGauge.set(this.quarantine.size);
  }
}

function damagedSeries(id: Uuid, what: string): AppError {
  return storageError('read', `The stored ${what} of series ${id} are damaged and not served`, {
    resource: 'EconomicSeries',
    id,
  });
}
