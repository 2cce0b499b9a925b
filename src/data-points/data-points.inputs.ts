import { ArgsType, Field, InputType, Int, registerEnumType } from '@nestjs/graphql';
import { IsOptional, Max, Min } from 'class-validator';
import { CalendarDate } from '../core/calendar-date.js';
import { Decimal } from '../core/decimal.js';
import { Uuid } from '../core/uuid.js';
import { Revisions } from './revisions.js';
import { Aggregation } from './transforms/aggregation.js';
import { Units } from './transforms/units.js';

registerEnumType(Revisions, {
  name: 'Revisions',
  valuesMap: {
    LATEST: { description: 'The value known last: one point per date' },
    ORIGINAL: { description: 'The first publication: one point per date' },
    NTH_RELEASE: {
      description: 'The n-th publication of each date, by `release`: no point where there was none',
    },
    FIXED_LAG: {
      description: 'The value known `lagDays` days after each date: no point where there was none',
    },
    ALL: { description: 'Every publication of every date' },
  },
});

registerEnumType(Units, {
  name: 'Units',
  description: 'As FRED names and computes them; a rate or logarithm of a value <= 0 is null',
  valuesMap: {
    lin: { description: 'The values as they are' },
    chg: { description: 'Change' },
    ch1: { description: 'Change from a year ago' },
    pch: { description: 'Per cent change' },
    pc1: { description: 'Per cent change from a year ago' },
    pca: { description: 'Compounded annual rate of change, in per cent' },
    cch: { description: 'Continuously compounded rate of change, in per cent' },
    cca: { description: 'Continuously compounded annual rate of change, in per cent' },
    log: { description: 'Natural logarithm' },
  },
});

registerEnumType(Aggregation, {
  name: 'Aggregation',
  description: 'How the values of a period become one',
  valuesMap: {
    avg: { description: 'Average' },
    sum: { description: 'Sum' },
    eop: { description: 'The last value of the period' },
  },
});

/** A hundred years. */
export const LAG_DAYS_MAX = 36_525;

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

  @Field(() => CalendarDate, {
    nullable: true,
    description:
      'What was known on this day, at most tomorrow (UTC); 9999-12-31: whatever is known',
  })
  asOf?: CalendarDate | null;

  @Field(() => Revisions, { defaultValue: Revisions.LATEST })
  revisions: Revisions = Revisions.LATEST;

  @Field(() => Int, {
    nullable: true,
    description: 'Which publication of each date, from 1: with NTH_RELEASE only',
  })
  @IsOptional()
  @Min(1)
  release?: number | null;

  @Field(() => Int, {
    nullable: true,
    description: `Days after each date, 0 to ${LAG_DAYS_MAX}: with FIXED_LAG only`,
  })
  @IsOptional()
  @Min(0)
  @Max(LAG_DAYS_MAX)
  lagDays?: number | null;

  @Field(() => Units, {
    nullable: true,
    description: 'A transformation, computed within each vintage; after the aggregation',
  })
  units?: Units | null;

  @Field(() => String, {
    nullable: true,
    description: 'A lower frequency to aggregate to, by name or by code of FRED or SDMX',
  })
  frequency?: string | null;

  @Field(() => Aggregation, {
    nullable: true,
    description: 'With `frequency` only; avg where it is not given',
  })
  aggregation?: Aggregation | null;

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
