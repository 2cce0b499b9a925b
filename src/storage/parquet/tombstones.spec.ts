import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Instant } from '../../core/instant.js';
import type { Uuid } from '../../core/uuid.js';
import {
  appendDeletions,
  decodeDeletions,
  encodeDeletions,
  type Deletion,
  type Deletions,
} from './deletions-file.js';
import { deletionsBetween, keepDeletions } from './tombstones.js';

const uuid = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}` as Uuid;
const FOREVER = Instant.of(Number.MAX_SAFE_INTEGER - 1);
const NEVER = Instant.of(0);
const NOBODY = new Set<Uuid>();

/** `keys` as pairs of days; null for the whole series. */
function deletion(series: number, deletedAt: number, keys: readonly [number, number][] | null) {
  return {
    seriesId: uuid(series),
    keys: keys && {
      dates: Int32Array.from(keys, ([date]) => date),
      revisionDates: Int32Array.from(keys, ([, revisionDate]) => revisionDate),
    },
    deletedAt: Instant.of(deletedAt),
  };
}

/** Through a file and back, each group of deletions having come with a flush of its own. */
function stored(...flushes: readonly (readonly Deletion[])[]): Deletions {
  return flushes.reduce<Deletions>((before, flush) => {
    const bytes = encodeDeletions(appendDeletions(before, flush), FOREVER, NEVER);
    return decodeDeletions(bytes).deletions;
  }, []);
}

const all = (deletions: Deletions) => deletionsBetween(deletions, NEVER, FOREVER);

const HISTORY = [
  [deletion(1, 10, [[1, 2]]), deletion(2, 20, null)],
  [
    deletion(2, 30, [
      [1, 1],
      [1, 5],
      [7, 0],
    ]),
    deletion(1, 30, null),
  ],
  [deletion(3, 40, [[-9, 9]])],
];

describe('a file of deletions', () => {
  it('tells what was deleted after one commit, through another', () => {
    const deletions = stored(...HISTORY);
    const between = (since: number, through: number) =>
      deletionsBetween(deletions, Instant.of(since), Instant.of(through));
    const flat = HISTORY.flat();
    expect(between(0, 100)).toEqual(flat);
    expect(between(10, 30)).toEqual(flat.slice(1, 4));
    expect(between(9, 29)).toEqual(flat.slice(0, 2));
    expect(between(40, 100)).toEqual([]);
  });

  it('makes one of all rows of a commit and a series, wherever they are, with sorted keys', () => {
    const deletions = [
      ...appendDeletions([], [deletion(1, 10, [[5, 5]]), deletion(2, 10, [[1, 1]])]),
      ...appendDeletions(
        [],
        [
          deletion(1, 10, [
            [9, 1],
            [5, 2],
            [-3, 4],
          ]),
          deletion(2, 10, null),
        ],
      ),
    ];
    expect(all(deletions)).toEqual([
      deletion(1, 10, [
        [-3, 4],
        [5, 2],
        [5, 5],
        [9, 1],
      ]),
      // The whole series went, and its points with it.
      deletion(2, 10, null),
    ]);
  });

  it('keeps what is as old as it may be, and leaves out what is older', () => {
    const deletions = stored(...HISTORY);
    const keep = (oldest: number) => keepDeletions(deletions, Instant.of(oldest), NOBODY);
    const flat = HISTORY.flat();
    expect(keep(10)).toEqual({ deletions, leftOutThrough: 0 });
    for (const [oldest, from, leftOutThrough] of [
      [11, 1, 10],
      [20, 1, 10],
      [21, 2, 20],
      [30, 2, 20],
      [31, 4, 30],
      [40, 4, 30],
      [41, 5, 40],
    ] as const) {
      const kept = keep(oldest);
      expect(all(kept.deletions), `${oldest}`).toEqual(flat.slice(from));
      expect(kept.leftOutThrough, `${oldest}`).toBe(leftOutThrough);
    }
  });

  it('keeps everything of a series whose files are still there', () => {
    const kept = keepDeletions(stored(...HISTORY), Instant.of(35), new Set([uuid(2)]));
    const flat = HISTORY.flat();
    expect(all(kept.deletions)).toEqual([flat[1], flat[2], flat[4]]);
    expect(kept.leftOutThrough).toBe(30);
  });

  it('remembers what was left out, and can be empty', () => {
    const bytes = encodeDeletions([], Instant.of(50), Instant.of(40));
    const { deletions, facts, keptAfter } = decodeDeletions(bytes);
    expect(all(deletions)).toEqual([]);
    // A release of format 1 would write the file anew without it.
    expect([facts.throughSeq, facts.formatVersion, facts.extra]).toEqual([
      50,
      2,
      { kept_after: '40' },
    ]);
    expect(keptAfter).toBe(40);
    const again = encodeDeletions(
      appendDeletions(deletions, [deletion(1, 60, null)]),
      Instant.of(60),
      keptAfter,
    );
    expect(all(decodeDeletions(again).deletions)).toEqual([deletion(1, 60, null)]);
  });

  it('says nothing of what was left out where nothing was, as files of older releases do', () => {
    const { facts, keptAfter } = decodeDeletions(encodeDeletions([], Instant.of(1), NEVER));
    expect([facts.formatVersion, facts.extra]).toEqual([1, {}]);
    expect(keptAfter).toBe(0);
  });

  it('says after any cut, written and read again, what it said before of the rest', () => {
    const keys = fc.uniqueArray(fc.tuple(fc.integer(), fc.integer()), { maxLength: 20 });
    const flush = fc.array(fc.tuple(fc.nat(4), fc.option(keys), fc.integer({ min: 1, max: 3 })), {
      minLength: 1,
      maxLength: 20,
    });
    fc.assert(
      fc.property(fc.array(flush, { maxLength: 4 }), fc.nat(60), fc.nat(4), (flushes, cut, pin) => {
        const int32 = (value: number) => value | 0;
        let now = 0;
        const history = flushes.map((rows) =>
          rows.map(([series, pairs, step]) =>
            deletion(
              series,
              (now += step),
              pairs?.length
                ? pairs
                    .map(([date, revision]) => [int32(date), int32(revision)] as [number, number])
                    .sort(([a, b], [c, d]) => a - c || b - d)
                : null,
            ),
          ),
        );
        const isKept = ({ seriesId, deletedAt }: Deletion) =>
          deletedAt >= cut || seriesId === uuid(pin);
        const flat = history.flat();
        const kept = keepDeletions(stored(...history), Instant.of(cut), new Set([uuid(pin)]));
        const reread = decodeDeletions(encodeDeletions(kept.deletions, FOREVER, NEVER));
        expect(all(reread.deletions)).toEqual(flat.filter(isKept));
        const leftOut = flat.filter((each) => !isKept(each)).map(({ deletedAt }) => deletedAt);
        expect(kept.leftOutThrough).toBe(Math.max(0, ...leftOut));
      }),
    );
  });
});
