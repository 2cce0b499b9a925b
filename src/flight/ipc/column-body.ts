// Columns on their way into an Arrow message: what their buffers hold, and how long they are, before there
// is a place for them. The values are written straight into the message, so they are copied once.

import { bitmapBytes } from '../../schema/bitmap.js';

/** One buffer of a message body. */
export interface BodyPart {
  readonly byteLength: number;
  /** @param to exactly `byteLength` bytes that hold anything, the first one at a multiple of 8 */
  write(to: Uint8Array): void;
}

/** A column of a message: one field node and its buffers, in Arrow's order (validity first). */
export interface ColumnBody {
  readonly nullCount: number;
  readonly parts: readonly BodyPart[];
}

/** The validity of a column without nulls. */
export const NO_PART: BodyPart = { byteLength: 0, write: () => undefined };

export function bytesPart(bytes: ArrayBufferView): BodyPart {
  return {
    byteLength: bytes.byteLength,
    write: (to) => to.set(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)),
  };
}

export function int32Of(to: Uint8Array): Int32Array {
  return new Int32Array(to.buffer, to.byteOffset, to.byteLength >> 2);
}

export function float64Of(to: Uint8Array): Float64Array {
  return new Float64Array(to.buffer, to.byteOffset, to.byteLength >> 3);
}

export function bigInt64Of(to: Uint8Array): BigInt64Array {
  return new BigInt64Array(to.buffer, to.byteOffset, to.byteLength >> 3);
}

/** A column of values of a fixed width. */
export function fixedBody<T>(
  values: readonly (T | null)[],
  column: Int32Array | Float64Array | BigInt64Array,
  put: (value: T, row: number) => void,
): ColumnBody {
  values.forEach((value, row) => {
    if (value !== null) put(value, row);
  });
  const { nullCount, validity } = validityOf(values);
  return { nullCount, parts: [validity, bytesPart(column)] };
}

export function boolBody(values: readonly (boolean | null)[]): ColumnBody {
  const bits = new Uint8Array(bitmapBytes(values.length));
  values.forEach((value, row) => {
    if (value === true) bits[row >> 3]! |= 1 << (row & 7);
  });
  const { nullCount, validity } = validityOf(values);
  return { nullCount, parts: [validity, bytesPart(bits)] };
}

export function utf8Body(texts: readonly (string | null)[]): ColumnBody {
  const { nullCount, validity } = validityOf(texts);
  const offsets = new Int32Array(texts.length + 1);
  texts.forEach((text, row) => {
    offsets[row + 1] = offsets[row]! + (text === null ? 0 : Buffer.byteLength(text));
  });
  const bytes = Buffer.allocUnsafe(offsets.at(-1)!);
  texts.forEach((text, row) => {
    if (text !== null) bytes.write(text, offsets[row]!);
  });
  return { nullCount, parts: [validity, bytesPart(offsets), bytesPart(bytes)] };
}

function validityOf(values: readonly unknown[]): { nullCount: number; validity: BodyPart } {
  const bits = new Uint8Array(bitmapBytes(values.length));
  let nullCount = 0;
  values.forEach((value, row) => {
    if (value === null) nullCount++;
    else bits[row >> 3]! |= 1 << (row & 7);
  });
  return { nullCount, validity: nullCount === 0 ? NO_PART : bytesPart(bits) };
}
