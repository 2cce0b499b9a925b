import { Args, Context, Int, Mutation, Query, Resolver } from '@nestjs/graphql';
import { ReadsSeriesOf } from '../cache/reads.js';
import { CalendarDate } from '../core/calendar-date.js';
import { Uuid } from '../core/uuid.js';
import { CreateDataPointsPayload, DataPoint } from './data-point.model.js';
import {
  CreateDataPointInput,
  DataPointsArgs,
  DeleteDataPointsArgs,
  NULL_IF_DAMAGED,
  POINTS_COMPLEXITY,
} from './data-points.inputs.js';
import { DataPointsService } from './data-points.service.js';
import { toDataPoint, toDataPoints } from './rows.js';

@Resolver(() => DataPoint)
export class DataPointsResolver {
  constructor(private readonly service: DataPointsService) {}

  @ReadsSeriesOf('seriesId')
  @Query(() => [DataPoint], {
    nullable: true,
    description: `Ascending by date, then by revision date. ${NULL_IF_DAMAGED}`,
    complexity: POINTS_COMPLEXITY,
  })
  async dataPoints(@Args() { seriesId, ...selection }: DataPointsArgs, @Context() request: object) {
    return toDataPoints(seriesId, await this.service.select(seriesId, selection, request));
  }

  @ReadsSeriesOf('seriesId')
  @Query(() => DataPoint, {
    nullable: true,
    description: 'One publication of one date; the latest where no revision date is given',
  })
  async dataPoint(
    @Args('seriesId', { type: () => Uuid }) seriesId: Uuid,
    @Args('date', { type: () => CalendarDate }) date: CalendarDate,
    @Args('revisionDate', { type: () => CalendarDate, nullable: true })
    revisionDate?: CalendarDate | null,
  ) {
    const found = await this.service.find(seriesId, date, revisionDate);
    return found && toDataPoint(found);
  }

  @Mutation(() => CreateDataPointsPayload, {
    description: 'Stores all the points, of any number of series, or none of them',
  })
  async createDataPoints(
    @Args('inputs', { type: () => [CreateDataPointInput] }) inputs: CreateDataPointInput[],
  ): Promise<CreateDataPointsPayload> {
    const { counts, locate } = await this.service.create(inputs);
    return {
      addedCount: counts.added,
      correctedCount: counts.corrected,
      unchangedCount: counts.unchanged,
      get dataPoints() {
        return locate().map(toDataPoint);
      },
    };
  }

  @Mutation(() => Int, { description: 'Answers how many points there were' })
  deleteDataPoints(@Args() args: DeleteDataPointsArgs) {
    return this.service.delete(args);
  }
}
