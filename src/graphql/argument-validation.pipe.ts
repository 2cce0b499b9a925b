import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { assertValid } from '../core/validation.js';

/**
 * Validates the arguments that are classes (`@ArgsType`, `@InputType`) by their class-validator rules.
 * Lists pass: their elements are checked by whoever turns them into columns.
 */
@Injectable()
export class ArgumentValidationPipe implements PipeTransform {
  /** Compiled operations give a field the same arguments for each of its parents. */
  private readonly validated = new WeakMap<object, object>();

  /** @throws AppError VALIDATION_ERROR */
  transform(value: unknown, { type, metatype, data }: ArgumentMetadata): unknown {
    const isClass = metatype !== undefined && !BUILT_IN.has(metatype);
    if (type !== 'body' || !isClass || typeof value !== 'object' || value === null) return value;
    const known = this.validated.get(value);
    if (known?.constructor === metatype) return known;
    const instance = isFlat(value)
      ? Object.assign(new metatype() as object, value)
      : (plainToInstance(metatype, value) as object);
    assertValid(instance, data);
    this.validated.set(value, instance);
    return instance;
  }
}

const BUILT_IN = new Set<unknown>([String, Number, Boolean, Array, Object]);

/** Without objects that were classes in their turn. */
function isFlat(value: object): boolean {
  return Object.values(value).every(
    (property) => typeof property !== 'object' || property === null || isListOfLeaves(property),
  );
}

function isListOfLeaves(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item !== 'object' || item === null);
}
