import fc from 'fast-check';
import { parquetMetadata } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import { PARQUET_COMPRESSIONS } from '../../src/config/environment.js';
import { CalendarDate } from '../../src/core/calendar-date.js';
import { Instant } from '../../src/core/instant.js';
import { readFacts } from '../../src/storage/parquet/file-seal.js';
import { decodePoints, encodePoints, summaryOf } from '../../src/storage/parquet/points-file.js';
import { anyDates, fewDates, sortedPoints } from '../support/arbitraries.js';
import { batchOf, plainPoints, uuid, type PlainPoint, unpublished } from '../support/points.js';

const ID = uuid(1);

const options = fc.record({
  compression: fc.constantFrom(...PARQUET_COMPRESSIONS),
  rowGroupRows: fc.constantFrom(1, 2, 3, 7, 10_000),
  pageBytes: fc.constantFrom(1024, 1_048_576),
});

const points = fc.oneof(sortedPoints(anyDates), sortedPoints(fewDates, { maxLength: 49 }));

function rowGroupsOf(bytes: Uint8Array): number[] {
  const { row_groups } = parquetMetadata(Uint8Array.from(bytes).buffer);
  return row_groups.map(({ num_rows }) => Number(num_rows));
}

describe('a points file', () => {
  it('gives back every batch exactly, whatever its compression and row groups', () => {
    fc.assert(
      fc.property(points, options, (list, fileOptions) => {
        const { bytes } = encodePoints(unpublished(batchOf(list)), ID, Instant.of(1), fileOptions);
        const { batch, facts } = decodePoints(bytes, ID);
        expect(plainPoints(batch)).toEqual(list);
        expect(facts).toMatchObject({ kind: 'data_points', seriesId: ID, throughSeq: 1 });
      }),
      { numRuns: 200 },
    );
  });

  it('gives back slices and batches that were themselves read from a file', () => {
    fc.assert(
      fc.property(points, fc.nat(40), options, (list, start, fileOptions) => {
        const encode = (batch: ReturnType<typeof batchOf>) =>
          encodePoints(unpublished(batch), ID, Instant.of(1), fileOptions).bytes;
        const from = Math.min(start, list.length);
        const slice = batchOf(list).slice(from, list.length);
        const first = decodePoints(encode(slice), ID).batch;
        expect(plainPoints(first)).toEqual(list.slice(from));
        expect(plainPoints(decodePoints(encode(first), ID).batch)).toEqual(list.slice(from));
        const tail = first.slice(first.length >> 1, first.length);
        expect(plainPoints(decodePoints(encode(tail), ID).batch)).toEqual(plainPoints(tail));
      }),
    );
  });

  it('has the row groups that were asked for, and tells its summary in the footer', () => {
    fc.assert(
      fc.property(points, options, (list, fileOptions) => {
        const { bytes, summary } = encodePoints(
          unpublished(batchOf(list)),
          ID,
          Instant.of(1),
          fileOptions,
        );
        const groups = rowGroupsOf(bytes);
        expect(groups.reduce((sum, rows) => sum + rows, 0)).toBe(list.length);
        expect(groups).toHaveLength(Math.ceil(list.length / fileOptions.rowGroupRows));
        const facts = readFacts(bytes, { kind: 'data_points', seriesId: ID });
        expect(summaryOf(facts)).toEqual(summary);
        expect(summary).toEqual(summaryByHand(list));
      }),
    );
  });

  // apache-arrow writes two columns as one where their buffers overlap, and the reader gets wrong rows.
  it('is written from columns of which no two share memory', () => {
    fc.assert(
      fc.property(points, (list) => {
        const ranges = batchOf(list)
          .batch.data.children.flatMap(({ values, valueOffsets, nullBitmap }) =>
            [values, valueOffsets, nullBitmap].filter((buffer) => buffer?.byteLength > 0),
          )
          .map(({ buffer, byteOffset, byteLength }) => ({
            buffer: buffer as ArrayBuffer,
            start: byteOffset,
            end: byteOffset + byteLength,
          }));
        for (const [index, a] of ranges.entries()) {
          for (const b of ranges.slice(index + 1)) {
            const overlap = a.buffer === b.buffer && a.start < b.end && b.start < a.end;
            expect(overlap).toBe(false);
          }
        }
      }),
    );
  });
});

function summaryByHand(list: readonly PlainPoint[]) {
  const parse = (text: string | undefined) =>
    text === undefined ? null : CalendarDate.parse(text);
  return {
    rows: list.length,
    firstDate: parse(list[0]?.date),
    lastDate: parse(list.at(-1)?.date),
    lastRevisionDate: parse(
      list
        .map(({ revisionDate }) => revisionDate)
        .sort()
        .at(-1),
    ),
  };
}
