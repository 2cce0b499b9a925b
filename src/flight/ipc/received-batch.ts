// A record batch as a client sent it: typed columns over the bytes of the message. Every length is checked
// before anything is read by it.
//
// Format: Message.fbs of the Arrow columnar format, "RecordBatch message" and "Variable-size binary view".

import { FlatTable, MalformedMessageError } from './flat-table.js';
import type { ReceivedField, ReceivedType } from './received-schema.js';

/** The layout of a column in a batch, whether it holds values or indices of a dictionary. */
export interface ReceivedColumn {
  readonly type: ReceivedType;
  readonly length: number;
  readonly nullCount: number;
  /** Undefined where no value is null. */
  readonly validity: Uint8Array | undefined;
  /** Fixed widths: the values. Texts: the characters, or the views. Empty for `null`. */
  readonly data: Uint8Array;
  /** Of texts. */
  readonly offsets: Int32Array | BigInt64Array | undefined;
  /** What the views of `utf8-view` point into. */
  readonly viewed: readonly Uint8Array[];
}

export interface ReceivedBatch {
  readonly length: number;
  readonly columns: readonly ReceivedColumn[];
}

export type ReceivedMessage =
  | { readonly kind: 'schema'; readonly schema: FlatTable }
  | { readonly kind: 'batch'; readonly batch: FlatTable }
  | {
      readonly kind: 'dictionary';
      readonly id: number;
      readonly batch: FlatTable;
      readonly isDelta: boolean;
    };

/** The header of an IPC message. @throws MalformedMessageError */
export function readHeader(bytes: Uint8Array): ReceivedMessage {
  const message = FlatTable.root(bytes);
  const version = message.int16(0, 0);
  // 4 stands for V5; V4 differs in unions only, which are not read here.
  if (version < 3) throw new MalformedMessageError('the Arrow format is older than version 4');
  const header = message.table(2);
  if (!header) throw new MalformedMessageError('the message has no header');
  switch (message.uint8(1, 0)) {
    case 1:
      return { kind: 'schema', schema: header };
    case 2: {
      const batch = header.table(1);
      if (!batch) throw new MalformedMessageError('the dictionary has no values');
      return {
        kind: 'dictionary',
        id: header.int64(0, 0),
        batch,
        isDelta: header.uint8(2, 0) !== 0,
      };
    }
    case 3:
      return { kind: 'batch', batch: header };
    default:
      throw new MalformedMessageError('the message is no schema, dictionary or record batch');
  }
}

/**
 * @param types of the columns as they are laid out: of a dictionary, that of its indices
 * @throws MalformedMessageError
 */
export function readBatch(
  header: FlatTable,
  types: readonly ReceivedType[],
  body: Uint8Array,
): ReceivedBatch {
  if (header.table(3))
    throw new MalformedMessageError('the batch is compressed: send it uncompressed');
  const length = header.int64(0, 0);
  // A row of a column with anything in it takes at least a bit of it; of a batch, at least a byte.
  if (length < 0 || length > body.byteLength) {
    fail(`a batch of ${body.byteLength} bytes has not ${length} rows`);
  }
  const reader = new BodyReader(header.longs(1, 2), header.longs(2, 2), header.longs(4, 1), body);
  const columns = types.map((type) => reader.column(type, length));
  reader.finish();
  return { length, columns };
}

/** The types by which the columns of a field list are laid out. */
export function layoutTypes(fields: readonly ReceivedField[]): ReceivedType[] {
  return fields.map(({ type, dictionary }) => dictionary?.index ?? type);
}

class BodyReader {
  private node = 0;
  private buffer = 0;
  private variadic = 0;

  constructor(
    /** Length and null count of each column. */
    private readonly nodes: readonly number[],
    /** Offset and length of each buffer. */
    private readonly buffers: readonly number[],
    private readonly variadicCounts: readonly number[],
    private readonly body: Uint8Array,
  ) {}

