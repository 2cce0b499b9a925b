// Stands before Apollo: answers repeated and plain queries itself, from bytes or by compiled operations, and lets
// everything else pass.

import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import Negotiator from 'negotiator';
import { LRUCache } from 'lru-cache';
import { Config } from '../../config/environment.js';
import type { Described } from '../../logging/http-requests.js';
import { failureOf } from '../../logging/request-log.js';
import { GraphqlMetrics } from '../../metrics/graphql-metrics.js';
import type { Outcome } from '../../metrics/outcome.js';
import { INTERNAL_ERROR } from '../error-format.js';
import { operationName } from '../operations.plugin.js';
import type { Answer } from './answer.js';
import { Answers, LongAnswer } from './answers.js';
import { codingFor, COMPRESSED_BYTES_MIN, compressor } from './compression.js';
import { Questions, type Question, type Sending } from './questions.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Of requests with a JSON body. */
    sending: Sending | undefined;
    /** Of requests that ask for something that may be answered here. */
    question: Question | undefined;
  }
}

const PATH = '/graphql';

/** What Apollo offers, and takes where a client has no preference. */
const MEDIA_TYPES = [
  'application/json; charset=utf-8',
  'application/graphql-response+json; charset=utf-8',
];

const JSON_TYPE = /^application\/json\s*(?:;|$)/i;

/** Without one of them a GET may come from a page of another origin, and Apollo refuses it. */
const PREFLIGHTED = ['content-type', 'x-apollo-operation-name', 'apollo-require-preflight'];

@Injectable()
export class AnswersHook {
  private readonly mediaTypes = new LRUCache<string, { type: string | undefined }>({ max: 200 });

  constructor(
    private readonly questions: Questions,
    private readonly answers: Answers,
    private readonly metrics: GraphqlMetrics,
    private readonly config: Config,
  ) {}

  /** To be called before routes are added. */
  install(adapter: FastifyAdapter): void {
    const fastify = adapter.getInstance();
    const parseJson = fastify.getDefaultJsonParser('error', 'error');
    const options = { bodyLimit: this.config.httpBodyBytesMax };
    fastify.decorateRequest('sending', undefined);
    fastify.decorateRequest('question', undefined);
    adapter.useBodyParser('application/json', false, options, (request, bytes, done) => {
      const text = bytes.toString();
      const known = isGraphql(request) ? this.questions.known(text) : undefined;
      if (known) {
        request.sending = known;
        done(null, known.body);
        return;
      }
      void parseJson(request, text, (error: Error | null, body?: unknown) => {
        if (!error && isGraphql(request)) {
          request.sending = { text, body, question: this.questions.ofBody(body) };
        }
        done(error, body);
      });
    });
    fastify.addHook('preHandler', (request, reply, done) => {
      if (!isGraphql(request)) {
        done();
        return;
      }
      const pass = (): void => {
        void reply.header('cache-control', 'no-store');
        done();
      };
      const question = this.questionOf(request);
      const mediaType = question && this.mediaTypeFor(request.headers.accept);
      if (question && mediaType != null) this.reply(question, mediaType, request, reply, pass);
      else pass();
    });
  }

  private questionOf(request: FastifyRequest): Question | null {
    const { method, sending, headers } = request;
    const isJson = JSON_TYPE.test(headers['content-type'] ?? '');
    if (method === 'POST') return isJson && sending ? sending.question : null;
    if (method !== 'GET' || (headers['content-type'] !== undefined && !isJson)) return null;
    if (!PREFLIGHTED.some((name) => headers[name] !== undefined && headers[name] !== ''))
      return null;
    return this.questions.ofParameters(request.query as Record<string, unknown>);
  }

  /** Undefined where a client takes neither. */
  private mediaTypeFor(accept: string | undefined): string | undefined {
    if (accept === undefined || accept === '') return MEDIA_TYPES[0];
    let found = this.mediaTypes.get(accept);
    if (!found) {
      const type = new Negotiator({ headers: { accept } }).mediaType(MEDIA_TYPES);
      found = { type };
      this.mediaTypes.set(accept, found);
    }
    return found.type;
  }

