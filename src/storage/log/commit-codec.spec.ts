import { crc32c } from '@node-rs/crc32';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyDates, sortedPoints } from '../../../test/support/arbitraries.js';
import { batchOf, plainPoints, uuid } from '../../../test/support/points.js';
import { seriesRow } from '../../../test/support/series-rows.js';
import { CalendarDate } from '../../core/calendar-date.js';
import { Instant } from '../../core/instant.js';
import { Uuid } from '../../core/uuid.js';
import { ByteReader, MalformedBytesError } from './bytes.js';
import { decodeFrame, encodeFrame } from './frame.js';
import { decodeCommits, encodeCommits } from './commit-codec.js';
import type { Commit, Effect } from './commit.js';

const NO_POINTS = { rows: 0, firstDate: null, lastDate: null, lastRevisionDate: null };
const date = anyDates.map((text) => CalendarDate.parse(text));
const optionalDate = fc.option(date);
const ids = fc.uuid().map((text) => Uuid.parse(text));
const optionalText = fc.option(fc.string({ unit: 'binary' }));
const summary = fc.record({
  rows: fc.nat(),
  firstDate: optionalDate,
  lastDate: optionalDate,
  lastRevisionDate: optionalDate,
});
const bases = fc.oneof(fc.constant(0 as const), fc.nat().map(Instant.of));
const keys = fc
  .uniqueArray(fc.tuple(date, date), { selector: ([a, b]) => `${a}/${b}`, maxLength: 20 })
  .map((pairs) => pairs.sort(([a, b], [c, d]) => a - c || b - d))
  .map((pairs) => ({
    dates: Int32Array.from(pairs, ([first]) => first),
    revisionDates: Int32Array.from(pairs, ([, second]) => second),
  }));

function effectAt(instant: Instant): fc.Arbitrary<Effect> {
  const earlier = fc.integer({ min: 0, max: instant });
  const points = fc
    .tuple(sortedPoints(anyDates), fc.boolean(), fc.infiniteStream(earlier))
    .map(([rows, areNew, times]) =>
      batchOf(
        rows.map((row) => ({
          ...row,
          createdAt: areNew ? instant : (times.next().value as number),
          updatedAt: instant,
        })),
      ),
    );
  const text = fc.string({ unit: 'binary' });
  const row = fc
    .record({ id: ids, title: text, description: optionalText, startDate: optionalDate })
    .map(seriesRow);
  const source = fc.record({
    id: ids,
    name: text,
    description: optionalText,
    url: optionalText,
    isActive: fc.boolean(),
    createdAt: earlier.map(Instant.of),
    updatedAt: fc.constant(instant),
  });
  return fc.oneof(
    fc.record({
      kind: fc.constant('points-put' as const),
      seriesId: ids,
      base: bases,
      points,
      summary,
    }),
    fc.record({
      kind: fc.constant('points-deleted' as const),
      seriesId: ids,
      base: bases,
      keys,
      summary,
    }),
    fc.record({ kind: fc.constant('series-put' as const), row }),
    fc.record({ kind: fc.constant('series-deleted' as const), seriesId: ids }),
    fc.record({ kind: fc.constant('source-put' as const), row: source }),
  );
}

const commits: fc.Arbitrary<Commit[]> = fc
  .uniqueArray(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), { minLength: 1, maxLength: 4 })
  .chain((instants) =>
    fc.tuple(
      ...instants
        .sort((a, b) => a - b)
        .map((micros) => {
          const instant = Instant.of(micros);
          return fc.record({
            instant: fc.constant(instant),
            effects: fc.array(effectAt(instant), { maxLength: 4 }),
          });
        }),
    ),
  );

/** As `toEqual` can compare them. */
function plain(list: readonly Commit[]): unknown {
  return list.map(({ instant, effects }) => ({
    instant,
    effects: effects.map((effect) =>
      effect.kind === 'points-put' ? { ...effect, points: plainPoints(effect.points) } : effect,
    ),
  }));
}

function pointsPut(instant: number, updatedAt = instant): Commit {
  const point = { revisionDate: '2024-02-01', value: '1.5', isOriginal: true, updatedAt };
  const rows = ['2024-01-01', '2024-02-01'].map((day) => ({ ...point, date: day, createdAt: 1 }));
  const effect = { kind: 'points-put', seriesId: uuid(1), points: batchOf(rows) } as const;
  return { instant: Instant.of(instant), effects: [{ ...effect, base: 0, summary: NO_POINTS }] };
}

function seriesPut(fields: Parameters<typeof seriesRow>[0] = {}): Commit {
  return { instant: Instant.of(5), effects: [{ kind: 'series-put', row: seriesRow(fields) }] };
}

