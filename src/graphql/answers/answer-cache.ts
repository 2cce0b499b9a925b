import { Injectable } from '@nestjs/common';
import { SegmentedLru } from '../../cache/segmented-lru.js';
import { Config } from '../../config/environment.js';
import { CacheMetrics } from '../../metrics/cache-metrics.js';
import type { Answer } from './answer.js';

/** One answer may take this part of the cache. */
const LARGEST_SHARE = 1 / 8;
/** The smallest answer costs more than a kilobyte: bytes are the limit that counts. */
const ENTRIES_MAX = 1_000_000;

/** Answers in memory. One that is outdated is never given out: each knows the versions of what it has read. */
@Injectable()
export class AnswerCache {
  private readonly entries: SegmentedLru<Answer> | undefined;
  private readonly largest: number;

  constructor(
    config: Config,
    private readonly metrics: CacheMetrics,
  ) {
    const { responseCacheBytesMax: bytesMax, cacheTtlSeconds: ttlSeconds } = config;
    this.largest = bytesMax * LARGEST_SHARE;
    if (bytesMax === 0 || ttlSeconds === 0) return;
    this.entries = new SegmentedLru({
      ...{ bytesMax, ttlSeconds },
      entriesMax: ENTRIES_MAX,
      bytesOf: (answer) => answer.bytes,
      onSwept: () => this.report(),
      onEvicted: (reason, entries) => metrics.countEvictions('responses', reason, entries),
    });
  }

  get(key: string): Answer | undefined {
    const answer = this.entries?.get(key);
    const isHit = answer?.isCurrent === true;
    this.metrics.countLookup('responses', 'memory', isHit ? 'hit' : 'miss');
    if (isHit) return answer;
    if (answer) this.delete(key);
    return undefined;
  }

  private delete(key: string): void {
    this.entries?.delete(key);
    this.report();
  }

  private report(): void {
    this.metrics.setHeld('responses', this.entries?.bytes ?? 0, this.entries?.size ?? 0);
  }

  set(key: string, answer: Answer): void {
    if (!answer.isCacheable || answer.bytes > this.largest) return;
    // What was written meanwhile has outdated it already.
    if (!answer.isCurrent || !this.entries) return;
    this.entries.set(key, answer);
    this.report();
  }
}
