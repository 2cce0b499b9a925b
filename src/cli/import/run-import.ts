// The `import` command without its command line: files in, an exit code out.

import type { LoggerService } from '@nestjs/common';
import { ConfigError, loadConfig } from '../../config/environment.js';
import { AppError, messageOf } from '../../core/app-error.js';
import { CalendarDate } from '../../core/calendar-date.js';
import { SystemClock, type Clock } from '../../core/clock.js';
import { startFailure } from '../../start-failure.js';
import { CsvFile } from './csv-file.js';
import { InputError, InputErrors } from './faults.js';
import { checkSource, readOptions, type ImportOptions } from './import-options.js';
import type { ImportTarget } from './import-target.js';
import { LocalTarget } from './local-target.js';
import { progressOn, type Progress, type TextOutput } from './progress.js';
import { RejectsFile } from './rejects-file.js';
import { RemoteError, RemoteTarget } from './remote-target.js';
import { scanFile, type ScannedFile, type ScanOptions } from './scan.js';
import { readSeriesFile, type SeriesDescription } from './series-file.js';
import { count, noTotals, number, summaryLine, type ImportTotals } from './summary.js';
import { prepareSeries, resolveSource } from './target-series.js';
import { writeFile } from './write-file.js';

/** What an import finds around it. */
export interface ImportSurroundings {
  readonly environment: NodeJS.ProcessEnv;
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
  readonly clock?: Clock;
  /** Tests set it low. */
  readonly pointsPerChunk?: number;
}

/** @returns 0 where every file was imported, 1 where one was refused or something failed */
export async function runImport(
  paths: readonly string[],
  options: ImportOptions,
  surroundings: ImportSurroundings,
): Promise<0 | 1> {
  const { stderr } = surroundings;
  let target: ImportTarget | undefined;
  try {
    const scanOptions = readOptions(options, surroundings.clock ?? new SystemClock());
    const files = await openFiles(paths, scanOptions.delimiter);
    for (const csv of files) checkSource(options.source ?? csv.name, options.sourceUrl);
    const described = options.seriesFile
      ? await readSeriesFile(options.seriesFile)
      : new Map<string, SeriesDescription>();
    if (!options.dryRun) target = await openTarget(options.url, surroundings);
    const run = new ImportRun(options, scanOptions, described, surroundings, target);
    return (await run.importAll(files)) ? 0 : 1;
  } catch (error) {
    const lines = describeFailure(error);
    if (!lines) throw error;
    for (const line of lines) stderr.write(`${line}\n`);
    return 1;
  } finally {
    await target?.close();
  }
}

/** The lines that tell an expected failure; undefined for a bug of ours. */
function describeFailure(error: unknown): readonly string[] | undefined {
  if (error instanceof InputErrors) return error.lines;
  if (error instanceof ConfigError) return error.faults;
  const isExpected = [InputError, RemoteError, AppError].some((kind) => error instanceof kind);
  return isExpected ? [(error as Error).message] : undefined;
}

/**
 * A mistyped name is told before anything is imported.
 * @throws InputError with one line per file that cannot be read
 */
async function openFiles(paths: readonly string[], delimiter?: string): Promise<CsvFile[]> {
  const opened = await Promise.allSettled(paths.map((path) => CsvFile.open(path, delimiter)));
  const failures: unknown[] = opened.flatMap((one) =>
    one.status === 'rejected' ? [one.reason as unknown] : [],
  );
  if (failures.length === 1) throw failures[0];
  if (failures.length > 1) throw new InputErrors(failures.map(messageOf));
  return opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
}

async function openTarget(
  url: string | undefined,
  { environment, stderr }: ImportSurroundings,
): Promise<ImportTarget> {
  if (url !== undefined) return RemoteTarget.open(url);
  const config = loadConfig(environment);
  try {
    return await LocalTarget.open(config, quietLogger(stderr));
  } catch (error) {
    const isHeld = error instanceof AppError && error.code === 'UNAVAILABLE';
    const hint = isHeld ? ', or import through it with --url' : '';
    throw new InputError(startFailure(error, config) + hint, { cause: error });
  }
}

/** Of what the services log, only what somebody must know. */
function quietLogger(output: TextOutput): LoggerService {
  const silent = (): void => undefined;
  const write = (message: unknown): void => {
    // An error is thrown as well, and told by whoever catches it.
    if (message instanceof Error) return;
    output.write(`${typeof message === 'string' ? message : JSON.stringify(message)}\n`);
  };
  return { log: silent, debug: silent, verbose: silent, warn: write, error: write, fatal: write };
}

class ImportRun {
  private readonly totals: ImportTotals = noTotals();
  private readonly progress: Progress;
  private readonly startedAt = performance.now();

  constructor(
    private readonly options: ImportOptions,
    private readonly scanOptions: ScanOptions,
    private readonly described: ReadonlyMap<string, SeriesDescription>,
    private readonly surroundings: ImportSurroundings,
    /** Without one nothing is written. */
    private readonly target: ImportTarget | undefined,
  ) {
    this.progress = progressOn(surroundings.stderr);
  }

