// An upload of points: batches are read as they come, and stored together at the end or one by one.

import { Injectable } from '@nestjs/common';
import { AppError } from '../../core/app-error.js';
import type { CalendarDate } from '../../core/calendar-date.js';
import { Clock } from '../../core/clock.js';
import { DataPointsService } from '../../data-points/data-points.service.js';
import { PublishingService } from '../../data-points/publishing/publishing.service.js';
import { addCounts } from '../../storage/resolve-points.js';
import { sortedUpserts, type PointUpserts, type SentPoints } from '../../storage/point-upserts.js';
import { SeriesNames } from '../series-names.js';
import { wellFormed } from './batch-reader.js';
import type { Received } from './column-values.js';
import { Faults } from './faults.js';
import { groupBySeries } from './group-rows.js';
import { checkPointFields, readPointRows, SeriesPlaces, type SentRows } from './point-rows.js';
import type { PutOptions } from './put-options.js';
import type { ReceivedField } from '../ipc/received-schema.js';
import { vintagesOf } from '../../storage/vintages/resolve-vintages.js';

/** What an upload did, as results tell it. */
export type PutCounts = Readonly<Record<string, number>>;

@Injectable()
export class PointsUploads {
  constructor(
    readonly points: DataPointsService,
    readonly publishing: PublishingService,
    readonly names: SeriesNames,
    readonly clock: Clock,
  ) {}

  /**
   * @param series names that of all rows; undefined where each row names its own
   * @throws AppError NOT_FOUND, VALIDATION_ERROR naming the column
   */
  open(fields: readonly ReceivedField[], series: string | undefined): PointsUpload {
    checkPointFields(fields, series !== undefined);
    return new PointsUpload(this, series, this.clock.today());
  }
}

/** A text and its entry in a map, and the same once more while rows are grouped. */
const EXACT_BYTES_HELD = 200;

export class PointsUpload {
  private readonly places: SeriesPlaces;
  private readonly named: number | undefined;
  private waiting: SentRows[] = [];

  constructor(
    private readonly parts: PointsUploads,
    series: string | undefined,
    private readonly today: CalendarDate,
  ) {
    this.places = new SeriesPlaces((name) => parts.names.resolveSent(name));
    this.named =
      series === undefined ? undefined : this.places.placeOf(parts.names.resolve(series).id);
  }

  /**
   * @returns bytes that are held beyond the columns of all rows
   * @throws AppError VALIDATION_ERROR with the rows at fault
   */
  add(columns: ReadonlyMap<string, Received>): number {
    const faults = new Faults();
    const rows = wellFormed(() =>
      readPointRows(columns, this.named, this.places, this.today, faults),
    );
    faults.throwIfAny();
    this.waiting.push(rows);
    return rows.exact.size * EXACT_BYTES_HELD;
  }

  /**
   * Stores what was added since the last time, all of it or nothing.
   * @throws AppError VALIDATION_ERROR, NOT_FOUND, STORAGE_ERROR
   */
  async store({ publish, isComplete }: PutOptions): Promise<PutCounts> {
    const sent = groupBySeries(this.waiting, this.places.ids);
    this.waiting = [];
    return publish === 'vintages' ? this.publish(sent, isComplete) : this.upsert(sent);
  }

  private async upsert(sent: readonly SentPoints[]): Promise<PutCounts> {
    const stored = await this.parts.points.upsert(sent.map(sorted));
    const { added, corrected, unchanged } = addCounts(stored.map(({ counts }) => counts));
    return { added, revised: corrected, unchanged };
  }

  private async publish(sent: readonly SentPoints[], isComplete: boolean): Promise<PutCounts> {
    const publications = sent.map((points) => ({
      seriesId: points.seriesId,
      vintages: vintagesOf(sorted(points), isComplete),
    }));
    const counts = await this.parts.publishing.publishAll(publications);
    const sum = (of: keyof (typeof counts)[number]) =>
      counts.reduce((total, count) => total + count[of], 0);
    return {
      added: sum('added'),
      revised: sum('revised'),
      unchanged: sum('unchanged'),
      withdrawn: sum('withdrawn'),
    };
  }
}

/** @throws AppError VALIDATION_ERROR with the rows, where one key was given two different values */
function sorted(points: SentPoints): PointUpserts {
  try {
    return sortedUpserts(points, rowName);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { positions, ...details } = error.details;
    throw new AppError(error.code, error.message, { ...details, rows: positions });
  }
}

function rowName(position: number): string {
  return `Row ${position}`;
}
