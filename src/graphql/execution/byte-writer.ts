// Where rows become bytes. Joining strings takes half as long again: each piece is a node of a tree that has to be
// flattened in the end.

import { Decimal } from '../../core/decimal.js';
import { decimalPlaces, decimalUnits } from '../../core/short-decimal.js';

const FIRST_BYTES = 65_536;
/** What is kept for long gives up memory that it does not use, if it is more than this part. */
const UNUSED_SHARE_MAX = 1 / 8;
/** Longer texts are faster in native code. */
const SHORT_CHARACTERS = 32;
/** Of one UTF-16 unit in UTF-8. */
const BYTES_PER_UNIT_MAX = 3;
const QUOTE = 0x22;
const [MINUS, POINT, ZERO] = [0x2d, 0x2e, 0x30];
/** Digits that are taken from a number at once, as integers of 32 bits. */
const DIGITS_AT_ONCE = 8;
/** A sign, 15 digits, a point, a zero before it. */
const SHORT_NUMBER_BYTES_MAX = 18;

export class ByteWriter {
  private bytes: Buffer;
  private length = 0;
  private readonly digits = new Uint8Array(SHORT_NUMBER_BYTES_MAX);
  /** Decimal places of the last number. */
  private places = 0;

  /** @param capacity what will probably be written, in bytes: growing copies */
  constructor(capacity = FIRST_BYTES) {
    this.bytes = Buffer.allocUnsafeSlow(capacity);
  }

  /** Bytes written so far. */
  get size(): number {
    return this.length;
  }

  byte(byte: number): void {
    if (this.length === this.bytes.length) this.grow(1);
    this.bytes[this.length++] = byte;
  }

  /** @param text of ASCII characters only */
  ascii(text: string): void {
    const { length } = text;
    if (this.length + length > this.bytes.length) this.grow(length);
    if (length > SHORT_CHARACTERS) {
      this.length += this.bytes.write(text, this.length, 'latin1');
      return;
    }
    const { bytes } = this;
    let at = this.length;
    for (let index = 0; index < length; index++) bytes[at++] = text.charCodeAt(index);
    this.length = at;
  }

  /**
   * Writes a number as JavaScript does.
   * @param value finite
   */
  number(value: number): void {
    if (!this.shortNumber(value)) this.ascii(String(value));
  }

  /**
   * Writes a number in quotes, without an exponent.
   * @param value finite
   */
  quotedDecimal(value: number): void {
    this.byte(QUOTE);
    if (!this.shortNumber(value)) this.ascii(Decimal.format(value, null));
    this.byte(QUOTE);
  }

  /** @returns whether it is a short decimal, and was written */
  private shortNumber(value: number): boolean {
    const magnitude = Math.abs(value);
    const places = decimalPlaces(magnitude, this.places);
    if (places < 0) return false;
    this.places = places;
    if (value < 0) this.byte(MINUS);
    this.decimal(decimalUnits(magnitude, places), places);
    return true;
  }

  /** @param units whole, below 10^15: the number is `units` x 10^-places */
  private decimal(units: number, places: number): void {
    const { digits } = this;
    let low = (units % 10 ** DIGITS_AT_ONCE) | 0;
    let high = ((units - low) / 10 ** DIGITS_AT_ONCE) | 0;
    let at = SHORT_NUMBER_BYTES_MAX;
    let isTrailing = true;
    for (let written = 0; low > 0 || high > 0 || written <= places; written++) {
      if (written === DIGITS_AT_ONCE) [low, high] = [high, 0];
      if (written === places && !isTrailing && places > 0) digits[--at] = POINT;
      const digit = low % 10;
      low = (low / 10) | 0;
      if (digit > 0 || written >= places) isTrailing = false;
      if (!isTrailing) digits[--at] = ZERO + digit;
    }
    if (this.length + SHORT_NUMBER_BYTES_MAX > this.bytes.length) this.grow(SHORT_NUMBER_BYTES_MAX);
    const { bytes } = this;
    let to = this.length;
    while (at < SHORT_NUMBER_BYTES_MAX) bytes[to++] = digits[at++]!;
    this.length = to;
  }

  /** @param text of ASCII characters that JSON need not escape */
  quoted(text: string): void {
    this.byte(QUOTE);
    this.ascii(text);
    this.byte(QUOTE);
  }

  text(text: string): void {
    const most = text.length * BYTES_PER_UNIT_MAX;
    if (this.length + most > this.bytes.length) this.grow(most);
    this.length += this.bytes.write(text, this.length, 'utf8');
  }

  raw(raw: Uint8Array): void {
    const { length } = raw;
    if (this.length + length > this.bytes.length) this.grow(length);
    const { bytes } = this;
    let at = this.length;
    for (let index = 0; index < length; index++) bytes[at++] = raw[index]!;
    this.length = at;
  }

  /** What was written, in memory of its own; the writer is empty then. */
  take(): Buffer {
    const taken = Buffer.allocUnsafe(this.length);
    this.bytes.copy(taken, 0, 0, this.length);
    this.length = 0;
    return taken;
  }

  /** What was written; the writer is given up. */
  finish(): Buffer {
    const unused = this.bytes.length - this.length;
    if (unused > this.bytes.length * UNUSED_SHARE_MAX) return this.take();
    return this.bytes.subarray(0, this.length);
  }

  /** What was written, as a text; the writer is empty then. */
  takeText(): string {
    const text = this.bytes.toString('utf8', 0, this.length);
    this.length = 0;
    return text;
  }

  /** Forgets what was written. */
  clear(): void {
    this.length = 0;
  }

  private grow(missing: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(2 * this.bytes.length, this.length + missing));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }
}
