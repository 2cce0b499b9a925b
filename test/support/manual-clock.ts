import { Clock } from '../../src/core/clock.js';
import { Instant } from '../../src/core/instant.js';

/** Shows the time that a test sets; stands still, or goes back, where the test says so. */
export class ManualClock extends Clock {
  constructor(private micros = Date.UTC(2024, 0, 1) * 1000) {
    super();
  }

  now(): Instant {
    return Instant.of(this.micros);
  }

  /** @param micros microseconds since 1970 */
  set(micros: number): void {
    this.micros = micros;
  }
}
