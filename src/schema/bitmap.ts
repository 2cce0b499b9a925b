// Bits in bytes, the lowest bit of a byte first: Arrow's validity bitmaps and booleans.

/** One bit per row; that of row 0 is number `offset`. */
export interface Bitmap {
  readonly bits: Uint8Array;
  readonly offset: number;
}

export function bit(bits: Uint8Array, index: number): boolean {
  return ((bits[index >> 3]! >> (index & 7)) & 1) === 1;
}

/** Bitmaps are padded to 8 bytes, as Arrow recommends. */
export function bitmapBytes(length: number): number {
  return ((length + 63) >> 6) << 3;
}

export function setBits(to: Uint8Array, first: number, count: number): void {
  const end = first + count;
  let at = first;
  while (at < end && (at & 7) !== 0) to[at >> 3]! |= 1 << (at++ & 7);
  const wholeEnd = end & ~7;
  if (at < wholeEnd) {
    to.fill(0xff, at >> 3, wholeEnd >> 3);
    at = wholeEnd;
  }
  while (at < end) to[at >> 3]! |= 1 << (at++ & 7);
}

/**
 * Copies bits to any place, whole bytes at a time.
 * @param to has zeros there
 */
export function copyBits(
  from: Bitmap,
  start: number,
  to: Uint8Array,
  first: number,
  count: number,
): void {
  let source = from.offset + start;
  let at = first;
  const end = first + count;
  while (at < end && (at & 7) !== 0) {
    if (bit(from.bits, source++)) to[at >> 3]! |= 1 << (at & 7);
    at++;
  }
  const bytes = (end - at) >> 3;
  const shift = source & 7;
  const begin = source >> 3;
  if (shift === 0) {
    to.set(from.bits.subarray(begin, begin + bytes), at >> 3);
  } else {
    const { bits } = from;
    for (let byte = 0; byte < bytes; byte++) {
      const low = bits[begin + byte]! >> shift;
      to[(at >> 3) + byte] = low | (bits[begin + byte + 1]! << (8 - shift));
    }
  }
  source += bytes << 3;
  at += bytes << 3;
  for (; at < end; at++) if (bit(from.bits, source++)) to[at >> 3]! |= 1 << (at & 7);
}

/** How many of the bits are set. */
export function countBits({ bits, offset }: Bitmap, start: number, count: number): number {
  let set = 0;
  let at = offset + start;
  const end = at + count;
  while (at < end && (at & 7) !== 0) if (bit(bits, at++)) set++;
  for (; at + 8 <= end; at += 8) set += BITS_IN_BYTE[bits[at >> 3]!]!;
  while (at < end) if (bit(bits, at++)) set++;
  return set;
}

const BITS_IN_BYTE = Uint8Array.from({ length: 256 }, (_, byte) => {
  let set = 0;
  for (let rest = byte; rest > 0; rest >>= 1) set += rest & 1;
  return set;
});
