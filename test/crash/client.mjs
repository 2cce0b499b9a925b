// HTTP with connections kept alive. Either the whole answer arrived or there was none.

import { Agent, request } from 'node:http';
import { Violation } from './violation.mjs';

/** Longer than any call takes under strace on a busy machine; longer is a hang. */
const ANSWER_MILLISECONDS_MAX = 60_000;

/** The connection ended before the whole answer was there. */
export class NoAnswer extends Error {
  name = 'NoAnswer';
}

export class Client {
  #agent = new Agent({ keepAlive: true });
  #url;

  constructor(url) {
    this.#url = url;
  }

  close() {
    this.#agent.destroy();
  }

  /** @returns `data`, or `code` and `message` of the first error */
  async mutate(query, variables) {
    const { errors, ...answer } = await this.#send('POST', '/graphql', { query, variables });
    if (errors) return { code: errors[0].extensions?.code ?? '', error: errors[0] };
    if (!answer.data) return { code: String(answer.statusCode ?? ''), error: answer };
    return { data: answer.data };
  }

  async query(query, variables) {
    const { data, error } = await this.mutate(query, variables);
    if (error) throw new Violation('a query failed', [JSON.stringify(error)]);
    return data;
  }

  get(path) {
    return this.#send('GET', path);
  }

  async #send(method, path, body) {
    const text = await this.#exchange(method, path, body && JSON.stringify(body));
    return JSON.parse(text);
  }

  #exchange(method, path, body) {
    return new Promise((resolve, reject) => {
      const fail = (error) => reject(new NoAnswer(error.message, { cause: error }));
      const sent = request(`${this.#url}${path}`, {
        method,
        agent: this.#agent,
        headers: body ? { 'content-type': 'application/json' } : {},
      });
      sent.on('response', (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
        response.on('error', fail);
      });
      sent.on('error', fail);
      sent.setTimeout(ANSWER_MILLISECONDS_MAX, () => {
        reject(new Violation(`no answer within ${ANSWER_MILLISECONDS_MAX / 1000} s`));
        sent.destroy();
      });
      sent.end(body);
    });
  }
}
