import { describe, expect, it } from 'vitest';
import { isSecretName, loggable, REDACTED, redactedText, SECRET_NAMES } from './redaction.js';

const SECRET = 'hunter2-hunter2';

/** Each entry of the list in the forms in which it is written, and with something around it. */
const NAMES = [
  ...SECRET_NAMES.flatMap((name) => [name, name.toUpperCase(), `my_${name}`, `${name}Value`]),
  ...['Proxy-Authorization', 'Set-Cookie', 'X-API-Key', 'accessToken', 'client_secret'],
  ...['REDIS_URL', 'redisUrl', 'credentials', 'Access-Key-Id', 'private key', 'ENCRYPTION_KEY'],
];

describe('a value that has the name of a secret', () => {
  it.each(NAMES)('%s is left out, at any depth', (name) => {
    expect(isSecretName(name)).toBe(true);
    const logged = loggable({ [name]: SECRET, a: [{ b: { [name]: { c: SECRET } } }] });
    expect(logged).toEqual({ [name]: REDACTED, a: [{ b: { [name]: REDACTED } }] });
  });

  it.each(NAMES)('%s is left out within texts', (name) => {
    for (const text of [
      `${name}=${SECRET}`,
      `what ${name}: ${SECRET}, and more`,
      `{ login(${name}: "${SECRET} and \\" ${SECRET}") { id } }`,
      JSON.stringify({ [name]: SECRET }),
      JSON.stringify(JSON.stringify({ [name]: SECRET })),
      `{"${name}":"${SECRET}`,
    ]) {
      expect(redactedText(text)).not.toContain(SECRET);
      expect(redactedText(text)).toContain(REDACTED);
    }
  });

  it.each(['id', 'title', 'operation', 'requestId', 'key', 'author', 'url', 'path', 'pass'])(
    '%s is none',
    (name) => {
      expect(loggable({ [name]: 'shown' })).toEqual({ [name]: 'shown' });
    },
  );
});

describe('a text that is JSON', () => {
  it.each([
    { password: SECRET, a: 1 },
    { a: [{ token: SECRET }] },
    JSON.stringify({ token: SECRET }),
  ])('stays JSON: %j', (value) => {
    const shown = redactedText(JSON.stringify(value));
    expect(shown).not.toContain(SECRET);
    expect(() => JSON.parse(shown) as unknown).not.toThrow();
  });
});

describe('credentials within a text', () => {
  it.each([
    [
      `connect to redis://user:${SECRET}@host:6379/0 failed`,
      'connect to redis://***@host:6379/0 failed',
    ],
    [`rediss://:${SECRET}@a,rediss://b:${SECRET}@c`, 'rediss://***@a,rediss://***@c'],
    [`https://u:p@${SECRET}@host/path`, 'https://***@host/path'],
    [`sent Bearer ${SECRET}`, 'sent Bearer ***'],
    [`authorization: basic ${SECRET}`, 'authorization: ***'],
    [`authorization: Token ${SECRET}`, 'authorization: ***'],
    [`Cookie: a=b; session=${SECRET}\nhost: x`, 'Cookie: ***\nhost: x'],
    [`{ a(password: """${SECRET} "x" y""") }`, '{ a(password: """***""") }'],
    [`{ a(tokens: ["${SECRET}", "b"], first: 1) }`, '{ a(tokens: ***, first: 1) }'],
    [`{ a(secret: { value: "${SECRET}" }, first: 1) }`, '{ a(secret: ***, first: 1) }'],
    [`{ a(password: """${SECRET}`, '{ a(password: """***"""'],
  ])('%s', (text, shown) => expect(redactedText(text)).toBe(shown));

  it('are not seen at the place where a text is cut', () => {
    const address = `redis://user:${SECRET}@host`;
    for (let length = 14; length <= address.length; length++) {
      const shown = redactedText(`to ${address}`, 3 + length);
      for (let end = 4; end <= SECRET.length; end++) {
        expect(shown).not.toContain(SECRET.slice(0, end));
      }
      const cut = redactedText(`to ${address.slice(0, length)}…`);
      expect(cut).not.toContain(SECRET.slice(0, 4));
    }
    expect(redactedText('listens on http://127.0.0.1:3001')).toBe(
      'listens on http://127.0.0.1:3001',
    );
  });

  it('are not seen where there are none', () => {
    const text = 'Read http://localhost:3001/graphql?a=b, a@example.org: the bearer of basic news';
    expect(redactedText(text)).toBe(text);
  });

  it('are looked for in one pass over texts made to be slow', () => {
    for (const text of ['//', '//a', 'password', 'pass-word_', 'bearer ', 'a'])
      expect(redactedText(text.repeat(100_000 / text.length)).length).toBeLessThanOrEqual(25_000);
  });
});

describe('whatever is logged', () => {
  it('is a JSON value', () => {
    const value = {
      a: [1, 1n, NaN, null, undefined, true, () => 1],
      date: new Date(0),
      bytes: new Uint8Array(3),
      error: new Error(`redis://a:${SECRET}@b`),
      nothing: undefined,
    };
    expect(loggable(value)).toEqual({
      a: [1, '1', 'NaN', null, null, true, null],
      date: '1970-01-01T00:00:00.000Z',
      bytes: '3 bytes',
      error: 'Error: redis://***@b',
    });
  });

  it('keeps a field that is called like the prototype', () => {
    const logged = loggable(JSON.parse('{"__proto__":{"a":1}}'));
    expect(JSON.stringify(logged)).toBe('{"__proto__":{"a":1}}');
  });

  it('ends, though it is a circle of many', () => {
    const circle: unknown[] = [];
    for (let index = 0; index < 100; index++) circle.push(circle, { circle });
    expect(JSON.stringify(loggable(circle)).length).toBeLessThan(50_000);
  });

  it('is limited in size', () => {
    const long = { text: 'x'.repeat(1_000_000), list: new Array(1_000_000).fill(1) };
    expect(JSON.stringify(loggable(long)).length).toBeLessThan(30_000);
    const wide = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`f${index}`, 1]));
    expect(Object.keys(loggable(wide) as object)).toHaveLength(2_000);
  });

  it('does not fail for what cannot be read', () => {
    const broken = {
      get a(): never {
        throw new Error('no');
      },
    };
    expect(loggable({ broken })).toEqual({ broken: 'unreadable' });
  });
});
