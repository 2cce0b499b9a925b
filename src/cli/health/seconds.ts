import { InvalidArgumentError } from 'commander';

/** A day: timers take no more than 24 of them. */
const SECONDS_MAX = 86_400;

/** Reads an option: `5`, `0.5`. */
export function secondsFrom(secondsMin: number): (text: string) => number {
  return (text) => {
    const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
    if (seconds >= secondsMin && seconds <= SECONDS_MAX) return seconds;
    throw new InvalidArgumentError(`Allowed are ${secondsMin} to ${SECONDS_MAX} seconds.`);
  };
}
