// The slots in the order of their ids. New ids are mostly the greatest so far (version 7 begins with the
// time); what comes in another order waits unsorted until somebody looks, so that loading is not quadratic.

/** Up to so many newcomers it is cheaper to move the slots behind each than to go through all ids. */
const INSERTED_ONE_BY_ONE_MAX = 16;

export class SlotOrder {
  private sorted = new Uint32Array(64);
  private length = 0;
  private unsorted: number[] = [];

  /** @param idOf the id of a slot, which never changes while the slot is in here */
  constructor(private readonly idOf: (slot: number) => string) {}

  add(slot: number): void {
    const last = this.length > 0 ? this.idOf(this.sorted[this.length - 1]!) : '';
    if (this.idOf(slot) < last) {
      this.unsorted.push(slot);
      return;
    }
    this.reserve(1);
    this.sorted[this.length++] = slot;
  }

  /** To be called while the slot still has its id. */
  remove(slot: number): void {
    this.settle();
    this.sorted.copyWithin(this.positionOf(slot), this.positionOf(slot) + 1, this.length);
    this.length -= 1;
  }

  /** A copy. */
  slots(): Uint32Array {
    this.settle();
    return this.sorted.slice(0, this.length);
  }

  private settle(): void {
    const more = this.unsorted;
    if (more.length === 0) return;
    this.unsorted = [];
    this.reserve(more.length);
    if (more.length <= INSERTED_ONE_BY_ONE_MAX) {
      for (const slot of more) this.insert(slot);
    } else {
      this.merge(more.sort((a, b) => (this.idOf(a) < this.idOf(b) ? -1 : 1)));
    }
  }

  private insert(slot: number): void {
    const position = this.positionOf(slot);
    this.sorted.copyWithin(position + 1, position, this.length);
    this.sorted[position] = slot;
    this.length += 1;
  }

  /** From the end, so that nothing is overwritten that is still to be moved. */
  private merge(more: readonly number[]): void {
    let before = this.length - 1;
    let write = this.length + more.length;
    this.length = write;
    for (let next = more.length - 1; next >= 0; next -= 1) {
      const slot = more[next]!;
      const id = this.idOf(slot);
      while (before >= 0 && this.idOf(this.sorted[before]!) > id) {
        this.sorted[--write] = this.sorted[before--]!;
      }
      this.sorted[--write] = slot;
    }
  }

  /** Where the slot is among the sorted ones, or would be. */
  private positionOf(slot: number): number {
    const id = this.idOf(slot);
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.idOf(this.sorted[middle]!) < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private reserve(more: number): void {
    if (this.length + more <= this.sorted.length) return;
    const larger = new Uint32Array(Math.ceil((this.length + more) * 1.5));
    larger.set(this.sorted);
    this.sorted = larger;
  }
}
