import { Field, InputType, ObjectType } from '@nestjs/graphql';
import { IsOptional, IsUrl, Length, MaxLength } from 'class-validator';
import { Instant } from '../core/instant.js';
import { Uuid } from '../core/uuid.js';
import { IfGiven, NotBlank } from './validators.js';

@ObjectType({ description: 'Who publishes series' })
export class DataSource {
  @Field(() => Uuid) id!: Uuid;
  @Field() name!: string;
  @Field(() => String, { nullable: true }) description!: string | null;
  @Field(() => String, { nullable: true }) url!: string | null;
  @Field() isActive!: boolean;
  @Field(() => Instant) createdAt!: Instant;
  @Field(() => Instant) updatedAt!: Instant;
}

const URL_OPTIONS = { protocols: ['http', 'https'], require_protocol: true, require_tld: false };

@InputType()
export class CreateSourceInput {
  @Field(() => Uuid, { nullable: true, description: 'Chosen by the client; else made here' })
  id?: Uuid | null;

  @Field()
  @Length(1, 200)
  @NotBlank()
  name!: string;

  @Field(() => String, { nullable: true })
  @IsOptional()
  @MaxLength(2000)
  description?: string | null;

  @Field(() => String, { nullable: true })
  @IsOptional()
  @MaxLength(2000)
  @IsUrl(URL_OPTIONS)
  url?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'true where it is not given' })
  isActive?: boolean | null;
}

@InputType({ description: 'What is not given stays; null empties what may be empty' })
export class UpdateSourceInput {
  @Field(() => String, { nullable: true })
  @IfGiven()
  @Length(1, 200)
  @NotBlank()
  name?: string;

  @Field(() => String, { nullable: true })
  @IsOptional()
  @MaxLength(2000)
  description?: string | null;

  @Field(() => String, { nullable: true })
  @IsOptional()
  @MaxLength(2000)
  @IsUrl(URL_OPTIONS)
  url?: string | null;

  @Field(() => Boolean, { nullable: true })
  @IfGiven()
  isActive?: boolean;
}
