// For a directory whose log is damaged, so that no start opens it: everything in the log that can be read is
// moved into Parquet files, what cannot is told and kept under another name, and a new log begins.

import type { BatchCache } from '../../cache/batch-cache.js';
import type { Config } from '../../config/environment.js';
import { KeyedLock } from '../../core/keyed-lock.js';
import { Uuid } from '../../core/uuid.js';
import type { StorageMetrics } from '../../metrics/storage-metrics.js';
import { decodeCheckpoint, encodeCheckpoint } from '../catalog/checkpoint-file.js';
import type { SeriesCatalog } from '../catalog/series-catalog.js';
import type { CommitClock } from '../commit-clock.js';
import type { Disk } from '../disk.js';
import { Flusher } from '../flush/flusher.js';
import { replaceFile } from '../flush/staged-files.js';
import type { LogRange } from '../log/segment-scan.js';
import { FileEncoder } from '../parquet/file-encoder.js';
import {
  CHECKPOINT_FILE,
  damagedLogFile,
  IDENTITY_FILE,
  LOG_FOLDER,
  parseFileName,
} from '../paths.js';
import { DirectoryOpener } from '../recovery/directory-opener.js';
import { encodeIdentity } from '../store-identity.js';
import { StoredState } from '../stored-state.js';
import { scanLog, type LogScan } from './scan-log.js';

export interface SalvageParts {
  readonly disk: Disk;
  /** Empty; it is filled from the directory. */
  readonly catalog: SeriesCatalog;
  readonly clock: CommitClock;
  readonly cache: BatchCache;
  readonly metrics: StorageMetrics;
  readonly config: Config;
}

export interface SalvageReport {
  /** Commits that could be read; all of them are stored. */
  readonly commits: number;
  /** What could not be read. */
  readonly skipped: readonly LogRange[];
  /**
   * Whether commits could be read but not stored, because the files that they change are damaged or what
   * they belong to was lost. Then every segment is kept.
   */
  readonly isIncomplete: boolean;
}

/** What a salvage would recover and what it would lose; changes nothing. */
export async function previewSalvage(disk: Disk): Promise<LogScan> {
  return scanLog(disk, { skipsDamage: true, storedThrough: await storedThrough(disk) });
}

/**
 * For the holder of the directory's lock. Where the log is whole, it only is opened and closed.
 * @throws AppError UNAVAILABLE for a file of a newer format; whatever keeps the files from being written,
 *   with the log as it was
 */
export async function salvageLog(parts: SalvageParts): Promise<SalvageReport> {
  const { disk, catalog, clock, config } = parts;
  const { lastSequence } = await previewSalvage(disk);
  const state = new StoredState(catalog);
  const opener = new DirectoryOpener(disk, state, clock, config.logSegmentBytes);
  let isIncomplete = false;
  const { log, commits, skipped } = await opener.open(async () => {
    await flushAll(parts, state);
    isIncomplete = state.hasUnwritten;
    if (isIncomplete) await keepSegments(disk);
    // Readers of the change feed were told of commits that are lost now: they begin anew.
    await replaceFile(disk, IDENTITY_FILE, encodeIdentity(Uuid.v7()));
    // The new log begins behind everything that the old one had, lost or not, and so do the files.
    state.advance(lastSequence);
    const flushedThrough = state.appliedThrough;
    await replaceFile(disk, CHECKPOINT_FILE, await encodeCheckpoint(catalog, { flushedThrough }));
  });
  await log.close();
  return { commits, skipped, isIncomplete };
}

async function flushAll({ disk, cache, metrics, config }: SalvageParts, state: StoredState) {
  const encoder = new FileEncoder();
  const flusher = new Flusher(
    {
      ...{ disk, state, cache, metrics, encoder },
      locks: new KeyedLock(),
      fileOptions: {
        compression: config.parquetCompression,
        rowGroupRows: config.parquetRowGroupRows,
        pageBytes: config.parquetPageBytes,
      },
      deletionsKeepDays: config.deletionsKeepDays,
    },
    { intervalMilliseconds: 0, deltaBytesMax: Infinity },
    () => Promise.resolve(),
  );
  try {
    await flusher.flush();
  } finally {
    await flusher.close();
    await encoder.close();
  }
}

/** What only the log has must not go with it. */
async function keepSegments(disk: Disk): Promise<void> {
  for (const file of await disk.list(LOG_FOLDER)) {
    const name = `${LOG_FOLDER}/${file}`;
    const parsed = parseFileName(name);
    if (parsed.kind !== 'log') continue;
    await replaceFile(disk, damagedLogFile(parsed.ordinal), await disk.read(name));
  }
}

/** As the start takes it: a damaged checkpoint is none. */
async function storedThrough(disk: Disk) {
  try {
    return decodeCheckpoint(await disk.read(CHECKPOINT_FILE)).facts.flushedThrough;
  } catch {
    return undefined;
  }
}
