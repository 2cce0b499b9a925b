// What a scrape is told of the store: read from the state that is there anyway, when it is asked for.

import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../core/clock.js';
import type { CalendarDate } from '../core/calendar-date.js';
import { SingleFlight } from '../core/single-flight.js';
import type { Uuid } from '../core/uuid.js';
import { within } from '../core/within.js';
import * as catalogue from '../metrics/definitions/catalogue.js';
import * as storage from '../metrics/definitions/storage.js';
import { ScrapedGauges, type Sample } from '../metrics/scraped-gauges.js';
import type { SourceTotals } from './catalog/source-totals.js';
import { DataDirectory } from './data-directory.js';
import type { DiskSpace } from './disk.js';

/** Each is a time series of two metrics. */
const SOURCES_MAX = 100;

const SECONDS_PER_DAY = 86_400;
const MICROSECONDS_PER_SECOND = 1e6;

/** A disk that hangs must not take all other metrics with it. */
const SPACE_MILLISECONDS_MAX = 1_000;

const UNKNOWN_SPACE: DiskSpace = { freeBytes: NaN, totalBytes: NaN };

@Injectable()
export class StorageGauges implements OnModuleInit {
  /** Free and size are read side by side: a scrape asks the disk once, and tells of one moment. */
  private readonly asking = new SingleFlight<DiskSpace>();

  constructor(
    private readonly directory: DataDirectory,
    private readonly gauges: ScrapedGauges,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    const { gauges, directory } = this;
    const { log, state, catalog } = directory;
    gauges.read(storage.STORAGE_LOG_BYTES, () => log.bytes);
    gauges.read(storage.STORAGE_LOG_SEGMENTS, () => log.segments);
    gauges.read(storage.STORAGE_OLDEST_CHANGE_AGE_SECONDS, () => this.oldestChangeAge());
    gauges.read(storage.STORAGE_UNFLUSHED_SERIES, () => catalog.deltaCount);
    gauges.read(storage.STORAGE_DELTA_BYTES, () => state.deltaBytes);
    gauges.read(storage.STORAGE_WRITABLE, () => (directory.writeRefusal === undefined ? 1 : 0));
    gauges.read(storage.STORAGE_ENCODER_THREADS, () => directory.encoding.threads);
    gauges.read(storage.STORAGE_ENCODER_TASKS, () => directory.encoding.tasks);
    gauges.read(storage.STORAGE_DISK_FREE_BYTES, async () => (await this.space()).freeBytes);
    gauges.read(storage.STORAGE_DISK_SIZE_BYTES, async () => (await this.space()).totalBytes);
    gauges.read(catalogue.STORAGE_POINTS, () =>
      catalog.totalsBySource().reduce((sum, { points }) => sum + points, 0),
    );
    gauges.read(catalogue.STORAGE_SOURCES, () => state.sources.size);
    gauges.read(catalogue.INGEST_NEWEST_CHANGE_TIMESTAMP_SECONDS, () =>
      this.bySource(({ newestChange }) => newestChange && newestChange / MICROSECONDS_PER_SECOND),
    );
    gauges.read(catalogue.INGEST_NEWEST_OBSERVATION_TIMESTAMP_SECONDS, () =>
      this.bySource(({ newestDate }) => secondsOf(newestDate)),
    );
  }

  private oldestChangeAge(): number {
    const { state } = this.directory;
    if (!state.hasUnwritten) return 0;
    const oldestSeconds = (state.flushedThrough + 1) / MICROSECONDS_PER_SECOND;
    return Math.max(0, this.clock.now() / MICROSECONDS_PER_SECOND - oldestSeconds);
  }

  /** Why a disk does not answer is told by the health check and by the log of whoever needs it. */
  private space(): Promise<DiskSpace> {
    return this.asking.run('space', async () => {
      try {
        return await within(SPACE_MILLISECONDS_MAX, 'late', this.directory.diskSpace());
      } catch {
        return UNKNOWN_SPACE;
      }
    });
  }

  /** @param read null where the source has no such value */
  private bySource(read: (totals: SourceTotals) => number | null): Sample[] {
    const { sources } = this.directory.state;
    const isActive = (id: Uuid): boolean => sources.get(id)?.isActive ?? true;
    const totals = this.directory.catalog
      .totalsBySource()
      .filter(({ sourceId }) => isActive(sourceId))
      .sort((a, b) => b.series - a.series || (a.sourceId < b.sourceId ? -1 : 1));
    const samples: Sample[] = [];
    let other: number | null = null;
    totals.forEach((total, index) => {
      const value = read(total);
      if (value === null) return;
      const { sourceId } = total;
      if (index < SOURCES_MAX) {
        samples.push({
          labels: { source: sourceId, name: sources.get(sourceId)?.name ?? '' },
          value,
        });
      } else {
        other = Math.max(other ?? -Infinity, value);
      }
    });
    if (other !== null) samples.push({ labels: { source: 'other', name: '' }, value: other });
    return samples;
  }
}

function secondsOf(date: CalendarDate | null): number | null {
  return date === null ? null : date * SECONDS_PER_DAY;
}
