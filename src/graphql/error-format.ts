// The error switch of the GraphQL edge: what callers see of a failure.

import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { AppError } from '../core/app-error.js';

/** Errors of graphql-js and Apollo about a request; their message is meant for its author. */
export const REQUEST_ERRORS: ReadonlySet<unknown> = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_USER_INPUT',
  'BAD_REQUEST',
  'OPERATION_RESOLUTION_FAILURE',
  'PERSISTED_QUERY_NOT_FOUND',
  'PERSISTED_QUERY_NOT_SUPPORTED',
]);

/** The code of every failure that is not the caller's business. */
export const INTERNAL_ERROR = 'INTERNAL_SERVER_ERROR';

// Complaints about a request to which graphql-js and Apollo give no code, or not the one that we promise.
const OTHER_COMPLAINTS: readonly (readonly [RegExp, string])[] = [
  [/^Syntax Error: Document contains more (than|that) \d+ tokens/, 'QUERY_TOO_COMPLEX'],
  [/^Schema is not configured to execute \w+ operation/, 'GRAPHQL_VALIDATION_FAILED'],
  [/^Too many errors processing variables/, 'BAD_USER_INPUT'],
  [/^provided sha does not match query$/, 'BAD_REQUEST'],
  [/^Unsupported persisted query version$/, 'BAD_REQUEST'],
];

// Messages quote what was received, and that can be as long as a request.
const MESSAGE_CHARACTERS_MAX = 1000;

/** Whether a failure is nobody's fault but ours, and so belongs into the log. */
export function isUnexpected(error: unknown): boolean {
  const original = originalOf(error);
  if (original instanceof AppError) return original.code === 'STORAGE_ERROR';
  return requestErrorCode(error) === undefined;
}

/** The code that callers see of it. */
export function codeOf(error: unknown): string {
  const original = originalOf(error);
  if (original instanceof AppError) return original.code;
  return requestErrorCode(error) ?? INTERNAL_ERROR;
}

/** Never a stack, a path or the message of an unexpected error. */
export function formatError(
  formatted: GraphQLFormattedError,
  error: unknown,
): GraphQLFormattedError {
  const { message, extensions } = explain(formatted, error);
  return {
    message: shortened(message),
    ...(formatted.locations ? { locations: formatted.locations } : {}),
    ...(formatted.path ? { path: formatted.path } : {}),
    extensions,
  };
}

/** What a resolver or a scalar threw; graphql-js wraps it once or, for a variable, twice. */
export function originalOf(error: unknown): unknown {
  let original = error;
  while (original instanceof GraphQLError && original.originalError) {
    original = original.originalError;
  }
  return original;
}

function explain(
  formatted: GraphQLFormattedError,
  error: unknown,
): { message: string; extensions: Record<string, unknown> } {
  const original = originalOf(error);
  if (original instanceof AppError) {
    return {
      message: original.message,
      extensions: { code: original.code, ...original.details },
    };
  }
  const code = requestErrorCode(error);
  if (code === undefined) {
    return {
      message: 'Internal error; the log of the service has the details',
      extensions: { code: INTERNAL_ERROR },
    };
  }
  const { stacktrace: _, ...extensions } = formatted.extensions ?? {};
  return { message: formatted.message, extensions: { ...extensions, code } };
}

/** The code of a complaint about the request; undefined for every other error. */
function requestErrorCode(error: unknown): string | undefined {
  if (!(error instanceof GraphQLError)) return undefined;
  // A resolver's error has an original and no code, and its message may be anything.
  if (error.originalError === undefined || error.extensions['code'] !== undefined) {
    const other = OTHER_COMPLAINTS.find(([message]) => message.test(error.message));
    if (other) return other[1];
  }
  const { code } = error.extensions;
  return typeof code === 'string' && REQUEST_ERRORS.has(code) ? code : undefined;
}

function shortened(message: string): string {
  return message.length > MESSAGE_CHARACTERS_MAX
    ? `${message.slice(0, MESSAGE_CHARACTERS_MAX)}…`
    : message;
}
