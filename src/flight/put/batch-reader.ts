// The batches of an upload, message by message: the schema comes first and once, dictionaries before the
// batches that refer to them.

import { validationError, type AppError } from '../../core/app-error.js';
import { MalformedMessageError } from '../ipc/flat-table.js';
import { layoutTypes, readBatch, readHeader, type ReceivedColumn } from '../ipc/received-batch.js';
import { readSchema, type ReceivedField } from '../ipc/received-schema.js';
import type { FlightData } from '../protocol/Flight_pb.js';
import type { Received } from './column-values.js';

/** A header describes columns; those of ours need hundreds of bytes. */
const HEADER_BYTES_MAX = 1_048_576;

export class BatchReader {
  private received: readonly ReceivedField[] | undefined;
  private readonly dictionaries = new Map<number, { values: ReceivedColumn; size: number }>();
  private rows = 0;

  /** Undefined until the schema has come. */
  get fields(): readonly ReceivedField[] | undefined {
    return this.received;
  }

  /** Rows of the batches that were read. */
  get rowCount(): number {
    return this.rows;
  }

  /** What the dictionaries occupy that batches may refer to. */
  get dictionaryBytes(): number {
    let bytes = 0;
    for (const { size } of this.dictionaries.values()) bytes += size;
    return bytes;
  }

  /**
   * @returns the columns by name where the message is a record batch
   * @throws AppError VALIDATION_ERROR
   */
  read({ dataHeader, dataBody }: FlightData): ReadonlyMap<string, Received> | undefined {
    if (dataHeader.length > HEADER_BYTES_MAX) {
      throw malformed(
        `its header has ${dataHeader.length} bytes, at most ${HEADER_BYTES_MAX} are read`,
      );
    }
    return wellFormed(() => this.readMessage(dataHeader, dataBody));
  }

  private readMessage(header: Uint8Array, body: Uint8Array) {
    const message = readHeader(header);
    if (message.kind === 'schema') {
      if (this.received)
        throw new MalformedMessageError('a stream has one schema, at its beginning');
      this.received = readSchema(message.schema);
      return undefined;
    }
    const fields = this.received;
    if (!fields) throw new MalformedMessageError('the schema has to come first');
    if (message.kind === 'dictionary') {
      const field = fields.find(({ dictionary }) => dictionary?.id === message.id);
      if (!field) throw new MalformedMessageError(`no column has the dictionary ${message.id}`);
      if (message.isDelta) {
        throw new MalformedMessageError(
          'a dictionary that grows is not read: send it whole, again',
        );
      }
      const [values] = readBatch(message.batch, [field.type], body).columns;
      this.dictionaries.set(message.id, { values: values!, size: body.byteLength });
      return undefined;
    }
    const { length, columns } = readBatch(message.batch, layoutTypes(fields), body);
    const firstRow = this.rows;
    this.rows += length;
    return new Map(
      fields.map(({ name, dictionary }, index) => {
        const values = dictionary && this.dictionaries.get(dictionary.id)?.values;
        if (dictionary && !values) {
          throw new MalformedMessageError(`the dictionary of column ${name} did not come`);
        }
        return [name, { name, column: columns[index]!, dictionary: values, firstRow }];
      }),
    );
  }
}

/**
 * @param known the names that a column may have
 * @returns the names of the columns
 * @throws AppError VALIDATION_ERROR naming a column that comes twice or that nobody knows
 */
export function checkedNames(
  fields: readonly ReceivedField[],
  known: readonly string[],
): readonly string[] {
  const names = fields.map(({ name }) => name);
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined) throw validationError(repeated, `The column ${repeated} comes twice`);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return names;
  throw validationError(
    unknown,
    `The column ${JSON.stringify(unknown)} is not known here; known are ${known.join(', ')}`,
  );
}

/** @throws AppError VALIDATION_ERROR in place of MalformedMessageError */
export function wellFormed<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof MalformedMessageError) throw malformed(error.message);
    throw error;
  }
}

function malformed(reason: string): AppError {
  return validationError('message', `The message cannot be read: ${reason}`);
}
