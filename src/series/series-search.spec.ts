import { describe, expect, it } from 'vitest';
import { seriesRow } from '../../test/support/series-rows.js';
import type { SeriesRow } from '../schema/series.columns.js';
import { searchScore, searchWords } from './series-search.js';

function score(fields: Partial<SeriesRow>, text: string): number {
  return searchScore(seriesRow(fields), searchWords(text));
}

describe('searchWords', () => {
  it('are in lower case, and never empty', () => {
    expect(searchWords('  Gross\tDOMESTIC \n product ')).toEqual(['gross', 'domestic', 'product']);
    expect(searchWords(' \n ')).toEqual([]);
  });
});

describe('searchScore', () => {
  it('ranks where a word is found, best place first', () => {
    const places: Partial<SeriesRow>[] = [
      { externalId: 'CPI' },
      { externalId: 'CPI_US' },
      { title: 'The CPI of a city' },
      { title: 'The cpix' },
      { externalId: 'US_CPI' },
      { description: 'About the CPI.' },
      { description: 'About cpix' },
      { title: 'Nothing' },
    ];
    const scores = places.map((fields) => score(fields, 'cpi'));
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    expect(new Set(scores).size).toBe(scores.length);
    expect(scores.at(-1)).toBe(0);
  });

  it('is 0 where one of the words occurs nowhere, however good the others are', () => {
    expect(score({ externalId: 'GDP', title: 'Gross product' }, 'gdp nowhere')).toBe(0);
    expect(score({ externalId: 'GDP', title: 'Gross product' }, 'gdp gross')).toBeGreaterThan(0);
  });

  it('adds up words of different places', () => {
    const fields = { title: 'Unemployment', units: 'percent', externalId: 'UNRATE' };
    expect(score(fields, 'unemployment percent')).toBeGreaterThan(score(fields, 'unemployment'));
  });

  it('finds beginnings of words only, in titles and descriptions', () => {
    expect(score({ title: 'Unemployment rate' }, 'employment')).toBe(0);
    expect(score({ title: 'Non-employment' }, 'employment')).toBeGreaterThan(0);
    expect(score({ title: '(employment)' }, 'employment')).toBeGreaterThan(0);
  });

  it('prefers a whole word behind a longer one that begins so', () => {
    expect(score({ title: 'Rates and the rate' }, 'rate')).toBe(
      score({ title: 'The rate' }, 'rate'),
    );
  });

  it('knows the letters of other scripts', () => {
    expect(score({ title: 'Ökonomie für Anfänger' }, 'ökonomie')).toBe(
      score({ title: 'Economy' }, 'economy'),
    );
    expect(score({ title: 'Überökonomie' }, 'ökonomie')).toBe(0);
  });
});