  /** @returns whether every file was good; a bad one does not stop those after it */
  async importAll(files: readonly CsvFile[]): Promise<boolean> {
    let isGood = true;
    for (const csv of files) isGood = (await this.importOne(csv)) && isGood;
    const seconds = (performance.now() - this.startedAt) / 1000;
    this.print(
      this.target
        ? summaryLine(this.totals, seconds, this.options.vintages === true)
        : 'Dry run: nothing was written',
    );
    return isGood;
  }

  private async importOne(csv: CsvFile): Promise<boolean> {
    try {
      const file = await this.during(`${csv.path}: checking`, csv, (onRead) =>
        scanFile(csv, this.scanOptions, onRead),
      );
      if (!this.accept(file)) return false;
      if (this.target) await this.write(file, this.target);
      else this.print(describeFile(file));
      return true;
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.complain(error.message);
      return false;
    }
  }

  /** Tells the faults, and whether the file is imported all the same. */
  private accept({ csv, layout, faults, lines }: ScannedFile): boolean {
    const hasRevisionDates = layout.form === 'long' && layout.revisionDate !== undefined;
    if (hasRevisionDates && this.options.revisionDate !== undefined) {
      throw new InputError(
        `${csv.path}: has revision dates of its own, and --revision-date is given`,
      );
    }
    if (faults.badLines === 0) return true;
    for (const line of faults.describe(csv.path)) this.complain(line);
    if (this.options.skipBadLines) return true;
    const advice =
      layout.form === 'wide' && faults.badLines === lines
        ? 'where one column names the series, say which by --series-column and --value-column'
        : '--skip-bad-lines imports the others';
    this.complain(
      `${csv.path}: nothing of it was imported: ${number(faults.badLines)} of ${count(lines, 'line')} are bad; ${advice}`,
    );
    return false;
  }

  private async write(file: ScannedFile, target: ImportTarget): Promise<void> {
    const { csv, layout, faults, series } = file;
    const rejects = faults.badLines > 0 ? await RejectsFile.create(csv, layout.header) : undefined;
    try {
      const { source = csv.name, sourceUrl, frequency } = this.options;
      const sourceId = await resolveSource(target, { name: source, url: sourceUrl });
      const { described } = this;
      const prepared = await prepareSeries(target, series.all, { sourceId, described, frequency });
      const { pointsPerChunk } = this.surroundings;
      const { vintages: areVintages, complete: areComplete = false } = this.options;
      const vintages = areVintages ? { areComplete } : undefined;
      const points = await this.during(`${csv.path}: writing`, csv, (onRead) =>
        writeFile(file, { target, ids: prepared.ids, rejects, vintages, pointsPerChunk }, onRead),
      );
      this.count(prepared.counts);
      this.count(points);
      this.count({ files: 1, skippedLines: faults.badLines });
    } finally {
      await rejects?.close();
    }
    if (rejects) this.complain(`${rejects.path}: ${count(faults.badLines, 'line')} skipped`);
  }

  private async during<T>(
    label: string,
    { bytes }: CsvFile,
    task: (onRead: (bytesRead: number, line: number) => void) => Promise<T>,
  ): Promise<T> {
    this.progress.start(label, bytes);
    try {
      return await task((bytesRead, line) => this.progress.update(bytesRead, line));
    } finally {
      this.progress.stop();
    }
  }

  private count(more: Partial<ImportTotals>): void {
    for (const [name, amount] of Object.entries(more))
      this.totals[name as keyof ImportTotals] += amount;
  }

  private print(line: string): void {
    this.surroundings.stdout.write(`${line}\n`);
  }

  private complain(line: string): void {
    this.surroundings.stderr.write(`${line}\n`);
  }
}

/** What a dry run tells of a file. */
function describeFile({ csv, layout, series, lines, faults }: ScannedFile): string {
  const observed = series.all.filter(({ observations }) => observations > 0);
  const points = observed.reduce((sum, { observations }) => sum + observations, 0);
  const firsts = observed.map(({ spacing }) => spacing.firstDate!);
  const lasts = observed.map(({ spacing }) => spacing.lastDate!);
  const frequencies = [...new Set(observed.map(({ spacing }) => spacing.guess()))];
  return [
    `${csv.path}: ${layout.form} form, ${count(lines, 'line')} (${number(faults.badLines)} bad)`,
    `${count(observed.length, 'series')}, ${count(points, 'value')}`,
    ...(observed.length > 0
      ? [
          `${CalendarDate.format(minimum(firsts))} to ${CalendarDate.format(maximum(lasts))}`,
          `guessed frequency ${frequencies.join(', ')}`,
        ]
      : []),
  ].join('; ');
}

function minimum(dates: readonly CalendarDate[]): CalendarDate {
  return dates.reduce((a, b) => (a < b ? a : b));
}

function maximum(dates: readonly CalendarDate[]): CalendarDate {
  return dates.reduce((a, b) => (a > b ? a : b));
}
