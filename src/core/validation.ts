// The rules of classes that are what a caller sent (class-validator), told in the way of the error catalogue.

import { validateSync, type ValidationError } from 'class-validator';
import { validationError } from './app-error.js';

interface Fault {
  readonly field: string;
  readonly message: string;
}

/**
 * @param name of the argument that the instance is; left out, its properties are the arguments
 * @throws AppError VALIDATION_ERROR naming the first field at fault, and all of them in `faults`
 */
export function assertValid(instance: object, name?: string): void {
  // A class without rules is not an unknown value: its scalars have checked everything.
  const faults = validateSync(instance, { forbidUnknownValues: false }).flatMap((error) =>
    describe(error, name),
  );
  faults.push(...malformedTexts(instance, name));
  const [first] = faults;
  if (!first) return;
  throw validationError(
    first.field,
    faults.map(({ message }) => message).join('; '),
    faults.length > 1 ? { faults } : {},
  );
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

function describe(error: ValidationError, prefix: string | undefined): Fault[] {
  const field = prefix === undefined ? error.property : `${prefix}.${error.property}`;
  return [
    ...Object.values(error.constraints ?? {}).map((message) => ({ field, message })),
    ...(error.children ?? []).flatMap((child) => describe(child, field)),
  ];
}
