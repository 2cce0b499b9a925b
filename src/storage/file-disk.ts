import * as fs from 'node:fs';
import {
  access,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  stat,
  statfs,
  unlink,
  type FileHandle,
} from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Disk, DiskFile, errorCode, type DiskSpace } from './disk.js';

/** A directory of the file system as it is read, whether it may be written or not. */
export abstract class ReadableDirectory extends Disk {
  protected constructor(private readonly root: string) {
    super();
  }

  async list(folder = ''): Promise<string[]> {
    try {
      const entries = await readdir(this.path(folder), { withFileTypes: true });
      return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
    } catch (error) {
      if (folder !== '' && errorCode(error) === 'ENOENT') return [];
      throw error;
    }
  }

  async read(name: string, size?: number): Promise<Uint8Array> {
    const path = this.path(name);
    const bytes = size === undefined ? undefined : await readOfSize(path, size);
    return bytes ?? readFile(path);
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

  async space(): Promise<DiskSpace> {
    const { bsize, bavail, blocks } = await statfs(this.root);
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  }

  protected path(name: string): string {
    return join(this.root, name);
  }
}

/**
 * A file of which the size is known, by the functions that take callbacks: a file handle of promises costs as
 * much again as the reading of a small file.
 * @returns undefined where it is of another size, or was not read in one go
 */
function readOfSize(path: string, size: number): Promise<Uint8Array | undefined> {
  return new Promise((resolve, reject) => {
    fs.open(path, 'r', (notOpened, file) => {
      if (notOpened) {
        reject(notOpened);
        return;
      }
      // One byte more, so that a file that has grown is noticed.
      const bytes = Buffer.allocUnsafeSlow(size + 1);
      fs.read(file, bytes, 0, bytes.byteLength, 0, (notRead, length) => {
        // Of a file that was only read, closing loses nothing.
        fs.close(file, () => undefined);
        if (notRead) reject(notRead);
        else resolve(length === size ? bytes.subarray(0, size) : undefined);
      });
    });
  });
}

/** A directory of the file system. */
export class FileDisk extends ReadableDirectory {
  /** Makes the directory where it is missing; fails where it cannot be written. */
  static async open(directory: string): Promise<FileDisk> {
    const root = resolve(directory);
    await makeDirectory(root);
    await access(root, fs.constants.R_OK | fs.constants.W_OK | fs.constants.X_OK);
    return new FileDisk(root);
  }

  async makeFolder(folder: string): Promise<void> {
    await makeDirectory(this.path(folder));
    await this.syncDirectory();
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

  async open(name: string): Promise<DiskFile> {
    return new OpenFile(await open(this.path(name), 'r+'));
  }

  rename(from: string, to: string): Promise<void> {
    return rename(this.path(from), this.path(to));
  }

  unlink(name: string): Promise<void> {
    return unlink(this.path(name));
  }

  async syncDirectory(folder = ''): Promise<void> {
    const directory = await open(this.path(folder), 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }
}

class OpenFile extends DiskFile {
  constructor(private readonly file: FileHandle) {
    super();
  }

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    let done = 0;
    while (done < bytes.byteLength) {
      const left = bytes.byteLength - done;
      done += (await this.file.write(bytes, done, left, offset + done)).bytesWritten;
    }
  }

  /** `fdatasync`, which also makes a new length durable, only not the times of the file. */
  sync(): Promise<void> {
    return this.file.datasync();
  }

  truncate(length: number): Promise<void> {
    return this.file.truncate(length);
  }

  close(): Promise<void> {
    return this.file.close();
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
