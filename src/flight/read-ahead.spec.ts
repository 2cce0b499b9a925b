import { describe, expect, it } from 'vitest';
import { readAhead } from './read-ahead.js';

/** Reads that end when they are told to. */
function controlled() {
  const begun: number[] = [];
  const ends = new Map<number, { resolve: () => void; reject: (error: Error) => void }>();
  const read = (item: number) => {
    begun.push(item);
    return new Promise<string>((resolve, reject) => {
      ends.set(item, { resolve: () => resolve(`read ${item}`), reject });
    });
  };
  return { begun, ends, read };
}

const limits = { reads: 3, cost: 10 };

describe('readAhead', () => {
  it('answers in order, whatever ends first, and begins no more than it may', async () => {
    const { begun, ends, read } = controlled();
    const answers = readAhead([0, 1, 2, 3, 4], () => 1, read, limits);
    const first = answers.next();
    await Promise.resolve();
    expect(begun).toEqual([0, 1, 2]);
    ends.get(2)!.resolve();
    ends.get(1)!.resolve();
    ends.get(0)!.resolve();
    expect((await first).value).toBe('read 0');
    // The place is free when the answer was taken.
    expect(begun).toEqual([0, 1, 2]);
    expect((await answers.next()).value).toBe('read 1');
    expect(begun).toEqual([0, 1, 2, 3]);
  });

  it('begins no more than they may cost together; what costs more goes alone', async () => {
    const { begun, ends, read } = controlled();
    const answers = readAhead([6, 4, 1, 99, 2], (item) => item, read, limits);
    const ended = (async () => {
      const all: string[] = [];
      for await (const answer of answers) all.push(answer);
      return all;
    })();
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    const seen: number[][] = [];
    for (const item of [6, 4, 1, 99, 2]) {
      await turn();
      seen.push([...begun]);
      ends.get(item)!.resolve();
    }
    expect(await ended).toEqual([6, 4, 1, 99, 2].map((item) => `read ${item}`));
    expect(seen).toEqual([
      [6, 4],
      [6, 4, 1],
      [6, 4, 1],
      [6, 4, 1, 99],
      [6, 4, 1, 99, 2],
    ]);
  });

  it('fails where the read failed, and the others that failed after it trouble nobody', async () => {
    const { ends, read } = controlled();
    const answers = readAhead([0, 1, 2], () => 1, read, limits);
    const first = answers.next();
    await Promise.resolve();
    ends.get(2)!.reject(new Error('later'));
    ends.get(1)!.reject(new Error('damaged'));
    ends.get(0)!.resolve();
    await first;
    await expect(answers.next()).rejects.toThrow('damaged');
    expect((await answers.next()).done).toBe(true);
  });

  it('begins nothing more when nobody listens', async () => {
    const { begun, ends, read } = controlled();
    const answers = readAhead([0, 1, 2, 3, 4], () => 1, read, limits);
    const first = answers.next();
    await Promise.resolve();
    ends.get(0)!.resolve();
    await first;
    await answers.return(undefined);
    expect(begun).toEqual([0, 1, 2]);
  });
});
