// From what was sent to what is asked: which operation, with which variables. Everything that is not a valid
// query in the usual form is left to Apollo, which knows the right words for it.

import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { PreparedOperation } from '../execution/prepared-operation.js';
import { PreparedOperations } from '../execution/prepared-operations.js';
import { PersistedQueries } from './persisted-queries.js';

/** A request body, and what it asks; null where that is left to others. */
export interface Sending {
  readonly text: string;
  readonly body: unknown;
  readonly question: Question | null;
}

export interface Question {
  readonly operation: PreparedOperation;
  /** As they were sent. */
  readonly variables: Readonly<Record<string, unknown>>;
  /** The same for all questions that have the same answer by their form. */
  readonly key: string;
  /** The query as it was sent, where it is to be persisted under this hash. */
  readonly toPersist: { readonly hash: string; readonly text: string } | undefined;
}

/** The members of a request, as they come from a body or an address. */
type Sent = Readonly<Partial<Record<string, unknown>>>;

/**
 * Requests that are known by their text, to the letter: repeated ones need not be parsed. What is parsed can take
 * twenty times the memory of its text.
 */
const KNOWN_CHARACTERS_MAX = 1_048_576;
const KNOWN_TEXT_CHARACTERS_MAX = 4096;
/** Longer keys are kept as their hash. */
const KEY_CHARACTERS_MAX = 200;

@Injectable()
export class Questions {
  private readonly sendings = new LRUCache<string, Sending>({
    maxSize: KNOWN_CHARACTERS_MAX,
    maxEntrySize: KNOWN_TEXT_CHARACTERS_MAX,
    sizeCalculation: (_, text) => text.length + 1,
  });

  constructor(
    private readonly operations: PreparedOperations,
    private readonly persisted: PersistedQueries,
  ) {}

  /** A request that was kept, by its body to the letter. */
  known(text: string): Sending | undefined {
    return this.sendings.get(text);
  }

  /** To be called for what came again: most bodies come once. */
  keep(sending: Sending): void {
    if (!this.sendings.has(sending.text)) this.sendings.set(sending.text, sending);
  }

  /** To be called when it was answered: what is refused is not kept, by Apollo neither. */
  persist({ toPersist }: Question): void {
    if (toPersist) this.persisted.keep(toPersist.hash, toPersist.text);
  }

  /** @param body as parsed; null for what is left to others */
  ofBody(body: unknown): Question | null {
    const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
    return isObject ? this.of(body as Sent) : null;
  }

  /** @param parameters of an address, decoded */
  ofParameters({ query, operationName, variables, extensions }: Sent): Question | null {
    try {
      return this.of({
        query,
        operationName,
        variables: parsedParameter(variables),
        extensions: parsedParameter(extensions),
      });
    } catch (error) {
      if (error instanceof SyntaxError) return null;
      throw error;
    }
  }

  private of(sent: Sent): Question | null {
    try {
      return this.asked(sent);
    } catch (error) {
      // Nested more deeply than the stack is: whoever answers next has the words for it.
      if (error instanceof RangeError) return null;
      throw error;
    }
  }

  private asked({ query, operationName = null, variables, extensions }: Sent): Question | null {
    if (operationName !== null && typeof operationName !== 'string') return null;
    if (!isRecordOrAbsent(variables) || !isRecordOrAbsent(extensions)) return null;
    const text = this.textOf(query, extensions);
    const operation = text === undefined ? undefined : this.operations.prepare(text, operationName);
    if (!text || !operation) return null;
    const sent = variables ?? {};
    const key = operation.id + shortened(operation.sentOf(sent));
    const hash = query == null ? undefined : hashOf(extensions);
    const toPersist = hash === undefined ? undefined : { hash, text };
    return { operation, variables: sent, key, toPersist };
  }

  /** The text of the query, sent or persisted; undefined where others must say what is wrong. */
  private textOf(query: unknown, extensions: Sent | null | undefined): string | undefined {
    const isSent = typeof query === 'string' && query !== '';
    if (extensions?.['persistedQuery'] === undefined) return isSent ? query : undefined;
    const hash = hashOf(extensions);
    if (hash === undefined) return undefined;
    if (query == null) return this.persisted.text(hash);
    return isSent && createHash('sha256').update(query).digest('hex') === hash ? query : undefined;
  }
}

/** Of a persisted query, as the protocol of Apollo has it. */
function hashOf(extensions: Sent | null | undefined): string | undefined {
  const { version, sha256Hash } = (extensions?.['persistedQuery'] ?? {}) as Sent;
  return version === 1 && typeof sha256Hash === 'string' ? sha256Hash : undefined;
}

function shortened(text: string): string {
  if (text.length <= KEY_CHARACTERS_MAX) return text;
  return createHash('sha256').update(text).digest('base64url');
}

function parsedParameter(value: unknown): unknown {
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw new SyntaxError('a parameter is given once');
  const parsed: unknown = JSON.parse(value);
  if (parsed === null) throw new SyntaxError('a parameter that is given is an object');
  return parsed;
}

function isRecordOrAbsent(value: unknown): value is Sent | null | undefined {
  return value == null || (typeof value === 'object' && !Array.isArray(value));
}
