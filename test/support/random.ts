/**
 * Numbers that one seed decides, for tests that replay a run from its seed (mulberry32 by T. Ettinger:
 * 32 bits of state, far from secret, even enough for choosing).
 */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed | 0;
    // Seeds next to one another would begin alike.
    for (let n = 0; n < 3; n++) this.bits();
  }

  /** A whole number from 0 (inclusive) to `end` (exclusive). */
  below(end: number): number {
    return Math.floor((this.bits() / 2 ** 32) * end);
  }

  /** True with this probability: never for 0, always for 1. */
  chance(probability: number): boolean {
    return this.bits() / 2 ** 32 < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  /** Another generator, so that what one part draws does not move what the others draw. */
  fork(): Random {
    return new Random(this.bits());
  }

  private bits(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }
}
