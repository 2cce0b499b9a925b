// `verify`: each kind of damage is found and named, and nothing that is no damage is.

import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { join } from 'node:path';
import { parquetMetadata } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runVerify } from '../../src/cli/verify/run-verify.js';
import { Instant } from '../../src/core/instant.js';
import type { VerifyReport } from '../../src/storage/integrity/report.js';
import {
  appendDeletions,
  decodeDeletions,
  encodeDeletions,
} from '../../src/storage/parquet/deletions-file.js';
import { factsDigest, seal } from '../../src/storage/parquet/file-seal.js';
import { encodePoints } from '../../src/storage/parquet/points-file.js';
import {
  CHECKPOINT_FILE,
  DELETIONS_FILE,
  IDENTITY_FILE,
  pointsFile,
  seriesFile,
  SOURCES_FILE,
} from '../../src/storage/paths.js';
import { flip, rewriteFile, withNewerFormat } from '../support/damage.js';
import { ManualClock } from '../support/manual-clock.js';
import { openParquetStores, temporaryDataDir, withDataDir } from '../support/parquet-stores.js';
import {
  batchOf,
  brief,
  plainPoints,
  SOURCE_ID,
  unpublished,
  upserts,
  uuid,
} from '../support/points.js';
import { postGraphql } from '../support/test-app.js';
import { newSeries, newSource } from '../support/stores.js';
import { listeningUrl, runCommand, startCommand } from './verify-support.js';

const [A, B] = [uuid(1), uuid(2)];
const CONFIG = { parquetRowGroupRows: 4 };
const BACKUP = 'restore it from a backup';

/** Closed, with a checkpoint that covers everything. */
let closed: string;
/** As it was before the last change of A. */
let earlier: string;
/** As a crash leaves it behind a flush: files, a log that has everything, no checkpoint. */
let crashed: string;

beforeAll(async () => {
  closed = await temporaryDataDir();
  earlier = await temporaryDataDir();
  crashed = await temporaryDataDir();
  const stores = await openParquetStores(closed, { clock: new ManualClock(), config: CONFIG });
  await stores.sources.create(newSource({ id: SOURCE_ID }));
  for (const id of [A, B]) {
    await stores.series.create(newSeries({ id, externalId: `S${id}` }));
    const dates = Array.from({ length: 10 }, (_, n) => `2020-01-${n + 10}`);
    await stores.points.upsert([
      upserts(id, ...dates.map((date) => [date, '2020-03-01', '1.5'] as const)),
    ]);
  }
  const gone = await stores.series.create(newSeries({ externalId: 'GONE' }));
  await stores.series.delete(gone.id);
  await stores.directory.flush();
  await cp(closed, crashed, { recursive: true });
  await cp(closed, earlier, { recursive: true });
  await stores.series.update(A, { title: 'Changed' });
  await stores.points.upsert([upserts(A, ['2021-01-01', '2021-02-01', '2'])]);
  await stores.close();
});

afterAll(async () => {
  for (const dataDir of [closed, earlier, crashed]) await rm(dataDir, { recursive: true });
});

async function verify(dataDir: string): Promise<{ code: number; report: VerifyReport }> {
  let out = '';
  const stdout = { write: (text: string) => (out += text).length > 0 };
  const environment = { DATA_DIR: dataDir };
  const code = await runVerify({ json: true }, { environment, stdout, stderr: stdout });
  return { code, report: JSON.parse(out) as VerifyReport };
}

async function verifyAfter(
  prepared: string,
  change: (dataDir: string) => Promise<unknown>,
): Promise<VerifyReport> {
  return withDataDir(async (dataDir) => {
    await cp(prepared, dataDir, { recursive: true });
    await change(dataDir);
    const before = await snapshot(dataDir);
    const { code, report } = await verify(dataDir);
    expect(code).toBe(report.findings.length > 0 ? 1 : 0);
    expect(await snapshot(dataDir)).toEqual(before);
    return report;
  });
}

