// A bounded memory that one long scan cannot flush: entries that were asked for again are kept apart from those
// that were used once (2Q: T. Johnson, D. Shasha, "2Q: A Low Overhead High Performance Buffer Management
// Replacement Algorithm", VLDB 1994). Newcomers are on probation and push out only each other; a second use protects
// an entry; what falls out of the protected ones is on probation again. Names that were pushed out are remembered
// for a while, so that a working set larger than the probation can still be recognised.

import { LRUCache } from 'lru-cache';

/** What newcomers always have for themselves is the rest. */
const PROTECTED_SHARE = 0.8;

/** A longer name is not remembered: without its value it would take memory that nobody counts. */
const REMEMBERED_NAME_LENGTH_MAX = 500;

/** Entries of a segment that one sweep looks at, in less than a millisecond. */
const ENTRIES_PER_SWEEP = 1000;
/** What nobody asks for any more is there for little longer than it may be given out. */
const SWEEPS_PER_TTL = 4;
/** Between two sweeps where there is more to give up than one may: 100,000 entries a second. */
const SWEEP_MILLISECONDS_MIN = 10;

export interface SegmentedLruOptions<V> {
  /** At least 1, like the others. */
  readonly bytesMax: number;
  readonly entriesMax: number;
  readonly ttlSeconds: number;
  /** At least 1, and the same for a value whenever it is asked. */
  readonly bytesOf: (value: V) => number;
  /** Called when entries were given up because they had expired, and nobody asked for them. */
  readonly onSwept?: () => void;
  /** Called with how many were given up, because others needed their room or because they had expired. */
  readonly onEvicted?: (reason: 'room' | 'expired', entries: number) => void;
}

interface Entry<V> {
  readonly name: string;
  readonly value: V;
  readonly bytes: number;
  /** milliseconds, of `performance.now` */
  readonly expiresAt: number;
}

type Segment<V> = LRUCache<string, Entry<V>>;

export class SegmentedLru<V> {
  private readonly probation: Segment<V>;
  /** The protected ones. */
  private readonly kept: Segment<V>;
  /** Names without values: of what was pushed out, and of what was too large to be let in at once. */
  private readonly remembered: LRUCache<string, true>;
  private readonly protectedBytesMax: number;
  private readonly protectedEntriesMax: number;
  private isSweepAwaited = false;

  constructor(private readonly options: SegmentedLruOptions<V>) {
    const { bytesMax, entriesMax } = options;
    this.protectedBytesMax = Math.floor(bytesMax * PROTECTED_SHARE);
    this.protectedEntriesMax = Math.floor(entriesMax * PROTECTED_SHARE);
    // Bounded by bytes, so that nothing is allocated for entries that are not there yet.
    const bounds = { maxSize: bytesMax, sizeCalculation: ({ bytes }: Entry<V>) => bytes };
    this.probation = new LRUCache({
      ...bounds,
      // It makes room for a newcomer by itself as well.
      dispose: (_entry, _name, reason) => {
        if (reason === 'evict') this.options.onEvicted?.('room', 1);
      },
    });
    this.kept = new LRUCache(bounds);
    this.remembered = new LRUCache({ maxSize: entriesMax, sizeCalculation: () => 1 });
  }

  get bytes(): number {
    return this.probation.calculatedSize + this.kept.calculatedSize;
  }

  get size(): number {
    return this.probation.size + this.kept.size;
  }

  get(name: string): V | undefined {
    const protectedEntry = this.kept.get(name);
    const entry = protectedEntry ?? this.probation.get(name);
    if (entry === undefined) return undefined;
    if (performance.now() >= entry.expiresAt) {
      this.delete(name);
      this.options.onEvicted?.('expired', 1);
      return undefined;
    }
    if (protectedEntry === undefined) this.protect(entry);
    return entry.value;
  }

  /** The same, without counting as a use. */
  peek(name: string): V | undefined {
    const entry = this.kept.peek(name) ?? this.probation.peek(name);
    return entry !== undefined && performance.now() < entry.expiresAt ? entry.value : undefined;
  }

