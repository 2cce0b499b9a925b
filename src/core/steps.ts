// Long work that can stop between two steps: the same code runs through where nobody waits, and gives others
// their turn where somebody may.

import { isRoundLong, Turns } from './turns.js';

/** Yields wherever others may have their turn: at least once in a millisecond of work. */
export type Steps<T> = Generator<void, T>;

/** Without a pause: for little work, and for threads that nobody else needs. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

export async function inTurns<T>(steps: Steps<T>): Promise<T> {
  const turns = new Turns();
  if (isRoundLong()) await turns.give();
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    if (turns.isDue) await turns.give();
  }
}

/** Looked at in about a millisecond, in all the steps together. */
const FEW_ITEMS = 16_384;

/**
 * At once where there are few items and the round of the event loop is young, else in turns.
 * @param items that the steps look at
 */
export function soon<T>(items: number, steps: Steps<T>): T | Promise<T> {
  return items <= FEW_ITEMS && !isRoundLong(items) ? atOnce(steps) : inTurns(steps);
}

/** Items that are sorted, merged or looked at between two yields. */
const ITEMS_PER_STEP = 1024;

/** The items that are wanted, in their order. */
export function* filtered<T>(items: Iterable<T>, isWanted: (item: T) => boolean): Steps<T[]> {
  const wanted: T[] = [];
  let looked = 0;
  for (const item of items) {
    if (isWanted(item)) wanted.push(item);
    if (++looked % ITEMS_PER_STEP === 0) yield;
  }
  return wanted;
}

/** In the order of the items. */
export function* mapped<T, R>(items: Iterable<T>, map: (item: T) => R): Steps<R[]> {
  const results: R[] = [];
  for (const item of items) if (results.push(map(item)) % ITEMS_PER_STEP === 0) yield;
  return results;
}

/** A sorted copy; equal items stay in their order. */
export function* sorted<T>(items: readonly T[], compare: (a: T, b: T) => number): Steps<T[]> {
  const { length } = items;
  let from: T[] = [];
  for (let start = 0; start < length; start += ITEMS_PER_STEP) {
    for (const item of items.slice(start, start + ITEMS_PER_STEP).sort(compare)) from.push(item);
    yield;
  }
  let to = new Array<T>(length);
  for (let run = ITEMS_PER_STEP; run < length; run *= 2) {
    for (let start = 0; start < length; start += 2 * run) {
      const middle = Math.min(start + run, length);
      const end = Math.min(start + 2 * run, length);
      let left = start;
      let right = middle;
      for (let at = start; at < end; at++) {
        const takesLeft =
          left < middle && (right === end || compare(from[left]!, from[right]!) <= 0);
        to[at] = from[takesLeft ? left++ : right++]!;
        if (at % ITEMS_PER_STEP === 0) yield;
      }
    }
    [from, to] = [to, from];
  }
  return from;
}

/** The first `count` items of an order, among all that were added. */
class FirstOf<T> {
  private best: T[] = [];
  /** The last of those that there are enough of: what does not come before it is not among them. */
  private last: T | undefined;

  constructor(
    private readonly count: number,
    private readonly compare: (a: T, b: T) => number,
  ) {}

  /** @returns whether so much waits that it is time to `settle` */
  add(item: T): boolean {
    if (this.last !== undefined && this.compare(item, this.last) >= 0) return false;
    this.best.push(item);
    return this.best.length >= 2 * this.count + ITEMS_PER_STEP;
  }

  /** Those of the items so far, in order. */
  *settle(): Steps<readonly T[]> {
    this.best = (yield* sorted(this.best, this.compare)).slice(0, this.count);
    if (this.best.length === this.count) this.last = this.best.at(-1);
    return this.best;
  }
}

/**
 * The first `count` of those that are found, in order. Only what may be among them is sorted: to put 100,000 items in
 * order takes ten times as long as to look at them.
 * @param find what is to be put in order of an item, if anything
 */
export function* firstOf<T, R>(
  items: Iterable<T>,
  find: (item: T) => R | undefined,
  count: number,
  compare: (a: R, b: R) => number,
): Steps<readonly R[]> {
  const first = new FirstOf(count, compare);
  let looked = 0;
  for (const item of items) {
    const found = find(item);
    if (found !== undefined && first.add(found)) yield* first.settle();
    if (++looked % ITEMS_PER_STEP === 0) yield;
  }
  return yield* first.settle();
}
