// Reading what callers send as JSON (commands, criteria, options, bodies of actions): every key that is there
// must be known, every value of its type. Fields are named in errors as the caller wrote them.

import { shown, validationError } from '../core/app-error.js';
import { CalendarDate } from '../core/calendar-date.js';
import { Uuid } from '../core/uuid.js';

/** @throws AppError VALIDATION_ERROR naming `what` where the bytes are no JSON object */
export function parseJsonObject(bytes: Uint8Array | string, what: string): Record<string, unknown> {
  const text = typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw validationError(what, `${what} must be a JSON object: ${(cause as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw validationError(what, `${what} must be a JSON object, received ${shown(text)}`);
  }
  return value as Record<string, unknown>;
}

export class JsonFields {
  private readonly read = new Set<string>();

  /** @param path of the object in what was sent; empty for the whole */
  constructor(
    private readonly object: Record<string, unknown>,
    private readonly path = '',
  ) {}

  has(key: string): boolean {
    return this.object[key] != null;
  }

  /** @throws AppError VALIDATION_ERROR where it is not there */
  require(key: string): void {
    const name = this.name(key);
    if (!this.has(key)) throw validationError(name, `${name} is needed`);
  }

  text(key: string): string | undefined {
    return this.typed(key, 'a text', (value) => typeof value === 'string');
  }

  flag(key: string): boolean | undefined {
    return this.typed(key, 'true or false', (value) => typeof value === 'boolean');
  }

  integer(key: string, min: number, max: number): number | undefined {
    return this.typed(
      key,
      `a whole number from ${min} to ${max}`,
      (value) => Number.isInteger(value) && (value as number) >= min && (value as number) <= max,
    );
  }

  date(key: string): CalendarDate | undefined {
    const text = this.text(key);
    return text === undefined ? undefined : CalendarDate.parse(text, this.name(key));
  }

  uuid(key: string): Uuid | undefined {
    const text = this.text(key);
    return text === undefined ? undefined : Uuid.parse(text, this.name(key));
  }

  texts(key: string): string[] | undefined {
    return this.typed(
      key,
      'a list of texts',
      (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
    );
  }

  oneOf<T extends string>(key: string, allowed: readonly T[]): T | undefined {
    const isAllowed = (value: unknown) => allowed.includes(value as T);
    return this.typed(key, `one of ${allowed.join(', ')}`, isAllowed);
  }

  fields(key: string): JsonFields | undefined {
    const value: Record<string, unknown> | undefined = this.typed(
      key,
      'an object',
      (given) => typeof given === 'object' && !Array.isArray(given),
    );
    return value && new JsonFields(value, this.name(key));
  }

  /** The name of a field in errors. */
  name(key: string): string {
    return this.path === '' ? key : `${this.path}.${key}`;
  }

  /** @throws AppError VALIDATION_ERROR where something was sent that nobody asked for: mostly a slip */
  finish(): void {
    const unknown = Object.keys(this.object).find((key) => !this.read.has(key));
    if (unknown === undefined) return;
    const known = [...this.read].sort().join(', ');
    const name = this.name(unknown);
    throw validationError(name, `${shown(name)} is not known here; known are ${known}`);
  }

  /** Null counts as left out, as in GraphQL. */
  private typed<T>(key: string, type: string, is: (value: unknown) => boolean): T | undefined {
    this.read.add(key);
    const value = this.object[key];
    if (value == null) return undefined;
    if (!is(value)) {
      const name = this.name(key);
      const received = shown(described(value));
      throw validationError(name, `${name} must be ${type}, received ${received}`);
    }
    return value as T;
  }
}

function described(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return 'what is nested too deeply to be shown';
  }
}
