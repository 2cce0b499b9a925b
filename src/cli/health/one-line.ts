const CHARACTERS_MAX = 500;

/** What a server says, for a line of ours: it may be anything. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, CHARACTERS_MAX);
}
