import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { uuid } from '../../../test/support/points.js';
import { seriesRow } from '../../../test/support/series-rows.js';
import { Instant } from '../../core/instant.js';
import type { Disk, DiskFile } from '../disk.js';
import { FileDisk } from '../file-disk.js';
import { damagedLogFile, logSegmentFile, parseFileName, temporaryFile } from '../paths.js';
import { encodeCommits } from './commit-codec.js';
import { LogPoisonedError, OutcomeUnknownError } from './log-errors.js';
import { openLog } from './log-reader.js';
import { SEGMENT_HEADER_BYTES } from './segment.js';
import type { WriteAheadLog } from './write-ahead-log.js';

const SEGMENT_BYTES = 2048;

/** Fails the calls whose text (`sync wal/0000000001.log`, …) it is told to fail, before or after their work. */
class Faults {
  readonly calls: string[] = [];
  /** Where the failing call writes, only so many bytes arrive. */
  tornAt: number | undefined;
  fails: (call: string) => boolean = () => false;
  private readonly seen: { pattern: RegExp; resolve: () => void }[] = [];

  wrap<T extends Disk | DiskFile>(target: T, file = ''): T {
    return new Proxy(target, {
      get: (_, property) => {
        const method: unknown = Reflect.get(target, property);
        // `then` among others: an object with that would be taken for a promise.
        if (typeof method !== 'function') return method;
        return async (...args: unknown[]) => {
          const names = args.filter((arg) => typeof arg === 'string');
          const call = [String(property), ...names, ...(file === '' ? [] : [file])].join(' ');
          this.calls.push(call);
          if (this.fails(call)) {
            if (['write', 'create'].includes(String(property)) && this.tornAt !== undefined) {
              await method.call(target, args[0], (args[1] as Uint8Array).subarray(0, this.tornAt));
            }
            throw Object.assign(new Error(`injected: ${call}`), { code: 'ENOSPC' });
          }
          const result = await method.apply(target, args);
          for (const { pattern, resolve } of this.seen) if (pattern.test(call)) resolve();
          return property === 'open' ? this.wrap(result as DiskFile, String(args[0])) : result;
        };
      },
    });
  }

  /** Resolves when a call has done its work. */
  after(pattern: RegExp): Promise<void> {
    return new Promise((resolve) => this.seen.push({ pattern, resolve }));
  }
}

function payload(sequence: number, size = 100): Buffer {
  const row = seriesRow({ id: uuid(1), title: 'x'.repeat(size) });
  return encodeCommits([{ instant: Instant.of(sequence), effects: [{ kind: 'series-put', row }] }]);
}

const FRAME_BYTES = payload(1).length + 32;

describe('the name of a file of the log', () => {
  it('is built from its number, and parsed back to it', () => {
    expect(logSegmentFile(1)).toBe('wal/0000000001.log');
    expect(parseFileName(logSegmentFile(9_999_999_999))).toEqual({
      kind: 'log',
      ordinal: 9_999_999_999,
    });
    expect(parseFileName(damagedLogFile(12))).toEqual({ kind: 'damaged-log', ordinal: 12 });
    expect(() => logSegmentFile(0)).toThrow(/number/);
    expect(() => logSegmentFile(1.5)).toThrow(/number/);
    expect(() => logSegmentFile(10_000_000_000)).toThrow(/number/);
  });

  it('is temporary in the same folder where it was made so', () => {
    const name = temporaryFile(logSegmentFile(3));
    expect(name).toMatch(/^wal\/0000000003\.log\.[^/]+$/);
    expect(parseFileName(name)).toEqual({ kind: 'temporary' });
  });

  it.each([
    '0000000001.log',
    'wal/1.log',
    'wal/0000000000.log',
    'wal/00000000001.log',
    'wal/0000000001.log.bak',
    'wal/../0000000001.log',
    'wal/notes.0123456789ab.tmp',
    'x/wal/0000000001.log',
  ])('is foreign where it is not of ours: %j', (name) => {
    expect(parseFileName(name)).toEqual({ kind: 'foreign' });
  });
});

