import { Args, Mutation, Query, Resolver } from '@nestjs/graphql';
import { ReadsOf } from '../cache/reads.js';
import { Uuid } from '../core/uuid.js';
import { CreateSourceInput, DataSource, UpdateSourceInput } from './source.model.js';
import { SourcesService } from './sources.service.js';

@Resolver(() => DataSource)
export class SourcesResolver {
  constructor(private readonly service: SourcesService) {}

  @ReadsOf('catalogue')
  @Query(() => [DataSource], { description: 'In the order of their names' })
  sources() {
    return this.service.all();
  }

  @ReadsOf('catalogue')
  @Query(() => DataSource, { nullable: true })
  source(@Args('id', { type: () => Uuid }) id: Uuid) {
    return this.service.get(id);
  }

  @Mutation(() => DataSource)
  createSource(@Args('input') input: CreateSourceInput) {
    return this.service.create(input);
  }

  @Mutation(() => DataSource)
  updateSource(
    @Args('id', { type: () => Uuid }) id: Uuid,
    @Args('input') input: UpdateSourceInput,
  ) {
    return this.service.update(id, input);
  }
}
