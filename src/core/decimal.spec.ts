import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Decimal } from './decimal.js';

function roundTrip(text: string): string {
  const { double, exact } = Decimal.parse(text);
  return Decimal.format(double, exact);
}

/** Canonical decimals of up to 28 digits, made from their digits and not by the code under test. */
const canonicalDecimals = fc
  .tuple(
    fc.boolean(),
    fc.bigInt({ min: 1n, max: 10n ** 28n - 1n }),
    fc.integer({ min: -60, max: 60 }),
  )
  .map(([negative, number, exponent]) => {
    const digits = number.toString().replace(/0+$/, '');
    const shifted =
      exponent >= 0
        ? digits + '0'.repeat(exponent)
        : digits.length > -exponent
          ? `${digits.slice(0, exponent)}.${digits.slice(exponent)}`
          : `0.${'0'.repeat(-exponent - digits.length)}${digits}`;
    return `${negative ? '-' : ''}${shifted}`;
  });

describe('a decimal', () => {
  it('comes back digit for digit, whatever its 28 digits are', () => {
    fc.assert(
      fc.property(canonicalDecimals, (text) => {
        expect(roundTrip(text)).toBe(text);
      }),
      { numRuns: 5000 },
    );
  });

  it('is a plain double where that is the number sent', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (double) => {
        const parsed = Decimal.parse(String(double));
        expect(parsed).toEqual({ double: double === 0 ? 0 : double, exact: null });
        expect(Number(Decimal.format(parsed.double, parsed.exact))).toBe(parsed.double);
      }),
    );
  });

  it.each([
    ['25000.5', '25000.5'],
    ['25000.50', '25000.5'],
    ['+1.0', '1'],
    ['.5', '0.5'],
    ['5.', '5'],
    ['-0', '0'],
    ['-0.00', '0'],
    ['0e999999', '0'],
    ['1e5', '100000'],
    ['1e+21', '1000000000000000000000'],
    ['12.5E-3', '0.0125'],
    ['0.1000000000000000055', '0.1000000000000000055'],
    ['9007199254740993', '9007199254740993'],
    ['007', '7'],
  ])('%s is stored as %s', (sent, stored) => {
    expect(roundTrip(sent)).toBe(stored);
  });

  it('has 28 significant digits at most', () => {
    expect(roundTrip('1234567890123456789012345678')).toBe('1234567890123456789012345678');
    expect(roundTrip('1.0000000000000000000000000000000')).toBe('1');
    expect(() => Decimal.parse('12345678901234567890123456789', 'value')).toThrow(
      /at most 28 significant digits/,
    );
  });

  it.each([
    '',
    ' 1',
    '1 ',
    'abc',
    '1,5',
    'NaN',
    'Infinity',
    '-Infinity',
    '0x10',
    '1e',
    '--1',
    '.',
    '1_0',
  ])('is not %j', (text) => {
    expect(() => Decimal.parse(text)).toThrow(
      expect.objectContaining({ code: 'VALIDATION_ERROR' }),
    );
  });

  it.each(['1e400', '-1e309', '1e-400'])('lies within the range of a double, unlike %s', (text) => {
    expect(() => Decimal.parse(text)).toThrow(/range of a double/);
  });

  it('is read in bounded time however long the text is', () => {
    expect(() => Decimal.parse('9'.repeat(1_000_000))).toThrow(/at most 400 characters/);
  });
});

describe('difference', () => {
  it('is exact, whatever the digits', () => {
    const texts = fc.tuple(fc.bigInt({ min: -(10n ** 28n), max: 10n ** 28n }), fc.nat(40));
    fc.assert(
      fc.property(texts, texts, ([a, placesA], [b, placesB]) => {
        const text = (n: bigint, places: number) => {
          const digits = String(n < 0n ? -n : n).padStart(places + 1, '0');
          const point = digits.length - places;
          return `${n < 0n ? '-' : ''}${digits.slice(0, point)}.${digits.slice(point)}`;
        };
        const expected = a * 10n ** BigInt(40 - placesA) - b * 10n ** BigInt(40 - placesB);
        const result = Decimal.difference(text(a, placesA), text(b, placesB));
        const [whole, fraction = ''] = result.split('.');
        expect(BigInt(whole! + fraction.padEnd(40, '0'))).toBe(expected);
        expect(result).not.toMatch(/^-0$|\.$|\..*0$|e/);
      }),
    );
  });

  it.each([
    ['0.1000000000000000057', '0.1000000000000000055', '0.0000000000000000002'],
    ['5', '5', '0'],
    ['0', '0.5', '-0.5'],
    ['1000', '0.001', '999.999'],
  ])('%s - %s = %s', (a, b, expected) => {
    expect(Decimal.difference(a, b)).toBe(expected);
  });
});
