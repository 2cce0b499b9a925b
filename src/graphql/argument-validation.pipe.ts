import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { assertValid } from '../core/validation.js';

/**
 * Validates the arguments that are classes (`@ArgsType`, `@InputType`) by their class-validator rules.
 * Lists pass: their elements are checked by whoever turns them into columns.
 */
@Injectable()
export class ArgumentValidationPipe implements PipeTransform {
  /** @throws AppError VALIDATION_ERROR */
  transform(value: unknown, { type, metatype, data }: ArgumentMetadata): unknown {
    const isClass = metatype !== undefined && !BUILT_IN.has(metatype);
    if (type !== 'body' || !isClass || typeof value !== 'object' || value === null) return value;
    const instance = plainToInstance(metatype, value) as object;
    assertValid(instance, data);
    return instance;
  }
}

const BUILT_IN = new Set<unknown>([String, Number, Boolean, Array, Object]);
