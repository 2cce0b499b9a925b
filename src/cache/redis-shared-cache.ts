import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import type { CacheMetrics, RedisLookupOutcome } from '../metrics/cache-metrics.js';
import { unseal } from './envelope.js';
import { ANSWER_MILLISECONDS } from './look-ups.js';
import { redisKey } from './names.js';
import type { RedisClient } from './redis-client.js';
import { RedisLink, type Answer } from './redis-link.js';
import { RedisWrites } from './redis-writes.js';
import { SharedCache, type SharedCacheState, type SharedKind } from './shared-cache.js';

/**
 * About 100,000 points. Receiving so much takes 7 ms on a busy machine, a good part of the time that a look-up
 * may take; a value that is always too late would be worse than none.
 */
const VALUE_BYTES_MAX = 4_194_304;

export class RedisSharedCache extends SharedCache implements OnModuleInit, OnApplicationShutdown {
  readonly isConfigured = true;
  private readonly link: RedisLink;
  private readonly writes: RedisWrites;

  constructor(
    client: RedisClient,
    private readonly metrics: CacheMetrics,
    ttlSeconds: number,
  ) {
    super();
    this.link = new RedisLink(client, metrics);
    this.writes = new RedisWrites(this.link, metrics, ttlSeconds, VALUE_BYTES_MAX);
  }

  onModuleInit(): void {
    this.link.open();
  }

  onApplicationShutdown(): void {
    this.link.close();
  }

  async get(
    kind: SharedKind,
    name: string,
    milliseconds = ANSWER_MILLISECONDS,
  ): Promise<Uint8Array | undefined> {
    if (!this.link.isUp) {
      this.metrics.countLookup(kind, 'redis', 'skipped');
      return undefined;
    }
    const key = redisKey(kind, name);
    const answer = await this.link.ask(
      'get',
      key,
      // Not GET: whoever put gigabytes under our name must not make us receive them.
      (client) => client.getrangeBuffer(key, 0, VALUE_BYTES_MAX),
      milliseconds,
    );
    const { outcome, value } = this.read(key, answer);
    this.metrics.countLookup(kind, 'redis', outcome);
    return value;
  }

  set(kind: SharedKind, name: string, parts: readonly Uint8Array[]): void {
    this.writes.add(kind, name, parts);
  }

  async check(): Promise<SharedCacheState> {
    if (this.link.isUp) await this.link.probe();
    return this.link.isUp
      ? { state: 'up', milliseconds: this.link.roundTripMilliseconds }
      : { state: 'away', reason: this.link.awayReason };
  }

  private read(
    key: string,
    answer: Answer<Buffer>,
  ): { outcome: RedisLookupOutcome; value?: Uint8Array } {
    switch (answer.outcome) {
      case 'timeout':
        return { outcome: 'timeout' };
      case 'lost':
        return { outcome: 'error' };
      case 'refused': {
        // A value of another type is rubbish like any other; it goes when the right one is stored.
        if (answer.code === 'WRONGTYPE') return { outcome: 'damaged' };
        this.link.setAway(answer.code, key);
        return { outcome: 'error' };
      }
      case 'answered': {
        // A key that is not there reads as no bytes.
        if (answer.value.byteLength === 0) return { outcome: 'miss' };
        this.metrics.countRedisBytes('received', answer.value.byteLength);
        const value = unseal(key, answer.value);
        return value ? { outcome: 'hit', value } : { outcome: 'damaged' };
      }
    }
  }
}