/** Names, times and bytes of all files. */
async function snapshot(dataDir: string): Promise<unknown[]> {
  const names = (await readdir(dataDir, { recursive: true })).sort();
  return Promise.all(
    names.map(async (name) => {
      const path = join(dataDir, name);
      const { size, mtimeMs } = await stat(path);
      return [name, size, mtimeMs];
    }),
  );
}

const flipped =
  (name: string, at = 40) =>
  (dataDir: string) =>
    rewriteFile(join(dataDir, name), (bytes) => flip(bytes, at));
const removed = (name: string) => (dataDir: string) => rm(join(dataDir, name));
const replaced = (name: string) => (dataDir: string) =>
  cp(join(earlier, name), join(dataDir, name));
/** Past the header, in the middle of the frames. */
const LOG = 'wal/0000000001.log';

/** With one fact of the footer changed to another of the same length, and checksums that are right again. */
function withFact(bytes: Buffer, key: string, value: string): Uint8Array {
  const changed = Buffer.from(bytes);
  const metadata = parquetMetadata(Uint8Array.from(bytes).buffer).key_value_metadata!;
  const before = new Map(metadata.map((entry) => [entry.key, entry.value!]));
  const after = new Map(before).set(key, value);
  const texts = [
    [key, value],
    ['facts_sha256', factsDigest(after)],
    ['sha256', '0'.repeat(64)],
  ] as const;
  for (const [name, text] of texts) {
    const entry = Buffer.from(`\x18${String.fromCharCode(name.length)}${name}\x18`, 'latin1');
    changed.write(text, changed.lastIndexOf(entry) + entry.length + 1, 'latin1');
  }
  seal(changed);
  return changed;
}

const MISMATCH = 'the checksum does not match the content';

