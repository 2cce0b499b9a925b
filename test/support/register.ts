// One thing that is written again and again by one writer and read by many, and the proof that nobody is shown
// it older than he may be. All clients are in this process, so the order of begin and end is known for certain.

import { expect } from 'vitest';

/** What a read shows: a value that no other state has, or null where there is nothing. */
export type Shown = string | null;

export class Register {
  private readonly states: Shown[];
  /** The places of the newest state that was sent, that was acknowledged, and that anybody was shown. */
  private sent = 0;
  private acknowledged = 0;
  private seen = 0;
  private reads = 0;
  private waiting: { readonly reads: number; readonly resolve: () => void }[] = [];

  constructor(
    readonly name: string,
    initial: Shown,
  ) {
    this.states = [initial];
  }

  get current(): Shown {
    return this.states[this.sent]!;
  }

  /** Writers of one register take turns. */
  async write(state: Shown, carryOut: () => Promise<unknown>): Promise<void> {
    this.states.push(state);
    this.sent = this.states.length - 1;
    const place = this.sent;
    await carryOut();
    this.acknowledged = place;
  }

  /** @returns what `finishRead` asks for */
  beginRead(): number {
    return Math.max(this.acknowledged, this.seen);
  }

  /** Asserts that what was shown is no older than what was known when the read began, and was written at all. */
  finishRead(oldest: number, shown: Shown, by: string): void {
    this.reads++;
    const place = this.states.indexOf(shown, oldest);
    if (place < 0) {
      expect.fail(
        `${by} showed ${this.name} as ${told(shown)}, ${this.whatItIs(shown)}; when it began, ${told(this.states[oldest]!)} was acknowledged or had been shown`,
      );
    }
    this.seen = Math.max(this.seen, place);
    for (const { reads, resolve } of this.waiting) if (this.reads >= reads) resolve();
    this.waiting = this.waiting.filter(({ reads }) => this.reads < reads);
  }

  /** Until it was read so many times more. */
  async read(times: number): Promise<void> {
    const reads = this.reads + times;
    await new Promise<void>((resolve) => this.waiting.push({ reads, resolve }));
  }

  /** Nobody reads any more. */
  release(): void {
    for (const { resolve } of this.waiting) resolve();
    this.waiting = [];
  }

  /** For `restore`, while nobody writes. */
  place(): number {
    expect(this.acknowledged).toBe(this.sent);
    return this.sent;
  }

  /** What was written behind that place never was. */
  restore(place: number): void {
    this.states.length = place + 1;
    this.sent = this.acknowledged = this.seen = place;
  }

  private whatItIs(shown: Shown): string {
    const place = this.states.lastIndexOf(shown);
    return place < 0 ? 'which never was written' : `${this.sent - place} writes behind`;
  }
}

function told(shown: Shown): string {
  return shown === null ? 'missing' : JSON.stringify(shown);
}
