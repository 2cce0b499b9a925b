import { describe, expect, it } from 'vitest';
import { parseRedisAddress } from './redis-address.js';

const PLAIN = { isTls: false, username: '', password: '', database: 0 };

describe('REDIS_URL', () => {
  it.each([
    ['redis://cache', { ...PLAIN, nodes: [{ host: 'cache', port: 6379 }] }],
    ['redis://127.0.0.1:7000/', { ...PLAIN, nodes: [{ host: '127.0.0.1', port: 7000 }] }],
    ['redis://cache/15', { ...PLAIN, nodes: [{ host: 'cache', port: 6379 }], database: 15 }],
    ['rediss://[::1]:1', { ...PLAIN, nodes: [{ host: '::1', port: 1 }], isTls: true }],
    [
      'redis://:secret@cache',
      { ...PLAIN, nodes: [{ host: 'cache', port: 6379 }], password: 'secret' },
    ],
    [
      'redis://us%65r:p%40ss%2Cw%3Ard%2F%25@cache:65535/1',
      {
        ...{ nodes: [{ host: 'cache', port: 65_535 }], isTls: false },
        ...{ username: 'user', password: 'p@ss,w:rd/%', database: 1 },
      },
    ],
    [
      'rediss://u:p@a:1,rediss://b:2,rediss://u:p@c:3',
      {
        ...{ isTls: true, username: 'u', password: 'p', database: 0 },
        nodes: [
          { host: 'a', port: 1 },
          { host: 'b', port: 2 },
          { host: 'c', port: 3 },
        ],
      },
    ],
  ])('%s is understood', (text, address) => {
    expect(parseRedisAddress(text)).toEqual(address);
  });

  it.each([
    '',
    'cache',
    'cache:6379',
    'http://cache',
    'redis://',
    'redis://cache:0',
    'redis://cache:65536',
    'redis://cache/x',
    'redis://cache/1?family=6',
    'redis://u:%zz@cache',
    'redis://u:%ff@cache',
    'redis://u:p@ss@cache',
    'redis://a,',
    'redis://a, redis://b',
    'redis://a,rediss://b',
    'redis://a/1,redis://b',
    'redis://u:p@a,redis://v:p@b',
    'redis://a,redis://u:p@b',
  ])('%s is refused', (text) => {
    expect(parseRedisAddress(text)).toBeUndefined();
  });
});
