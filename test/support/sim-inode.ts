import { PagedBytes } from './paged-bytes.js';
import type { Random } from './random.js';

/** A disk writes a sector wholly or not at all; nothing larger is sure to stay together. */
export const SECTOR_BYTES = 512;

/** `given up`: a sync failed, so no later one brings it to the disk; reads still see it. */
type ChangeState = 'unsynced' | 'given up' | 'synced';

type Change = (
  | { readonly kind: 'write'; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly length: number }
) & { readonly state: ChangeState };

/**
 * A file's bytes on a simulated disk: what is durable, and what was done to it since, in order. Changes
 * that were synced stay in the list behind those that were given up, because they came later.
 */
export class SimInode {
  private constructor(
    private durable: PagedBytes,
    private readonly visible: PagedBytes,
    private changes: readonly Change[],
  ) {}

  static of(bytes: Uint8Array): SimInode {
    const durable = PagedBytes.of(bytes);
    return new SimInode(durable, durable.copy(), []);
  }

  copy(): SimInode {
    return new SimInode(this.durable.copy(), this.visible.copy(), this.changes);
  }

  get length(): number {
    return this.visible.length;
  }

  read(start?: number): Uint8Array {
    return this.visible.read(start);
  }

  write(offset: number, bytes: Uint8Array): void {
    this.visible.write(offset, bytes);
    this.keep({ kind: 'write', offset, bytes: bytes.slice(), state: 'unsynced' });
  }

  truncate(length: number): void {
    this.visible.truncate(length);
    this.keep({ kind: 'truncate', length, state: 'unsynced' });
  }

  sync(): void {
    if (this.changes.some(({ state }) => state === 'given up')) {
      this.turnUnsynced('synced');
      return;
    }
    this.durable = this.visible.copy();
    this.changes = [];
  }

  failSync(): void {
    this.turnUnsynced('given up');
  }

  /**
   * The file after a power cut. Each sector is as it was at some moment since the last sync, because the
   * system may have written it out at any time; truncations came through or did not.
   * @param survival how probable it is that something unsynced came through
   */
  afterPowerCut(random: Random, survival: number): SimInode {
    if (this.changes.length === 0) return new SimInode(this.durable, this.durable.copy(), []);
    const survivors = this.survivorsBySector(random, survival);
    const left = this.durable.copy();
    for (const [index, change] of this.changes.entries()) {
      if (change.kind === 'truncate') {
        if (change.state === 'synced' || random.chance(survival)) left.truncate(change.length);
        continue;
      }
      for (const { sector, start, end } of sectorsOf(change)) {
        if (index >= survivors.get(sector)!) continue;
        const { offset, bytes } = change;
        left.write(start, bytes.subarray(start - offset, end - offset));
      }
    }
    return new SimInode(left, left.copy(), []);
  }

  /** For each sector that was written: the writes before this index are in it. */
  private survivorsBySector(random: Random, survival: number): Map<number, number> {
    const writes = new Map<number, number[]>();
    const floors = new Map<number, number>();
    for (const [index, change] of this.changes.entries()) {
      if (change.kind === 'truncate') continue;
      for (const { sector } of sectorsOf(change)) {
        writes.set(sector, [...(writes.get(sector) ?? []), index]);
        if (change.state === 'synced') floors.set(sector, index + 1);
      }
    }
    const survivors = new Map<number, number>();
    for (const [sector, indexes] of writes) {
      const floor = floors.get(sector) ?? 0;
      const ends = [floor, ...indexes.map((index) => index + 1).filter((end) => end > floor)];
      const last = ends.length - 1;
      const isWhole = last === 0 || random.chance(survival);
      const chosen = isWhole ? last : survival === 0 ? 0 : random.below(last);
      survivors.set(sector, ends[chosen]!);
    }
    return survivors;
  }

  private keep(change: Change): void {
    this.changes = [...this.changes, change];
  }

  private turnUnsynced(state: ChangeState): void {
    this.changes = this.changes.map((change) =>
      change.state === 'unsynced' ? { ...change, state } : change,
    );
  }
}

/** The pieces of a write, a sector each. */
function* sectorsOf({ offset, bytes }: { offset: number; bytes: Uint8Array }) {
  const last = offset + bytes.byteLength;
  for (let start = offset; start < last;) {
    const sector = Math.floor(start / SECTOR_BYTES);
    const end = Math.min((sector + 1) * SECTOR_BYTES, last);
    yield { sector, start, end };
    start = end;
  }
}
