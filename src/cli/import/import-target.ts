// Where an import writes: a data directory or a running service. Whatever is decided is decided before
// it comes here, so both store the same rows; a test asserts that they do.

import type { CalendarDate, DateRange } from '../../core/calendar-date.js';
import type { Decimal } from '../../core/decimal.js';
import type { Uuid } from '../../core/uuid.js';
import type { UpsertCounts } from '../../storage/resolve-points.js';
import type { PointUpserts } from '../../storage/point-upserts.js';
import type { VintageCounts } from '../../storage/vintages/resolve-vintages.js';
import type { SeriesDescription } from './series-file.js';

export interface TargetSource {
  readonly id: Uuid;
  readonly name: string;
  readonly url: string | null;
}

/** A series as the target has it. */
export interface TargetSeries {
  readonly id: Uuid;
  readonly title: string;
  readonly description: string | null;
  readonly units: string | null;
  readonly frequency: string;
  readonly seasonalAdjustment: string | null;
}

export interface NewSeries extends SeriesDescription {
  readonly sourceId: Uuid;
  readonly externalId: string;
  readonly title: string;
  readonly frequency: string;
}

/** The value known of each date; null where it was published as missing. */
export type KnownValues = ReadonlyMap<CalendarDate, Decimal | null>;

export abstract class ImportTarget {
  abstract sources(): Promise<readonly TargetSource[]>;
  abstract createSource(source: TargetSource): Promise<TargetSource>;
  abstract updateSource(id: Uuid, url: string): Promise<void>;

  abstract findSeries(sourceId: Uuid, externalId: string): Promise<TargetSeries | undefined>;
  abstract createSeries(series: NewSeries): Promise<TargetSeries>;
  abstract updateSeries(id: Uuid, change: SeriesDescription): Promise<void>;

  /** What was known of each date of the range on the day `asOf`. */
  abstract knownValues(seriesId: Uuid, range: DateRange, asOf: CalendarDate): Promise<KnownValues>;
  /** Stores all the points, or as many calls' worth of them as were stored before a failure. */
  abstract write(writes: readonly PointUpserts[]): Promise<UpsertCounts>;

  /**
   * Publishes the points of each series and revision date as one vintage, or as many of them as were
   * published before a failure.
   */
  abstract publish(writes: readonly PointUpserts[], isComplete: boolean): Promise<VintageCounts>;

  abstract close(): Promise<void>;
}
