// What Redis keeps for the caches: batches as bytes, and the envelope around every value. Whatever comes back
// is what was stored, or nothing.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBatch as decodeInSteps, encodeBatch } from '../../src/cache/batch-codec.js';
import { LookUps } from '../../src/cache/look-ups.js';
import { SharedBatches } from '../../src/cache/shared-batches.js';
import type { SharedCache } from '../../src/cache/shared-cache.js';
import { CalendarDate } from '../../src/core/calendar-date.js';
import type { CacheMetrics } from '../../src/metrics/cache-metrics.js';
import { longestTurn } from '../support/longest-turn.js';
import { seal, unseal } from '../../src/cache/envelope.js';
import { atOnce } from '../../src/core/steps.js';
import { PointBatch } from '../../src/schema/point-batch.js';
import { anyDates, fewDates, sortedPoints } from '../support/arbitraries.js';
import { batchOf, plainPoints, uuid, type PlainPoint } from '../support/points.js';

const points = fc.oneof(
  sortedPoints(anyDates, { maxLength: 100 }),
  sortedPoints(fewDates, { maxLength: 100 }),
);

/** A batch of columns that begin at any place of larger ones, and its rows. */
const slices = fc
  .tuple(points, fc.nat(100), fc.nat(100))
  .map(([list, a, b]): { batch: PointBatch; rows: PlainPoint[] } => {
    const [from, to] = [Math.min(a, b, list.length), Math.min(Math.max(a, b), list.length)];
    return { batch: batchOf(list).slice(from, to), rows: list.slice(from, to) };
  });

function encoded(batch: PointBatch): Uint8Array {
  return new Uint8Array(Buffer.concat(encodeBatch(batch)));
}

function decodeBatch(bytes: Uint8Array): PointBatch | undefined {
  return atOnce(decodeInSteps(bytes));
}

const byte = fc.nat(255);

describe('a batch as bytes', () => {
  it('is read back as it was, slices too, at any place in memory', () => {
    fc.assert(
      fc.property(slices, fc.nat(9), ({ batch, rows }, shift) => {
        const bytes = encoded(batch);
        const elsewhere = new Uint8Array(bytes.length + shift).subarray(shift);
        elsewhere.set(bytes);
        const decoded = decodeBatch(elsewhere);
        expect(plainPoints(decoded!)).toEqual(rows);
        // As rows of Arrow and in pieces, too.
        expect(decoded!.batch.numRows).toBe(rows.length);
        const half = rows.length >> 1;
        expect(plainPoints(decoded!.slice(half, rows.length))).toEqual(rows.slice(half));
        expect(plainPoints(PointBatch.concat([decoded!, PointBatch.EMPTY]))).toEqual(rows);
      }),
    );
  });

  it('shares memory with what it was read from', () => {
    const bytes = encoded(batchOf([ROW]));
    expect(decodeBatch(bytes)!.values.buffer).toBe(bytes.buffer);
  });

  it('is read as a batch or not at all, whatever the bytes: nothing throws, every row can be told', () => {
    const mutations = fc.array(fc.tuple(fc.nat(), byte), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(slices, mutations, fc.nat(40), ({ batch }, changes, cut) => {
        const bytes = encoded(batch);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        for (const damaged of [bytes, bytes.subarray(0, Math.max(0, bytes.length - cut))]) {
          const decoded = decodeBatch(damaged);
          if (decoded) expect(plainPoints(decoded)).toHaveLength(decoded.length);
        }
      }),
      { numRuns: 1000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(decodeBatch(bytes)).toBeUndefined();
      }),
    );
  });

  it.each([
    ['rows out of order', (columns: Columns) => columns.dates.reverse()],
    ['the same key twice', (columns: Columns) => columns.dates.fill(columns.dates[0]!)],
    ['a date before the calendar', (columns: Columns) => (columns.dates[0] = -2_000_000)],
    ['a date behind the calendar', (columns: Columns) => (columns.dates[2] = 9_000_000)],
    ['a revision behind it', (columns: Columns) => (columns.revisionDates[1] = 9_000_000)],
    ['an instant before 1970', (columns: Columns) => (columns.createdAt[1] = -1n)],
    ['an instant past doubles', (columns: Columns) => (columns.updatedAt[2] = 1n << 53n)],
    ['a value that is no number', (columns: Columns) => (columns.values[1] = NaN)],
    ['an infinite value', (columns: Columns) => (columns.values[2] = -Infinity)],
    ['a text that is no number', (columns: Columns) => (columns.exact!.bytes[3] = 0x41)],
    ['a text that ends early', (columns: Columns) => (columns.exact!.offsets[3] = 5)],
    ['texts that go back', (columns: Columns) => (columns.exact!.offsets[1] = 500)],
    ['texts that begin behind', (columns: Columns) => (columns.exact!.offsets[0] = -5)],
    ['an empty text', (columns: Columns) => columns.exact!.offsets.fill(0, 0, 3)],
  ])('is not read with %s', (_, damage) => {
    const rows = [1, 2, 3].map((n) => ({ ...ROW, date: `2020-01-0${n}` }));
    const bytes = encoded(batchOf(rows));
    const { columns } = decodeBatch(bytes)!;
    // Views on `bytes`, so what changes in them has changed there.
    damage(columns);
    expect(decodeBatch(bytes)).toBeUndefined();
  });

  it('is checked in turns, and several of them do not come in one', async () => {
    const columns = {
      ...{ revisionDate: '2020-01-01', isOriginal: true, createdAt: 1, updatedAt: 1 },
      value: '-123456789012345678.123456789',
    };
    const row = (n: number): PlainPoint => ({
      ...columns,
      date: CalendarDate.format(n as CalendarDate),
    });
    const bytes = encoded(batchOf(Array.from({ length: 60_000 }, (_, n) => row(n))));
    expect(bytes.byteLength).toBeGreaterThan(3_900_000);
    const shared = {
      isConfigured: true,
      get: () => Promise.resolve(bytes),
    } as unknown as SharedCache;
    const batches = new SharedBatches(shared, {} as CacheMetrics);
    const turn = await longestTurn(async () => {
      // More than one pass asks for together: these are of several requests.
      const gets = Array.from({ length: 8 }, () =>
        batches.get(uuid(1), 'sha256', 60_000, new LookUps()),
      );
      for (const batch of await Promise.all(gets)) expect(batch).toHaveLength(60_000);
    });
    // 5 ms and a step; a compiler that comes in between takes a few more.
    expect(turn).toBeLessThan(12);
  });

  it('is empty without rows', () => {
    expect(decodeBatch(encoded(PointBatch.EMPTY))).toBe(PointBatch.EMPTY);
  });
});

