// Ranked text search over series metadata: pure functions. A scan, because 100,000 titles take less time
// to look through than an index of their words takes memory.

import type { SeriesRow } from '../schema/series.columns.js';

// What a match is worth. Only the order matters: an exact external id before its beginning, a whole word
// of the title before the beginning of one, the title before everything else.
const EXACT_EXTERNAL_ID = 1000;
const EXTERNAL_ID_PREFIX = 100;
const TITLE_WORD = 40;
const TITLE_WORD_PREFIX = 20;
const EXTERNAL_ID_PART = 10;
const OTHER_WORD = 4;
const OTHER_WORD_PREFIX = 2;

const WORD_CHARACTER = /[\p{L}\p{N}]/u;

/** The words of a search text, in lower case. */
export function searchWords(text: string): string[] {
  return text.toLowerCase().split(/\s+/).filter(Boolean);
}

/**
 * How well a series answers a search; 0 where a word occurs nowhere in it.
 * @param words from `searchWords`
 */
export function searchScore(row: SeriesRow, words: readonly string[]): number {
  const externalId = row.externalId.toLowerCase();
  const title = row.title.toLowerCase();
  // Made when it is asked for: most series are told apart by their titles.
  let other: string | undefined;
  const otherText = (): string =>
    (other ??= `${row.units ?? ''} ${row.description ?? ''}`.toLowerCase());
  let score = externalId === words.join(' ') ? EXACT_EXTERNAL_ID : 0;
  for (const word of words) {
    const best = Math.max(
      externalId.startsWith(word)
        ? EXTERNAL_ID_PREFIX
        : externalId.includes(word)
          ? EXTERNAL_ID_PART
          : 0,
      wordScore(title, word, TITLE_WORD, TITLE_WORD_PREFIX),
      wordScore(otherText(), word, OTHER_WORD, OTHER_WORD_PREFIX),
    );
    if (best === 0) return 0;
    score += best;
  }
  return score;
}

/** The best occurrence of `word` at the beginning of a word of `text`. */
function wordScore(text: string, word: string, whole: number, prefix: number): number {
  let best = 0;
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (at > 0 && WORD_CHARACTER.test(text[at - 1]!)) continue;
    const next = text[at + word.length];
    if (next === undefined || !WORD_CHARACTER.test(next)) return whole;
    best = prefix;
  }
  return best;
}
