import { describe, expect, it } from 'vitest';
import { AppError } from '../core/app-error.js';
import { JsonFields, parseJsonObject } from './json-fields.js';

/** The field that a failure names. */
function refused(task: () => unknown): unknown {
  try {
    task();
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
    return (error as AppError).details['field'];
  }
  return expect.fail('nothing was refused');
}

describe('parseJsonObject', () => {
  it.each(['', 'x', '[]', 'null', '1', '"a"', '{"a":1', '\ud800'])('refuses %j', (text) => {
    expect(refused(() => parseJsonObject(text, 'body'))).toBe('body');
  });

  it('reads an object from bytes', () => {
    expect(parseJsonObject(Buffer.from('{"é":1}'), 'body')).toEqual({ é: 1 });
  });
});

describe('JsonFields', () => {
  it('take null for left out', () => {
    const fields = new JsonFields({ a: null });
    expect([fields.has('a'), fields.text('a'), fields.flag('b')]).toEqual([
      false,
      undefined,
      undefined,
    ]);
    fields.finish();
  });

  it.each<[string, (fields: JsonFields) => unknown]>([
    ['text', (fields) => fields.text('a')],
    ['flag', (fields) => fields.flag('a')],
    ['integer', (fields) => fields.integer('a', 0, 9)],
    ['date', (fields) => fields.date('a')],
    ['uuid', (fields) => fields.uuid('a')],
    ['texts', (fields) => fields.texts('a')],
    ['oneOf', (fields) => fields.oneOf('a', ['x'])],
    ['fields', (fields) => fields.fields('a')],
  ])('refuse what is no %s, naming it as it was written', (_, read) => {
    // A list of numbers and a number with a fraction are none of them.
    for (const value of [[1], 1.5]) {
      expect(refused(() => read(new JsonFields({ a: value })))).toBe('a');
      expect(refused(() => read(new JsonFields({ a: value }, 'filter')))).toBe('filter.a');
    }
  });

  it('know the ends of whole numbers', () => {
    const at = (value: number) => () => new JsonFields({ a: value }).integer('a', 1, 3);
    expect([at(1)(), at(3)()]).toEqual([1, 3]);
    expect([refused(at(0)), refused(at(4))]).toEqual(['a', 'a']);
  });

  it('tell of what nobody asked for, inside other objects too', () => {
    const fields = new JsonFields({ a: 'x', b: { c: 1, d: 2 } });
    fields.text('a');
    const inner = fields.fields('b')!;
    fields.finish();
    inner.integer('c', 0, 9);
    expect(refused(() => inner.finish())).toBe('b.d');
    const proto = new JsonFields(JSON.parse('{"__proto__":1}') as Record<string, unknown>);
    expect(refused(() => proto.finish())).toBe('__proto__');
  });
});
