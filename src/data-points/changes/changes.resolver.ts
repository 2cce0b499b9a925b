import { Args, Context, Query, Resolver } from '@nestjs/graphql';
import { ReadsOf } from '../../cache/reads.js';
import { POINTS_COMPLEXITY } from '../data-points.inputs.js';
import { ChangePage, ChangesArgs, type PointChange } from './changes.model.js';
import { ChangesService, type FoundChange } from './changes.service.js';

@Resolver()
export class ChangesResolver {
  constructor(private readonly service: ChangesService) {}

  /** Old deletions are forgotten as time goes by. */
  @ReadsOf('unversioned')
  @Query(() => ChangePage, {
    description:
      'Points that were added, revised, withdrawn, corrected or deleted since a cursor, in pages. Replaying them gives the points as they are stored',
    complexity: POINTS_COMPLEXITY,
  })
  async changes(@Args() args: ChangesArgs, @Context() request: object): Promise<ChangePage> {
    const { changes, cursor, hasMore } = await this.service.page(args, request);
    return { changes: changes.map(toPointChange), cursor, hasMore };
  }
}

function toPointChange({ change, point }: FoundChange): PointChange {
  const { kind, seriesId, date, revisionDate, committedAt } = change;
  const value = point?.value ?? null;
  const isOriginalRelease = point?.isOriginal ?? null;
  return { kind, seriesId, date, revisionDate, committedAt, value, isOriginalRelease };
}
