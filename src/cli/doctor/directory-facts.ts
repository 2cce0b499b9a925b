// The data directory from outside: names, sizes and times. No file of it is opened but that of the lock.

import { constants } from 'node:fs';
import { access, readdir, readFile, stat, statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { messageOf } from '../../core/app-error.js';
import { mapConcurrently } from '../../core/map-concurrently.js';
import { DirectoryLock } from '../../storage/directory-lock.js';
import { errorCode } from '../../storage/disk.js';
import { INDEX_FOLDER, LOCK_FILE, LOG_FOLDER } from '../../storage/paths.js';
import type { DirectoryFacts, FileTotals, LockFacts } from './facts.js';
import { FILE_KINDS, kindOf, type FileKind } from './file-kinds.js';
import type { Secrets } from './secrets.js';

/** Enough to keep the threads busy that Node.js has for files. */
const STATS_AT_ONCE = 16;
const LARGEST = 3;
/** What `stat` counts blocks in, whatever the file system's are. */
const BLOCK_BYTES = 512;
const HOLDER_CHARACTERS_MAX = 200;

interface FoundFile {
  readonly name: string;
  readonly bytes: number;
  readonly allocatedBytes: number;
  readonly changedMilliseconds: number;
}

export async function directoryFacts(dataDir: string, secrets: Secrets): Promise<DirectoryFacts> {
  const root = resolve(dataDir);
  let files: FoundFile[] = [];
  let failure: string | undefined;
  try {
    files = await filesOf(root);
  } catch (error) {
    failure = errorCode(error) ?? messageOf(error);
  }
  // A start makes what is missing, where it may.
  const there = failure === 'ENOENT' ? await nearestThere(root) : root;
  const newest = files.reduce<FoundFile | undefined>((latest, file) => {
    return !latest || file.changedMilliseconds > latest.changedMilliseconds ? file : latest;
  }, undefined);
  return {
    path: secrets.hide(root),
    failure,
    notWritable: await refusal(there),
    disk: await diskOf(there),
    kinds: totalsOf(files),
    allocatedBytes: files.reduce((sum, { allocatedBytes }) => sum + allocatedBytes, 0),
    largest: files
      .toSorted((a, b) => b.bytes - a.bytes)
      .slice(0, LARGEST)
      .map(({ name, bytes }) => ({ name: secrets.hide(name), bytes })),
    newest: newest && {
      name: secrets.hide(newest.name),
      time: new Date(newest.changedMilliseconds).toISOString(),
    },
    lock: await lockOf(root, secrets),
  };
}

async function filesOf(root: string): Promise<FoundFile[]> {
  const folders = await Promise.all(['', LOG_FOLDER, INDEX_FOLDER].map((f) => namesIn(root, f)));
  const files = await mapConcurrently(folders.flat(), STATS_AT_ONCE, async (name) => {
    try {
      const { size, blocks, mtimeMs } = await stat(join(root, name));
      return {
        ...{ name, bytes: size, allocatedBytes: blocks * BLOCK_BYTES },
        changedMilliseconds: mtimeMs,
      };
    } catch (error) {
      // A running service replaces files, and lets segments of its log go.
      if (errorCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  });
  return files.filter((file) => file !== undefined);
}

async function namesIn(root: string, folder: string): Promise<string[]> {
  try {
    const entries = await readdir(join(root, folder), { withFileTypes: true });
    const names = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
    return folder === '' ? names : names.map((name) => `${folder}/${name}`);
  } catch (error) {
    if (folder !== '' && errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

function totalsOf(files: readonly FoundFile[]): Record<FileKind, FileTotals> {
  // TypeScript forgets the names of keys.
  const totals = Object.fromEntries(
    Object.keys(FILE_KINDS).map((kind) => [kind, { files: 0, bytes: 0 }]),
  ) as Record<FileKind, { files: number; bytes: number }>;
  for (const { name, bytes } of files) {
    const total = totals[kindOf(name)];
    total.files += 1;
    total.bytes += bytes;
  }
  return totals;
}

async function nearestThere(path: string): Promise<string> {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    try {
      await stat(folder);
      return folder;
    } catch (error) {
      if (errorCode(error) !== 'ENOENT' || dirname(folder) === folder) return folder;
    }
  }
}

async function refusal(directory: string): Promise<string | undefined> {
  try {
    if (!(await stat(directory)).isDirectory()) return 'ENOTDIR';
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return errorCode(error) ?? messageOf(error);
  }
}

async function diskOf(directory: string): Promise<DirectoryFacts['disk']> {
  try {
    const { bsize, bavail, blocks, ffree, files } = await statfs(directory);
    return {
      ...{ freeBytes: bavail * bsize, totalBytes: blocks * bsize },
      ...{ freeFiles: ffree, totalFiles: files },
    };
  } catch {
    // Why is told by `notWritable`, which meets the same error.
    return undefined;
  }
}

async function lockOf(root: string, secrets: Secrets): Promise<LockFacts> {
  try {
    if (!DirectoryLock.isHeld(root)) return { state: 'free' };
    const holder = (await readFile(join(root, LOCK_FILE), 'utf8')).trim();
    return {
      state: 'held',
      holder: secrets.hide(holder).slice(0, HOLDER_CHARACTERS_MAX) || undefined,
    };
  } catch (error) {
    return { state: 'unknown', reason: errorCode(error) ?? messageOf(error) };
  }
}
