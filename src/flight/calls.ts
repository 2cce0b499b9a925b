// What all calls have in common: they have an id, are counted and timed, their failures become statuses, and where
// they end the log is told. Messages pass through as bytes; who answers a call reads them.

import { constants } from 'node:http2';
import {
  Metadata,
  type handleBidiStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  type sendUnaryData,
  type ServerUnaryCall,
} from '@grpc/grpc-js';
import { Injectable } from '@nestjs/common';
import { fromBinary, type DescMessage, type MessageShape } from '@bufbuild/protobuf';
import { AppError, validationError } from '../core/app-error.js';
import { Config } from '../config/environment.js';
import { REQUEST_ID_HEADER, requestIdOf, TRACE_HEADER } from '../logging/request-id.js';
import {
  failureOf as loggedFailureOf,
  RequestLog,
  type Asked,
  type EndedRequest,
} from '../logging/request-log.js';
import { FlightMetrics } from '../metrics/flight-metrics.js';
import { http2StreamOf } from './grpc-internals.js';
import { askedOf } from './asked.js';
import { failureOf, isUnexpected } from './grpc-status.js';
import { incomingOf } from './incoming.js';
import { CancelledError, Sender, type Listener, type Message, type Outgoing } from './outgoing.js';
import { StreamLimits } from './stream-limits.js';

export type Messages = AsyncIterable<Message> | Iterable<Message>;

/** Of a call, where it ends. */
interface Begun {
  readonly method: string;
  readonly requestId: string;
  /** Absent for what may take as long as it likes. */
  readonly asked: (() => Asked) | undefined;
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

@Injectable()
export class Calls {
  private readonly limits: StreamLimits;
  private readonly idleMilliseconds: number;

  constructor(
    config: Config,
    private readonly metrics: FlightMetrics,
    private readonly log: RequestLog,
  ) {
    this.limits = new StreamLimits(config.flightStreamsMax, config.flightStreamsPerClientMax);
    this.idleMilliseconds = config.flightIdleSeconds * 1000;
  }

  unary(
    method: string,
    answer: (request: Buffer) => Promise<Uint8Array> | Uint8Array,
  ): handleUnaryCall<Buffer, Uint8Array> {
    return (call: ServerUnaryCall<Buffer, Uint8Array>, callback: sendUnaryData<Uint8Array>) => {
      const begun = begin(method, call, () => askedOf(method, call.request));
      void this.observe(begun, async () => {
        const leave = this.limits.enter(call.getPeer());
        try {
          callback(null, await answer(call.request));
        } finally {
          leave();
        }
      }).then((failure) => {
        if (failure) callback(failure);
      });
    };
  }

  /** Answered whatever else is going on: who asks how we are does not count as an open stream. */
  probe(
    method: string,
    answer: (request: Buffer) => Promise<Uint8Array>,
  ): handleUnaryCall<Buffer, Uint8Array> {
    return (call: ServerUnaryCall<Buffer, Uint8Array>, callback: sendUnaryData<Uint8Array>) => {
      void this.observe(begin(method, call), async () => {
        callback(null, await answer(call.request));
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
      const begun = begin(method, call, () => askedOf(method, call.request));
      void this.stream(begun, call, (sender) => answer(call.request, sender));
    };
  }

  /** A stream that is open for as long as the client likes, and so is never slow. */
  watch(
    method: string,
    answer: (request: Buffer, listener: Listener) => Messages,
  ): handleServerStreamingCall<Buffer, Message> {
    return (call) => {
      void this.stream(begin(method, call), call, (sender) => answer(call.request, sender));
    };
  }

  bidiStream(
    method: string,
    answer: (incoming: AsyncIterable<Buffer>) => Messages,
  ): handleBidiStreamingCall<Buffer, Message> {
    return (call) => {
      // What it asks for came with its messages, which are not kept.
      const begun = begin(method, call, () => ({}));
      void this.stream(begun, call, () => answer(incomingOf(call, this.idleMilliseconds)));
    };
  }

  private async stream(
    begun: Begun,
    call: Outgoing,
    answer: (sender: Sender) => Messages,
  ): Promise<void> {
    const { limits, metrics, idleMilliseconds } = this;
    let leave: (() => void) | undefined;
    const failure = await this.observe(begun, async () => {
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
        metrics.countSent(begun.method, sender.sentBytes);
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
  private async observe(begun: Begun, task: () => Promise<void>) {
    const started = performance.now();
    try {
      await task();
      this.ended(begun, performance.now() - started);
      return undefined;
    } catch (error) {
      this.failed(begun, performance.now() - started, error);
      return error instanceof CancelledError ? undefined : failureOf(error);
    }
  }

  private ended(begun: Begun, milliseconds: number): void {
    this.metrics.observe(begun.method, 'success', milliseconds / 1000);
    if (this.log.wantsSuccess(milliseconds)) this.tell(begun, milliseconds, { outcome: 'success' });
  }

  private failed(begun: Begun, milliseconds: number, error: unknown): void {
    const { method } = begun;
    if (error instanceof CancelledError) {
      this.metrics.observe(method, 'cancelled', milliseconds / 1000);
      this.tell(begun, milliseconds, { outcome: 'cancelled', code: 'CANCELLED' });
      return;
    }
    const isOurs = isUnexpected(error);
    const code = error instanceof AppError ? error.code : 'INTERNAL';
    // A service that refuses on purpose is at fault all the same, in the eyes of who asked.
    const isRejected = !isOurs && code !== 'UNAVAILABLE';
    this.metrics.observe(method, isRejected ? 'rejected' : 'error', milliseconds / 1000);
    if (isOurs) {
      const failures = [loggedFailureOf(error, { method })];
      this.tell(begun, milliseconds, { outcome: 'failed', code, failures });
    } else {
      const outcome = code === 'UNAVAILABLE' ? 'unavailable' : 'refused';
      this.tell(begun, milliseconds, { outcome, code });
    }
  }

  private tell(
    { method, requestId, asked }: Begun,
    milliseconds: number,
    end: Pick<EndedRequest, 'outcome' | 'code' | 'failures'>,
  ): void {
    this.log.ended({
      requestId,
      protocol: 'flight',
      operation: method,
      milliseconds,
      asked,
      ...end,
    });
  }
}

/** The id goes back at once: whoever waits long for an answer can already look for it in the log. */
function begin(
  method: string,
  call: ServerUnaryCall<Buffer, Uint8Array> | Outgoing,
  asked?: () => Asked,
): Begun {
  const [named, ...others] = call.metadata.get(REQUEST_ID_HEADER);
  const [traceParent] = call.metadata.get(TRACE_HEADER);
  const requestId = requestIdOf(others.length > 0 ? undefined : named, traceParent);
  const metadata = new Metadata();
  metadata.set(REQUEST_ID_HEADER, requestId);
  call.sendMetadata(metadata);
  return { method, requestId, asked };
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
