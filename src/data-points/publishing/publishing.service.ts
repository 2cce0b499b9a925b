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

  /** @throws AppError VALIDATION_ERROR naming the argument, NOT_FOUND, STORAGE_ERROR */
  async publish({
    seriesId,
    revisionDate,
    points,
    isComplete,
  }: SentVintage): Promise<VintageCounts> {
    checkPointCount('points', points.length, this.config.writePointsMax);
    checkRevisionDate('revisionDate', revisionDate, this.clock.today());
    const order = sortedByDate(points);
    const vintage = {
      revisionDate,
      isComplete,
      dates: Int32Array.from(order, (index) => points[index]!.date),
      values: order.map((index) => points[index]!.value ?? null),
    };
    const [counts] = await this.publishAll([{ seriesId, vintages: [vintage] }]);
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
