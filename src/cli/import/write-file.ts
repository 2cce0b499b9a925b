// The second pass over a file: its points go to the target in chunks.

import type { CalendarDate } from '../../core/calendar-date.js';
import { mapConcurrently } from '../../core/map-concurrently.js';
import type { Uuid } from '../../core/uuid.js';
import { OriginalFlag, PointUpsertsBuilder } from '../../storage/point-upserts.js';
import type { ReadListener } from './csv-file.js';
import { InputError } from './faults.js';
import type { ImportTarget, KnownValues } from './import-target.js';
import type { Observation } from './record-parser.js';
import type { RejectsFile } from './rejects-file.js';
import { sameValue } from './repeated-keys.js';
import type { ScannedFile } from './scan.js';

/**
 * Points written together. Every write rewrites the files of the series that it touches, so large chunks
 * are cheaper; this many take about 50 MB.
 */
export const POINTS_PER_CHUNK = 200_000;

/** Series whose known values are read side by side. */
const READS_IN_FLIGHT = 8;

/**
 * A complete vintage is published in one call, so the points of its file are held in memory: these take about
 * a gigabyte.
 */
export const COMPLETE_POINTS_MAX = 4_000_000;

export interface PointCounts {
  readonly added: number;
  /** Points that had another value under the same key. */
  readonly corrected: number;
  /** Dates of vintages of which another value was known. */
  readonly revised: number;
  /** Dates that vintages took the value from. */
  readonly withdrawn: number;
  readonly unchanged: number;
}

export interface WriteOptions {
  readonly target: ImportTarget;
  /** By `FileSeries.index`. */
  readonly ids: readonly (Uuid | undefined)[];
  /** Where bad lines go; without it there are none. */
  readonly rejects?: RejectsFile | undefined;
  /** Whether the values of a revision date are a vintage, and a complete one; left out, they are points. */
  readonly vintages?: { readonly areComplete: boolean } | undefined;
  /** Tests set it low. */
  readonly pointsPerChunk?: number | undefined;
}

interface Row extends Observation {
  readonly line: number;
}

export async function writeFile(
  file: ScannedFile,
  { target, ids, rejects, vintages, pointsPerChunk = POINTS_PER_CHUNK }: WriteOptions,
  onRead?: ReadListener,
): Promise<PointCounts> {
  const writer = new ChunkWriter(file, target, ids, vintages);
  const isWhole = vintages?.areComplete === true;
  let isHeader = true;
  for await (const record of file.csv.records(onRead)) {
    if (isHeader) {
      isHeader = false;
      continue;
    }
    const { observations, faults } = file.parser.parse(record);
    const conflict = file.conflicts.get(record.line);
    if (conflict || faults.length > 0) {
      if (!rejects) throw new InputError(`${file.csv.path}: was changed while it was imported`);
      await rejects.add(record, conflict ? [conflict] : faults);
      continue;
    }
    for (const observation of observations) writer.add(observation, record.line);
    if (isWhole) assertHeld(file, writer.length);
    else if (writer.length >= pointsPerChunk) await writer.flush();
  }
  await writer.flush();
  return writer.counts;
}

/** @throws InputError where a file of complete vintages is too large to be published in one call */
function assertHeld({ csv }: ScannedFile, points: number): void {
  if (points <= COMPLETE_POINTS_MAX) return;
  throw new InputError(
    `${csv.path}: has more than ${COMPLETE_POINTS_MAX} values, too many for --complete: give each series a file of its own`,
  );
}

class ChunkWriter {
  readonly counts = { added: 0, corrected: 0, revised: 0, withdrawn: 0, unchanged: 0 };
  /** By series, so that each is looked up once. */
  private rows = new Map<Uuid, Row[]>();
  private count = 0;

  constructor(
    private readonly file: ScannedFile,
    private readonly target: ImportTarget,
    private readonly ids: readonly (Uuid | undefined)[],
    private readonly vintages: WriteOptions['vintages'],
  ) {}

  get length(): number {
    return this.count;
  }

  add(observation: Observation, line: number): void {
    const id = this.ids[observation.series.index];
    // The column of a new series without a single value.
    if (id === undefined) return;
    // An empty cell is no part of a vintage.
    if (this.vintages && observation.isBlank) return;
    const rows = this.rows.get(id);
    if (rows) rows.push({ ...observation, line });
    else this.rows.set(id, [{ ...observation, line }]);
    this.count++;
  }

  async flush(): Promise<void> {
    const builder = new PointUpsertsBuilder();
    const hasRevisionDates =
      this.file.layout.form === 'long' && this.file.layout.revisionDate !== undefined;
    await mapConcurrently([...this.rows], READS_IN_FLIGHT, async ([id, rows]) => {
      const comparesItself = hasRevisionDates || this.vintages !== undefined;
      const known = comparesItself ? undefined : await this.knownValues(id, rows);
      for (const row of rows) {
        if (known && !this.isNews(row, known)) continue;
        const { date, revisionDate, value, line } = row;
        builder.add(id, date, revisionDate, value, OriginalFlag.UNSAID, line);
      }
    });
    this.rows = new Map();
    this.count = 0;
    if (builder.length === 0) return;
    const upserts = builder.finish((line) => `line ${line}`);
    this.addCounts(
      this.vintages
        ? await this.target.publish(upserts, this.vintages.areComplete)
        : await this.target.write(upserts),
    );
  }

  private addCounts(written: Partial<PointCounts>): void {
    for (const [name, amount] of Object.entries(written)) {
      this.counts[name as keyof PointCounts] += amount;
    }
  }

  /** What was known on the revision date of the file, over the dates of the rows. */
  private knownValues(id: Uuid, rows: readonly Row[]): Promise<KnownValues> {
    let start = rows[0]!.date;
    let end: CalendarDate = start;
    for (const { date } of rows) {
      if (date < start) start = date;
      if (date > end) end = date;
    }
    return this.target.knownValues(id, { start, end }, rows[0]!.revisionDate);
  }

  private isNews({ date, value, isBlank }: Row, known: KnownValues): boolean {
    const before = known.get(date);
    if (before === undefined) return !isBlank;
    if (!sameValue(before, value)) return true;
    this.counts.unchanged++;
    return false;
  }
}
