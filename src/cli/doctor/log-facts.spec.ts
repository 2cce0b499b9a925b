import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { logFacts } from './log-facts.js';
import { Secrets } from './secrets.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'econ-graph-test-'));
});
afterAll(() => rm(folder, { recursive: true }));

const secrets = new Secrets({ REDIS_URL: 'redis://u:hunter22@cache' });

async function factsOf(text: string) {
  const file = join(folder, 'service.log');
  await writeFile(file, text);
  return logFacts(file, secrets);
}

const line = (n: number, fields: object = {}): string =>
  JSON.stringify({ level: 'error', time: `T${n}`, message: `Failure ${n}`, ...fields });

describe('logFacts', () => {
  it('counts the last ten errors by message, the newest first, with its last code and request', async () => {
    const lines = [
      line(0),
      ...Array.from({ length: 8 }, (_, n) =>
        line(n + 1, {
          message: 'Disk full',
          code: 'STORAGE_ERROR',
          requestId: `r${n + 1}`,
          reason: 'ENOSPC',
        }),
      ),
      line(9),
      JSON.stringify({ level: 'warn', message: 'Slow query' }),
      line(10),
    ];
    const { errors } = await factsOf(lines.join('\n') + '\n');
    const none = { reason: undefined, code: undefined, requestId: undefined };
    expect(errors).toEqual([
      { message: 'Failure 10', count: 1, lastTime: 'T10', ...none },
      { message: 'Failure 9', count: 1, lastTime: 'T9', ...none },
      {
        message: 'Disk full',
        count: 8,
        lastTime: 'T8',
        reason: 'ENOSPC',
        code: 'STORAGE_ERROR',
        requestId: 'r8',
      },
    ]);
  });

  it('says how many lines are not JSON, and stumbles over none', async () => {
    const found = await factsOf('[12:00] ERROR: pretty\n\n{"level":\n7\n[1]\nnull\n' + line(1));
    expect(found).toMatchObject({ lines: 6, notJson: 4 });
    expect(found.errors).toHaveLength(1);
  });

  it('hides secrets, by form and by value', async () => {
    const { errors } = await factsOf(line(1, { message: 'hunter22 redis://a:zyxwvuts@b' }));
    expect(errors[0]?.message).toBe('*** redis://***@b');
  });

  it('reads the end of a large file only', async () => {
    const filler = `${JSON.stringify({ level: 'info', message: 'x'.repeat(1_000) })}\n`;
    const found = await factsOf(`${line(1)}\n${filler.repeat(17_000)}${line(2)}\n`);
    expect(found.errors.map(({ message }) => message)).toEqual(['Failure 2']);
    expect(found.notJson).toBe(0);
  });

  it('fails where there is no such file', async () => {
    await expect(logFacts(join(folder, 'none'), secrets)).rejects.toThrow('ENOENT');
  });
});
