// Columns in memory: one value per slot, in as little memory as its kind allows, and null in every slot
// that was never set. A slot is the position of a series in all columns at once.

import { assert } from '../../core/assert.js';
import type { CalendarDate } from '../../core/calendar-date.js';
import type { ColumnKind, KindToType } from '../../schema/columns.js';

export interface SlotColumn<T> {
  get(slot: number): T | null;
  /** The slot lies below the capacity. */
  set(slot: number, value: T | null): void;
  /** Makes room for the slots below `capacity`, which never shrinks. */
  grow(capacity: number): void;
}

/** Texts that are mostly different. */
export class TextColumn<T extends string> implements SlotColumn<T> {
  private readonly texts: (T | null)[] = [];

  get(slot: number): T | null {
    return this.texts[slot] ?? null;
  }

  set(slot: number, value: T | null): void {
    // Slots are given out one after the other; a hole would make the array a slower one.
    while (this.texts.length < slot) this.texts.push(null);
    this.texts[slot] = value;
  }

  grow(): void {
    // Arrays grow by themselves.
  }
}

/** Texts of which few are different: each is held once, as long as a slot has it. */
export class SharedTextColumn<T extends string> implements SlotColumn<T> {
  private codes = new Uint32Array(0);
  /** By code; code 0 is null. */
  private readonly texts: (T | null)[] = [null];
  private readonly uses = [0];
  private readonly codeOf = new Map<T, number>();
  private readonly freeCodes: number[] = [];

  get(slot: number): T | null {
    return this.texts[this.codes[slot]!]!;
  }

  set(slot: number, value: T | null): void {
    const before = this.codes[slot]!;
    const code = value === null ? 0 : (this.codeOf.get(value) ?? this.admit(value));
    if (code === before) return;
    this.codes[slot] = code;
    this.uses[code]! += 1;
    this.uses[before]! -= 1;
    if (before !== 0 && this.uses[before] === 0) this.forget(before);
  }

  grow(capacity: number): void {
    this.codes = copyInto(new Uint32Array(capacity), this.codes);
  }

  /** The same for equal texts; 0 for none. */
  code(slot: number): number {
    return this.codes[slot]!;
  }

  text(code: number): T | null {
    return this.texts[code]!;
  }

  /** How many different texts there are. */
  get distinct(): number {
    return this.codeOf.size;
  }

  private admit(text: T): number {
    const code = this.freeCodes.pop() ?? this.texts.length;
    this.texts[code] = text;
    this.uses[code] = 0;
    this.codeOf.set(text, code);
    return code;
  }

  private forget(code: number): void {
    this.codeOf.delete(this.texts[code]!);
    this.texts[code] = null;
    this.freeCodes.push(code);
  }
}

/** Texts that hardly any slot has. */
export class RareTextColumn implements SlotColumn<string> {
  private readonly texts = new Map<number, string>();

  get(slot: number): string | null {
    return this.texts.get(slot) ?? null;
  }

  set(slot: number, value: string | null): void {
    if (value === null) this.texts.delete(slot);
    else this.texts.set(slot, value);
  }

  grow(): void {
    // A map has no capacity.
  }
}

// Far before the year 0001.
const NO_DATE = -(2 ** 31);

export class DateColumn implements SlotColumn<CalendarDate> {
  private days = new Int32Array(0);

  get(slot: number): CalendarDate | null {
    const days = this.days[slot]!;
    return days === NO_DATE ? null : (days as CalendarDate);
  }

  set(slot: number, value: CalendarDate | null): void {
    this.days[slot] = value ?? NO_DATE;
  }

  grow(capacity: number): void {
    this.days = copyInto(new Int32Array(capacity).fill(NO_DATE), this.days);
  }
}

/** Doubles and instants. NaN stands for null, so it cannot be stored. */
export class NumberColumn<T extends number> implements SlotColumn<T> {
  private numbers = new Float64Array(0);

  get(slot: number): T | null {
    const number = this.numbers[slot]!;
    return Number.isNaN(number) ? null : (number as T);
  }

  set(slot: number, value: T | null): void {
    this.numbers[slot] = value ?? NaN;
  }

  grow(capacity: number): void {
    this.numbers = copyInto(new Float64Array(capacity).fill(NaN), this.numbers);
  }
}

const NO_FLAG = 2;

export class FlagColumn implements SlotColumn<boolean> {
  private flags = new Uint8Array(0);

  get(slot: number): boolean | null {
    const flag = this.flags[slot]!;
    return flag === NO_FLAG ? null : flag === 1;
  }

  set(slot: number, value: boolean | null): void {
    this.flags[slot] = value === null ? NO_FLAG : Number(value);
  }

  grow(capacity: number): void {
    this.flags = copyInto(new Uint8Array(capacity).fill(NO_FLAG), this.flags);
  }
}

const DIGEST_BYTES = 32;
const DIGEST_WORDS = DIGEST_BYTES / 4;

/** SHA-256 digests, in lower-case hexadecimal digits. Zeros, which no content is known to have, are null. */
export class DigestColumn implements SlotColumn<string> {
  private words = new Uint32Array(0);
  private bytes = Buffer.from(this.words.buffer);

  get(slot: number): string | null {
    const at = slot * DIGEST_BYTES;
    return this.has(slot) ? this.bytes.toString('hex', at, at + DIGEST_BYTES) : null;
  }

  set(slot: number, value: string | null): void {
    const at = slot * DIGEST_BYTES;
    if (value === null) {
      this.bytes.fill(0, at, at + DIGEST_BYTES);
      return;
    }
    const written = value.length === 2 * DIGEST_BYTES ? this.bytes.write(value, at, 'hex') : 0;
    assert(written === DIGEST_BYTES, 'a digest has 64 hexadecimal digits');
  }

  grow(capacity: number): void {
    this.words = copyInto(new Uint32Array(capacity * DIGEST_WORDS), this.words);
    this.bytes = Buffer.from(this.words.buffer);
  }

  has(slot: number): boolean {
    const end = (slot + 1) * DIGEST_WORDS;
    for (let word = end - DIGEST_WORDS; word < end; word += 1) {
      if (this.words[word] !== 0) return true;
    }
    return false;
  }
}

/** How a column is held that has no better way of its own. */
export const COLUMN_OF_KIND: { [K in ColumnKind]: () => SlotColumn<KindToType[K]> } = {
  uuid: () => new TextColumn(),
  utf8: () => new TextColumn(),
  bool: () => new FlagColumn(),
  date: () => new DateColumn(),
  float64: () => new NumberColumn(),
  timestamp: () => new NumberColumn(),
};

function copyInto<A extends Uint8Array | Uint32Array | Int32Array | Float64Array>(
  larger: A,
  smaller: A,
): A {
  larger.set(smaller);
  return larger;
}
