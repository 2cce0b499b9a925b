// Where commits become durable: frames one behind the other in segments `wal/0000000001.log`, …; one write
// and one sync a frame. Recovery (log-reader.ts) reads them back. It takes a bad frame for one that was
// never acknowledged where nothing whole lies behind it. For the last frame of all that would be a guess, so
// when nothing waits a *marker* is written behind it: a frame without content which says that all before it
// was durable. If that last frame is found damaged, the marker proves that it had been whole.
//
// The marker is not synced and the end of the log does not move: the next frame is written over it. Between
// the two, any part of either may be on the disk, and none of it was acknowledged. Whatever a crash leaves
// of them is at the end of the log, with nothing whole behind it, and is cut; where the next frame went into
// another segment, the chain of sequences shows that nothing is missing. So no marker can look like damage.
//
// A failed sync is never tried again: the system may have given the bytes up and would report success.
//
// Only the last segment may hold no frames: where one has to be left that never took any, its successor
// takes its name. A segment without frames in front of one with frames is therefore damage.

import { assert } from '../../core/assert.js';
import type { Instant } from '../../core/instant.js';
import { unlinkIfPresent, type Disk } from '../disk.js';
import { LOG_FOLDER, logSegmentFile } from '../paths.js';
import { encodeFrame, FRAME_HEADER_BYTES } from './frame.js';
import { LogPoisonedError, OutcomeUnknownError } from './log-errors.js';
import { createSegment, SEGMENT_HEADER_BYTES, type OpenSegment } from './segment.js';

const NO_PAYLOAD = new Uint8Array(0);

/** A segment that takes no more frames. */
export interface FullSegment {
  readonly ordinal: number;
  readonly usedBytes: number;
  readonly lastSequence: Instant;
}

export interface LogState {
  readonly full: readonly FullSegment[];
  readonly current: OpenSegment;
  /** The first byte of `current` behind its last frame. */
  readonly end: number;
  /** Not below that of any frame; 0 where there never was one. */
  readonly lastSequence: Instant;
  /** The segment after `current`, empty; only where `current` holds frames. */
  readonly prepared?: OpenSegment | undefined;
}

export class WriteAheadLog {
  private readonly full: FullSegment[];
  private current: OpenSegment;
  private end: number;
  /** Below the capacity of the file where it was cut after a failed write. */
  private limit: number;
  private sequence: Instant;
  /** The next segment, or undefined where it could not be made: that is tried again when it is needed. */
  private preparing: Promise<OpenSegment | undefined> | undefined;
  private poison: OutcomeUnknownError | undefined;
  /** Told how long each sync of a frame took, once it has succeeded. */
  synced: (milliseconds: number) => void = () => undefined;
  private isAppending = false;
  private isClosed = false;
  private turn: Promise<unknown> = Promise.resolve();
  private releaseTurn: Promise<unknown> = Promise.resolve();

  /** @param segmentBytes of a segment's file, the header included */
  constructor(
    private readonly disk: Disk,
    private readonly segmentBytes: number,
    state: LogState,
  ) {
    assert(segmentBytes > SEGMENT_HEADER_BYTES, 'a segment has room for frames');
    this.full = [...state.full];
    this.current = state.current;
    this.end = state.end;
    this.limit = state.current.capacity;
    this.sequence = state.lastSequence;
    if (state.prepared) this.preparing = Promise.resolve(state.prepared);
  }

  /** The instant of the last commit that is known to be durable; 0 where there is none. */
  get lastSequence(): Instant {
    return this.sequence;
  }

  /** Ordinal of the oldest segment. */
  get firstSegment(): number {
    return this.full[0]?.ordinal ?? this.current.ordinal;
  }

  /** Segments that hold frames or take them. */
  get segments(): number {
    return this.full.length + 1;
  }

  /** Bytes in use, of all segments. */
  get bytes(): number {
    return this.full.reduce((sum, { usedBytes }) => sum + usedBytes, this.end);
  }

  /** Bytes of the segments that `release` would remove. */
  releasableBytes(throughSequence: Instant): number {
    return this.full
      .filter(({ lastSequence }) => lastSequence <= throughSequence)
      .reduce((sum, { usedBytes }) => sum + usedBytes, 0);
  }

  get isPoisoned(): boolean {
    return this.poison !== undefined;
  }

  /**
   * Resolves when the payload is durable. One caller at a time.
   * @param sequence the instant of the last commit in the payload, above all before it
   * @throws OutcomeUnknownError, LogPoisonedError; the system's error where nothing was stored
   */
  async append(payload: Uint8Array, sequence: Instant): Promise<void> {
    assert(!this.isAppending, 'one append at a time');
    assert(sequence > this.sequence, 'sequences ascend');
    this.isAppending = true;
    try {
      await this.inTurn(() => this.write(payload, sequence));
    } finally {
      this.isAppending = false;
    }
  }

  /** To be called when nothing waits to be appended; see the head of this file. Never fails. */
  mark(): Promise<void> {
    return this.inTurn(async () => {
      // Never past the end of the file: a marker does not make a segment longer.
      const hasRoom = this.end + FRAME_HEADER_BYTES <= this.limit;
      if (this.poison || this.isClosed || !hasRoom) return;
      try {
        await this.current.file.write(this.end, this.frame('marker', this.sequence));
      } catch {
        // The commit before it is durable already, and the next frame goes over whatever was written.
        // A disk that is broken says so to the next append.
      }
    });
  }

