// DoPut: from the messages of a client to results. What a stream brought is durable before its last result.

import { create, toBinary } from '@bufbuild/protobuf';
import { Injectable } from '@nestjs/common';
import { Config } from '../../config/environment.js';
import { AppError, validationError } from '../../core/app-error.js';
import { unreachable } from '../../core/assert.js';
import { parseMessage } from '../calls.js';
import type { ReceivedField } from '../ipc/received-schema.js';
import { FlightDataSchema, PutResultSchema } from '../protocol/Flight_pb.js';
import { BatchReader } from './batch-reader.js';
import type { Received } from './column-values.js';
import { PointsUploads, type PutCounts } from './points-upload.js';
import { PutBudget } from './put-budget.js';
import { parseOptions, parseTarget, type PutOptions, type PutTarget } from './put-options.js';
import { SeriesUploads } from './series-upload.js';

/** Two days, a value, a flag, the place of the series, and the same once more while rows are grouped. */
const ROW_BYTES_HELD = 46;

/** What an upload of any kind does with its batches. */
interface Upload {
  add(columns: ReadonlyMap<string, Received>): void;
  store(options: PutOptions): Promise<PutCounts>;
}

/** Batches that are held until they are stored. */
interface Held {
  bytes: number;
  rows: number;
}

@Injectable()
export class Uploads {
  private readonly budget: PutBudget;

  constructor(
    private readonly points: PointsUploads,
    private readonly series: SeriesUploads,
    config: Config,
  ) {
    this.budget = new PutBudget(config.flightPutBytesMax);
  }

  /**
   * @param incoming `FlightData` messages
   * @returns `PutResult` messages: one for each batch, and a last one for the stream
   * @throws AppError, after a result that tells the same
   */
  async *receive(incoming: AsyncIterable<Buffer>): AsyncGenerator<Uint8Array> {
    const held: Held = { bytes: 0, rows: 0 };
    try {
      yield* this.results(incoming, held);
    } catch (error) {
      if (error instanceof AppError) {
        const { code, message, details } = error;
        const rows = 'rows' in details ? { rows: details['rows'] } : {};
        yield putResult({ error: { code, message, ...rows } });
      }
      throw error;
    } finally {
      this.budget.giveBack(held.bytes);
    }
  }

  private async *results(incoming: AsyncIterable<Buffer>, held: Held): AsyncGenerator<Uint8Array> {
    const reader = new BatchReader();
    let target: PutTarget | undefined;
    let options: PutOptions | undefined;
    let upload: Upload | undefined;
    let batch = 0;
    const totals: Record<string, number> = {};
    const store = async (chosen: PutOptions): Promise<PutCounts> => {
      const counts = (await upload?.store(chosen)) ?? {};
      this.budget.giveBack(held.bytes);
      held.bytes = 0;
      for (const [name, count] of Object.entries(counts))
        totals[name] = (totals[name] ?? 0) + count;
      return counts;
    };
    for await (const bytes of incoming) {
      const message = parseMessage(FlightDataSchema, bytes);
      if (!target || !options) ({ target, options } = parseTarget(message.flightDescriptor));
      if (message.appMetadata.length > 0) {
        if (batch > 0)
          throw validationError('app_metadata', 'Options have to come before the second batch');
        options = parseOptions(message.appMetadata, target, options);
      }
      if (message.dataHeader.length === 0) continue;
      this.hold(held, bytes.byteLength);
      const columns = reader.read(message);
      if (!columns) {
        upload ??= reader.fields && this.open(target, reader.fields);
        continue;
      }
      const rows = reader.rowCount - held.rows;
      held.rows = reader.rowCount;
      // A row of a byte or two in the message becomes one of many in the columns of the store.
      this.hold(held, Math.max(0, rows * ROW_BYTES_HELD - bytes.byteLength));
      upload!.add(columns);
      if (options.atomic === 'batch') {
        const counts = await store(options);
        yield putResult({ batch: batch++, rows, stored: true, ...counts });
      } else {
        yield putResult({ batch: batch++, rows, stored: false });
      }
    }
    if (!options || !upload)
      throw validationError('message', 'The stream ended before its schema came');
    await store(options);
    yield putResult({ rows: reader.rowCount, stored: true, ...totals });
  }

  private hold(held: Held, bytes: number): void {
    this.budget.take(bytes);
    held.bytes += bytes;
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

function putResult(content: object): Uint8Array {
  const appMetadata = Buffer.from(JSON.stringify(content));
  return toBinary(PutResultSchema, create(PutResultSchema, { appMetadata }));
}
