// GraphQL over HTTP as it is on the wire: any method and header, and answers as bytes. `fetch` would ask for
// compression and undo it unseen.

import { createHash } from 'node:crypto';
import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import * as zlib from 'node:zlib';
import { expect } from 'vitest';

export interface WireAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** As sent, compressed or not. */
  readonly sent: Buffer;
  /** Decoded. */
  readonly text: string;
}

export interface WireRequest {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** What a client asks for, in whichever way it is sent. */
export interface GraphqlRequest {
  readonly query?: string;
  readonly variables?: unknown;
  readonly operationName?: unknown;
  readonly extensions?: unknown;
}

type Decompress = (bytes: Buffer) => Buffer;

/** Node.js has Zstandard since 22.15. */
export const zstdDecompress = (zlib as { zstdDecompressSync?: Decompress }).zstdDecompressSync;

export function decompressed(bytes: Buffer, encoding: string | undefined): Buffer {
  switch (encoding) {
    case undefined:
    case 'identity':
      return bytes;
    case 'br':
      return brotliDecompressSync(bytes);
    case 'gzip':
      return gunzipSync(bytes);
    case 'zstd':
      return zstdDecompress!(bytes);
    default:
      return expect.fail(`an encoding that was not asked for: ${encoding}`);
  }
}

/** Connections that are kept; whoever made it destroys it. */
export function connections(most: number): Agent {
  return new Agent({ keepAlive: true, maxSockets: most });
}

/** The answer as it came, whatever it is. */
export function exchange(
  url: string,
  { method = 'GET', path = '/graphql', headers = {}, body }: WireRequest,
  agent?: Agent,
): Promise<WireAnswer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const call = httpRequest(
      url + path,
      { method, headers: { ...length, ...headers }, ...(agent ? { agent } : {}) },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', reject);
        response.on('end', () => {
          const sent = Buffer.concat(parts);
          const encoding = response.headers['content-encoding'];
          try {
            // An answer to HEAD, or a 304, tells of a body that it does not carry.
            const plain = sent.length === 0 ? sent : decompressed(sent, encoding);
            const text = plain.toString();
            resolve({ status: response.statusCode!, headers: response.headers, sent, text });
          } catch (error) {
            reject(error instanceof Error ? error : new Error(String(error)));
          }
        });
      },
    );
    call.on('error', reject);
    call.end(body);
  });
}

export function posted(request: unknown, headers: Record<string, string> = {}): WireRequest {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(request),
  };
}

/** With the header that tells it from what a page of another origin can send without asking. */
export function got(request: GraphqlRequest, headers: Record<string, string> = {}): WireRequest {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(request)) {
    if (value === undefined) continue;
    search.set(name, typeof value === 'string' ? value : JSON.stringify(value));
  }
  return {
    method: 'GET',
    path: `/graphql?${search.toString()}`,
    headers: { 'apollo-require-preflight': 'yes', ...headers },
  };
}

export function sha256(query: string): string {
  return createHash('sha256').update(query).digest('hex');
}

/** The extension of automatic persisted queries that names a query by its hash. */
export function persisted(sha256Hash: string): { persistedQuery: object } {
  return { persistedQuery: { version: 1, sha256Hash } };
}

export function cacheMark({ headers }: WireAnswer): string | undefined {
  const mark = headers['x-cache'];
  return Array.isArray(mark) ? mark.join() : mark;
}

// The shape of an answer is what the tests assert.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export function jsonOf({ text }: WireAnswer): any {
  return JSON.parse(text);
}
