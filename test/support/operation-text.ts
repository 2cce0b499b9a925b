// The text of an operation: the same tokens otherwise spaced, and one that is not GraphQL any more.

import { Lexer, Source, TokenKind } from 'graphql';
import type { Random } from './random.js';

const BETWEEN = [
  ' ',
  '\n',
  '\t',
  ',',
  '  ',
  ' , ',
  '\r\n',
  '\uFEFF ',
  ' # a comment {\n',
  '#\n#"\n',
];

function tokensOf(text: string): string[] {
  const lexer = new Lexer(new Source(text));
  const tokens: string[] = [];
  for (let token = lexer.advance(); token.kind !== TokenKind.EOF; token = lexer.advance()) {
    if (token.kind !== TokenKind.COMMENT) tokens.push(text.slice(token.start, token.end));
  }
  return tokens;
}

/** What means the same: other spaces, commas, line ends and comments between the tokens. */
export function respaced(text: string, random: Random): string {
  let tokens: string[];
  try {
    tokens = tokensOf(text);
  } catch {
    // Not made of tokens.
    return text;
  }
  const ends = random.chance(0.5) ? [' '] : BETWEEN;
  return tokens
    .map((token) => token + (random.chance(0.7) ? ' ' : random.pick(ends)))
    .join('')
    .replace(/^/, random.chance(0.3) ? '\n# first\n' : '');
}

/** With something missing, doubled or left over. */
export function misspelt(text: string, random: Random): string {
  const at = random.below(text.length);
  switch (random.below(5)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + text.slice(at + 1);
    case 2:
      return `${text.slice(0, at)}${random.pick(['{', '}', '"', '$', '...', ':', '@', '\u0000'])}${text.slice(at)}`;
    case 3:
      return `${text} }`;
    default:
      return random.pick(['', ' ', '#', '{}', 'query', '{ __typename', 'nonsense', '"""']);
  }
}
