import { Field, Float, Int, ObjectType } from '@nestjs/graphql';
import { CalendarDate } from '../core/calendar-date.js';
import { Decimal } from '../core/decimal.js';
import { Instant } from '../core/instant.js';
import { Uuid } from '../core/uuid.js';
import { Coverage } from './vintages/vintages.model.js';

@ObjectType({ description: 'One value of one date, as published on one day' })
export class DataPoint {
  @Field(() => Uuid, { description: 'Derived from seriesId, date and revisionDate' }) id!: Uuid;
  @Field(() => Uuid) seriesId!: Uuid;

  @Field(() => CalendarDate, { description: 'The first day of the period observed' })
  date!: CalendarDate;

  @Field(() => CalendarDate, { description: 'The day on which this value was published' })
  revisionDate!: CalendarDate;

  @Field(() => Decimal, { nullable: true, description: 'null: published as missing' })
  value!: string | null;

  @Field() isOriginalRelease!: boolean;
  @Field(() => Instant) createdAt!: Instant;
  @Field(() => Instant) updatedAt!: Instant;
}

@ObjectType({ description: 'Data points in columns: element i of every list belongs to point i' })
export class Observations {
  @Field(() => [CalendarDate]) dates!: CalendarDate[];
  @Field(() => [Float], { nullable: 'items' }) values!: (number | null)[];

  @Field(() => [Decimal], { nullable: 'items', description: 'The values digit for digit' })
  decimalValues!: (string | null)[];

  @Field(() => [CalendarDate]) revisionDates!: CalendarDate[];
  @Field(() => Coverage) coverage!: Coverage;
}

@ObjectType({
  description:
    'The counts are of keys (series, date, revision date): one that was sent twice counts once',
})
export class CreateDataPointsPayload {
  @Field(() => Int, { description: 'Keys that were not there before' })
  addedCount!: number;

  @Field(() => Int, { description: 'Keys that were there with another value or isOriginalRelease' })
  correctedCount!: number;

  @Field(() => Int, { description: 'Keys that were already there as sent' })
  unchangedCount!: number;

  @Field(() => [DataPoint], { description: 'The points as stored, in the order of the inputs' })
  dataPoints!: DataPoint[];
}
