// What a verification answers.

import { messageOf } from '../../core/app-error.js';
import { errorCode } from '../disk.js';
import { NewerFormatError } from '../parquet/file-seal.js';

/** What restores the content of a damaged file, in words for an operator. */
export const REMEDIES = {
  backup: 'restore it from a backup',
  indexes: 'delete indexes/ to have it made again',
  newerRelease: 'use the release that wrote it, or a newer one',
  permissions:
    'check the disk and the permissions of the file; restore it from a backup if it is lost',
  logMetadata: 'its content is still in the log: restart the service to have it written again',
  logPoints:
    'its content is still in the log: remove it, then restart the service to have it written again',
  missingFromCatalogue:
    'its content is in the catalogue: restart the service to have it written again',
  damagedInCatalogue:
    'its content is in the catalogue: remove it, then restart the service to have it written again (a running service writes it again when its scrub comes to it)',
  identity:
    'restore it from a backup; without one a restart makes a new one, and cursors of the change feed begin anew (a running service writes it again when its scrub comes to it)',
  duplicate:
    'of the two, remove the file that should not be there, or restore the right one from a backup',
  log: 'restore wal/ from a backup, or run "econ-graph-financial-data salvage-log" to keep what can still be read',
} as const;

export interface Finding {
  readonly file: string;
  readonly problem: string;
  readonly remedy: string;
}

export interface Notice {
  readonly file: string;
  readonly note: string;
}

export interface VerifyReport {
  /** Files that were read, those of the log among them. */
  readonly files: number;
  readonly bytes: number;
  readonly series: number;
  readonly points: number;
  /** Commits in the log. */
  readonly commits: number;
  readonly seconds: number;
  /** False where another process writes the log: then the end of the log is not judged. */
  readonly logTailJudged: boolean;
  readonly findings: readonly Finding[];
  /** What is no damage. */
  readonly notices: readonly Notice[];
}

/** What is wrong with a file by itself. */
export function problemOf(error: unknown): Pick<Finding, 'problem' | 'remedy'> {
  const code = errorCode(error);
  if (code !== undefined) {
    return { problem: `the file cannot be read (${code})`, remedy: REMEDIES.permissions };
  }
  const remedy = error instanceof NewerFormatError ? REMEDIES.newerRelease : REMEDIES.backup;
  return { problem: messageOf(error), remedy };
}
