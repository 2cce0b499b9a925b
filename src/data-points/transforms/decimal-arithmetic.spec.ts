import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commonScale, decimalsOf, difference, percentChange } from './decimal-arithmetic.js';

/** `digits` over a power of ten, read by the language: an independent way to the nearest double. */
function decimal(digits: bigint | number, decimals: number): number {
  return Number(`${digits}e-${decimals}`);
}

const digits = fc.integer({ min: -999_999_999, max: 999_999_999 });
const decimals = fc.integer({ min: 0, max: 6 });

describe('decimalsOf', () => {
  it.each([
    [0, 0],
    [-0, 0],
    [42, 0],
    [-3.1, 1],
    [0.07, 2],
    [1e-15, 15],
    [99_999_999_999.999, 3],
    [1e15, 0],
  ])('of %d are %d', (value, expected) => {
    expect(decimalsOf(value)).toBe(expected);
  });

  it.each([1 / 3, 0.1 + 0.2, Math.PI, 1e15 + 1, 1e-16, 5e-324, 1e300, NaN, Infinity, -Infinity])(
    'are too many, or none, of %d',
    (value) => {
      expect(decimalsOf(value)).toBeUndefined();
    },
  );
});

describe('difference', () => {
  it('is that of the decimals, rounded once', () => {
    expect(difference(3.1, 3)).toBe(0.1);
    expect(difference(0.3, 0.1)).toBe(0.2);
    expect(difference(-1.005, 2.1)).toBe(-3.105);
    fc.assert(
      fc.property(digits, decimals, digits, decimals, (a, ofA, b, ofB) => {
        const whole = BigInt(a) * 10n ** BigInt(6 - ofA) - BigInt(b) * 10n ** BigInt(6 - ofB);
        expect(difference(decimal(a, ofA), decimal(b, ofB)) + 0).toBe(decimal(whole, 6));
      }),
      { numRuns: 1000 },
    );
  });

  it('is that of the doubles where they stand for no short decimals, or not for both at once', () => {
    expect(difference(1 / 3, 0.1)).toBe(1 / 3 - 0.1);
    expect(difference(1e300, 1)).toBe(1e300);
    expect(difference(123_456_789_012.5, 1e-9)).toBe(123_456_789_012.5 - 1e-9);
    // Not 10513345705385.293, as multiples that are too large have it.
    expect(difference(10_513_345_705_385.3, 0.0088971)).toBe(10_513_345_705_385.291);
    expect(difference(NaN, 1)).toBeNaN();
  });
});

describe('percentChange', () => {
  it.each([
    [121, 110, 10],
    [110, 100, 10],
    [10.7, 10, 7],
    [1.1, 1, 10],
    [99.5, 100, -0.5],
    [0.3, 0.1, 200],
  ])('to %d from %d is %d, exactly', (value, base, expected) => {
    expect(percentChange(value, base)).toBe(expected);
  });

  it('is exact for numbers of 15 digits too, a hundred of which are beyond 2^53', () => {
    const hundredths = fc.integer({ min: 1000, max: 200_000 });
    const bases = fc.integer({ min: 1_000_000_000, max: 4_000_000_000 });
    fc.assert(
      fc.property(bases, hundredths, fc.boolean(), (base, percent, falls) => {
        const [low, high] = [base * 1e4, base * (1e4 + percent)];
        expect(percentChange(high, low)).toBe(decimal(percent, 2));
        expect(percentChange(-high, -low)).toBe(decimal(percent, 2));
        if (falls) expect(percentChange(low - high, low)).toBe(-decimal(percent + 1e4, 2));
      }),
      { numRuns: 5000 },
    );
    expect(percentChange(1e15, 0)).toBe(Infinity);
    expect(percentChange(1e15 - 1, 7)).toBe(Number('14285714285714171.43'));
  });

  it('is computed from the doubles where they stand for no short decimals', () => {
    expect(percentChange(2 / 3, 1 / 3)).toBe(100);
    expect(percentChange(1, 0)).toBe(Infinity);
    expect(percentChange(1, NaN)).toBeNaN();
  });
});

describe('commonScale', () => {
  it('makes all values whole, leaving out the missing ones', () => {
    expect(commonScale([1, 2.5, NaN, 0.25], 4)).toBe(100);
    expect(commonScale([], 0)).toBe(1);
    expect(commonScale([NaN], 1)).toBe(1);
  });

  it('is there as long as no sum of them passes 2^53', () => {
    const sumMax = Number.MAX_SAFE_INTEGER;
    const largest = 1e15;
    expect(commonScale([largest], Math.floor(sumMax / largest))).toBe(1);
    expect(commonScale([largest], Math.floor(sumMax / largest) + 1)).toBeUndefined();
    expect(commonScale([1e14, 0.1], 2)).toBe(10);
    expect(commonScale([1e14, 0.01], 2)).toBeUndefined();
    expect(commonScale([1, 1 / 3], 2)).toBeUndefined();
  });
});
