// Opens the log: hands out what it holds, cuts a last write that was never acknowledged, and refuses what is
// damaged (segment-scan.ts says what is which). Nothing is served before the tail of the log was written and
// synced once more: frames of a process that was killed may be in the system's memory only, and after a
// failed sync the system may hold as clean what never reached the disk.

import type { Instant } from '../../core/instant.js';
import type { Disk } from '../disk.js';
import { LOG_FOLDER, logSegmentFile, parseFileName } from '../paths.js';
import type { Commit } from './commit.js';
import { beginLog, resetLog, resumeLog, type Tail } from './log-recovery.js';
import { SegmentScanner, type LogRange, type ScannedSegment } from './segment-scan.js';
import type { WriteAheadLog } from './write-ahead-log.js';

export interface LogOptions {
  /** Of a segment's file. */
  readonly segmentBytes: number;
  /** Called in the order of the commits, with none that is not whole. */
  readonly onCommit: (commit: Commit) => void | Promise<void>;
  /**
   * What is known to be stored elsewhere: the log begins with the commit behind it or an earlier one, and
   * segments that hold nothing else are removed. Where it is not given, any beginning will do.
   */
  readonly storedThrough?: Instant | undefined;
  /** Skips what cannot be read instead of refusing it. */
  readonly salvage?: Salvage | undefined;
}

export interface Salvage {
  /**
   * Called where something was skipped, after the last commit: stores all of them elsewhere. When it
   * resolves, damaged segments are moved aside, the others removed, and the log begins anew.
   * @param firstSegment the segment that it will begin with
   */
  readonly beforeReset: (firstSegment: number) => Promise<void>;
}

export interface OpenedLog {
  readonly log: WriteAheadLog;
  /** How many commits were handed out. */
  readonly commits: number;
  /** Last writes that were cut off, and were never acknowledged. */
  readonly cut: readonly LogRange[];
  /** What `salvage` could not read. */
  readonly skipped: readonly LogRange[];
  readonly temporaryFilesRemoved: number;
  /** Segments that held nothing but what is stored elsewhere. */
  readonly deadSegmentsRemoved: number;
}

/**
 * @throws LogDamagedError; NewerFormatError; the system's error where the log cannot be read or written
 */
export async function openLog(disk: Disk, options: LogOptions): Promise<OpenedLog> {
  await disk.makeFolder(LOG_FOLDER);
  // Names that a killed process left may not be durable, and the log goes on in their files.
  await disk.syncDirectory(LOG_FOLDER);
  const folder = await listFolder(disk);
  const { storedThrough } = options;
  const scanner = new SegmentScanner(options.onCommit, {
    skipsDamage: options.salvage !== undefined,
    storedThrough,
  });
  // There has been a log from the beginning.
  if (storedThrough !== undefined && folder.segments.length === 0) scanner.missing(1);
  for (const name of folder.temporary) await disk.unlink(name);
  const { segments, tail } = await readAll(disk, folder.segments, scanner);
  const log = await makeReady(disk, options, scanner, {
    ordinals: folder.segments,
    segments,
    tail,
    unused: Math.max(0, ...folder.segments, ...folder.damaged) + 1,
  });
  // The last frame that was read is the one that no other vouches for.
  await log.mark();
  const deadSegmentsRemoved = storedThrough === undefined ? 0 : await log.release(storedThrough);
  return {
    log,
    commits: scanner.commits,
    // Behind the frames of an earlier segment nothing but a marker can have been torn.
    cut: tail
      ? segments.slice(segments.indexOf(tail.segment)).flatMap(({ torn }) => torn ?? [])
      : [],
    skipped: scanner.skipped,
    temporaryFilesRemoved: folder.temporary.length,
    deadSegmentsRemoved,
  };
}

interface Folder {
  /** Ordinals, ascending. */
  readonly segments: readonly number[];
  readonly damaged: readonly number[];
  readonly temporary: readonly string[];
}

async function listFolder(disk: Disk): Promise<Folder> {
  const segments: number[] = [];
  const damaged: number[] = [];
  const temporary: string[] = [];
  for (const file of await disk.list(LOG_FOLDER)) {
    const name = `${LOG_FOLDER}/${file}`;
    const parsed = parseFileName(name);
    if (parsed.kind === 'log') segments.push(parsed.ordinal);
    else if (parsed.kind === 'damaged-log') damaged.push(parsed.ordinal);
    else if (parsed.kind === 'temporary') temporary.push(name);
  }
  return { segments: segments.sort((a, b) => a - b), damaged, temporary };
}

/** Never more than two segments in memory: the last one with frames, and the one that is being read. */
async function readAll(
  disk: Disk,
  ordinals: readonly number[],
  scanner: SegmentScanner,
): Promise<{ segments: ScannedSegment[]; tail: Tail | undefined }> {
  const segments: ScannedSegment[] = [];
  let tail: Tail | undefined;
  let expected = ordinals[0];
  for (const ordinal of ordinals) {
    if (ordinal !== expected) scanner.missing(expected!);
    expected = ordinal + 1;
    const read = await disk.read(logSegmentFile(ordinal));
    const bytes = Buffer.from(read.buffer, read.byteOffset, read.byteLength);
    const segment = await scanner.scan(bytes, ordinal);
    if (!segment) continue;
    segments.push(segment);
    if (segment.holdsFrames || !tail) tail = { segment, bytes };
  }
  return { segments, tail };
}

interface ReadLog {
  readonly ordinals: readonly number[];
  readonly segments: readonly ScannedSegment[];
  readonly tail: Tail | undefined;
  /** An ordinal above all files of the folder. */
  readonly unused: number;
}

async function makeReady(
  disk: Disk,
  { segmentBytes, salvage }: LogOptions,
  { skipped, damagedOrdinals, lastSequence }: SegmentScanner,
  read: ReadLog,
): Promise<WriteAheadLog> {
  const settings = { disk, segmentBytes, lastSequence };
  const { unused } = read;
  if (salvage && skipped.length > 0) {
    await salvage.beforeReset(unused);
    return resetLog(settings, unused, read.ordinals, damagedOrdinals);
  }
  return read.tail ? resumeLog(settings, read.segments, read.tail) : beginLog(settings, unused);
}