const DAMAGES: [string, () => string, (dataDir: string) => Promise<unknown>, object][] = [
  [
    'a flip in a points file',
    () => closed,
    flipped(pointsFile(A)),
    { file: pointsFile(A), problem: MISMATCH, remedy: BACKUP },
  ],
  [
    'a flip in points that the log still has',
    () => crashed,
    flipped(pointsFile(A)),
    { file: pointsFile(A), remedy: expect.stringMatching(/still in the log: remove it/) },
  ],
  [
    'a flip in metadata that the catalogue has',
    () => closed,
    flipped(seriesFile(A)),
    { file: seriesFile(A), problem: MISMATCH, remedy: expect.stringMatching(/in the catalogue/) },
  ],
  [
    'a flip in metadata that the log has',
    () => crashed,
    flipped(seriesFile(A)),
    { file: seriesFile(A), remedy: expect.stringMatching(/still in the log: restart/) },
  ],
  [
    'a flip in the sources',
    () => closed,
    flipped(SOURCES_FILE),
    { file: SOURCES_FILE, problem: MISMATCH, remedy: BACKUP },
  ],
  [
    'a flip in the deletions',
    () => closed,
    flipped(DELETIONS_FILE),
    { file: DELETIONS_FILE, problem: MISMATCH, remedy: BACKUP },
  ],
  [
    'a flip in the checkpoint',
    () => closed,
    flipped(CHECKPOINT_FILE),
    { file: CHECKPOINT_FILE, problem: MISMATCH, remedy: 'delete indexes/ to have it made again' },
  ],
  [
    'an identity that is cut off',
    () => closed,
    (dataDir) => rewriteFile(join(dataDir, IDENTITY_FILE), (bytes) => bytes.subarray(0, 20)),
    {
      file: IDENTITY_FILE,
      problem: expect.stringMatching(/^not readable JSON/),
      remedy: expect.stringMatching(/cursors of the change feed begin anew/),
    },
  ],
  [
    'an identity of a newer release',
    () => closed,
    (dataDir) => writeFile(join(dataDir, IDENTITY_FILE), '{"formatVersion":2}'),
    { file: IDENTITY_FILE, remedy: expect.stringMatching(/newer one/) },
  ],
  [
    'deletions that do not ascend',
    () => closed,
    (dataDir) =>
      rewriteFile(join(dataDir, DELETIONS_FILE), (bytes) => {
        const { deletions, facts, keptAfter } = decodeDeletions(bytes);
        const older = { seriesId: A, keys: null, deletedAt: Instant.of(1) };
        return encodeDeletions(appendDeletions(deletions, [older]), facts.throughSeq, keptAfter);
      }),
    { file: DELETIONS_FILE, problem: 'a row is older than the row before it', remedy: BACKUP },
  ],
  [
    'a flip in the log',
    () => crashed,
    flipped(LOG, 100),
    {
      file: LOG,
      problem: expect.stringMatching(/^at byte 64: it is not a whole frame/),
      remedy: expect.stringMatching(/salvage-log/),
    },
  ],
  [
    'a missing log',
    () => closed,
    (dataDir) => rm(join(dataDir, 'wal'), { recursive: true }),
    { file: LOG, problem: expect.stringMatching(/missing/) },
  ],
  [
    'the file of another series',
    () => closed,
    (dataDir) => cp(join(dataDir, pointsFile(B)), join(dataDir, pointsFile(A))),
    { file: pointsFile(A), problem: expect.stringMatching(/not what its name says/) },
  ],
  [
    'a file of a newer release',
    () => closed,
    (dataDir) => rewriteFile(join(dataDir, SOURCES_FILE), withNewerFormat),
    { file: SOURCES_FILE, remedy: expect.stringMatching(/newer one/) },
  ],
  [
    'rows that do not ascend',
    () => closed,
    async (dataDir) => {
      const path = join(dataDir, pointsFile(B));
      const { decodePoints } = await import('../../src/storage/parquet/points-file.js');
      const { batch, facts } = decodePoints(await readFile(path), B);
      const rows = plainPoints(batch).toReversed();
      const options = { compression: 'snappy', rowGroupRows: 4, pageBytes: 1024 } as const;
      await writeFile(
        path,
        encodePoints(unpublished(batchOf(rows)), B, facts.throughSeq, options).bytes,
      );
    },
    { file: pointsFile(B), problem: 'row 1 does not come after the row before it' },
  ],
  [
    'a footer that does not count the rows',
    () => closed,
    (dataDir) =>
      rewriteFile(join(dataDir, pointsFile(B)), (bytes) => withFact(bytes, 'rows', '11')),
    { file: pointsFile(B), problem: 'the footer and the rows do not say the same of rows' },
  ],
  [
    'a row group that begins elsewhere',
    () => closed,
    (dataDir) =>
      rewriteFile(join(dataDir, pointsFile(B)), (bytes) =>
        withFact(bytes, 'row_group_first_dates', '2020-01-10,2020-01-15,2020-01-18'),
      ),
    { file: pointsFile(B), problem: expect.stringMatching(/^row group 1 does not begin/) },
  ],
  [
    'points without metadata',
    () => closed,
    async (dataDir) => {
      await removed(seriesFile(A))(dataDir);
      await rm(join(dataDir, 'indexes'), { recursive: true });
      await rm(join(dataDir, 'wal'), { recursive: true });
    },
    { file: pointsFile(A), problem: 'there is no metadata file for these points', remedy: BACKUP },
  ],
  [
    'a missing points file',
    () => closed,
    removed(pointsFile(A)),
    {
      file: pointsFile(A),
      problem: 'the file is missing; the catalogue has 11 points of it',
      remedy: BACKUP,
    },
  ],
  [
    'an older points file',
    () => closed,
    replaced(pointsFile(A)),
    { file: pointsFile(A), problem: expect.stringMatching(/older than the catalogue says/) },
  ],
];

