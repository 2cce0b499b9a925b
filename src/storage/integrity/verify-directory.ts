// Checks a whole data directory and changes nothing in it, also while a service writes to it. First every
// file by itself; then what the checkpoint, the log and the files say of each other. A service replaces
// and removes files in between, so whatever looks wrong is looked at again before it is told.

import { mapConcurrently } from '../../core/map-concurrently.js';
import type { Uuid } from '../../core/uuid.js';
import { decodeCheckpoint } from '../catalog/checkpoint-file.js';
import { errorCode, type Disk } from '../disk.js';
import {
  IDENTITY_FILE,
  INDEX_FOLDER,
  LOG_FOLDER,
  parseFileName,
  type ParsedName,
} from '../paths.js';
import { decodeIdentity } from '../store-identity.js';
import {
  checkDeletionsFile,
  checkPointsFile,
  checkSeriesFile,
  checkSourcesFile,
} from './check-file.js';
import { CrossCheck, type CheckedSeries, type Fault } from './cross-check.js';
import type { Notice, VerifyReport } from './report.js';

/** Read and decoded side by side. */
const FILES_IN_FLIGHT = 8;

export interface VerifyOptions {
  /** Whether a process writes to the directory; asked more than once, because one may start meanwhile. */
  readonly isInUse: () => boolean;
  readonly onProgress?: (done: number, total: number) => void;
}

/** @throws the system's error where the directory cannot be listed */
export function verifyDirectory(disk: Disk, options: VerifyOptions): Promise<VerifyReport> {
  return new Verification(disk, options).run();
}

class Verification {
  private readonly startedAt = performance.now();
  private readonly checked = new Map<Uuid, CheckedSeries>();
  private readonly faults: Fault[] = [];
  private readonly notices: Notice[] = [];
  private files = 0;
  private bytes = 0;
  private points = 0;

  constructor(
    private readonly disk: Disk,
    private readonly options: VerifyOptions,
  ) {}

  async run(): Promise<VerifyReport> {
    const names = await this.list();
    if (!names.includes(IDENTITY_FILE) && names.some(isData)) {
      this.note(
        IDENTITY_FILE,
        'removed, or the store is of a release that had none; a start makes a new one, and cursors of the change feed begin anew',
      );
    }
    let done = 0;
    await mapConcurrently(names, FILES_IN_FLIGHT, async (name) => {
      await this.checkFile(name);
      this.options.onProgress?.(++done, names.length);
    });
    const cross = new CrossCheck(this.disk, this.options.isInUse, this.checked);
    const { findings, notices, log, logTailJudged } = await cross.run(this.faults);
    return {
      files: this.files + log.segments,
      bytes: this.bytes + log.bytes,
      series: [...this.checked.values()].filter((series) => series.key !== undefined).length,
      points: this.points,
      commits: log.commits,
      seconds: (performance.now() - this.startedAt) / 1000,
      logTailJudged,
      findings: findings.sort(byFile),
      notices: [...this.notices, ...notices].sort(byFile),
    };
  }

  private async list(): Promise<string[]> {
    const inFolder = async (folder: string): Promise<string[]> =>
      (await this.disk.list(folder)).map((name) => `${folder}/${name}`);
    return [
      ...(await this.disk.list()),
      ...(await inFolder(INDEX_FOLDER)),
      ...(await inFolder(LOG_FOLDER)),
    ].sort();
  }

  private async checkFile(name: string): Promise<void> {
    const parsed = parseFileName(name);
    switch (parsed.kind) {
      case 'series':
        return this.look(name, parsed, (bytes) => {
          const row = checkSeriesFile(bytes, parsed.id);
          const series = this.seriesOf(parsed.id);
          series.metadataThrough = row.updatedAt;
          series.key = `${row.sourceId}/${row.externalId}`;
        });
      case 'points':
        return this.look(name, parsed, (bytes) => {
          const { rows, facts } = checkPointsFile(bytes, parsed.id);
          this.points += rows;
          this.seriesOf(parsed.id).pointsThrough = facts.throughSeq;
        });
      case 'sources':
        return this.look(name, parsed, checkSourcesFile);
      case 'deletions':
        return this.look(name, parsed, checkDeletionsFile);
      case 'identity':
        return this.look(name, parsed, decodeIdentity);
      case 'checkpoint':
        return this.look(name, parsed, decodeCheckpoint);
      case 'temporary':
        this.note(
          name,
          'left behind by an interrupted write, or being written now; a start removes it',
        );
        return;
      case 'damaged-log':
        this.note(name, 'kept by salvage-log, because not all of it could be read');
        return;
      case 'foreign':
        this.note(name, 'not a file of the service; it is left alone');
        return;
      case 'log': // Read in one go, because its files are one sequence.
      case 'lock':
        return;
    }
  }

  /** A file that fails is read twice: what is there then may be whole, or gone. */
  private async look(
    name: string,
    parsed: ParsedName,
    check: (bytes: Uint8Array) => unknown,
  ): Promise<void> {
    for (const isLast of [false, true]) {
      try {
        const bytes = await this.disk.read(name);
        check(bytes);
        this.count(bytes);
        return;
      } catch (error) {
        if (errorCode(error) === 'ENOENT') return;
        if (!isLast) continue;
        this.count();
        this.faults.push({ name, parsed, error });
      }
    }
  }

  private count(bytes?: Uint8Array): void {
    this.files += 1;
    this.bytes += bytes?.byteLength ?? 0;
  }

  private seriesOf(id: Uuid): CheckedSeries {
    let series = this.checked.get(id);
    if (!series) this.checked.set(id, (series = {}));
    return series;
  }

  private note(file: string, note: string): void {
    this.notices.push({ file, note });
  }
}

/** What is there only once a store was opened and used. */
function isData(name: string): boolean {
  return ['series', 'points', 'sources', 'deletions', 'checkpoint'].includes(
    parseFileName(name).kind,
  );
}

function byFile(a: { file: string }, b: { file: string }): number {
  return a.file < b.file ? -1 : a.file > b.file ? 1 : 0;
}
