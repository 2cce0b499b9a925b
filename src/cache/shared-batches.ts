import { Injectable } from '@nestjs/common';
import { atOnce, inTurns } from '../core/steps.js';
import { Turns } from '../core/turns.js';
import type { Uuid } from '../core/uuid.js';
import { CacheMetrics } from '../metrics/cache-metrics.js';
import type { PointBatch } from '../schema/point-batch.js';
import { decodeBatch, encodeBatch } from './batch-codec.js';
import type { LookUps } from './look-ups.js';
import { batchName, type NamedSpan } from './names.js';
import { SharedCache } from './shared-cache.js';

/** About what a row takes; texts, where values have exact ones, come on top. */
const ROW_BYTES = 42;

/** Decoded in a good part of a millisecond: a few of these may come in one turn, of larger ones only one. */
const BYTES_AT_ONCE = 262_144;

/** Decoded batches that other replicas, or this one before its restart, have read from their files. */
@Injectable()
export class SharedBatches {
  constructor(
    private readonly shared: SharedCache,
    private readonly metrics: CacheMetrics,
  ) {}

  /** Whether there is anybody to share with. */
  get isConfigured(): boolean {
    return this.shared.isConfigured;
  }

  /**
   * The rows of a file, or of some of its row groups. Never rejects.
   * @param sha256 of the file
   * @param rowsMax that there may be
   * @param lookUps those that are made together with this one
   */
  async get(
    seriesId: Uuid,
    sha256: string,
    rowsMax: number,
    lookUps: LookUps,
    span?: NamedSpan,
  ): Promise<PointBatch | undefined> {
    if (!this.shared.isConfigured) return undefined;
    if (!lookUps.take(rowsMax * ROW_BYTES)) {
      this.metrics.countLookup('batches', 'redis', 'skipped');
      return undefined;
    }
    const name = batchName(seriesId, sha256, span);
    const bytes = await this.shared.get('batches', name, lookUps.millisecondsLeft);
    if (bytes === undefined) return undefined;
    const batch = await decoded(bytes);
    // The bytes were those that were stored, and are no batch: somebody else stored them.
    if (batch === undefined) this.metrics.countLookup('batches', 'redis', 'damaged');
    return batch;
  }

  set(seriesId: Uuid, sha256: string, batch: PointBatch, span?: NamedSpan): void {
    if (!this.shared.isConfigured) return;
    this.shared.set('batches', batchName(seriesId, sha256, span), encodeBatch(batch));
  }
}

async function decoded(bytes: Uint8Array): Promise<PointBatch | undefined> {
  if (bytes.byteLength <= BYTES_AT_ONCE) return atOnce(decodeBatch(bytes));
  await new Turns().give();
  return inTurns(decodeBatch(bytes));
}
