import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ReceivedColumn } from '../ipc/received-batch.js';
import type { ReceivedType } from '../ipc/received-schema.js';
import { valuesOf } from './column-values.js';
import { Faults } from './faults.js';

function received(type: ReceivedType, length: number, data: Uint8Array) {
  const layout = { nullCount: 0, validity: undefined, offsets: undefined, viewed: [] };
  const column: ReceivedColumn = { type, length, data, ...layout };
  return { name: 'value', column, dictionary: undefined, firstRow: 0 };
}

/** The values of a column that nothing is wrong with. */
function read(type: ReceivedType, length: number, data: ArrayBufferView) {
  const faults = new Faults();
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const values = valuesOf(received(type, length, bytes), undefined, faults);
  faults.throwIfAny();
  return values;
}

describe('valuesOf', () => {
  it('of single precision are the shortest decimals that are the same single', () => {
    const singles = fc.float({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(singles, (single) => {
        const [value] = read({ kind: 'float', bits: 32 }, 1, Float32Array.of(single)).values;
        expect(Math.fround(value!)).toBe(single === 0 ? 0 : single);
        // Beyond its 6 digits no shorter decimal is nearer to this single than to any other.
        for (let digits = 6; digits < 9; digits++) {
          const shorter = Number(single.toPrecision(digits));
          if (Math.fround(shorter) !== single) continue;
          expect(value).toBe(single === 0 ? 0 : shorter);
          return;
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('of decimals are exact in any width', () => {
    const cases = fc
      .tuple(fc.constantFrom(32, 64, 128, 256), fc.integer({ min: -5, max: 30 }))
      .chain(([bits, scale]) => {
        const most = 10n ** BigInt(Math.min(28, Math.floor((bits - 1) * 0.301))) - 1n;
        return fc.tuple(
          fc.constant({ bits, scale }),
          fc.array(fc.bigInt({ min: -most, max: most }), { minLength: 1, maxLength: 5 }),
        );
      });
    fc.assert(
      fc.property(cases, ([{ bits, scale }, unscaled]) => {
        const data = new Uint8Array((unscaled.length * bits) / 8);
        unscaled.forEach((value, row) => {
          let rest = BigInt.asUintN(bits, value);
          for (let byte = 0; byte < bits / 8; byte++, rest >>= 8n) {
            data[(row * bits) / 8 + byte] = Number(rest & 0xffn);
          }
        });
        const { values, exact } = read({ kind: 'decimal', bits, scale }, unscaled.length, data);
        unscaled.forEach((value, row) => {
          expect(values[row]).toBe(Number(`${value}e${-scale}`) + 0);
          const text = exact.get(row) ?? String(values[row]);
          expect(digitsOf(text)).toBe(digitsOf(String(value)));
        });
      }),
      { numRuns: 500 },
    );
  });

  it('of numbers that are none are faults of their rows', () => {
    const faults = new Faults();
    const data = new Uint8Array(Float64Array.of(1, NaN, -Infinity, 2).buffer);
    valuesOf(
      { ...received({ kind: 'float', bits: 64 }, 4, data), firstRow: 100 },
      undefined,
      faults,
    );
    expect(() => faults.throwIfAny()).toThrow('at fault are rows 101, 102');
  });
});

/** Sign and significant digits. */
function digitsOf(text: string): string {
  const digits = text
    .replace(/e.*$/, '')
    .replace('.', '')
    .replace(/^(-?)0+/, '$1');
  return digits.replace(/0+$/, '');
}
