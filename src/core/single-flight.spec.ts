import { describe, expect, it } from 'vitest';
import { SingleFlight } from './single-flight.js';

describe('a single flight', () => {
  it('runs once for all who ask at the same time, and again for those who ask later', async () => {
    const flight = new SingleFlight<number>();
    let runs = 0;
    const task = async () => ++runs;
    expect(await Promise.all([1, 2, 3].map(() => flight.run('a', task)))).toEqual([1, 1, 1]);
    expect(await flight.run('a', task)).toBe(2);
  });

  it('runs separately for separate keys', async () => {
    const flight = new SingleFlight<string>();
    const answers = ['a', 'b'].map((key) => flight.run(key, async () => key));
    expect(await Promise.all(answers)).toEqual(['a', 'b']);
  });

  it('shares a failure, and does not keep it', async () => {
    const flight = new SingleFlight<number>();
    const failing = () => Promise.reject(new Error('broken'));
    const outcomes = await Promise.allSettled([flight.run('a', failing), flight.run('a', failing)]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await flight.run('a', async () => 1)).toBe(1);
  });
});
