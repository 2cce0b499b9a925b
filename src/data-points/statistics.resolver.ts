import { Args, ArgsType, Field, Int, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { Max, Min } from 'class-validator';
import { CalendarDate } from '../core/calendar-date.js';
import { SERIES_PAGE_MAX } from '../series/series.inputs.js';
import { EconomicSeries } from '../series/series.model.js';
import { DataSource } from '../series/source.model.js';
import { SourcesService } from '../series/sources.service.js';
import { DataPointsService } from './data-points.service.js';
import { dataFreshness, seriesInRange } from './statistics.js';
import { CatalogStats, DataFreshness } from './statistics.model.js';
import { StatisticsService } from './statistics.service.js';

@ArgsType()
class SeriesByDateRangeArgs {
  @Field(() => CalendarDate, { description: 'Inclusive' }) startDate!: CalendarDate;
  @Field(() => CalendarDate, { description: 'Inclusive' }) endDate!: CalendarDate;

  @Field(() => Int, { defaultValue: SERIES_PAGE_MAX, description: `1 to ${SERIES_PAGE_MAX}` })
  @Min(1)
  @Max(SERIES_PAGE_MAX)
  limit: number = SERIES_PAGE_MAX;

  @Field(() => Int, { defaultValue: 0 })
  @Min(0)
  offset: number = 0;
}

@Resolver(() => DataFreshness)
export class StatisticsResolver {
  constructor(
    private readonly points: DataPointsService,
    private readonly sources: SourcesService,
    private readonly statistics: StatisticsService,
  ) {}

  @Query(() => CatalogStats)
  catalogStats(): CatalogStats {
    return this.statistics.catalog();
  }

  @Query(() => [DataFreshness], { description: 'By source, the most recently written first' })
  dataFreshness() {
    return dataFreshness(this.points.overviews());
  }

  @Query(() => [EconomicSeries], {
    description:
      'Series with observations in the range, or, where they have none yet, declared for it; by externalId',
  })
  findSeriesByDateRange(@Args() { limit, offset, ...range }: SeriesByDateRangeArgs) {
    return seriesInRange(this.points.overviews(), range).slice(offset, offset + limit);
  }

  @ResolveField(() => DataSource, {
    nullable: true,
    description: 'null where it is not registered',
  })
  source(@Parent() { sourceId }: DataFreshness) {
    return this.sources.get(sourceId);
  }
}
