// The line that is written where a request ends, whichever protocol it came by. How severe it is follows from whose
// fault it was and how long it took. Most requests end well and fast, and are written at `debug` only: whoever
// ends them asks `wantsSuccess` before it collects anything to be told.

import { Injectable, Logger } from '@nestjs/common';
import { Config } from '../config/environment.js';
import { cut, loggable, redactedText } from './redaction.js';

/** Who asks, as long as nobody has to prove it. */
const ANONYMOUS = 'anonymous';

/** A damaged disk can fail every field of an answer. */
const FAILURES_MAX = 10;
const OPERATION_CHARACTERS_MAX = 100;
const QUERY_CHARACTERS_MAX = 2_000;
const VARIABLES_CHARACTERS_MAX = 1_000;

export type Protocol = 'graphql' | 'flight' | 'http';

/** What went wrong and is not the caller's fault, with fields that say where. */
export interface Failure {
  readonly message: string;
  readonly cause: unknown;
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** What was asked for, for those who look why it took long. */
export interface Asked {
  readonly query?: string | undefined;
  readonly variables?: unknown;
}

export interface EndedRequest {
  readonly requestId: string;
  readonly protocol: Protocol;
  /** The name of the operation, the method, or method and route; never an address as it was sent. */
  readonly operation: string;
  readonly milliseconds: number;
  /** Of the error catalogue or of the protocol; undefined where nothing was wrong. */
  readonly code?: string | undefined;
  /**
   * `refused`: the caller is at fault; `unavailable`: the service says so on purpose; `failed`: our fault;
   * `cancelled`: the caller went before the end.
   */
  readonly outcome: 'success' | 'refused' | 'unavailable' | 'failed' | 'cancelled';
  /** Where it failed. */
  readonly failures?: readonly Failure[];
  /** Called where it was slow; absent for what is no query. */
  readonly asked?: (() => Asked) | undefined;
}

/** Of whatever was thrown. */
export function failureOf(thrown: unknown, fields: Failure['fields'] = {}): Failure {
  if (!(thrown instanceof Error)) return { message: String(thrown), cause: thrown, fields };
  return { message: thrown.message, cause: thrown.cause ?? thrown, fields };
}

@Injectable()
export class RequestLog {
  private readonly loggers: Readonly<Record<Protocol, Logger>> = {
    graphql: new Logger('GraphQL'),
    flight: new Logger('Flight'),
    http: new Logger('HTTP'),
  };
  private readonly isDebug: boolean;
  private readonly slowMilliseconds: number;
  private readonly withStacks: boolean;

  constructor({ logLevel, slowQueryMilliseconds, logStackTraces }: Config) {
    this.isDebug = logLevel === 'debug' || logLevel === 'trace';
    this.slowMilliseconds = slowQueryMilliseconds === 0 ? Infinity : slowQueryMilliseconds;
    this.withStacks = logStackTraces === 1;
  }

  /** Whether a request that ended well after so long is to be told to `ended`. */
  wantsSuccess(milliseconds: number): boolean {
    return this.isDebug || milliseconds >= this.slowMilliseconds;
  }

  ended(request: EndedRequest): void {
    const { protocol, outcome, asked } = request;
    const logger = this.loggers[protocol];
    const fields = fieldsOf(request);
    if (outcome === 'failed') {
      this.failed(logger, request.failures ?? [], fields);
    } else if (asked && request.milliseconds >= this.slowMilliseconds) {
      logger.warn({ message: 'Slow query', ...fields, ...shownOf(asked()) });
    } else if (outcome === 'unavailable') {
      logger.warn({ message: 'Request not served', ...fields });
    } else if (outcome === 'refused') {
      logger.log({ message: 'Request refused', ...fields });
    } else {
      const message = outcome === 'cancelled' ? 'Request cancelled' : 'Request answered';
      logger.debug({ message, ...fields });
    }
  }

  private failed(logger: Logger, failures: readonly Failure[], fields: object): void {
    if (failures.length === 0) logger.error({ message: 'Request failed', ...fields });
    for (const { message, cause, fields: place } of failures.slice(0, FAILURES_MAX)) {
      logger.error({
        message,
        ...place,
        cause: this.describe(cause),
        ...fields,
        ...(failures.length > FAILURES_MAX ? { failures: failures.length } : {}),
      });
    }
  }

  private describe(cause: unknown): string {
    return (this.withStacks && cause instanceof Error && cause.stack) || String(cause);
  }
}

function fieldsOf({ requestId, protocol, operation, milliseconds, code }: EndedRequest) {
  return {
    requestId,
    principal: ANONYMOUS,
    protocol,
    operation: cut(operation, OPERATION_CHARACTERS_MAX),
    durationMs: Math.round(milliseconds * 1000) / 1000,
    ...(code === undefined ? {} : { code }),
  };
}

function shownOf({ query, variables }: Asked) {
  const json = variables === undefined ? undefined : JSON.stringify(loggable(variables));
  return {
    ...(query === undefined ? {} : { query: redactedText(query, QUERY_CHARACTERS_MAX) }),
    ...(json === undefined ? {} : { variables: cut(json, VARIABLES_CHARACTERS_MAX) }),
  };
}
