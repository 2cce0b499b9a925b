import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter, Gauge, Histogram } from 'prom-client';
import {
  STORAGE_BYTES_TOTAL,
  STORAGE_DELTA_BYTES,
  STORAGE_LOG_BYTES,
  STORAGE_OPERATION_DURATION_SECONDS,
  STORAGE_OPERATIONS_TOTAL,
  STORAGE_ROW_GROUPS_DECODED_TOTAL,
} from './metric-definitions.js';

/** `write` is a group commit to the log, `flush` the moving of what the log holds into Parquet files. */
export type StorageOperation = 'read' | 'write' | 'flush';

@Injectable()
export class StorageMetrics {
  constructor(
    @InjectMetric(STORAGE_OPERATIONS_TOTAL.name) private readonly operations: Counter,
    @InjectMetric(STORAGE_OPERATION_DURATION_SECONDS.name) private readonly duration: Histogram,
    @InjectMetric(STORAGE_BYTES_TOTAL.name) private readonly bytes: Counter,
    @InjectMetric(STORAGE_ROW_GROUPS_DECODED_TOTAL.name) private readonly rowGroups: Counter,
    @InjectMetric(STORAGE_LOG_BYTES.name) private readonly logBytes: Gauge,
    @InjectMetric(STORAGE_DELTA_BYTES.name) private readonly deltaBytes: Gauge,
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

  /** What the log and the changes in memory occupy. */
  setLog(logBytes: number, deltaBytes: number): void {
    this.logBytes.set(logBytes);
    this.deltaBytes.set(deltaBytes);
  }

  countRowGroups(decoded: number): void {
    this.rowGroups.inc(decoded);
  }
}
