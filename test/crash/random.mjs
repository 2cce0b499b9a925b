// Seeded random numbers (mulberry32): one seed gives the same workload again.

export class Random {
  #state;

  constructor(seed) {
    this.#state = seed >>> 0;
  }

  /** From 0 to below 1. */
  float() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  /** A whole number, both ends included. */
  integer(from, to) {
    return from + Math.floor(this.float() * (to - from + 1));
  }

  chance(probability) {
    return this.float() < probability;
  }

  pick(list) {
    return list[this.integer(0, list.length - 1)];
  }

  /** So many different elements, in random order. */
  sample(list, count) {
    const rest = [...list];
    const taken = Math.min(count, rest.length);
    for (let i = 0; i < taken; i++) {
      const j = this.integer(i, rest.length - 1);
      [rest[i], rest[j]] = [rest[j], rest[i]];
    }
    return rest.slice(0, taken);
  }

  uuid() {
    const hex = Array.from({ length: 32 }, () => this.integer(0, 15).toString(16));
    hex[12] = '4';
    hex[16] = this.pick(['8', '9', 'a', 'b']);
    const text = hex.join('');
    return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20)]
      .concat(text.slice(20))
      .join('-');
  }

  /** A stream of its own, so that what one part draws does not shift the others. */
  fork() {
    return new Random(this.integer(0, 0xffffffff));
  }
}
