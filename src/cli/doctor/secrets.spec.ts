import { describe, expect, it } from 'vitest';
import { Secrets } from './secrets.js';
import { settingsFacts } from './settings-facts.js';

const URL = 'rediss://econ:p%40ssw0rd@cache.example.org:6380/2';

describe('Secrets', () => {
  it.each([
    ['the whole of a secret setting', `could not connect to ${URL}`],
    ['the password as it was written', 'AUTH failed for p%40ssw0rd'],
    ['the password as it is meant', 'AUTH failed for p@ssw0rd'],
    ['what the log would hide', 'password=abcdefgh https://someone:abcdefgh@example.org'],
  ])('hides %s', (_, text) => {
    expect(new Secrets({ REDIS_URL: URL }).hide(text)).not.toMatch(/ssw0rd|abcdefgh/);
  });

  it('hides the password of an address that is refused', () => {
    const environment = { REDIS_URL: 'http://econ:hunter22@cache' };
    const secrets = new Secrets(environment);
    expect(secrets.hide('WRONGPASS hunter22')).toBe('WRONGPASS ***');
    expect(JSON.stringify(settingsFacts(environment, secrets))).not.toContain('hunter22');
  });

  it('leaves all else as it is', () => {
    const text = 'The data directory is in use by process 7 on host';
    expect(new Secrets({ REDIS_URL: 'redis://cache' }).hide(text)).toBe(text);
    expect(new Secrets({ REDIS_URL: 'redis://u:pw@cache' }).hide('pwd')).toBe('pwd');
  });
});

const facts = (environment: NodeJS.ProcessEnv) =>
  settingsFacts(environment, new Secrets(environment)).facts;

describe('settingsFacts', () => {
  it('tells what is set to something else than its default, under the name that counts', () => {
    expect(
      facts({ PORT: '3001', RUST_LOG: 'debug', HOST: '', DATA_DIR: '/srv/econ', HOME: '/root' })
        .changed,
    ).toEqual([
      { name: 'DATA_DIR', value: '/srv/econ' },
      { name: 'RUST_LOG', value: 'debug' },
    ]);
  });

  it('never tells the value of a secret', () => {
    const found = facts({ REDIS_URL: URL });
    expect(found.changed).toEqual([{ name: 'REDIS_URL', value: 'set, not shown' }]);
    expect(found.inUse.hasRedis).toBe(true);
    expect(JSON.stringify(found)).not.toMatch(/p%40|p@ss|cache\.example/);
  });

  it('hides a password in an address that is no secret setting', () => {
    expect(facts({ CORS_ORIGINS: 'https://someone:hunter22@a.example' }).changed).toEqual([
      { name: 'CORS_ORIGINS', value: 'https://***@a.example' },
    ]);
    const [fault] = facts({ CORS_ORIGINS: 'https://someone:hunter22@a.example/' }).faults;
    expect(fault).toMatch(/^CORS_ORIGINS: received ".*", allowed is \* or origins/);
    expect(fault).not.toContain('hunter22');
  });

  it('tells every fault, and goes on with what is good', () => {
    const found = facts({ PORT: 'x', LOG_LEVEL: 'loud', RUST_LOG: 'louder', CACHE_BYTES_MAX: '7' });
    expect(found.faults.map((fault) => fault.split(':')[0])).toEqual([
      ...['PORT', 'LOG_LEVEL', 'RUST_LOG'],
    ]);
    expect(found.faults[0]).toBe('PORT: received "x", allowed is a whole number from 0 to 65535');
    expect(found.inUse).toMatchObject({ port: 3001, cacheBytesMax: 7 });
  });

  it('does not expect Redis where nothing is to be kept', () => {
    expect(facts({ REDIS_URL: URL, CACHE_TTL_SECONDS: '0' }).inUse.hasRedis).toBe(false);
  });
});
