// The vocabularies of series metadata: what is stored, and what else is understood.

import { shown, validationError } from '../core/app-error.js';

export const FREQUENCIES = [
  'daily',
  'weekly',
  'biweekly',
  'monthly',
  'quarterly',
  'semiannual',
  'annual',
  'irregular',
  'other',
] as const;
export type Frequency = (typeof FREQUENCIES)[number];

/** FRED's codes (d, w, bw, m, q, sa, a) and SDMX's (D, W, W2, M, Q, S, A), in lower case. */
const FREQUENCY_ALIASES: Readonly<Record<string, Frequency>> = {
  d: 'daily',
  w: 'weekly',
  bw: 'biweekly',
  w2: 'biweekly',
  m: 'monthly',
  q: 'quarterly',
  sa: 'semiannual',
  s: 'semiannual',
  a: 'annual',
  annually: 'annual',
  yearly: 'annual',
};

export const SEASONAL_ADJUSTMENTS = [
  'seasonally_adjusted',
  'not_seasonally_adjusted',
  'seasonally_adjusted_annual_rate',
  'smoothed_seasonally_adjusted',
  'not_seasonally_adjusted_annual_rate',
] as const;
export type SeasonalAdjustment = (typeof SEASONAL_ADJUSTMENTS)[number];

const SEASONAL_ADJUSTMENT_CODES: Readonly<Record<string, SeasonalAdjustment>> = {
  sa: 'seasonally_adjusted',
  nsa: 'not_seasonally_adjusted',
  saar: 'seasonally_adjusted_annual_rate',
  ssa: 'smoothed_seasonally_adjusted',
  nsaar: 'not_seasonally_adjusted_annual_rate',
};

function lookUp<T extends string>(
  text: string,
  names: readonly T[],
  aliases: Readonly<Record<string, T>>,
): T | undefined {
  const lower = text.toLowerCase();
  return (
    names.find((name) => name === lower) ??
    (Object.hasOwn(aliases, lower) ? aliases[lower] : undefined)
  );
}

/** @throws AppError VALIDATION_ERROR naming `field` */
export function parseFrequency(text: string, field = 'frequency'): Frequency {
  const frequency = lookUp(text, FREQUENCIES, FREQUENCY_ALIASES);
  if (!frequency) {
    throw validationError(
      field,
      `${field} must be one of ${FREQUENCIES.join(', ')}, received ${shown(text)}`,
    );
  }
  return frequency;
}

/** @throws AppError VALIDATION_ERROR naming `field` */
export function parseSeasonalAdjustment(
  text: string,
  field = 'seasonalAdjustment',
): SeasonalAdjustment {
  const adjustment = lookUp(text, SEASONAL_ADJUSTMENTS, SEASONAL_ADJUSTMENT_CODES);
  if (!adjustment) {
    throw validationError(
      field,
      `${field} must be one of ${SEASONAL_ADJUSTMENTS.join(', ')} or SA, NSA, SAAR, SSA, NSAAR, received ${shown(text)}`,
    );
  }
  return adjustment;
}
