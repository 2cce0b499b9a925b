// One process per data directory, and the directory free again however its holder went.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { DirectoryLock } from '../../src/storage/directory-lock.js';
import { openParquetStores, withDataDir } from '../support/parquet-stores.js';

/** Made by `npm run build`, which `npm test` runs first. */
const BUILT_LOCK = join(import.meta.dirname, '../../dist/storage/directory-lock.js');

/** A process that holds the lock of a directory until it is killed. */
async function spawnHolder(dataDir: string) {
  expect(existsSync(BUILT_LOCK), 'run `npm run build` first').toBe(true);
  const script = `
    import { DirectoryLock } from ${JSON.stringify(pathToFileURL(BUILT_LOCK).href)};
    globalThis.lock = DirectoryLock.acquire(${JSON.stringify(dataDir)});
    console.log('held');
    process.stdin.resume();
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  expect(line).toBe('held');
  return child;
}

describe('a data directory', () => {
  it('is refused while another process holds it, naming that process, and free after kill -9', async () => {
    await withDataDir(async (dataDir) => {
      const holder = await spawnHolder(dataDir);
      const exited = once(holder, 'exit');
      try {
        for (let attempt = 0; attempt < 2; attempt++) {
          await expect(openParquetStores(dataDir)).rejects.toMatchObject({
            code: 'UNAVAILABLE',
            message: expect.stringMatching(
              new RegExp(`in use by process ${holder.pid} on .*stop it first`),
            ) as string,
          });
        }
      } finally {
        holder.kill('SIGKILL');
        await exited;
      }
      const stores = await openParquetStores(dataDir);
      expect(await readFile(join(dataDir, 'lock'), 'utf8')).toContain(`process ${process.pid} `);
      await stores.close();
    });
  });

  it('is refused to a second opening of one process, until the first is closed', async () => {
    await withDataDir(async (dataDir) => {
      const stores = await openParquetStores(dataDir);
      await expect(openParquetStores(dataDir)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      await stores.close();
      await (await openParquetStores(dataDir)).close();
    });
  });

  it('stays with its new holder when the old one lets it go twice', async () => {
    await withDataDir(async (dataDir) => {
      const first = DirectoryLock.acquire(dataDir);
      first.release();
      const second = DirectoryLock.acquire(dataDir);
      first.release();
      expect(() => DirectoryLock.acquire(dataDir)).toThrow(/in use by process/);
      second.release();
    });
  });

  it('is free again after a start that failed', async () => {
    await withDataDir(async (dataDir) => {
      const failing = openParquetStores(dataDir, {
        wrap: () => {
          throw new Error('no disk');
        },
      });
      await expect(failing).rejects.toThrow('no disk');
      DirectoryLock.acquire(dataDir).release();
    });
  });
});
