// Writers and readers at once, through every cache there is: no read that begins after a write was acknowledged shows
// anything older, and no read shows anything older than an earlier read did. WRITES=2000 makes a long run of it.

import { cp, rm } from 'node:fs/promises';
import type { Agent } from 'node:http';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Config } from '../../src/config/environment.js';
import { DataDirectory } from '../../src/storage/data-directory.js';
import { INDEX_FOLDER } from '../../src/storage/paths.js';
import { FlightTestClient } from '../support/flight-client.js';
import { cacheMark, connections, exchange, got, jsonOf, posted } from '../support/graphql-http.js';
import { Random } from '../support/random.js';
import { RedisServer } from '../support/redis-server.js';
import { startTestApp, temporaryDirectory, type TestApp } from '../support/test-app.js';
import {
  prepareSubjects,
  VALUE_ID,
  type Reading,
  type Subject,
} from '../support/written-series.js';

/** Of each register. */
const WRITES = Number(process.env['WRITES'] ?? 6);
/** Between two restarts. */
const FEW = Math.ceil(WRITES / 3);
const READERS = 16;
/** Of a register, between two of its writes: that answers are asked for again. */
const READS_BETWEEN = 20;
const FLUSH_EVERY_READS = 100;

interface Remembered {
  readonly etag: string;
  readonly text: string;
}

/** A store under writers and readers, through restarts. */
class Bench {
  reads = 0;
  hits = 0;
  notModified = 0;
  app!: TestApp;
  private subjects: Subject[] = [];
  private agent: Agent = connections(READERS + 8);
  private written = 0;
  private readonly random: Random;
  /** What readers know from before, restarts or not. */
  private readonly remembered = new Map<string, Remembered>();

  private constructor(
    readonly dataDir: string,
    private readonly config: Partial<Config>,
    private readonly seed: number,
  ) {
    this.random = new Random(seed);
  }

  static async open(config: Partial<Config> = {}): Promise<Bench> {
    const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
    const bench = new Bench(await temporaryDirectory(), config, seed);
    await bench.start();
    bench.subjects = await prepareSubjects(bench.app);
    return bench;
  }

  async start(): Promise<void> {
    const { dataDir, config } = this;
    this.app = await startTestApp({ flushIntervalSeconds: 0, ...config, dataDir });
  }

  async stop(): Promise<void> {
    this.agent.destroy();
    this.agent = connections(READERS + 8);
    await this.app.stop();
  }

