import type { Clock } from '../../src/core/clock.js';
import type { Disk } from '../../src/storage/disk.js';
import type { Stores } from '../support/stores.js';

/** The engine as the simulation drives it. */
export interface EngineUnderTest extends Omit<Stores, 'close'> {
  /** Moves all that is in memory into the files. */
  flush(): Promise<void>;
  /** Writes the index, and lets go of the log that it covers. */
  checkpoint(): Promise<void>;
  /** Files that were found damaged since the opening. */
  readonly damaged: number;
  close(): Promise<void>;
  /** After a crash: lets everything go without another call of the disk. */
  abandon(): void;
}

export type OpenEngine = (
  disk: Disk,
  clock: Clock,
  options: { readonly seed: number },
) => Promise<EngineUnderTest>;