  column(type: ReceivedType, length: number): ReceivedColumn {
    const [own, nullCount] = [this.nodes[this.node++], this.nodes[this.node++]];
    if (own === undefined || nullCount === undefined)
      fail('there are fewer columns than in the schema');
    if (own !== length) fail(`a column has ${own} rows, the batch has ${length}`);
    if (nullCount < 0 || nullCount > length)
      fail(`a column has ${nullCount} nulls in ${length} rows`);
    if (type.kind === 'null') {
      const column = { type, length, nullCount: length, validity: undefined };
      return { ...column, data: NO_BYTES, offsets: undefined, viewed: [] };
    }
    const validity = this.next(nullCount > 0 ? Math.ceil(length / 8) : 0);
    const column = { type, length, nullCount, validity: nullCount > 0 ? validity : undefined };
    switch (type.kind) {
      case 'utf8':
      case 'large-utf8': {
        const width = type.kind === 'utf8' ? 4 : 8;
        // Of no rows there may be no offset either.
        const bytes = aligned(this.next(length === 0 ? 0 : (length + 1) * width), width);
        const offsets =
          width === 4
            ? new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 2)
            : new BigInt64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 3);
        const data = this.next(0);
        if (length > 0) checkOffsets(offsets, length, data.byteLength);
        return { ...column, data, offsets, viewed: [] };
      }
      case 'utf8-view': {
        const data = aligned(this.next(length * 16), 4);
        const count = this.variadicCounts[this.variadic++] ?? 0;
        if (count < 0 || count * 2 > this.buffers.length)
          fail('there are fewer buffers than announced');
        const viewed = Array.from({ length: count }, () => this.next(0));
        return { ...column, data, offsets: undefined, viewed };
      }
      case 'bool':
        return {
          ...column,
          data: this.next(Math.ceil(length / 8)),
          offsets: undefined,
          viewed: [],
        };
      case 'int':
      case 'float':
      case 'decimal':
      case 'date':
      case 'timestamp': {
        const width = widthOf(type);
        const data = aligned(this.next(length * width), Math.min(width, 8));
        return { ...column, data, offsets: undefined, viewed: [] };
      }
    }
  }

  finish(): void {
    if (this.node !== this.nodes.length) fail('there are more columns than in the schema');
  }

  /** The next buffer, of at least so many bytes. */
  private next(bytesMin: number): Uint8Array {
    const [offset, length] = [this.buffers[this.buffer++], this.buffers[this.buffer++]];
    if (offset === undefined || length === undefined)
      fail('there are fewer buffers than columns need');
    if (offset < 0 || length < 0 || offset + length > this.body.byteLength) {
      fail('a buffer lies outside the message');
    }
    if (length < bytesMin) fail(`a buffer has ${length} bytes, its rows need ${bytesMin}`);
    return this.body.subarray(offset, offset + length);
  }
}

const NO_BYTES = new Uint8Array(0);

function widthOf(type: ReceivedType): number {
  switch (type.kind) {
    case 'int':
    case 'float':
    case 'decimal':
      return type.bits / 8;
    case 'date':
      return type.unit === 'day' ? 4 : 8;
    default:
      return 8;
  }
}

/** Messages begin anywhere in memory; numbers are read in place only where they lie well. */
function aligned(bytes: Uint8Array, width: number): Uint8Array {
  return bytes.byteOffset % width === 0 ? bytes : new Uint8Array(bytes);
}

function checkOffsets(offsets: Int32Array | BigInt64Array, length: number, end: number): void {
  let before = offsets[0]!;
  if (before < 0) fail('a text begins outside its column');
  for (let row = 1; row <= length; row++) {
    const offset = offsets[row]!;
    if (offset < before) fail('a text ends before it begins');
    before = offset;
  }
  if (before > end) fail('a text ends outside its column');
}

function fail(reason: string): never {
  throw new MalformedMessageError(reason);
}
