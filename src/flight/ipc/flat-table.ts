// Reading FlatBuffers that come from anywhere: every access is checked, so that no bytes can make it read
// outside the message or loop over what is not there. Only what Arrow's messages need.
//
// Format: https://flatbuffers.dev/internals

/** The bytes are not what they claim to be. */
export class MalformedMessageError extends Error {
  override readonly name = 'MalformedMessageError';
}

const UINT32_BYTES = 4;

export class FlatTable {
  /** @param position of the table in the buffer */
  private constructor(
    private readonly view: DataView,
    private readonly position: number,
  ) {}

  /** @throws MalformedMessageError, as everything here does */
  static root(bytes: Uint8Array): FlatTable {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return new FlatTable(
      view,
      reading(() => view.getUint32(0, true)),
    );
  }

  uint8(field: number, absent: number): number {
    return this.scalar(field, absent, (at) => this.view.getUint8(at));
  }

  int16(field: number, absent: number): number {
    return this.scalar(field, absent, (at) => this.view.getInt16(at, true));
  }

  int32(field: number, absent: number): number {
    return this.scalar(field, absent, (at) => this.view.getInt32(at, true));
  }

  /** A long, which has to be exact as a number. */
  int64(field: number, absent: number): number {
    return this.scalar(field, absent, (at) => this.int64At(at));
  }

  table(field: number): FlatTable | undefined {
    const at = this.fieldAt(field);
    return at === 0 ? undefined : this.tableAt(at);
  }

  text(field: number): string {
    const vector = this.vector(field, 1);
    if (vector === undefined) return '';
    return Buffer.from(
      this.view.buffer,
      this.view.byteOffset + vector.start,
      vector.length,
    ).toString();
  }

  tables(field: number): FlatTable[] {
    const { start, length } = this.vector(field, UINT32_BYTES) ?? { start: 0, length: 0 };
    return Array.from({ length }, (_, index) => this.tableAt(start + index * UINT32_BYTES));
  }

  /** A vector of structs of longs: `longs` of them in each, one after the other. */
  longs(field: number, longs: number): number[] {
    const { start, length } = this.vector(field, longs * 8) ?? { start: 0, length: 0 };
    return Array.from({ length: length * longs }, (_, index) => this.int64At(start + index * 8));
  }

  private scalar(field: number, absent: number, read: (at: number) => number): number {
    const at = this.fieldAt(field);
    return at === 0 ? absent : reading(() => read(at));
  }

  private int64At(at: number): number {
    const value = Number(reading(() => this.view.getBigInt64(at, true)));
    if (!Number.isSafeInteger(value)) throw new MalformedMessageError('a length is beyond reason');
    return value;
  }

  private tableAt(at: number): FlatTable {
    return new FlatTable(
      this.view,
      reading(() => at + this.view.getUint32(at, true)),
    );
  }

  /** The elements of a vector are known to lie within the buffer. */
  private vector(
    field: number,
    elementBytes: number,
  ): { readonly start: number; readonly length: number } | undefined {
    const at = this.fieldAt(field);
    if (at === 0) return undefined;
    return reading(() => {
      const vector = at + this.view.getUint32(at, true);
      const length = this.view.getUint32(vector, true);
      const start = vector + UINT32_BYTES;
      if (start + length * elementBytes > this.view.byteLength) {
        throw new MalformedMessageError('a vector ends outside the message');
      }
      return { start, length };
    });
  }

  /** The position of a field; 0 where the table has none. */
  private fieldAt(field: number): number {
    return reading(() => {
      const vtable = this.position - this.view.getInt32(this.position, true);
      const slot = 4 + field * 2;
      if (slot >= this.view.getUint16(vtable, true)) return 0;
      const offset = this.view.getUint16(vtable + slot, true);
      return offset === 0 ? 0 : this.position + offset;
    });
  }
}

/** A DataView refuses to read outside itself. */
function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new MalformedMessageError('an offset points outside the message', { cause: error });
  }
}
