import { describe, expect, it } from 'vitest';
import { Config, ConfigError, describeVariables, loadConfig } from './environment.js';

/** The faults that a start with this environment is refused for. */
function faultsOf(environment: NodeJS.ProcessEnv): readonly string[] {
  try {
    loadConfig(environment);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).faults;
  }
  return [];
}

const INTEGERS: [name: string, property: keyof Config, min: number, max: number][] = [
  ['PORT', 'port', 0, 65_535],
  ['RUST_BACKTRACE', 'logStackTraces', 0, 1],
  ['CACHE_TTL_SECONDS', 'cacheTtlSeconds', 0, 31_536_000],
  ['CACHE_MAX_ENTRIES', 'cacheMaxEntries', 1, 10_000_000],
  ['CACHE_BYTES_MAX', 'cacheBytesMax', 0, 1_099_511_627_776],
  ['REDIS_CLUSTER', 'redisCluster', 0, 1],
  ['PARQUET_ROW_GROUP_ROWS', 'parquetRowGroupRows', 1, 10_000_000],
  ['PARQUET_PAGE_BYTES', 'parquetPageBytes', 1024, 1_073_741_824],
  ['WRITE_POINTS_MAX', 'writePointsMax', 1, 1_000_000],
  ['READ_POINTS_MAX', 'readPointsMax', 1, 100_000_000],
  ['HTTP_BODY_BYTES_MAX', 'httpBodyBytesMax', 1024, 1_073_741_824],
  ['QUERY_COMPLEXITY_MAX', 'queryComplexityMax', 1, 1_000_000_000],
  ['QUERY_TOKENS_MAX', 'queryTokensMax', 100, 100_000_000],
];

describe('loadConfig', () => {
  it('has the promised defaults', () => {
    expect(loadConfig({})).toEqual(new Config());
    expect(loadConfig({})).toMatchObject({
      port: 3001,
      host: '127.0.0.1',
      dataDir: './data',
      logLevel: 'info',
      logStackTraces: 1,
      cacheTtlSeconds: 3600,
      cacheMaxEntries: 1000,
      parquetCompression: 'snappy',
      parquetRowGroupRows: 10_000,
      parquetPageBytes: 1_048_576,
      writePointsMax: 10_000,
    });
  });

  it.each(INTEGERS)('takes %s at its limits', (name, property, min, max) => {
    expect(loadConfig({ [name]: String(min) })[property]).toBe(min);
    expect(loadConfig({ [name]: String(max) })[property]).toBe(max);
  });

  it.each(INTEGERS)(
    'refuses %s past its limits, and what is no whole number',
    (name, _, min, max) => {
      const allowed = `a whole number from ${min} to ${max}`;
      for (const value of [min - 1, max + 1, '1.5', '1e3', '0x10', 'many', ' 5', '5 ', 'NaN']) {
        expect(faultsOf({ [name]: String(value) })).toEqual([
          `${name}: received "${value}", allowed is ${allowed}`,
        ]);
      }
    },
  );

  it.each([
    ['LOG_LEVEL', 'logLevel', ['error', 'warn', 'info', 'debug', 'trace']],
    ['PARQUET_COMPRESSION', 'parquetCompression', ['snappy', 'zstd', 'uncompressed']],
  ] as const)('takes for %s one of its words and no other', (name, property, words) => {
    for (const word of words) expect(loadConfig({ [name]: word })[property]).toBe(word);
    for (const word of ['loud', words[0].toUpperCase(), `${words[0]} `]) {
      expect(faultsOf({ [name]: word })).toEqual([
        `${name}: received "${word}", allowed is one of ${words.join(', ')}`,
      ]);
    }
  });

  it('understands the forms of RUST_LOG and RUST_BACKTRACE that people bring along', () => {
    expect(loadConfig({ RUST_LOG: 'warn,econ_graph=debug' }).logLevel).toBe('debug');
    expect(loadConfig({ RUST_LOG: 'econ_graph=debug' }).logLevel).toBe('debug');
    expect(loadConfig({ RUST_LOG: 'INFO' }).logLevel).toBe('info');
    expect(loadConfig({ RUST_LOG: 'off' }).logLevel).toBe('error');
    expect(loadConfig({ RUST_BACKTRACE: 'full' }).logStackTraces).toBe(1);
    expect(faultsOf({ RUST_LOG: 'econ_graph=loud' })).toHaveLength(1);
  });

  it.each([
    ['HOST', 'host', '0.0.0.0'],
    ['DATA_DIR', 'dataDir', '/app/data with spaces'],
  ] as const)('takes any text for %s', (name, property, value) => {
    expect(loadConfig({ [name]: value })[property]).toBe(value);
  });

  it.each(['*', 'https://a.example', 'http://localhost:5173,https://b.example'])(
    'takes %s for CORS_ORIGINS',
    (origins) => {
      expect(loadConfig({ CORS_ORIGINS: origins }).corsOrigins).toBe(origins);
    },
  );

  it.each(['a.example', 'https://a.example/', 'https://a.example, https://b.example', '*,*'])(
    'refuses %s for CORS_ORIGINS',
    (origins) => {
      expect(faultsOf({ CORS_ORIGINS: origins })).toHaveLength(1);
    },
  );

  it('takes addresses for REDIS_URL, and never shows one that it refuses', () => {
    const url = 'rediss://user:pass@cache.example:6380/2';
    expect(loadConfig({ REDIS_URL: url }).redisUrl).toBe(url);
    for (const faulty of ['http://user:hunter2@cache', `${url},${url}`]) {
      const [fault, ...others] = faultsOf({ REDIS_URL: faulty });
      expect(fault).toMatch(/^REDIS_URL: received a value that is not shown, allowed is redis:/);
      expect(fault).not.toMatch(/hunter2|pass@/);
      expect(others).toEqual([]);
    }
  });

  it('refuses a database of a Redis Cluster, which has none', () => {
    const url = { REDIS_URL: 'redis://cache/2' };
    expect(faultsOf({ ...url, REDIS_CLUSTER: '0' })).toEqual([]);
    expect(faultsOf({ ...url, REDIS_CLUSTER: '1' })).toHaveLength(1);
  });

  it('takes an empty variable for one that is not set', () => {
    const names = describeVariables().map(({ name }) => name);
    expect(loadConfig(Object.fromEntries(names.map((name) => [name, ''])))).toEqual(new Config());
  });

  it('understands RUST_LOG as an alias, behind the name proper', () => {
    expect(loadConfig({ RUST_LOG: 'debug' }).logLevel).toBe('debug');
    expect(loadConfig({ RUST_LOG: 'debug', LOG_LEVEL: 'warn' }).logLevel).toBe('warn');
    expect(loadConfig({ RUST_LOG: 'debug', LOG_LEVEL: '' }).logLevel).toBe('debug');
  });

  it('names the variable that was set, be it an alias', () => {
    expect(faultsOf({ RUST_LOG: 'loud' })).toEqual([
      'RUST_LOG: received "loud", allowed is one of error, warn, info, debug, trace',
    ]);
  });

  it('has one line per fault, all of them at once', () => {
    const environment = { PORT: '-1', LOG_LEVEL: 'loud', CACHE_MAX_ENTRIES: '0' };
    const faults = faultsOf(environment);
    expect(faults.map((fault) => fault.split(':')[0]).toSorted()).toEqual(
      Object.keys(environment).toSorted(),
    );
    expect(faults.every((fault) => !fault.includes('\n'))).toBe(true);
    expect(new ConfigError(faults).message.split('\n')).toHaveLength(3);
  });

  it('keeps a value with line breaks on its line', () => {
    expect(faultsOf({ PORT: '1\n2' })).toEqual([
      'PORT: received "1\\n2", allowed is a whole number from 0 to 65535',
    ]);
  });

  it('ignores variables that are not its own', () => {
    expect(loadConfig({ PATH: '/bin', PORTAL: 'x', port: '5' })).toEqual(new Config());
  });
});

