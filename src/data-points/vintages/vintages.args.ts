import { ArgsType, Field } from '@nestjs/graphql';
import { CalendarDate } from '../../core/calendar-date.js';
import { Uuid } from '../../core/uuid.js';

@ArgsType()
export class RevisionDatesArgs {
  @Field(() => CalendarDate, { nullable: true, description: 'First revision date, inclusive' })
  from?: CalendarDate | null;

  @Field(() => CalendarDate, { nullable: true, description: 'Last revision date, inclusive' })
  to?: CalendarDate | null;
}

@ArgsType()
export class VintagesArgs extends RevisionDatesArgs {
  @Field(() => Uuid) seriesId!: Uuid;

  @Field(() => CalendarDate, { nullable: true, description: 'First date observed, inclusive' })
  startDate?: CalendarDate | null;

  @Field(() => CalendarDate, { nullable: true, description: 'Last date observed, inclusive' })
  endDate?: CalendarDate | null;
}

@ArgsType()
export class VintageMatrixArgs extends VintagesArgs {
  @Field(() => Boolean, {
    defaultValue: false,
    description: 'Whether a cell holds what was known on its day, or only what changed on it',
  })
  filled: boolean = false;
}

@ArgsType()
export class RevisionHistoryArgs {
  @Field(() => Uuid) seriesId!: Uuid;
  @Field(() => CalendarDate) date!: CalendarDate;

  @Field(() => CalendarDate, { nullable: true, description: 'What was known on this day' })
  asOf?: CalendarDate | null;
}

@ArgsType()
export class KnownRangeArgs {
  @Field(() => CalendarDate, { nullable: true, description: 'First date observed, inclusive' })
  startDate?: CalendarDate | null;

  @Field(() => CalendarDate, { nullable: true, description: 'Last date observed, inclusive' })
  endDate?: CalendarDate | null;

  @Field(() => CalendarDate, { nullable: true, description: 'What was known on this day' })
  asOf?: CalendarDate | null;
}

@ArgsType()
export class CoverageArgs extends KnownRangeArgs {
  @Field(() => Uuid) seriesId!: Uuid;
}
