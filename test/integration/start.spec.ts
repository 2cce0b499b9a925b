// The built service as a process: what it says, and how it ends, when it cannot start.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../support/test-app.js';

interface Ended {
  readonly code: number | null;
  readonly stderr: string;
}

async function runService(environment: NodeJS.ProcessEnv): Promise<Ended> {
  const child = spawn(process.execPath, ['dist/main.js'], {
    env: {
      PATH: process.env.PATH,
      PORT: '0',
      FLIGHT_PORT: '0',
      LOG_LEVEL: 'error',
      ...environment,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'exit')) as [number | null];
  return { code, stderr };
}

describe('a start that fails', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await temporaryDirectory();
  });

  afterEach(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  it('names each bad variable on a line of its own, with the value and what is allowed', async () => {
    const { code, stderr } = await runService({ PORT: '70000', LOG_LEVEL: 'loud' });
    expect(code).toBe(1);
    expect(stderr.trim().split('\n')).toEqual([
      'PORT: received "70000", allowed is a whole number from 0 to 65535',
      'LOG_LEVEL: received "loud", allowed is one of error, warn, info, debug, trace',
    ]);
  });

  it.each(['PORT', 'FLIGHT_PORT'])(
    'says in one line that the port of %s is in use',
    async (name) => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as { port: number };
      const { code, stderr } = await runService({ [name]: String(port), DATA_DIR: directory });
      server.close();
      expect(code).toBe(1);
      expect(stderr).toMatch(
        new RegExp(`^${name}: port ${port} on 127.0.0.1 is in use[^\\n]*\\n$`),
      );
    },
  );

  it('says in one line that the data directory is a file', async () => {
    const file = join(directory, 'file');
    await writeFile(file, '');
    const { code, stderr } = await runService({ DATA_DIR: file });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^DATA_DIR: [^\n]* is not a directory\n$/);
  });

  it('says in one line that the data directory cannot be made', async () => {
    // The kernel makes no directories here, not even for root.
    const { code, stderr } = await runService({ DATA_DIR: '/proc/econ-graph' });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^DATA_DIR: \/proc\/econ-graph cannot be [^\n]*\n$/);
  });

  it('makes a data directory that is missing, with the folders above it', async () => {
    const dataDir = join(directory, 'a', 'b');
    const child = spawn(process.execPath, ['dist/main.js'], {
      env: { PATH: process.env.PATH, PORT: '0', FLIGHT_PORT: '0', DATA_DIR: dataDir },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const chunk of child.stdout) {
      if (String(chunk).includes('"message":"Listening"')) break;
    }
    child.kill('SIGTERM');
    const [code] = (await once(child, 'exit')) as [number | null];
    expect(code).toBe(0);
  });
});
