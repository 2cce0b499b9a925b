// Opens a data directory: removes what an interrupted write left behind, finishes
// interrupted deletions, and fills the catalogue from the files. One damaged file never stops the start.

import { Logger } from '@nestjs/common';
import { AppError, messageOf } from '../core/app-error.js';
import { mapConcurrently } from '../core/map-concurrently.js';
import type { Uuid } from '../core/uuid.js';
import type { DeletionRow } from '../schema/deletion.columns.js';
import { SERIES_COLUMNS } from '../schema/series.columns.js';
import { entryWithoutPoints, type SeriesCatalog } from './catalog/series-catalog.js';
import type { CommitClock } from './commit-clock.js';
import { errorCode, type Disk } from './disk.js';
import { DELETIONS_FILE, parseFileName, pointsFile, seriesFile, SOURCES_FILE } from './paths.js';
import { decodeDeletions, deletedSeries } from './parquet/deletions-file.js';
import {
  DamagedFileError,
  FOOTER_BYTES_GUESS,
  footerBytes,
  NewerFormatError,
  openSealed,
  readFacts,
  type FileIdentity,
  type SealedFacts,
} from './parquet/file-seal.js';
import { decodeRows } from './parquet/metadata-file.js';
import { rowGroupDatesOf, summaryOf } from './parquet/points-file.js';

/** Files read side by side at the start. */
const FILES_IN_FLIGHT = 16;

/** What was found in the directory, for the log and for health. */
export interface OpenReport {
  readonly series: number;
  readonly temporaryFilesRemoved: number;
  readonly deletionsFinished: number;
  readonly damaged: readonly string[];
  /** Files that are not ours; they are left alone. */
  readonly ignored: readonly string[];
}

interface Inventory {
  readonly series: Uuid[];
  readonly points: Set<Uuid>;
  readonly temporary: string[];
  readonly foreign: string[];
}

export class DirectoryOpener {
  private readonly logger = new Logger('DataDirectory');
  private readonly damaged: string[] = [];

  constructor(
    private readonly disk: Disk,
    private readonly catalog: SeriesCatalog,
    private readonly clock: CommitClock,
  ) {}

  async open(): Promise<OpenReport> {
    const inventory = await this.takeInventory();
    await Promise.all(inventory.temporary.map((name) => this.disk.unlink(name)));
    const deletionsFinished = await this.finishDeletions(inventory);
    await mapConcurrently(inventory.series, FILES_IN_FLIGHT, (id) =>
      this.addSeries(id, inventory.points.has(id)),
    );
    await this.checkSources();
    this.quarantineOrphans(inventory);
    this.quarantineDuplicates();
    const report: OpenReport = {
      series: inventory.series.length,
      temporaryFilesRemoved: inventory.temporary.length,
      deletionsFinished,
      damaged: this.damaged,
      ignored: inventory.foreign,
    };
    this.log(report);
    return report;
  }

  private async takeInventory(): Promise<Inventory> {
    const inventory: Inventory = { series: [], points: new Set(), temporary: [], foreign: [] };
    for (const name of await this.disk.list()) {
      const parsed = parseFileName(name);
      if (parsed.kind === 'series') inventory.series.push(parsed.id);
      else if (parsed.kind === 'points') inventory.points.add(parsed.id);
      else if (parsed.kind === 'temporary') inventory.temporary.push(name);
      else if (parsed.kind === 'foreign') inventory.foreign.push(name);
    }
    inventory.series.sort();
    return inventory;
  }

  /** A series whose tombstone is younger than its files was being deleted when the process ended. */
  private async finishDeletions(inventory: Inventory): Promise<number> {
    let tombstones: DeletionRow[];
    try {
      const { deletions, facts } = decodeDeletions(await this.disk.read(DELETIONS_FILE));
      this.clock.observe(facts.throughSeq);
      tombstones = deletedSeries(deletions);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') this.reportDamage(DELETIONS_FILE, error);
      return 0;
    }
    const gone = new Set<Uuid>();
    for (const { seriesId, deletedAt } of tombstones) {
      for (const [name, kind] of [
        [seriesFile(seriesId), 'series'],
        [pointsFile(seriesId), 'data_points'],
      ] as const) {
        const facts = await this.factsIfPresent(name, { kind, seriesId });
        if (!facts || facts.throughSeq > deletedAt) continue;
        await this.disk.unlink(name);
        gone.add(seriesId);
      }
    }
    if (gone.size === 0) return 0;
    await this.disk.syncDirectory();
    for (const id of gone) inventory.points.delete(id);
    inventory.series.splice(0, Infinity, ...inventory.series.filter((id) => !gone.has(id)));
    return gone.size;
  }

