import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Check } from './check.js';
import type { AnsweringService, Facts } from './facts.js';
import { hasProblem, judge } from './judge.js';
import { BASE_BYTES, BYTES_PER_SERIES, NODE_MIN } from './machine-checks.js';
import { page } from './page.js';

const SERVICE: AnsweringService = {
  state: 'answers',
  address: 'http://127.0.0.1:3001',
  health: {
    status: 'healthy',
    uptimeSeconds: 3_600,
    checks: [{ name: 'cache', status: 'Healthy', message: 'Redis responsive in 1ms' }],
  },
  metrics: {
    version: '1.2.3',
    residentBytes: 300e6,
    openFiles: 30,
    openFilesMax: 20_000,
    series: 10,
    points: 1_000,
    logBytes: 5e6,
    deltaBytes: 0,
    oldestChangeSeconds: 0,
    heldSeconds: 0.01,
    hitRatios: { batches: 0.9 },
    errors: { graphql: 0, flight: 0, http: 0, storage: 0 },
  },
};

/** An installation with which nothing is wrong. */
const FACTS: Facts = {
  time: '2026-11-23T12:00:00.000Z',
  machine: {
    version: '1.2.3',
    nodeVersion: 'v24.1.0',
    system: 'linux 6.1 x64',
    cpus: 4,
    memoryBytes: 8e9,
    openFilesMax: 20_000,
  },
  settings: {
    changed: [{ name: 'PORT', value: '8080' }],
    faults: [],
    inUse: {
      host: '127.0.0.1',
      port: 8080,
      dataDir: '/srv/econ',
      cacheBytesMax: 128e6,
      responseCacheBytesMax: 64e6,
      deltaBytesMax: 64e6,
      flightPutBytesMax: 256e6,
      logSegmentBytes: 8e6,
      healthDiskFreePercentMin: 5,
      hasRedis: true,
    },
  },
  directory: {
    path: '/srv/econ',
    failure: undefined,
    notWritable: undefined,
    disk: { freeBytes: 50e9, totalBytes: 100e9, freeFiles: 900_000, totalFiles: 1_000_000 },
    kinds: {
      points: { files: 10, bytes: 1e6 },
      series: { files: 10, bytes: 1e5 },
      shared: { files: 4, bytes: 1e4 },
      log: { files: 1, bytes: 8e6 },
      checkpoint: { files: 1, bytes: 1e5 },
      damaged: { files: 0, bytes: 0 },
      temporary: { files: 0, bytes: 0 },
      foreign: { files: 0, bytes: 0 },
    },
    allocatedBytes: 10e6,
    largest: [{ name: 'wal/0000000001.log', bytes: 8e6 }],
    newest: { name: 'wal/0000000001.log', time: '2026-11-23T11:59:59.000Z' },
    lock: { state: 'held', holder: 'process 7 on host' },
  },
  service: SERVICE,
  log: undefined,
};

const NOT_RUNNING = { service: { state: 'not running' } } as const;
const FREE = { directory: { lock: { state: 'free' } } };

