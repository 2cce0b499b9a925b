// The error switch of the GraphQL edge: what callers see of a failure.

import { HttpException } from '@nestjs/common';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { AppError } from '../core/app-error.js';

/** Errors of graphql-js about the text of a query; their message is meant for its author. */
const REQUEST_ERRORS = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_USER_INPUT',
  'BAD_REQUEST',
  'OPERATION_RESOLUTION_FAILURE',
  'PERSISTED_QUERY_NOT_FOUND',
  'PERSISTED_QUERY_NOT_SUPPORTED',
  'QUERY_TOO_COMPLEX',
  'VALIDATION_ERROR',
]);

const TOKENS_EXCEEDED = /^Syntax Error: Document contains more (than|that) \d+ tokens/;

/** Whether a failure is nobody's fault but ours, and so belongs into the log. */
export function isUnexpected(error: unknown): boolean {
  const original = originalOf(error);
  if (original instanceof AppError) return original.code === 'STORAGE_ERROR';
  if (original instanceof HttpException) return false;
  const code = codeOf(error);
  return code === undefined || !REQUEST_ERRORS.has(code);
}

/** Never a stack, a path or the message of an unexpected error. */
export function formatError(
  formatted: GraphQLFormattedError,
  error: unknown,
): GraphQLFormattedError {
  const place = {
    ...(formatted.locations ? { locations: formatted.locations } : {}),
    ...(formatted.path ? { path: formatted.path } : {}),
  };
  const original = originalOf(error);
  if (original instanceof AppError) {
    return {
      message: original.message,
      ...place,
      extensions: { code: original.code, ...original.details },
    };
  }
  const code = codeOf(formatted);
  if (code === undefined || !REQUEST_ERRORS.has(code)) {
    return {
      message: 'Internal error; the log of the service has the details',
      ...place,
      extensions: { code: 'INTERNAL_SERVER_ERROR' },
    };
  }
  if (TOKENS_EXCEEDED.test(formatted.message)) {
    return { message: formatted.message, ...place, extensions: { code: 'QUERY_TOO_COMPLEX' } };
  }
  const { stacktrace: _, ...extensions } = formatted.extensions ?? {};
  return { message: formatted.message, ...place, extensions };
}

/** What a resolver or a scalar threw. */
export function originalOf(error: unknown): unknown {
  return error instanceof GraphQLError ? (error.originalError ?? error) : error;
}

function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('extensions' in error)) return undefined;
  const { extensions } = error as GraphQLFormattedError;
  return typeof extensions?.['code'] === 'string' ? extensions['code'] : undefined;
}
