// The check of object stores, against a store that is atomic and one that looks first and writes afterwards: it must be
// able to tell them apart, or it vouches for nothing.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';

const WRITERS = 8;
const RACES = 3;
let store: Server | undefined;

afterEach(() => {
  store?.closeAllConnections();
  store?.close();
});

interface StoreKind {
  /** All writers of a race look at the condition before the first of them writes. */
  readonly looksFirst?: boolean;
  readonly ignoresConditions?: boolean;
  /** Answers well, and keeps something else. */
  readonly mangles?: boolean;
}

const etagOf = (body: Buffer) => `"${createHash('md5').update(body).digest('hex')}"`;

async function startStore(kind: StoreKind): Promise<string> {
  const objects = new Map<string, Buffer>();
  const holds = (key: string, headers: NodeJS.Dict<string | string[]>): boolean => {
    if (kind.ignoresConditions) return true;
    const stored = objects.get(key);
    if (headers['if-none-match'] === '*') return stored === undefined;
    const expected = headers['if-match'];
    return expected === undefined || (stored !== undefined && etagOf(stored) === expected);
  };
  const looked: (() => void)[] = [];
  const allHaveLooked = (): Promise<void> =>
    new Promise((resolve) => {
      looked.push(resolve);
      if (looked.length === WRITERS) looked.splice(0).forEach((goOn) => goOn());
    });
  const server = createServer((request, response) => {
    const key = request.url!;
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    const answer = async () => {
      const body = Buffer.concat(parts);
      const stored = objects.get(key);
      if (request.method === 'PUT') {
        const allowed = holds(key, request.headers);
        if (!allowed) return response.writeHead(412).end();
        // Not the one writer that makes what the others will replace.
        const isRace = key.includes('/create-') || request.headers['if-match'] !== undefined;
        if (kind.looksFirst && isRace) await allHaveLooked();
        objects.set(key, kind.mangles ? body.subarray(1) : body);
        return response.writeHead(200, { etag: etagOf(body) }).end();
      }
      if (stored === undefined) return response.writeHead(404).end();
      if (request.method === 'DELETE') objects.delete(key);
      return response.writeHead(200, { etag: etagOf(stored) }).end(stored);
    };
    request.on('end', () => void answer());
  });
  store = server;
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function check(kind: StoreKind): Promise<{ status: number; output: string }> {
  const endpoint = await startStore(kind);
  const child = spawn(process.execPath, [
    'test/packaging/object-store/conditional-puts.mjs',
    ...['--endpoint', endpoint, '--bytes', '1000'],
    ...['--writers', String(WRITERS), '--races', String(RACES)],
  ]);
  let output = '';
  child.stdout.on('data', (part: Buffer) => (output += part.toString()));
  child.stderr.on('data', (part: Buffer) => (output += part.toString()));
  const [status] = (await once(child, 'close')) as [number];
  return { status, output };
}

describe('the check of conditional puts', () => {
  it('passes a store that is atomic', async () => {
    const { status, output } = await check({});
    expect(output).toBe(
      `If-None-Match: ${WRITERS} writers, ${RACES} keys, 0 faults\n` +
        `If-Match: ${WRITERS} writers, ${RACES} rounds, 0 faults\n`,
    );
    expect(status).toBe(0);
  });

  it('fails a store that looks first and writes afterwards', async () => {
    const { status, output } = await check({ looksFirst: true });
    expect(output).toContain('create 0: 8 of 8 writers won');
    expect(output).toContain('replace 0: 8 of 8 writers won');
    expect(status).toBe(1);
  });

  it('fails a store that takes no notice of conditions', async () => {
    const { status, output } = await check({ ignoresConditions: true });
    expect(output).toContain('create 0: 8 of 8 writers won');
    expect(output).toContain('replace what is not there: answered 200, not refused');
    expect(status).toBe(1);
  });

  it('fails a store that confirms what it does not keep', async () => {
    const { status, output } = await check({ mangles: true });
    expect(output).toMatch(/create \d+: what is stored is not what the winner wrote/);
    expect(status).toBe(1);
  });
});
