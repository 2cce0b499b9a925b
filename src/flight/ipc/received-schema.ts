// The schema of what a client sends: which columns there are, and how their buffers are laid out. Types that
// no column of ours can have are refused by name.
//
// Format: Schema.fbs of the Arrow columnar format; numbers of unions and enums are those of that file.

import { FlatTable, MalformedMessageError } from './flat-table.js';

export type ReceivedType =
  | { readonly kind: 'null' }
  | { readonly kind: 'bool' }
  | { readonly kind: 'int'; readonly bits: number; readonly isSigned: boolean }
  | { readonly kind: 'float'; readonly bits: 32 | 64 }
  | { readonly kind: 'decimal'; readonly bits: number; readonly scale: number }
  | { readonly kind: 'date'; readonly unit: 'day' | 'millisecond' }
  | { readonly kind: 'timestamp'; readonly perSecond: bigint }
  | { readonly kind: 'utf8' }
  | { readonly kind: 'large-utf8' }
  | { readonly kind: 'utf8-view' };

export interface ReceivedField {
  readonly name: string;
  /** Of the values; those of a dictionary where there is one. */
  readonly type: ReceivedType;
  readonly dictionary:
    | {
        readonly id: number;
        readonly index: { readonly kind: 'int'; readonly bits: number; readonly isSigned: boolean };
      }
    | undefined;
}

/** Columns of an upload: more than all that are known, under any name. */
const FIELDS_MAX = 64;

const TYPE_NAMES = [
  ...['none', 'null', 'int', 'float', 'binary', 'utf8', 'bool', 'decimal', 'date', 'time'],
  ...['timestamp', 'interval', 'list', 'struct', 'union', 'fixed_size_binary'],
  ...['fixed_size_list', 'map', 'duration', 'large_binary', 'large_utf8', 'large_list'],
  ...['run_end_encoded', 'binary_view', 'utf8_view', 'list_view', 'large_list_view'],
];

/** @throws MalformedMessageError */
export function readSchema(schema: FlatTable): ReceivedField[] {
  if (schema.int16(0, 0) !== 0)
    throw new MalformedMessageError('the byte order is not little-endian');
  const fields = schema.tables(1);
  if (fields.length > FIELDS_MAX) {
    throw new MalformedMessageError(
      `there are ${fields.length} columns, at most ${FIELDS_MAX} are read`,
    );
  }
  return fields.map(readField);
}

function readField(field: FlatTable): ReceivedField {
  const name = field.text(0);
  const type = readType(field.uint8(2, 0), field.table(3), name);
  const encoding = field.table(4);
  if (!encoding) return { name, type, dictionary: undefined };
  const index = encoding.table(1);
  // Without a type of its own an index has 32 bits.
  const indexType = index ? readInt(index) : { kind: 'int' as const, bits: 32, isSigned: true };
  return { name, type, dictionary: { id: encoding.int64(0, 0), index: indexType } };
}

function readInt(type: FlatTable) {
  const bits = type.int32(0, 0);
  if (![8, 16, 32, 64].includes(bits)) {
    throw new MalformedMessageError(`there is no integer of ${bits} bits`);
  }
  return { kind: 'int' as const, bits, isSigned: type.uint8(1, 0) !== 0 };
}

function readType(number: number, table: FlatTable | undefined, column: string): ReceivedType {
  const type = table ?? fail(`column ${JSON.stringify(column)} has no type`);
  switch (TYPE_NAMES[number]) {
    case 'null':
      return { kind: 'null' };
    case 'bool':
      return { kind: 'bool' };
    case 'int':
      return readInt(type);
    case 'float':
      return {
        kind: 'float',
        bits:
          ([undefined, 32, 64] as const)[type.int16(0, 0)] ??
          fail(
            `column ${JSON.stringify(column)} is of a float type other than float32 and float64`,
          ),
      };
    case 'decimal': {
      const bits = type.int32(2, 128);
      if (![32, 64, 128, 256].includes(bits)) fail(`there is no decimal of ${bits} bits`);
      return { kind: 'decimal', bits, scale: type.int32(1, 0) };
    }
    case 'date':
      return { kind: 'date', unit: type.int16(0, 1) === 0 ? 'day' : 'millisecond' };
    case 'timestamp':
      return {
        kind: 'timestamp',
        perSecond:
          [1n, 1_000n, 1_000_000n, 1_000_000_000n][type.int16(0, 0)] ??
          fail('a timestamp has an unknown unit'),
      };
    case 'utf8':
      return { kind: 'utf8' };
    case 'large_utf8':
      return { kind: 'large-utf8' };
    case 'utf8_view':
      return { kind: 'utf8-view' };
    default:
      return fail(
        `column ${JSON.stringify(column)} is of type ${TYPE_NAMES[number] ?? number}, which no column here can have`,
      );
  }
}

function fail(reason: string): never {
  throw new MalformedMessageError(reason);
}
