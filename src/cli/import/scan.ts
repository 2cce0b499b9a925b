// The first pass over a file: every line is parsed and checked, nothing is kept of it but sums, what the
// series need, and the first faults.

import { CalendarDate } from '../../core/calendar-date.js';
import { CsvFile, type CsvRecord, type ReadListener } from './csv-file.js';
import { readLayout, type ColumnNames, type Layout } from './columns.js';
import { FaultLog, InputError, type Fault } from './faults.js';
import { FileSeriesTable } from './file-series.js';
import { RecordParser, type Observation, type ParserRules } from './record-parser.js';
import { hashKey, KEYS_PER_WINDOW, RepeatedKeys } from './repeated-keys.js';

export interface ScanOptions {
  readonly columns: ColumnNames;
  readonly rules: Omit<ParserRules, 'delimiter'>;
  readonly delimiter?: string | undefined;
  /** Tests set it low. */
  readonly keysPerWindow?: number;
}

/** A file that has been looked through. */
export interface ScannedFile {
  readonly csv: CsvFile;
  readonly layout: Layout;
  readonly parser: RecordParser;
  readonly series: FileSeriesTable;
  /** Lines below the header that are not blank. */
  readonly lines: number;
  readonly faults: FaultLog;
  /** Lines that give a key another value than a line before them, with that fault. */
  readonly conflicts: ReadonlyMap<number, Fault>;
}

/**
 * Lines with conflicting keys that are remembered, because the second pass must leave them out; a file
 * with more of them is not what it was taken for.
 */
const CONFLICTS_MAX = 100_000;

/** @throws InputError where the file cannot be read, or its header not be understood */
export async function scanFile(
  csv: CsvFile,
  options: ScanOptions,
  onRead?: ReadListener,
): Promise<ScannedFile> {
  return new Scan(csv, options).run(onRead);
}

class Scan {
  private readonly series = new FileSeriesTable();
  private readonly faults = new FaultLog();
  private readonly conflicts = new Map<number, Fault>();
  private lines = 0;

  constructor(
    private readonly csv: CsvFile,
    private readonly options: ScanOptions,
  ) {}

  async run(onRead?: ReadListener): Promise<ScannedFile> {
    const { csv, series, faults, conflicts } = this;
    const rules = { ...this.options.rules, delimiter: csv.delimiter };
    let found: { layout: Layout; parser: RecordParser } | undefined;
    for await (const record of csv.records(onRead)) {
      if (found) {
        this.lines++;
        const { observations, faults: wrong } = found.parser.parse(record);
        if (wrong.length > 0) {
          faults.add(wrong);
        } else {
          const conflict = this.note(observations, record.line);
          if (conflict) this.addConflict(found.parser, record, conflict);
        }
      } else {
        found = this.readHeader(record.fields, record.line, rules);
      }
    }
    if (!found) throw new InputError(`${csv.path}: is empty`);
    if (this.lines === 0) throw new InputError(`${csv.path}: has a header but no rows`);
    await this.searchScattered(found.parser, onRead);
    return { csv, ...found, series, lines: this.lines, faults, conflicts };
  }

  private readHeader(fields: readonly string[], line: number, rules: ParserRules) {
    try {
      const header = fields.map((name) => name.trim());
      const layout = readLayout(header, this.options.columns);
      return { layout, parser: new RecordParser(layout, rules, this.series) };
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      throw new InputError(`${this.csv.path}:${line}:1: ${error.message}`, { cause: error });
    }
  }

  /** @returns the first conflict with the line before of one of the series */
  private note(observations: readonly Observation[], line: number): Conflict | undefined {
    let conflict: Conflict | undefined;
    for (const observation of observations) {
      const { series, date, form } = observation;
      const other = series.order.add(observation, line);
      if (other !== undefined) conflict ??= { observation, other };
      if (observation.isBlank) continue;
      series.observations++;
      series.spacing.add(date, form);
    }
    return conflict;
  }

  /** Reads the file again, once for every window of keys of the series that are not sorted. */
  private async searchScattered(parser: RecordParser, onRead?: ReadListener): Promise<void> {
    const scattered = this.series.all.filter(({ order }) => order.isScattered);
    const keys = scattered.reduce((sum, { order }) => sum + order.length, 0);
    const { keysPerWindow = KEYS_PER_WINDOW } = this.options;
    const windows = Math.ceil(keys / keysPerWindow);
    for (let window = 0; window < windows; window++) {
      // A hash does not divide evenly: room for a quarter more, and for chance where there are few.
      const room = windows === 1 ? keys : Math.ceil(keysPerWindow * 1.25) + 64;
      const seen = new RepeatedKeys(room);
      const search = ({ series, ...key }: Observation, line: number): number | undefined => {
        const { date, revisionDate } = key;
        const isHere = hashKey(series.index, date, revisionDate) % windows === window;
        return isHere && series.order.isScattered ? seen.add(series.index, key, line) : undefined;
      };
      for await (const record of this.rows(onRead)) {
        const { observations, faults } = parser.parse(record);
        if (faults.length > 0 || this.conflicts.has(record.line)) continue;
        for (const observation of observations) {
          const other = search(observation, record.line);
          if (other === undefined) continue;
          this.addConflict(parser, record, { observation, other });
          break;
        }
      }
    }
  }

  private async *rows(onRead?: ReadListener): AsyncGenerator<CsvRecord> {
    let isHeader = true;
    for await (const record of this.csv.records(onRead)) {
      if (!isHeader) yield record;
      isHeader = false;
    }
  }

  private addConflict(
    parser: RecordParser,
    record: CsvRecord,
    { observation: { series, date, revisionDate, field }, other }: Conflict,
  ): void {
    if (this.conflicts.size >= CONFLICTS_MAX) {
      throw new InputError(
        `${this.csv.path}: more than ${CONFLICTS_MAX} lines give another value than a line before them`,
      );
    }
    const key = `${series.name}, date ${CalendarDate.format(date)}, revision date ${CalendarDate.format(revisionDate)}`;
    const fault = parser.faultAt(record, field, `line ${other} gives another value for ${key}`);
    this.conflicts.set(record.line, fault);
    this.faults.add([fault]);
  }
}

interface Conflict {
  readonly observation: Observation;
  /** The line that gave the other value. */
  readonly other: number;
}
