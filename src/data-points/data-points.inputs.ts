import { ArgsType, Field, InputType, Int, registerEnumType } from '@nestjs/graphql';
import { IsOptional, Min } from 'class-validator';
import { CalendarDate } from '../core/calendar-date.js';
import { Decimal } from '../core/decimal.js';
import { Uuid } from '../core/uuid.js';
import { Revisions } from './revisions.js';

registerEnumType(Revisions, {
  name: 'Revisions',
  valuesMap: {
    LATEST: { description: 'The value known last: one point per date' },
    ORIGINAL: { description: 'The first publication: one point per date' },
    ALL: { description: 'Every publication of every date' },
  },
});

/** Points count once in the complexity of a query: how many a field answers is limited when it is read. */
export const POINTS_COMPLEXITY = 1;

/** Fields of points may be null so that one damaged file takes nothing else of an answer down. */
export const NULL_IF_DAMAGED =
  'null next to an error: the stored points are damaged, or too many for one request';

@ArgsType()
export class PointSelectionArgs {
  @Field(() => CalendarDate, { nullable: true, description: 'Inclusive' })
  startDate?: CalendarDate | null;

  @Field(() => CalendarDate, { nullable: true, description: 'Inclusive' })
  endDate?: CalendarDate | null;

  @Field(() => CalendarDate, { nullable: true, description: 'What was known on this day' })
  asOf?: CalendarDate | null;

  @Field(() => Revisions, { defaultValue: Revisions.LATEST })
  revisions: Revisions = Revisions.LATEST;

  @Field(() => Int, {
    nullable: true,
    description: 'At most so many points, the earliest dates first',
  })
  @IsOptional()
  @Min(1)
  limit?: number | null;
}

@ArgsType()
export class DataPointsArgs extends PointSelectionArgs {
  @Field(() => Uuid) seriesId!: Uuid;
}

@ArgsType()
export class DeleteDataPointsArgs {
  @Field(() => Uuid) seriesId!: Uuid;

  @Field(() => CalendarDate, { nullable: true, description: 'Inclusive' })
  startDate?: CalendarDate | null;

  @Field(() => CalendarDate, { nullable: true, description: 'Inclusive' })
  endDate?: CalendarDate | null;

  @Field(() => CalendarDate, { nullable: true, description: 'Only what was published on this day' })
  revisionDate?: CalendarDate | null;
}

@InputType()
export class CreateDataPointInput {
  @Field(() => Uuid) seriesId!: Uuid;
  @Field(() => CalendarDate) date!: CalendarDate;

  @Field(() => Decimal, { nullable: true, description: 'null: published as missing' })
  value?: Decimal | null;

  @Field(() => CalendarDate, { nullable: true, description: 'Today (UTC) where it is not given' })
  revisionDate?: CalendarDate | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Where it is not given: whether no earlier publication of the date is stored',
  })
  isOriginalRelease?: boolean | null;
}
