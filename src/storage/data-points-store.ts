import type { CalendarDate, DateRange } from '../core/calendar-date.js';
import type { Instant } from '../core/instant.js';
import type { Uuid } from '../core/uuid.js';
import type { PointBatch } from '../schema/point-batch.js';
import type { SeriesRow } from '../schema/series.columns.js';
import type { PointsSummary } from './log/commit.js';
import type { PointUpserts } from './point-upserts.js';
import type { ReadPass } from './read-pass.js';
import type { UpsertCounts } from './resolve-points.js';
import type { Vintage, VintageCounts } from './vintages/resolve-vintages.js';

/** What is known of a series' points without reading them. */
export interface PointsOverview extends PointsSummary {
  /** Bytes on disk; what is only in the log so far is not counted. */
  readonly bytes: number;
  /** The instant of the last commit that touched the points; null where none ever did. */
  readonly version: Instant | null;
}

export interface PointsOfSeries {
  readonly seriesId: Uuid;
  readonly counts: UpsertCounts;
  /** The points as they are stored after the write, in the order of the upserts. */
  readonly stored: PointBatch;
}

/** Vintages of one series, in any order, each day once. */
export interface VintagesOfSeries {
  readonly seriesId: Uuid;
  readonly vintages: readonly Vintage[];
}

/** Whether what is read will probably be read again soon. */
export type ReadUse = 'lookup' | 'scan';

export interface PointSelection extends DateRange {
  readonly revisionDate?: CalendarDate | undefined;
}

/** Every revision of every point. Writers of one series take turns; different series run side by side. */
export abstract class DataPointsStore {
  /** @throws AppError NOT_FOUND; STORAGE_ERROR where the file is damaged */
  abstract overview(seriesId: Uuid): PointsOverview;
  /** Of every series whose files are whole. */
  abstract overviews(): Iterable<readonly [SeriesRow, PointsOverview]>;
  /**
   * The rows of a date range, all revisions.
   * @param use `scan` where so much is read that keeping it would only push out what others need
   * @param pass shared by reads that are made at once
   * @throws AppError NOT_FOUND; STORAGE_ERROR where the file is damaged or unreadable
   */
  abstract read(
    seriesId: Uuid,
    range?: DateRange,
    use?: ReadUse,
    pass?: ReadPass,
  ): Promise<PointBatch>;
  /**
   * What `read` would answer, where that is in memory and takes no time worth mentioning; undefined elsewhere.
   * @throws AppError as `read`
   */
  abstract readNow(seriesId: Uuid, range: DateRange): PointBatch | undefined;
  /** Whether several ranges of a series are better read as one, because that takes nothing more from the disk. */
  abstract areReadTogether(seriesId: Uuid, ranges: readonly DateRange[]): boolean;
  /**
   * The days of whole vintages that spoke of a date of the range, ascending, those that only repeated what was known
   * too. Complete ones speak of every date. A day that is to be seen by its rows may be missing.
   * @throws AppError as `read`
   */
  abstract publishedDays(seriesId: Uuid, range?: DateRange): Promise<readonly CalendarDate[]>;
  /**
   * The same as of one commit, in parts that follow each other and share no date: of a large file only some
   * row groups are in memory at a time.
   * @throws AppError as `read`
   */
  abstract readParts(seriesId: Uuid, range?: DateRange, use?: ReadUse): AsyncIterable<PointBatch>;
  /**
   * Stores the points of all the series or of none. What is already there as sent is left alone.
   * @throws AppError NOT_FOUND where a series is unknown; STORAGE_ERROR
   */
  abstract upsert(writes: readonly PointUpserts[]): Promise<PointsOfSeries[]>;
  /**
   * Publishes the vintages of all the series or of none. What is stored is what each of them changes beside
   * what was known on its day; vintages may be published in any order, and again.
   * @param check is given the counts of each series before anything is stored; what it throws refuses the call
   * @returns the counts of each series' vintages together
   * @throws AppError NOT_FOUND where a series is unknown; STORAGE_ERROR
   */
  abstract publish(
    publications: readonly VintagesOfSeries[],
    check?: (counts: VintageCounts) => void,
  ): Promise<VintageCounts[]>;
  /**
   * Removes the selected points and remembers that they were there.
   * @returns how many there were
   * @throws AppError NOT_FOUND, STORAGE_ERROR
   */
  abstract delete(seriesId: Uuid, selection: PointSelection): Promise<number>;
}
