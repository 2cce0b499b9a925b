// docs/errors.md and the codes that the service can answer, tied to each other.

import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { ERROR_CATALOGUE } from '../../src/core/app-error.js';
import { INTERNAL_ERROR, REQUEST_ERRORS } from '../../src/graphql/error-format.js';

const text = await readFile(new URL('../../docs/errors.md', import.meta.url), 'utf8');

/** The sections about codes, by code. */
const sections = new Map(
  text
    .split(/^### /m)
    .slice(1)
    .map((section): [string, string] => {
      const [heading = '', ...body] = section.split(/\n(?=#|\n)/);
      return [heading.trim(), body.join('\n').split(/^## /m)[0]!];
    }),
);

const codes = [
  ...Object.keys(ERROR_CATALOGUE),
  ...(REQUEST_ERRORS as ReadonlySet<string>),
  INTERNAL_ERROR,
];

describe('docs/errors.md', () => {
  it('describes every code that the service can answer, once, and no other', () => {
    const headings = text.match(/^### .*$/gm)!.map((heading) => heading.slice(4));
    expect(headings.toSorted()).toEqual(codes.toSorted());
  });

  it.each(codes)(
    'tells of %s what happened, what to check, whether to retry, its fields',
    (code) => {
      const section = sections.get(code) ?? '';
      for (const part of ['What happened', 'What to check', 'Retry', 'Fields']) {
        expect(section).toMatch(new RegExp(`^- \\*\\*${part}:\\*\\* \\S`, 'm'));
      }
    },
  );

  it.each(Object.entries(ERROR_CATALOGUE))(
    'advises to retry %s only where that can help',
    (code, { retryable }) => {
      expect(sections.get(code)).toMatch(retryable ? /\*\*Retry:\*\* yes/ : /\*\*Retry:\*\* no/);
    },
  );
});
