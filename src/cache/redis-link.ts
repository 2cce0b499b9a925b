// Whether Redis is there, and the way to ask it. A circuit breaker: the first command that fails or is late
// opens it, then nobody asks until a probe in the background was answered. So a server that freezes costs the
// requests of that moment the 25 ms that they wait for what they ask at once, and those after them nothing.

import { Logger } from '@nestjs/common';
import { Cluster } from 'ioredis';
import type { CacheMetrics, RedisOperation } from '../metrics/cache-metrics.js';
import { ANSWER_MILLISECONDS } from './look-ups.js';
import { ANY_KEY, probeKey } from './names.js';
import type { RedisClient } from './redis-client.js';

/** Often enough that a server that is back is used soon, and that mostly a probe and no request is late. */
const PROBE_INTERVAL_MILLISECONDS = 500;

/** A connection that is silent for so long is given up for a new one: its other end may be gone for good. */
const SILENCE_MILLISECONDS_MAX = 5000;

/** `refused`: the server answered with an error. */
export type Answer<T> =
  | { readonly outcome: 'answered'; readonly value: T }
  | { readonly outcome: 'refused'; readonly code: string }
  | { readonly outcome: 'timeout' | 'lost' };

export class RedisLink {
  private readonly logger = new Logger('SharedCache');
  private readonly isCluster: boolean;
  private timer: NodeJS.Timeout | undefined;
  /** Undefined until it is known for the first time. */
  private up: boolean | undefined;
  private reason = 'not connected yet';
  private roundTrip = 0;
  private probing: Promise<void> | undefined;
  private isUnanswered = false;
  private heardAt = 0;
  /** In a Cluster, keys of other nodes may work while this one does not. */
  private failedKey = ANY_KEY;

  constructor(
    private readonly client: RedisClient,
    private readonly metrics: CacheMetrics,
  ) {
    this.isCluster = client instanceof Cluster;
  }

  get isUp(): boolean {
    return this.up === true;
  }

  /** Why it is not. */
  get awayReason(): string {
    return this.reason;
  }

  get roundTripMilliseconds(): number {
    return this.roundTrip;
  }

  /** Begins to connect; nobody waits for it. */
  open(): void {
    this.metrics.setRedisUp(false);
    this.client.on('connect', () => (this.heardAt = performance.now()));
    this.client.on('ready', () => void this.probe());
    this.client.on('error', (error: Error) => this.setAway(codeOf(error)));
    this.client.on('close', () => this.isUp && this.setAway('connection closed'));
    this.client.connect().catch(() => undefined);
    this.timer = setInterval(() => void this.beat(), PROBE_INTERVAL_MILLISECONDS).unref();
  }

  close(): void {
    clearInterval(this.timer);
    this.client.removeAllListeners();
    // Errors of a connection that nobody wants any more.
    this.client.on('error', () => undefined);
    this.up = false;
    this.reason = 'closed';
    this.client.disconnect();
  }

  /**
   * Sends a command and waits for its answer, so long and no longer.
   * @param key what it is about: a probe tries the same node
   */
  async ask<T>(
    operation: RedisOperation,
    key: string,
    command: (client: RedisClient) => Promise<T>,
    milliseconds: number,
  ): Promise<Answer<T>> {
    const started = performance.now();
    const answer = await within(command(this.client), milliseconds);
    this.metrics.observeRedis(operation, performance.now() - started);
    if (answer.outcome === 'timeout')
      this.setAway(`no answer within ${Math.round(milliseconds)} ms`, key);
    if (answer.outcome === 'lost') this.setAway('connection lost', key);
    return answer;
  }

  setAway(reason: string, key = this.failedKey): void {
    this.reason = reason;
    this.failedKey = key;
    if (this.up === false) return;
    this.up = false;
    this.metrics.setRedisUp(false);
    this.logger.warn(`Redis is away (${reason}): requests are answered without it`);
  }

  /** Asks now whether it is there, at most once at a time. */
  probe(): Promise<void> {
    return (this.probing ??= this.probeOnce().finally(() => (this.probing = undefined)));
  }

  private async beat(): Promise<void> {
    const isSilent = performance.now() - this.heardAt > SILENCE_MILLISECONDS_MAX;
    const isConnected = this.client.status === 'connect' || this.client.status === 'ready';
    if (!this.isUp && isConnected && isSilent) {
      this.heardAt = performance.now();
      this.client.disconnect(true);
    } else {
      await this.probe();
    }
  }

  private async probeOnce(): Promise<void> {
    // One that is on its way says all there is to say when it is answered; more of them would only pile up.
    if (this.isUnanswered || this.client.status !== 'ready') return;
    this.isUnanswered = true;
    const asked = this.ping().finally(() => {
      this.isUnanswered = false;
      this.heardAt = performance.now();
    });
    const started = performance.now();
    const answer = await within(asked, ANSWER_MILLISECONDS);
    const milliseconds = performance.now() - started;
    this.metrics.observeRedis('ping', milliseconds);
    if (answer.outcome === 'answered') this.setUp(milliseconds);
    else if (answer.outcome === 'refused') this.setAway(answer.code);
    else if (answer.outcome === 'timeout') {
      this.setAway(`no answer to a probe within ${ANSWER_MILLISECONDS} ms`);
    } else if (this.isUp) this.setAway('connection lost');
  }

  /**
   * Every node that has keys; and, where something failed, a look-up on the node where it did. All at once, so
   * that a server is up as long as it answers in the time that look-ups have.
   */
  private async ping(): Promise<void> {
    const { client } = this;
    const nodes = client instanceof Cluster ? client.nodes('master') : [client];
    const asked: Promise<unknown>[] = nodes.map((node) => node.ping());
    if (!this.isUp) asked.push(client.getrange(probeKey(this.failedKey), 0, 0));
    await Promise.all(asked);
  }

  private setUp(milliseconds: number): void {
    this.roundTrip = milliseconds;
    if (this.isUp) return;
    this.up = true;
    this.failedKey = ANY_KEY;
    this.metrics.setRedisUp(true);
    this.logger.log(`Redis answers${this.isCluster ? ' (Cluster)' : ''}`);
  }
}

/** What went wrong in a word. Not the message: a server may repeat a command in it, password and all. */
export function codeOf(error: Error & { readonly code?: unknown }): string {
  if (error.name === 'ReplyError') return error.message.split(' ', 1)[0]!;
  return typeof error.code === 'string' ? error.code : error.message;
}

function within<T>(answer: Promise<T>, milliseconds: number): Promise<Answer<T>> {
  return new Promise((resolve) => {
    // Where the event loop was busy for longer, an answer may lie in the socket: it is read before
    // `setImmediate` comes, and is not late.
    const timer = setTimeout(
      () => setImmediate(() => resolve({ outcome: 'timeout' })),
      milliseconds,
    );
    const settle = (answered: Answer<T>): void => {
      clearTimeout(timer);
      resolve(answered);
    };
    answer.then(
      (value) => settle({ outcome: 'answered', value }),
      (error: Error) =>
        settle(
          error.name === 'ReplyError'
            ? { outcome: 'refused', code: codeOf(error) }
            : { outcome: 'lost' },
        ),
    );
  });
}
