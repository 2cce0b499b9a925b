// What becomes of the files of the log once everything in them has been handed out.

import type { Instant } from '../../core/instant.js';
import type { Disk, DiskFile } from '../disk.js';
import { damagedLogFile, LOG_FOLDER, logSegmentFile } from '../paths.js';
import { FRAME_HEADER_BYTES } from './frame.js';
import { createSegment, SEGMENT_HEADER_BYTES, type OpenSegment } from './segment.js';
import type { ScannedSegment } from './segment-scan.js';
import { WriteAheadLog } from './write-ahead-log.js';

/** The last segment with frames, or the first one where none has any. */
export interface Tail {
  readonly segment: ScannedSegment;
  readonly bytes: Buffer;
}

interface Settings {
  readonly disk: Disk;
  readonly segmentBytes: number;
  readonly lastSequence: Instant;
}

/** A log without frames. */
export async function beginLog(settings: Settings, ordinal: number): Promise<WriteAheadLog> {
  const { disk, segmentBytes, lastSequence } = settings;
  const current = await createSegment(disk, ordinal, lastSequence, segmentBytes);
  const end = SEGMENT_HEADER_BYTES;
  return new WriteAheadLog(disk, segmentBytes, { full: [], current, end, lastSequence });
}

/** Goes on in the last segment with frames, or behind it where an older release made it. */
export async function resumeLog(
  settings: Settings,
  segments: readonly ScannedSegment[],
  tail: Tail,
): Promise<WriteAheadLog> {
  const { disk, segmentBytes, lastSequence } = settings;
  const at = segments.indexOf(tail.segment);
  const [next, ...rest] = segments.slice(at + 1);
  // The prepared segment is kept, unless a frame was begun in it or an older release made it.
  const isUsable = next?.isBlank && !next.header.isOlderFormat;
  const spare = isUsable && tail.segment.holdsFrames ? next : undefined;
  const superfluous = next && !spare ? [next, ...rest] : rest;
  // The last one first, so that no crash leaves a gap.
  for (const { header } of superfluous.reverse()) await removeSegment(disk, header.ordinal);
  const current = await rewriteTail(disk, tail, segmentBytes);
  const prepared = spare && {
    ...spare.header,
    capacity: spare.size,
    file: await disk.open(logSegmentFile(spare.header.ordinal)),
  };
  const full = segments.slice(0, at).map((segment) => ({
    ordinal: segment.header.ordinal,
    usedBytes: segment.end,
    lastSequence: segment.lastSequence,
  }));
  const { end } = tail.segment;
  return new WriteAheadLog(disk, segmentBytes, { full, current, end, lastSequence, prepared });
}

/** Begins anew behind a log that was salvaged; damaged segments are kept under another name. */
export async function resetLog(
  settings: Settings,
  first: number,
  ordinals: readonly number[],
  damaged: ReadonlySet<number>,
): Promise<WriteAheadLog> {
  const { disk } = settings;
  const log = await beginLog(settings, first);
  for (const ordinal of ordinals) {
    if (!damaged.has(ordinal)) {
      await removeSegment(disk, ordinal);
      continue;
    }
    await disk.rename(logSegmentFile(ordinal), damagedLogFile(ordinal));
    await disk.syncDirectory(LOG_FOLDER);
  }
  return log;
}

async function removeSegment(disk: Disk, ordinal: number): Promise<void> {
  await disk.unlink(logSegmentFile(ordinal));
  await disk.syncDirectory(LOG_FOLDER);
}

/** The same bytes in the same place, so a crash in the middle changes nothing; zeros behind them. */
async function rewriteTail(disk: Disk, tail: Tail, segmentBytes: number): Promise<OpenSegment> {
  const { segment, bytes } = tail;
  const { header, end, size } = segment;
  const file = await disk.open(logSegmentFile(header.ordinal));
  try {
    await file.write(0, bytes.subarray(0, end));
    await file.write(end, Buffer.alloc(size - end));
    await file.sync();
    // Room for a marker and for no frame: the next one goes into a segment of this format.
    const capacity = header.isOlderFormat
      ? Math.min(size, end + FRAME_HEADER_BYTES)
      : await extend(file, size, segmentBytes);
    return { ...header, file, capacity };
  } catch (error) {
    await file.close().catch(() => undefined);
    throw error;
  }
}

/** A segment that was cut after a failed write gets its room back, if the disk has it. */
async function extend(file: DiskFile, size: number, segmentBytes: number): Promise<number> {
  if (size >= segmentBytes) return size;
  try {
    await file.write(size, Buffer.alloc(segmentBytes - size));
  } catch {
    // A full disk: the next frame will ask for a new segment. What is stored can be served.
    await file.truncate(size);
    await file.sync();
    return size;
  }
  await file.sync();
  return segmentBytes;
}
