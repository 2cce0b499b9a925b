import { GraphQLError } from 'graphql';
import { describe, expect, it } from 'vitest';
import { AppError, storageError, validationError } from '../core/app-error.js';
import { formatError, isUnexpected, originalOf } from './error-format.js';

/** An error as graphql-js wraps it, and as the service answers it. */
function answer(originalError: Error | undefined, extensions = {}, message?: string) {
  const error = new GraphQLError(message ?? originalError?.message ?? '', {
    ...(originalError ? { originalError } : {}),
    path: ['series'],
    extensions,
  });
  return formatError(error.toJSON(), error);
}

describe('the error switch', () => {
  it('answers an expected error with its code and details, never with its cause', () => {
    const error = storageError('write', 'Nothing was changed', { reason: 'ENOSPC' }, '/secret');
    expect(answer(error)).toEqual({
      message: 'Nothing was changed',
      path: ['series'],
      extensions: { code: 'STORAGE_ERROR', operation: 'write', reason: 'ENOSPC' },
    });
  });

  it('finds the original below the errors that graphql-js puts around it', () => {
    const original = validationError('a', 'a is bad');
    const inner = new GraphQLError('inner', { originalError: original });
    const outer = new GraphQLError('outer', { originalError: inner });
    expect(originalOf(outer)).toBe(original);
    expect(formatError(outer.toJSON(), outer).message).toBe('a is bad');
  });

  it.each([
    ['an error of a library', new TypeError('cannot read /secret')],
    ['an error that looks like one of ours', Object.assign(new Error('/secret'), { code: 'X' })],
    [
      'a message that looks like one of graphql-js',
      new Error('Too many errors processing variables of /secret'),
    ],
  ])('tells nothing of %s, which is unexpected', (_, original) => {
    const error = new GraphQLError(original.message, { originalError: original });
    expect(isUnexpected(error)).toBe(true);
    expect(answer(original)).toEqual({
      message: 'Internal error; the log of the service has the details',
      path: ['series'],
      extensions: { code: 'INTERNAL_SERVER_ERROR' },
    });
  });

  it('leaves out a stack that was put beside the code', () => {
    const extensions = { code: 'GRAPHQL_PARSE_FAILED', stacktrace: ['at /secret'] };
    expect(answer(undefined, extensions, 'Syntax Error').extensions).toEqual({
      code: 'GRAPHQL_PARSE_FAILED',
    });
  });

  it('takes only the failures of the service for unexpected', () => {
    const wrapped = (original: Error) => new GraphQLError('x', { originalError: original });
    expect(isUnexpected(wrapped(storageError('read', 'x')))).toBe(true);
    expect(isUnexpected(wrapped(new AppError('UNAVAILABLE', 'x')))).toBe(false);
    expect(isUnexpected(wrapped(validationError('x', 'x')))).toBe(false);
    expect(isUnexpected('a thrown text')).toBe(true);
  });

  it('cuts what would be as long as a request', () => {
    const { message } = answer(validationError('a', 'x'.repeat(100_000)));
    expect(message).toBe(`${'x'.repeat(1000)}…`);
  });
});
