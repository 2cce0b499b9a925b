// `salvage-log`: a log that the start refuses loses no more than what cannot be read of it.

import { cp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeFrame, findFrame, type Frame } from '../../src/storage/log/frame.js';
import { decodeHeader, SEGMENT_HEADER_BYTES } from '../../src/storage/log/segment.js';
import { IDENTITY_FILE, pointsFile } from '../../src/storage/paths.js';
import { flip, rewriteFile } from '../support/damage.js';
import { openParquetStores, temporaryDataDir, withDataDir } from '../support/parquet-stores.js';
import { brief, SOURCE_ID, upserts, uuid } from '../support/points.js';
import { newSeries, newSource } from '../support/stores.js';
import { runCommand, startCommand } from './verify-support.js';

const [A, B] = [uuid(1), uuid(2)];
const LOG = 'wal/0000000001.log';
const POINTS = 8;
const COMMITS = 3 + POINTS;

/** As a crash leaves it: nothing but a log of eleven commits. */
let crashed: string;
let frames: Frame[];

beforeAll(async () => {
  crashed = await temporaryDataDir();
  const stores = await openParquetStores(crashed);
  await stores.sources.create(newSource({ id: SOURCE_ID }));
  for (const id of [A, B]) await stores.series.create(newSeries({ id, externalId: id }));
  for (let n = 0; n < POINTS; n++) {
    await stores.points.upsert([
      upserts(n % 2 === 0 ? A : B, [`2020-01-1${n}`, '2020-03-01', `${n}.5`]),
    ]);
  }
  const taken = await temporaryDataDir();
  await cp(crashed, taken, { recursive: true });
  await stores.close();
  await rm(crashed, { recursive: true });
  crashed = taken;
  frames = framesOf(await readFile(join(crashed, LOG)));
  expect(frames).toHaveLength(COMMITS);
});

afterAll(() => rm(crashed, { recursive: true }));

function framesOf(bytes: Buffer): Frame[] {
  const { salt } = decodeHeader(bytes, 1);
  const found: Frame[] = [];
  for (let at = SEGMENT_HEADER_BYTES; ;) {
    const frame = decodeFrame(bytes, at, salt) ?? findFrame(bytes, at, salt);
    if (frame?.kind !== 'group') return found;
    found.push(frame);
    at = frame.end;
  }
}

/** A copy in which one byte of the n-th frame has changed. */
function withDamagedFrame(
  n: number,
  task: (dataDir: string, frame: Frame) => Promise<void>,
): Promise<void> {
  return withDataDir(async (dataDir) => {
    await cp(crashed, dataDir, { recursive: true });
    const frame = frames[n]!;
    await rewriteFile(join(dataDir, LOG), (bytes) => flip(bytes, frame.offset + 40));
    await task(dataDir, frame);
  });
}

async function listing(dataDir: string): Promise<unknown> {
  const names = (await readdir(dataDir, { recursive: true })).sort();
  return Promise.all(
    names.map(async (name) => {
      const { size, mtimeMs } = await stat(join(dataDir, name));
      return [name, size, mtimeMs];
    }),
  );
}

async function stored(dataDir: string) {
  const stores = await openParquetStores(dataDir);
  try {
    const rows = [];
    for (const { id } of stores.series.all()) rows.push(...brief(await stores.points.read(id)));
    return { series: [...stores.series.all()].length, sources: stores.sources.all().length, rows };
  } finally {
    await stores.close();
  }
}

