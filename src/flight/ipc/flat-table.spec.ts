import { Builder } from 'flatbuffers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FlatTable, MalformedMessageError } from './flat-table.js';

/** A table with something of every kind in it. */
function example(): Uint8Array {
  const builder = new Builder();
  const text = builder.createString('héllo');
  builder.startVector(16, 2, 8);
  for (const long of [4n, 3n, 2n, 1n]) builder.addInt64(long);
  const longs = builder.endVector();
  builder.startObject(1);
  builder.addFieldInt16(0, 7, 0);
  const inner = builder.endObject();
  builder.startVector(4, 2, 4);
  builder.addOffset(inner);
  builder.addOffset(inner);
  const tables = builder.endVector();
  builder.startObject(8);
  builder.addFieldInt8(0, 200, 0);
  builder.addFieldInt16(1, -2, 0);
  builder.addFieldInt32(2, -3, 0);
  builder.addFieldInt64(3, 2n ** 40n, 0n);
  builder.addFieldOffset(4, inner, 0);
  builder.addFieldOffset(5, text, 0);
  builder.addFieldOffset(6, tables, 0);
  builder.addFieldOffset(7, longs, 0);
  builder.finish(builder.endObject());
  return Uint8Array.from(builder.asUint8Array());
}

function readAll(bytes: Uint8Array): unknown[] {
  const table = FlatTable.root(bytes);
  return [
    table.uint8(0, 0),
    table.int16(1, 0),
    table.int32(2, 0),
    table.int64(3, 0),
    table.table(4)?.int16(0, 0),
    table.text(5),
    table.tables(6).map((inner) => inner.int16(0, 0)),
    table.longs(7, 2),
  ];
}

describe('FlatTable', () => {
  it('reads what is there, and what is absent as absent', () => {
    expect(readAll(example())).toEqual([200, -2, -3, 2 ** 40, 7, 'héllo', [7, 7], [1, 2, 3, 4]]);
    const table = FlatTable.root(example());
    expect([table.int32(8, 5), table.table(9), table.text(10), table.tables(11)]).toEqual([
      5,
      undefined,
      '',
      [],
    ]);
  });

  it('reads within its own bytes only, wherever they lie in memory', () => {
    const bytes = example();
    const around = new Uint8Array(bytes.length + 64).fill(0xff);
    around.set(bytes, 13);
    expect(readAll(around.subarray(13, 13 + bytes.length))).toEqual(readAll(bytes));
    for (let end = 0; end < bytes.length; end++) {
      // What was cut off is not read from behind the end.
      const cut = around.subarray(13, 13 + end);
      try {
        readAll(cut);
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedMessageError);
        continue;
      }
      expect(readAll(Uint8Array.from(cut))).toEqual(readAll(cut));
    }
  });

  it('refuses or reads, and never does anything else, of any bytes', () => {
    const changed = fc
      .array(fc.tuple(fc.nat(example().length - 1), fc.nat(255)), { maxLength: 6 })
      .map((changes) => {
        const bytes = example();
        for (const [at, value] of changes) bytes[at] = value;
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(changed, fc.uint8Array({ maxLength: 80 })), (bytes) => {
        try {
          expect(readAll(bytes)).toHaveLength(8);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedMessageError);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('refuses longs that a number cannot hold, and vectors that end outside', () => {
    const bytes = example();
    const at = Buffer.from(bytes).indexOf(Buffer.from([0, 0, 0, 0, 0, 1, 0, 0]));
    bytes[at + 7] = 0x7f;
    expect(() => FlatTable.root(bytes).int64(3, 0)).toThrow('beyond reason');
    const grown = example();
    const length = Buffer.from(grown).indexOf(Buffer.from([2, 0, 0, 0, 1, 0, 0, 0]));
    grown[length] = 200;
    expect(() => FlatTable.root(grown).longs(7, 2)).toThrow('outside the message');
  });
});
