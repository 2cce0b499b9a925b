// Sends messages no faster than the client takes them, and stops when it has gone or stands still.

import type { ServerDuplexStream, ServerWritableStream } from '@grpc/grpc-js';
import { AppError } from '../core/app-error.js';
import { Turns } from '../core/turns.js';
import type { FlightDataMessage } from './ipc/flight-data-message.js';

/** Bytes, or what writes itself where they are to be. */
export type Message = Uint8Array | FlightDataMessage;

export type Outgoing = ServerWritableStream<Buffer, Message> | ServerDuplexStream<Buffer, Message>;

/** Two messages of the usual size: one on its way while the next is made. */
const WAITING_BYTES_MAX = 4 * 1024 * 1024;

/** Making and copying one takes a noticeable part of a millisecond. */
const LARGE_BYTES = 262_144;

/** Nobody listens any more. It is no failure, and nobody is left to be told. */
export class CancelledError extends Error {
  override readonly name = 'CancelledError';
}

/** Who an answer is for. Whoever works long on it looks now and then whether it is still wanted. */
export interface Listener {
  readonly isCancelled: boolean;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
}

/** @throws CancelledError */
export function assertListening({ isCancelled }: Pick<Listener, 'isCancelled'>): void {
  if (isCancelled) throw new CancelledError('the client has gone');
}

export class Sender implements Listener {
  sentBytes = 0;
  private waitingBytes = 0;
  private readonly turns = new Turns();
  private isGone = false;
  /** Made when somebody asks: most calls are over before anything could be told. */
  private gone: AbortController | undefined;
  /** Called when a message was taken, or none will be any more. */
  private wake: () => void = () => undefined;

  constructor(
    private readonly call: Outgoing,
    private readonly idleMilliseconds: number,
  ) {
    call.once('cancelled', () => this.end());
    if (call.cancelled) this.end();
  }

  get isCancelled(): boolean {
    return this.isGone;
  }

  get signal(): AbortSignal {
    this.gone ??= new AbortController();
    if (this.isGone) this.gone.abort();
    return this.gone.signal;
  }

  /** @throws CancelledError; AppError STREAM_IDLE where the client reads nothing for too long */
  async send(message: Message): Promise<void> {
    assertListening(this);
    const { byteLength } = message;
    this.waitingBytes += byteLength;
    this.call.write(message, (error?: Error | null) => {
      this.waitingBytes -= byteLength;
      if (error) this.end();
      else this.wake();
    });
    this.sentBytes += byteLength;
    // Other calls have their turn, and what was written goes out, before more is made.
    if (byteLength >= LARGE_BYTES || this.turns.isDue) await this.turns.give();
    while (this.waitingBytes >= WAITING_BYTES_MAX) await this.taken();
  }

  /** Waits until one more message was taken. */
  private async taken(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve, reject) => {
      this.wake = resolve;
      timer = setTimeout(() => reject(notRead(this.idleMilliseconds)), this.idleMilliseconds);
      if (this.isGone) resolve();
    }).finally(() => clearTimeout(timer));
    assertListening(this);
  }

  private end(): void {
    this.isGone = true;
    this.gone?.abort();
    this.wake();
  }
}

function notRead(milliseconds: number): AppError {
  return new AppError(
    'STREAM_IDLE',
    `The client read nothing for ${milliseconds / 1000} s (FLIGHT_IDLE_SECONDS)`,
  );
}
