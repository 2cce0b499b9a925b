// Where rows become bytes. Joining strings takes half as long again: each piece is a node of a tree that has to be
// flattened in the end.

const FIRST_BYTES = 65_536;
/** Longer texts are faster in native code. */
const SHORT_CHARACTERS = 32;
/** Of one UTF-16 unit in UTF-8. */
const BYTES_PER_UNIT_MAX = 3;
const QUOTE = 0x22;

export class ByteWriter {
  private bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  private length = 0;

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
