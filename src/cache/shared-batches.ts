import { Injectable } from '@nestjs/common';
import type { Uuid } from '../core/uuid.js';
import { CacheMetrics } from '../metrics/cache-metrics.js';
import type { PointBatch } from '../schema/point-batch.js';
import { decodeBatch, encodeBatch } from './batch-codec.js';
import { batchName, type NamedSpan } from './names.js';
import { SharedCache } from './shared-cache.js';

/** Decoded batches that other replicas, or this one before its restart, have read from their files. */
@Injectable()
export class SharedBatches {
  constructor(
    private readonly shared: SharedCache,
    private readonly metrics: CacheMetrics,
  ) {}

  /**
   * The rows of a file, or of some of its row groups. Never rejects.
   * @param sha256 of the file
   */
  async get(seriesId: Uuid, sha256: string, span?: NamedSpan): Promise<PointBatch | undefined> {
    if (!this.shared.isConfigured) return undefined;
    const bytes = await this.shared.get('batches', batchName(seriesId, sha256, span));
    if (bytes === undefined) return undefined;
    const batch = decodeBatch(bytes);
    // The bytes were those that were stored, and are no batch: somebody else stored them.
    if (batch === undefined) this.metrics.countLookup('batches', 'redis', 'damaged');
    return batch;
  }

  set(seriesId: Uuid, sha256: string, batch: PointBatch, span?: NamedSpan): void {
    if (!this.shared.isConfigured) return;
    this.shared.set('batches', batchName(seriesId, sha256, span), encodeBatch(batch));
  }
}
