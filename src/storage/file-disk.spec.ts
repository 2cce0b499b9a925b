// That the promises of durability reach the system: the simulated disk takes them for granted.

import { mkdtemp, open, rm, writeFile, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FileDisk } from './file-disk.js';

describe('a file disk', () => {
  let root: string;
  let disk: FileDisk;
  /** What was asked of open files and directories, in order. */
  let calls: string[];

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'file-disk-'));
    disk = await FileDisk.open(root);
    calls = [];
    await watchFiles();
  });

  afterEach(async () => {
    vi.restoreAllMocks();
    await rm(root, { recursive: true });
  });

  /** The methods of all open files are those of one prototype. */
  async function watchFiles(): Promise<void> {
    const probe = await open(root);
    const prototype = Object.getPrototypeOf(probe) as FileHandle;
    await probe.close();
    for (const name of ['writeFile', 'write', 'sync', 'datasync', 'truncate'] as const) {
      const original = prototype[name] as (...args: unknown[]) => Promise<unknown>;
      vi.spyOn(prototype, name).mockImplementation(async function (
        this: FileHandle,
        ...args: unknown[]
      ) {
        const isDirectory = (await this.stat()).isDirectory();
        const result = await original.apply(this, args);
        calls.push(isDirectory ? `${name} of a directory` : name);
        return result as never;
      });
    }
  }

  it('reads a file whole, of whatever size it was said to be', async () => {
    await writeFile(join(root, 'a'), 'content');
    for (const size of [undefined, 7, 0, 6, 8, 100]) {
      expect(Buffer.from(await disk.read('a', size)).toString()).toBe('content');
    }
    await expect(disk.read('b', 7)).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(disk.read('', 7)).rejects.toMatchObject({ code: 'EISDIR' });
  });

  it('syncs a new file before it says that it is there', async () => {
    await disk.create('a', Buffer.from('content'));
    expect(calls).toEqual(['writeFile', 'sync']);
    expect(Buffer.from(await disk.read('a')).toString()).toBe('content');
  });

  it('refuses to make a file that is there', async () => {
    await disk.create('a', Buffer.from('first'));
    await expect(disk.create('a', Buffer.from('second'))).rejects.toMatchObject({ code: 'EEXIST' });
  });

  it('syncs an open file when it is told to', async () => {
    await writeFile(join(root, 'log'), Buffer.alloc(10));
    const file = await disk.open('log');
    await file.write(4, Buffer.from('abc'));
    expect(calls).not.toContain('datasync');
    await file.sync();
    expect(calls.at(-1)).toBe('datasync');
    await file.truncate(6);
    await file.close();
    expect(Buffer.from(await disk.read('log')).toString()).toBe('\0\0\0\0ab');
  });

  it('syncs the directory, and the folder, whose names changed', async () => {
    await disk.syncDirectory();
    expect(calls).toEqual(['sync of a directory']);
    calls = [];
    await disk.makeFolder('wal');
    expect(calls).toContain('sync of a directory');
    calls = [];
    await disk.syncDirectory('wal');
    expect(calls).toContain('sync of a directory');
    await expect(disk.syncDirectory('elsewhere')).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('lists the files of a folder, and none of one that is missing', async () => {
    await disk.makeFolder('wal');
    await disk.create('wal/1', new Uint8Array());
    await disk.create('a', new Uint8Array());
    expect(await disk.list()).toEqual(['a']);
    expect(await disk.list('wal')).toEqual(['1']);
    expect(await disk.list('indexes')).toEqual([]);
  });
});
