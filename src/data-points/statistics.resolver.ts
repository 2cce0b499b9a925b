import { Args, ArgsType, Field, Int, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { Max, Min } from 'class-validator';
import { ReadsOf } from '../cache/reads.js';
import { CalendarDate } from '../core/calendar-date.js';
import { SERIES_PAGE_MAX } from '../series/series.inputs.js';
import { EconomicSeries } from '../series/series.model.js';
import { DataSource } from '../series/source.model.js';
import { SourcesService } from '../series/sources.service.js';
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
    private readonly sources: SourcesService,
    private readonly statistics: StatisticsService,
  ) {}

  @ReadsOf('everything')
  @Query(() => CatalogStats)
  catalogStats(): Promise<CatalogStats> {
    return this.statistics.catalog();
  }

  @ReadsOf('everything')
  @Query(() => [DataFreshness], { description: 'By source, the most recently written first' })
  dataFreshness() {
    return this.statistics.freshness();
  }

  @ReadsOf('everything')
  @Query(() => [EconomicSeries], {
    description:
      'Series with observations in the range, or, where they have none yet, declared for it; by externalId',
  })
  findSeriesByDateRange(@Args() { limit, offset, ...range }: SeriesByDateRangeArgs) {
    return this.statistics.seriesInRange(range, { limit, offset });
  }

  @ReadsOf('catalogue')
  @ResolveField(() => DataSource, {
    nullable: true,
    description: 'null where it is not registered',
  })
  source(@Parent() { sourceId }: DataFreshness) {
    return this.sources.get(sourceId);
  }
}
