// The stores as Maps of plain rows: the model that the real ones are compared with. Nothing here is
// shared with them but the types, the commit clock and the class of batches that they answer with.

import { isDeepStrictEqual } from 'node:util';
import { conflict, notFound } from '../../src/core/app-error.js';
import { CalendarDate, type DateRange } from '../../src/core/calendar-date.js';
import { SystemClock, type Clock } from '../../src/core/clock.js';
import { Decimal } from '../../src/core/decimal.js';
import type { Instant } from '../../src/core/instant.js';
import { Uuid } from '../../src/core/uuid.js';
import type { PointBatch } from '../../src/schema/point-batch.js';
import type { SeriesRow } from '../../src/schema/series.columns.js';
import type { SourceRow } from '../../src/schema/source.columns.js';
import { CommitClock } from '../../src/storage/commit-clock.js';
import {
  DataPointsStore,
  type PointSelection,
  type PointsOfSeries,
  type PointsOverview,
  type VintagesOfSeries,
} from '../../src/storage/data-points-store.js';
import { OriginalFlag, type PointUpserts } from '../../src/storage/point-upserts.js';
import { SeriesStore, type NewSeries, type SeriesChange } from '../../src/storage/series-store.js';
import {
  SourcesStore,
  type NewSource,
  type SourceChange,
} from '../../src/storage/sources-store.js';
import {
  PublishedVintages,
  type VintageChange,
} from '../../src/storage/vintages/published-vintages.js';
import {
  resolveVintages,
  retractionsOf,
  type VintageCounts,
} from '../../src/storage/vintages/resolve-vintages.js';
import { batchOf, plainPoints, type PlainPoint } from './points.js';
import type { Stores } from './stores.js';

/** The points of one series by `date/revisionDate`, and the instant of their last change. */
interface StoredPoints {
  readonly rows: Map<string, PlainPoint>;
  readonly vintageChanges: VintageChange[];
  version: Instant | null;
}

export class MemorySeriesStore extends SeriesStore {
  readonly rows = new Map<Uuid, SeriesRow>();
  readonly points = new Map<Uuid, StoredPoints>();

  constructor(private readonly clock: CommitClock) {
    super();
  }

  get(id: Uuid): SeriesRow | undefined {
    return this.rows.get(id);
  }

  all(): SeriesRow[] {
    return [...this.rows.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  findByExternalId(externalId: string, sourceId?: Uuid): SeriesRow[] {
    return this.all().filter(
      (row) =>
        row.externalId === externalId && (sourceId === undefined || row.sourceId === sourceId),
    );
  }

  async create(series: NewSeries): Promise<SeriesRow> {
    const id = series.id ?? Uuid.v7();
    if (this.rows.has(id)) throw conflict(`A series with the id ${id} exists`);
    const instant = this.clock.next();
    const row = { ...series, id, createdAt: instant, updatedAt: instant };
    this.assertUnique(row);
    this.rows.set(id, row);
    this.points.set(id, { rows: new Map(), vintageChanges: [], version: null });
    return row;
  }

  async update(
    id: Uuid,
    change: SeriesChange,
    check?: (changed: SeriesRow) => void,
  ): Promise<SeriesRow> {
    const before = this.require(id);
    const changed = { ...before, ...change };
    check?.(changed);
    if (JSON.stringify(changed) === JSON.stringify(before)) return before;
    this.assertUnique(changed);
    const row = { ...changed, updatedAt: this.clock.next() };
    this.rows.set(id, row);
    return row;
  }

  async delete(id: Uuid): Promise<void> {
    this.require(id);
    this.clock.next();
    this.rows.delete(id);
    this.points.delete(id);
  }

  require(id: Uuid): SeriesRow {
    const row = this.rows.get(id);
    if (!row) throw notFound('EconomicSeries', id);
    return row;
  }

  private assertUnique(row: SeriesRow): void {
    const others = this.findByExternalId(row.externalId, row.sourceId);
    if (others.some(({ id }) => id !== row.id)) throw conflict('The external id is taken');
  }
}

export class MemoryDataPointsStore extends DataPointsStore {
  constructor(
    private readonly series: MemorySeriesStore,
    private readonly clock: CommitClock,
  ) {
    super();
  }

  overview(seriesId: Uuid): PointsOverview {
    const points = this.plain(seriesId);
    const dates = points.map(({ date }) => date).sort();
    const revisionDates = points.map(({ revisionDate }) => revisionDate).sort();
    const parse = (text: string | undefined) =>
      text === undefined ? null : CalendarDate.parse(text);
    return {
      rows: points.length,
      firstDate: parse(dates[0]),
      lastDate: parse(dates.at(-1)),
      lastRevisionDate: parse(revisionDates.at(-1)),
      bytes: 0,
      version: this.series.points.get(seriesId)!.version,
    };
  }

  overviews(): (readonly [SeriesRow, PointsOverview])[] {
    return this.series.all().map((row) => [row, this.overview(row.id)] as const);
  }

  /** All points of a series in key order: what the real store is compared with. */
  plain(seriesId: Uuid): PlainPoint[] {
    this.series.require(seriesId);
    const { rows } = this.series.points.get(seriesId)!;
    // Keys of ISO dates with four digits of the year sort as the dates do.
    return [...rows.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, point]) => point);
  }

