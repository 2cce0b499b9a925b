// Whether a process holds a data directory, without taking it: `DirectoryLock` would write the file of the
// lock, and keep a service that starts at that moment from starting for longer.

import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import koffi from 'koffi';
import { errorCode } from '../../storage/disk.js';
import { LOCK_FILE } from '../../storage/paths.js';

const LOCK_SHARED = 1;
const LOCK_NON_BLOCKING = 4;

const flock = koffi.load(null).func('int flock(int fd, int operation)') as (
  fd: number,
  operation: number,
) => number;

/** @throws the system's error where the lock cannot be looked at */
export function isDirectoryInUse(root: string): boolean {
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
