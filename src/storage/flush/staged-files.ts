// New files under temporary names, synced and read back before they take the place of another: whoever
// looks sees the old file or the new one, whole, whatever happens in between.

import { storageError } from '../../core/app-error.js';
import type { Disk } from '../disk.js';
import { folderOf, temporaryFile } from '../paths.js';

export interface StagedFile {
  readonly name: string;
  readonly temporary: string;
}

/** The bytes are durable, the temporary name is not; nothing is left of it after a failure. */
export async function stage(disk: Disk, name: string, bytes: Uint8Array): Promise<StagedFile> {
  const staged = { name, temporary: temporaryFile(name) };
  try {
    await disk.create(staged.temporary, bytes);
    if (Buffer.compare(await disk.read(staged.temporary), bytes) !== 0) {
      throw storageError('write', 'A file that was just written reads back differently');
    }
    return staged;
  } catch (error) {
    await discard(disk, [staged]);
    throw error;
  }
}

/** Whatever stays behind here has a temporary name and goes at the next start. */
export async function discard(disk: Disk, staged: readonly StagedFile[]): Promise<void> {
  await Promise.allSettled(staged.map(({ temporary }) => disk.unlink(temporary)));
}

/** The file is durable, under its name, when this returns. */
export async function replaceFile(disk: Disk, name: string, bytes: Uint8Array): Promise<void> {
  const staged = await stage(disk, name, bytes);
  try {
    await disk.rename(staged.temporary, name);
  } catch (error) {
    await discard(disk, [staged]);
    throw error;
  }
  await disk.syncDirectory(folderOf(name));
}
