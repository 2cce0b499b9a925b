import type { PointBatch } from '../schema/point-batch.js';

/**
 * Decoded batches by a name that changes whenever their content does (the checksum of their file), so an
 * entry can be dropped at any time and is never stale.
 */
export abstract class BatchCache {
  abstract get(name: string): PointBatch | undefined;
  /** The same, without counting as a use or a look-up. */
  abstract peek(name: string): PointBatch | undefined;
  abstract set(name: string, batch: PointBatch): void;
  abstract delete(name: string): void;
}
