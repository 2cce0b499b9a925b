import { v5, v7, validate } from 'uuid';
import { shown, validationError } from './app-error.js';

/** A UUID in canonical form (36 characters, lower case); made only by the functions below. */
export type Uuid = string & { readonly __brand: 'Uuid' };

// The const of the same name is the companion of the type, and the reference by which code-first
// GraphQL models name the scalar.
export const Uuid = {
  /** @throws AppError VALIDATION_ERROR naming `field` */
  parse(text: string, field = 'id'): Uuid {
    const uuid = Uuid.tryParse(text);
    if (uuid === undefined) {
      throw validationError(field, `${field} must be a UUID, received ${shown(text)}`);
    }
    return uuid;
  },

  tryParse(text: string): Uuid | undefined {
    return validate(text) ? (text.toLowerCase() as Uuid) : undefined;
  },

  /** A new time-ordered identifier (RFC 9562, version 7). */
  v7(): Uuid {
    return v7() as Uuid;
  },

  /** The identifier that `name` always has in `namespace` (RFC 9562, version 5). */
  v5(name: string, namespace: Uuid): Uuid {
    return v5(name, namespace) as Uuid;
  },
};
