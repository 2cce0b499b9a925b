import { mkdtemp, readdir, readFile, rm, truncate, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32c } from '@node-rs/crc32';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { uuid } from '../../../test/support/points.js';
import { seriesRow } from '../../../test/support/series-rows.js';
import { Instant } from '../../core/instant.js';
import { DiskFile, type Disk } from '../disk.js';
import { FileDisk } from '../file-disk.js';
import { NewerFormatError } from '../parquet/file-seal.js';
import { logSegmentFile, temporaryFile } from '../paths.js';
import { encodeCommits } from './commit-codec.js';
import type { Commit } from './commit.js';
import { encodeFrame, type FrameContent } from './frame.js';
import { LogDamagedError } from './log-errors.js';
import { openLog, type LogOptions, type OpenedLog } from './log-reader.js';
import { encodeHeader, SEGMENT_HEADER_BYTES } from './segment.js';

const SEGMENT_BYTES = 2048;

function commit(sequence: number, text = ''): Commit {
  const row = seriesRow({ id: uuid(1), title: `${sequence} ${text}` });
  return { instant: Instant.of(sequence), effects: [{ kind: 'series-put', row }] };
}

function frameBytes(sequence: number): number {
  return 32 + encodeCommits([commit(sequence)]).length;
}

describe('opening the log', () => {
  let root: string;
  let disk: FileDisk;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'log-'));
    disk = await FileDisk.open(root);
  });
  afterEach(() => rm(root, { recursive: true }));

  const path = (ordinal: number): string => join(root, logSegmentFile(ordinal));
  const files = async (): Promise<string[]> => (await readdir(join(root, 'wal'))).sort();

  /** What opening finds; the log is closed again. */
  async function open(
    options: Partial<LogOptions> = {},
    on: Disk = disk,
  ): Promise<OpenedLog & { found: number[] }> {
    const found: number[] = [];
    const onCommit = (one: Commit): void => {
      expect(one).toEqual(commit(one.instant));
      found.push(one.instant);
    };
    const opened = await openLog(on, { segmentBytes: SEGMENT_BYTES, onCommit, ...options });
    await opened.log.close();
    return { ...opened, found };
  }

  /** Writes one group after the other; each list of them begins a segment. Marks nothing by itself. */
  async function written(segments: readonly (readonly number[])[], marked = false): Promise<void> {
    const { log } = await openLog(disk, {
      segmentBytes: SEGMENT_BYTES,
      onCommit: () => undefined,
    });
    for (const [index, sequences] of segments.entries()) {
      if (index > 0) await log.rotate();
      for (const sequence of sequences) {
        await log.append(encodeCommits([commit(sequence)]), Instant.of(sequence));
      }
    }
    if (marked) await log.mark();
    await log.close();
  }

  async function edit(ordinal: number, change: (bytes: Buffer) => void): Promise<void> {
    const bytes = await readFile(path(ordinal));
    change(bytes);
    await writeFile(path(ordinal), bytes);
  }

  const flip = (ordinal: number, at: number): Promise<void> =>
    edit(ordinal, (bytes) => {
      bytes[at]! ^= 1;
    });

  async function damage(options: Partial<LogOptions> = {}): Promise<LogDamagedError> {
    const error: unknown = await open(options).then(
      () => 'it opened',
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(LogDamagedError);
    return error as LogDamagedError;
  }

  /** A segment as it is where it was prepared when `previousSequence` was the last, then taken into use. */
  async function craft(
    ordinal: number,
    previousSequence: number,
    ...frames: Omit<FrameContent, 'payload'>[]
  ): Promise<void> {
    const header = { ordinal, salt: 99, previousSequence: Instant.of(previousSequence) };
    const parts = frames.map((frame) => {
      const payload =
        frame.kind === 'group' ? encodeCommits([commit(frame.sequence)]) : Buffer.alloc(0);
      return encodeFrame(99, { ...frame, payload });
    });
    const bytes = Buffer.concat([encodeHeader(header), ...parts, Buffer.alloc(SEGMENT_BYTES)]);
    await writeFile(path(ordinal), bytes.subarray(0, SEGMENT_BYTES));
  }

  const group = (sequence: number, previous: number) => ({
    kind: 'group' as const,
    sequence: Instant.of(sequence),
    previous: Instant.of(previous),
  });

  it('makes the folder and a first segment where there is none', async () => {
    const { found, log } = await open();
    expect(found).toEqual([]);
    expect(log.firstSegment).toBe(1);
    expect(await files()).toEqual(['0000000001.log']);
  });

  it('hands out all commits in order, from all segments', async () => {
    await written([[1, 2], [3], [4, 5, 6]]);
    const { found, commits, log, cut } = await open();
    expect(found).toEqual([1, 2, 3, 4, 5, 6]);
    expect(commits).toBe(6);
    expect(log.lastSequence).toBe(6);
    expect(cut).toEqual([]);
  });

  it('goes on where the log ended', async () => {
    await written([[1, 2], [3]]);
    await written([[4, 5], [6]]);
    expect((await open()).found).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('waits for each commit that is handed out', async () => {
    await written([[1, 2]]);
    const events: string[] = [];
    const onCommit = async ({ instant }: Commit): Promise<void> => {
      events.push(`begin ${instant}`);
      await new Promise((resolve) => setImmediate(resolve));
      events.push(`end ${instant}`);
    };
    await open({ onCommit });
    expect(events).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2']);
  });

  describe('a last write that was never acknowledged', () => {
    it('is cut at any byte of it, with exactly the groups before it left', async () => {
      await written([[1, 2, 3]]);
      const whole = await readFile(path(1));
      const start = SEGMENT_HEADER_BYTES + frameBytes(1) + frameBytes(2);
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 0, max: frameBytes(3) - 1 }),
          fc.boolean(),
          async (kept, isShort) => {
            const torn = Buffer.from(whole);
            torn.fill(0, start + kept);
            await writeFile(path(1), isShort ? torn.subarray(0, start + kept) : torn);
            const { found, cut } = await open();
            expect(found).toEqual([1, 2]);
            if (kept > 0) expect(cut).toMatchObject([{ file: logSegmentFile(1), offset: start }]);
            expect((await readFile(path(1))).length).toBe(SEGMENT_BYTES);
          },
        ),
        { numRuns: 60 },
      );
    });

    it('is overwritten with zeros, so that it is gone for good', async () => {
      await written([[1, 2]]);
      const start = SEGMENT_HEADER_BYTES + frameBytes(1);
      await flip(1, start + 40);
      expect((await open()).cut).toEqual([
        { file: logSegmentFile(1), offset: start, bytes: frameBytes(2) },
      ]);
      const behind = (await readFile(path(1))).subarray(start + 32);
      expect(behind.equals(Buffer.alloc(behind.length))).toBe(true);
      const again = await open();
      expect(again.found).toEqual([1]);
      expect(again.cut).toEqual([]);
    });

    it('in a segment of its own goes with the segment', async () => {
      await written([[1], [2]]);
      await flip(2, SEGMENT_HEADER_BYTES + 40);
      const { found, cut } = await open();
      expect(found).toEqual([1]);
      expect(cut).toMatchObject([{ file: logSegmentFile(2), offset: SEGMENT_HEADER_BYTES }]);
      expect(await files()).toEqual(['0000000001.log']);
      await written([[3], [4]]);
      expect((await open()).found).toEqual([1, 3, 4]);
    });

    it('may say that it is longer than the file', async () => {
      await written([[1, 2]]);
      await edit(1, (bytes) => {
        bytes.writeUInt32LE(0xffff_fff0, SEGMENT_HEADER_BYTES + frameBytes(1) + 8);
      });
      expect((await open()).found).toEqual([1]);
    });
  });

  describe('refuses damage', () => {
    it('anywhere in an earlier frame, and hands out no wrong commit', async () => {
      await written([[1, 2, 3], [4]]);
      const whole = await readFile(path(1));
      const end = SEGMENT_HEADER_BYTES + frameBytes(1) + frameBytes(2) + frameBytes(3);
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 0, max: end - 1 }),
          fc.integer({ min: 1, max: 255 }),
          async (at, bits) => {
            const wrong = Buffer.from(whole);
            wrong[at]! ^= bits;
            await writeFile(path(1), wrong);
            expect((await damage()).file).toBe(logSegmentFile(1));
          },
        ),
        { numRuns: 150 },
      );
    });

    it('anywhere in the last frame where a marker vouches for it', async () => {
      await written([[1, 2]], true);
      const whole = await readFile(path(1));
      const start = SEGMENT_HEADER_BYTES + frameBytes(1);
      for (let at = start; at < start + frameBytes(2); at += 3) {
        const wrong = Buffer.from(whole);
        wrong[at]! ^= 0x10;
        await writeFile(path(1), wrong);
        expect(await damage()).toMatchObject({ file: logSegmentFile(1), offset: start });
      }
    });

    it('in the frame that an earlier start read last', async () => {
      await written([[1, 2]]);
      await open();
      await flip(1, SEGMENT_HEADER_BYTES + frameBytes(1) + 50);
      await damage();
    });

    it('naming file, offset and the command that saves the rest', async () => {
      await written([[1, 2]]);
      await flip(1, SEGMENT_HEADER_BYTES + 50);
      const error = await damage();
      expect(error).toMatchObject({ file: 'wal/0000000001.log', offset: 64 });
      expect(error.message).toMatch(/wal\/0000000001\.log at byte 64/);
      expect(error.message).toContain('econ-graph-financial-data salvage-log');
    });

    it('where frames at the end of a segment became zeros', async () => {
      await written([[1, 2], [3]]);
      const start = SEGMENT_HEADER_BYTES + frameBytes(1);
      await edit(1, (bytes) => bytes.fill(0, start));
      expect(await damage()).toMatchObject({ file: logSegmentFile(1), offset: start });
    });

    it('where all frames of a segment became zeros', async () => {
      await written([[1], [2], [3]]);
      await edit(2, (bytes) => bytes.fill(0, SEGMENT_HEADER_BYTES));
      expect(await damage()).toMatchObject({ file: logSegmentFile(2) });
    });

    it('where all frames of the first segment became zeros', async () => {
      await written([[1], [2]]);
      await edit(1, (bytes) => bytes.fill(0, SEGMENT_HEADER_BYTES));
      expect(await damage()).toMatchObject({ file: logSegmentFile(1) });
    });

    it('where the next segment was made after more than is there', async () => {
      await written([[1, 2], []]);
      const start = SEGMENT_HEADER_BYTES + frameBytes(1);
      await flip(1, start + 50);
      expect(await damage()).toMatchObject({ file: logSegmentFile(1), offset: start });
    });

    // Here the next segment was prepared early, so that its header cannot tell.
    it('of a last frame where the frame or the marker in the next segment names it', async () => {
      const start = SEGMENT_HEADER_BYTES + frameBytes(1);
      const marker = { ...group(2, 2), kind: 'marker' as const };
      for (const next of [group(3, 2), marker]) {
        await written([[1, 2]]);
        await craft(2, 1, next);
        await edit(1, (bytes) => bytes.fill(0, start));
        expect(await damage()).toMatchObject({ file: logSegmentFile(1), offset: start });
        await rm(join(root, 'wal'), { recursive: true });
      }
    });

    it('of the only frame of the first segment, where another segment follows', async () => {
      await written([[1]]);
      await craft(2, 0, group(2, 1));
      await edit(1, (bytes) => bytes.fill(0, SEGMENT_HEADER_BYTES));
      expect(await damage()).toMatchObject({ file: logSegmentFile(1), offset: 64 });
    });

    it('where a frame names other commits than it holds', async () => {
      await written([[1]]);
      await edit(1, (bytes) => {
        const payload = encodeCommits([commit(7)]);
        const frame = encodeFrame(bytes.readUInt32LE(12), { ...group(2, 1), payload });
        frame.copy(bytes, SEGMENT_HEADER_BYTES + frameBytes(1));
      });
      expect(await damage()).toMatchObject({ offset: SEGMENT_HEADER_BYTES + frameBytes(1) });
    });

    it('where a segment was put back from an older copy', async () => {
      await written([[1]]);
      const older = await readFile(path(1));
      await written([[2], [3]]);
      await writeFile(path(1), older);
      expect(await damage()).toMatchObject({ file: logSegmentFile(1) });
    });

    it('where a segment is missing between others', async () => {
      await written([[1], [2], [3]]);
      await unlink(path(2));
      expect(await damage()).toMatchObject({ file: logSegmentFile(2), offset: 0 });
    });

    it('where a frame is whole but its content is not', async () => {
      await written([[1]]);
      await edit(1, (bytes) => {
        const frame = { kind: 'group', sequence: Instant.of(2), previous: Instant.of(1) } as const;
        const wrong = { ...frame, payload: Buffer.from('rubbish') };
        encodeFrame(bytes.readUInt32LE(12), wrong).copy(
          bytes,
          SEGMENT_HEADER_BYTES + frameBytes(1),
        );
      });
      await damage();
    });

    it('in every byte of a header', async () => {
      await written([[1]]);
      for (let at = 0; at < SEGMENT_HEADER_BYTES; at++) {
        await flip(1, at);
        expect(await damage(), `byte ${at}`).toMatchObject({ offset: 0 });
        await flip(1, at);
      }
    });

    it('where a segment lies under the name of another', async () => {
      await written([[1]]);
      await writeFile(path(2), await readFile(path(1)));
      expect(await damage()).toMatchObject({ file: logSegmentFile(2) });
    });
  });

  it('refuses a newer format as such', async () => {
    await written([[1]]);
    await edit(1, (bytes) => {
      bytes.writeUInt32LE(3, 8);
      bytes.writeUInt32LE(crc32c(bytes.subarray(0, 60)), 60);
    });
    await expect(open()).rejects.toThrow(NewerFormatError);
    const salvage = { beforeReset: () => Promise.reject(new Error('never called')) };
    await expect(open({ salvage })).rejects.toThrow(NewerFormatError);
  });

  describe('takes no marker for damage', () => {
    it('whatever a crash left of it, at the end of the log or of a segment', async () => {
      await written([[1]], true);
      const end = SEGMENT_HEADER_BYTES + frameBytes(1);
      const whole = await readFile(path(1));
      for (const isFollowed of [false, true]) {
        for (let kept = 0; kept <= 32; kept++) {
          await rm(join(root, 'wal'), { recursive: true });
          await disk.makeFolder('wal');
          await writeFile(path(1), whole);
          if (isFollowed) {
            const { log } = await openLog(disk, {
              segmentBytes: SEGMENT_BYTES,
              onCommit: () => undefined,
            });
            await log.rotate();
            await log.append(encodeCommits([commit(2)]), Instant.of(2));
            await log.close();
          }
          await edit(1, (bytes) => bytes.fill(0, end + kept));
          expect((await open()).found, `${kept} bytes`).toEqual(isFollowed ? [1, 2] : [1]);
        }
      }
    });

    it('that a torn frame was written over', async () => {
      await written([[1]], true);
      const end = SEGMENT_HEADER_BYTES + frameBytes(1);
      await edit(1, (bytes) => bytes.fill(0xaa, end + 32, end + 200));
      const { found, cut } = await open();
      expect(found).toEqual([1]);
      expect(cut).toMatchObject([{ bytes: 168 }]);
    });
  });

  describe('makes the tail durable before it returns', () => {
    it('by writing and syncing it once more, at its full size', async () => {
      await written([[1, 2]]);
      const size = SEGMENT_HEADER_BYTES + frameBytes(1) + frameBytes(2);
      const before = await readFile(path(1));
      await truncate(path(1), size);
      const calls: string[] = [];
      class Watched extends DiskFile {
        constructor(private readonly file: DiskFile) {
          super();
        }
        write(offset: number, bytes: Uint8Array): Promise<void> {
          calls.push(`write ${offset} ${bytes.byteLength}`);
          return this.file.write(offset, bytes);
        }
        sync(): Promise<void> {
          calls.push('sync');
          return this.file.sync();
        }
        truncate = (length: number): Promise<void> => this.file.truncate(length);
        close = (): Promise<void> => this.file.close();
      }
      const openFile = disk.open.bind(disk);
      disk.open = async (name) => new Watched(await openFile(name));
      await open();
      expect(calls).toEqual([
        `write 0 ${size}`,
        `write ${size} 0`,
        'sync',
        `write ${size} ${SEGMENT_BYTES - size}`,
        'sync',
        // The marker.
        `write ${size} 32`,
      ]);
      const after = await readFile(path(1));
      expect(after).toHaveLength(SEGMENT_BYTES);
      expect(after.subarray(0, size).equals(before.subarray(0, size))).toBe(true);
    });

    it('and opens on a full disk with what there is', async () => {
      await written([[1]]);
      const size = SEGMENT_HEADER_BYTES + frameBytes(1);
      await truncate(path(1), size);
      const openFile = disk.open.bind(disk);
      disk.open = async (name) => {
        const file = await openFile(name);
        const write = file.write.bind(file);
        file.write = async (offset, bytes) => {
          if (offset + bytes.byteLength > size) throw new Error('ENOSPC');
          await write(offset, bytes);
        };
        return file;
      };
      expect((await open()).found).toEqual([1]);
      expect(await disk.size(logSegmentFile(1))).toBe(size);
    });
  });

  it('keeps the prepared segment, and removes further ones', async () => {
    await written([[1], []]);
    const prepared = await readFile(path(2));
    // A third one, empty as well.
    await edit(2, (bytes) => bytes.writeDoubleLE(3, 16));
    await edit(2, (bytes) => bytes.writeUInt32LE(crc32c(bytes.subarray(0, 60)), 60));
    await writeFile(path(3), await readFile(path(2)));
    await writeFile(path(2), prepared);
    expect((await open()).found).toEqual([1]);
    expect(await files()).toEqual(['0000000001.log', '0000000002.log']);
    await written([[2], [3]]);
    expect((await open()).found).toEqual([1, 2, 3]);
  });

  it('removes temporary files, and counts them', async () => {
    await written([[1]]);
    await writeFile(join(root, temporaryFile(logSegmentFile(2))), 'half');
    await writeFile(join(root, 'wal', 'notes.tmp'), 'not ours');
    expect((await open()).temporaryFilesRemoved).toBe(1);
    expect(await files()).toEqual(['0000000001.log', 'notes.tmp']);
  });

  describe('after an older release', () => {
    /** As that release wrote them: what it says means the same in both formats. */
    const asVersion1 = (ordinal: number): Promise<void> =>
      edit(ordinal, (bytes) => {
        bytes.writeUInt32LE(1, 8);
        bytes.writeUInt32LE(crc32c(bytes.subarray(0, 60)), 60);
      });
    const versions = async (): Promise<number[]> => {
      const all = await files();
      return Promise.all(
        all.map(async (name) => (await readFile(join(root, 'wal', name))).readUInt32LE(8)),
      );
    };

    it('goes on in a segment of its own format, and leaves the old one as it was', async () => {
      await written([[1, 2]], true);
      await asVersion1(1);
      const before = await readFile(path(1));
      await written([[3, 4]]);
      expect(await versions()).toEqual([1, 2]);
      expect((await readFile(path(1))).equals(before)).toBe(true);
      expect((await open()).found).toEqual([1, 2, 3, 4]);
      await written([[5]]);
      expect(await versions()).toEqual([1, 2]);
      expect((await open()).found).toEqual([1, 2, 3, 4, 5]);
    });

    it('vouches for the last frame of the old segment, as for any', async () => {
      await written([[1, 2]]);
      await asVersion1(1);
      await open();
      await flip(1, SEGMENT_HEADER_BYTES + frameBytes(1) + 40);
      expect((await damage()).message).toContain('0000000001.log');
    });

    it('takes no segment into use that the older one had prepared', async () => {
      await written([[1]]);
      await craft(2, 1);
      await asVersion1(1);
      await asVersion1(2);
      await written([[2], [3]]);
      expect(await versions()).toEqual([1, 2, 2]);
      expect((await open()).found).toEqual([1, 2, 3]);
    });

    it('makes a segment without frames anew', async () => {
      await written([[]]);
      await asVersion1(1);
      await written([[1]]);
      expect(await versions()).toEqual([2]);
      expect((await open()).found).toEqual([1]);
    });

    it('releases the old segment once all of it is stored elsewhere', async () => {
      await written([[1, 2]]);
      await asVersion1(1);
      await written([[3]]);
      const { deadSegmentsRemoved, found } = await open({ storedThrough: Instant.of(2) });
      expect([deadSegmentsRemoved, found]).toEqual([1, [1, 2, 3]]);
      expect(await versions()).toEqual([2]);
    });
  });

  describe('with what is stored elsewhere', () => {
    it('removes the segments that hold nothing else', async () => {
      await written([[1], [2], [3]]);
      const { deadSegmentsRemoved, log } = await open({ storedThrough: Instant.of(2) });
      expect(deadSegmentsRemoved).toBe(2);
      expect(log.firstSegment).toBe(3);
      expect(await files()).toEqual(['0000000003.log']);
      expect((await open({ storedThrough: Instant.of(2) })).found).toEqual([3]);
    });

    it('refuses to start where the log begins later, and removes nothing', async () => {
      await written([[1], [2], [3]]);
      await unlink(path(1));
      expect((await open({ storedThrough: Instant.of(1) })).found).toEqual([2, 3]);
      expect(await damage({ storedThrough: Instant.of(0) })).toMatchObject({
        file: logSegmentFile(2),
        offset: 0,
      });
      expect(await files()).toEqual(['0000000002.log', '0000000003.log']);
    });

    it('refuses to start where there is no log at all', async () => {
      await damage({ storedThrough: Instant.of(1) });
    });

    it('takes a marker for a proof of what was before it', async () => {
      await written([[1]], true);
      const bytes = await readFile(path(1));
      bytes.fill(0, SEGMENT_HEADER_BYTES, SEGMENT_HEADER_BYTES + frameBytes(1));
      await writeFile(path(1), bytes);
      await damage({ storedThrough: Instant.of(0) });
    });
  });

  describe('salvaging', () => {
    async function salvaged(options: Partial<LogOptions> = {}) {
      const resets: number[] = [];
      let filesAtReset: string[] = [];
      const beforeReset = async (first: number): Promise<void> => {
        resets.push(first);
        filesAtReset = await files();
      };
      const opened = await open({ salvage: { beforeReset }, ...options });
      return { ...opened, resets, filesAtReset };
    }

    it('changes nothing of a log that is whole', async () => {
      await written([[1], [2]]);
      const { found, resets, skipped } = await salvaged();
      expect({ found, resets, skipped }).toEqual({ found: [1, 2], resets: [], skipped: [] });
      expect(await files()).toEqual(['0000000001.log', '0000000002.log']);
    });

    it('skips a damaged frame, reports it, and begins anew once the rest is stored', async () => {
      await written([[1], [2, 3, 4], [5]]);
      const start = SEGMENT_HEADER_BYTES + frameBytes(2);
      await flip(2, start + 50);
      const { found, skipped, resets, filesAtReset, log } = await salvaged();
      expect(found).toEqual([1, 2, 4, 5]);
      expect(skipped).toEqual([{ file: logSegmentFile(2), offset: start, bytes: frameBytes(3) }]);
      expect(resets).toEqual([4]);
      expect(filesAtReset).toEqual(['0000000001.log', '0000000002.log', '0000000003.log']);
      expect(await files()).toEqual(['0000000002.log.damaged', '0000000004.log']);
      expect(log.firstSegment).toBe(4);
      expect(log.lastSequence).toBe(5);
      await written([[6]]);
      expect((await open({ storedThrough: Instant.of(5) })).found).toEqual([6]);
    });

    it('leaves everything in place where the rest could not be stored', async () => {
      await written([[1, 2]]);
      await flip(1, SEGMENT_HEADER_BYTES + 50);
      const beforeReset = () => Promise.reject(new Error('not stored'));
      await expect(open({ salvage: { beforeReset } })).rejects.toThrow('not stored');
      expect(await files()).toEqual(['0000000001.log']);
      expect((await salvaged()).found).toEqual([2]);
    });

    it('skips a segment whole where its header is unreadable', async () => {
      await written([[1], [2], [3]]);
      await flip(2, 20);
      const { found, skipped } = await salvaged();
      expect(found).toEqual([1, 3]);
      expect(skipped).toEqual([{ file: logSegmentFile(2), offset: 0, bytes: SEGMENT_BYTES }]);
    });

    it('reports segments that are missing', async () => {
      await written([[1], [2], [3]]);
      await unlink(path(2));
      const { found, skipped } = await salvaged();
      expect(found).toEqual([1, 3]);
      expect(skipped).toEqual([{ file: logSegmentFile(2), offset: 0, bytes: 0 }]);
    });

    it('hands out no commit a second time', async () => {
      await written([[1, 2, 3]]);
      await craft(2, 0, group(2, 1), group(4, 3));
      const { found, skipped } = await salvaged();
      expect(found).toEqual([1, 2, 3, 4]);
      expect(skipped).toContainEqual({
        file: logSegmentFile(2),
        offset: SEGMENT_HEADER_BYTES,
        bytes: frameBytes(2),
      });
    });

    it('reports the last frame where only the marker behind it is whole', async () => {
      await written([[1, 2]], true);
      const start = SEGMENT_HEADER_BYTES + frameBytes(1);
      await flip(1, start + 50);
      const { found, skipped } = await salvaged();
      expect(found).toEqual([1]);
      expect(skipped).toEqual([{ file: logSegmentFile(1), offset: start, bytes: frameBytes(2) }]);
    });

    it('hands out only commits that were written, in order, whatever is damaged', async () => {
      await written([[1, 2, 3], [4, 5], [6]]);
      const originals = await Promise.all([1, 2, 3].map((ordinal) => readFile(path(ordinal))));
      const place = fc.tuple(fc.integer({ min: 0, max: 2 }), fc.nat(1300), fc.nat(300));
      await fc.assert(
        fc.asyncProperty(fc.array(place, { minLength: 1, maxLength: 3 }), async (places) => {
          await rm(join(root, 'wal'), { recursive: true });
          await disk.makeFolder('wal');
          const wrong = originals.map((bytes) => Buffer.from(bytes));
          for (const [index, at, length] of places) wrong[index]!.fill(0x5a, at, at + length);
          for (const [index, bytes] of wrong.entries()) await writeFile(path(index + 1), bytes);
          const { found } = await salvaged();
          expect(found).toEqual([...new Set(found)].sort((a, b) => a - b));
          // What was salvaged is gone from the log or still whole in it: it opens.
          await open();
        }),
        { numRuns: 60 },
      );
    });
  });
});
