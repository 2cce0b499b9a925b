import { afterEach, describe, expect, it, vi } from 'vitest';
import { isRoundLong, Turns } from './turns.js';

function newRound(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

function work(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

describe('turns', () => {
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it('are due at once where others have used up the round, and not in the next one', async () => {
    await newRound();
    expect(new Turns().isDue).toBe(false);
    work(6);
    const late = new Turns();
    expect(late.isDue).toBe(true);
    await late.give();
    expect([late.isDue, new Turns().isDue]).toEqual([false, false]);
  });

  it('count the work of whoever was given one, before it looks at the clock', async () => {
    const turns = new Turns();
    await turns.give();
    work(6);
    expect(turns.isDue).toBe(true);
  });

  it('go to one of those that wait in each round, in their order', async () => {
    let round = 0;
    let isDone = false;
    const count = (): void => {
      round++;
      if (!isDone) setImmediate(count);
    };
    setImmediate(count);
    const order: number[] = [];
    const rounds = await Promise.all(
      [1, 2, 3, 4].map(async (task) => {
        await new Turns().give();
        order.push(task);
        return round;
      }),
    );
    isDone = true;
    expect(order).toEqual([1, 2, 3, 4]);
    expect(new Set(rounds).size).toBe(4);
  });

  it('are kept out of a long round by many tasks that are each a little work', async () => {
    await newRound();
    let milliseconds = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => milliseconds);
    let begun = 0;
    for (; begun < 5000 && !isRoundLong(12); begun++) milliseconds += 0.05;
    // 200 tasks make a round long; looked at is every 117th.
    expect(begun).toBeGreaterThan(200);
    expect(begun).toBeLessThan(500);
    // Now that it is known, all others hear of it.
    expect([isRoundLong(0), isRoundLong(12)]).toEqual([true, true]);
    await newRound();
    expect(isRoundLong()).toBe(false);
  });

  it('cost little work hardly a look at the clock', async () => {
    await newRound();
    const now = vi.spyOn(performance, 'now');
    for (let task = 0; task < 100; task++) isRoundLong(12);
    expect(now.mock.calls.length).toBeLessThanOrEqual(2);
  });

  it('are given though a test holds the timers', async () => {
    vi.useFakeTimers();
    await new Turns().give();
    expect(vi.getTimerCount()).toBe(0);
  });
});
