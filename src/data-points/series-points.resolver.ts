// The fields that data points add to a series; the series module does not know them.

import { Args, Int, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { CalendarDate } from '../core/calendar-date.js';
import { EconomicSeries } from '../series/series.model.js';
import { DataPoint, Observations } from './data-point.model.js';
import { POINTS_COMPLEXITY, PointSelectionArgs } from './data-points.inputs.js';
import { DataPointsService } from './data-points.service.js';
import { toDataPoints, toObservations } from './rows.js';

@Resolver(() => EconomicSeries)
export class SeriesPointsResolver {
  constructor(private readonly service: DataPointsService) {}

  @ResolveField(() => [DataPoint], {
    description: 'Ascending by date, then by revision date',
    complexity: POINTS_COMPLEXITY,
  })
  async dataPoints(@Parent() { id }: EconomicSeries, @Args() args: PointSelectionArgs) {
    const { batch, rows } = await this.service.select(id, args);
    return toDataPoints(id, batch, rows);
  }

  @ResolveField(() => Observations, { description: 'The same points as `dataPoints`, in columns' })
  async observations(@Parent() { id }: EconomicSeries, @Args() args: PointSelectionArgs) {
    const { batch, rows } = await this.service.select(id, args);
    return toObservations(batch, rows);
  }

  @ResolveField(() => [CalendarDate], {
    description: 'Every day on which a value was published, ascending',
  })
  revisionDates(@Parent() { id }: EconomicSeries) {
    return this.service.revisionDates(id);
  }

  @ResolveField(() => Int, { description: 'Stored points: every revision of every date' })
  dataPointCount(@Parent() { id }: EconomicSeries) {
    return this.service.overview(id).rows;
  }

  @ResolveField(() => CalendarDate, { nullable: true, description: 'The first date observed' })
  firstDate(@Parent() { id }: EconomicSeries) {
    return this.service.overview(id).firstDate;
  }

  @ResolveField(() => CalendarDate, { nullable: true, description: 'The last date observed' })
  lastDate(@Parent() { id }: EconomicSeries) {
    return this.service.overview(id).lastDate;
  }
}
