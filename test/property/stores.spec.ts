// The Parquet stores against the naive model: any sequence of writes and deletions over several series,
// with restarts in between, leaves the same rows, counts and overviews.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decimalTexts, fewDates, values } from '../support/arbitraries.js';
import { ManualClock } from '../support/manual-clock.js';
import { openMemoryStores, type MemoryStores } from '../support/memory-stores.js';
import { openParquetStores, withDataDir, type ParquetStores } from '../support/parquet-stores.js';
import { plainPoints, upserts, uuid, type SentPoint } from '../support/points.js';
import { day, newSeries } from '../support/stores.js';

const SERIES = [uuid(1), uuid(2), uuid(3)];

interface Write {
  readonly kind: 'write';
  readonly points: readonly (readonly [number, SentPoint])[];
}

interface Removal {
  readonly kind: 'delete';
  readonly series: number;
  readonly start: string | undefined;
  readonly end: string | undefined;
  readonly revisionDate: string | undefined;
}

type Step = Write | Removal | { readonly kind: 'restart' };

const series = fc.nat(SERIES.length - 1);
const maybeDate = fc.option(fewDates, { nil: undefined, freq: 2 });
const sentPoint: fc.Arbitrary<SentPoint> = fc.oneof(
  fc.tuple(fewDates, fewDates, values),
  fc.tuple(fewDates, fewDates, decimalTexts, fc.boolean()),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      points: fc.uniqueArray(fc.tuple(series, sentPoint), {
        minLength: 1,
        maxLength: 12,
        selector: ([index, [date, revisionDate]]) => `${index}/${date}/${revisionDate}`,
      }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('delete' as const),
      series,
      start: maybeDate,
      end: maybeDate,
      revisionDate: maybeDate,
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
);

describe('the Parquet stores', () => {
  it('equal the model after any writes, deletions and restarts', async () => {
    const config = fc.constantFrom(
      {},
      { cacheTtlSeconds: 0, parquetRowGroupRows: 2 },
      { cacheMaxEntries: 1, parquetRowGroupRows: 3 },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), config, (steps, settings) =>
        withDataDir(async (dataDir) => {
          const clock = new ManualClock(1_000_000);
          const model = openMemoryStores(clock);
          let real = await openParquetStores(dataDir, { clock, config: settings });
          for (const stores of [model, real]) {
            for (const id of SERIES) {
              await stores.series.create(newSeries({ id, externalId: id }));
            }
          }
          for (const [index, current] of steps.entries()) {
            clock.set((index + 2) * 1_000_000);
            if (current.kind === 'restart') {
              real.close();
              real = await openParquetStores(dataDir, { clock, config: settings });
            } else {
              expect(await apply(real, current)).toEqual(await apply(model, current));
            }
            await expectEqual(real, model);
          }
          real.close();
          real = await openParquetStores(dataDir, { clock, config: settings });
          await expectEqual(real, model);
          real.close();
        }),
      ),
      { numRuns: 40 },
    );
  });
});

/** What the call answers. */
async function apply({ points }: ParquetStores | MemoryStores, step: Write | Removal) {
  if (step.kind === 'delete') {
    return points.delete(SERIES[step.series]!, {
      start: step.start === undefined ? undefined : day(step.start),
      end: step.end === undefined ? undefined : day(step.end),
      revisionDate: step.revisionDate === undefined ? undefined : day(step.revisionDate),
    });
  }
  const writes = [...new Set(step.points.map(([index]) => index))].map((wanted) =>
    upserts(
      SERIES[wanted]!,
      ...step.points.filter(([index]) => index === wanted).map(([, point]) => point),
    ),
  );
  const results = await points.upsert(writes);
  return results.map(({ batch, ...rest }) => ({ ...rest, points: plainPoints(batch) }));
}

async function expectEqual(real: ParquetStores, model: MemoryStores): Promise<void> {
  for (const id of SERIES) {
    expect(plainPoints(await real.points.read(id))).toEqual(model.points.plain(id));
    expect({ ...real.points.overview(id), bytes: 0 }).toEqual(model.points.overview(id));
  }
}
