import { Injectable } from '@nestjs/common';
import { SourcesService } from '../series/sources.service.js';
import { DataPointsService } from './data-points.service.js';
import { catalogStats } from './statistics.js';
import type { CatalogStats } from './statistics.model.js';

/** What is stored, in numbers. */
@Injectable()
export class StatisticsService {
  constructor(
    private readonly points: DataPointsService,
    private readonly sources: SourcesService,
  ) {}

  catalog(): CatalogStats {
    return { ...catalogStats(this.points.overviews()), sourceCount: this.sources.all().length };
  }
}
