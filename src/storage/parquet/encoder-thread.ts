// A worker thread for encoding, started when it is needed and given up afterwards: the memory of the Parquet
// library never shrinks, so that only the end of a thread gives it back.

import { Worker } from 'node:worker_threads';
import type { MergeTask, SeriesTask } from './encoder-tasks.js';
import type { Reply, Request } from './encoder-worker.js';
import { DamagedFileError } from './file-seal.js';
import type { EncodedPoints } from './points-file.js';

/** Rows after which a thread is replaced by a new one: a million rows leave it with 200 MB. */
const ROWS_PER_THREAD = 2_000_000;
/** An idle thread holds about 40 MB; one that is started anew costs 0.2 s. */
const IDLE_MILLISECONDS = 5_000;

/** Tests run from the sources; a thread needs what is built from them. */
const WORKER = new URL(
  import.meta.url.endsWith('.ts')
    ? '../../../dist/storage/parquet/encoder-worker.js'
    : './encoder-worker.js',
  import.meta.url,
);

interface Pending {
  readonly done: (result: Uint8Array | EncodedPoints) => void;
  readonly failed: (error: Error) => void;
}

export class EncoderThread {
  private worker: Worker | undefined;
  private readonly pending = new Map<number, Pending>();
  private number = 0;
  private rows = 0;
  private idle: NodeJS.Timeout | undefined;

  get isRunning(): boolean {
    return this.worker !== undefined;
  }

  encodeSeries(task: SeriesTask): Promise<Uint8Array> {
    return this.run(task) as Promise<Uint8Array>;
  }

  /**
   * The bytes of the file go over to the thread.
   * @throws DamagedFileError
   */
  mergeFile(task: MergeTask): Promise<EncodedPoints> {
    this.rows += task.changes.points.length;
    const bytes = task.file?.bytes;
    const isWhole = bytes !== undefined && bytes.byteLength === bytes.buffer.byteLength;
    return this.run(task, isWhole ? [bytes.buffer as ArrayBuffer] : []) as Promise<EncodedPoints>;
  }

  async close(): Promise<void> {
    clearTimeout(this.idle);
    const { worker } = this;
    this.worker = undefined;
    await worker?.terminate();
  }

  private run(
    task: Request['task'],
    transfer: ArrayBuffer[] = [],
  ): Promise<Uint8Array | EncodedPoints> {
    clearTimeout(this.idle);
    const number = this.number++;
    return new Promise((done, failed) => {
      this.pending.set(number, { done, failed });
      this.worker ??= this.start();
      // Only a thread that works keeps the process alive.
      this.worker.ref();
      this.worker.postMessage({ number, task } satisfies Request, transfer);
    });
  }

  private start(): Worker {
    const worker = new Worker(WORKER);
    this.rows = 0;
    worker.on('message', (reply: Reply) => this.settle(reply));
    worker.on('error', (error: Error) => this.abandon(worker, error));
    worker.on('exit', () => this.abandon(worker, new Error('the encoding thread ended')));
    return worker;
  }

  private settle(reply: Reply): void {
    const pending = this.pending.get(reply.number);
    this.pending.delete(reply.number);
    if ('result' in reply) {
      if (!(reply.result instanceof Uint8Array)) this.rows += reply.result.summary.rows;
      pending?.done(reply.result);
    } else {
      const { failure, isDamage } = reply;
      pending?.failed(isDamage ? new DamagedFileError(failure) : new Error(failure));
    }
    if (this.pending.size > 0) return;
    this.worker?.unref();
    if (this.rows >= ROWS_PER_THREAD) void this.close();
    else this.idle = setTimeout(() => void this.close(), IDLE_MILLISECONDS).unref();
  }

  /** Whatever was asked of a thread that is gone failed. */
  private abandon(worker: Worker, error: Error): void {
    if (this.worker !== worker) return;
    this.worker = undefined;
    const pending = [...this.pending.values()];
    this.pending.clear();
    for (const { failed } of pending) failed(error);
  }
}
