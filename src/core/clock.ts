import { CalendarDate } from './calendar-date.js';
import { Instant } from './instant.js';

/** Where the time comes from; tests put a clock of their own here. */
export abstract class Clock {
  abstract now(): Instant;

  /** Today's date in UTC. */
  today(): CalendarDate {
    return CalendarDate.ofInstant(this.now());
  }
}

export class SystemClock extends Clock {
  now(): Instant {
    return Instant.of(Date.now() * 1000);
  }
}