  /** What is larger than all there may be is not kept. */
  set(name: string, value: V): void {
    const { bytesMax, ttlSeconds } = this.options;
    const bytes = this.options.bytesOf(value);
    // Nearly always nothing is known of the name: as few look-ups as can be.
    const wasProtected = this.kept.size > 0 && this.kept.delete(name);
    const wasRemembered = this.remembered.size > 0 && this.remembered.delete(name);
    const isKnown = wasProtected || wasRemembered;
    const isTooLarge = bytes > bytesMax;
    if (isTooLarge || (!isKnown && bytes > bytesMax - this.kept.calculatedSize)) {
      this.probation.delete(name);
      // A scan of large ones must not push out what is protected: the next time it is let in.
      if (!isTooLarge) this.remember(name);
      return;
    }
    const entry = { name, value, bytes, expiresAt: performance.now() + ttlSeconds * 1000 };
    this.probation.set(name, entry);
    if (isKnown) this.protect(entry);
    this.makeRoom(name);
    if (!this.isSweepAwaited) this.awaitSweep((ttlSeconds * 1000) / SWEEPS_PER_TTL);
  }

  delete(name: string): void {
    this.kept.delete(name);
    this.probation.delete(name);
  }

  clear(): void {
    this.kept.clear();
    this.probation.clear();
    this.remembered.clear();
  }

  /** @param entry of the probation, used last */
  private protect(entry: Entry<V>): void {
    // One that cannot be protected beside others stays where it is: at the end of the queue.
    if (entry.bytes > this.protectedBytesMax || this.protectedEntriesMax === 0) return;
    this.probation.delete(entry.name);
    while (
      this.kept.calculatedSize + entry.bytes > this.protectedBytesMax ||
      this.kept.size >= this.protectedEntriesMax
    ) {
      const demoted = this.kept.pop()!;
      this.probation.set(demoted.name, demoted);
    }
    this.kept.set(entry.name, entry);
  }

  /** @param newest is let in: where nothing else is on probation, protected ones give way to it */
  private makeRoom(newest: string): void {
    while (this.bytes > this.options.bytesMax || this.size > this.options.entriesMax) {
      const others = this.probation.size - (this.probation.has(newest) ? 1 : 0);
      const segment = others > 0 ? this.probation : this.kept;
      this.remember(segment.pop()!.name);
      if (segment === this.kept) this.options.onEvicted?.('room', 1);
    }
  }

  private remember(name: string): void {
    if (name.length > REMEMBERED_NAME_LENGTH_MAX) return;
    this.remembered.set(name, true);
    // As many as there are entries: about what a working set that fits can have lost.
    while (this.remembered.size > Math.max(1, this.size)) this.remembered.pop();
  }

  private awaitSweep(milliseconds: number): void {
    this.isSweepAwaited = true;
    // Neither the process nor this memory is kept for the sake of its sweeps.
    const self = new WeakRef(this);
    const sweep = (): void => self.deref()?.sweep();
    setTimeout(sweep, Math.max(milliseconds, SWEEP_MILLISECONDS_MIN)).unref();
  }

  /**
   * Gives up what has expired among the entries that were used longest ago. Those that were used before one that has
   * expired are over within another of its times, so that it does not hide behind them for ever.
   */
  private sweep(): void {
    this.isSweepAwaited = false;
    const inProbation = sweepOldest(this.probation);
    const inKept = sweepOldest(this.kept);
    const expired = inProbation + inKept;
    if (expired > 0) {
      this.options.onEvicted?.('expired', expired);
      this.options.onSwept?.();
    }
    if (this.size === 0) return;
    const isMore = Math.max(inProbation, inKept) > ENTRIES_PER_SWEEP / 2;
    this.awaitSweep(isMore ? 0 : (this.options.ttlSeconds * 1000) / SWEEPS_PER_TTL);
  }
}

/** @returns how many were given up */
function sweepOldest<V>(segment: Segment<V>): number {
  const now = performance.now();
  const expired: string[] = [];
  let looked = 0;
  for (const { name, expiresAt } of segment.rvalues() as Iterable<Entry<V>>) {
    if (now >= expiresAt) expired.push(name);
    if (++looked === ENTRIES_PER_SWEEP) break;
  }
  for (const name of expired) segment.delete(name);
  return expired.length;
}
