import { Args, Context, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { ReadsItsSeries, ReadsSeriesOf } from '../../cache/reads.js';
import { EconomicSeries } from '../../series/series.model.js';
import { Observations } from '../data-point.model.js';
import { NULL_IF_DAMAGED } from '../data-points.inputs.js';
import { toObservations } from '../rows.js';
import { toMatrix } from './matrix-rows.js';
import {
  CoverageArgs,
  KnownRangeArgs,
  RevisionDatesArgs,
  RevisionHistoryArgs,
  VintageMatrixArgs,
  VintagesArgs,
} from './vintages.args.js';
import {
  Coverage,
  Revision,
  RevisionDate,
  RevisionStatistics,
  VintageMatrix,
} from './vintages.model.js';
import { VintagesService } from './vintages.service.js';

@Resolver(() => EconomicSeries)
export class VintagesResolver {
  constructor(private readonly service: VintagesService) {}

  @ReadsSeriesOf('seriesId')
  @Query(() => Observations, {
    nullable: true,
    description: `The revision triangle in long form: every publication, ascending by date, then by revision date. ${NULL_IF_DAMAGED}`,
  })
  async vintages(@Args() args: VintagesArgs, @Context() request: object) {
    return toObservations(await this.service.vintages(args, request));
  }

  @ReadsSeriesOf('seriesId')
  @Query(() => VintageMatrix, {
    nullable: true,
    description: `The revision triangle in wide form. ${NULL_IF_DAMAGED}`,
  })
  async vintageMatrix(@Args() args: VintageMatrixArgs, @Context() request: object) {
    return toMatrix(await this.service.matrix(args, request));
  }

  @ReadsSeriesOf('seriesId')
  @Query(() => [Revision], {
    nullable: true,
    description: `Every value of one date, ascending by revision date. ${NULL_IF_DAMAGED}`,
  })
  revisionHistory(@Args() args: RevisionHistoryArgs, @Context() request: object) {
    return this.service.history(args, request);
  }

  @ReadsSeriesOf('seriesId')
  @Query(() => Coverage, {
    nullable: true,
    description: 'What the points of a series rest on. null next to an error: they are damaged',
  })
  coverage(@Args() { seriesId, ...args }: CoverageArgs, @Context() request: object) {
    return this.service.coverage(seriesId, args, request);
  }

  @ReadsItsSeries()
  @ResolveField('coverage', () => Coverage, {
    nullable: true,
    description: 'What the points of the series rest on. null next to an error: they are damaged',
  })
  coverageOfSeries(
    @Parent() { id }: EconomicSeries,
    @Args() args: KnownRangeArgs,
    @Context() request: object,
  ) {
    return this.service.coverage(id, args, request);
  }

  @ReadsItsSeries()
  @ResolveField(() => [RevisionDate], {
    nullable: true,
    description: `Every day on which something was published, ascending. ${NULL_IF_DAMAGED}`,
  })
  async revisionDates(
    @Parent() { id }: EconomicSeries,
    @Args() args: RevisionDatesArgs,
    @Context() request: object,
  ): Promise<RevisionDate[]> {
    const dates = await this.service.releaseDates(id, args, request);
    return dates.map(({ revisionDate, added, revised, withdrawn }) => ({
      revisionDate,
      addedCount: added,
      revisedCount: revised,
      withdrawnCount: withdrawn,
    }));
  }

  @ReadsItsSeries()
  @ResolveField(() => RevisionStatistics, {
    nullable: true,
    description:
      'How much values were revised from first to latest. null next to an error: they are damaged',
  })
  revisionStatistics(
    @Parent() { id }: EconomicSeries,
    @Args() args: KnownRangeArgs,
    @Context() request: object,
  ) {
    return this.service.statistics(id, args, request);
  }
}
