// An import into a data directory, by the services of the application itself.

import type { INestApplicationContext, LoggerService } from '@nestjs/common';
import { createContext } from '../../app.js';
import type { Config } from '../../config/environment.js';
import type { CalendarDate, DateRange } from '../../core/calendar-date.js';
import type { Decimal } from '../../core/decimal.js';
import type { Uuid } from '../../core/uuid.js';
import { DataPointsService } from '../../data-points/data-points.service.js';
import { PublishingService } from '../../data-points/publishing/publishing.service.js';
import { Revisions } from '../../data-points/revisions.js';
import { SeriesService } from '../../series/series.service.js';
import { SourcesService } from '../../series/sources.service.js';
import { addCounts, type UpsertCounts } from '../../storage/resolve-points.js';
import type { PointUpserts } from '../../storage/point-upserts.js';
import {
  addVintageCounts,
  vintagesOf,
  type VintageCounts,
} from '../../storage/vintages/resolve-vintages.js';
import {
  ImportTarget,
  type KnownValues,
  type NewSeries,
  type TargetSeries,
  type TargetSource,
} from './import-target.js';
import type { SeriesDescription } from './series-file.js';

export class LocalTarget extends ImportTarget {
  private readonly seriesService: SeriesService;
  private readonly sourcesService: SourcesService;
  private readonly points: DataPointsService;
  private readonly publishing: PublishingService;

  private constructor(private readonly context: INestApplicationContext) {
    super();
    this.seriesService = context.get(SeriesService);
    this.sourcesService = context.get(SourcesService);
    this.points = context.get(DataPointsService);
    this.publishing = context.get(PublishingService);
  }

  /** @throws where the directory is in use, or cannot be written */
  static async open(config: Config, logger: LoggerService): Promise<LocalTarget> {
    return new LocalTarget(await createContext(config, { logger }));
  }

  sources(): Promise<readonly TargetSource[]> {
    return Promise.resolve(this.sourcesService.all());
  }

  createSource(source: TargetSource): Promise<TargetSource> {
    return this.sourcesService.create(source);
  }

  async updateSource(id: Uuid, url: string): Promise<void> {
    await this.sourcesService.update(id, { url });
  }

  findSeries(sourceId: Uuid, externalId: string): Promise<TargetSeries | undefined> {
    return Promise.resolve(this.seriesService.findByExternalId(externalId, sourceId));
  }

  createSeries(series: NewSeries): Promise<TargetSeries> {
    return this.seriesService.create(series);
  }

  async updateSeries(id: Uuid, change: SeriesDescription): Promise<void> {
    await this.seriesService.update(id, change);
  }

  async knownValues(seriesId: Uuid, range: DateRange, asOf: CalendarDate): Promise<KnownValues> {
    const { batch, rows } = await this.points.select(seriesId, {
      startDate: range.start ?? null,
      endDate: range.end ?? null,
      asOf,
      revisions: Revisions.LATEST,
    });
    const known = new Map<CalendarDate, Decimal | null>();
    for (const row of rows) {
      const value = batch.isNull(row)
        ? null
        : { double: batch.values[row]!, exact: batch.exact(row) };
      known.set(batch.dates[row] as CalendarDate, value);
    }
    return known;
  }

  async write(writes: readonly PointUpserts[]): Promise<UpsertCounts> {
    const stored = await this.points.upsert(writes);
    return addCounts(stored.map(({ counts }) => counts));
  }

  async publish(writes: readonly PointUpserts[], isComplete: boolean): Promise<VintageCounts> {
    const publications = writes.map((upserts) => ({
      seriesId: upserts.seriesId,
      vintages: vintagesOf(upserts, isComplete),
    }));
    return addVintageCounts(await this.publishing.publishAll(publications));
  }

  close(): Promise<void> {
    return this.context.close();
  }
}
