// Reads the frames of segments one behind the other, and tells a log that was cut off in its last write from
// one that is damaged. It hands out no frame that is not whole and in its place. All of it is decided on
// bytes in memory; log-reader.ts gets them.
//
// The rule: where the unbroken sequence of frames ends, nothing whole may follow that says that there was
// more: no frame and no marker behind the place, and in the segments behind it no frame that follows on
// another sequence. What else lies there was never acknowledged.

import { assert } from '../../core/assert.js';
import type { Instant } from '../../core/instant.js';
import { messageOf } from '../../core/app-error.js';
import { logSegmentFile } from '../paths.js';
import { DamagedFileError } from '../parquet/file-seal.js';
import { MalformedBytesError } from './bytes.js';
import { decodeCommits } from './commit-codec.js';
import type { Commit } from './commit.js';
import { decodeFrame, findFrame, type Frame } from './frame.js';
import { LogDamagedError } from './log-errors.js';
import { decodeHeader, SEGMENT_HEADER_BYTES, type StoredHeader } from './segment.js';

export interface LogRange {
  readonly file: string;
  readonly offset: number;
  /** 0 where a whole file is missing. */
  readonly bytes: number;
}

/** What is left to know of a segment once its frames are handed out. */
export interface ScannedSegment {
  readonly header: StoredHeader;
  readonly size: number;
  readonly holdsFrames: boolean;
  /** The first byte behind its last frame. */
  readonly end: number;
  /** What lies behind its last frame and a marker; undefined where that is only zeros. */
  readonly torn: LogRange | undefined;
  /** It never was written to. */
  readonly isBlank: boolean;
  /** Of its last frame. */
  readonly lastSequence: Instant;
}

/**
 * What is known of the last sequence: `exact`, that of the frame before; `floor`, that or a later one (of
 * segments that are gone); `lost`, the same after damage was skipped.
 */
type Knowledge = 'exact' | 'floor' | 'lost';

export interface ScanOptions {
  readonly skipsDamage: boolean;
  /** The log begins with the commit behind this one, or an earlier one; unknown where it is not given. */
  readonly storedThrough?: Instant | undefined;
}

export class SegmentScanner {
  readonly skipped: LogRange[] = [];
  readonly damagedOrdinals = new Set<number>();
  lastSequence = 0 as Instant;
  commits = 0;
  private knowledge: Knowledge = 'floor';
  private before: ScannedSegment | undefined;

  constructor(
    private readonly onCommit: (commit: Commit) => void | Promise<void>,
    private readonly options: ScanOptions,
  ) {}

  /**
   * Called with one segment after the other. Hands out what it holds.
   * @returns undefined where the whole segment was skipped
   * @throws LogDamagedError unless damage is skipped; NewerFormatError
   */
  async scan(bytes: Buffer, ordinal: number): Promise<ScannedSegment | undefined> {
    const header = this.readHeader(bytes, ordinal);
    if (header === undefined) return undefined;
    this.checkNumber(header);
    let at = SEGMENT_HEADER_BYTES;
    let end = at;
    let holdsFrames = false;
    for (;;) {
      const frame = decodeFrame(bytes, at, header.salt);
      if (frame?.kind === 'group') {
        await this.take(frame, ordinal);
        holdsFrames = true;
        at = end = frame.end;
        continue;
      }
      if (frame) this.checkMarker(frame, ordinal);
      const stray = findFrame(bytes, at + 1, header.salt);
      if (!stray) {
        const written = endOfContent(bytes);
        const offset = frame?.end ?? at;
        this.before = {
          header,
          size: bytes.length,
          holdsFrames,
          end,
          torn:
            written > offset
              ? { file: logSegmentFile(ordinal), offset, bytes: written - offset }
              : undefined,
          isBlank: written <= SEGMENT_HEADER_BYTES,
          lastSequence: this.lastSequence,
        };
        return this.before;
      }
      this.damaged(
        ordinal,
        at,
        stray.offset - at,
        'it is not a whole frame, and one lies behind it',
      );
      at = stray.offset;
    }
  }

  /** @param ordinal of a segment that is not there */
  missing(ordinal: number): void {
    this.damaged(ordinal, 0, 0, 'the file is missing');
  }