  /** Points whose metadata is gone keep their id: a new series there would bury them. */
  private quarantineOrphans({ series, points }: Inventory): void {
    const known = new Set(series);
    for (const id of points) {
      if (known.has(id)) continue;
      const error = new DamagedFileError('there is no metadata file for these points');
      this.catalog.setQuarantine(id, 'series');
      this.reportDamage(pointsFile(id), error);
    }
  }

  /** A file that came back from a backup may name what another series took meanwhile: the older one stays. */
  private quarantineDuplicates(): void {
    for (const { id, sourceId, externalId } of [...this.catalog.rows()]) {
      const [oldest, ...younger] = this.catalog
        .findByExternalId(externalId, sourceId)
        .sort((a, b) => a.createdAt - b.createdAt);
      if (younger.length === 0 || oldest?.id !== id) continue;
      for (const row of younger) {
        this.catalog.delete(row.id);
        this.catalog.setQuarantine(row.id, 'series');
        const reason = `series ${id} of the same source has the same external id`;
        this.reportDamage(seriesFile(row.id), new DamagedFileError(reason));
      }
    }
  }

  /** Only the checksum; the store of sources reads the rows itself. */
  private async checkSources(): Promise<void> {
    try {
      openSealed(await this.disk.read(SOURCES_FILE), { kind: 'sources', seriesId: null });
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') this.reportDamage(SOURCES_FILE, error);
    }
  }

  /** Whatever is wrong with a file is reported when the file's turn comes. */
  private async factsIfPresent(
    name: string,
    expected: FileIdentity,
  ): Promise<SealedFacts | undefined> {
    try {
      return await this.readFacts(name, expected);
    } catch {
      return undefined;
    }
  }

  private async addSeries(id: Uuid, hasPoints: boolean): Promise<void> {
    let row;
    try {
      const bytes = await this.disk.read(seriesFile(id));
      const { rows, facts } = decodeRows(SERIES_COLUMNS, bytes, { kind: 'series', seriesId: id });
      [row] = rows;
      if (row?.id !== id) throw new DamagedFileError('the row is not that of the series');
      this.clock.observe(facts.throughSeq);
    } catch (error) {
      this.catalog.setQuarantine(id, 'series');
      this.reportDamage(seriesFile(id), error);
      return;
    }
    if (!hasPoints) {
      this.catalog.put(entryWithoutPoints(row));
      return;
    }
    try {
      const facts = await this.readFacts(pointsFile(id), { kind: 'data_points', seriesId: id });
      this.clock.observe(facts.throughSeq);
      const bytes = await this.disk.size(pointsFile(id));
      const points = { ...summaryOf(facts), bytes, version: facts.throughSeq };
      this.catalog.put({
        row,
        points,
        pointsHash: facts.sha256,
        rowGroupDates: rowGroupDatesOf(facts),
      });
    } catch (error) {
      this.catalog.put(entryWithoutPoints(row));
      this.catalog.setQuarantine(id, 'points');
      this.reportDamage(pointsFile(id), error);
    }
  }

  private async readFacts(name: string, expected: FileIdentity): Promise<SealedFacts> {
    const tail = await this.disk.readTail(name, FOOTER_BYTES_GUESS);
    const needed = footerBytes(tail);
    return readFacts(
      needed !== undefined && needed > tail.byteLength
        ? await this.disk.readTail(name, needed)
        : tail,
      expected,
    );
  }

  /** A newer format is not damage: serving half of the data would be worse than not starting. */
  private reportDamage(name: string, error: unknown): void {
    if (error instanceof NewerFormatError) {
      throw new AppError('UNAVAILABLE', `${name}: ${error.message}; use a newer release`);
    }
    if (!(error instanceof DamagedFileError) && errorCode(error) === undefined) throw error;
    this.damaged.push(name);
    this.logger.error({
      message: 'Damaged file, not served',
      file: name,
      reason: messageOf(error),
    });
  }

  private log({ ignored, ...report }: OpenReport): void {
    if (ignored.length > 0) {
      // A foreign directory can hold thousands of files; a few names tell which it is.
      const files = ignored.slice(0, 10);
      this.logger.warn({ message: 'Files left alone', count: ignored.length, files });
    }
    this.logger.log({ message: 'Data directory opened', ...report });
  }
}
