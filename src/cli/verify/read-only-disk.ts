// A directory that cannot be changed through this disk: what only looks must not be able to do more, and
// has to work where nothing may be written, such as a backup.

import { constants } from 'node:fs';
import { access, open, readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { assert } from '../../core/assert.js';
import { Disk, errorCode } from '../../storage/disk.js';

export class ReadOnlyDisk extends Disk {
  private constructor(private readonly root: string) {
    super();
  }

  /** @throws the system's error where there is no such directory, or it may not be read */
  static async open(directory: string): Promise<ReadOnlyDisk> {
    const root = resolve(directory);
    if (!(await stat(root)).isDirectory()) {
      throw Object.assign(new Error(`${root} is not a directory`), { code: 'ENOTDIR' });
    }
    await access(root, constants.R_OK | constants.X_OK);
    return new ReadOnlyDisk(root);
  }

  async list(folder = ''): Promise<string[]> {
    try {
      const entries = await readdir(join(this.root, folder), { withFileTypes: true });
      return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
    } catch (error) {
      if (folder !== '' && errorCode(error) === 'ENOENT') return [];
      throw error;
    }
  }

  read(name: string): Promise<Uint8Array> {
    return readFile(join(this.root, name));
  }

  async readTail(name: string, length: number): Promise<Uint8Array> {
    const file = await open(join(this.root, name), 'r');
    try {
      const { size } = await file.stat();
      const wanted = Math.min(size, length);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(wanted), 0, wanted, size - wanted);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }

  async size(name: string): Promise<number> {
    return (await stat(join(this.root, name))).size;
  }

  makeFolder = refuse;
  create = refuse;
  open = refuse;
  rename = refuse;
  unlink = refuse;
  syncDirectory = refuse;
}

function refuse(): Promise<never> {
  assert(false, 'nothing is changed by who only looks');
}
