import { Injectable } from '@nestjs/common';
import { Config } from '../../config/environment.js';
import { validationError } from '../../core/app-error.js';
import type { CalendarDate } from '../../core/calendar-date.js';
import { Clock } from '../../core/clock.js';
import type { Uuid } from '../../core/uuid.js';
import { DataPointsStore, type VintagesOfSeries } from '../../storage/data-points-store.js';
import type { VintageCounts } from '../../storage/vintages/resolve-vintages.js';
import { checkPointCount, checkRevisionDate } from '../write-limits.js';
import type { VintagePointInput } from './publishing.model.js';

/** A vintage as a caller sends it. */
export interface SentVintage {
  readonly seriesId: Uuid;
  readonly revisionDate: CalendarDate;
  readonly points: readonly VintagePointInput[];
  readonly isComplete: boolean;
}

/** The publication of whole vintages: what is stored is what they change. */
@Injectable()
export class PublishingService {
  constructor(
    private readonly store: DataPointsStore,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  /**
   * A vintage changes as many dates as it may have points, those that it leaves out included: each is one row, or two
   * where it is not the latest vintage.
   * @throws AppError VALIDATION_ERROR naming the argument, NOT_FOUND, STORAGE_ERROR
   */
  async publish({
    seriesId,
    revisionDate,
    points,
    isComplete,
  }: SentVintage): Promise<VintageCounts> {
    const { writePointsMax } = this.config;
    checkPointCount('points', points.length, writePointsMax);
    if (isComplete) checkNotEmpty(points);
    checkRevisionDate('revisionDate', revisionDate, this.clock.today());
    const order = sortedByDate(points);
    const vintage = {
      revisionDate,
      isComplete,
      dates: Int32Array.from(order, (index) => points[index]!.date),
      values: order.map((index) => points[index]!.value ?? null),
    };
    const [counts] = await this.store.publish([{ seriesId, vintages: [vintage] }], (found) =>
      checkChanges(found, writePointsMax),
    );
    return counts!;
  }

  /**
   * Publishes the vintages of all the series or of none.
   * @throws AppError NOT_FOUND, STORAGE_ERROR
   */
  publishAll(publications: readonly VintagesOfSeries[]): Promise<VintageCounts[]> {
    return this.store.publish(publications);
  }
}

/**
 * A file that could not be read must not take a series away.
 * @throws AppError VALIDATION_ERROR
 */
function checkNotEmpty(points: readonly VintagePointInput[]): void {
  if (points.length > 0) return;
  throw validationError(
    'points',
    'points are empty, and a complete vintage without points would withdraw every date: to withdraw dates, publish them with the value null; to remove points, call deleteDataPoints',
  );
}

/** @throws AppError VALIDATION_ERROR */
function checkChanges({ added, revised, withdrawn }: VintageCounts, limit: number): void {
  const changes = added + revised + withdrawn;
  if (changes <= limit) return;
  throw validationError(
    'points',
    `points would change ${changes} dates, of which ${withdrawn} would lose their value because they are null or left out; at most ${limit} may change`,
    { limit },
  );
}

/** @throws AppError VALIDATION_ERROR: a vintage has one value for a date */
function sortedByDate(points: readonly VintagePointInput[]): number[] {
  const order = Array.from(points.keys()).sort(
    (a, b) => points[a]!.date - points[b]!.date || a - b,
  );
  for (let at = 1; at < order.length; at++) {
    const before = order[at - 1]!;
    const index = order[at]!;
    if (points[index]!.date !== points[before]!.date) continue;
    throw validationError(
      `points[${index}].date`,
      `points[${before}] and points[${index}] are of the same date: a vintage has one value for each`,
      { conflictsWith: `points[${before}]` },
    );
  }
  return order;
}
