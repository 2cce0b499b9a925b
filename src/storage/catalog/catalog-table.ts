// The memory of the catalogue: all that is known of a series, spread over columns. 100,000 series take
// about 40 MB like this, as objects they took 150 to 200. Slots of series that went are used again.

import { CalendarDate } from '../../core/calendar-date.js';
import type { Instant } from '../../core/instant.js';
import type { Uuid } from '../../core/uuid.js';
import { nullableColumn, type Columns, type RowOf } from '../../schema/columns.js';
import { SERIES_COLUMNS, type SeriesRow } from '../../schema/series.columns.js';
import type { PointsSummary } from '../log/commit.js';
import {
  COLUMN_OF_KIND,
  DigestColumn,
  RareTextColumn,
  SharedTextColumn,
  type SlotColumn,
} from './slot-columns.js';

/** What the points file on disk holds. */
export interface PointsFile {
  /** In lower-case hexadecimal digits; it names the decoded batch in the cache. */
  readonly sha256: string;
  /** The file holds every change through this commit. */
  readonly throughSeq: Instant;
  readonly bytes: number;
  readonly summary: PointsSummary;
  /** The first date of each row group; empty where that is not known. */
  readonly rowGroupDates: readonly CalendarDate[];
  /** Whether its footer tells which vintages were published. */
  readonly hasVintages: boolean;
}

/** All null where a series has no points file. */
export const FILE_COLUMNS = {
  sha256: nullableColumn('file_sha256', 'utf8'),
  throughSeq: nullableColumn('file_through_seq', 'timestamp'),
  bytes: nullableColumn('file_bytes', 'float64'),
  rows: nullableColumn('file_rows', 'float64'),
  firstDate: nullableColumn('file_first_date', 'date'),
  lastDate: nullableColumn('file_last_date', 'date'),
  lastRevisionDate: nullableColumn('file_last_revision_date', 'date'),
  /** Days since 1970, joined by commas; null where there is one group, or none for want of rows. */
  rowGroupDates: nullableColumn('row_group_first_dates', 'utf8'),
  hasVintages: nullableColumn('file_has_vintages', 'bool'),
};

/** Metadata of which few values are different. */
export const SHARED_COLUMNS = ['sourceId', 'units', 'frequency', 'seasonalAdjustment'] as const;
type SharedColumn = (typeof SHARED_COLUMNS)[number];

/** The columns of a list as they are held in memory. */
export type SlotColumns<C extends Columns> = {
  readonly [K in keyof C]: SlotColumn<NonNullable<RowOf<C>[K]>>;
};

const FIRST_CAPACITY = 64;
const GROWTH = 1.5;
/** About a megabyte. */
const FILES_KEPT = 4096;
/** The birth of a slot that no series has: after all others. */
const UNBORN = 2 ** 32 - 1;

export class CatalogTable {
  readonly sourceIds = new SharedTextColumn<Uuid>();
  readonly series: SlotColumns<typeof SERIES_COLUMNS> = slotColumns(SERIES_COLUMNS, {
    sourceId: this.sourceIds,
    units: new SharedTextColumn(),
    frequency: new SharedTextColumn(),
    seasonalAdjustment: new SharedTextColumn(),
  } satisfies Record<SharedColumn, unknown>);
  private readonly digests = new DigestColumn();
  readonly files: SlotColumns<typeof FILE_COLUMNS> = slotColumns(FILE_COLUMNS, {
    sha256: this.digests,
    rowGroupDates: new RareTextColumn(),
  });
  private readonly columns: SlotColumn<unknown>[] = [
    ...Object.values(this.series),
    ...Object.values(this.files),
  ];
  /** By slot, some of those that were asked for: to put one together takes as long as all else of a small read. */
  private readonly madeFiles = new Map<number, PointsFile>();
  private births = new Uint32Array(0);
  private rowVersions = new Float64Array(0);
  private used = 0;
  private readonly freeSlots: number[] = [];
  private lastBirth = 0;

  /** @param capacity of how many series there will be at least, where that is known */
  constructor(capacity = 0) {
    this.grow(capacity);
  }

  /** The number of the latest series that was added. */
  get now(): number {
    return this.lastBirth;
  }

  /** All slots that were ever given out lie below; some of them may be free. */
  get slotsUsed(): number {
    return this.used;
  }

  /** Whether the slot holds the same series as when `now` was `then`. */
  isHeldSince(slot: number, then: number): boolean {
    return this.births[slot]! <= then;
  }

  /** @returns the slot of a new series, all columns null */
  add(): number {
    const slot = this.freeSlots.pop() ?? this.used++;
    if (slot >= this.births.length) {
      this.grow(Math.max(FIRST_CAPACITY, Math.ceil(this.births.length * GROWTH)));
    }
    this.births[slot] = ++this.lastBirth;
    return slot;
  }

  remove(slot: number): void {
    this.madeFiles.delete(slot);
    for (const column of this.columns) column.set(slot, null);
    this.births[slot] = UNBORN;
    this.freeSlots.push(slot);
  }

  id(slot: number): Uuid {
    return this.series.id.get(slot)!;
  }

  /** What `setRowVersion` said last of the series in this slot. */
  rowVersion(slot: number): number {
    return this.rowVersions[slot]!;
  }

