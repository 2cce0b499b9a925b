import { Field, Float, Int, ObjectType } from '@nestjs/graphql';
import { CalendarDate } from '../../core/calendar-date.js';
import { Decimal } from '../../core/decimal.js';

@ObjectType({
  description:
    'What an answer rests on: one revision date means that no revision is known, not that there was none',
})
export class Coverage {
  @Field(() => CalendarDate, { nullable: true, description: 'null: nothing is known' })
  firstRevisionDate!: CalendarDate | null;

  @Field(() => CalendarDate, { nullable: true })
  lastRevisionDate!: CalendarDate | null;

  @Field(() => Int, {
    description: 'Distinct days on which something was published, repeated values too',
  })
  revisionCount!: number;
}

@ObjectType({ description: 'One date: element j of every list belongs to revisionDates[j]' })
export class VintageMatrixRow {
  @Field(() => CalendarDate) date!: CalendarDate;
  @Field(() => [Float], { nullable: 'items' }) values!: (number | null)[];

  @Field(() => [Decimal], { nullable: 'items', description: 'The values digit for digit' })
  decimalValues!: (string | null)[];

  @Field(() => [Boolean], {
    description: 'Whether the cell says something: then a null is a value published as missing',
  })
  isPresent!: boolean[];
}

@ObjectType({
  description:
    'The revision triangle in wide form: a row for each date, a column for each revision date',
})
export class VintageMatrix {
  @Field(() => [CalendarDate], { description: 'The columns' }) revisionDates!: CalendarDate[];
  @Field(() => [VintageMatrixRow]) rows!: VintageMatrixRow[];
  @Field(() => Coverage) coverage!: Coverage;
}

@ObjectType({ description: 'One of the values that a date had' })
export class Revision {
  @Field(() => CalendarDate) revisionDate!: CalendarDate;

  @Field(() => Decimal, { nullable: true, description: 'null: published as missing' })
  value!: string | null;

  @Field(() => Decimal, {
    nullable: true,
    description: 'Against the publication before; null where one of both has no value',
  })
  change!: string | null;

  @Field(() => Float, {
    nullable: true,
    description: 'The change in per cent; null also where one of both values is not above zero',
  })
  changePercent!: number | null;
}

@ObjectType({
  description:
    'A day on which something was published; all counts are 0 where its vintage repeated what was known',
})
export class RevisionDate {
  @Field(() => CalendarDate) revisionDate!: CalendarDate;

  @Field(() => Int, { description: 'Dates that were published for the first time' })
  addedCount!: number;

  @Field(() => Int, { description: 'Dates that got another value' })
  revisedCount!: number;

  @Field(() => Int, { description: 'Dates that lost their value: published as missing' })
  withdrawnCount!: number;
}

@ObjectType({
  description:
    'How much the latest values differ from the first ones. A revision is the latest value of a date less the first; dates that lack one of them are left out, and without any the figures are null',
})
export class RevisionStatistics {
  @Field(() => Int, {
    description: 'Distinct days on which something was published, repeated values too',
  })
  vintageCount!: number;

  @Field(() => Int, { description: 'Dates that have a first and a latest value' })
  dateCount!: number;

  @Field(() => Float, {
    nullable: true,
    description: 'Of these dates, those whose values differ: 0 to 1',
  })
  shareRevised!: number | null;

  @Field(() => Float, { nullable: true }) meanRevision!: number | null;
  @Field(() => Float, { nullable: true }) meanAbsoluteRevision!: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'Of the revisions, as a sample (n - 1); null where there is one',
  })
  standardDeviation!: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'The sum of the revisions in per cent of the sum of the absolute first values',
  })
  firstToLatestBiasPercent!: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'The mean revision in units of its standard error',
  })
  biasTStatistic!: number | null;
}
