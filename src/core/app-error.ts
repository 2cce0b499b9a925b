// The one error catalogue. Services throw `AppError`s; each edge (GraphQL, HTTP, command line) maps a
// code once. What each code means for a caller is written in docs/errors.md, which a test ties to this list.

/** `retryable`: the same request may succeed later, without a change to it. */
export const ERROR_CATALOGUE = {
  VALIDATION_ERROR: { retryable: false },
  NOT_FOUND: { retryable: false },
  CONFLICT: { retryable: false },
  STORAGE_ERROR: { retryable: true },
  CURSOR_EXPIRED: { retryable: false },
  READ_TOO_LARGE: { retryable: false },
  WRITE_TOO_LARGE: { retryable: false },
  QUERY_TOO_COMPLEX: { retryable: false },
  TOO_MANY_STREAMS: { retryable: true },
  STREAM_IDLE: { retryable: true },
  UNAVAILABLE: { retryable: true },
} as const;

export type ErrorCode = keyof typeof ERROR_CATALOGUE;

/** Facts about the failure that a caller may see; never a path, a stack or a secret. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

/** An expected failure: the caller's or the disk's fault, told in words a caller can act on. */
export class AppError extends Error {
  override readonly name = 'AppError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: ErrorDetails = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** @param field the argument at fault, as the caller wrote it: `inputs[3].date` */
export function validationError(
  field: string,
  message: string,
  details: ErrorDetails = {},
): AppError {
  return new AppError('VALIDATION_ERROR', message, { field, ...details });
}

export function notFound(resource: string, id: string): AppError {
  return new AppError('NOT_FOUND', `${resource} ${id} does not exist`, { resource, id });
}

export function conflict(message: string, details: ErrorDetails = {}): AppError {
  return new AppError('CONFLICT', message, details);
}

/** @param operation what was being done: `read` or `write` */
export function storageError(
  operation: string,
  message: string,
  details: ErrorDetails = {},
  cause?: unknown,
): AppError {
  return new AppError(
    'STORAGE_ERROR',
    message,
    { operation, ...details },
    cause === undefined ? undefined : { cause },
  );
}

const SHOWN_CHARACTERS_MAX = 60;

/** What a caller sent, in quotes, for a message: long texts are cut, control characters escaped. */
export function shown(received: string): string {
  return JSON.stringify(
    received.length > SHOWN_CHARACTERS_MAX
      ? `${received.slice(0, SHOWN_CHARACTERS_MAX)}…`
      : received,
  );
}

/** The message of whatever was thrown: libraries (parquetjs-lite among them) also throw plain strings. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