  setRowVersion(slot: number, version: number): void {
    this.rowVersions[slot] = version;
  }

  /** Spelled out, because a loop over the columns takes ten times as long and scans build every row. */
  row(slot: number): SeriesRow {
    const { series } = this;
    return {
      id: series.id.get(slot)!,
      sourceId: series.sourceId.get(slot)!,
      externalId: series.externalId.get(slot)!,
      title: series.title.get(slot)!,
      description: series.description.get(slot),
      units: series.units.get(slot),
      frequency: series.frequency.get(slot)!,
      seasonalAdjustment: series.seasonalAdjustment.get(slot),
      startDate: series.startDate.get(slot),
      endDate: series.endDate.get(slot),
      isActive: series.isActive.get(slot)!,
      createdAt: series.createdAt.get(slot)!,
      updatedAt: series.updatedAt.get(slot)!,
    };
  }

  putRow(slot: number, row: SeriesRow): void {
    putInto(this.series, slot, row);
  }

  file(slot: number): PointsFile | null {
    const made = this.madeFiles.get(slot);
    if (made) return made;
    const facts = this.fileFacts(slot);
    if (facts === null) return null;
    const { files } = this;
    const file = {
      ...facts,
      sha256: files.sha256.get(slot)!,
      rowGroupDates: parseDates(files.rowGroupDates.get(slot)) ?? usualGroups(facts.summary),
      hasVintages: files.hasVintages.get(slot) === true,
    };
    if (this.madeFiles.size === FILES_KEPT) this.madeFiles.clear();
    this.madeFiles.set(slot, file);
    return file;
  }

  /** The part of the file's state that costs nothing to put together. */
  fileFacts(slot: number): Omit<PointsFile, 'sha256' | 'rowGroupDates' | 'hasVintages'> | null {
    const { files } = this;
    const throughSeq = files.throughSeq.get(slot);
    if (throughSeq === null) return null;
    return {
      throughSeq,
      bytes: files.bytes.get(slot)!,
      summary: {
        rows: files.rows.get(slot)!,
        firstDate: files.firstDate.get(slot),
        lastDate: files.lastDate.get(slot),
        lastRevisionDate: files.lastRevisionDate.get(slot),
      },
    };
  }

  putFile(slot: number, file: PointsFile | null): void {
    this.madeFiles.delete(slot);
    if (file === null) {
      for (const column of Object.values(this.files)) column.set(slot, null);
      return;
    }
    const { sha256, throughSeq, bytes, summary, rowGroupDates, hasVintages } = file;
    const { rows, firstDate, lastDate, lastRevisionDate } = summary;
    const [usual] = usualGroups(summary);
    const isUsual =
      rowGroupDates.length === (usual === undefined ? 0 : 1) && rowGroupDates[0] === usual;
    putInto(this.files, slot, {
      ...{ sha256, throughSeq, bytes, rows, firstDate, lastDate, lastRevisionDate, hasVintages },
      rowGroupDates: isUsual ? null : rowGroupDates.join(','),
    });
  }

  /** Whether a file is known wholly, with dates where it has rows, or not at all. */
  isPlausible(slot: number): boolean {
    const file = this.fileFacts(slot);
    if (file === null) return true;
    const { rows, firstDate, lastDate, lastRevisionDate } = file.summary;
    return (
      this.digests.has(slot) &&
      isCount(file.bytes) &&
      isCount(rows) &&
      (firstDate !== null) === rows > 0 &&
      (lastDate !== null) === rows > 0 &&
      (lastRevisionDate !== null) === rows > 0 &&
      (parseDates(this.files.rowGroupDates.get(slot)) ?? []).every(isDate)
    );
  }

  private grow(capacity: number): void {
    for (const column of this.columns) column.grow(capacity);
    const births = new Uint32Array(capacity).fill(UNBORN);
    births.set(this.births);
    this.births = births;
    const rowVersions = new Float64Array(capacity);
    rowVersions.set(this.rowVersions);
    this.rowVersions = rowVersions;
  }
}

/** Most files have one row group or, without rows, none. */
function usualGroups({ firstDate }: PointsSummary): CalendarDate[] {
  return firstDate === null ? [] : [firstDate];
}

function parseDates(text: string | null): CalendarDate[] | undefined {
  if (text === null) return undefined;
  return text === '' ? [] : text.split(',').map((days) => Number(days) as CalendarDate);
}

function isDate(days: number): boolean {
  return CalendarDate.fromDays(days) !== undefined;
}

function isCount(value: number | null): boolean {
  return Number.isSafeInteger(value) && value! >= 0;
}

function slotColumns<C extends Columns>(
  columns: C,
  special: Partial<SlotColumns<C>>,
): SlotColumns<C> {
  return Object.fromEntries(
    Object.entries(columns).map(([key, { kind }]) => [key, special[key] ?? COLUMN_OF_KIND[kind]()]),
  ) as SlotColumns<C>;
}

function putInto<C extends Columns>(columns: SlotColumns<C>, slot: number, row: RowOf<C>): void {
  for (const key of Object.keys(columns)) {
    columns[key]!.set(slot, row[key] as NonNullable<RowOf<C>[string]> | null);
  }
}
