// What an operator may ask of the store while it serves.

import { Injectable } from '@nestjs/common';
import { SingleFlight } from '../core/single-flight.js';
import type { Uuid } from '../core/uuid.js';
import { StorageMetrics } from '../metrics/storage-metrics.js';
import { PointBatch } from '../schema/point-batch.js';
import { DataDirectory } from './data-directory.js';
import type { PointsOverview } from './data-points-store.js';
import type { VerifyReport } from './integrity/report.js';
import type { Effect } from './log/commit.js';

/** Series that are marked by one commit: their writers wait for its sync. */
const SERIES_PER_COMMIT = 256;

export interface CompactReport {
  /** Points files that were written anew. */
  readonly files: number;
  /** Their bytes. */
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

@Injectable()
export class StorageMaintenance {
  private readonly verifying = new SingleFlight<VerifyReport>();

  constructor(
    private readonly directory: DataDirectory,
    private readonly metrics: StorageMetrics,
  ) {}

  /**
   * Everything that was committed before the call is in Parquet files when it returns.
   * @throws AppError STORAGE_ERROR
   */
  flush(): Promise<void> {
    return this.directory.flush();
  }

  /**
   * Reads and checks every stored file; who asks while that goes on gets the same report.
   * @throws AppError STORAGE_ERROR where the directory cannot be read
   */
  verify(): Promise<VerifyReport> {
    return this.verifying.run('verify', () => this.directory.verify());
  }

  /**
   * Writes points files anew, with the compression and the row groups of today's settings, and lets go of the
   * log. Each series is marked by a commit that changes nothing of it, so that a flush writes its file, by the
   * way that every file goes.
   * @param ids of the series; all that are whole where they are not given
   * @throws AppError NOT_FOUND, STORAGE_ERROR
   */
  async compact(ids: readonly Uuid[] = this.readable()): Promise<CompactReport> {
    const chosen = ids.filter((id) => this.overview(id).version !== null);
    return this.metrics.observe('compact', () => this.writeAnew(chosen));
  }

  private async writeAnew(chosen: readonly Uuid[]): Promise<CompactReport> {
    const bytesBefore = this.bytesOf(chosen);
    for (let from = 0; from < chosen.length; from += SERIES_PER_COMMIT) {
      const some = chosen.slice(from, from + SERIES_PER_COMMIT);
      await this.directory.write(some, () => this.directory.commit(() => this.marksOf(some)));
    }
    await this.directory.flush();
    await this.directory.checkpoint();
    return { files: chosen.length, bytesBefore, bytesAfter: this.bytesOf(chosen) };
  }

  private readable(): Uuid[] {
    return Array.from(this.directory.catalog.readable(), ([{ id }]) => id);
  }

  private overview(id: Uuid): PointsOverview {
    return this.directory.catalog.overview(id);
  }

  /** Of series that were not deleted since. */
  private marksOf(ids: readonly Uuid[]): Effect[] {
    const nothing = { points: PointBatch.EMPTY, removed: null, vintageChanges: [] };
    return this.present(ids).map((seriesId) => {
      const { version, bytes: _, ...summary } = this.overview(seriesId);
      return { kind: 'vintages-changed', seriesId, base: version ?? 0, summary, ...nothing };
    });
  }

  private bytesOf(ids: readonly Uuid[]): number {
    return this.present(ids).reduce((sum, id) => sum + this.overview(id).bytes, 0);
  }

  private present(ids: readonly Uuid[]): Uuid[] {
    return ids.filter((id) => this.directory.catalog.has(id));
  }
}
