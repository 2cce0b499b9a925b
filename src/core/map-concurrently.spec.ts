import { describe, expect, it } from 'vitest';
import { mapConcurrently } from './map-concurrently.js';

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('mapConcurrently', () => {
  it('answers in the order of the items, whichever ends first', async () => {
    const delays = [3, 1, 2, 0];
    const answers = await mapConcurrently(delays, 4, async (turns) => {
      for (let turn = 0; turn < turns; turn++) await settle();
      return turns * 10;
    });
    expect(answers).toEqual([30, 10, 20, 0]);
  });

  it.each([1, 3, 7])('runs at most %i at a time, and as many', async (limit) => {
    let running = 0;
    let most = 0;
    await mapConcurrently(Array.from({ length: 20 }), limit, async () => {
      most = Math.max(most, ++running);
      await settle();
      running--;
    });
    expect(most).toBe(limit);
  });

  it('starts nothing new after a failure, awaits what runs, and throws the first', async () => {
    const started: number[] = [];
    const ended: number[] = [];
    const call = mapConcurrently([0, 1, 2, 3, 4, 5], 2, async (item) => {
      started.push(item);
      if (item === 0) throw new Error('first');
      await settle();
      ended.push(item);
      throw new Error('second');
    });
    await expect(call).rejects.toThrow('first');
    expect(started).toEqual([0, 1]);
    expect(ended).toEqual([1]);
  });

  it('does nothing for no items', async () => {
    expect(await mapConcurrently([], 4, async () => 1)).toEqual([]);
  });
});
