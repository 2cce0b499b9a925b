// Columns of the catalogue as Arrow columns and back. Every Arrow column gets buffers of its own, at their
// exact size: apache-arrow writes unreadable streams where two columns share memory.

import { isAscii } from 'node:buffer';
import {
  DataType,
  makeData,
  Vector,
  type Data,
  type Dictionary,
  type Int32,
  type Utf8,
} from 'apache-arrow';
import { assert } from '../../core/assert.js';
import { CalendarDate } from '../../core/calendar-date.js';
import type { Instant } from '../../core/instant.js';
import { Uuid } from '../../core/uuid.js';
import { ARROW_TYPES } from '../../schema/arrow-schema.js';
import type { Column, ColumnKind, KindToType } from '../../schema/columns.js';
import { DamagedFileError } from '../parquet/file-seal.js';
import type { SlotColumn } from './slot-columns.js';

interface Conversion<T> {
  toArrow(values: readonly (T | null)[]): Data;
  /** A reader of single values, which are there. */
  fromArrow(data: Data): (index: number) => T;
}

const CONVERSIONS: { [K in ColumnKind]: Conversion<KindToType[K]> } = {
  uuid: {
    toArrow: textsToArrow,
    fromArrow: (data) => checked(textReader(data), (text) => Uuid.tryParse(text)),
  },
  utf8: { toArrow: textsToArrow, fromArrow: textReader },
  bool: {
    toArrow: (values) => {
      const { length } = values;
      const data = bitmap(length, (index) => values[index] === true);
      return makeData({ type: ARROW_TYPES.bool, length, data, ...validity(values) });
    },
    fromArrow: ({ values }) => bitReader(values as Uint8Array),
  },
  date: {
    toArrow: (values) => {
      const data = Int32Array.from(values, (value) => value ?? 0);
      return makeData({ type: ARROW_TYPES.date, length: data.length, data, ...validity(values) });
    },
    fromArrow: ({ values }) =>
      checked(
        (index) => (values as Int32Array)[index]!,
        (days) => CalendarDate.fromDays(days),
      ),
  },
  float64: {
    toArrow: (values) => {
      const data = Float64Array.from(values, (value) => value ?? 0);
      return makeData({
        type: ARROW_TYPES.float64,
        length: data.length,
        data,
        ...validity(values),
      });
    },
    fromArrow: ({ values }) => {
      return (index) => (values as Float64Array)[index]!;
    },
  },
  timestamp: { toArrow: instantsToArrow, fromArrow: instantReader },
};

export function toArrow(
  { kind }: Column,
  type: DataType,
  column: Pick<SlotColumn<unknown>, 'get'>,
  slots: Uint32Array,
): Data {
  const values: unknown[] = [];
  for (const slot of slots) values.push(column.get(slot));
  return DataType.isDictionary(type)
    ? textsToDictionary(type as Dictionary<Utf8, Int32>, values as (string | null)[])
    : (CONVERSIONS[kind] as Conversion<unknown>).toArrow(values);
}

/** @throws DamagedFileError where the column is of another type or lacks a value that must be there */
export function readInto(
  { name, kind, nullable }: Column,
  type: DataType,
  data: Data | undefined,
  column: SlotColumn<unknown>,
  firstSlot: number,
): void {
  if (data === undefined && nullable) return;
  if (data === undefined) throw new DamagedFileError(`column ${name} is missing`);
  // By name, because what apache-arrow decodes has types of other classes (`Date_` for `DateDay`).
  if (nameOf(data.type) !== nameOf(type)) {
    throw new DamagedFileError(`column ${name} is of type ${nameOf(data.type)}`);
  }
  if (data.nullCount > 0 && !nullable) throw new DamagedFileError(`column ${name} has nulls`);
  const conversion = CONVERSIONS[kind] as Conversion<unknown>;
  const read = DataType.isDictionary(type)
    ? dictionaryReader(data, conversion)
    : conversion.fromArrow(data);
  const isThere = data.nullCount > 0 ? bitReader(data.nullBitmap) : () => true;
  for (let index = 0; index < data.length; index += 1) {
    if (isThere(index)) column.set(firstSlot + index, read(index));
  }
}

function nameOf(type: DataType): string {
  return (type as { toString(): string }).toString();
}