  /**
   * Lets the current segment go to the full ones, so that `release` can remove it; nothing where it holds no
   * frames.
   * @throws the system's error where no segment can be made; LogPoisonedError
   */
  async rotate(): Promise<void> {
    // Begun in a turn, because two segments in the making would take one name; not awaited in it, so that no
    // append waits for it.
    await this.inTurn(() => {
      this.assertWritable();
      if (this.holdsFrames) this.prepare();
      return Promise.resolve();
    });
    await this.preparing;
    await this.inTurn(async () => {
      this.assertWritable();
      if (this.holdsFrames) await this.switchSegment(0);
    });
  }

  /**
   * Removes full segments that hold nothing above `throughSequence`, the oldest first. Each removal is
   * durable before the next, so that no crash leaves a gap.
   * @returns how many
   */
  release(throughSequence: Instant): Promise<number> {
    const run = this.releaseTurn.then(async () => {
      let released = 0;
      for (;;) {
        const [oldest] = this.full;
        if (!oldest || oldest.lastSequence > throughSequence) return released;
        // Gone already where the directory could not be synced after an earlier removal.
        await unlinkIfPresent(this.disk, logSegmentFile(oldest.ordinal));
        await this.disk.syncDirectory(LOG_FOLDER);
        this.full.shift();
        released++;
      }
    });
    this.releaseTurn = run.catch(() => undefined);
    return run;
  }

  /** Waits for what was begun. */
  async close(): Promise<void> {
    await this.releaseTurn;
    await this.inTurn(async () => {
      if (this.isClosed) return;
      this.isClosed = true;
      const prepared = await this.preparing;
      if (prepared) await closeQuietly(prepared);
      await this.current.file.close();
    });
  }

  private get holdsFrames(): boolean {
    return this.end > SEGMENT_HEADER_BYTES;
  }

  private async write(payload: Uint8Array, sequence: Instant): Promise<void> {
    this.assertWritable();
    const length = FRAME_HEADER_BYTES + payload.byteLength;
    if (this.end + length > this.limit) await this.switchSegment(length);
    const frame = this.frame('group', sequence, payload);
    try {
      await this.current.file.write(this.end, frame);
    } catch (error) {
      await this.undo(error);
      throw error;
    }
    const started = performance.now();
    try {
      await this.current.file.sync();
    } catch (error) {
      throw this.poisoned('The log could not be synced', error);
    }
    this.synced(performance.now() - started);
    this.end += length;
    this.sequence = sequence;
    const half = (SEGMENT_HEADER_BYTES + this.limit) / 2;
    if (this.end >= half) this.prepare();
  }

  private frame(
    kind: 'group' | 'marker',
    sequence: Instant,
    payload: Uint8Array = NO_PAYLOAD,
  ): Buffer {
    return encodeFrame(this.current.salt, { kind, sequence, previous: this.sequence, payload });
  }

  /** After a failed write: nothing of the frame may come back at the next start. */
  private async undo(cause: unknown): Promise<void> {
    try {
      await this.current.file.truncate(this.end);
      await this.current.file.sync();
      // The file has lost its room, so the next frame goes into a new segment.
      this.limit = this.end;
    } catch (error) {
      throw this.poisoned(
        'A write to the log failed and could not be undone',
        new AggregateError([cause, error]),
      );
    }
  }

  private poisoned(message: string, cause: unknown): OutcomeUnknownError {
    this.poison = new OutcomeUnknownError(
      `${message}: whether the commit is stored, the next start will tell`,
      { cause },
    );
    return this.poison;
  }

  private assertWritable(): void {
    assert(!this.isClosed, 'the log is open');
    if (this.poison) {
      throw new LogPoisonedError('The log takes no more writes before the next start', {
        cause: this.poison,
      });
    }
  }

  /** @param frameBytes of the frame that shall go into the next segment */
  private async switchSegment(frameBytes: number): Promise<void> {
    const left = this.current;
    const next = await this.takeNext(SEGMENT_HEADER_BYTES + frameBytes);
    if (this.holdsFrames) {
      this.full.push({
        ordinal: left.ordinal,
        usedBytes: this.end,
        lastSequence: this.sequence,
      });
    }
    this.current = next;
    this.end = SEGMENT_HEADER_BYTES;
    this.limit = next.capacity;
    await closeQuietly(left);
  }

  private async takeNext(bytesMin: number): Promise<OpenSegment> {
    const prepared = await this.preparing;
    this.preparing = undefined;
    if (prepared && prepared.capacity >= bytesMin) return prepared;
    if (prepared) await closeQuietly(prepared);
    return this.create(Math.max(this.segmentBytes, bytesMin));
  }

  /** In the background; only in a turn. */
  private prepare(): void {
    this.preparing ??= this.create(this.segmentBytes).catch(() => undefined);
  }

  private create(capacity: number): Promise<OpenSegment> {
    const ordinal = this.current.ordinal + (this.holdsFrames ? 1 : 0);
    return createSegment(this.disk, ordinal, this.sequence, capacity);
  }

  private inTurn<T>(task: () => Promise<T>): Promise<T> {
    const run = this.turn.then(task);
    this.turn = run.catch(() => undefined);
    return run;
  }
}

/** All in it was synced, so a failure says nothing of what is stored. */
async function closeQuietly({ file }: OpenSegment): Promise<void> {
  await file.close().catch(() => undefined);
}
