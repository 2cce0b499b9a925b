// A growing buffer and a reader over one, little-endian, with variable-length integers (LEB128; signed
// ones in zigzag order, so that small negative numbers stay small).

import { assert } from '../../core/assert.js';

/** The bytes end where a value should be, or say something impossible. */
export class MalformedBytesError extends Error {
  override readonly name = 'MalformedBytesError';
}

const VARINT32_BYTES_MAX = 5;

export class ByteWriter {
  private buffer: Buffer;
  private length = 0;

  constructor(capacity = 256) {
    this.buffer = Buffer.allocUnsafe(capacity);
  }

  uint8(value: number): void {
    this.reserve(1);
    this.buffer[this.length++] = value;
  }

  /** A whole number from 0 to 2^53 - 1. */
  varint(value: number): void {
    assert(
      Number.isSafeInteger(value) && value >= 0,
      `a varint is not negative, received ${value}`,
    );
    this.reserve(8);
    let rest = value;
    // Above 32 bits the bit operators would cut, so the high part goes by division.
    while (rest >= 0x80) {
      this.buffer[this.length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.buffer[this.length++] = rest;
  }

  /** A whole number of either sign, up to 2^52. */
  zigzag(value: number): void {
    this.varint(value < 0 ? -2 * value - 1 : 2 * value);
  }

  /**
   * Each number as its zigzag difference from the one before it; no count. Differences wrap at 32 bits,
   * so any 32-bit integers come back.
   */
  int32Differences(values: Int32Array): void {
    this.reserve(VARINT32_BYTES_MAX * values.length);
    const { buffer } = this;
    let at = this.length;
    let previous = 0;
    // No call per number: these loops decide how fast points can be logged.
    for (let index = 0; index < values.length; index++) {
      const value = values[index]!;
      const difference = (value - previous) | 0;
      let rest = ((difference << 1) ^ (difference >> 31)) >>> 0;
      while (rest >= 0x80) {
        buffer[at++] = (rest & 0x7f) | 0x80;
        rest >>>= 7;
      }
      buffer[at++] = rest;
      previous = value;
    }
    this.length = at;
  }

  /** The doubles as they lie in memory: little-endian on every machine that Node 20 runs on. */
  float64s(values: Float64Array): void {
    this.bytes(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }

  bytes(value: Uint8Array): void {
    this.reserve(value.byteLength);
    this.buffer.set(value, this.length);
    this.length += value.byteLength;
  }

  text(value: string): void {
    const length = Buffer.byteLength(value);
    this.varint(length);
    this.reserve(length);
    this.length += this.buffer.write(value, this.length);
  }

  finish(): Buffer {
    return this.buffer.subarray(0, this.length);
  }

  /** Makes room once, so that what follows does not grow the buffer step by step. */
  reserve(more: number): void {
    if (this.length + more <= this.buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.length + more));
    this.buffer.copy(grown, 0, 0, this.length);
    this.buffer = grown;
  }
}

export class ByteReader {
  private position = 0;
  private readonly buffer: Buffer;

  constructor(bytes: Uint8Array) {
    this.buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isAtEnd(): boolean {
    return this.position === this.buffer.length;
  }

  uint8(): number {
    return this.buffer[this.advance(1)]!;
  }

  varint(): number {
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = this.uint8();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) break;
      factor *= 0x80;
      if (factor > Number.MAX_SAFE_INTEGER) throw new MalformedBytesError('a varint is too long');
    }
    if (!Number.isSafeInteger(value)) throw new MalformedBytesError('a varint is too large');
    return value;
  }

  zigzag(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** What `int32Differences` wrote of `count` numbers. */
  int32Differences(count: number): Int32Array {
    this.assertLeft(count);
    const { buffer } = this;
    const values = new Int32Array(count);
    let at = this.position;
    let value = 0;
    for (let index = 0; index < count; index++) {
      // Behind the end a buffer answers undefined, which counts as 0 and ends a number; caught below.
      let byte = buffer[at++]!;
      let zigzag = byte & 0x7f;
      for (let shift = 7; byte >= 0x80; shift += 7) {
        if (shift > 28) throw new MalformedBytesError('a 32-bit varint is too long');
        byte = buffer[at++]!;
        zigzag |= (byte & 0x7f) << shift;
      }
      value = (value + ((zigzag >>> 1) ^ -(zigzag & 1))) | 0;
      values[index] = value;
    }
    if (at > buffer.length) throw new MalformedBytesError('the bytes end early');
    this.position = at;
    return values;
  }

  /** A copy, aligned as typed arrays must be. */
  float64s(count: number): Float64Array {
    const bytes = this.bytes(8 * count);
    const values = new Float64Array(count);
    new Uint8Array(values.buffer).set(bytes);
    return values;
  }

  /** A count of things that take a byte or more each: before memory is made for them. */
  count(): number {
    const count = this.varint();
    this.assertLeft(count);
    return count;
  }

  /** Shares memory with what is read from. */
  bytes(length: number): Uint8Array {
    const start = this.advance(length);
    return this.buffer.subarray(start, start + length);
  }

  text(encoding: 'utf8' | 'latin1' = 'utf8'): string {
    const length = this.count();
    const start = this.advance(length);
    return this.buffer.toString(encoding, start, start + length);
  }

  private assertLeft(bytes: number): void {
    if (bytes > this.buffer.length - this.position) {
      throw new MalformedBytesError('the bytes end early');
    }
  }

  private advance(length: number): number {
    this.assertLeft(length);
    const start = this.position;
    this.position = start + length;
    return start;
  }
}
