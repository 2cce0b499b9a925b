import { Injectable } from '@nestjs/common';
import { Clock } from '../core/clock.js';
import { Instant } from '../core/instant.js';

/**
 * The instant of each commit: strictly after every one before it, across restarts too, whatever the
 * system's clock does. It is the version of what the commit wrote.
 */
@Injectable()
export class CommitClock {
  private last = 0;

  constructor(private readonly clock: Clock) {}

  next(): Instant {
    this.last = Math.max(this.clock.now(), this.last + 1);
    return Instant.of(this.last);
  }

  /** Every instant found on disk is told here before the first commit. */
  observe(instant: Instant): void {
    this.last = Math.max(this.last, instant);
  }
}
