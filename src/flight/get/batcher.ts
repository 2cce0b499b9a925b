// Divides the rows of an answer into record batches of about the size that a message should have, whole
// series or parts of them.

import type { ColumnBody } from '../ipc/column-body.js';
import type { FlightDataMessage } from '../ipc/flight-data-message.js';
import { recordBatchMessage } from '../ipc/messages.js';
import { pointBodies, type PointColumnName, type Segment } from './point-columns.js';

/**
 * Large enough that the cost of a message does not count, small enough that several wait in memory for a slow
 * reader without harm, and that a stop is noticed at once.
 */
export const MESSAGE_BYTES_TARGET = 2 * 1024 * 1024;

/** Rows whose batches are held until a message is full: 4 MB of them, however little of a row is asked for. */
const ROWS_MAX = 131_072;

/** The first rows of an answer go ahead alone: they arrive while the next megabytes are gathered. */
const FIRST_ROWS = 4096;

/** What a row takes, about; of texts, what the usual one does. */
const ROW_BYTES: Record<PointColumnName, number> = {
  series_id: 4,
  source_id: 4,
  external_id: 4,
  date: 4,
  revision_date: 4,
  value: 8.125,
  value_exact: 4.125,
  decimal_value: 12,
  is_original_release: 0.125,
  created_at: 8,
  updated_at: 8,
};

/** A multiple of 64, so that bits are copied as whole bytes. */
function rowsPerBatch(columns: readonly PointColumnName[]): number {
  const rowBytes = columns.reduce((sum, name) => sum + ROW_BYTES[name], 0);
  return Math.min(ROWS_MAX, Math.max(64, Math.floor(MESSAGE_BYTES_TARGET / rowBytes) & ~63));
}

/** A record batch that is not written yet. */
export interface Batch {
  readonly length: number;
  readonly bodies: readonly ColumnBody[];
}

export class Batcher {
  /** Rows of the batch that is being filled, when it is full. */
  private rowsMax: number;
  private waiting: Segment[] = [];
  private length = 0;

  constructor(private readonly columns: readonly PointColumnName[]) {
    this.rowsMax = Math.min(FIRST_ROWS, rowsPerBatch(columns));
  }

  /** The batches that are full now. */
  *add({ index, batch, rows }: Segment): Generator<Batch> {
    let from = 0;
    while (from < rows.length) {
      const taken = rows.subarray(from, from + this.rowsMax - this.length);
      this.waiting.push({ index, batch, rows: taken });
      this.length += taken.length;
      from += taken.length;
      if (this.length === this.rowsMax) yield this.take();
    }
  }

  /** The rows that are left. */
  *finish(): Generator<Batch> {
    if (this.length > 0) yield this.take();
  }

  private take(): Batch {
    const { waiting, length } = this;
    this.waiting = [];
    this.length = 0;
    this.rowsMax = rowsPerBatch(this.columns);
    return { length, bodies: pointBodies(this.columns, waiting, length) };
  }
}

export function messageOf({ length, bodies }: Batch): FlightDataMessage {
  return recordBatchMessage(length, bodies);
}
