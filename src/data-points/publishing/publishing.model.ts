import { Field, InputType, Int, ObjectType } from '@nestjs/graphql';
import { CalendarDate } from '../../core/calendar-date.js';
import { Decimal } from '../../core/decimal.js';

@InputType({ description: 'One date of a vintage' })
export class VintagePointInput {
  @Field(() => CalendarDate) date!: CalendarDate;

  @Field(() => Decimal, { nullable: true, description: 'null: published as missing' })
  value?: Decimal | null;
}

@ObjectType({ description: 'How many dates the vintage changed, beside what was known on its day' })
export class PublishVintagePayload {
  @Field(() => Int, { description: 'Dates of which nothing was known' })
  addedCount!: number;

  @Field(() => Int, { description: 'Dates of which another value was known' })
  revisedCount!: number;

  @Field(() => Int, { description: 'Dates whose value was known as published: nothing is stored' })
  unchangedCount!: number;

  @Field(() => Int, {
    description:
      'Dates that lost their value: published as missing, or left out of a complete vintage',
  })
  withdrawnCount!: number;
}
