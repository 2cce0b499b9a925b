// Encodes what a flush writes without holding up requests: small points files on the main thread, one per
// turn of the event loop; larger ones, and metadata (2 to 4 ms a file), in a thread of their own.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { assert } from '../../core/assert.js';
import type { SeriesRow } from '../../schema/series.columns.js';
import { encodeSeries, type MergeTask } from './encoder-tasks.js';
import { EncoderThread } from './encoder-thread.js';
import type { EncodedPoints } from './points-file.js';

/** Rows that take the main thread half a millisecond: larger files cost small reads beside a flush their tail. */
const ROWS_ON_MAIN_THREAD = 2_000;

export interface FileEncoderOptions {
  /** Encodes on the main thread whatever its size, for tests that have to be repeatable. */
  readonly withoutThread?: boolean;
}

export interface EncoderLoad {
  readonly threads: number;
  /** Files that are encoded there, or wait for it. */
  readonly tasks: number;
}

export class FileEncoder {
  private readonly thread: EncoderThread | undefined;
  private turn: Promise<unknown> = Promise.resolve();
  private largeTurn: Promise<unknown> = Promise.resolve();
  private tasks = 0;

  constructor({ withoutThread = false }: FileEncoderOptions = {}) {
    this.thread = withoutThread ? undefined : new EncoderThread();
  }

  /** The metadata file of a series. */
  series(row: SeriesRow): Promise<Uint8Array> {
    const { thread } = this;
    return thread ? this.counted(thread.encodeSeries({ kind: 'series', row })) : encodeSeries(row);
  }

  /** Whether a points file of so many rows is made by `merge`, in the other thread. */
  isLarge(rows: number): boolean {
    return this.thread !== undefined && rows > ROWS_ON_MAIN_THREAD;
  }

  /**
   * One file at a time, read when its turn comes: sixteen large ones at once would fill the memory.
   * @throws DamagedFileError where the file is not the expected one
   */
  merge(task: () => Promise<MergeTask>): Promise<EncodedPoints> {
    const { thread } = this;
    assert(thread, 'large files are made in the other thread');
    const merged = this.counted(this.largeTurn.then(async () => thread.mergeFile(await task())));
    this.largeTurn = merged.catch(() => undefined);
    return merged;
  }

  /** Runs short work, alone in its turn of the event loop. */
  inTurn<T>(task: () => T): Promise<T> {
    const turn = this.turn.then(() => nextTurn()).then(task);
    this.turn = turn.catch(() => undefined);
    return turn;
  }

  get load(): EncoderLoad {
    return { threads: this.thread?.isRunning ? 1 : 0, tasks: this.tasks };
  }

  async close(): Promise<void> {
    await this.thread?.close();
  }

  private async counted<T>(work: Promise<T>): Promise<T> {
    this.tasks += 1;
    try {
      return await work;
    } finally {
      this.tasks -= 1;
    }
  }
}
