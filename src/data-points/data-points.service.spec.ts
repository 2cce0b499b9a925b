import { describe, expect, it } from 'vitest';
import { Config } from '../config/environment.js';
import { SystemClock } from '../core/clock.js';
import { PointBatch } from '../schema/point-batch.js';
import type { DataPointsStore } from '../storage/data-points-store.js';
import type { SeriesStore } from '../storage/series-store.js';
import { uuid } from '../../test/support/points.js';
import { DataPointsService } from './data-points.service.js';
import { Revisions } from './revisions.js';
import { VintagesService } from './vintages/vintages.service.js';

const ROWS = 1_000_000;

/** A million revisions of a date. */
const batch = PointBatch.fromColumns({
  length: ROWS,
  dates: new Int32Array(ROWS),
  revisionDates: new Int32Array(ROWS),
  values: new Float64Array(ROWS),
  ...{ valid: null, exact: null },
  original: { bits: new Uint8Array(ROWS / 8), offset: 0 },
  createdAt: new BigInt64Array(ROWS),
  updatedAt: new BigInt64Array(ROWS),
});

const store = {
  readNow: () => batch,
  read: () => Promise.resolve(batch),
  publishedDays: () => Promise.resolve([]),
} as Partial<DataPointsStore> as DataPointsStore;

describe('the fields of one request', () => {
  it('look at 100 million points, whatever they answer, and not at more', async () => {
    const clock = new SystemClock();
    const points = new DataPointsService(store, {} as SeriesStore, clock, new Config());
    const vintages = new VintagesService(store, clock, new Config());
    const request = {};
    const select = () => points.select(uuid(1), { revisions: Revisions.ALL, limit: 1 }, request);
    for (let field = 0; field < 99; field++) expect((await select()).rows.length).toBe(1);
    await vintages.coverage(uuid(1), {}, request);

    const details = { points: 101_000_000, limit: 100_000_000 };
    const refusal = { code: 'READ_TOO_LARGE', details };
    await expect(select()).rejects.toMatchObject(refusal);
    await expect(vintages.coverage(uuid(1), {}, request)).rejects.toMatchObject(refusal);
    await expect(vintages.statistics(uuid(1), {}, request)).rejects.toMatchObject(refusal);
    await vintages.coverage(uuid(1), {}, {});
  });
});
