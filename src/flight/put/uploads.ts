// DoPut: from the messages of a client to results. What a stream brought is durable before its last result.

import { create, toBinary } from '@bufbuild/protobuf';
import { Injectable } from '@nestjs/common';
import { Config } from '../../config/environment.js';
import { AppError, validationError } from '../../core/app-error.js';
import { unreachable } from '../../core/assert.js';
import { FlightMetrics } from '../../metrics/flight-metrics.js';
import { parseMessage } from '../calls.js';
import type { ReceivedField } from '../ipc/received-schema.js';
import { FlightDataSchema, PutResultSchema } from '../protocol/Flight_pb.js';
import { BatchReader } from './batch-reader.js';
import type { Received } from './column-values.js';
import { PointsUploads, type PutCounts } from './points-upload.js';
import { PutBudget, PutShare } from './put-budget.js';
import { parseOptions, parseTarget, type PutOptions, type PutTarget } from './put-options.js';
import { SeriesUploads } from './series-upload.js';

/** Two days, a value, a flag, the place of the series, and the same once more while rows are grouped. */
const ROW_BYTES_HELD = 46;

/** What an upload of any kind does with its batches. */
interface Upload {
  /** @returns bytes that it holds beyond the usual ones of a row */
  add(columns: ReadonlyMap<string, Received>): number;
  store(options: PutOptions): Promise<PutCounts>;
}

/** Reading a batch of this many rows takes some tenths of a second, in which nobody else has a turn. */
const BATCH_ROWS_MAX = 1_048_576;

@Injectable()
export class Uploads {
  private readonly budget: PutBudget;

  constructor(
    private readonly points: PointsUploads,
    private readonly series: SeriesUploads,
    config: Config,
    private readonly metrics: FlightMetrics,
  ) {
    this.budget = new PutBudget(config.flightPutBytesMax);
  }

  /**
   * @param incoming `FlightData` messages
   * @returns `PutResult` messages: one for each batch, and a last one for the stream
   * @throws AppError, after a result that tells the same
   */
  async *receive(incoming: AsyncIterable<Buffer>): AsyncGenerator<Uint8Array> {
    const share = new PutShare(this.budget);
    try {
      yield* this.results(incoming, share);
    } catch (error) {
      if (error instanceof AppError) {
        const { code, message, details } = error;
        const rows = 'rows' in details ? { rows: details['rows'] } : {};
        yield putResult({ error: { code, message, ...rows } });
      }
      throw error;
    } finally {
      share.giveBack();
    }
  }

  private async *results(
    incoming: AsyncIterable<Buffer>,
    share: PutShare,
  ): AsyncGenerator<Uint8Array> {
    const reader = new BatchReader();
    let target: PutTarget | undefined;
    let options: PutOptions | undefined;
    let upload: Upload | undefined;
    let batch = 0;
    let rowsRead = 0;
    const totals: Record<string, number> = {};
    const store = async (chosen: PutOptions): Promise<PutCounts> => {
      const counts = (await upload?.store(chosen)) ?? {};
      share.rowsAreStored();
      for (const [name, count] of Object.entries(counts)) {
        totals[name] = (totals[name] ?? 0) + count;
      }
      return counts;
    };
    for await (const bytes of incoming) {
      this.metrics.countReceived('DoPut', bytes.byteLength);
      const message = parseMessage(FlightDataSchema, bytes);
      if (!target || !options) ({ target, options } = parseTarget(message.flightDescriptor));
      if (message.appMetadata.length > 0) {
        if (batch > 0) {
          throw validationError('app_metadata', 'Options have to come before the second batch');
        }
        options = parseOptions(message.appMetadata, target, options);
      }
      if (message.dataHeader.length === 0) continue;
      const columns = reader.read(message);
      share.setDictionaries(reader.dictionaryBytes);
      if (!columns) {
        upload ??= reader.fields && this.open(target, reader.fields);
        continue;
      }
      const rows = reader.rowCount - rowsRead;
      rowsRead = reader.rowCount;
      checkRows(rows);
      this.metrics.countRowsReceived('DoPut', rows);
      // A row of a byte or two in the message becomes one of many in the columns of the store.
      share.takeForRows(Math.max(bytes.byteLength, rows * ROW_BYTES_HELD));
      share.takeForRows(upload!.add(columns));
      if (options.atomic === 'batch') {
        const counts = await store(options);
        yield putResult({ batch: batch++, rows, stored: true, ...counts });
      } else {
        yield putResult({ batch: batch++, rows, stored: false });
      }
    }
    if (!options || !upload) {
      throw validationError('message', 'The stream ended before its schema came');
    }
    await store(options);
    yield putResult({ rows: rowsRead, stored: true, ...totals });
  }

  private open({ type, series }: PutTarget, fields: readonly ReceivedField[]): Upload {
    switch (type) {
      case 'data_points':
        return this.points.open(fields, series);
      case 'series':
        return this.series.open(fields);
      default:
        return unreachable(type);
    }
  }
}

/** @throws AppError VALIDATION_ERROR */
function checkRows(rows: number): void {
  if (rows <= BATCH_ROWS_MAX) return;
  throw validationError(
    'message',
    `A batch must have at most ${BATCH_ROWS_MAX} rows, received ${rows}: send several`,
    { limit: BATCH_ROWS_MAX },
  );
}

function putResult(content: object): Uint8Array {
  const appMetadata = Buffer.from(JSON.stringify(content));
  return toBinary(PutResultSchema, create(PutResultSchema, { appMetadata }));
}
