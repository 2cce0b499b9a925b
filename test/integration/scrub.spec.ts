// The background check of stored files: damage of every kind is found without anybody asking for the file.

import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Counter, Gauge } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Config } from '../../src/config/environment.js';
import * as stored from '../../src/metrics/definitions/storage.js';
import { ScrubMetrics } from '../../src/metrics/scrub-metrics.js';
import { Scrubber } from '../../src/storage/integrity/scrubber.js';
import { checkFile, checkSealed, openSealed } from '../../src/storage/parquet/file-seal.js';
import {
  DELETIONS_FILE,
  IDENTITY_FILE,
  pointsFile,
  seriesFile,
  SOURCES_FILE,
} from '../../src/storage/paths.js';
import { flip, rewriteFile } from '../support/damage.js';
import {
  openParquetStores,
  temporaryDataDir,
  type ParquetStores,
} from '../support/parquet-stores.js';
import { brief, SOURCE_ID, upserts, uuid } from '../support/points.js';
import { startTestApp } from '../support/test-app.js';
import { createSeries } from '../support/factories.js';
import { newSeries, newSource } from '../support/stores.js';

const [A, B] = [uuid(1), uuid(2)];
const registers = { registers: [] };

let dataDir: string;
let stores: ParquetStores;
let files: Counter;
let damages: Counter;
let progress: Gauge;
let lastPass: Gauge;
let scrubber: Scrubber;

beforeEach(async () => {
  dataDir = await temporaryDataDir();
  stores = await openParquetStores(dataDir);
  await stores.sources.create(newSource({ id: SOURCE_ID }));
  for (const id of [A, B]) {
    await stores.series.create(newSeries({ id, externalId: id }));
    await stores.points.upsert([upserts(id, ['2020-01-01', '2020-02-01', '1'])]);
  }
  await stores.series.delete((await stores.series.create(newSeries({ externalId: 'GONE' }))).id);
  await stores.directory.flush();
  files = new Counter({ ...stored.STORAGE_SCRUBBED_FILES_TOTAL, ...registers });
  damages = new Counter({ ...stored.STORAGE_SCRUB_DAMAGES_TOTAL, ...registers });
  progress = new Gauge({ ...stored.STORAGE_SCRUB_PROGRESS_RATIO, ...registers });
  lastPass = new Gauge({ ...stored.STORAGE_SCRUB_LAST_PASS_TIMESTAMP_SECONDS, ...registers });
  scrubber = scrubberEvery(0);
});

afterEach(async () => {
  await scrubber.onApplicationShutdown();
  await stores.close();
  await rm(dataDir, { recursive: true });
});

function scrubberEvery(seconds: number): Scrubber {
  const config = Object.assign(new Config(), { scrubIntervalSeconds: seconds });
  return new Scrubber(
    stores.directory,
    config,
    new ScrubMetrics(files, damages, progress, lastPass),
  );
}

function damage(name: string): Promise<void> {
  return rewriteFile(join(dataDir, name), (bytes) => flip(bytes, 40));
}

const NOTHING = { damaged: 0, repaired: 0, failed: 0 };

describe('a pass over all files', () => {
  it('reads each of them once and finds nothing, from whichever series it begins', async () => {
    for (const startAt of [0, 0.99]) {
      expect(await scrubber.pass(startAt)).toMatchObject({ ...NOTHING, files: 7 });
    }
    expect((await files.get()).values[0]!.value).toBe(14);
    expect((await lastPass.get()).values[0]!.value).toBeCloseTo(Date.now() / 1000, -2);
    expect(stores.directory.damaged).toBe(0);
  });

  it('checks each of many series, wherever it begins', async () => {
    for (let n = 0; n < 600; n++) {
      await stores.series.create(newSeries({ id: uuid(1000 + n), externalId: `M${n}` }));
    }
    await stores.directory.flush();
    for (const startAt of [0, 0.3, 0.5, 0.999]) {
      expect(await scrubber.pass(startAt)).toMatchObject({ ...NOTHING, files: 607 });
    }
  }, 60_000);

  it('puts damaged points into quarantine and leaves the others', async () => {
    await damage(pointsFile(A));
    expect(await scrubber.pass()).toMatchObject({ ...NOTHING, damaged: 1 });
    expect(stores.directory.damaged).toBe(1);
    await expect(stores.points.read(A)).rejects.toMatchObject({ code: 'STORAGE_ERROR' });
    expect(brief(await stores.points.read(B))).toHaveLength(1);
    // It is known now.
    expect(await scrubber.pass()).toMatchObject(NOTHING);
  });

  it('takes another whole file in its place, or none, for damage', async () => {
    await writeFile(join(dataDir, pointsFile(A)), await readFile(join(dataDir, pointsFile(B))));
    await rm(join(dataDir, pointsFile(B)));
    expect(await scrubber.pass()).toMatchObject({ ...NOTHING, damaged: 2 });
    expect(stores.directory.damaged).toBe(2);
  });

  it.each([
    ['damaged', damage],
    ['missing', (name: string) => rm(join(dataDir, name))],
  ])('has %s metadata, sources and identity written anew', async (_what, change) => {
    const names = [seriesFile(A), SOURCES_FILE, IDENTITY_FILE];
    const identityBefore = await readFile(join(dataDir, IDENTITY_FILE));
    for (const name of names) await change(name);
    expect(await scrubber.pass()).toMatchObject({ ...NOTHING, repaired: 3 });
    // Nothing that the log has let go of is asked for again.
    const { state } = stores.directory;
    expect(state.flushedThrough).toBe(state.appliedThrough);
    await stores.directory.flush();
    expect(await scrubber.pass()).toMatchObject({ ...NOTHING, files: 7 });
    const identity = { kind: 'series', seriesId: A } as const;
    openSealed(await readFile(join(dataDir, seriesFile(A))), identity);
    expect(await readFile(join(dataDir, IDENTITY_FILE))).toEqual(identityBefore);
    expect(stores.directory.damaged).toBe(0);
  });

  it('has metadata written anew that somebody put an older file in the place of', async () => {
    const older = await readFile(join(dataDir, seriesFile(A)));
    await stores.series.update(A, { title: 'Changed' });
    await stores.directory.flush();
    await writeFile(join(dataDir, seriesFile(A)), older);
    expect(await scrubber.pass()).toMatchObject({ ...NOTHING, repaired: 1 });
  });

  it('shows damaged deletions, and refuses more of them', async () => {
    await damage(DELETIONS_FILE);
    expect(await scrubber.pass()).toMatchObject({ ...NOTHING, damaged: 1 });
    expect(stores.directory.damaged).toBe(1);
    await expect(stores.points.delete(A, {})).rejects.toMatchObject({ code: 'STORAGE_ERROR' });
  });

  it('finds nothing while files are replaced', async () => {
    let isWriting = true;
    const writing = (async () => {
      for (let n = 0; isWriting; n++) {
        await stores.points.upsert([upserts(A, ['2020-01-01', '2020-02-01', `${n}`])]);
        await stores.series.update(A, { title: `Title ${n}` });
        await stores.sources.update(SOURCE_ID, { name: `Source ${n}` });
        await stores.directory.flush();
      }
    })();
    for (let n = 0; n < 100; n++) expect(await scrubber.pass()).toMatchObject(NOTHING);
    isWriting = false;
    await writing;
  });

  it('judges nothing while the directory is gone', async () => {
    const { rename } = await import('node:fs/promises');
    await rename(dataDir, `${dataDir}-gone`);
    await expect(scrubber.pass()).rejects.toMatchObject({ code: 'STORAGE_ERROR' });
    await rename(`${dataDir}-gone`, dataDir);
    expect(stores.directory.damaged).toBe(0);
    expect(await scrubber.pass()).toMatchObject(NOTHING);
  });
});

