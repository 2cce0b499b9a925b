// The `verify` command without its command line: an exit code out.

import { ConfigError, loadConfig } from '../../config/environment.js';
import { messageOf } from '../../core/app-error.js';
import { DirectoryLock } from '../../storage/directory-lock.js';
import type { VerifyReport } from '../../storage/integrity/report.js';
import { verifyDirectory } from '../../storage/integrity/verify-directory.js';
import { count } from '../import/summary.js';
import type { TextOutput } from '../import/progress.js';
import { ReadOnlyDisk } from './read-only-disk.js';

export interface Surroundings {
  readonly environment: NodeJS.ProcessEnv;
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
}

/** Soon enough to see that it goes on; what ends before tells nothing. */
const PROGRESS_MILLISECONDS = 1000;

/** @returns 0 nothing found, 1 damage found, 2 could not be checked */
export async function runVerify(
  { json = false }: { readonly json?: boolean },
  { environment, stdout, stderr }: Surroundings,
): Promise<0 | 1 | 2> {
  let dataDir: string;
  try {
    ({ dataDir } = loadConfig(environment));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const fault of error.faults) stderr.write(`${fault}\n`);
    return 2;
  }
  const progress = progressOn(stderr);
  try {
    const report = await verifyDirectory(await ReadOnlyDisk.open(dataDir), {
      isInUse: () => DirectoryLock.isHeld(dataDir),
      onProgress: progress.update,
    });
    progress.end();
    stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : textOf(report, dataDir));
    return report.findings.length === 0 ? 0 : 1;
  } catch (error) {
    progress.end();
    stderr.write(`DATA_DIR: ${dataDir} could not be checked: ${messageOf(error)}\n`);
    return 2;
  }
}

function textOf(report: VerifyReport, dataDir: string): string {
  const { findings, notices, files, bytes, series, points, commits, seconds } = report;
  const lines = [
    ...findings.map(({ file, problem, remedy }) => `${file}: ${problem}; ${remedy}`),
    ...notices.map(({ file, note }) => `note: ${file}: ${note}`),
    [
      findings.length === 0
        ? `No damage in ${dataDir}`
        : `${count(findings.length, 'finding')} in ${dataDir}`,
      `${count(files, 'file')}, ${count(bytes, 'byte')}`,
      `${count(series, 'series')}, ${count(points, 'point')}`,
      `${count(commits, 'commit')} in the log`,
      `${seconds.toFixed(1)} s`,
    ].join('; '),
  ];
  return `${lines.join('\n')}\n`;
}

function progressOn(output: TextOutput): {
  update: (done: number, total: number) => void;
  end: () => void;
} {
  let nextAt = performance.now() + PROGRESS_MILLISECONDS;
  let isShown = false;
  return {
    update: (done, total) => {
      if (!output.isTTY || performance.now() < nextAt) return;
      nextAt = performance.now() + PROGRESS_MILLISECONDS;
      isShown = true;
      output.write(`\r${done} of ${count(total, 'file')} checked`);
    },
    end: () => {
      if (isShown) output.write('\r\u001b[K');
    },
  };
}
