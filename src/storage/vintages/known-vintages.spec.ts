import { describe, expect, it } from 'vitest';
import type { CalendarDate } from '../../core/calendar-date.js';
import { Instant } from '../../core/instant.js';
import type { Uuid } from '../../core/uuid.js';
import { KnownVintages } from './known-vintages.js';
import { PublishedVintages } from './published-vintages.js';

const [A, B, C] = ['a', 'b', 'c'] as Uuid[] as [Uuid, Uuid, Uuid];
const at = Instant.of;

function published(vintages: number): PublishedVintages {
  const known = new PublishedVintages();
  for (let day = 1; day <= vintages; day++) {
    known.add({ revisionDate: day as CalendarDate, isComplete: false, dates: Int32Array.of(7) });
  }
  return known;
}

describe('known vintages', () => {
  it('are those of one version of the points', () => {
    const known = new KnownVintages();
    const vintages = published(1);
    known.keep(A, at(5), vintages);
    expect(known.peek(A, at(5))).toBe(vintages);
    expect(known.peek(A, at(6))).toBeUndefined();
    expect(known.peek(A, null)).toBeUndefined();
    expect(known.peek(B, null)).toBeUndefined();
  });

  it("are nobody else's while they are changed", () => {
    const known = new KnownVintages();
    known.keep(A, at(5), published(1));
    const taken = known.take(A, at(5))!;
    expect(known.peek(A, at(5))).toBeUndefined();
    known.keep(A, at(6), taken);
    expect(known.peek(A, at(6))).toBe(taken);
  });

  it('are not replaced by those of an older version', () => {
    const known = new KnownVintages();
    const vintages = published(2);
    known.keep(A, at(6), vintages);
    known.keep(A, at(5), published(1));
    expect(known.peek(A, at(6))).toBe(vintages);
  });

  it('have room for so many bytes, and those that were kept last stay', () => {
    const { bytes } = published(10);
    const known = new KnownVintages(2 * bytes);
    for (const id of [A, B, C]) known.keep(id, at(1), published(10));
    expect([A, B, C].map((id) => known.peek(id, at(1)) !== undefined)).toEqual([false, true, true]);
    known.keep(B, at(2), published(10));
    known.keep(A, at(1), published(10));
    expect([A, B, C].map((id) => known.peek(id, at(id === B ? 2 : 1)) !== undefined)).toEqual([
      true,
      true,
      false,
    ]);
    known.keep(C, at(9), published(100));
    expect(known.peek(C, at(9))).toBeUndefined();
    expect(known.peek(A, at(1))).toBeDefined();
  });
});
