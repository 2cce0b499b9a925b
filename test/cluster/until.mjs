// Waits for a state of the world, with a deadline.

import { setTimeout as wait } from 'node:timers/promises';

const LOOK_MILLISECONDS = 200;

/**
 * @param look answers something true when the state is there; what it throws ends the waiting
 * @returns what `look` answered, and how long it took
 */
export async function until(what, milliseconds, look, every = LOOK_MILLISECONDS) {
  const began = performance.now();
  for (;;) {
    const found = await look();
    const passed = performance.now() - began;
    if (found) return { found, milliseconds: passed };
    if (passed > milliseconds) throw new Error(`not after ${Math.round(passed)} ms: ${what}`);
    await wait(every);
  }
}
