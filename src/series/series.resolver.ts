import { Args, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { ReadsOf, ReadsSeriesOf } from '../cache/reads.js';
import { AppError } from '../core/app-error.js';
import { Uuid } from '../core/uuid.js';
import {
  CreateEconomicSeriesInput,
  ListSeriesArgs,
  SearchSeriesArgs,
  SeriesByIdsArgs,
  SeriesConnectionArgs,
  UpdateEconomicSeriesInput,
} from './series.inputs.js';
import { EconomicSeries, SeriesConnection } from './series.model.js';
import { SeriesService } from './series.service.js';
import { DataSource } from './source.model.js';
import { SourcesService } from './sources.service.js';

@Resolver(() => EconomicSeries)
export class SeriesResolver {
  constructor(
    private readonly series: SeriesService,
    private readonly sources: SourcesService,
  ) {}

  @ReadsSeriesOf('id')
  @Query(() => EconomicSeries, { name: 'series', nullable: true })
  seriesById(@Args('id', { type: () => Uuid }) id: Uuid) {
    return this.series.get(id);
  }

  @ReadsSeriesOf('ids')
  @Query(() => [EconomicSeries], {
    nullable: 'items',
    description: 'In the order asked; null where unknown or, next to an error, damaged',
  })
  seriesByIds(@Args() { ids }: SeriesByIdsArgs) {
    return ids.map((id) => this.getOrDamage(id));
  }

  @ReadsOf('catalogue')
  @Query(() => [EconomicSeries])
  listSeries(@Args() args: ListSeriesArgs) {
    return this.series.list(args);
  }

  @ReadsOf('catalogue')
  @Query(() => SeriesConnection)
  seriesConnection(@Args() args: SeriesConnectionArgs) {
    return this.series.connection(args);
  }

  @ReadsOf('catalogue')
  @Query(() => [EconomicSeries], { description: 'Best match first' })
  searchSeries(@Args() args: SearchSeriesArgs) {
    return this.series.search(args);
  }

  @ReadsOf('catalogue')
  @Query(() => EconomicSeries, { nullable: true })
  findSeriesByExternalId(
    @Args('externalId') externalId: string,
    @Args('sourceId', { type: () => Uuid, nullable: true }) sourceId?: Uuid | null,
  ) {
    return this.series.findByExternalId(externalId, sourceId ?? undefined);
  }

  @Mutation(() => EconomicSeries)
  createSeries(@Args('input') input: CreateEconomicSeriesInput) {
    return this.series.create(input);
  }

  @Mutation(() => EconomicSeries)
  updateSeries(
    @Args('id', { type: () => Uuid }) id: Uuid,
    @Args('input') input: UpdateEconomicSeriesInput,
  ) {
    return this.series.update(id, input);
  }

  @Mutation(() => Boolean, { description: 'Removes the series and all its points' })
  async deleteSeries(@Args('id', { type: () => Uuid }) id: Uuid) {
    await this.series.delete(id);
    return true;
  }

  @ReadsOf('catalogue')
  @ResolveField(() => DataSource, {
    nullable: true,
    description: 'null where it is not registered',
  })
  source(@Parent() { sourceId }: EconomicSeries) {
    return this.sources.get(sourceId);
  }

  /** In a list GraphQL answers an error that is an element at its place, and the other elements as they are. */
  private getOrDamage(id: Uuid) {
    try {
      return this.series.get(id);
    } catch (error) {
      if (error instanceof AppError && error.code === 'STORAGE_ERROR') return error;
      throw error;
    }
  }
}
