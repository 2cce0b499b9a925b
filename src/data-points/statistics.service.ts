import { Injectable } from '@nestjs/common';
import type { CalendarDate } from '../core/calendar-date.js';
import { inTurns } from '../core/steps.js';
import type { SeriesRow } from '../schema/series.columns.js';
import { SourcesService } from '../series/sources.service.js';
import { DataPointsService } from './data-points.service.js';
import { catalogStats, dataFreshness, seriesInRange } from './statistics.js';
import type { CatalogStats, DataFreshness } from './statistics.model.js';

/** What is stored, in numbers. */
@Injectable()
export class StatisticsService {
  constructor(
    private readonly points: DataPointsService,
    private readonly sources: SourcesService,
  ) {}

  async catalog(): Promise<CatalogStats> {
    const stats = await inTurns(catalogStats(this.points.overviews()));
    return { ...stats, sourceCount: this.sources.all().length };
  }

  /** By source, the most recently written first. */
  freshness(): Promise<DataFreshness[]> {
    return inTurns(dataFreshness(this.points.overviews()));
  }

  /**
   * Series with observations in the range, or, where they have none yet, declared for it; by external id.
   * @throws AppError VALIDATION_ERROR
   */
  async seriesInRange(
    range: { readonly startDate: CalendarDate; readonly endDate: CalendarDate },
    { limit, offset }: { readonly limit: number; readonly offset: number },
  ): Promise<SeriesRow[]> {
    const first = seriesInRange(this.points.overviews(), range, offset + limit);
    return (await inTurns(first)).slice(offset);
  }
}