describe('verify', () => {
  it('finds nothing in a directory that was closed, and nothing that a crash leaves', async () => {
    const { findings, notices, ...counts } = await verifyAfter(closed, async () => undefined);
    expect(findings).toEqual([]);
    expect(notices).toEqual([]);
    expect(counts).toMatchObject({ series: 2, points: 21, logTailJudged: true });
    expect((await verifyAfter(crashed, async () => undefined)).findings).toEqual([]);
    // As far as a start is concerned, the log has all of these points.
    expect((await verifyAfter(crashed, removed(pointsFile(A)))).findings).toEqual([]);
  });

  it.each(DAMAGES)('finds %s', async (_what, prepared, change, expected) => {
    const { findings } = await verifyAfter(prepared(), change);
    expect(findings).toEqual([expect.objectContaining(expected)]);
  });

  it('tells of a missing identity, which a store of an older release does not have', async () => {
    const { findings, notices } = await verifyAfter(closed, removed(IDENTITY_FILE));
    expect(findings).toEqual([]);
    expect(notices).toEqual([
      { file: IDENTITY_FILE, note: expect.stringMatching(/cursors of the change feed begin anew/) },
    ]);
    await withDataDir(async (empty) => {
      expect((await verify(empty)).report.notices).toEqual([]);
    });
  });

  it('finds missing and older metadata, where the log does not have it', async () => {
    await withDataDir(async (dataDir) => {
      await cp(closed, dataDir, { recursive: true });
      // The log is begun anew, so that the catalogue alone knows.
      const stores = await openParquetStores(dataDir, { config: CONFIG });
      await stores.directory.log.rotate();
      await stores.close();
      expect((await verify(dataDir)).report.findings).toEqual([]);
      await replaced(seriesFile(A))(dataDir);
      await removed(seriesFile(B))(dataDir);
      expect((await verify(dataDir)).report.findings).toEqual([
        expect.objectContaining({
          file: seriesFile(A),
          problem: 'the file is older than the catalogue says',
        }),
        expect.objectContaining({
          file: seriesFile(B),
          remedy: expect.stringMatching(/in the catalogue: restart/),
        }),
      ]);
      // And it is true.
      await (await openParquetStores(dataDir, { config: CONFIG })).close();
      const { findings } = (await verify(dataDir)).report;
      expect(findings.map(({ file }) => file)).toEqual([seriesFile(A)]);
    });
  });

  it('finds two series of one source with one external id', async () => {
    await withDataDir(async (other) => {
      const stores = await openParquetStores(other, { config: CONFIG });
      await stores.series.create(newSeries({ id: uuid(9), externalId: `S${A}` }));
      await stores.close();
      const report = await verifyAfter(closed, (dataDir) =>
        cp(join(other, seriesFile(uuid(9))), join(dataDir, seriesFile(uuid(9)))),
      );
      expect(report.findings).toEqual([
        expect.objectContaining({
          problem: `${seriesFile(A)} has the same source and external id`,
        }),
      ]);
    });
  });

  it('restores from the log what it says that a restart restores', async () => {
    await withDataDir(async (dataDir) => {
      await cp(crashed, dataDir, { recursive: true });
      await flipped(seriesFile(A))(dataDir);
      await flipped(pointsFile(B))(dataDir);
      expect((await verify(dataDir)).report.findings).toHaveLength(2);
      await rm(join(dataDir, pointsFile(B)));
      const stores = await openParquetStores(dataDir, { config: CONFIG });
      expect(brief(await stores.points.read(B))).toHaveLength(10);
      await stores.close();
      expect((await verify(dataDir)).report.findings).toEqual([]);
    });
  });

  it('tells of temporary, foreign and salvaged files, and of a torn end, as no damage', async () => {
    const temporary = `${seriesFile(A)}.0123456789ab.tmp`;
    const report = await verifyAfter(crashed, async (dataDir) => {
      await mkdir(join(dataDir, 'wal'), { recursive: true });
      for (const name of [temporary, 'notes.txt', 'wal/0000000009.log.damaged']) {
        await writeFile(join(dataDir, name), 'x');
      }
      await rewriteFile(join(dataDir, LOG), (bytes) => {
        bytes[bytes.length - 1] = 1;
        return bytes;
      });
    });
    expect(report.findings).toEqual([]);
    expect(report.notices.map(({ file }) => file)).toEqual(
      ['notes.txt', temporary, LOG, 'wal/0000000009.log.damaged'].sort(),
    );
  });
});