  async *readParts(seriesId: Uuid, range: DateRange = {}): AsyncGenerator<PointBatch> {
    yield await this.read(seriesId, range);
  }

  async read(seriesId: Uuid, range: DateRange = {}): Promise<PointBatch> {
    return this.readNow(seriesId, range);
  }

  readNow(seriesId: Uuid, range: DateRange): PointBatch {
    return batchOf(this.plain(seriesId).filter((point) => isSelected(point, range)));
  }

  areReadTogether(): boolean {
    return true;
  }

  async publishedDays(seriesId: Uuid, range: DateRange = {}): Promise<readonly CalendarDate[]> {
    this.series.require(seriesId);
    const { vintageChanges } = this.series.points.get(seriesId)!;
    return new PublishedVintages().apply(vintageChanges).daysIn(range);
  }

  async upsert(writes: readonly PointUpserts[]): Promise<PointsOfSeries[]> {
    for (const { seriesId } of writes) this.series.require(seriesId);
    const instant = this.clock.next();
    return writes.map((write) => {
      const stored = this.series.points.get(write.seriesId)!;
      const counts = { added: 0, corrected: 0, unchanged: 0 };
      for (let row = 0; row < write.length; row++) {
        counts[upsertPoint(stored.rows, sentPoint(write, row), instant)]++;
      }
      if (counts.added + counts.corrected > 0) stored.version = instant;
      const sent = Array.from({ length: write.length }, (_, row) => keyOf(sentPoint(write, row)));
      const points = batchOf(sent.map((key) => stored.rows.get(key)!));
      return { seriesId: write.seriesId, counts, stored: points };
    });
  }

  /** By the same pure function as the real store, which has a model of its own. */
  async publish(
    publications: readonly VintagesOfSeries[],
    check?: (counts: VintageCounts) => void,
  ): Promise<VintageCounts[]> {
    for (const { seriesId } of publications) this.series.require(seriesId);
    const instant = this.clock.next();
    const allResolved = publications.map(({ seriesId, vintages }) => {
      const base = batchOf(this.plain(seriesId));
      const { vintageChanges } = this.series.points.get(seriesId)!;
      const known = new PublishedVintages().apply(vintageChanges);
      return resolveVintages(base, known, vintages, instant);
    });
    for (const { counts } of allResolved) check?.(counts);
    return publications.map(({ seriesId }, index) => {
      const stored = this.series.points.get(seriesId)!;
      const resolved = allResolved[index]!;
      const { changes, removed, vintageChanges, counts } = resolved;
      for (const point of plainPoints(changes)) stored.rows.set(keyOf(point), point);
      removed?.dates.forEach((date, row) => {
        const revisionDate = CalendarDate.format(removed.revisionDates[row] as CalendarDate);
        stored.rows.delete(
          keyOf({ date: CalendarDate.format(date as CalendarDate), revisionDate }),
        );
      });
      stored.vintageChanges.push(...vintageChanges);
      const isChanged = changes.length > 0 || removed !== null || vintageChanges.length > 0;
      if (isChanged) stored.version = instant;
      return counts;
    });
  }

  async delete(seriesId: Uuid, selection: PointSelection): Promise<number> {
    const selected = this.plain(seriesId).filter((point) => isSelected(point, selection));
    if (selected.length === 0) return 0;
    const stored = this.series.points.get(seriesId)!;
    const all = this.plain(seriesId);
    const rows = selected.map((point) => all.indexOf(point));
    stored.vintageChanges.push(...retractionsOf(batchOf(all), rows));
    for (const point of selected) stored.rows.delete(keyOf(point));
    stored.version = this.clock.next();
    return selected.length;
  }
}

export class MemorySourcesStore extends SourcesStore {
  readonly rows = new Map<Uuid, SourceRow>();

  constructor(private readonly clock: CommitClock) {
    super();
  }

  get(id: Uuid): SourceRow | undefined {
    return this.rows.get(id);
  }

