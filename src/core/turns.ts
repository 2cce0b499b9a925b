// Long work in a single thread lets others have their turn now and then.

import { setImmediate as nextTurn } from 'node:timers/promises';

/** Long enough that giving way costs nothing, short enough that nobody notices the wait. */
const TURN_MILLISECONDS = 5;

export class Turns {
  private began = performance.now();

  /** Whether it is time to `give`. */
  get isDue(): boolean {
    return performance.now() - this.began > TURN_MILLISECONDS;
  }

  /** Everything else that waits runs before it resolves. */
  async give(): Promise<void> {
    await nextTurn();
    this.began = performance.now();
  }
}
