// What all calls have in common: they are counted and timed, their failures become statuses, and unexpected
// ones are logged once. Messages pass through as bytes; who answers a call reads them.

import { constants } from 'node:http2';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  Metadata,
  type handleBidiStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  type sendUnaryData,
  type ServerDuplexStream,
  type ServerUnaryCall,
} from '@grpc/grpc-js';
import { Logger } from '@nestjs/common';
import { once } from 'node:events';
import { fromBinary, type DescMessage, type MessageShape } from '@bufbuild/protobuf';
import { AppError, validationError } from '../core/app-error.js';
import type { FlightMetrics } from '../metrics/flight-metrics.js';
import { http2StreamOf, isAmidMessage } from './grpc-internals.js';
import { failureOf, isUnexpected } from './grpc-status.js';
import { CancelledError, Sender, type Listener, type Message, type Outgoing } from './outgoing.js';
import type { StreamLimits } from './stream-limits.js';

export type Messages = AsyncIterable<Message> | Iterable<Message>;

export interface CallOptions {
  readonly limits: StreamLimits;
  readonly metrics: FlightMetrics;
  readonly idleMilliseconds: number;
  readonly logStackTraces: boolean;
}

/** @throws AppError VALIDATION_ERROR where the bytes are no such message */
export function parseMessage<Desc extends DescMessage>(
  schema: Desc,
  bytes: Uint8Array,
): MessageShape<Desc> {
  try {
    return fromBinary(schema, bytes);
  } catch {
    throw validationError(schema.name, `The request is not a ${schema.typeName}`);
  }
}

/** Of the event loop. A client in the same process needs two; one alone missed 20 of 21 resets. */
const RESET_TURNS = 3;

export class Calls {
  private readonly logger = new Logger('Flight');

  constructor(private readonly options: CallOptions) {}

  /** @param isLimited whether it counts as an open stream: not for who only asks how we are */
  unary(
    method: string,
    answer: (request: Buffer) => Promise<Uint8Array> | Uint8Array,
    isLimited = true,
  ): handleUnaryCall<Buffer, Uint8Array> {
    const { limits } = this.options;
    return (call: ServerUnaryCall<Buffer, Uint8Array>, callback: sendUnaryData<Uint8Array>) => {
      void this.observe(method, async () => {
        const leave = isLimited ? limits.enter(call.getPeer()) : undefined;
        try {
          callback(null, await answer(call.request));
        } finally {
          leave?.();
        }
      }).then((failure) => {
        if (failure) callback(failure);
      });
    };
  }

  serverStream(
    method: string,
    answer: (request: Buffer, listener: Listener) => Messages,
  ): handleServerStreamingCall<Buffer, Message> {
    return (call) => {
      void this.stream(method, call, (sender) => answer(call.request, sender));
    };
  }

  bidiStream(
    method: string,
    answer: (incoming: AsyncIterable<Buffer>) => Messages,
  ): handleBidiStreamingCall<Buffer, Message> {
    return (call) => {
      const { idleMilliseconds } = this.options;
      void this.stream(method, call, () => answer(incomingOf(call, idleMilliseconds)));
    };
  }

  private async stream(
    method: string,
    call: Outgoing,
    answer: (sender: Sender) => Messages,
  ): Promise<void> {
    const { limits, metrics, idleMilliseconds } = this.options;
    let leave: (() => void) | undefined;
    const failure = await this.observe(method, async () => {
      leave = limits.enter(call.getPeer());
      metrics.setStreams(limits.count);
      const sender = new Sender(call, idleMilliseconds);
      try {
        // Where sending fails the answer is told to end: what it holds is let go of.
        for await (const message of answer(sender)) await sender.send(message);
      } catch (error) {
        // Whatever else went wrong because of it.
        throw sender.isCancelled ? new CancelledError('the client has gone') : error;
      } finally {
        metrics.countSent(method, sender.sentBytes);
      }
    });
    if (failure) call.emit('error', failure);
    else call.end();
    whenTaken(call, idleMilliseconds, () => {
      leave?.();
      metrics.setStreams(limits.count);
    });
  }

  /** @returns the failure to be told; undefined where there is none */
  private async observe(method: string, task: () => Promise<void>) {
    const started = performance.now();
    const done = (outcome: string): void => {
      this.options.metrics.observe(method, outcome, (performance.now() - started) / 1000);
    };
    try {
      await task();
      done('success');
      return undefined;
    } catch (error) {
      done(error instanceof CancelledError ? 'cancelled' : 'error');
      if (error instanceof CancelledError) return undefined;
      if (isUnexpected(error)) this.log(method, error);
      return failureOf(error);
    }
  }

  private log(method: string, error: unknown): void {
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    const { logStackTraces } = this.options;
    this.logger.error({
      message: error instanceof Error ? error.message : String(error),
      method,
      cause: (logStackTraces && cause instanceof Error && cause.stack) || String(cause),
    });
  }
}

/**
 * Calls `taken` when the client has what was sent to it, and the end of it, or has gone. One that stands still is
 * let go of after a while, and with it what waits for it in memory.
 */
function whenTaken(call: Outgoing, idleMilliseconds: number, taken: () => void): void {
  const stream = http2StreamOf(call);
  if (stream.destroyed) {
    taken();
    return;
  }
  let waiting = stream.bufferSize;
  const timer = setInterval(() => {
    if (stream.bufferSize === waiting) stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    waiting = stream.bufferSize;
  }, idleMilliseconds).unref();
  stream.once('close', () => {
    clearInterval(timer);
    taken();
  });
}

/**
 * What the client sends, as long as it goes on sending. Whoever stops reading may still answer: an iterator of
 * the stream itself would destroy it once the answer is an error.
 * @throws CancelledError; AppError STREAM_IDLE
 */
async function* incomingOf(
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
