import { describe, expect, it } from 'vitest';
import { Clock } from '../core/clock.js';
import { Instant } from '../core/instant.js';
import { CommitClock } from './commit-clock.js';

class SteppingClock extends Clock {
  time = 1000;

  now(): Instant {
    return Instant.of(this.time);
  }
}

describe('the commit clock', () => {
  it('shows the time of the system', () => {
    const clock = new SteppingClock();
    const commits = new CommitClock(clock);
    expect(commits.next()).toBe(1000);
    clock.time = 5000;
    expect(commits.next()).toBe(5000);
  });

  it('goes on by one while the system stands still or goes back', () => {
    const clock = new SteppingClock();
    const commits = new CommitClock(clock);
    expect([commits.next(), commits.next()]).toEqual([1000, 1001]);
    clock.time = 10;
    expect(commits.next()).toBe(1002);
  });

  it('starts after everything that was found on disk', () => {
    const commits = new CommitClock(new SteppingClock());
    commits.observe(Instant.of(70_000));
    commits.observe(Instant.of(60_000));
    expect(commits.next()).toBe(70_001);
  });
});
