// Doubles that are short decimals, found without printing them: published figures have a few decimal places, and
// turning a double into its shortest text takes ten times as long as multiplying it.

/** Published figures have up to six decimal places; what has more is printed the long way. */
const PLACES_MAX = 6;
const POWERS = Array.from({ length: PLACES_MAX + 1 }, (_, places) => 10 ** places);
/** Decimals of up to 15 digits are all different doubles, so there is no shorter one for the same double. */
const UNITS_END = 1e15;

/**
 * How many decimal places a double has, where it is the nearest one to a decimal of at most 15 digits and 6 places.
 * A quotient of two whole numbers below 2^53 is the double that is nearest to it (IEEE 754), so the test is exact.
 * @param magnitude not negative
 * @param guess what is tried first: neighbours have as many
 * @returns enough places, not always the fewest; -1 where there is no such decimal
 */
export function decimalPlaces(magnitude: number, guess: number): number {
  if (hasPlaces(magnitude, guess)) return guess;
  for (let places = 0; places <= PLACES_MAX; places++) {
    if (hasPlaces(magnitude, places)) return places;
  }
  return -1;
}

/** The whole number of units of 10^-places. */
export function decimalUnits(magnitude: number, places: number): number {
  return Math.round(magnitude * POWERS[places]!);
}

function hasPlaces(magnitude: number, places: number): boolean {
  const units = decimalUnits(magnitude, places);
  return units < UNITS_END && units / POWERS[places]! === magnitude;
}
