import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import { validationError } from '../core/app-error.js';

interface Fault {
  readonly field: string;
  readonly message: string;
}

/**
 * Validates the arguments that are classes (`@ArgsType`, `@InputType`) by their class-validator rules.
 * Lists pass: their elements are checked by whoever turns them into columns.
 */
@Injectable()
export class ArgumentValidationPipe implements PipeTransform {
  /** @throws AppError VALIDATION_ERROR naming the first field at fault, and all of them in `faults` */
  transform(value: unknown, { type, metatype, data }: ArgumentMetadata): unknown {
    const isClass = metatype !== undefined && !BUILT_IN.has(metatype);
    if (type !== 'body' || !isClass || typeof value !== 'object' || value === null) return value;
    const instance = plainToInstance(metatype, value) as object;
    // A class without rules is not an unknown value: its scalars have checked everything.
    const faults = validateSync(instance, { forbidUnknownValues: false }).flatMap((error) =>
      describe(error, data),
    );
    faults.push(...malformedTexts(instance, data));
    const [first] = faults;
    if (first) {
      throw validationError(
        first.field,
        faults.map(({ message }) => message).join('; '),
        faults.length > 1 ? { faults } : {},
      );
    }
    return instance;
  }
}

/** Half of a surrogate pair has no form in UTF-8: it would come back from a file as another character. */
function malformedTexts(instance: object, prefix: string | undefined): Fault[] {
  return Object.entries(instance)
    .filter(([, value]) => typeof value === 'string' && !value.isWellFormed())
    .map(([property]) => ({
      field: prefix === undefined ? property : `${prefix}.${property}`,
      message: `${property} must be well-formed Unicode`,
    }));
}

const BUILT_IN = new Set<unknown>([String, Number, Boolean, Array, Object]);

function describe(error: ValidationError, prefix: string | undefined): Fault[] {
  const field = prefix === undefined ? error.property : `${prefix}.${error.property}`;
  return [
    ...Object.values(error.constraints ?? {}).map((message) => ({ field, message })),
    ...(error.children ?? []).flatMap((child) => describe(child, field)),
  ];
}