  private reply(
    question: Question,
    mediaType: string,
    request: FastifyRequest,
    reply: FastifyReply,
    pass: () => void,
  ): void {
    const started = performance.now();
    const name = question.operation.definition.name?.value;
    const observe = (outcome: Outcome): void => {
      this.metrics.observe({ type: 'query', name }, outcome, (performance.now() - started) / 1000);
    };
    const succeeded = (): void => {
      this.questions.persist(question);
      observe('success');
    };
    request.question = question;
    request.describe = describeQuestion;
    const cached = this.answers.cached(question);
    if (cached) {
      sendWhole(cached, 'HIT', mediaType, request, reply);
      if (request.sending) this.questions.keep(request.sending);
      succeeded();
      return;
    }
    this.answers.answer(question, { req: request }).then(
      (answer) => {
        if (answer === undefined) {
          void reply.header('x-cache', 'MISS');
          pass();
        } else if (answer instanceof LongAnswer) {
          sendLong(answer, mediaType, request, reply);
          reply.raw.once('close', () => {
            if (reply.raw.writableFinished) succeeded();
            else observe(request.fault ? 'error' : 'cancelled');
          });
        } else {
          sendWhole(answer, 'MISS', mediaType, request, reply);
          succeeded();
        }
      },
      (error: unknown) => void reply.send(error),
    );
  }
}

function isGraphql(request: FastifyRequest): boolean {
  return request.routeOptions.url === PATH;
}

/** One for all requests: most of them are never described. */
function describeQuestion({ question }: FastifyRequest): Described {
  return {
    protocol: 'graphql',
    operation: operationName(question?.operation.definition),
    asked: () => ({ query: question?.operation.text, variables: question?.variables }),
  };
}

function sendWhole(
  answer: Answer,
  cache: 'HIT' | 'MISS',
  mediaType: string,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const { entityTag, body } = answer;
  describe(reply, mediaType, cache);
  if (answer.isCacheable) {
    // Shared caches may keep it too, and have to ask whether it still stands.
    void reply.header('cache-control', 'no-cache').header('etag', entityTag);
    if (isNamed(entityTag, request.headers['if-none-match'])) {
      void reply.code(304).send();
      return;
    }
  } else {
    void reply.header('cache-control', 'no-store');
  }
  const coding =
    body.length < COMPRESSED_BYTES_MIN ? undefined : codingFor(acceptedCodings(request));
  if (coding === undefined) {
    void reply.send(body);
    return;
  }
  void reply.header('content-encoding', coding);
  answer.in(coding).then(
    (bytes) => reply.send(bytes),
    () => reply.removeHeader('content-encoding').send(body),
  );
}

/** Its tag would only be known when it has been sent. */
function sendLong(
  answer: LongAnswer,
  mediaType: string,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  describe(reply, mediaType, 'MISS');
  void reply.header('cache-control', 'no-store');
  const coding = codingFor(acceptedCodings(request));
  // Whoever stands still keeps the rows in memory, and the service from stopping.
  // Node.js ends a connection whose time is up, and sets another one for the next request.
  request.raw.socket.setTimeout(STANDSTILL_MILLISECONDS);
  const text = Readable.from(answer.pieces(), { objectMode: false });
  // The head has gone: the caller only sees that the connection ends.
  text.once('error', (error) => {
    request.fault = { code: INTERNAL_ERROR, failures: [failureOf(error)] };
  });
  if (coding === undefined) {
    void reply.send(text);
    return;
  }
  void reply.header('content-encoding', coding);
  const encoder = compressor(coding);
  // A client that goes takes both down; the reply sees to the second. So does a text that breaks off.
  encoder.once('close', () => text.destroy());
  text.once('error', (error) => encoder.destroy(error));
  void reply.send(text.pipe(encoder));
}

function describe(reply: FastifyReply, mediaType: string, cache: 'HIT' | 'MISS'): void {
  const vary = reply.getHeader('vary');
  void reply
    .header('content-type', mediaType)
    .header('x-cache', cache)
    .header('vary', vary === undefined ? VARY : `${String(vary)}, ${VARY}`);
}

/** As long as Arrow Flight waits by default. */
const STANDSTILL_MILLISECONDS = 60_000;

const VARY = 'Accept, Accept-Encoding';

function acceptedCodings(request: FastifyRequest): string | undefined {
  const accepted = request.headers['accept-encoding'];
  return Array.isArray(accepted) ? accepted.join() : accepted;
}

/** RFC 9110, section 13.1.2: compared weakly, so the tags need not say that they are weak. */
function isNamed(entityTag: string, ifNoneMatch: string | undefined): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch.trim() === '*') return true;
  const opaque = entityTag.slice('W/'.length);
  return ifNoneMatch.split(',').some((tag) => tag.trim().replace(/^W\//, '') === opaque);
}
