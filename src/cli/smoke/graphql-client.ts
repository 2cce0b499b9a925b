// Asks over GraphQL what the smoke test asks, as any client would.

import { ask } from '../health/ask.js';

/** The service answered, and not with what was asked for. The message is meant for who runs the command. */
export class AnswerError extends Error {
  override readonly name = 'AnswerError';

  constructor(
    message: string,
    /** Of the service's catalogue, where it told one. */
    readonly code?: string,
  ) {
    super(message);
  }
}

interface GraphqlAnswer {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly { message?: unknown; extensions?: { code?: unknown } }[];
}

export interface CallOptions {
  readonly timeoutSeconds: number;
  readonly signal?: AbortSignal | undefined;
}

export class GraphqlClient {
  private readonly endpoint: URL;

  /** @param base of the service, ending in a slash */
  constructor(base: URL) {
    this.endpoint = new URL('graphql', base);
  }

  /** @throws AnswerError, NoAnswerError */
  async call(
    query: string,
    variables: Readonly<Record<string, unknown>>,
    options: CallOptions,
  ): Promise<Readonly<Record<string, unknown>>> {
    const { status, text } = await ask(this.endpoint, { ...options, body: { query, variables } });
    const answer = parsed(text);
    const error = answer?.errors?.[0];
    if (error) {
      const code = error.extensions?.code;
      const known = typeof code === 'string' ? code : undefined;
      throw new AnswerError(`${known ?? `status ${status}`}: ${String(error.message)}`, known);
    }
    if (answer?.data == null) {
      throw new AnswerError(`no answer of this service: status ${status} ${text.slice(0, 100)}`);
    }
    return answer.data;
  }
}

function parsed(text: string): GraphqlAnswer | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    return typeof answer === 'object' && answer !== null ? answer : undefined;
  } catch {
    // Not JSON, so not from this service; the caller is told what came instead.
    return undefined;
  }
}
