// What all HTTP requests have in common: each has an id, which its answer returns, and where it ends it is counted,
// timed and, where there is something to tell, logged. GraphQL notes on the request what it was about.

import { HttpStatus, Injectable } from '@nestjs/common';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { IncomingMessage } from 'node:http';
import { Config } from '../config/environment.js';
import { HttpMetrics } from '../metrics/http-metrics.js';
import { REQUEST_ID_HEADER, requestIdOf, TRACE_HEADER } from './request-id.js';
import { RequestLog, type EndedRequest, type Failure } from './request-log.js';

/** What is known of a request beyond its method and route. */
export type Described = Pick<EndedRequest, 'protocol' | 'operation' | 'asked'>;

/** What was wrong with it. */
export interface Fault {
  readonly code: string;
  /** Empty where the caller is at fault. */
  readonly failures: readonly Failure[];
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by whoever answers it; called only where there is something to log. */
    describe: ((request: FastifyRequest) => Described) | undefined;
    /** Where nothing but the status tells of it. */
    fault: Fault | undefined;
  }
}

/** As proxies have it in their logs: the client went before it had its answer. */
const CLIENT_CLOSED_REQUEST = 499;

/** Fastify's `genReqId`. */
export function httpRequestId({ headers }: IncomingMessage): string {
  return requestIdOf(headers[REQUEST_ID_HEADER], headers[TRACE_HEADER]);
}

@Injectable()
export class HttpRequests {
  constructor(
    private readonly metrics: HttpMetrics,
    private readonly log: RequestLog,
    private readonly config: Config,
  ) {}

  /** To be called before routes and other hooks are added. */
  install(adapter: FastifyAdapter): void {
    const fastify = adapter.getInstance();
    fastify.decorateRequest('describe', undefined);
    fastify.decorateRequest('fault', undefined);
    fastify.addHook('onRequest', (request, reply, done) => {
      this.begin(request, reply);
      done();
    });
    if (this.config.corsOrigins === '') return;
    // Nest answers what browsers ask first before any hook of ours.
    fastify.addHook('onSend', (request, reply, payload, done) => {
      if (!reply.hasHeader(REQUEST_ID_HEADER)) this.begin(request, reply);
      done(null, payload);
    });
  }

  /** What no route and no hook ever saw: an address that cannot be decoded. */
  refuse(
    { message, statusCode = HttpStatus.BAD_REQUEST }: FastifyError,
    request: FastifyRequest,
    reply: FastifyReply,
  ): void {
    this.begin(request, reply);
    void reply.code(statusCode).send({ statusCode, message });
  }

  private begin(request: FastifyRequest, reply: FastifyReply): void {
    const started = performance.now();
    void reply.header(REQUEST_ID_HEADER, request.id);
    // Fastify's `onResponse` is not called where the client has gone.
    reply.raw.on('close', () => this.end(request, reply, performance.now() - started));
  }

  private end(request: FastifyRequest, { raw }: FastifyReply, milliseconds: number): void {
    const { method, fault } = request;
    const route = request.routeOptions.url ?? 'none';
    const status = raw.writableFinished ? raw.statusCode : brokenOff(fault);
    this.metrics.observe(method, route, status, milliseconds / 1000);
    if (fault === undefined && status < 400 && !this.log.wantsSuccess(milliseconds)) return;
    this.log.ended({
      requestId: request.id,
      protocol: 'http',
      operation: `${method} ${route}`,
      ...request.describe?.(request),
      milliseconds,
      code: fault?.code ?? codeOf(status),
      outcome: fault ? faultOutcome(fault) : outcomeOf(status),
      failures: fault?.failures ?? [],
    });
  }
}

/** Where the head said something else, or nothing: who broke it off is what counts. */
function brokenOff(fault: Fault | undefined): number {
  const isOurs = fault !== undefined && fault.failures.length > 0;
  return isOurs ? HttpStatus.INTERNAL_SERVER_ERROR : CLIENT_CLOSED_REQUEST;
}

function faultOutcome({ code, failures }: Fault): EndedRequest['outcome'] {
  if (failures.length > 0) return 'failed';
  return code === 'UNAVAILABLE' ? 'unavailable' : 'refused';
}

function outcomeOf(status: number): EndedRequest['outcome'] {
  if (status < 400) return 'success';
  if (status === CLIENT_CLOSED_REQUEST) return 'cancelled';
  if (status === Number(HttpStatus.SERVICE_UNAVAILABLE)) return 'unavailable';
  return status < 500 ? 'refused' : 'failed';
}

function codeOf(status: number): string | undefined {
  if (status === CLIENT_CLOSED_REQUEST) return 'CANCELLED';
  return status < 400 ? undefined : String(status);
}
