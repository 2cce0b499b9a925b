import { describe, expect, it } from 'vitest';
import { LabelMemo } from './label-memo.js';

describe('a memo of labels', () => {
  it('makes one for each combination of values, and the same ever after', () => {
    const asked: string[] = [];
    const memo = new LabelMemo((a: string, b: string, c: number) => {
      asked.push(`${a} ${b} ${c}`);
      return { text: `${a} ${b} ${c}` };
    });
    const combinations = ['x', 'y'].flatMap((a) =>
      ['x', 'y'].flatMap((b) => [1, 2].map((c) => [a, b, c] as const)),
    );
    for (const values of combinations) expect(memo.of(...values).text).toBe(values.join(' '));
    expect(asked).toHaveLength(8);
    for (const values of combinations) expect(memo.of(...values).text).toBe(values.join(' '));
    expect(asked).toHaveLength(8);
  });

  it('knows only what was asked for', () => {
    const memo = new LabelMemo((a: string, b: string, c: string) => ({ labels: [a, b, c] }));
    expect(memo.known('a', 'b', 'c')).toBeUndefined();
    const made = memo.of('a', 'b', 'c');
    expect(memo.known('a', 'b', 'c')).toBe(made);
    expect(memo.known('a', 'b', 'd')).toBeUndefined();
    expect(memo.known('a', 'c', 'c')).toBeUndefined();
    expect(memo.known('b', 'b', 'c')).toBeUndefined();
  });
});
