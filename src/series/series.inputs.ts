// What callers send about series. These classes are the validation, too: limits are those of the data
// model, and vocabularies are parsed into their canonical words by the service.

import { ArgsType, Field, InputType, Int, registerEnumType } from '@nestjs/graphql';
import {
  ArrayMaxSize,
  IsOptional,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { Type } from 'class-transformer';
import { CalendarDate } from '../core/calendar-date.js';
import { Uuid } from '../core/uuid.js';
import { IfGiven, NotBlank } from './validators.js';

const EXTERNAL_ID = /^[A-Za-z0-9_\-./:]{1,100}$/;
const EXTERNAL_ID_RULE = {
  message: 'externalId must be 1 to 100 characters of A-Z a-z 0-9 _ - . / :',
};

/** Series on one page, and identifiers in one look-up: an answer of a few hundred kilobytes. */
export const SERIES_PAGE_MAX = 1000;

@InputType()
export class CreateEconomicSeriesInput {
  @Field(() => Uuid, { nullable: true, description: 'Chosen by the client; else made here' })
  id?: Uuid | null;

  @Field(() => Uuid) sourceId!: Uuid;

  @Field()
  @Matches(EXTERNAL_ID, EXTERNAL_ID_RULE)
  externalId!: string;

  @Field()
  @Length(1, 500)
  @NotBlank()
  title!: string;

  @Field(() => String, { nullable: true })
  @IsOptional()
  @MaxLength(2000)
  description?: string | null;

  @Field(() => String, { nullable: true })
  @IsOptional()
  @MaxLength(100)
  units?: string | null;

  @Field({
    description:
      'daily, weekly, biweekly, monthly, quarterly, semiannual, annual, irregular or other; the codes of FRED and SDMX are understood',
  })
  frequency!: string;

  @Field(() => String, {
    nullable: true,
    description:
      'seasonally_adjusted, not_seasonally_adjusted, …_annual_rate, smoothed_seasonally_adjusted; or SA, NSA, SAAR, SSA, NSAAR',
  })
  seasonalAdjustment?: string | null;

  @Field(() => CalendarDate, { nullable: true }) startDate?: CalendarDate | null;
  @Field(() => CalendarDate, { nullable: true }) endDate?: CalendarDate | null;

  @Field(() => Boolean, { nullable: true, description: 'true where it is not given' })
  isActive?: boolean | null;
}

@InputType({ description: 'What is not given stays; null empties what may be empty' })
export class UpdateEconomicSeriesInput {
  @Field(() => Uuid, { nullable: true })
  @IfGiven()
  sourceId?: Uuid;

  @Field(() => String, { nullable: true })
  @IfGiven()
  @Matches(EXTERNAL_ID, EXTERNAL_ID_RULE)
  externalId?: string;

  @Field(() => String, { nullable: true })
  @IfGiven()
  @Length(1, 500)
  @NotBlank()
  title?: string;

  @Field(() => String, { nullable: true })
  @IsOptional()
  @MaxLength(2000)
  description?: string | null;

  @Field(() => String, { nullable: true })
  @IsOptional()
  @MaxLength(100)
  units?: string | null;

  @Field(() => String, { nullable: true })
  @IfGiven()
  frequency?: string;

  @Field(() => String, { nullable: true }) seasonalAdjustment?: string | null;
  @Field(() => CalendarDate, { nullable: true }) startDate?: CalendarDate | null;
  @Field(() => CalendarDate, { nullable: true }) endDate?: CalendarDate | null;

  @Field(() => Boolean, { nullable: true })
  @IfGiven()
  isActive?: boolean;
}

@InputType({ description: 'Series must meet every condition that is given' })
export class SeriesFilter {
  @Field(() => Uuid, { nullable: true }) sourceId?: Uuid | null;
  @Field(() => String, { nullable: true }) frequency?: string | null;
  @Field(() => String, { nullable: true }) seasonalAdjustment?: string | null;
  @Field(() => Boolean, { nullable: true }) isActive?: boolean | null;

  @Field(() => String, { nullable: true, description: 'Case matters' })
  @IsOptional()
  @MaxLength(100)
  externalIdPrefix?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Anywhere in the title; case does not matter',
  })
  @IsOptional()
  @MaxLength(500)
  titleContains?: string | null;
}

export enum SeriesOrderField {
  EXTERNAL_ID = 'externalId',
  TITLE = 'title',
  FREQUENCY = 'frequency',
  CREATED_AT = 'createdAt',
  UPDATED_AT = 'updatedAt',
}

export enum OrderDirection {
  ASC = 'asc',
  DESC = 'desc',
}

registerEnumType(SeriesOrderField, { name: 'SeriesOrderField' });
registerEnumType(OrderDirection, { name: 'OrderDirection' });

@InputType({ description: 'Series that are equal in the field follow in the order of their ids' })
export class SeriesOrder {
  @Field(() => SeriesOrderField) field!: SeriesOrderField;

  @Field(() => OrderDirection, { defaultValue: OrderDirection.ASC })
  direction: OrderDirection = OrderDirection.ASC;
}

@ArgsType()
class SeriesSelectionArgs {
  @Field(() => SeriesFilter, { nullable: true })
  @IsOptional()
  @ValidateNested()
  @Type(() => SeriesFilter)
  filter?: SeriesFilter | null;

  @Field(() => SeriesOrder, { nullable: true, description: 'By externalId where it is not given' })
  @IsOptional()
  @Type(() => SeriesOrder)
  orderBy?: SeriesOrder | null;
}

@ArgsType()
export class ListSeriesArgs extends SeriesSelectionArgs {
  @Field(() => Int, { defaultValue: 50, description: `1 to ${SERIES_PAGE_MAX}` })
  @Min(1)
  @Max(SERIES_PAGE_MAX)
  limit: number = 50;

  @Field(() => Int, { defaultValue: 0 })
  @Min(0)
  offset: number = 0;
}

@ArgsType()
export class SeriesConnectionArgs extends SeriesSelectionArgs {
  @Field(() => Int, { defaultValue: 50, description: `1 to ${SERIES_PAGE_MAX}` })
  @Min(1)
  @Max(SERIES_PAGE_MAX)
  first: number = 50;

  @Field(() => String, { nullable: true, description: 'The cursor of the series before the page' })
  after?: string | null;
}

@ArgsType()
export class SearchSeriesArgs {
  @Field({ description: 'Words or beginnings of words; every one of them must occur' })
  @Length(1, 200)
  text!: string;

  @Field(() => Int, { defaultValue: 20, description: `1 to ${SERIES_PAGE_MAX}` })
  @Min(1)
  @Max(SERIES_PAGE_MAX)
  first: number = 20;

  @Field(() => SeriesFilter, { nullable: true })
  @IsOptional()
  @ValidateNested()
  @Type(() => SeriesFilter)
  filter?: SeriesFilter | null;
}

@ArgsType()
export class SeriesByIdsArgs {
  @Field(() => [Uuid])
  @ArrayMaxSize(SERIES_PAGE_MAX)
  ids!: Uuid[];
}
