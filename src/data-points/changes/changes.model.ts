import { ArgsType, Field, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { ArrayMaxSize, IsOptional, Max, Min } from 'class-validator';
import { CalendarDate } from '../../core/calendar-date.js';
import { Cursor } from '../../core/cursor.js';
import { Decimal } from '../../core/decimal.js';
import { Instant } from '../../core/instant.js';
import { Uuid } from '../../core/uuid.js';
import { ChangeKind } from './series-changes.js';

registerEnumType(ChangeKind, {
  name: 'ChangeKind',
  valuesMap: {
    ADDED: { description: 'The first publication of a date' },
    REVISED: { description: 'A later publication of a date' },
    WITHDRAWN: { description: 'A later publication of a date, as missing' },
    CORRECTED: { description: 'A publication that was there has another value or flag' },
    DELETED: { description: 'A publication is gone' },
    SERIES_DELETED: { description: 'The series is gone, with all its points' },
  },
});

const CHANGES_MAX = 10_000;
const SERIES_MAX = 1000;

@ArgsType()
export class ChangesArgs {
  @Field(() => Cursor, {
    nullable: true,
    description: 'The cursor of the page read last; everything there is where it is not given',
  })
  since?: Cursor | null;

  @Field(() => Int, { defaultValue: 1000, description: `At most so many, 1 to ${CHANGES_MAX}` })
  @Min(1)
  @Max(CHANGES_MAX)
  first: number = 1000;

  @Field(() => [Uuid], {
    nullable: true,
    description: 'Of these series only; the same ones with every cursor',
  })
  @IsOptional()
  @ArrayMaxSize(SERIES_MAX)
  seriesIds?: Uuid[] | null;
}

@ObjectType({ description: 'What became of a point: to be replayed in the order of the feed' })
export class PointChange {
  @Field(() => ChangeKind) kind!: ChangeKind;
  @Field(() => Uuid) seriesId!: Uuid;

  @Field(() => CalendarDate, { nullable: true, description: 'null: every point of the series' })
  date!: CalendarDate | null;

  @Field(() => CalendarDate, { nullable: true }) revisionDate!: CalendarDate | null;

  @Field(() => Decimal, { nullable: true, description: 'null: published as missing, or deleted' })
  value!: string | null;

  @Field(() => Boolean, { nullable: true, description: 'null: deleted' })
  isOriginalRelease!: boolean | null;

  @Field(() => Instant, { description: 'When it was written or deleted' })
  committedAt!: Instant;
}

@ObjectType()
export class ChangePage {
  @Field(() => [PointChange], {
    description: 'May be fewer than were asked for, or none, while there is more',
  })
  changes!: PointChange[];

  @Field(() => Cursor, { description: 'Goes on where this page ends, now or later' })
  cursor!: Cursor;

  @Field({ description: 'Whether there is more now, deletions since the first page left out' })
  hasMore!: boolean;
}