describe('the background', () => {
  it('has passes one after the other until the service stops', async () => {
    scrubber = scrubberEvery(1);
    scrubber.onApplicationBootstrap();
    await expect
      .poll(async () => (await files.get()).values[0]!.value, { timeout: 10_000 })
      .toBeGreaterThan(6);
    await scrubber.onApplicationShutdown();
    const { value } = (await files.get()).values[0]!;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect((await files.get()).values[0]!.value).toBe(value);
  });

  it('does nothing where the interval is 0', async () => {
    scrubber.onApplicationBootstrap();
    await scrubber.onApplicationShutdown();
    expect((await files.get()).values[0]!.value).toBe(0);
  });

  it('is part of the service, whose health tells what it found', async () => {
    const app = await startTestApp({ cacheTtlSeconds: 0 });
    try {
      const { id } = await createSeries(app);
      expect(await app.app.get(Scrubber, { strict: false }).pass()).toMatchObject(NOTHING);
      expect(id).toBeDefined();
      const text = await (await fetch(`${app.url}/metrics`)).text();
      expect(text).toMatch(/^storage_scrub_last_pass_timestamp_seconds [\d.e+]{5,}/m);
      expect(text).toMatch(/^storage_scrubbed_files_total \d/m);
    } finally {
      await app.close();
    }
  });
});

describe('a large file', () => {
  it('is checked beside the main thread, byte by byte as a small one, and left as it was', async () => {
    const id = uuid(3);
    await stores.series.create(newSeries({ id, externalId: 'LARGE' }));
    const rows = Array.from({ length: 200_000 }, (_, n) => {
      const date = new Date(Date.UTC(1000, 0, 1 + n)).toISOString().slice(0, 10);
      return [date, '2020-03-01', String(Math.sin(n))] as const;
    });
    for (let n = 0; n < rows.length; n += 10_000) {
      await stores.points.upsert([upserts(id, ...rows.slice(n, n + 10_000))]);
    }
    await stores.directory.flush();
    const bytes = await readFile(join(dataDir, pointsFile(id)));
    expect(bytes.byteLength).toBeGreaterThan(1024 * 1024);
    const identity = { kind: 'data_points', seriesId: id } as const;
    const before = Buffer.from(bytes);
    expect(await checkSealed(bytes, identity)).toEqual(openSealed(before, identity));
    expect(bytes.equals(before)).toBe(true);
    const { sha256 } = openSealed(before, identity);
    expect(await checkFile(bytes, sha256)).toBe(true);
    expect(bytes.equals(before)).toBe(true);
    expect(await checkFile(flip(before, 1_000_000), sha256)).toBe(false);
    expect(await checkFile(flip(before, before.lastIndexOf(sha256)), sha256)).toBe(false);
    await expect(checkSealed(flip(bytes, 1_000_000), identity)).rejects.toThrow(/checksum/);
    expect(await scrubber.pass()).toMatchObject(NOTHING);
    await rewriteFile(join(dataDir, pointsFile(id)), (whole) => flip(whole, 1_000_000));
    expect(await scrubber.pass()).toMatchObject({ ...NOTHING, damaged: 1 });
  });
});
