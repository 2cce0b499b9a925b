import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Config } from '../config/environment.js';
import { JsonLogger } from './json-logger.js';
import { failureOf, RequestLog, type EndedRequest } from './request-log.js';

const ENDED: EndedRequest = {
  requestId: 'r',
  protocol: 'graphql',
  operation: 'Q',
  milliseconds: 12.345_678,
  outcome: 'success',
};

let lines: Record<string, unknown>[];
beforeEach(() => {
  lines = [];
  const settings = { logLevel: 'trace', logStackTraces: 0, logPretty: 0 } as const;
  const write = (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>);
  Logger.overrideLogger(new JsonLogger(settings, { write }));
});
afterEach(() => Logger.overrideLogger(false));

function logOf(settings: Partial<Config> = {}): RequestLog {
  return new RequestLog(Object.assign(new Config(), settings));
}

function lineOf(request: Partial<EndedRequest>, settings: Partial<Config> = {}) {
  logOf(settings).ended({ ...ENDED, ...request });
  expect(lines).toHaveLength(1);
  return lines[0];
}

describe('a request that ended well', () => {
  it.each([
    [{ logLevel: 'error' }, 999, false],
    [{ logLevel: 'info' }, 999, false],
    [{ logLevel: 'info' }, 1000, true],
    [{ logLevel: 'debug' }, 0, true],
    [{ logLevel: 'trace' }, 0, true],
    [{ slowQueryMilliseconds: 50 }, 49.9, false],
    [{ slowQueryMilliseconds: 50 }, 50, true],
    [{ slowQueryMilliseconds: 0 }, 1e9, false],
  ] as const)('with %j after %d ms: is asked for %s', (settings, milliseconds, wanted) => {
    expect(logOf(settings).wantsSuccess(milliseconds)).toBe(wanted);
  });
});

describe('how severe a line is', () => {
  const asked = () => ({ query: '{a}', variables: {} });

  it.each([
    ['success', 'debug', 'Request answered'],
    ['cancelled', 'debug', 'Request cancelled'],
    ['refused', 'info', 'Request refused'],
    ['unavailable', 'warn', 'Request not served'],
    ['failed', 'error', 'Request failed'],
  ] as const)('%s: %s', (outcome, level, message) => {
    expect(lineOf({ outcome, asked })).toMatchObject({
      ...{ level, message, requestId: 'r', principal: 'anonymous', protocol: 'graphql' },
      ...{ operation: 'Q', durationMs: 12.346 },
    });
    expect(lines[0]).not.toHaveProperty('query');
  });

  it.each(['success', 'cancelled', 'refused', 'unavailable'] as const)(
    '%s after a long time: a slow query',
    (outcome) => {
      expect(lineOf({ outcome, asked, milliseconds: 1000 })).toMatchObject({
        ...{ level: 'warn', message: 'Slow query', query: '{a}', variables: '{}' },
      });
    },
  );

  it('a failure is one, however long it took', () => {
    const failures = [failureOf(new Error('x'))];
    expect(lineOf({ outcome: 'failed', failures, asked, milliseconds: 1e6 })).toMatchObject({
      level: 'error',
      message: 'x',
    });
  });

  it('what is no query is not slow', () => {
    expect(lineOf({ milliseconds: 1e6 })).toMatchObject({ level: 'debug' });
  });
});

describe('failures', () => {
  it('have a line each up to the tenth, and say how many there are', () => {
    const failures = Array.from({ length: 11 }, (_, index) =>
      failureOf(new Error(`m${index}`, { cause: 'c' }), { path: `p${index}` }),
    );
    logOf().ended({ ...ENDED, outcome: 'failed', failures });
    expect(lines).toHaveLength(10);
    expect(lines[9]).toMatchObject({ message: 'm9', path: 'p9', cause: 'c', failures: 11 });
    expect(failureOf('text')).toMatchObject({ message: 'text', cause: 'text' });
  });
});

describe('what a caller chose', () => {
  it('is cut, at the limit and not before', () => {
    const line = (operation: string, query: string) => {
      lines = [];
      return lineOf({ operation, milliseconds: 1e4, asked: () => ({ query }) });
    };
    const [name, text] = ['n'.repeat(100), 'q'.repeat(2000)];
    expect(line(name, text)).toMatchObject({ operation: name, query: text });
    expect(line(`${name}n`, `${text}q`)).toMatchObject({
      operation: `${name}…`,
      query: `${text}…`,
    });
  });
});
