// One process per data directory. The kernel's `flock` is free again the moment its holder is gone,
// however it went; a process id in a file would not be, and in containers every process is number 1.

import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import koffi from 'koffi';
import { AppError } from '../core/app-error.js';
import { errorCode } from './disk.js';
import { LOCK_FILE } from './paths.js';

const LOCK_SHARED = 1;
const LOCK_EXCLUSIVE = 2;
const LOCK_NON_BLOCKING = 4;

const flock = koffi.load(null).func('int flock(int fd, int operation)') as (
  fd: number,
  operation: number,
) => number;

export class DirectoryLock {
  private constructor(private fd: number | undefined) {}

  /**
   * @throws AppError UNAVAILABLE naming the holder, where another process (or another open of this one)
   *   holds the directory
   */
  static acquire(root: string): DirectoryLock {
    const path = join(root, LOCK_FILE);
    const fd = openSync(path, 'a+');
    if (flock(fd, LOCK_EXCLUSIVE | LOCK_NON_BLOCKING) !== 0) {
      const errno = koffi.errno();
      if (errno !== koffi.os.errno['EWOULDBLOCK']) {
        closeSync(fd);
        throw new AppError('UNAVAILABLE', `The data directory cannot be locked (errno ${errno})`);
      }
      const holder = readFileSync(path, 'utf8').trim();
      closeSync(fd);
      throw new AppError(
        'UNAVAILABLE',
        `The data directory is in use by ${holder || 'another process'}; stop it first`,
      );
    }
    try {
      ftruncateSync(fd);
      writeSync(fd, `process ${process.pid} on ${hostname()}\n`);
    } catch {
      // Written for the reader of the message above; nobody decides by it, and a full disk must not keep
      // a service from reading.
    }
    return new DirectoryLock(fd);
  }

  /**
   * Whether a process holds the directory, without taking it: `acquire` would write the file of the lock, and
   * keep a service that starts at that moment from starting for longer.
   * @throws the system's error where the lock cannot be looked at
   */
  static isHeld(root: string): boolean {
    let fd: number;
    try {
      fd = openSync(join(root, LOCK_FILE), 'r');
    } catch (error) {
      // No service was ever here.
      if (errorCode(error) === 'ENOENT') return false;
      throw error;
    }
    try {
      return flock(fd, LOCK_SHARED | LOCK_NON_BLOCKING) !== 0;
    } finally {
      closeSync(fd);
    }
  }

  /** Closing the file gives the lock up; a second call must not close whoever has the number by then. */
  release(): void {
    if (this.fd !== undefined) closeSync(this.fd);
    this.fd = undefined;
  }
}