  all(): SourceRow[] {
    const key = ({ name, id }: SourceRow) => `${name}\0${id}`;
    return [...this.rows.values()].sort((a, b) => (key(a) < key(b) ? -1 : 1));
  }

  async create(source: NewSource): Promise<SourceRow> {
    const id = source.id ?? Uuid.v7();
    if (this.rows.has(id)) throw conflict(`A source with the id ${id} exists`);
    const instant = this.clock.next();
    const row = { ...source, id, createdAt: instant, updatedAt: instant };
    this.rows.set(id, row);
    return row;
  }

  async update(id: Uuid, change: SourceChange): Promise<SourceRow> {
    const before = this.rows.get(id);
    if (!before) throw notFound('DataSource', id);
    const changed = { ...before, ...change };
    if (isDeepStrictEqual(changed, before)) return before;
    const row = { ...changed, updatedAt: this.clock.next() };
    this.rows.set(id, row);
    return row;
  }
}

export interface MemoryStores extends Stores {
  readonly series: MemorySeriesStore;
  readonly points: MemoryDataPointsStore;
  readonly sources: MemorySourcesStore;
  /** Stores of their own with the same rows, which take their instants from `clock`. */
  copy(clock: CommitClock): MemoryStores;
}

export function openMemoryStores(clock: Clock = new SystemClock()): MemoryStores {
  return emptyStores(new CommitClock(clock));
}

function emptyStores(clock: CommitClock): MemoryStores {
  const series = new MemorySeriesStore(clock);
  const sources = new MemorySourcesStore(clock);
  return {
    series,
    points: new MemoryDataPointsStore(series, clock),
    sources,
    close: () => Promise.resolve(),
    copy: (itsClock) => {
      const copy = emptyStores(itsClock);
      for (const [id, row] of series.rows) copy.series.rows.set(id, row);
      for (const [id, { rows, vintageChanges, version }] of series.points) {
        const own = { rows: new Map(rows), vintageChanges: [...vintageChanges], version };
        copy.series.points.set(id, own);
      }
      for (const [id, row] of sources.rows) copy.sources.rows.set(id, row);
      return copy;
    },
  };
}

interface ModelPoint {
  readonly date: string;
  readonly revisionDate: string;
  readonly value: string | null;
  readonly flag: OriginalFlag;
}

function sentPoint(write: PointUpserts, row: number): ModelPoint {
  const double = write.values[row]!;
  return {
    date: CalendarDate.format(write.dates[row] as CalendarDate),
    revisionDate: CalendarDate.format(write.revisionDates[row] as CalendarDate),
    value: Number.isNaN(double) ? null : Decimal.format(double, write.exact.get(row) ?? null),
    flag: write.originals[row] as OriginalFlag,
  };
}

function upsertPoint(
  rows: Map<string, PlainPoint>,
  { flag, ...sent }: ModelPoint,
  instant: Instant,
): 'added' | 'corrected' | 'unchanged' {
  const before = rows.get(keyOf(sent));
  const isKnownEarlier = [...rows.values()].some(
    ({ date, revisionDate }) => date === sent.date && revisionDate < sent.revisionDate,
  );
  const isOriginal =
    flag === OriginalFlag.UNSAID
      ? (before?.isOriginal ?? !isKnownEarlier)
      : flag === OriginalFlag.ORIGINAL;
  if (before && before.value === sent.value && before.isOriginal === isOriginal) return 'unchanged';
  if (!before && flag === OriginalFlag.UNSAID && isOriginal) demoteNext(rows, sent, instant);
  const createdAt = before?.createdAt ?? instant;
  rows.set(keyOf(sent), { ...sent, isOriginal, createdAt, updatedAt: instant });
  return before ? 'corrected' : 'added';
}

/** The publication that was the first until now loses the flag. */
function demoteNext(
  rows: Map<string, PlainPoint>,
  sent: Pick<PlainPoint, 'date'>,
  instant: Instant,
): void {
  const [next] = [...rows.values()]
    .filter(({ date }) => date === sent.date)
    .sort((a, b) => (a.revisionDate < b.revisionDate ? -1 : 1));
  if (next?.isOriginal) {
    rows.set(keyOf(next), { ...next, isOriginal: false, updatedAt: instant });
  }
}

function keyOf({ date, revisionDate }: { date: string; revisionDate: string }): string {
  return `${date}/${revisionDate}`;
}

function isSelected(point: PlainPoint, { start, end, revisionDate }: PointSelection): boolean {
  const date = CalendarDate.parse(point.date);
  return (
    (start === undefined || date >= start) &&
    (end === undefined || date <= end) &&
    (revisionDate === undefined || point.revisionDate === CalendarDate.format(revisionDate))
  );
}
