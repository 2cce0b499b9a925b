/** Deeper values are nobody's variables, and would take the stack. */
const DEPTH_MAX = 64;

/**
 * JSON with the members of objects in alphabetical order, the same for equal values and for no others: a number
 * too large for a double is not null here. What is undefined has no text at all.
 * @throws RangeError where it is too deep
 */
export function canonicalJson(value: unknown, depth = 0): string {
  if (value === undefined) return '';
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (depth > DEPTH_MAX) throw new RangeError('the value is too deep');
  if (Array.isArray(value))
    return `[${value.map((item) => canonicalJson(item, depth + 1)).join()}]`;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, of]) => `${JSON.stringify(name)}:${canonicalJson(of, depth + 1)}`).join()}}`;
}
