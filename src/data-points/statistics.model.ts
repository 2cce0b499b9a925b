import { Field, Float, Int, ObjectType } from '@nestjs/graphql';
import { CalendarDate } from '../core/calendar-date.js';
import { Instant } from '../core/instant.js';
import { Uuid } from '../core/uuid.js';

@ObjectType()
export class FrequencyCount {
  @Field() frequency!: string;
  @Field(() => Int) seriesCount!: number;
}

@ObjectType({ description: 'What is stored; series with damaged files are left out' })
export class CatalogStats {
  @Field(() => Int) seriesCount!: number;
  @Field(() => Int) activeSeriesCount!: number;
  @Field(() => Int, { description: 'Registered data sources' }) sourceCount!: number;

  @Field(() => Float, { description: 'Stored points: every revision of every date' })
  dataPointCount!: number;

  @Field(() => Float, { description: 'Bytes of points files' }) dataPointBytes!: number;
  @Field(() => CalendarDate, { nullable: true }) firstDate!: CalendarDate | null;
  @Field(() => CalendarDate, { nullable: true }) lastDate!: CalendarDate | null;
  @Field(() => CalendarDate, { nullable: true }) lastRevisionDate!: CalendarDate | null;

  @Field(() => [FrequencyCount], { description: 'The most frequent first' })
  frequencies!: FrequencyCount[];
}

@ObjectType({ description: 'How recent the series of one source are' })
export class DataFreshness {
  @Field(() => Uuid) sourceId!: Uuid;
  @Field(() => Int) seriesCount!: number;
  @Field(() => CalendarDate, { nullable: true }) lastDate!: CalendarDate | null;
  @Field(() => CalendarDate, { nullable: true }) lastRevisionDate!: CalendarDate | null;

  @Field(() => Instant, { nullable: true, description: 'When points were last written' })
  lastWrittenAt!: Instant | null;
}
