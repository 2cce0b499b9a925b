import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter, Histogram } from 'prom-client';
import {
  STORAGE_BYTES_TOTAL,
  STORAGE_OPERATION_DURATION_SECONDS,
  STORAGE_OPERATIONS_TOTAL,
  STORAGE_ROW_GROUPS_DECODED_TOTAL,
} from './definitions/storage.js';
import { WriteMetrics } from './write-metrics.js';

/**
 * `write` is a group commit to the log, `flush` the moving of what the log holds into Parquet files, `compact` the
 * writing anew of files that somebody asked for.
 */
export type StorageOperation = 'read' | 'write' | 'flush' | 'compact';

@Injectable()
export class StorageMetrics {
  constructor(
    @InjectMetric(STORAGE_OPERATIONS_TOTAL.name) private readonly operations: Counter,
    @InjectMetric(STORAGE_OPERATION_DURATION_SECONDS.name) private readonly duration: Histogram,
    @InjectMetric(STORAGE_BYTES_TOTAL.name) private readonly bytes: Counter,
    @InjectMetric(STORAGE_ROW_GROUPS_DECODED_TOTAL.name) private readonly rowGroups: Counter,
    readonly writes: WriteMetrics,
  ) {}

  /** Counts and times `task`; its failure passes through. */
  async observe<T>(operation: StorageOperation, task: () => Promise<T>): Promise<T> {
    const stop = this.duration.startTimer({ operation });
    try {
      const result = await task();
      this.operations.inc({ operation, outcome: 'success' });
      return result;
    } catch (error) {
      this.operations.inc({ operation, outcome: 'failure' });
      throw error;
    } finally {
      stop();
    }
  }

  countBytes(operation: StorageOperation, bytes: number): void {
    this.bytes.inc({ operation }, bytes);
  }

  countRowGroups(decoded: number): void {
    this.rowGroups.inc(decoded);
  }
}
