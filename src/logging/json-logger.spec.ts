import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Config } from '../config/environment.js';
import { VERSION } from '../core/version.js';
import { JsonLogger } from './json-logger.js';

/** What some tool takes for the end of a line, or acts upon. */
const UNSAFE = /[\p{Control}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\p{Surrogate}/u;

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  // Lone surrogates too: code units as they come.
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
  fc.constantFrom(
    '\n',
    '\r\n',
    '\u2028',
    '\u2029',
    '\u007f',
    '\u0085',
    '\u009b31m',
    '\ud800',
    '\u202e',
  ),
  fc.constantFrom('"', '\\', '\\n', '"}\n{"level":"error"', '\u001b[2J', '__proto__'),
);

function logged(
  log: (logger: JsonLogger) => void,
  settings: Partial<Pick<Config, 'logLevel' | 'logStackTraces' | 'logPretty'>> = {},
): string[] {
  const lines: string[] = [];
  const config = { logLevel: 'trace', logStackTraces: 1, logPretty: 0, ...settings } as const;
  log(new JsonLogger(config, { write: (line) => lines.push(line) }));
  return lines;
}

function parsed(log: (logger: JsonLogger) => void): Record<string, unknown> {
  const [line, ...more] = logged(log);
  expect(more).toEqual([]);
  return JSON.parse(line!) as Record<string, unknown>;
}

describe('a line of the log', () => {
  it('has time, level, message, service and version', () => {
    const line = parsed((logger) => logger.log('hello'));
    expect(line).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      service: 'econ-graph-financial-data',
      version: VERSION,
      message: 'hello',
    });
    expect(VERSION).toMatch(/^\d+\.\d+\.\d+/);
  });

  it.each([
    ['error', 'error'],
    ['fatal', 'error'],
    ['warn', 'warn'],
    ['log', 'info'],
    ['debug', 'debug'],
    ['verbose', 'trace'],
  ] as const)('of %s() is of the level %s', (method, level) => {
    expect(parsed((logger) => logger[method]('x', 'Context'))).toMatchObject({
      level,
      context: 'Context',
    });
  });

  it('is one line of safe characters that parses to what was logged, whatever that is', () => {
    fc.assert(
      fc.property(anyText, anyText, anyText, (message, text, name) => {
        const fields = { message, text, nested: { list: [text] }, [`x${name}`]: text };
        const [line, ...more] = logged((logger) => logger.log(fields, text));
        expect(more).toEqual([]);
        expect(line!.endsWith('}\n')).toBe(true);
        expect(line!.slice(0, -1)).not.toMatch(UNSAFE);
        expect(JSON.parse(line!)).toMatchObject({ ...fields, context: text, level: 'info' });
      }),
    );
  });

  it('keeps its own fields, whatever else is logged', () => {
    const forged = {
      message: 'm',
      level: 'error',
      time: 1,
      service: 's',
      version: 'v',
      context: 'c',
    };
    const line = parsed((logger) => logger.log(forged, 'Real'));
    expect(line).toMatchObject({
      level: 'info',
      version: VERSION,
      context: 'Real',
      level_: 'error',
    });
    expect(new Date(String(line['time'])).getTime()).not.toBeNaN();
  });

  it('has the stack of an error only where stack traces are on', () => {
    const error = new Error('broken');
    expect(parsed((logger) => logger.error(error))).toMatchObject({
      message: 'broken',
      stack: expect.stringMatching(/^Error: broken\n +at /),
    });
    const [line] = logged((logger) => logger.error(error), { logStackTraces: 0 });
    expect(line).not.toContain(' at ');
  });

  it.each([{ message: undefined }, { message: { a: 1 } }, {}, [], null, undefined, 7, ''])(
    'has a text as its message though %j was logged',
    (value) => {
      expect(typeof parsed((logger) => logger.log(value))['message']).toBe('string');
    },
  );

  it('has no secret in it', () => {
    const [line] = logged((logger) =>
      logger.error({ message: 'redis://:pw12345@h', token: 'pw12345', a: { cookie: 'pw12345' } }),
    );
    expect(line).not.toContain('pw12345');
  });

  it('is not written below the level of the settings', () => {
    const lines = logged(
      (logger) => {
        logger.debug('x');
        logger.log('x', 'NestFactory');
        logger.log('y');
      },
      { logLevel: 'info' },
    );
    expect(lines).toHaveLength(1);
  });
});

describe('a line for people', () => {
  const pretty = (fields: unknown, context?: string): string =>
    logged((logger) => logger.error(fields, undefined, context), { logPretty: 1 }).join('');

  it('has time, level, context, message and fields, in this order', () => {
    const line = pretty({ message: 'Listening', url: 'http://a:1', b: 2, c: 'd e' }, 'App');
    expect(line).toMatch(
      /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\] ERROR: \[App\] Listening url=http:\/\/a:1 b=2 c="d e"\n$/,
    );
  });

  it.each(['name', 'pid', 'hostname', 'caller', 'err', 'error', 'msg'])(
    'treats a field called %s as any other',
    (name) => {
      const line = pretty({ message: 'x', [name]: 'a\u001b[2J\nb' });
      expect(line).toMatch(new RegExp(`\\] ERROR: x ${name}="a\\\\u001b\\[2J\\\\nb"\n$`));
    },
  );

  it('keeps the lines of a stack, indented', () => {
    const line = pretty({ message: 'x', cause: 'Error: a\n    at b\n    at c', last: 1 });
    expect(line.split('\n').slice(1)).toEqual(['    Error: a', '        at b', '        at c', '']);
    expect(line.split('\n')[0]).toMatch(/ x last=1$/);
  });

  it('has nothing in it that a terminal acts upon, whatever is logged', () => {
    fc.assert(
      fc.property(anyText, anyText, anyText, (message, text, name) => {
        const line = pretty({ message, text, [`x${name}`]: [text], cause: text }, text);
        const [first, ...rest] = line.slice(0, -1).split('\n');
        expect(line.endsWith('\n')).toBe(true);
        expect(first).toMatch(/^\[[^\]]+\] ERROR: /);
        // Only the text of a stack goes on, below and indented.
        for (const more of rest) expect(more).toMatch(/^ {4}/);
        expect(rest).toHaveLength(text.split('\n').length - (text.includes('\n') ? 0 : 1));
        for (const shown of [first!, ...rest]) expect(shown).not.toMatch(UNSAFE);
      }),
    );
  });
});