function textsToArrow(values: readonly (string | null)[]): Data<Utf8> {
  const { length } = values;
  const valueOffsets = new Int32Array(length + 1);
  const all = values.join('');
  const size = Buffer.byteLength(all);
  // Where every character is one byte, nothing need be asked text by text.
  const isOneByte = size === all.length;
  for (let index = 0; index < length; index += 1) {
    const text = values[index] ?? '';
    const bytes = isOneByte ? text.length : Buffer.byteLength(text);
    valueOffsets[index + 1] = valueOffsets[index]! + bytes;
  }
  const data = Buffer.allocUnsafeSlow(valueOffsets[length]!);
  if (isOneByte) data.write(all, 'latin1');
  else values.forEach((text, index) => data.write(text ?? '', valueOffsets[index]!));
  return makeData({ type: ARROW_TYPES.utf8, length, valueOffsets, data, ...validity(values) });
}

function textsToDictionary(
  type: Dictionary<Utf8, Int32>,
  values: readonly (string | null)[],
): Data {
  const codes = new Map<string | null, number>();
  const data = new Int32Array(values.length);
  values.forEach((text, index) => {
    const code = codes.get(text) ?? codes.size;
    codes.set(text, code);
    data[index] = code;
  });
  // Null takes part, as an empty text that only null rows point to: an empty dictionary is no dictionary.
  const dictionary = new Vector([textsToArrow([...codes.keys()].map((text) => text ?? ''))]);
  return makeData({ type, length: values.length, data, dictionary, ...validity(values) });
}

function dictionaryReader<T>(
  { values, dictionary }: Data,
  conversion: Conversion<T>,
): (index: number) => T {
  const texts = dictionary!.data[0] as Data;
  const read = conversion.fromArrow(texts);
  const codes = values as Int32Array;
  const decoded = new Map<number, T>();
  return (index) => {
    const code = codes[index]!;
    let text = decoded.get(code);
    if (text === undefined) {
      assert(code >= 0 && code < texts.length, 'a code is in the dictionary');
      decoded.set(code, (text = read(code)));
    }
    return text;
  };
}

/** Two methods of Node's that `toString` also ends in, at half the price for short texts. */
interface Slicer {
  latin1Slice(start?: number, end?: number): string;
  utf8Slice(start?: number, end?: number): string;
}

/** Every text is a copy: a slice of a longer one would keep that alive. */
function textReader(data: Data): (index: number) => string {
  const { buffer, byteOffset, byteLength } = data.values as Uint8Array;
  const offsets = data.valueOffsets as Int32Array;
  const bytes = Buffer.from(buffer, byteOffset, byteLength) as Buffer & Slicer;
  return isAscii(bytes)
    ? (index) => bytes.latin1Slice(offsets[index], offsets[index + 1])
    : (index) => bytes.utf8Slice(offsets[index], offsets[index + 1]);
}

// Instants are taken apart into 32-bit words, low before high, because a BigInt for each takes longer than
// everything else of the column together. Arrow's and the machine's order of bytes are the same.
const WORD = 2 ** 32;

function instantsToArrow(values: readonly (Instant | null)[]): Data {
  const { length } = values;
  const data = new BigInt64Array(length);
  const words = new Int32Array(data.buffer);
  for (let index = 0; index < length; index += 1) {
    const micros = values[index] ?? 0;
    words[2 * index] = micros % WORD;
    words[2 * index + 1] = Math.floor(micros / WORD);
  }
  return makeData({ type: ARROW_TYPES.timestamp, length, data, ...validity(values) });
}

function instantReader({ values }: Data): (index: number) => Instant {
  const { buffer, byteOffset, length } = values as BigInt64Array;
  const words = new Int32Array(buffer, byteOffset, 2 * length);
  return checked(
    (index) => (words[2 * index]! >>> 0) + words[2 * index + 1]! * WORD,
    (micros) => (Number.isSafeInteger(micros) ? (micros as Instant) : undefined),
  );
}

function checked<T extends string | number, U>(
  read: (index: number) => T,
  parse: (value: T) => U | undefined,
): (index: number) => U {
  return (index) => {
    const value = read(index);
    const parsed = parse(value);
    if (parsed === undefined) throw new DamagedFileError(`${value} is no value of its column`);
    return parsed;
  };
}

function validity(values: readonly unknown[]): { nullCount: number; nullBitmap?: Uint8Array } {
  const nullCount = values.reduce<number>((sum, value) => sum + Number(value === null), 0);
  if (nullCount === 0) return { nullCount };
  return { nullCount, nullBitmap: bitmap(values.length, (index) => values[index] !== null) };
}

function bitmap(length: number, isSet: (index: number) => boolean): Uint8Array {
  const bits = new Uint8Array((length + 7) >> 3);
  for (let index = 0; index < length; index += 1) {
    if (isSet(index)) bits[index >> 3]! |= 1 << (index & 7);
  }
  return bits;
}

function bitReader(bits: Uint8Array): (index: number) => boolean {
  return (index) => ((bits[index >> 3]! >> (index & 7)) & 1) === 1;
}
