// What a client sends, message by message, with an end to waiting for it.

import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Metadata, type ServerDuplexStream } from '@grpc/grpc-js';
import { AppError, validationError } from '../core/app-error.js';
import { http2StreamOf, isAmidMessage } from './grpc-internals.js';
import { CancelledError, type Message } from './outgoing.js';

/** Of the event loop. A client in the same process needs two; one alone missed 20 of 21 resets. */
const RESET_TURNS = 3;

/**
 * What the client sends, as long as it goes on sending. Whoever stops reading may still answer: an iterator of
 * the stream itself would destroy it once the answer is an error.
 * @throws CancelledError; AppError STREAM_IDLE
 */
export async function* incomingOf(
  call: ServerDuplexStream<Buffer, Message>,
  idleMilliseconds: number,
): AsyncGenerator<Buffer> {
  let hasSent = false;
  // A large message comes in parts, over a slow line for minutes.
  http2StreamOf(call).on('data', () => (hasSent = true));
  for (;;) {
    const message = call.read() as Buffer | null;
    if (message !== null) {
      yield message;
    } else if (call.readableEnded) {
      await throwIfReset(call);
      return;
    } else {
      hasSent = false;
      await moreToRead(call, idleMilliseconds).catch((error: unknown) => {
        if (!hasSent || !(error instanceof AppError)) throw error;
      });
    }
  }
}

/** Waits until there is a message, or the end of them. */
async function moreToRead(
  call: ServerDuplexStream<Buffer, Message>,
  idleMilliseconds: number,
): Promise<void> {
  if (call.cancelled || call.destroyed) throw new CancelledError('the client has gone');
  const waiting = new AbortController();
  const { signal } = waiting;
  const timer = setTimeout(() => waiting.abort(), idleMilliseconds);
  const events = ['readable', 'end', 'close'].map((event) => once(call, event, { signal }));
  try {
    await Promise.race(events);
  } catch (error) {
    throw signal.aborted ? sentNothing(idleMilliseconds) : error;
  } finally {
    clearTimeout(timer);
    // Lets go of the listeners of the other events.
    waiting.abort();
    await Promise.allSettled(events);
  }
}

function sentNothing(milliseconds: number): AppError {
  const seconds = milliseconds / 1000;
  return new AppError(
    'STREAM_IDLE',
    `The client sent nothing for ${seconds} s (FLIGHT_IDLE_SECONDS)`,
  );
}

/**
 * Some clients end a stream before they reset it, so that one that was given up looks like one that is complete
 * until the reset has come, some turns later. Sending anything makes grpc-js look whether it has.
 * @throws CancelledError; AppError VALIDATION_ERROR where the last message is not whole
 */
async function throwIfReset(call: ServerDuplexStream<Buffer, Message>): Promise<void> {
  if (isAmidMessage(call)) {
    throw validationError('message', 'The stream ended in the middle of a message');
  }
  call.sendMetadata(new Metadata());
  for (let turn = 0; turn < RESET_TURNS; turn++) await nextTurn();
  if (call.cancelled) throw new CancelledError('the client has gone');
}
