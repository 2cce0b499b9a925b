// Moves what the log holds into Parquet files, beside requests. Whatever fails here loses nothing: the log
// and the deltas keep it, health shows it, and it is tried again.

import { Logger } from '@nestjs/common';
import { messageOf, storageError } from '../../core/app-error.js';
import type { StoredState } from '../stored-state.js';
import { storageFailure } from '../storage-failure.js';
import type { FlushParts } from './flush-parts.js';
import { MetadataFlush } from './metadata-flush.js';
import { PointsFlush } from './points-flush.js';

const STUCK =
  'Nothing was changed: changes of series whose files are damaged fill the memory; restore the files';

/** Between attempts while the disk refuses: soon enough that writing goes on when there is space again. */
const RETRY_MILLISECONDS = 1_000;

export interface FlusherOptions {
  /** How long a change may wait; 0 flushes only when asked or when the deltas are half full. */
  readonly intervalMilliseconds: number;
  /** Most bytes of deltas; writers wait for a flush beyond. */
  readonly deltaBytesMax: number;
}

export class Flusher {
  private readonly logger = new Logger('Flusher');
  private readonly state: StoredState;
  private readonly metadata: MetadataFlush;
  private readonly points: PointsFlush;
  private running: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private failed: unknown;
  private isClosed = false;

  constructor(
    private readonly parts: FlushParts,
    private readonly options: FlusherOptions,
    /** Called when everything that waited is in files: lets go of what the log no longer needs. */
    private readonly flushed: () => Promise<void>,
  ) {
    this.state = parts.state;
    this.metadata = new MetadataFlush(parts);
    this.points = new PointsFlush(parts);
  }

  /** Why the last flush failed; undefined once one succeeded again. */
  get failure(): unknown {
    return this.failed;
  }

  /** Told after every commit. */
  noticeCommit(): void {
    if (this.isClosed) return;
    const { intervalMilliseconds } = this.options;
    // A flush that failed is tried again in its own time.
    if (this.failed === undefined && this.isHalfFull) void this.attempt().catch(reported);
    else if (intervalMilliseconds > 0) this.runSoon(intervalMilliseconds);
  }

  /**
   * Waits until the deltas have room for more.
   * @throws AppError STORAGE_ERROR while no flush succeeds
   */
  async room(): Promise<void> {
    const { deltaBytesMax } = this.options;
    while (this.state.deltaBytes >= deltaBytesMax) {
      if (this.failed !== undefined && !this.running) throw storageFailure('write', this.failed);
      try {
        await this.attempt();
      } catch (error) {
        throw storageFailure('write', error);
      }
      if (this.state.stuckDeltaBytes >= deltaBytesMax) throw storageError('write', STUCK);
    }
  }

  /** Everything that was committed before the call is in files when it returns; throws what failed. */
  async flush(): Promise<void> {
    await this.running?.catch(reported);
    await this.attempt();
  }

  async close(): Promise<void> {
    this.isClosed = true;
    clearTimeout(this.timer);
    this.timer = undefined;
    await this.running?.catch(reported);
  }

  private runSoon(milliseconds: number): void {
    if (this.timer !== undefined || this.running) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      void this.attempt().catch(reported);
    }, milliseconds).unref();
  }

  /** And a flush can do something about it. */
  private get isHalfFull(): boolean {
    const { deltaBytes } = this.state;
    const { deltaBytesMax } = this.options;
    if (deltaBytes < deltaBytesMax / 2) return false;
    return deltaBytes - this.state.stuckDeltaBytes >= deltaBytesMax / 4;
  }

  /** Joins the flush that runs, or starts one. */
  private attempt(): Promise<void> {
    this.running ??= this.run().finally(() => {
      this.running = undefined;
      if (this.isClosed || !this.state.hasWork) return;
      // Never at once: what could not be moved now cannot be moved in a moment either.
      const { intervalMilliseconds } = this.options;
      if (this.failed !== undefined) this.runSoon(RETRY_MILLISECONDS);
      else if (intervalMilliseconds > 0) this.runSoon(intervalMilliseconds);
    });
    return this.running;
  }

  private async run(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    try {
      await this.parts.metrics.observe('flush', async () => {
        await this.metadata.flush();
        await this.points.flush();
        await this.flushed();
      });
      if (this.failed !== undefined) this.logger.log({ message: 'Flushing works again' });
      this.failed = undefined;
    } catch (error) {
      // Told once, not at every attempt; health shows it as long as it lasts.
      if (this.failed === undefined) {
        this.logger.error({ message: 'Flush failed', reason: messageOf(error) });
      }
      this.failed = error;
      throw error;
    }
  }
}

/** A failure has been told by the attempt itself, and stays in `failure`. */
function reported(): void {
  return undefined;
}
