// The `salvage-log` command without its command line: an exit code out.

import 'reflect-metadata';
import type { LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { BatchCache } from '../../cache/batch-cache.js';
import { ConfigError, loadConfig, type Config } from '../../config/environment.js';
import { AppError } from '../../core/app-error.js';
import { StorageMetrics } from '../../metrics/storage-metrics.js';
import { startFailure } from '../../start-failure.js';
import { SeriesCatalog } from '../../storage/catalog/series-catalog.js';
import { CommitClock } from '../../storage/commit-clock.js';
import { DirectoryLock } from '../../storage/directory-lock.js';
import { FileDisk } from '../../storage/file-disk.js';
import {
  previewSalvage,
  salvageLog,
  type SalvageReport,
} from '../../storage/integrity/salvage-log.js';
import type { LogRange } from '../../storage/log/segment-scan.js';
import type { TextOutput } from '../import/progress.js';
import { count } from '../import/summary.js';
import { ReadOnlyDisk } from '../verify/read-only-disk.js';
import type { Surroundings } from '../verify/run-verify.js';
import { SalvageModule } from './salvage.module.js';

/** @returns 0 done, or there was nothing to do; 1 failed, with the log as it was */
export async function runSalvage(
  { dryRun = false }: { readonly dryRun?: boolean },
  { environment, stdout, stderr }: Surroundings,
): Promise<0 | 1> {
  let config: Config;
  try {
    config = loadConfig(environment);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const fault of error.faults) stderr.write(`${fault}\n`);
    return 1;
  }
  try {
    // A directory that is not there is not made.
    const readOnly = await ReadOnlyDisk.open(config.dataDir);
    const print = (line: string) => stdout.write(`${line}\n`);
    if (dryRun) await preview(readOnly, config, print);
    else tell(await salvage(config, stderr), print);
    return 0;
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const reason = missing
      ? `DATA_DIR: ${config.dataDir} does not exist`
      : startFailure(error, config);
    stderr.write(`${reason}\n`);
    return 1;
  }
}

async function preview(
  disk: ReadOnlyDisk,
  { dataDir }: Config,
  print: (line: string) => void,
): Promise<void> {
  if (DirectoryLock.isHeld(dataDir)) {
    throw new AppError('UNAVAILABLE', 'The data directory is in use by a service; stop it first');
  }
  const { commits, skipped } = await previewSalvage(disk);
  if (skipped.length === 0) {
    print(`Nothing is damaged: all ${count(commits, 'commit')} of the log can be read`);
    return;
  }
  for (const range of skipped) print(lineOf(range, 'would be lost'));
  print(`${count(commits, 'commit')} would be recovered; nothing was changed`);
}

async function salvage(config: Config, stderr: TextOutput): Promise<SalvageReport> {
  const { dataDir } = config;
  const disk = await FileDisk.open(dataDir);
  const lock = DirectoryLock.acquire(dataDir);
  try {
    const context = await NestFactory.createApplicationContext(SalvageModule.forRoot(config), {
      logger: warningsOn(stderr),
      abortOnError: false,
    });
    try {
      return await salvageLog({
        ...{ disk, config },
        catalog: context.get(SeriesCatalog),
        clock: context.get(CommitClock),
        cache: context.get(BatchCache, { strict: false }),
        metrics: context.get(StorageMetrics, { strict: false }),
      });
    } finally {
      await context.close();
    }
  } finally {
    lock.release();
  }
}

function tell(
  { commits, skipped, isIncomplete }: SalvageReport,
  print: (line: string) => void,
): void {
  if (skipped.length === 0) {
    print(`Nothing is damaged: all ${count(commits, 'commit')} of the log can be read`);
    return;
  }
  for (const range of skipped) print(lineOf(range, 'could not be read'));
  print(`${count(commits, 'commit')} recovered; the service can be started`);
  if (isIncomplete) {
    print(
      'Some of them change series whose files are damaged or whose creation was lost, and could not be stored: the whole log is kept as wal/*.damaged',
    );
  } else {
    print('The damaged files of the log are kept as wal/*.damaged');
  }
}

function lineOf({ file, offset, bytes }: LogRange, what: string): string {
  return bytes === 0
    ? `${file}, at byte ${offset}: what was there ${what}, nobody knows how much`
    : `${file}, at byte ${offset}: ${count(bytes, 'byte')} ${what}`;
}

/** Of what the storage logs, only what somebody must know. */
function warningsOn(output: TextOutput): LoggerService {
  const silent = (): void => undefined;
  const write = (message: unknown): void => {
    output.write(`${typeof message === 'string' ? message : JSON.stringify(message)}\n`);
  };
  return { log: silent, debug: silent, verbose: silent, warn: write, error: write, fatal: write };
}
