// Exact decimals on top of doubles. A value is stored as a double, which analysts can compute with; the
// exact text is kept beside it only where the double's shortest decimal form is not the number that was
// sent. Equality of two values is equality of both parts (see docs/decisions/0002-exact-decimals.md).

import { assert } from './assert.js';
import { shown, validationError, type AppError } from './app-error.js';

export interface Decimal {
  /** The double nearest to the number. */
  readonly double: number;
  /** The canonical text where `double` alone would not give it back, else null. */
  readonly exact: string | null;
}

/** Significant digits that a value may have: as many as the widest decimals in common use (.NET, Rust). */
export const DECIMAL_DIGITS_MAX = 28;

// The longest canonical text of a 28-digit number that a double can hold is 354 characters (5e-324);
// anything longer is refused before it is looked at.
const DECIMAL_TEXT_MAX = 400;

const DECIMAL_TEXT = /^([+-]?)(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:[eE]([+-]?\d{1,9}))?$/;

interface Digits {
  readonly negative: boolean;
  /** Significant digits without leading or trailing zeros; empty for zero. */
  readonly digits: string;
  /** The number is 0.DIGITS x 10^pointAt. */
  readonly pointAt: number;
}

function parseDigits(text: string): Digits | undefined {
  const match = DECIMAL_TEXT.exec(text);
  if (!match) return undefined;
  const whole = match[2] ?? '';
  const fraction = match[3] ?? match[4] ?? '';
  const all = whole + fraction;
  let first = 0;
  while (first < all.length && all.charCodeAt(first) === 48) first++;
  let last = all.length;
  while (last > first && all.charCodeAt(last - 1) === 48) last--;
  return {
    negative: match[1] === '-' && last > first,
    digits: all.slice(first, last),
    pointAt: whole.length - first + Number(match[5] ?? 0),
  };
}

function formatDigits({ negative, digits, pointAt }: Digits): string {
  if (digits === '') return '0';
  const sign = negative ? '-' : '';
  if (pointAt <= 0) return `${sign}0.${'0'.repeat(-pointAt)}${digits}`;
  if (pointAt >= digits.length) return `${sign}${digits}${'0'.repeat(pointAt - digits.length)}`;
  return `${sign}${digits.slice(0, pointAt)}.${digits.slice(pointAt)}`;
}

/** The shortest decimal text that reads back as `double`, without an exponent. */
function shortestText(double: number): string {
  const text = String(double);
  if (!text.includes('e')) return text;
  const digits = parseDigits(text);
  return digits ? formatDigits(digits) : text;
}

/** Digits behind the point. */
function placesOf({ digits, pointAt }: Digits): number {
  return digits.length - pointAt;
}

/** The number times 10^places, which is whole. */
function multipleOf({ negative, digits, pointAt }: Digits, places: number): bigint {
  const whole = BigInt(digits === '' ? '0' : digits + '0'.repeat(places + pointAt - digits.length));
  return negative ? -whole : whole;
}

function refused(field: string, reason: string, received: string): AppError {
  return validationError(field, `${field} ${reason}, received ${shown(received)}`);
}

export const Decimal = {
  /**
   * Reads a decimal number, keeping every digit. Exponents are read, never written.
   * @throws AppError VALIDATION_ERROR naming `field`: not a number, more than 28 significant digits, or
   *   a number other than zero that no double is near to
   */
  parse(text: string, field = 'value'): Decimal {
    const double = Number(text);
    if (String(double) === text && Number.isFinite(double)) return { double, exact: null };
    if (text.length > DECIMAL_TEXT_MAX) {
      throw refused(field, `must have at most ${DECIMAL_TEXT_MAX} characters`, text);
    }
    const digits = parseDigits(text);
    if (!digits) throw refused(field, 'must be a decimal number', text);
    if (digits.digits.length > DECIMAL_DIGITS_MAX) {
      throw refused(field, `must have at most ${DECIMAL_DIGITS_MAX} significant digits`, text);
    }
    if (digits.digits === '') return { double: 0, exact: null };
    if (!Number.isFinite(double) || double === 0) {
      throw refused(field, 'must lie within the range of a double (about 5e-324 to 1.8e308)', text);
    }
    const canonical = formatDigits(digits);
    return { double, exact: canonical === shortestText(double) ? null : canonical };
  },

  /**
   * A JSON number means the shortest decimal of its double.
   * @throws AppError VALIDATION_ERROR for NaN and infinities
   */
  fromNumber(double: number, field = 'value'): Decimal {
    if (!Number.isFinite(double)) throw refused(field, 'must be a finite number', String(double));
    return { double: double === 0 ? 0 : double, exact: null };
  },

  /** a - b of two canonical texts, exactly; it may have more digits than a value may. */
  difference(a: string, b: string): string {
    const [minuend, subtrahend] = [parseDigits(a), parseDigits(b)];
    assert(minuend && subtrahend, 'a canonical text is a decimal');
    const places = Math.max(placesOf(minuend), placesOf(subtrahend), 0);
    const multiple = multipleOf(minuend, places) - multipleOf(subtrahend, places);
    const digits = parseDigits(`${multiple}e-${places}`);
    return digits ? formatDigits(digits) : String(multiple);
  },

  /** The canonical text: no exponent, no trailing zeros, no -0. */
  format(double: number, exact: string | null): string {
    return exact ?? shortestText(double);
  },
};