describe('salvage-log', () => {
  it('keeps every commit but the damaged one, and the service starts, which it refused before', async () => {
    // The fourth frame is the first with points: of A, on 2020-01-10.
    await withDamagedFrame(3, async (dataDir, frame) => {
      const refused = await runCommand(dataDir, 'serve');
      expect(refused.code).toBe(1);
      expect(refused.err).toContain(`damaged in ${LOG} at byte ${frame.offset}`);
      expect(refused.err).toContain('econ-graph-financial-data salvage-log');

      const before = await listing(dataDir);
      const lost = `${LOG}, at byte ${frame.offset}: ${frame.end - frame.offset} bytes`;
      expect(await runCommand(dataDir, 'salvage-log', '--dry-run')).toEqual({
        code: 0,
        out: `${lost} would be lost\n${COMMITS - 1} commits would be recovered; nothing was changed\n`,
        err: '',
      });
      expect(await listing(dataDir)).toEqual(before);

      expect(await runCommand(dataDir, 'salvage-log')).toEqual({
        code: 0,
        out: `${lost} could not be read\n${COMMITS - 1} commits recovered; the service can be started\nThe damaged files of the log are kept as wal/*.damaged\n`,
        err: '',
      });
      expect(await readdir(join(dataDir, 'wal'))).toContain('0000000001.log.damaged');
      expect(await runCommand(dataDir, 'verify')).toMatchObject({ code: 0 });
      // Whoever follows the changes of the store has seen some that are lost now.
      const identity = await readFile(join(dataDir, IDENTITY_FILE));
      expect(identity).not.toEqual(await readFile(join(crashed, IDENTITY_FILE)));
      await expectServing(dataDir);
      const { rows, ...counts } = await stored(dataDir);
      expect(counts).toEqual({ series: 2, sources: 1 });
      expect(rows).toHaveLength(POINTS - 1);
      expect(rows.some((row) => row.startsWith('2020-01-10'))).toBe(false);
      // A log that is whole is left as it is.
      expect(await runCommand(dataDir, 'salvage-log')).toMatchObject({
        code: 0,
        out: expect.stringMatching(/^Nothing is damaged/),
      });
      expect((await stored(dataDir)).rows).toEqual(rows);
      expect(await readFile(join(dataDir, IDENTITY_FILE))).toEqual(identity);
    });
  });

  it.each(Array.from({ length: COMMITS }, (_, n) => n))(
    'lets the service start whichever frame is damaged: %i',
    async (n) => {
      await withDamagedFrame(n, async (dataDir) => {
        await expect(openParquetStores(dataDir)).rejects.toMatchObject({ name: 'LogDamagedError' });
        const { code, out } = await runCommand(dataDir, 'salvage-log');
        expect(code).toBe(0);
        expect(out).toContain(`${COMMITS - 1} commits recovered`);
        const { rows } = await stored(dataDir);
        // Frames 1 and 2 created the series, without which their points are nobody's.
        const isCreation = n === 1 || n === 2;
        expect(rows).toHaveLength(isCreation ? POINTS / 2 : n === 0 ? POINTS : POINTS - 1);
        expect(out.includes('the whole log is kept')).toBe(isCreation);
        expect(await runCommand(dataDir, 'verify')).toMatchObject({ code: 0 });
      });
    },
  );

  it('keeps the whole log where it changes a series whose file is damaged', async () => {
    await withDataDir(async (dataDir) => {
      await cp(crashed, dataDir, { recursive: true });
      const stores = await openParquetStores(dataDir);
      await stores.directory.flush();
      await stores.points.upsert([upserts(A, ['2021-01-01', '2021-02-01', '7'])]);
      await stores.points.upsert([upserts(B, ['2021-01-01', '2021-02-01', '8'])]);
      const copy = await temporaryDataDir();
      await cp(dataDir, copy, { recursive: true });
      await stores.close();
      await rewriteFile(join(copy, pointsFile(A)), (bytes) => flip(bytes, 40));
      await rewriteFile(join(copy, LOG), (bytes) => flip(bytes, frames[3]!.offset + 40));
      const segment = await readFile(join(copy, LOG));
      const { code, out } = await runCommand(copy, 'salvage-log');
      expect(code).toBe(0);
      expect(out).toContain('the whole log is kept as wal/*.damaged');
      expect(await readFile(join(copy, `${LOG}.damaged`))).toEqual(segment);
      const opened = await openParquetStores(copy);
      expect(brief(await opened.points.read(B))).toContain('2021-01-01 2021-02-01 8');
      await expect(opened.points.read(A)).rejects.toMatchObject({ code: 'STORAGE_ERROR' });
      await opened.close();
      await rm(copy, { recursive: true });
    });
  });

  it('is refused beside a service, and where there is no directory', async () => {
    await withDataDir(async (dataDir) => {
      const stores = await openParquetStores(dataDir);
      for (const option of [[], ['--dry-run']]) {
        expect(await runCommand(dataDir, 'salvage-log', ...option)).toMatchObject({
          code: 1,
          err: expect.stringMatching(/in use .*stop it first/),
        });
      }
      await stores.close();
    });
    expect(await runCommand('/nowhere/at/all', 'salvage-log')).toMatchObject({ code: 1 });
    expect((await runCommand('.', 'salvage-log', '--help')).out).toContain('Examples:');
  });
});

async function expectServing(dataDir: string): Promise<void> {
  const child = startCommand(['serve'], { DATA_DIR: dataDir, PORT: '0', FLIGHT_PORT: '0' });
  const closed = once(child, 'close');
  const { listeningUrl } = await import('./verify-support.js');
  const url = await listeningUrl(child);
  expect((await fetch(`${url}/health`)).status).toBe(200);
  child.kill('SIGTERM');
  await closed;
}
