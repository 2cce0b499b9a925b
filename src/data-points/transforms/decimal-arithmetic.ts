// Arithmetic whose results read as they would on paper: 3.1 - 3 is 0.1. Statistics are published with a few
// decimals, so their doubles stand for whole multiples of 0.1, 0.01 and so on. These multiples are computed
// with, exactly, and the result is rounded once. Doubles that stand for no such number (an average of three,
// a ratio) are computed with as they are.

/** What is published has fewer decimals; powers of ten up to here times any count stay exact. */
const DECIMALS_MAX = 15;

/**
 * A double tells all decimals of 15 digits apart. Up to here a multiple is also found by rounding: two
 * roundings to 53 bits move it by less than a quarter.
 */
const MULTIPLE_MAX = 1e15;

/** A hundred times this is below 2^53. */
const PERCENT_MAX = Math.floor(Number.MAX_SAFE_INTEGER / 100);

const POWERS_OF_TEN = Float64Array.from({ length: DECIMALS_MAX + 1 }, (_, n) => Number(`1e${n}`));

/** The decimals of the shortest text of a double; undefined where they, or all its digits, are too many. */
export function decimalsOf(value: number): number | undefined {
  for (let decimals = 0; decimals <= DECIMALS_MAX; decimals++) {
    const power = POWERS_OF_TEN[decimals]!;
    const multiple = Math.round(value * power);
    if (!(Math.abs(multiple) <= MULTIPLE_MAX)) return undefined;
    // Both are exact, so the quotient is the double nearest to the decimal.
    if (multiple / power === value) return decimals;
  }
  return undefined;
}

/**
 * The least power of ten that makes each of these values whole and any `count` of them a sum below 2^53;
 * undefined where there is none. NaN, which stands for a missing value, is left out.
 */
export function commonScale(values: Iterable<number>, count: number): number | undefined {
  let decimals = 0;
  let largest = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    const own = decimalsOf(value);
    if (own === undefined) return undefined;
    if (own > decimals) decimals = own;
    if (Math.abs(value) > largest) largest = Math.abs(value);
  }
  const scale = POWERS_OF_TEN[decimals]!;
  const multiple = Math.round(largest * scale);
  return multiple <= MULTIPLE_MAX && multiple * count <= Number.MAX_SAFE_INTEGER
    ? scale
    : undefined;
}

/** `value` as a multiple of 1/scale, where `scale` is a common scale of it. */
export function multipleOf(value: number, scale: number): number {
  return Math.round(value * scale);
}

/** a - b */
export function difference(a: number, b: number): number {
  const scale = scaleOfTwo(a, b);
  if (scale === undefined) return a - b;
  return (multipleOf(a, scale) - multipleOf(b, scale)) / scale;
}

/** By how many percent `value` is greater than `base`: 10 from 110 to 121. */
export function percentChange(value: number, base: number): number {
  const scale = scaleOfTwo(value, base);
  if (scale === undefined) return ((value - base) / base) * 100;
  const multiple = multipleOf(base, scale);
  const change = multipleOf(value, scale) - multiple;
  // Times 100 before the division: 0.07 * 100 would be 7.000000000000001.
  if (Math.abs(change) <= PERCENT_MAX || multiple === 0) return (change * 100) / multiple;
  return (
    (Math.sign(change) * percentOf(Math.abs(change), Math.abs(multiple))) / Math.sign(multiple)
  );
}

/** 100 a / b rounded once, where 100 a is beyond what a double counts in ones. */
function percentOf(a: number, b: number): number {
  const dividend = (BigInt(a) * 100n) << 64n;
  const divisor = BigInt(b);
  const whole = dividend / divisor;
  // What is left only decides between two doubles if all bits behind it are zero.
  const rest = dividend % divisor === 0n ? 0n : 1n;
  return Number(whole | rest) / 2 ** 64;
}

/** `commonScale` of two values, without a list of them: it is asked for every difference. */
function scaleOfTwo(a: number, b: number): number | undefined {
  const ofA = decimalsOf(a);
  const ofB = decimalsOf(b);
  if (ofA === undefined || ofB === undefined) return undefined;
  const scale = POWERS_OF_TEN[ofA > ofB ? ofA : ofB]!;
  const largest = Math.max(Math.abs(a), Math.abs(b));
  return multipleOf(largest, scale) <= MULTIPLE_MAX ? scale : undefined;
}
