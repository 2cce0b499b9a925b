// The stores against the naive model: any sequence of writes and deletions over several series,
// with flushes, checkpoints, restarts and kills in between, leaves the same rows, counts and overviews.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Config } from '../../src/config/environment.js';
import { INDEX_FOLDER, LOG_FOLDER } from '../../src/storage/paths.js';
import { decimalTexts, fewDates, values } from '../support/arbitraries.js';
import { ManualClock } from '../support/manual-clock.js';
import { openMemoryStores, type MemoryStores } from '../support/memory-stores.js';
import { openParquetStoresOn, type ParquetStores } from '../support/parquet-stores.js';
import { plainPoints, upserts, uuid, vintages, type SentPoint } from '../support/points.js';
import { Random } from '../support/random.js';
import { SimDisk } from '../support/sim-disk.js';
import { day, newSeries } from '../support/stores.js';

const SERIES = [uuid(1), uuid(2), uuid(3)];

interface Write {
  readonly kind: 'write';
  readonly points: readonly (readonly [number, SentPoint])[];
}

interface Publication {
  readonly kind: 'publish';
  readonly series: number;
  readonly points: readonly SentPoint[];
  readonly isComplete: boolean;
}

interface Removal {
  readonly kind: 'delete';
  readonly series: number;
  readonly start: string | undefined;
  readonly end: string | undefined;
  readonly revisionDate: string | undefined;
}

interface Upkeep {
  /**
   * `restart` closes first, `kill` does not, `rebuild` closes and loses the checkpoint, `lone files` closes
   * and loses the log too.
   */
  readonly kind: 'flush' | 'checkpoint' | 'restart' | 'kill' | 'rebuild' | 'lone files';
}

type Call = Write | Publication | Removal;
type Step = Call | Upkeep;

const LOST = {
  restart: [],
  rebuild: [INDEX_FOLDER],
  'lone files': [INDEX_FOLDER, LOG_FOLDER],
} as const;

const series = fc.nat(SERIES.length - 1);
const maybeDate = fc.option(fewDates, { nil: undefined, freq: 2 });
/** That vintages repeat each other. */
const fewValues = fc.constantFrom('5', '7', '0.1000000000000000055', null);
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
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('publish' as const),
      series,
      points: fc.uniqueArray(fc.tuple(fewDates, fewDates, fewValues), {
        minLength: 1,
        maxLength: 6,
        selector: ([date, revisionDate]) => `${date}/${revisionDate}`,
      }),
      isComplete: fc.boolean(),
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
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        ...(['flush', 'flush', 'checkpoint', 'restart', 'kill', 'rebuild', 'lone files'] as const),
      ),
    }),
  },
);

/** More of them for a longer look: see docs/reliability.md. */
const COMMANDS = Number(process.env['MODEL_COMMANDS'] ?? 1000);
const COMMANDS_PER_RUN = 20;

describe('the stores', () => {
  it('equal the model after any writes, deletions, flushes, restarts and kills', async () => {
    let commands = 0;
    const config = fc.constantFrom(
      { logSegmentBytes: 16_384 },
      { cacheTtlSeconds: 0, parquetRowGroupRows: 2, logSegmentBytes: 2048 },
      { cacheMaxEntries: 1, parquetRowGroupRows: 3, logSegmentBytes: 4096 },
    );
    const run = async (steps: readonly Step[], settings: Partial<Config>, seed: number) => {
      const random = new Random(seed);
      let disk = new SimDisk(random.fork());
      const clock = new ManualClock(1_000_000);
      const model = openMemoryStores(clock);
      const open = () => openParquetStoresOn(disk, { clock, config: settings });
      let real = await open();
      for (const stores of [model, real]) {
        for (const id of SERIES) await stores.series.create(newSeries({ id, externalId: id }));
      }
      for (const [index, current] of steps.entries()) {
        commands++;
        clock.set((index + 2) * 1_000_000);
        switch (current.kind) {
          case 'write':
          case 'publish':
          case 'delete':
            expect(await apply(real, current)).toEqual(await apply(model, current));
            break;
          case 'flush':
            await real.directory.flush();
            break;
          case 'checkpoint':
            await real.directory.checkpoint();
            break;
          case 'kill':
            disk = disk.crash(random, 'process');
            real = await open();
            break;
          default:
            await real.close();
            for (const folder of LOST[current.kind]) disk.empty(folder);
            real = await open();
        }
        await expectEqual(real, model);
      }
      await real.close();
      real = await open();
      await expectEqual(real, model);
      await real.close();
    };
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 2 * COMMANDS_PER_RUN, size: 'max' }),
        config,
        fc.nat(),
        run,
      ),
      { numRuns: Math.ceil(COMMANDS / COMMANDS_PER_RUN) },
    );
    process.stdout.write(`model: ${commands} commands\n`);
  }, 7_200_000);
});

/** What the call answers. */
async function apply({ points }: ParquetStores | MemoryStores, step: Call) {
  if (step.kind === 'publish') {
    return points.publish([vintages(SERIES[step.series]!, step.points, step.isComplete)]);
  }
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
  return results.map(({ stored, ...rest }) => ({ ...rest, points: plainPoints(stored) }));
}

async function expectEqual(real: ParquetStores, model: MemoryStores): Promise<void> {
  for (const id of SERIES) {
    expect(plainPoints(await real.points.read(id))).toEqual(model.points.plain(id));
    expect({ ...real.points.overview(id), bytes: 0 }).toEqual(model.points.overview(id));
  }
}