describe('the write-ahead log', () => {
  let root: string;
  let disk: Disk;
  let faults: Faults;
  let log: WriteAheadLog;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'log-'));
    faults = new Faults();
    disk = faults.wrap(await FileDisk.open(root));
    log = (await openLog(disk, { segmentBytes: SEGMENT_BYTES, onCommit: () => undefined })).log;
  });

  afterEach(async () => {
    faults.fails = () => false;
    await log.close();
    await rm(root, { recursive: true });
  });

  const append = (sequence: number, size?: number) =>
    log.append(payload(sequence, size), Instant.of(sequence));

  /** What the next start finds. */
  async function recovered(): Promise<number[]> {
    await log.close();
    const found: number[] = [];
    const onCommit = ({ instant }: { instant: number }) => void found.push(instant);
    const again = await openLog(await FileDisk.open(root), {
      segmentBytes: SEGMENT_BYTES,
      onCommit,
    });
    await again.log.close();
    return found;
  }

  it('writes a frame with one write and makes it durable with one sync', async () => {
    faults.calls.length = 0;
    await append(1);
    expect(faults.calls).toEqual(['write wal/0000000001.log', 'sync wal/0000000001.log']);
    expect(log.bytes).toBe(64 + FRAME_BYTES);
    expect(await recovered()).toEqual([1]);
  });

  it('takes one append at a time, in ascending sequence', async () => {
    const first = append(5);
    await expect(append(6)).rejects.toThrow(/one append at a time/);
    await first;
    await expect(append(5)).rejects.toThrow(/ascend/);
  });

  it('makes a segment at its full size under a temporary name, then renames it durably', async () => {
    expect(await disk.size('wal/0000000001.log')).toBe(SEGMENT_BYTES);
    const making = faults.calls.slice(faults.calls.findIndex((call) => call.startsWith('create')));
    expect(making.slice(0, 3)).toEqual([
      expect.stringMatching(/^create wal\/0000000001\.log\.[0-9a-f]{12}\.tmp$/),
      expect.stringMatching(/^rename .*\.tmp wal\/0000000001\.log$/),
      'syncDirectory wal',
    ]);
  });

  it('goes on in the next segment where a frame does not fit', async () => {
    for (let sequence = 1; sequence <= 20; sequence++) await append(sequence);
    const names = (await disk.list('wal')).filter((name) => name.endsWith('.log'));
    expect(names.length).toBeGreaterThan(2);
    for (const name of names) expect(await disk.size(`wal/${name}`)).toBe(SEGMENT_BYTES);
    expect(await recovered()).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  });

  it('prepares the next segment once the current one is half full', async () => {
    const prepared = faults.after(/^rename .* wal\/0000000002\.log$/);
    let sequence = 1;
    for (; log.bytes < SEGMENT_BYTES / 2; sequence++) {
      expect(await disk.list('wal')).toHaveLength(1);
      await append(sequence);
    }
    await prepared;
    const before = faults.calls.filter((call) => call.startsWith('create')).length;
    // One more may switch, but needs no file to be made for it.
    for (; log.bytes < SEGMENT_BYTES; sequence++) await append(sequence);
    expect(faults.calls.filter((call) => call.startsWith('create')).length).toBe(before);
  });

  it('tries again where the next segment could not be prepared, when it is needed', async () => {
    const isCreate = (call: string) => call.startsWith('create');
    faults.fails = isCreate;
    // What a full disk took is given back.
    faults.tornAt = 100;
    let sequence = 1;
    for (; log.bytes + FRAME_BYTES <= SEGMENT_BYTES; sequence++) await append(sequence);
    const used = log.bytes;
    // A full disk fails this append and nothing else, as often as it is full.
    await expect(append(sequence)).rejects.toMatchObject({ code: 'ENOSPC' });
    await expect(append(sequence)).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(log.isPoisoned).toBe(false);
    expect(log.bytes).toBe(used);
    expect(await disk.list('wal')).toEqual(['0000000001.log']);
    faults.fails = () => false;
    await append(sequence);
    expect((await recovered()).at(-1)).toBe(sequence);
  });

  it('gives a frame that is larger than a segment one of its own size', async () => {
    await append(1);
    await append(2, 3 * SEGMENT_BYTES);
    await append(3);
    expect(await disk.size('wal/0000000002.log')).toBeGreaterThan(3 * SEGMENT_BYTES);
    expect(await recovered()).toEqual([1, 2, 3]);
  });

  it('makes the prepared segment anew where a frame is larger than that', async () => {
    const prepared = faults.after(/^rename .* wal\/0000000002\.log$/);
    let sequence = 1;
    for (; log.bytes < SEGMENT_BYTES / 2; sequence++) await append(sequence);
    await prepared;
    await append(sequence, 3 * SEGMENT_BYTES);
    const made = faults.calls.filter((call) => call.startsWith('create wal/0000000002.log'));
    expect(made).toHaveLength(2);
    expect((await recovered()).at(-1)).toBe(sequence);
  });

  it('leaves no segment empty in front of one with frames', async () => {
    await append(1, 3 * SEGMENT_BYTES);
    expect(log.firstSegment).toBe(1);
    expect(await disk.list('wal')).toContain('0000000001.log');
    expect(await recovered()).toEqual([1]);
  });

  describe('marks its end when nothing waits', () => {
    it('without a sync and without moving the end', async () => {
      await append(1);
      const { bytes } = log;
      faults.calls.length = 0;
      await log.mark();
      expect(faults.calls).toEqual(['write wal/0000000001.log']);
      expect(log.bytes).toBe(bytes);
      await append(2);
      expect(await recovered()).toEqual([1, 2]);
    });

    it('and is none the worse where that fails', async () => {
      await append(1);
      faults.fails = (call) => call.startsWith('write');
      await log.mark();
      faults.fails = () => false;
      await append(2);
      expect(log.isPoisoned).toBe(false);
      expect(await recovered()).toEqual([1, 2]);
    });

    it('but never makes the file longer for it', async () => {
      let size = 1;
      while (SEGMENT_HEADER_BYTES + 32 + payload(1, size).length < SEGMENT_BYTES - 10) size++;
      await append(1, size);
      expect(log.bytes).toBe(SEGMENT_BYTES - 10);
      await log.mark();
      expect(await disk.size('wal/0000000001.log')).toBe(SEGMENT_BYTES);
      expect(await recovered()).toEqual([1]);
    });

    it('before the next append, whoever waits for it', async () => {
      await append(1);
      void log.mark();
      await append(2);
      expect(await recovered()).toEqual([1, 2]);
    });
  });

  it('stores nothing of a frame whose write failed, and goes on in a new segment', async () => {
    await append(1);
    faults.tornAt = 60;
    faults.fails = (call) => call.startsWith('write');
    await expect(append(2)).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(await disk.size('wal/0000000001.log')).toBe(64 + FRAME_BYTES);
    const cut = faults.calls.lastIndexOf('truncate wal/0000000001.log');
    expect(faults.calls[cut + 1]).toBe('sync wal/0000000001.log');
    faults.fails = () => false;
    await append(3);
    expect(await disk.list('wal')).toContain('0000000002.log');
    expect(await recovered()).toEqual([1, 3]);
  });

  it.each(['truncate', 'sync'])(
    'takes no more frames where a failed write cannot be undone (%s)',
    async (step) => {
      await append(1);
      faults.fails = (call) => call.startsWith('write') || call.startsWith(step);
      await expect(append(2)).rejects.toThrow(OutcomeUnknownError);
      faults.fails = () => false;
      await expect(append(3)).rejects.toThrow(LogPoisonedError);
      expect(log.isPoisoned).toBe(true);
      expect(await recovered()).toEqual([1]);
    },
  );

  it('never tries a failed sync again', async () => {
    await append(1);
    faults.fails = (call) => call.startsWith('sync ');
    await expect(append(2)).rejects.toThrow(OutcomeUnknownError);
    faults.fails = () => false;
    faults.calls.length = 0;
    const refused = append(3);
    await expect(refused).rejects.toThrow(LogPoisonedError);
    await expect(refused).rejects.toMatchObject({ cause: expect.any(OutcomeUnknownError) });
    await log.mark();
    await expect(log.rotate()).rejects.toThrow(LogPoisonedError);
    expect(faults.calls).toEqual([]);
    expect(log.lastSequence).toBe(1);
  });

  describe('releases segments', () => {
    it('that hold nothing newer, the oldest first, each durably before the next', async () => {
      for (const sequence of [1, 2, 3]) {
        await append(sequence);
        await log.rotate();
      }
      faults.calls.length = 0;
      expect(await log.release(Instant.of(2))).toBe(2);
      expect(log.firstSegment).toBe(3);
      expect(faults.calls).toEqual([
        'unlink wal/0000000001.log',
        'syncDirectory wal',
        'unlink wal/0000000002.log',
        'syncDirectory wal',
      ]);
      expect(await recovered()).toEqual([3]);
    });

    it('but none with a later commit, and never the current one', async () => {
      await append(1);
      await append(3);
      await log.rotate();
      await append(5);
      expect(await log.release(Instant.of(2))).toBe(0);
      expect(await log.release(Instant.of(5))).toBe(1);
      expect(await log.release(Instant.of(5))).toBe(0);
      expect(await recovered()).toEqual([5]);
    });

    it('also after the directory could not be synced', async () => {
      await append(1);
      await log.rotate();
      faults.fails = (call) => call.startsWith('syncDirectory');
      await expect(log.release(Instant.of(1))).rejects.toThrow();
      expect(log.firstSegment).toBe(1);
      faults.fails = () => false;
      expect(await log.release(Instant.of(1))).toBe(1);
      expect(log.firstSegment).toBe(2);
    });
  });

  it('rotates, so that the segment with the last frames can go too', async () => {
    await append(1);
    await log.rotate();
    await log.rotate();
    expect(await log.release(Instant.of(1))).toBe(1);
    expect(log.firstSegment).toBe(2);
    expect(log.bytes).toBe(64);
    await append(2);
    expect(await recovered()).toEqual([2]);
  });

  it('rotates while commits come in', async () => {
    for (let sequence = 1; sequence <= 40; sequence++) {
      const rotated = sequence % 3 === 0 ? log.rotate() : undefined;
      await append(sequence);
      if (sequence % 7 === 0) await log.mark();
      await rotated;
    }
    expect(await recovered()).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
  });
});
