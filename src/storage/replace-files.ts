// Replaces and removes several files as one step: after a failure every name stands for what it stood for
// before. (A crash in the middle can leave some names old and some new; only a log could prevent that.)

import { storageError } from '../core/app-error.js';
import { mapConcurrently } from '../core/map-concurrently.js';
import { errorCode, type Disk } from './disk.js';
import { temporaryFile } from './paths.js';

/** Files written and synced side by side: more of them gain nothing, and files need descriptors. */
const FILES_IN_FLIGHT = 16;

/** Some names stand for their old content and some for their new one. */
export class UndoFailedError extends Error {
  override readonly name = 'UndoFailedError';
}

export interface FileChange {
  readonly name: string;
  /** What the file shall hold; null removes it. */
  readonly bytes: Uint8Array | null;
}

interface StagedChange {
  readonly name: string;
  /** The new content under a temporary name; absent for a removal. */
  readonly staged?: string;
  /** A second name for the old content; absent where there was no file. */
  backup?: string;
  /** Its name may stand for the new content. */
  attempted: boolean;
}

/**
 * The changes are applied in their order. Each new file is synced and read back before the first name
 * moves; the names are durable when this returns.
 */
export async function replaceFiles(disk: Disk, changes: readonly FileChange[]): Promise<void> {
  const staged: StagedChange[] = [];
  try {
    await mapConcurrently(changes, FILES_IN_FLIGHT, async ({ name, bytes }) => {
      const change: StagedChange =
        bytes === null
          ? { name, attempted: false }
          : { name, staged: temporaryFile(name), attempted: false };
      staged.push(change);
      if (bytes !== null && change.staged !== undefined) await stage(disk, change.staged, bytes);
      const backup = temporaryFile(name);
      if (await linkIfPresent(disk, name, backup)) change.backup = backup;
    });
    const order = new Map(changes.map(({ name }, index) => [name, index]));
    staged.sort((a, b) => order.get(a.name)! - order.get(b.name)!);
    for (const change of staged) {
      // Before the call, because a call that fails may have done its work all the same.
      change.attempted = true;
      if (change.staged !== undefined) await disk.rename(change.staged, change.name);
      else if (change.backup !== undefined) await disk.unlink(change.name);
    }
    await disk.syncDirectory();
  } catch (error) {
    await undo(disk, staged, error);
    throw error;
  }
  await removeQuietly(
    disk,
    staged.flatMap(({ backup }) => backup ?? []),
  );
}

async function stage(disk: Disk, name: string, bytes: Uint8Array): Promise<void> {
  await disk.create(name, bytes);
  if (Buffer.compare(await disk.read(name), bytes) !== 0) {
    throw storageError('write', 'A file that was just written reads back differently');
  }
}

async function linkIfPresent(disk: Disk, name: string, backup: string): Promise<boolean> {
  try {
    await disk.link(name, backup);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

async function unlinkIfPresent(disk: Disk, name: string): Promise<void> {
  try {
    await disk.unlink(name);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

async function undo(disk: Disk, staged: readonly StagedChange[], cause: unknown): Promise<void> {
  try {
    for (const { name, backup, attempted } of staged) {
      if (!attempted) continue;
      if (backup !== undefined) await disk.rename(backup, name);
      else await unlinkIfPresent(disk, name);
    }
    if (staged.some(({ attempted }) => attempted)) await disk.syncDirectory();
  } catch (error) {
    throw new UndoFailedError('A write failed and could not be undone', {
      cause: new AggregateError([cause, error]),
    });
  }
  await removeQuietly(
    disk,
    staged.flatMap(({ staged: name, backup }) => [name ?? [], backup ?? []].flat()),
  );
}

/** Whatever stays behind here has a temporary name and goes at the next start. */
async function removeQuietly(disk: Disk, names: readonly string[]): Promise<void> {
  await Promise.allSettled(names.map((name) => disk.unlink(name)));
}
