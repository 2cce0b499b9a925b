import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Decimal } from '../../core/decimal.js';
import { ByteWriter } from './byte-writer.js';

const writer = new ByteWriter();

function written(value: number): string {
  writer.number(value);
  return writer.takeText();
}

const shortDecimals = fc
  .tuple(fc.integer({ min: -1e15, max: 1e15 }), fc.integer({ min: 0, max: 9 }))
  .map(([units, places]) => Number(`${units}e-${places}`));
const doubles = fc.double({ noNaN: true, noDefaultInfinity: true });
const neighbours = shortDecimals.map((value) => value * (1 + Number.EPSILON));

describe('a number', () => {
  it.each([
    0,
    -0,
    1,
    -1,
    10,
    100,
    0.1,
    -0.1,
    0.10001,
    1.5,
    12.34,
    100.5,
    1e-6,
    1e-7,
    0.000123,
    99_999_999,
    1e8,
    100_000_001.5,
    123_456_789.012345,
    999_999_999_999_999,
    1e15,
    1e21,
    1e22,
    0.1 + 0.2,
    5e-324,
    1.7976931348623157e308,
    1 / 3,
    2 ** 53,
    4.35,
    1.005,
    0.3,
    16_777_216.1,
  ])('%d is written as JavaScript writes it, whatever was written before it', (value) => {
    for (const before of [7, 0.125, 0.000001, value]) {
      written(before);
      expect(written(value)).toBe(JSON.stringify(value));
    }
  });

  it('is written as JavaScript writes it', () => {
    fc.assert(
      fc.property(fc.oneof(shortDecimals, doubles, neighbours), (value) => {
        expect(written(value)).toBe(JSON.stringify(value));
      }),
      { numRuns: 20_000 },
    );
  });

  it('is written in quotes without an exponent, as the text of a decimal', () => {
    fc.assert(
      fc.property(fc.oneof(shortDecimals, doubles, neighbours), (value) => {
        writer.quotedDecimal(value);
        expect(writer.takeText()).toBe(`"${Decimal.format(value, null)}"`);
      }),
      { numRuns: 5000 },
    );
  });
});
