// How long others wait for their turn while something runs.

import { closeSync, openSync, readSync } from 'node:fs';

/** The time that this thread has spent on a processor. What other processes and threads take does not count. */
class ThreadTime {
  private readonly text = Buffer.alloc(64);
  private readonly file: number | undefined;

  constructor() {
    try {
      // The first number is in nanoseconds (Documentation/scheduler/sched-stats.rst of Linux).
      this.file = openSync('/proc/thread-self/schedstat', 'r');
    } catch {
      // Elsewhere all threads of the process count.
    }
  }

  get milliseconds(): number {
    if (this.file === undefined) {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1000;
    }
    const length = readSync(this.file, this.text, 0, this.text.byteLength, 0);
    return parseInt(this.text.toString('latin1', 0, length), 10) / 1e6;
  }

  close(): void {
    if (this.file !== undefined) closeSync(this.file);
  }
}

/** The longest time between two rounds of the event loop while `task` runs, in milliseconds of work. */
export async function longestTurn(task: () => Promise<unknown>): Promise<number> {
  const time = new ThreadTime();
  let longest = 0;
  let isRunning = true;
  const rounds = new Promise<void>((resolve) => {
    let before = 0;
    const round = (): void => {
      const now = time.milliseconds;
      longest = Math.max(longest, now - before);
      before = now;
      if (isRunning) setImmediate(round);
      else resolve();
    };
    setImmediate(() => {
      before = time.milliseconds;
      setImmediate(round);
    });
  });
  await new Promise((resolve) => setImmediate(resolve));
  try {
    await task();
  } finally {
    isRunning = false;
    await rounds;
    time.close();
  }
  return longest;
}
