import { describe, expect, it } from 'vitest';
import { bytesText } from './bytes-text.js';

describe('an amount of bytes', () => {
  it.each([
    [0, '0 bytes'],
    [1, '1 bytes'],
    [999, '999 bytes'],
    [1_000, '1.0 kB'],
    [1_250, '1.3 kB'],
    [999_000, '999.0 kB'],
    [1e6, '1.0 MB'],
    [999_999_999, '1.0 GB'],
    [1.2e9, '1.2 GB'],
    [1e12, '1.0 TB'],
    [1e15, '1.0 PB'],
    [2.5e18, '2500.0 PB'],
  ])('of %d reads %s', (bytes, text) => {
    expect(bytesText(bytes)).toBe(text);
  });
});
