/** For people, in the largest unit that it is at least two of. */
export function durationText(seconds: number): string {
  if (seconds < 2) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800
    ? `${Math.round(seconds / 3600)} h`
    : `${Math.round(seconds / 86_400)} d`;
}

export function percentText(ratio: number): string {
  return `${(100 * ratio).toFixed(1)} %`;
}