/** The same bytes with another text of the same length in them. */
function replaced(commit: Commit, from: string, to: string): Buffer {
  expect(to).toHaveLength(from.length);
  return Buffer.from(encodeCommits([commit]).toString('latin1').replace(from, to), 'latin1');
}

describe('commits as bytes', () => {
  it('come back as they were, whatever is in them', () => {
    fc.assert(
      fc.property(commits, (list) => {
        expect(plain(decodeCommits(encodeCommits(list)))).toEqual(plain(list));
      }),
      { numRuns: 300 },
    );
  });

  it('come back as batches that Arrow can use', () => {
    const [commit] = decodeCommits(encodeCommits([pointsPut(7)]));
    const [effect] = commit!.effects;
    expect(effect?.kind === 'points-put' && effect.points.batch.numRows).toBe(2);
  });

  it('are refused where they end early, at any byte', () => {
    const bytes = encodeCommits([pointsPut(7), { ...pointsPut(8) }]);
    for (let end = 0; end < bytes.length; end++) {
      expect(() => decodeCommits(bytes.subarray(0, end)), `cut at ${end}`).toThrow(
        MalformedBytesError,
      );
    }
  });

  it('are refused where bytes follow them', () => {
    const bytes = Buffer.concat([encodeCommits([pointsPut(7)]), Buffer.alloc(1)]);
    expect(() => decodeCommits(bytes)).toThrow(MalformedBytesError);
  });

  it('make nothing but an error of any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decodeCommits(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedBytesError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('make nothing but an error or a commit of bytes with one wrong', () => {
    const bytes = encodeCommits([pointsPut(7), { ...seriesPut(), instant: Instant.of(9) }]);
    for (let at = 0; at < bytes.length; at++) {
      const wrong = Buffer.from(bytes);
      wrong[at]! ^= 0xff;
      try {
        decodeCommits(wrong);
      } catch (error) {
        expect(error, `byte ${at}`).toBeInstanceOf(MalformedBytesError);
      }
    }
  });

  it('are written in the order of their instants only', () => {
    expect(() => encodeCommits([pointsPut(8), pointsPut(8)])).toThrow(/ascend/);
  });

  it('hold points of their own instant only', () => {
    expect(() => encodeCommits([pointsPut(8, 7)])).toThrow(/instant of their commit/);
  });

  it('of a release that did not know a nullable column have null there', () => {
    const bytes = replaced(seriesPut({ units: 'percent' }), '"units"', '"xxxxx"');
    expect(decodeCommits(bytes)[0]!.effects[0]).toMatchObject({ row: { units: null } });
  });

  it.each([
    ['without a value that must be there', '"title"', '"xxxxx"'],
    ['with a value of another kind', '"isActive":true', '"isActive":1   '],
    ['that are not JSON', '"title":', '"title" '],
    ['with an identifier that is none', 'aaaaaaaa-aaaa', 'aaaaaaaa-aaaX'],
  ])('are refused with rows %s', (_, from, to) => {
    expect(() => decodeCommits(replaced(seriesPut(), from, to))).toThrow(MalformedBytesError);
  });
});

describe('a number of 32 bits', () => {
  it.each([[[0x80]], [[0x80, 0x80, 0x80, 0x80, 0x80, 0x01]]])('is not %j', (bytes) => {
    const reader = new ByteReader(Buffer.from(bytes));
    expect(() => reader.int32Differences(1)).toThrow(MalformedBytesError);
  });
});

describe('a frame', () => {
  const content = { kind: 'group', sequence: Instant.of(9), previous: Instant.of(8) } as const;

  it('comes back at its place, with its own salt only', () => {
    const payload = Buffer.from('payload');
    const bytes = Buffer.concat([Buffer.alloc(5), encodeFrame(7, { ...content, payload })]);
    const frame = decodeFrame(bytes, 5, 7);
    expect(frame).toMatchObject({ ...content, offset: 5, end: bytes.length });
    expect(payload.equals(frame!.payload)).toBe(true);
    expect(decodeFrame(bytes, 5, 8)).toBeUndefined();
    expect(decodeFrame(bytes, 4, 7)).toBeUndefined();
  });

  it('does not run past the end of the file, whatever its checksum says', () => {
    const frame = encodeFrame(7, { ...content, payload: Buffer.alloc(10) });
    frame.writeUInt32LE(11, 8);
    frame.writeUInt32LE(crc32c(frame.subarray(8), 7), 4);
    expect(decodeFrame(frame, 0, 7)).toBeUndefined();
  });
});
