import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { CalendarDate } from '../../core/calendar-date.js';
import { Uuid } from '../../core/uuid.js';
import { PublishVintagePayload, VintagePointInput } from './publishing.model.js';
import { PublishingService } from './publishing.service.js';

@Resolver()
export class PublishingResolver {
  constructor(private readonly service: PublishingService) {}

  @Mutation(() => PublishVintagePayload, {
    description:
      'Compares the values with what was known on the revision date and stores what is new or changed. Vintages may come in any order: older ones leave what is known on later days as it is',
  })
  async publishVintage(
    @Args('seriesId', { type: () => Uuid }) seriesId: Uuid,
    @Args('revisionDate', { type: () => CalendarDate, description: 'The day of the publication' })
    revisionDate: CalendarDate,
    @Args('points', { type: () => [VintagePointInput], description: 'Each date once' })
    points: VintagePointInput[],
    @Args('complete', {
      type: () => Boolean,
      defaultValue: false,
      description:
        'Whether dates that are not among the points are withdrawn; there have to be points then',
    })
    isComplete: boolean,
  ): Promise<PublishVintagePayload> {
    const counts = await this.service.publish({ seriesId, revisionDate, points, isComplete });
    return {
      addedCount: counts.added,
      revisedCount: counts.revised,
      unchangedCount: counts.unchanged,
      withdrawnCount: counts.withdrawn,
    };
  }
}