/** `changes` laid over what is there, at any depth. */
function changed<T>(value: T, changes: object): T {
  const merged = Object.entries(changes).map(([name, change]: [string, unknown]) => {
    const before = (value as Record<string, unknown>)[name];
    const isMerged = isPlain(before) && isPlain(change);
    return [name, isMerged ? changed(before, change) : change];
  });
  return { ...value, ...(Object.fromEntries(merged) as Partial<T>) };
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const judged = (...changes: object[]): Check[] => judge(changes.reduce<Facts>(changed, FACTS));

/** What is not well, as `status name`. */
const worries = (...changes: object[]): string[] =>
  judged(...changes)
    .filter(({ status }) => status !== 'ok')
    .map(({ status, name }) => `${status} ${name}`);

const free = (bytes: number) => ({ directory: { disk: { freeBytes: bytes } } });
const freeFiles = (files: number) => ({ directory: { disk: { freeFiles: files } } });
const node = (nodeVersion: string) => ({ machine: { nodeVersion } });
const metrics = (figures: object) => ({ service: { metrics: figures } });
const newest = (time: string) => ({ directory: { newest: { name: 'x', time } } });
const check = (name: string, status: string, message = 'x') => ({
  service: { health: { status: 'degraded', checks: [{ name, status, message }] } },
});
/** What the settings of FACTS may take, and ten series. */
const NEEDED = BASE_BYTES + 10 * BYTES_PER_SERIES + 128e6 + 64e6 + 64e6;
const memory = (memoryBytes: number) => ({ machine: { memoryBytes } });
/** Twice the changes, four segments, and the checkpoint. */
const LOG_EXPECTED = 2 * 64e6 + 4 * 8e6 + 1e5;

describe('doctor', () => {
  it('worries about nothing where nothing is wrong', () => {
    expect(worries()).toEqual([]);
    expect(hasProblem(judged())).toBe(false);
  });

  const CASES: [string, object, string[]][] = [
    ['the oldest Node.js that is supported', node('v20.19.0'), []],
    ['one before it', node('v20.18.3'), ['problem Node.js']],
    ['a much older one', node('v18.30.0'), ['problem Node.js']],
    ['one that is no LTS release', node('v23.1.0'), ['warning Node.js']],
    ['bad settings', { settings: { faults: ['PORT: …'] } }, ['problem settings']],
    ['memory for all but the kernel', memory(NEEDED / 0.8 + 256e6), []],
    ['memory without room for uploads', memory(NEEDED + 255e6), ['warning memory']],
    ['just the memory that is needed', memory(NEEDED), ['warning memory']],
    ['a byte less', memory(NEEDED - 1), ['problem memory']],
    ['a service that takes 90 % of the memory', metrics({ residentBytes: 7.2e9 }), []],
    ['one that takes more', metrics({ residentBytes: 7.2e9 + 1 }), ['warning memory']],
    ['4,096 open files', metrics({ openFilesMax: 4096 }), []],
    ['fewer', metrics({ openFilesMax: 4095 }), ['warning open files']],
    ['nine tenths of them open', metrics({ openFiles: 18_000 }), []],
    ['one more', metrics({ openFiles: 18_001 }), ['problem open files']],
    ['15 % of the disk free', free(15e9), []],
    ['a byte less', free(15e9 - 1), ['warning disk space']],
    ['HEALTH_DISK_FREE_PERCENT_MIN free', free(5e9), ['warning disk space']],
    ['a byte less than that', free(5e9 - 1), ['problem disk space']],
    ['5 % of the inodes', freeFiles(50_000), []],
    ['fewer inodes', freeFiles(49_999), ['warning inodes']],
    ['1 % of the inodes', freeFiles(10_000), ['warning inodes']],
    ['fewer than 1 %', freeFiles(9_999), ['problem inodes']],
    ['no limit of inodes', { directory: { disk: { freeFiles: 0, totalFiles: 0 } } }, []],
    ['an unknown disk', { directory: { disk: undefined } }, ['unknown disk space']],
    [
      'a directory that may not be read',
      { directory: { failure: 'EACCES' } },
      ['problem data directory'],
    ],
    [
      'one that may not be written',
      { directory: { notWritable: 'EROFS' } },
      ['problem data directory'],
    ],
    ['none yet', { directory: { failure: 'ENOENT' } }, ['warning data directory']],
    ['a log of the usual size', metrics({ logBytes: LOG_EXPECTED }), []],
    ['a larger one', metrics({ logBytes: LOG_EXPECTED + 1 }), ['warning write-ahead log']],
    ['changes of 15 minutes ago', metrics({ oldestChangeSeconds: 900 }), []],
    ['older changes', metrics({ oldestChangeSeconds: 901 }), ['warning write-ahead log']],
    [
      'segments that salvage-log kept',
      { directory: { kinds: { damaged: { files: 1, bytes: 1 } } } },
      ['warning damaged log'],
    ],
    ['a file of a minute from now', newest('2026-11-23T12:01:00.000Z'), []],
    ['a file of more', newest('2026-11-23T12:01:00.001Z'), ['warning clock']],
    ['a file of tomorrow', newest('2026-11-24T12:00:00.000Z'), ['warning clock']],
    ['a file of later', newest('2026-11-24T12:00:00.001Z'), ['problem clock']],
    ['a clock that never was set', { time: '1970-01-01T00:00:10.000Z' }, ['problem clock']],
    ['another release that runs', metrics({ version: '1.2.2' }), ['warning release']],
    ['metrics that do not answer', { service: { metrics: undefined } }, ['warning metrics']],
    [
      'a degraded check',
      check('flushing', 'Degraded'),
      ['warning health: flushing', 'unknown Redis'],
    ],
    [
      'an unhealthy check',
      check('write_ahead_log', 'Unhealthy'),
      ['problem health: write_ahead_log', 'unknown Redis'],
    ],
    [
      'an unhealthy service without a reason',
      { service: { health: { status: 'unhealthy' } } },
      ['problem health'],
    ],
    ['Redis away', check('cache', 'Degraded'), ['warning Redis']],
    [
      'Redis away that only the service knows of',
      { ...check('cache', 'Degraded'), settings: { inUse: { hasRedis: false } } },
      ['warning health: cache'],
    ],
    ['a service without Redis', check('cache', 'Healthy', 'Memory only'), ['warning Redis']],
    ['a service with other data', FREE, ['warning service']],
    [
      'no service',
      { ...NOT_RUNNING, ...FREE },
      ['warning service', 'unknown health', 'unknown Redis'],
    ],
    [
      'no service, and data in use',
      NOT_RUNNING,
      ['warning service', 'unknown health', 'unknown Redis'],
    ],
    [
      'a service that does not answer',
      { service: { state: 'silent', address: 'a', reason: 'b' } },
      ['problem service', 'unknown health', 'unknown Redis'],
    ],
    [
      'something else on the port',
      { service: { state: 'foreign', address: 'a', reason: 'b' } },
      ['problem service', 'unknown health', 'unknown Redis'],
    ],
    [
      'any free port',
      { service: { state: 'not asked' } },
      ['unknown service', 'unknown health', 'unknown Redis'],
    ],
  ];

  it.each(CASES)('judges %s', (_, change, expected) => {
    expect(worries(change)).toEqual(expected);
  });

  it.each(CASES)('advises, on one line, what to do about %s, if anything', (_, change) => {
    const advised = judged(change).filter(({ advice }) => advice !== undefined);
    expect(advised.map(({ status }) => status).every((s) => /warning|problem/.test(s))).toBe(true);
    expect(advised).toHaveLength(worries(change).filter((w) => !w.startsWith('unknown')).length);
    for (const { advice } of advised) {
      expect(advice).toMatch(/^[A-Z].*: docs\/runbook\.md#[a-z-]+$/);
      expect(advice!.length).toBeLessThanOrEqual(98);
    }
  });

  it('calls problems only what is one', () => {
    expect(hasProblem(judged(free(15e9 - 1)))).toBe(false);
    expect(hasProblem(judged(free(5e9 - 1)))).toBe(true);
  });

  it('takes the versions of Node.js for supported that the package does', () => {
    const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
      engines: { node: string };
    };
    expect(manifest.engines.node).toBe(`>=${NODE_MIN.join('.')}`);
  });
});

describe('the page', () => {
  const long = 'x'.repeat(500);
  const WORST = [
    node('v18.0.0'),
    memory(1e6),
    free(0),
    freeFiles(0),
    newest('2030-01-01T00:00:00.000Z'),
    metrics({ openFiles: 20_000, version: long, logBytes: 1e12 }),
    {
      directory: {
        path: `/${long}`,
        notWritable: 'EROFS',
        kinds: Object.fromEntries(
          Object.keys(FACTS.directory.kinds).map((kind) => [kind, { files: 1e7, bytes: 1e13 }]),
        ),
        largest: [{ name: long, bytes: 1 }],
        lock: { state: 'free' },
      },
      settings: {
        changed: Array.from({ length: 40 }, (_, n) => ({ name: `SETTING_${n}`, value: long })),
        faults: [`PORT: received "${long}", allowed is a whole number`],
      },
      service: {
        health: {
          status: 'unhealthy',
          checks: ['a', 'b', 'c'].map((name) => ({ name, status: 'Unhealthy', message: long })),
        },
      },
      log: {
        file: long,
        lines: 3,
        notJson: 1,
        errors: Array.from({ length: 10 }, (_, n) => ({
          message: `${n}\n\u001b[31m${long}`,
          count: 1,
        })),
      },
    },
  ];
  const written = (...changes: object[]): string[] => {
    const facts = changes.reduce<Facts>(changed, FACTS);
    return page(facts, judge(facts)).trimEnd().split('\n');
  };

  it('is one page of 100 columns, on good days and on bad ones', () => {
    expect(written().length).toBeLessThanOrEqual(45);
    const worst = written(...WORST);
    expect(worst.length).toBeLessThanOrEqual(70);
    for (const line of [...written(), ...worst]) expect(line.length).toBeLessThanOrEqual(100);
  });

  it('steers no terminal, whatever was logged', () => {
    // eslint-disable-next-line no-control-regex
    expect(written(...WORST).join('\n')).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/);
  });

  it('begins with how many problems and warnings there are', () => {
    expect(written()[0]).toBe('2026-11-23T12:00:00.000Z  0 problems, 0 warnings');
    expect(written(free(0), node('v23.0.0'))[0]).toMatch(/ {2}1 problem, 1 warning$/);
  });

  it('has all sections, and advice only where something is to be done', () => {
    const titles = written().filter((line) => /^[A-Z]/.test(line));
    expect(titles).toEqual([
      ...['Versions', 'Settings', 'Data directory', 'Service', 'Last errors', 'Checks', 'Advice'],
    ]);
    expect(written().at(-1)).toBe('  Nothing to do.');
    expect(written(free(0)).at(-1)).toMatch(/^ {2}Make room .*#disknearlyfull$/);
  });
});