  private readHeader(bytes: Buffer, ordinal: number): StoredHeader | undefined {
    try {
      return decodeHeader(bytes, ordinal);
    } catch (error) {
      if (!(error instanceof DamagedFileError)) throw error;
      // Without the salt in it no frame of the segment can be told from rubbish.
      this.damaged(ordinal, 0, bytes.length, error.message, error);
      return undefined;
    }
  }

  private checkNumber(header: StoredHeader): void {
    const { previousSequence } = header;
    if (this.before && this.knowledge !== 'lost' && previousSequence > this.lastSequence) {
      this.damagedBefore('the next segment was begun after a later commit than is here');
    }
    if (!this.before) this.checkBeginning(header, previousSequence);
    if (previousSequence > this.lastSequence) this.lastSequence = previousSequence;
  }

  /** @param sequence of a commit that is not in the log any more */
  private checkBeginning({ ordinal }: { readonly ordinal: number }, sequence: Instant): void {
    const { storedThrough } = this.options;
    if (this.knowledge !== 'floor' || storedThrough === undefined) return;
    if (sequence > storedThrough) {
      this.damaged(
        ordinal,
        0,
        0,
        'commits before it are stored nowhere: an earlier segment is missing',
      );
    }
  }

  private async take(frame: Frame, ordinal: number): Promise<void> {
    const { offset, sequence, previous } = frame;
    const length = frame.end - offset;
    const isFirst = offset === SEGMENT_HEADER_BYTES;
    if (isFirst && this.before?.holdsFrames === false && this.knowledge !== 'lost') {
      this.damagedBefore('the segment is empty, and the next one is not');
    }
    this.checkBeginning({ ordinal }, previous);
    if (!this.isAtHand(previous)) {
      this.gap(frame, ordinal, 'the frame that follows says that another was before it');
    }
    if (sequence <= this.lastSequence) {
      return this.damaged(ordinal, offset, length, 'the frame repeats an earlier sequence');
    }
    const commits = this.decode(frame, ordinal);
    for (const commit of commits) await this.onCommit(commit);
    this.commits += commits.length;
    this.lastSequence = sequence;
    this.knowledge = commits.length > 0 ? 'exact' : 'lost';
  }

  private decode(frame: Frame, ordinal: number): Commit[] {
    try {
      const commits = decodeCommits(frame.payload);
      const last = commits.at(-1);
      if (last?.instant !== frame.sequence || commits[0]!.instant <= frame.previous) {
        throw new MalformedBytesError('the commits are not those that the frame names');
      }
      return commits;
    } catch (error) {
      if (!(error instanceof MalformedBytesError)) throw error;
      this.damaged(ordinal, frame.offset, frame.end - frame.offset, messageOf(error), error);
      return [];
    }
  }

  /** A marker repeats the sequence of the last frame. */
  private checkMarker(marker: Frame, ordinal: number): void {
    this.checkBeginning({ ordinal }, marker.sequence);
    if (!this.isAtHand(marker.sequence)) {
      this.gap(marker, ordinal, 'the marker that follows says that another frame was before it');
    }
    if (marker.sequence > this.lastSequence) this.lastSequence = marker.sequence;
  }

  /** Whether the sequence can be that of the frame before this place. */
  private isAtHand(sequence: Instant): boolean {
    if (this.knowledge === 'lost') return true;
    return this.knowledge === 'exact'
      ? sequence === this.lastSequence
      : sequence >= this.lastSequence;
  }

  private gap({ offset }: Frame, ordinal: number, reason: string): void {
    const isFirst = offset === SEGMENT_HEADER_BYTES;
    if (isFirst && this.before) this.damagedBefore(reason);
    else this.damaged(ordinal, offset, 0, reason);
  }

  /** Something is missing between the end of the segment before and this one. */
  private damagedBefore(reason: string): void {
    assert(this.before, 'there is a segment before');
    const { header, end, size } = this.before;
    this.damaged(header.ordinal, end, size - end, reason);
  }

  private damaged(
    ordinal: number,
    offset: number,
    bytes: number,
    reason: string,
    cause?: unknown,
  ): void {
    const file = logSegmentFile(ordinal);
    if (!this.options.skipsDamage) throw new LogDamagedError(file, offset, reason, { cause });
    this.skipped.push({ file, offset, bytes });
    this.damagedOrdinals.add(ordinal);
    this.knowledge = 'lost';
  }
}

/** The offset behind the last byte that is not zero. */
function endOfContent(bytes: Buffer): number {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return end;
}
