// The fields that data points add to a series; the series module does not know them.

import { Args, Context, Int, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { ReadsItsSeries } from '../cache/reads.js';
import { CalendarDate } from '../core/calendar-date.js';
import { EconomicSeries } from '../series/series.model.js';
import { DataPoint, Observations } from './data-point.model.js';
import { NULL_IF_DAMAGED, POINTS_COMPLEXITY, PointSelectionArgs } from './data-points.inputs.js';
import { DataPointsService } from './data-points.service.js';
import { toDataPoints, toObservations } from './rows.js';

@Resolver(() => EconomicSeries)
export class SeriesPointsResolver {
  constructor(private readonly service: DataPointsService) {}

  @ReadsItsSeries()
  @ResolveField(() => [DataPoint], {
    nullable: true,
    description: `Ascending by date, then by revision date. ${NULL_IF_DAMAGED}`,
    complexity: POINTS_COMPLEXITY,
  })
  async dataPoints(
    @Parent() { id }: EconomicSeries,
    @Args() args: PointSelectionArgs,
    @Context() request: object,
  ) {
    return toDataPoints(id, await this.service.select(id, args, request));
  }

  @ReadsItsSeries()
  @ResolveField(() => Observations, {
    nullable: true,
    description: `The same points as \`dataPoints\`, in columns. ${NULL_IF_DAMAGED}`,
  })
  async observations(
    @Parent() { id }: EconomicSeries,
    @Args() args: PointSelectionArgs,
    @Context() request: object,
  ) {
    return toObservations(await this.service.select(id, args, request));
  }

  @ReadsItsSeries()
  @ResolveField(() => Int, {
    nullable: true,
    description:
      'How many are stored: every revision of every date. null next to an error: they are damaged',
  })
  dataPointCount(@Parent() { id }: EconomicSeries) {
    return this.service.overview(id).rows;
  }

  @ReadsItsSeries()
  @ResolveField(() => CalendarDate, { nullable: true, description: 'The first date observed' })
  firstDate(@Parent() { id }: EconomicSeries) {
    return this.service.overview(id).firstDate;
  }

  @ReadsItsSeries()
  @ResolveField(() => CalendarDate, { nullable: true, description: 'The last date observed' })
  lastDate(@Parent() { id }: EconomicSeries) {
    return this.service.overview(id).lastDate;
  }
}
