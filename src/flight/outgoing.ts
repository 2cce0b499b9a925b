// Sends messages no faster than the client takes them, and stops when it has gone or stands still.

import type { ServerDuplexStream, ServerWritableStream } from '@grpc/grpc-js';
import { AppError } from '../core/app-error.js';

export type Outgoing =
  ServerWritableStream<Buffer, Uint8Array> | ServerDuplexStream<Buffer, Uint8Array>;

/** Two messages of the usual size: one on its way while the next is made. */
const WAITING_BYTES_MAX = 4 * 1024 * 1024;

/** Nobody listens any more. It is no failure, and nobody is left to be told. */
export class CancelledError extends Error {
  override readonly name = 'CancelledError';
}

export class Sender {
  sentMessages = 0;
  sentBytes = 0;
  private readonly gone = new AbortController();
  private waitingBytes = 0;
  private failure: Error | undefined;
  /** Called when a message was taken, or none will be any more. */
  private wake: () => void = () => undefined;

  constructor(
    private readonly call: Outgoing,
    private readonly idleMilliseconds: number,
  ) {
    call.on('cancelled', () => this.fail(new CancelledError('the client has gone')));
    if (call.cancelled) this.fail(new CancelledError('the client has gone'));
  }

  /** Aborted when the client has gone. */
  get signal(): AbortSignal {
    return this.gone.signal;
  }

  /** @throws CancelledError; AppError STREAM_IDLE where the client reads nothing for too long */
  async send(message: Uint8Array): Promise<void> {
    if (this.failure) throw this.failure;
    const { byteLength } = message;
    this.waitingBytes += byteLength;
    this.call.write(message, (error?: Error | null) => {
      this.waitingBytes -= byteLength;
      if (error) this.fail(new CancelledError('the stream was closed', { cause: error }));
      this.wake();
    });
    this.sentMessages++;
    this.sentBytes += byteLength;
    while (this.waitingBytes >= WAITING_BYTES_MAX) await this.taken();
  }

  /** Waits until one more message was taken. */
  private async taken(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve, reject) => {
      this.wake = resolve;
      timer = setTimeout(() => reject(notRead(this.idleMilliseconds)), this.idleMilliseconds);
      if (this.failure) resolve();
    }).finally(() => clearTimeout(timer));
    if (this.failure) throw this.failure;
  }

  private fail(error: Error): void {
    this.failure ??= error;
    this.gone.abort(this.failure);
    this.wake();
  }
}

function notRead(milliseconds: number): AppError {
  return new AppError(
    'STREAM_IDLE',
    `The client read nothing for ${milliseconds / 1000} s (FLIGHT_IDLE_SECONDS)`,
  );
}
