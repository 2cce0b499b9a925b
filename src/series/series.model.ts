import { Field, Int, ObjectType } from '@nestjs/graphql';
import { CalendarDate } from '../core/calendar-date.js';
import { Instant } from '../core/instant.js';
import { Uuid } from '../core/uuid.js';

@ObjectType({ description: 'A time series and what is known about it' })
export class EconomicSeries {
  @Field(() => Uuid) id!: Uuid;
  @Field(() => Uuid) sourceId!: Uuid;

  @Field({ description: 'The name that its source gives it; unique within the source' })
  externalId!: string;

  @Field() title!: string;
  @Field(() => String, { nullable: true }) description!: string | null;
  @Field(() => String, { nullable: true }) units!: string | null;
  @Field() frequency!: string;
  @Field(() => String, { nullable: true }) seasonalAdjustment!: string | null;

  @Field(() => CalendarDate, { nullable: true, description: 'As declared, not as observed' })
  startDate!: CalendarDate | null;

  @Field(() => CalendarDate, { nullable: true, description: 'As declared, not as observed' })
  endDate!: CalendarDate | null;

  @Field() isActive!: boolean;
  @Field(() => Instant) createdAt!: Instant;
  @Field(() => Instant, { description: 'The last change of this metadata' }) updatedAt!: Instant;
}

@ObjectType()
export class SeriesEdge {
  @Field({ description: 'Opaque; give it as `after` to go on behind this series' })
  cursor!: string;

  @Field(() => EconomicSeries) node!: EconomicSeries;
}

@ObjectType()
export class PageInfo {
  @Field() hasNextPage!: boolean;
  @Field() hasPreviousPage!: boolean;
  @Field(() => String, { nullable: true }) startCursor!: string | null;
  @Field(() => String, { nullable: true }) endCursor!: string | null;
}

@ObjectType({ description: 'A page of series, after the Relay connection specification' })
export class SeriesConnection {
  @Field(() => [SeriesEdge]) edges!: SeriesEdge[];
  @Field(() => PageInfo) pageInfo!: PageInfo;
  @Field(() => Int, { description: 'Series that pass the filter, on all pages' })
  totalCount!: number;
}
