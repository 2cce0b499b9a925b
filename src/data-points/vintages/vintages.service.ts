import { Injectable } from '@nestjs/common';
import { Config } from '../../config/environment.js';
import { Clock } from '../../core/clock.js';
import type { CalendarDate, DateRange } from '../../core/calendar-date.js';
import { filtered, soon, type Steps } from '../../core/steps.js';
import type { Uuid } from '../../core/uuid.js';
import type { PointBatch } from '../../schema/point-batch.js';
import { DataPointsStore } from '../../storage/data-points-store.js';
import type { SelectedPoints } from '../data-points.service.js';
import { chargePoints, chargeRows } from '../read-budget.js';
import { Revisions, selectInSteps } from '../revisions.js';
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

/** What a revision as texts costs, in rows looked at. */
const HISTORY_COST = 16;

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
    const batch = await this.read(args.seriesId, range, request);
    const rows = await soon(batch.length, rowsInWindow(batch, start, end));
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
    const batch = await this.read(args.seriesId, range, request);
    // Before it is made: dates times vintages can be far more than there are points.
    const size = await soon(batch.length, matrixSize(batch, { from, to }));
    this.charge(request, size);
    const steps = vintageMatrix(batch, { from, to }, filled);
    const matrix = await soon(batch.length + size, steps);
    return { batch, matrix, coverage: () => this.coverageOf(args.seriesId, range, batch, to) };
  }

  async history(
    { seriesId, date, asOf }: RevisionHistoryArgs,
    request: object,
  ): Promise<RevisionOfDate[]> {
    const day = asOfDay(asOf, this.clock.today());
    const batch = await this.read(seriesId, { start: date, end: date }, request);
    const known = await soon(batch.length, rowsInWindow(batch, undefined, day));
    this.charge(request, known.length);
    return soon(known.length * HISTORY_COST, revisionHistory(batch, known));
  }

  async releaseDates(
    seriesId: Uuid,
    args: RevisionDatesArgs,
    request: object,
  ): Promise<ReleaseDate[]> {
    const { start, end } = windowOf(args);
    const published = await this.store.publishedDays(seriesId);
    const batch = await this.read(seriesId, {}, request);
    const dates = await soon(batch.length, releaseDates(batch, published, start, end));
    this.charge(request, dates.length);
    return dates;
  }

  async statistics(
    seriesId: Uuid,
    args: KnownRangeArgs,
    request: object,
  ): Promise<RevisionStatistics> {
    const asOf = asOfDay(args.asOf, this.clock.today());
    const range = rangeOf(args);
    const published = await this.store.publishedDays(seriesId, range);
    const batch = await this.read(seriesId, range, request);
    return soon(batch.length, revisionStatistics(batch, published, asOf));
  }

  async coverage(seriesId: Uuid, args: KnownRangeArgs, request: object): Promise<RevisionCoverage> {
    const asOf = asOfDay(args.asOf, this.clock.today());
    const range = rangeOf(args);
    return this.coverageOf(seriesId, range, await this.read(seriesId, range, request), asOf);
  }

  private async read(seriesId: Uuid, range: DateRange, request: object): Promise<PointBatch> {
    const batch = await this.store.read(seriesId, range);
    chargeRows(request, batch.length);
    return batch;
  }

  /** Looked up only where it is asked for. */
  private async coverageOf(
    seriesId: Uuid,
    range: DateRange,
    batch: PointBatch,
    asOf: CalendarDate | undefined,
  ): Promise<RevisionCoverage> {
    const published = await this.store.publishedDays(seriesId, range);
    return soon(batch.length, coverageOf(batch, published, asOf));
  }

  private charge(request: object, points: number): void {
    chargePoints(request, points, this.config.readPointsMax);
  }
}

/** Those that were published between two days, both inclusive. */
function* rowsInWindow(
  batch: PointBatch,
  start: CalendarDate | undefined,
  end: CalendarDate | undefined,
): Steps<Uint32Array> {
  const known = yield* selectInSteps(batch, { revisions: Revisions.ALL, asOf: end }, Infinity);
  if (start === undefined) return known;
  return Uint32Array.from(yield* filtered(known, (row) => batch.revisionDates[row]! >= start));
}

function windowOf({ from, to }: RevisionDatesArgs): DateRange {
  return orderedRange('from', from, 'to', to);
}
