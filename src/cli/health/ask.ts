// One request over HTTP, with little to load: `fetch` takes three times as long until it has asked.

import type { IncomingMessage, RequestOptions } from 'node:http';

/** Thousands of times what is asked for here. */
const ANSWER_BYTES_MAX = 1_000_000;

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

export interface Question {
  /** Sent as JSON; without one it is a GET. */
  readonly body?: unknown;
  readonly timeoutSeconds: number;
  /** Ends the request before it is answered. */
  readonly signal?: AbortSignal | undefined;
}

/** No answer came. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
}

/** @throws NoAnswerError in words for who runs the command */
export async function ask(
  url: URL,
  { body, timeoutSeconds, signal }: Question,
): Promise<HttpAnswer> {
  const timeout = AbortSignal.timeout(timeoutSeconds * 1000);
  const { request } =
    url.protocol === 'https:' ? await import('node:https') : await import('node:http');
  const options: RequestOptions = {
    method: body === undefined ? 'GET' : 'POST',
    headers: { accept: 'application/json', 'content-type': 'application/json' },
    // A connection of its own, closed with the answer: nothing keeps the process.
    agent: false,
    signal: signal ? AbortSignal.any([timeout, signal]) : timeout,
  };
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = request(url, options, resolve);
      sent.on('error', reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
    return { status: response.statusCode ?? 0, text: await textOf(response) };
  } catch (error) {
    if (signal?.aborted) throw new NoAnswerError('interrupted', { cause: error });
    const reason = timeout.aborted ? `no answer within ${timeoutSeconds} s` : reasonOf(error);
    throw new NoAnswerError(reason, { cause: error });
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > ANSWER_BYTES_MAX) throw new Error('the answer is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : '';
  if (code.startsWith('HPE_')) return 'what listens there does not speak HTTP';
  switch (code) {
    case 'ECONNREFUSED':
      return 'connection refused';
    case 'ENOTFOUND':
      return 'there is no such host';
    case 'ECONNRESET':
      return 'the connection was closed before an answer came';
    default:
      return error.message || code;
  }
}
