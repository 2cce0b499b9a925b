import { assert } from './assert.js';

/**
 * Microseconds since 1970-01-01T00:00Z: the resolution of Parquet's TIMESTAMP(MICROS). A double holds
 * them exactly until the year 2255.
 */
export type Instant = number & { readonly __brand: 'Instant' };

export const Instant = {
  of(micros: number): Instant {
    assert(Number.isSafeInteger(micros), `an instant is a safe integer, received ${micros}`);
    return micros as Instant;
  },

  /** ISO 8601 in UTC with six decimals of a second. */
  format(instant: Instant): string {
    const millis = Math.floor(instant / 1000);
    const micros = String(instant - millis * 1000).padStart(3, '0');
    return `${new Date(millis).toISOString().slice(0, -1)}${micros}Z`;
  },
};
