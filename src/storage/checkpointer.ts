// Writes the catalogue into one file, so that the next start need not open every other, and lets go of the
// log that is behind it.

import { encodeCheckpoint } from './catalog/checkpoint-file.js';
import type { Disk } from './disk.js';
import { replaceFile } from './flush/staged-files.js';
import type { WriteAheadLog } from './log/write-ahead-log.js';
import { CHECKPOINT_FILE } from './paths.js';
import type { StoredState } from './stored-state.js';

export class Checkpointer {
  private bytes = 0;
  private turn: Promise<void> = Promise.resolve();

  constructor(
    private readonly disk: Disk,
    private readonly state: StoredState,
    private readonly log: WriteAheadLog,
  ) {}

  /**
   * Once the log has grown by as much as a checkpoint takes: a small log is not worth the writing of a large
   * catalogue, and replays in a moment.
   */
  async writeIfWorthwhile(): Promise<void> {
    const behind = this.log.releasableBytes(this.state.flushedThrough);
    if (behind > 0 && behind >= this.bytes) await this.write();
  }

  /**
   * Segments go when everything in them is in files, and the checkpoint that knows those files is durable. One at
   * a time: an older checkpoint must not take the place of one on whose strength segments went.
   */
  write(): Promise<void> {
    const run = this.turn.then(() => this.writeNow());
    this.turn = run.catch(() => undefined);
    return run;
  }

  private async writeNow(): Promise<void> {
    const { flushedThrough, catalog } = this.state;
    const bytes = await encodeCheckpoint(catalog, { flushedThrough });
    await replaceFile(this.disk, CHECKPOINT_FILE, bytes);
    this.bytes = bytes.byteLength;
    await this.log.release(flushedThrough);
  }
}
