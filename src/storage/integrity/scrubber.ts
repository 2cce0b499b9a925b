// Reads every stored file once in a while, beside requests, so that damage is found while a backup still has
// what was lost, and not when somebody asks for it. It takes its time: a few files a second, spread over the
// whole interval.

import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { Injectable, Logger, OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { Config } from '../../config/environment.js';
import { AppError, messageOf } from '../../core/app-error.js';
import type { Instant } from '../../core/instant.js';
import type { Uuid } from '../../core/uuid.js';
import { ScrubMetrics } from '../../metrics/scrub-metrics.js';
import type { SeriesRow } from '../../schema/series.columns.js';
import { DataDirectory } from '../data-directory.js';
import { errorCode } from '../disk.js';
import {
  checkSealed,
  DamagedFileError,
  type FileIdentity,
  type SealedFacts,
} from '../parquet/file-seal.js';
import { DELETIONS_FILE, IDENTITY_FILE, pointsFile, seriesFile, SOURCES_FILE } from '../paths.js';
import { decodeIdentity } from '../store-identity.js';
import { quarantinePoints } from './quarantine.js';

/** Leaves a slow disk to requests. */
const BYTES_PER_SECOND_MAX = 50_000_000;
/** Series whose ids are taken from the catalogue at once. */
const BLOCK_SERIES = 256;
/** Timers of Node take no more than 24 days. */
const WAIT_MILLISECONDS_MAX = 3_600_000;

export interface ScrubReport {
  files: number;
  bytes: number;
  /** Files that are damaged and not served, or not written over, from now on. */
  damaged: number;
  /** Damaged or missing files whose content is in memory: they are written anew. */
  repaired: number;
  /** Files that could not be read. */
  failed: number;
}

/** Called between two files; `bytes` of the last one. */
type Pace = (done: number, total: number, bytes: number) => Promise<void>;

@Injectable()
export class Scrubber implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('Scrubber');
  private readonly stopped = new AbortController();
  private running: Promise<void> | undefined;

  constructor(
    private readonly directory: DataDirectory,
    private readonly config: Config,
    private readonly metrics: ScrubMetrics,
  ) {}

  onApplicationBootstrap(): void {
    if (this.config.scrubIntervalSeconds > 0) this.running ??= this.run();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped.abort();
    await this.running;
  }

  /**
   * Checks every file once.
   * @param startAt the part of the series, from 0 to below 1, with which it begins; the others follow
   */
  async pass(startAt = 0, pace: Pace = nextTurnOnly): Promise<ScrubReport> {
    const report: ScrubReport = { files: 0, bytes: 0, damaged: 0, repaired: 0, failed: 0 };
    const { catalog } = this.directory;
    const total = catalog.size + 1;
    let done = 0;
    let bytesBefore = 0;
    const turn = async (check: () => Promise<void>): Promise<void> => {
      this.metrics.setProgress(done / total);
      await pace(++done, total, report.bytes - bytesBefore);
      bytesBefore = report.bytes;
      await check();
    };
    const firstBlock = Math.floor((startAt * catalog.size) / BLOCK_SERIES);
    for (const isBehind of [true, false]) {
      let block = 0;
      for (const { table, slots } of catalog.blocks(BLOCK_SERIES)) {
        if (block++ >= firstBlock !== isBehind) continue;
        const ids = Array.from(slots, (slot) => table.id(slot));
        for (const id of ids) await turn(() => this.checkSeries(id, report));
      }
    }
    await turn(() => this.checkSources(report));
    await this.checkDeletions(report);
    await this.checkIdentity(report);
    this.metrics.noticePass();
    this.logger.log({ message: 'Stored files checked', ...report });
    return report;
  }

  private async run(): Promise<void> {
    const milliseconds = this.config.scrubIntervalSeconds * 1000;
    const { signal } = this.stopped;
    try {
      while (!signal.aborted) {
        const startedAt = performance.now();
        await this.pacedPass(startedAt, milliseconds);
        await this.rest(startedAt + milliseconds - performance.now());
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  private async pacedPass(startedAt: number, milliseconds: number): Promise<void> {
    try {
      // A service that is restarted every day would else never get to the last series.
      await this.pass(Math.random(), async (done, total, bytes) => {
        const dueAt = startedAt + (milliseconds * done) / total;
        const soonest = (bytes / BYTES_PER_SECOND_MAX) * 1000;
        await this.rest(Math.max(dueAt - performance.now(), soonest));
      });
    } catch (error) {
      if (this.stopped.signal.aborted) throw error;
      const reason = messageOf(error);
      this.logger.error({ message: 'Stored files could not be checked this time', reason });
    }
  }

  /** @throws when the service stops */
  private async rest(milliseconds: number): Promise<void> {
    const { signal } = this.stopped;
    signal.throwIfAborted();
    const until = performance.now() + milliseconds;
    for (;;) {
      const left = until - performance.now();
      if (left < 1) break;
      await wait(Math.min(left, WAIT_MILLISECONDS_MAX), undefined, { ref: false, signal });
    }
    await nextTurn();
  }

  private async checkSeries(id: Uuid, report: ScrubReport): Promise<void> {
    // Writers of the series do not wait for the first look, only for the one that decides.
    if (!(await this.isWhole(() => this.checkMetadata(id, report), report))) {
      await this.directory.locks.run([id], () => this.repairMetadata(id, report));
    }
    if (!(await this.isWhole(() => this.checkPoints(id, report), report))) {
      await this.directory.locks.run([id], () => this.quarantinePoints(id, report));
    }
  }

  private async isWhole(check: () => Promise<void>, report: ScrubReport): Promise<boolean> {
    try {
      await check();
      return true;
    } catch (error) {
      if (isDamage(error)) return false;
      return this.noteFailure(error, report);
    }
  }

  private async checkMetadata(id: Uuid, report: ScrubReport): Promise<void> {
    const row = this.row(id);
    // A series that waits for a flush has no file that would have to be whole.
    if (!row || this.directory.state.unwrittenSeries.has(id)) return;
    const facts = await this.readWhole(seriesFile(id), { kind: 'series', seriesId: id }, report);
    if (facts.throughSeq !== row.updatedAt) {
      throw new DamagedFileError('the file is not the one that was written last');
    }
  }

  /** For the holder of the series' lock. */
  private async repairMetadata(id: Uuid, report: ScrubReport): Promise<void> {
    try {
      await this.checkMetadata(id, report);
    } catch (error) {
      if (!isDamage(error)) return void this.noteFailure(error, report);
      await this.directory.probe();
      const row = this.row(id);
      if (row) this.directory.state.rewriteSeries(row);
      this.tellRepair(seriesFile(id), error, report);
    }
  }

  private async checkPoints(id: Uuid, report: ScrubReport): Promise<void> {
    const { catalog } = this.directory;
    if (catalog.isQuarantined(id)) return;
    const file = catalog.file(id);
    if (file === null) return;
    const identity = { kind: 'data_points', seriesId: id } as const;
    const facts = await this.readWhole(pointsFile(id), identity, report);
    if (facts.sha256 !== file.sha256 || facts.throughSeq !== file.throughSeq) {
      throw new DamagedFileError('the file is not the one that was written last');
    }
  }

  /** For the holder of the series' lock. */
  private async quarantinePoints(id: Uuid, report: ScrubReport): Promise<void> {
    try {
      await this.checkPoints(id, report);
    } catch (error) {
      if (!isDamage(error)) return void this.noteFailure(error, report);
      await this.directory.probe();
      if (await this.directory.settleFile(id)) return;
      quarantinePoints(this.directory.catalog, id, error);
      this.noteDamage(report);
    }
  }

  /** All sources are in memory, so that a damaged file is only written anew. */
  private async checkSources(report: ScrubReport): Promise<void> {
    const { state } = this.directory;
    const { sourcesFile } = state;
    if (sourcesFile.damage !== undefined || sourcesFile.throughSeq === 0) return;
    const error = await this.findDamage(SOURCES_FILE, 'sources', sourcesFile.throughSeq, report);
    if (error === undefined || state.sources.size === 0) return;
    state.unwrittenSources ??= (state.appliedThrough + 1) as Instant;
    this.tellRepair(SOURCES_FILE, error, report);
  }

  /** Only the file has the tombstones; deletions are refused until it is restored. */
  private async checkDeletions(report: ScrubReport): Promise<void> {
    const { deletionsFile } = this.directory.state;
    if (deletionsFile.damage !== undefined || deletionsFile.throughSeq === 0) return;
    const { throughSeq } = deletionsFile;
    const error = await this.findDamage(DELETIONS_FILE, 'deletions', throughSeq, report);
    if (error === undefined) return;
    deletionsFile.damage = error;
    this.noteDamage(report);
    const reason = messageOf(error);
    this.logger.error({
      message: 'Damaged file, not written over',
      ...{ file: DELETIONS_FILE, reason },
    });
  }

  /** The id is in memory: a new one would cost every reader of the change feed its cursor. */
  private async checkIdentity(report: ScrubReport): Promise<void> {
    const { state, storeId } = this.directory;
    if (state.unwrittenIdentity !== undefined) return;
    try {
      const bytes = await this.directory.read(IDENTITY_FILE);
      this.count(bytes, report);
      if (decodeIdentity(bytes) !== storeId) throw new DamagedFileError('the id is another one');
    } catch (error) {
      if (!isDamage(error)) return void this.noteFailure(error, report);
      await this.directory.probe();
      state.unwrittenIdentity = storeId;
      this.tellRepair(IDENTITY_FILE, error, report);
    }
  }

  /** What is wrong with a file that all series share, both times that it is looked at. */
  private async findDamage(
    name: string,
    kind: 'sources' | 'deletions',
    throughSeq: Instant,
    report: ScrubReport,
  ): Promise<unknown> {
    for (const isLast of [false, true]) {
      try {
        const facts = await this.readWhole(name, { kind, seriesId: null }, report);
        if (facts.throughSeq >= throughSeq) return undefined;
        throw new DamagedFileError('the file is older than what was written last');
      } catch (error) {
        if (!isDamage(error)) {
          this.noteFailure(error, report);
          return undefined;
        }
        await this.directory.probe();
        if (isLast) return error;
      }
    }
    return undefined;
  }

  /** Undefined where the series is gone, or its metadata is damaged and not served. */
  private row(id: Uuid): SeriesRow | undefined {
    const { catalog } = this.directory;
    try {
      return catalog.row(id);
    } catch (error) {
      if (error instanceof AppError) return undefined;
      throw error;
    }
  }

  /** @throws DamagedFileError; AppError; the system's ENOENT */
  private async readWhole(
    name: string,
    identity: FileIdentity,
    report: ScrubReport,
  ): Promise<SealedFacts> {
    const bytes = await this.directory.read(name);
    this.count(bytes, report);
    return checkSealed(bytes, identity);
  }

  private count({ byteLength }: Uint8Array, report: ScrubReport): void {
    report.files++;
    report.bytes += byteLength;
    this.metrics.countFile();
  }

  private noteDamage(report: ScrubReport): void {
    report.damaged++;
    this.metrics.countDamage('quarantined');
  }

  private tellRepair(file: string, error: unknown, report: ScrubReport): void {
    report.repaired++;
    this.metrics.countDamage('repaired');
    const reason = messageOf(error);
    this.logger.warn({ message: 'Damaged file', file, reason, remedy: 'written anew from memory' });
    this.directory.flushSoon();
  }

  /** A disk that does not answer says nothing of what is on it. @returns true: nothing is to be repaired */
  private noteFailure(error: unknown, report: ScrubReport): true {
    report.failed++;
    this.metrics.countDamage('unreadable');
    this.logger.warn({ message: 'A stored file could not be checked', reason: messageOf(error) });
    return true;
  }
}

function nextTurnOnly(): Promise<void> {
  return nextTurn();
}

function isDamage(error: unknown): boolean {
  return error instanceof DamagedFileError || errorCode(error) === 'ENOENT';
}