describe('the command verify', () => {
  it('ends with 0, 1 or 2, prints lines or JSON, and explains itself', async () => {
    await withDataDir(async (dataDir) => {
      await cp(closed, dataDir, { recursive: true });
      expect(await runCommand(dataDir, 'verify')).toMatchObject({
        code: 0,
        out: expect.stringMatching(/^No damage in .*; 2 series, 21 points; .* s\n$/),
        err: '',
      });
      await flipped(pointsFile(A))(dataDir);
      const { code, out } = await runCommand(dataDir, 'verify');
      expect(code).toBe(1);
      expect(out).toContain(`${pointsFile(A)}: ${MISMATCH}; ${BACKUP}\n`);
      const json = await runCommand(dataDir, 'verify', '--json');
      expect(json.code).toBe(1);
      expect(JSON.parse(json.out)).toMatchObject({ findings: [{ file: pointsFile(A) }] });
    });
    expect(await runCommand('/nowhere/at/all', 'verify')).toMatchObject({ code: 2, out: '' });
    expect((await runCommand('.', 'verify', '--help')).out).toContain('Examples:');
  });

  it('finds nothing beside a service that writes, flushes and deletes', async () => {
    await withDataDir(async (dataDir) => {
      const child = startCommand(['serve'], {
        ...{ DATA_DIR: dataDir, PORT: '0', FLIGHT_PORT: '0', LOG_LEVEL: 'info' },
        ...{ FLUSH_INTERVAL_SECONDS: '1', LOG_SEGMENT_BYTES: '65536' },
      });
      const closing = once(child, 'close');
      try {
        const url = await listeningUrl(child);
        let isWriting = true;
        const writing = writeUntil(url, () => !isWriting);
        const outcomes = [];
        for (let n = 0; n < 6; n++) outcomes.push(await runCommand(dataDir, 'verify'));
        isWriting = false;
        expect(await writing).toBeGreaterThan(20);
        for (const { code, out } of outcomes) {
          expect(out).toContain('the end of the log is not judged');
          expect(out).toContain('No damage');
          expect(code).toBe(0);
        }
      } finally {
        child.kill('SIGTERM');
      }
      await closing;
      expect(await runCommand(dataDir, 'verify')).toMatchObject({ code: 0 });
    });
  });
});

/** @returns how many rounds of creating, writing and deleting there were */
async function writeUntil(url: string, isEnough: () => boolean): Promise<number> {
  let round = 0;
  const ids: string[] = [];
  while (!isEnough()) {
    round++;
    const created = await postGraphql(
      url,
      `mutation { createSeries(input: { sourceId: "${SOURCE_ID}", externalId: "X${round}", title: "x", frequency: "Daily" }) { id } }`,
    );
    const { id } = (created.data as { createSeries: { id: string } }).createSeries;
    ids.push(id);
    for (const target of ids.slice(-3)) {
      const written = await postGraphql(
        url,
        `mutation { createDataPoints(inputs: [{ seriesId: "${target}", date: "2020-01-01", revisionDate: "2020-02-0${(round % 9) + 1}", value: "${round}", isOriginalRelease: false }]) { addedCount } }`,
      );
      expect(written.errors).toBeUndefined();
    }
    if (ids.length > 10) {
      await postGraphql(url, `mutation { deleteSeries(id: "${ids.shift()}") }`);
    }
  }
  return round;
}
