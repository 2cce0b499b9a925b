import { LookUps } from '../cache/look-ups.js';

/** More of them gain nothing, and files need descriptors. */
const FILES_IN_FLIGHT = 16;

/** Reads that are made at once: they ask the shared cache together, and read files some at a time. */
export class ReadPass {
  readonly lookUps = new LookUps();
  private reading = 0;
  private readonly waiting: (() => void)[] = [];

  /** In the order in which they were asked for. */
  async readFile<T>(read: () => Promise<T>): Promise<T> {
    // Whoever ends gives its place to the first of those who wait.
    if (this.reading === FILES_IN_FLIGHT) {
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    } else this.reading++;
    try {
      return await read();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.reading--;
    }
  }
}
