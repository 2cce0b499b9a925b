// The thread in which files are encoded that would hold up the main one.

import { parentPort } from 'node:worker_threads';
import { assert } from '../../core/assert.js';
import { messageOf } from '../../core/app-error.js';
import { encodeSeries, mergeFile, type MergeTask, type SeriesTask } from './encoder-tasks.js';
import { isUnusable } from './file-seal.js';
import type { EncodedPoints } from './points-file.js';

export interface Request {
  readonly number: number;
  readonly task: MergeTask | SeriesTask;
}

export type Reply =
  | { readonly number: number; readonly result: Uint8Array | EncodedPoints }
  | { readonly number: number; readonly failure: string; readonly isDamage: boolean };

assert(parentPort, 'the encoder runs in a thread of its own');
const port = parentPort;

port.on('message', (request: Request) => void answer(request));

async function answer({ number, task }: Request): Promise<void> {
  try {
    const result = task.kind === 'series' ? await encodeSeries(task.row) : mergeFile(task);
    const bytes = result instanceof Uint8Array ? result : result.bytes;
    // Moved, not copied, unless it is a part of something that stays here.
    const isWhole = bytes.byteLength === bytes.buffer.byteLength;
    port.postMessage(
      { number, result } satisfies Reply,
      isWhole ? [bytes.buffer as ArrayBuffer] : [],
    );
  } catch (error) {
    const isDamage = isUnusable(error);
    port.postMessage({ number, failure: messageOf(error), isDamage } satisfies Reply);
  }
}