describe('describeVariables', () => {
  it('says for programs what the start allows', () => {
    const starts = (name: string, value: string) => faultsOf({ [name]: value }).length === 0;
    for (const { name, schema, default: value } of describeVariables()) {
      expect([name, value === '' || starts(name, value)]).toEqual([name, true]);
      if (schema.type === 'integer') {
        const { minimum, maximum } = schema;
        const values = [minimum - 1, minimum, maximum, maximum + 1].map(String);
        expect([name, values.map((edge) => starts(name, edge))]).toEqual([
          name,
          [false, true, true, false],
        ]);
      } else if ('enum' in schema) {
        expect([name, schema.enum.every((word) => starts(name, word))]).toEqual([name, true]);
        expect([name, starts(name, 'no such word')]).toEqual([name, false]);
      } else if ('pattern' in schema) {
        expect([name, new RegExp(schema.pattern).test(value)]).toEqual([name, true]);
        expect([name, new RegExp(schema.pattern).test('/'), starts(name, '/')]).toEqual([
          name,
          false,
          false,
        ]);
      }
    }
  });

  it('describes every setting, with the default that holds', () => {
    const variables = describeVariables();
    expect(variables).toHaveLength(Object.keys(new Config()).length);
    for (const { name, description, allowed, default: value } of variables) {
      expect(name).toMatch(/^[A-Z][A-Z_]*$/);
      expect(description).not.toBe('');
      expect(allowed).not.toBe('');
      expect(loadConfig({ [name]: value })).toEqual(new Config());
    }
    expect(variables.find(({ name }) => name === 'PORT')?.default).toBe('3001');
    expect(variables.find(({ name }) => name === 'LOG_LEVEL')?.aliases).toEqual(['RUST_LOG']);
  });
});