describe('a sealed value', () => {
  const bodies = fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 3 });

  it('is what was sealed, in an array of its own', () => {
    fc.assert(
      fc.property(fc.string(), bodies, fc.nat(9), (key, parts, shift) => {
        const sealed = seal(key, parts);
        const received = Buffer.concat([Buffer.alloc(shift), sealed]).subarray(shift);
        const body = unseal(key, received)!;
        expect(Buffer.from(body)).toEqual(Buffer.concat(parts));
        expect([body.byteOffset, body.buffer.byteLength]).toEqual([0, body.byteLength]);
      }),
    );
  });

  it('is nothing once any byte has changed, at the end of any cut, and with more behind it', () => {
    const sealed = seal('a key', [Buffer.from('what is kept')]);
    for (let at = 0; at < sealed.length; at++) {
      for (let mask = 1; mask < 256; mask++) {
        const changed = Buffer.from(sealed);
        changed[at]! ^= mask;
        expect(unseal('a key', changed)).toBeUndefined();
      }
      expect(unseal('a key', sealed.subarray(0, at))).toBeUndefined();
    }
    expect(unseal('a key', Buffer.concat([sealed, Buffer.alloc(1)]))).toBeUndefined();
    expect(unseal('a key', sealed)).toBeDefined();
  });

  it('is nothing under another key, and rubbish is nothing under any', () => {
    const [a, b] = [fc.string(), fc.string()];
    fc.assert(
      fc.property(a, b, bodies, (key, other, parts) => {
        fc.pre(key !== other);
        expect(unseal(other, seal(key, parts))).toBeUndefined();
      }),
    );
    fc.assert(
      fc.property(fc.string(), fc.uint8Array({ maxLength: 60 }), (key, rubbish) => {
        expect(unseal(key, Buffer.from(rubbish))).toBeUndefined();
      }),
    );
  });
});

type Columns = PointBatch['columns'];

const ROW: PlainPoint = {
  ...{ date: '2020-01-01', revisionDate: '2020-02-01', value: '0.12345678901234567897' },
  ...{ isOriginal: true, createdAt: 1, updatedAt: 2 },
};
