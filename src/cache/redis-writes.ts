// Values on their way to Redis, one at a time, so that a look-up on the same connection never waits behind
// more than one of them, and beside requests: nobody waits for a cache to be filled.

import { setImmediate } from 'node:timers/promises';
import type { CacheMetrics, RedisWriteOutcome } from '../metrics/cache-metrics.js';
import { seal } from './envelope.js';
import { redisKey } from './names.js';
import type { RedisLink } from './redis-link.js';
import type { SharedKind } from './shared-cache.js';

/** Nobody waits for a write, and a large one takes a slow network a while. */
const WRITE_MILLISECONDS = 1000;

/** Enough for what a busy second reads from files; a frozen server costs no more memory than this. */
const WAITING_BYTES_MAX = 33_554_432;

/** What a small value costs while it waits, beside its bytes. */
const OVERHEAD_BYTES = 512;

interface Write {
  readonly kind: SharedKind;
  readonly name: string;
  readonly parts: readonly Uint8Array[];
  readonly bytes: number;
}

export class RedisWrites {
  private readonly waiting = new Set<Write>();
  private waitingBytes = 0;
  private isStoring = false;

  constructor(
    private readonly link: RedisLink,
    private readonly metrics: CacheMetrics,
    private readonly ttlSeconds: number,
    private readonly valueBytesMax: number,
  ) {}

  add(kind: SharedKind, name: string, parts: readonly Uint8Array[]): void {
    const bytes = parts.reduce((sum, { byteLength }) => sum + byteLength, OVERHEAD_BYTES);
    const isTooMuch = this.waitingBytes + bytes > WAITING_BYTES_MAX;
    if (!this.link.isUp || isTooMuch || bytes > this.valueBytesMax) {
      this.metrics.countWrite(kind, 'dropped');
      return;
    }
    this.waiting.add({ kind, name, parts, bytes });
    this.waitingBytes += bytes;
    if (!this.isStoring) void this.storeAll();
  }

  private async storeAll(): Promise<void> {
    this.isStoring = true;
    // A set goes through in the order of its additions, later ones too.
    for (const write of this.waiting) {
      // Sealing a large value takes some milliseconds: never two in one turn, nor in that of a request.
      await setImmediate();
      this.metrics.countWrite(write.kind, await this.store(write));
      this.waiting.delete(write);
      this.waitingBytes -= write.bytes;
    }
    this.isStoring = false;
  }

  private async store({ kind, name, parts }: Write): Promise<RedisWriteOutcome> {
    if (!this.link.isUp) return 'dropped';
    const key = redisKey(kind, name);
    const value = seal(key, parts);
    const answer = await this.link.ask(
      'set',
      key,
      (client) => client.set(key, value, 'PX', this.ttlSeconds * 1000),
      WRITE_MILLISECONDS,
    );
    // A full server refuses writes and answers look-ups: it is not away.
    if (answer.outcome !== 'answered') return 'error';
    this.metrics.countRedisBytes('sent', value.byteLength);
    return 'stored';
  }
}
