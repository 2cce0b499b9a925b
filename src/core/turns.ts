// Long work in a single thread lets others have their turn now and then. The clock is that of the round of the event
// loop, not of the task: tasks that are each too short to be noticed hold it together as one long one does.

// By name: a test that stops the clocks must not stop the rounds.
import { setImmediate } from 'node:timers';

/** Long enough that giving way costs nothing, short enough that nobody notices the wait. */
const TURN_MILLISECONDS = 5;

/**
 * When not even a task that only begins may add to a round. Later than for those that go on, so that what is
 * quickly done need not queue behind what takes long.
 */
const ROUND_MILLISECONDS = 10;

/** Looked at, by `isRoundLong`, between two looks at the clock: a fraction of a millisecond. */
const ITEMS_PER_LOOK = 16_384;

/** What a call costs beside the items that it looks at, counted in items. */
const ITEMS_OF_A_CALL = 128;

/** Those that gave way. However many they are, one of them has a turn between two looks at the sockets. */
const waiting: (() => void)[] = [];

/** When the work of this round was first noticed; undefined where there was none. */
let began: number | undefined;
let isLong = false;
let isNextAwaited = false;
let itemsLookedAt = 0;

export class Turns {
  constructor() {
    noteRound();
  }

  /** Whether it is time to `give`: at once, where others have used up the round. */
  get isDue(): boolean {
    return milliseconds() > TURN_MILLISECONDS;
  }

  /** Everything else that waits runs before it resolves. */
  async give(): Promise<void> {
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      awaitNext();
    });
  }
}

/**
 * Whether work that is about to begin had better `give` first. Little work looks at the clock once in a while.
 * @param items that the work will look at
 */
export function isRoundLong(items = ITEMS_PER_LOOK): boolean {
  if (isLong) return true;
  itemsLookedAt += items + ITEMS_OF_A_CALL;
  if (itemsLookedAt < ITEMS_PER_LOOK) return false;
  itemsLookedAt = 0;
  isLong = milliseconds() > ROUND_MILLISECONDS;
  return isLong;
}

function milliseconds(): number {
  return performance.now() - noteRound();
}

function noteRound(): number {
  if (began === undefined) {
    began = performance.now();
    awaitNext();
  }
  return began;
}

function awaitNext(): void {
  if (isNextAwaited) return;
  isNextAwaited = true;
  setImmediate(next);
}

function next(): void {
  isNextAwaited = false;
  began = undefined;
  isLong = false;
  const resolve = waiting.shift();
  if (waiting.length > 0) awaitNext();
  if (resolve === undefined) return;
  noteRound();
  resolve();
}
