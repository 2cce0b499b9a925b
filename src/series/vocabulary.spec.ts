import { describe, expect, it } from 'vitest';
import {
  FREQUENCIES,
  parseFrequency,
  parseSeasonalAdjustment,
  SEASONAL_ADJUSTMENTS,
} from './vocabulary.js';

describe('parseFrequency', () => {
  it.each(FREQUENCIES)('understands %s in any case and stores it canonically', (word) => {
    expect(parseFrequency(word)).toBe(word);
    expect(parseFrequency(word.toUpperCase())).toBe(word);
  });

  it.each([
    ['d w bw m q sa a', 'daily weekly biweekly monthly quarterly semiannual annual'],
    ['D W W2 M Q S A', 'daily weekly biweekly monthly quarterly semiannual annual'],
    ['annually yearly Annually YEARLY', 'annual annual annual annual'],
  ])('understands the codes %s', (codes, words) => {
    expect(codes.split(' ').map((code) => parseFrequency(code))).toEqual(words.split(' '));
  });

  it.each(['', ' ', 'hourly', 'monthl', 'monthly ', 'constructor', '__proto__', 'SAAR'])(
    'refuses %j, naming the field and what is allowed',
    (text) => {
      const parse = () => parseFrequency(text, 'input.frequency');
      const refusal = { code: 'VALIDATION_ERROR', details: { field: 'input.frequency' } };
      expect(parse).toThrow(expect.objectContaining(refusal));
      expect(parse).toThrow(/^input\.frequency must be one of daily, weekly, .*other/);
    },
  );
});

describe('parseSeasonalAdjustment', () => {
  it.each(SEASONAL_ADJUSTMENTS)('understands %s in any case', (word) => {
    expect(parseSeasonalAdjustment(word)).toBe(word);
    expect(parseSeasonalAdjustment(word.toUpperCase())).toBe(word);
  });

  it('understands the codes', () => {
    const codes = ['SA', 'nsa', 'Saar', 'SSA', 'NSAAR'];
    expect(codes.map((code) => parseSeasonalAdjustment(code))).toEqual(SEASONAL_ADJUSTMENTS);
  });

  it.each(['', 'adjusted', 'S', 'toString', 'monthly'])('refuses %j', (text) => {
    expect(() => parseSeasonalAdjustment(text, 'x')).toThrow(
      expect.objectContaining({ code: 'VALIDATION_ERROR', details: { field: 'x' } }),
    );
  });
});
