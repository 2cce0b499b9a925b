// Long work in a single thread lets others have their turn now and then.

/** Long enough that giving way costs nothing, short enough that nobody notices the wait. */
const TURN_MILLISECONDS = 5;

/** Those that gave way. However many they are, one of them has a turn between two looks at the sockets. */
const waiting: (() => void)[] = [];

export class Turns {
  private began = performance.now();

  /** Whether it is time to `give`. */
  get isDue(): boolean {
    return performance.now() - this.began > TURN_MILLISECONDS;
  }

  /** Everything else that waits runs before it resolves. */
  async give(): Promise<void> {
    await new Promise<void>((resolve) => {
      if (waiting.push(resolve) === 1) setImmediate(next);
    });
    this.began = performance.now();
  }
}

function next(): void {
  const resolve = waiting.shift()!;
  if (waiting.length > 0) setImmediate(next);
  resolve();
}