  async close(): Promise<void> {
    await this.stop();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  /** Writers and readers, until everything was written so many times. */
  async run(writes = WRITES, besides: (isOver: () => boolean) => Promise<void> = async () => {}) {
    let writing = this.subjects.length;
    let hasFailed = false;
    const isOver = () => writing === 0 || hasFailed;
    const write = async ({ register, write: moveOn }: Subject): Promise<void> => {
      for (let n = 0; n < writes && !hasFailed; n++) {
        await moveOn(this.app, ++this.written);
        if (!hasFailed) await register.read(READS_BETWEEN);
      }
      writing--;
    };
    const read = async (): Promise<void> => {
      const random = this.random.fork();
      while (!isOver()) {
        await this.read(this.pick(random), random);
        if (this.reads % FLUSH_EVERY_READS === 0) await this.app.app.get(DataDirectory).flush();
      }
    };
    const everybody = [
      ...this.subjects.map(write),
      ...Array.from({ length: READERS }, read),
      besides(isOver),
    ];
    try {
      await Promise.all(everybody);
    } catch (error) {
      hasFailed = true;
      for (const { register } of this.subjects) register.release();
      await Promise.allSettled(everybody);
      throw new Error(`SEED=${this.seed}`, { cause: error });
    }
  }

  /** Everything once, in every way, and twice. */
  async readAll(): Promise<void> {
    for (const { readings } of this.subjects) {
      for (const reading of readings) {
        await this.readWith(reading, undefined);
        await this.readWith(reading, undefined);
        await this.readWith(reading, this.remembered.get(keyOf(reading)));
      }
    }
  }

  places(): number[] {
    return this.subjects.map(({ register }) => register.place());
  }

  restore(places: readonly number[]): void {
    this.subjects.forEach(({ register }, index) => register.restore(places[index]!));
  }

  valueRegister() {
    return this.subjects[0]!.register;
  }

  /** Some queries far more often than others, as everywhere. */
  private pick(random: Random): Reading {
    const { readings } = random.pick(this.subjects);
    const place = Math.min(random.below(readings.length), random.below(readings.length));
    return readings[place]!;
  }

  private read(reading: Reading, random: Random): Promise<void> {
    const known = random.chance(0.3) ? this.remembered.get(keyOf(reading)) : undefined;
    return this.readWith(reading, known, random.chance(0.3));
  }

  private async readWith(reading: Reading, known: Remembered | undefined, byGet = false) {
    const { register, request, show } = reading;
    const wire = known
      ? got(request, { 'if-none-match': known.etag })
      : byGet
        ? got(request)
        : posted(request);
    const oldest = register.beginRead();
    const answer = await exchange(this.app.url, wire, this.agent);
    this.reads++;
    if (cacheMark(answer) === 'HIT') this.hits++;
    let { text } = answer;
    if (answer.status === 304) {
      this.notModified++;
      text = known!.text;
    } else {
      expect(answer.status, text).toBe(200);
      const { etag } = answer.headers;
      if (etag !== undefined) this.remembered.set(keyOf(reading), { etag, text });
    }
    const { data, errors } = jsonOf({ ...answer, text });
    expect(errors).toBeUndefined();
    const how = `${cacheMark(answer) ?? 'no mark'}, ${answer.status}, ${wire.method}`;
    register.finishRead(oldest, show(data), `${request.query} (${how})`);
  }
}

function keyOf({ request }: Reading): string {
  return JSON.stringify(request);
}

let bench: Bench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

const TIMEOUT = 60_000 + WRITES * 3000;

describe('an acknowledged write is seen by every read that begins after it', () => {
  it.each<[string, Partial<Config>, number]>([
    ['through all caches', {}, 0.3],
    [
      'through caches that hold next to nothing',
      { cacheBytesMax: 2000, cacheMaxEntries: 1, responseCacheBytesMax: 16_000 },
      0,
    ],
    ['without a cache of batches', { cacheTtlSeconds: 0 }, 0],
    ['without a cache of answers', { responseCacheBytesMax: 0 }, 0],
    ['by the plain executor', { graphqlExecutor: 'reference' }, 0],
  ])(
    '%s',
    async (_how, config, hitsMin) => {
      bench = await Bench.open(config);
      await bench.run();
      expect(bench.reads).toBeGreaterThan(WRITES * READS_BETWEEN);
      expect(bench.hits / bench.reads).toBeGreaterThanOrEqual(hitsMin);
      if (hitsMin > 0) expect(bench.notModified).toBeGreaterThan(0);
      else if (config.responseCacheBytesMax === 0) expect(bench.hits).toBe(0);
    },
    TIMEOUT,
  );

  it(
    'over Flight as over GraphQL',
    async () => {
      bench = await Bench.open();
      const { app } = bench;
      const register = bench.valueRegister();
      const client = new FlightTestClient(app.flightPort);
      let reads = 0;
      const readFlight = async (isOver: () => boolean): Promise<void> => {
        while (!isOver()) {
          const oldest = register.beginRead();
          const rows = await client.rows({ type: 'data_points', series: [VALUE_ID] });
          const values = new Set(rows.map(({ value }) => String(value)));
          expect(rows).toHaveLength(2);
          expect(values.size).toBe(1);
          register.finishRead(oldest, [...values][0]!, 'Flight');
          reads++;
        }
      };
      await bench.run(WRITES, async (isOver) => {
        await Promise.all([readFlight(isOver), readFlight(isOver)]);
      });
      client.close();
      expect(reads).toBeGreaterThan(WRITES);
    },
    TIMEOUT,
  );
});

/** Stops the service, does something to its directory, and starts it again: what is shown afterwards? */
function throughRestarts(config: () => Partial<Config>): void {
  it(
    'across restarts',
    async () => {
      bench = await Bench.open(config());
      for (let round = 0; round < 2; round++) {
        await bench.run(FEW);
        await bench.stop();
        await bench.start();
        await bench.readAll();
      }
      await bench.run(FEW);
    },
    TIMEOUT,
  );

  it(
    'across a restart without what can be made again',
    async () => {
      bench = await Bench.open(config());
      for (let round = 0; round < 2; round++) {
        await bench.run(FEW);
        await bench.stop();
        await rm(join(bench.dataDir, INDEX_FOLDER), { recursive: true });
        await bench.start();
        await bench.readAll();
      }
      await bench.run(FEW);
    },
    TIMEOUT,
  );

  it(
    'and of a directory that was put back as it was, nothing that came after',
    async () => {
      bench = await Bench.open(config());
      await bench.run(FEW);
      await bench.stop();
      const backup = await temporaryDirectory();
      await cp(bench.dataDir, backup, { recursive: true });
      const places = bench.places();
      // More than once: the same versions come again, each time with other values.
      for (let round = 0; round < 2; round++) {
        await bench.start();
        await bench.readAll();
        await bench.run(FEW);
        await bench.readAll();
        await bench.stop();
        await rm(bench.dataDir, { recursive: true });
        await cp(backup, bench.dataDir, { recursive: true });
        bench.restore(places);
      }
      await bench.start();
      await bench.readAll();
      await bench.run(FEW);
      await rm(backup, { recursive: true });
    },
    TIMEOUT,
  );
}

describe('what was acknowledged is seen', () => {
  throughRestarts(() => ({}));
});

describe('with Redis, what was acknowledged is seen', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(() => redis.stop());
  const config = (): Partial<Config> => ({ redisUrl: redis.url });

  it(
    'by every read that begins after it',
    async () => {
      bench = await Bench.open(config());
      await bench.run();
      // That it has a part in it: what is read from files is put there.
      await bench.stop();
      await bench.start();
      await bench.readAll();
      await vi.waitFor(async () => expect(await redis.keys()).not.toHaveLength(0));
    },
    TIMEOUT,
  );

  it(
    'whatever becomes of Redis',
    async () => {
      bench = await Bench.open(config());
      await bench.run(FEW);
      await redis.restart();
      await bench.run(FEW);
      await redis.kill();
      await bench.run(FEW);
      await redis.restart();
      await bench.run(FEW);
    },
    TIMEOUT,
  );

  throughRestarts(config);
});
