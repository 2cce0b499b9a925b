// The built command line in a process of its own.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { summaryOf, Workbench } from './import-support.js';

const CLI = fileURLToPath(new URL('../../dist/cli/index.js', import.meta.url));

let bench: Workbench;
beforeEach(async () => {
  bench = await Workbench.make();
});
afterEach(() => rm(bench.directory, { recursive: true, force: true }));

function start(args: readonly string[], environment: NodeJS.ProcessEnv = {}): ChildProcess {
  const env = { PATH: process.env['PATH'], DATA_DIR: bench.dataDir, ...environment };
  return spawn(process.execPath, [CLI, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
}

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const child = start(args);
  let [out, err] = ['', ''];
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (err += text));
  const [code] = (await once(child, 'close')) as [number];
  return { code, out, err };
}

describe('the command line', () => {
  it('imports with code 0, tells each step in plain lines, and says when nothing changed', async () => {
    const path = await bench.file('data.csv', 'month,a,b\n2006-01,1,2\n2006-02,3,4\n');
    const first = await run(
      'import',
      path,
      '--source',
      'Bureau',
      '--source-url',
      'http://b.example',
    );
    expect(first).toMatchObject({
      code: 0,
      err: `${path}: checking\n${path}: writing\n`,
    });
    expect(summaryOf(first.out)).toMatchObject({ file: 1, created: 2, added: 4 });
    const second = await run('import', path, '--source', 'Bureau');
    expect(second.code).toBe(0);
    expect(second.out).toMatch(/^Nothing changed: 1 file;.*4 unchanged;.*points\/s\n$/);
    expect((await bench.stored()).rows).toHaveLength(4);
  });

  it('fails with code 1 on bad input and a bad setting, with code 2 on bad options', async () => {
    const path = await bench.file('data.csv', 'month,a\n2006-01,one\n');
    expect(await run('import', path)).toMatchObject({
      code: 1,
      err: expect.stringContaining(`${path}:2:9: a must be a decimal number, received "one"`),
    });
    expect(await run('import')).toMatchObject({
      code: 2,
      err: expect.stringContaining('missing required argument'),
    });
    expect(await run('import', path, '--form', 'round')).toMatchObject({ code: 2 });
    const child = start(['import', path], { PORT: 'high' });
    expect(((await once(child, 'close')) as [number])[0]).toBe(1);
  });

  it('explains itself, with examples', async () => {
    for (const command of ['import', 'serve']) {
      const { code, out } = await run(command, '--help');
      expect(code).toBe(0);
      expect(out).toContain('Examples:');
    }
    expect((await run('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('serves, and an import into the directory in use is told to go to the service', async () => {
    const path = await bench.file('data.csv', 'month,a\n2006-01,1\n');
    const child = start(['serve'], { PORT: '0', FLIGHT_PORT: '0' });
    const closed = once(child, 'close');
    try {
      const url = await listeningUrl(child);
      const refused = await run('import', path);
      expect(refused.code).toBe(1);
      expect(refused.err).toContain('import through it with --url');
      expect(refused.err.trim()).not.toContain('\n');
      const accepted = await run('import', path, '--url', url);
      expect(accepted.code).toBe(0);
      expect(summaryOf(accepted.out)).toMatchObject({ created: 1, added: 1 });
    } finally {
      child.kill('SIGTERM');
    }
    expect(((await closed) as [number])[0]).toBe(0);
    expect((await bench.stored()).rows).toHaveLength(1);
  });
});

async function listeningUrl(child: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: child.stdout! })) {
    const entry = JSON.parse(line) as { message: string; url?: string };
    if (entry.url) return entry.url;
  }
  throw new Error('the service ended without listening');
}
