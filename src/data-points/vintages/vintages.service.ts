import { Injectable } from '@nestjs/common';
import { Config } from '../../config/environment.js';
import { Clock } from '../../core/clock.js';
import type { CalendarDate, DateRange } from '../../core/calendar-date.js';
import type { Uuid } from '../../core/uuid.js';
import type { PointBatch } from '../../schema/point-batch.js';
import { DataPointsStore } from '../../storage/data-points-store.js';
import type { SelectedPoints } from '../data-points.service.js';
import { chargePoints } from '../read-budget.js';
import { Revisions, selectRows } from '../revisions.js';
import { asOfDay, orderedRange, rangeOf } from '../selection.js';
import { coverageOf, type RevisionCoverage } from './coverage.js';
import { releaseDates, type ReleaseDate } from './release-dates.js';
import { revisionHistory, type RevisionOfDate } from './revision-history.js';
import { revisionStatistics, type RevisionStatistics } from './revision-statistics.js';
import { matrixSize, vintageMatrix, type VintageMatrix } from './vintage-matrix.js';
import type {
  KnownRangeArgs,
  RevisionDatesArgs,
  RevisionHistoryArgs,
  VintageMatrixArgs,
  VintagesArgs,
} from './vintages.args.js';

/**
 * The revisions of a series, seen from their several sides. All of it throws VALIDATION_ERROR, NOT_FOUND,
 * STORAGE_ERROR, and READ_TOO_LARGE where more would be answered than one request may be.
 */
@Injectable()
export class VintagesService {
  constructor(
    private readonly store: DataPointsStore,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  /** Every publication of the dates in range, among those of the revision dates in the window. */
  async vintages(args: VintagesArgs, request: object): Promise<SelectedPoints> {
    const { start, end } = windowOf(args);
    const range = rangeOf(args);
    const batch = await this.store.read(args.seriesId, range);
    const known = selectRows(batch, { revisions: Revisions.ALL, asOf: end });
    const rows =
      start === undefined ? known : known.filter((row) => batch.revisionDates[row]! >= start);
    this.charge(request, rows.length);
    return { batch, rows, coverage: () => this.coverageOf(args.seriesId, range, batch, end) };
  }

  async matrix(
    { filled, ...args }: VintageMatrixArgs,
    request: object,
  ): Promise<{
    batch: PointBatch;
    matrix: VintageMatrix;
    coverage: () => Promise<RevisionCoverage>;
  }> {
    const { start: from, end: to } = windowOf(args);
    const range = rangeOf(args);
    const batch = await this.store.read(args.seriesId, range);
    // Before it is made: dates times vintages can be far more than there are points.
    this.charge(request, matrixSize(batch, { from, to }));
    const matrix = vintageMatrix(batch, { from, to }, filled);
    return { batch, matrix, coverage: () => this.coverageOf(args.seriesId, range, batch, to) };
  }

  async history(
    { seriesId, date, asOf }: RevisionHistoryArgs,
    request: object,
  ): Promise<RevisionOfDate[]> {
    const day = asOfDay(asOf, this.clock.today());
    const batch = await this.store.read(seriesId, { start: date, end: date });
    const known = selectRows(batch, { revisions: Revisions.ALL, asOf: day }).length;
    this.charge(request, known);
    return revisionHistory(batch.slice(0, known));
  }

  async releaseDates(
    seriesId: Uuid,
    args: RevisionDatesArgs,
    request: object,
  ): Promise<ReleaseDate[]> {
    const { start, end } = windowOf(args);
    const published = await this.store.publishedDays(seriesId);
    const dates = releaseDates(await this.store.read(seriesId), published, start, end);
    this.charge(request, dates.length);
    return dates;
  }

  async statistics(seriesId: Uuid, args: KnownRangeArgs): Promise<RevisionStatistics> {
    const asOf = asOfDay(args.asOf, this.clock.today());
    const range = rangeOf(args);
    const published = await this.store.publishedDays(seriesId, range);
    return revisionStatistics(await this.store.read(seriesId, range), published, asOf);
  }

  async coverage(seriesId: Uuid, args: KnownRangeArgs): Promise<RevisionCoverage> {
    const asOf = asOfDay(args.asOf, this.clock.today());
    const range = rangeOf(args);
    return this.coverageOf(seriesId, range, await this.store.read(seriesId, range), asOf);
  }

  /** Looked up only where it is asked for. */
  private async coverageOf(
    seriesId: Uuid,
    range: DateRange,
    batch: PointBatch,
    asOf: CalendarDate | undefined,
  ): Promise<RevisionCoverage> {
    return coverageOf(batch, await this.store.publishedDays(seriesId, range), asOf);
  }

  private charge(request: object, points: number): void {
    chargePoints(request, points, this.config.readPointsMax);
  }
}

function windowOf({ from, to }: RevisionDatesArgs): DateRange {
  return orderedRange('from', from, 'to', to);
}
