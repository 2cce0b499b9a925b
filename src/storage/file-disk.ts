import { constants } from 'node:fs';
import {
  access,
  link,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  stat,
  unlink,
} from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Disk, errorCode } from './disk.js';

/** A directory of the file system. */
export class FileDisk extends Disk {
  private constructor(private readonly root: string) {
    super();
  }

  /** Makes the directory where it is missing; fails where it cannot be written. */
  static async open(directory: string): Promise<FileDisk> {
    const root = resolve(directory);
    await makeDirectory(root);
    await access(root, constants.R_OK | constants.W_OK | constants.X_OK);
    return new FileDisk(root);
  }

  async list(): Promise<string[]> {
    const entries = await readdir(this.root, { withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
  }

  read(name: string): Promise<Uint8Array> {
    return readFile(this.path(name));
  }

  async readTail(name: string, length: number): Promise<Uint8Array> {
    const file = await open(this.path(name), 'r');
    try {
      const { size } = await file.stat();
      const wanted = Math.min(size, length);
      const bytes = Buffer.alloc(wanted);
      let done = 0;
      while (done < wanted) {
        const { bytesRead } = await file.read(bytes, done, wanted - done, size - wanted + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return bytes.subarray(0, done);
    } finally {
      await file.close();
    }
  }

  async size(name: string): Promise<number> {
    return (await stat(this.path(name))).size;
  }

  async exists(name: string): Promise<boolean> {
    try {
      await access(this.path(name));
      return true;
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return false;
      throw error;
    }
  }

  async create(name: string, bytes: Uint8Array): Promise<void> {
    const file = await open(this.path(name), 'wx');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  rename(from: string, to: string): Promise<void> {
    return rename(this.path(from), this.path(to));
  }

  link(existing: string, name: string): Promise<void> {
    return link(this.path(existing), this.path(name));
  }

  unlink(name: string): Promise<void> {
    return unlink(this.path(name));
  }

  async syncDirectory(): Promise<void> {
    const directory = await open(this.root, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }

  private path(name: string): string {
    return join(this.root, name);
  }
}

/** Not Node's `recursive` option, which never returns where the kernel makes no directories (/proc). */
async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    switch (errorCode(error)) {
      case 'EEXIST':
        if (!(await stat(path)).isDirectory()) throw error;
        return;
      case 'ENOENT':
        if (dirname(path) === path) throw error;
        await makeDirectory(dirname(path));
        await mkdir(path);
        return;
      default:
        throw error;
    }
  }
}
