// Reads the whole log and changes nothing: for those who judge a directory, not for the one who opens it.

import type { Instant } from '../../core/instant.js';
import type { Disk } from '../disk.js';
import type { Commit } from '../log/commit.js';
import {
  SegmentScanner,
  type LogRange,
  type ScannedSegment,
  type ScanOptions,
} from '../log/segment-scan.js';
import { LOG_FOLDER, logSegmentFile, parseFileName } from '../paths.js';

export interface LogScan {
  /** How many commits can be read. */
  readonly commits: number;
  /** Not below that of any commit that is or was in the log. */
  readonly lastSequence: Instant;
  readonly segments: number;
  readonly bytes: number;
  /** What cannot be read, where that is skipped. */
  readonly skipped: readonly LogRange[];
  /** The end of a last write that was never acknowledged. */
  readonly torn: readonly LogRange[];
}

export interface LogScanOptions extends ScanOptions {
  readonly onCommit?: (commit: Commit) => void;
}

/**
 * @throws LogDamagedError unless damage is skipped; NewerFormatError; the system's error
 */
export async function scanLog(
  disk: Disk,
  { onCommit = () => undefined, ...options }: LogScanOptions,
): Promise<LogScan> {
  const scanner = new SegmentScanner(onCommit, options);
  const ordinals = await listSegments(disk);
  const scanned: ScannedSegment[] = [];
  // There has been a log from the beginning.
  if (options.storedThrough !== undefined && ordinals.length === 0) scanner.missing(1);
  let bytes = 0;
  let expected = ordinals[0];
  for (const ordinal of ordinals) {
    if (ordinal !== expected) scanner.missing(expected!);
    expected = ordinal + 1;
    const read = await disk.read(logSegmentFile(ordinal));
    bytes += read.byteLength;
    const content = Buffer.from(read.buffer, read.byteOffset, read.byteLength);
    const segment = await scanner.scan(content, ordinal);
    if (segment) scanned.push(segment);
  }
  const tail = scanned.findLastIndex(({ holdsFrames }) => holdsFrames);
  return {
    commits: scanner.commits,
    lastSequence: scanner.lastSequence,
    segments: ordinals.length,
    bytes,
    skipped: scanner.skipped,
    torn: scanned.slice(Math.max(0, tail)).flatMap(({ torn }) => torn ?? []),
  };
}

/** Ordinals, ascending. */
async function listSegments(disk: Disk): Promise<number[]> {
  const ordinals: number[] = [];
  for (const file of await disk.list(LOG_FOLDER)) {
    const parsed = parseFileName(`${LOG_FOLDER}/${file}`);
    if (parsed.kind === 'log') ordinals.push(parsed.ordinal);
  }
  return ordinals.sort((a, b) => a - b);
}
