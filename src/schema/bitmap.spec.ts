import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bit, copyBits, countBits, setBits } from './bitmap.js';

function bitmapOf(flags: readonly boolean[]): Uint8Array {
  const bits = new Uint8Array((flags.length >> 3) + 1);
  flags.forEach((flag, index) => {
    if (flag) bits[index >> 3]! |= 1 << (index & 7);
  });
  return bits;
}

const flags = fc.array(fc.boolean(), { maxLength: 100 });

describe('bitmaps', () => {
  it('bits are copied from any place to any place, and to no other', () => {
    fc.assert(
      fc.property(flags, fc.nat(9), fc.nat(9), fc.nat(20), (source, offset, start, first) => {
        const count = Math.max(0, source.length - offset - start);
        const to = new Uint8Array(((first + count) >> 3) + 2);
        copyBits({ bits: bitmapOf(source), offset }, start, to, first, count);
        const copied = Array.from({ length: to.length * 8 }, (_, index) => bit(to, index));
        const expected = copied.map(
          (_, index) =>
            index >= first && index < first + count && source[offset + start + index - first]!,
        );
        expect(copied).toEqual(expected);
      }),
    );
  });

  it('set bits are counted from any place', () => {
    fc.assert(
      fc.property(flags, fc.nat(9), fc.nat(9), (source, offset, start) => {
        const counted = source.slice(offset + start);
        const set = countBits({ bits: bitmapOf(source), offset }, start, counted.length);
        expect(set).toBe(counted.filter(Boolean).length);
      }),
    );
  });

  it('a run of bits is set, and no other', () => {
    fc.assert(
      fc.property(fc.nat(40), fc.nat(60), (first, count) => {
        const to = new Uint8Array(16);
        setBits(to, first, count);
        for (let index = 0; index < 128; index++) {
          expect(bit(to, index)).toBe(index >= first && index < first + count);
        }
      }),
    );
  });
});
