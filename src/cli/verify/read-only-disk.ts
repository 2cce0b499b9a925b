// A directory that cannot be changed through this disk: what only looks must not be able to do more, and
// has to work where nothing may be written, such as a backup.

import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { assert } from '../../core/assert.js';
import { ReadableDirectory } from '../../storage/file-disk.js';

export class ReadOnlyDisk extends ReadableDirectory {
  /** @throws the system's error where there is no such directory, or it may not be read */
  static async open(directory: string): Promise<ReadOnlyDisk> {
    const root = resolve(directory);
    if (!(await stat(root)).isDirectory()) {
      throw Object.assign(new Error(`${root} is not a directory`), { code: 'ENOTDIR' });
    }
    await access(root, constants.R_OK | constants.X_OK);
    return new ReadOnlyDisk(root);
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
