// The rules of classes that are what a caller sent (class-validator), told in the way of the error catalogue.

import { getMetadataStorage, validateSync, type ValidationError } from 'class-validator';
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
  const faults = isKnownValid(instance) ? [] : faultsOf(instance, name);
  faults.push(...malformedTexts(instance, name));
  const [first] = faults;
  if (!first) return;
  throw validationError(
    first.field,
    faults.map(({ message }) => message).join('; '),
    faults.length > 1 ? { faults } : {},
  );
}

function faultsOf(instance: object, name: string | undefined): Fault[] {
  // A class without rules is not an unknown value: its scalars have checked everything.
  const errors = validateSync(instance, { forbidUnknownValues: false });
  if (errors.length === 0) noteValid(instance);
  return errors.flatMap((error) => describe(error, name));
}

/** What is known of a property with rules. */
interface Ruled {
  readonly isOptional: boolean;
  /** Values that were found valid: front ends send the same few limits again and again. */
  readonly valid: Set<unknown>;
}

/** Rules look at values and at nothing else, so what was valid once is valid. */
const VALID_VALUES_MAX = 1000;
const ruledProperties = new WeakMap<object, ReadonlyMap<string, Ruled>>();

/** Whether everything with rules may be left out and is, or was seen before: a run of the validator is saved. */
function isKnownValid(instance: object): boolean {
  for (const [property, { isOptional, valid }] of ruledPropertiesOf(instance.constructor)) {
    const value = valueOf(instance, property);
    if (!(isOptional && value == null) && !valid.has(value)) return false;
  }
  return true;
}

function noteValid(instance: object): void {
  for (const [property, { valid }] of ruledPropertiesOf(instance.constructor)) {
    const value = valueOf(instance, property);
    const isNumber = typeof value === 'number' || typeof value === 'boolean';
    if (isNumber && valid.size < VALID_VALUES_MAX) valid.add(value);
  }
}

function valueOf(instance: object, property: string): unknown {
  return (instance as Readonly<Record<string, unknown>>)[property];
}

// The type of constructors of class-validator.
// eslint-disable-next-line @typescript-eslint/no-unsafe-function-type
function ruledPropertiesOf(type: Function): ReadonlyMap<string, Ruled> {
  let properties = ruledProperties.get(type);
  if (!properties) {
    const found = new Map<string, Ruled>();
    const rules = getMetadataStorage().getTargetValidationMetadatas(type, '', false, false);
    for (const { propertyName, name } of rules) {
      const isOptional = found.get(propertyName)?.isOptional === true || name === 'isOptional';
      found.set(propertyName, { isOptional, valid: new Set() });
    }
    properties = found;
    ruledProperties.set(type, properties);
  }
  return properties;
}

/** Half of a surrogate pair has no form in UTF-8: it would come back from a file as another character. */
function malformedTexts(instance: object, prefix: string | undefined): Fault[] {
  const faults: Fault[] = [];
  for (const property in instance) {
    const value = valueOf(instance, property);
    if (typeof value !== 'string' || value.isWellFormed()) continue;
    faults.push({
      field: prefix === undefined ? property : `${prefix}.${property}`,
      message: `${property} must be well-formed Unicode`,
    });
  }
  return faults;
}

function describe(error: ValidationError, prefix: string | undefined): Fault[] {
  const field = prefix === undefined ? error.property : `${prefix}.${error.property}`;
  return [
    ...Object.values(error.constraints ?? {}).map((message) => ({ field, message })),
    ...(error.children ?? []).flatMap((child) => describe(child, field)),
  ];
}
