import { Injectable } from '@nestjs/common';
import { Config } from '../config/environment.js';
import { validationError } from '../core/app-error.js';
import { assert } from '../core/assert.js';
import { CalendarDate, type DateRange } from '../core/calendar-date.js';
import { Clock } from '../core/clock.js';
import type { Uuid } from '../core/uuid.js';
import type { PointBatch } from '../schema/point-batch.js';
import {
  DataPointsStore,
  type PointsOfSeries,
  type PointsOverview,
} from '../storage/data-points-store.js';
import { addCounts, type UpsertCounts } from '../storage/resolve-points.js';
import { OriginalFlag, PointUpsertsBuilder, type PointUpserts } from '../storage/point-upserts.js';
import type {
  CreateDataPointInput,
  DeleteDataPointsArgs,
  PointSelectionArgs,
} from './data-points.inputs.js';
import { chargePoints } from './read-budget.js';
import { distinctRevisionDates, Revisions, selectRows } from './revisions.js';

/** Rows of a batch that answer a question. */
export interface SelectedPoints {
  readonly batch: PointBatch;
  readonly rows: Uint32Array;
}

/** A point by its place. */
export interface PointPlace {
  readonly seriesId: Uuid;
  readonly batch: PointBatch;
  readonly row: number;
}

export interface CreatedPoints {
  readonly counts: UpsertCounts;
  /** The points as stored, in the order of the inputs. */
  readonly locate: () => PointPlace[];
}

/** The rules of reading and writing points, for every protocol. */
@Injectable()
export class DataPointsService {
  constructor(
    private readonly store: DataPointsStore,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  /**
   * @param request shared by the reads of one request, which are limited together; left out, a read is
   *   a request of its own
   * @throws AppError VALIDATION_ERROR, NOT_FOUND, STORAGE_ERROR; READ_TOO_LARGE where more points are
   *   selected than one request may be answered
   */
  async select(
    seriesId: Uuid,
    args: PointSelectionArgs,
    request: object = {},
  ): Promise<SelectedPoints> {
    const batch = await this.store.read(seriesId, rangeOf(args));
    const selected = selectRows(batch, {
      revisions: args.revisions,
      asOf: args.asOf ?? undefined,
    });
    const rows = args.limit == null ? selected : selected.subarray(0, args.limit);
    chargePoints(request, rows.length, this.config.readPointsMax);
    return { batch, rows };
  }

  /** One point: the latest publication of a date, or that of a given day. */
  async find(
    seriesId: Uuid,
    date: CalendarDate,
    revisionDate?: CalendarDate | null,
  ): Promise<PointPlace | undefined> {
    const batch = await this.store.read(seriesId, { start: date, end: date });
    const row =
      revisionDate == null
        ? selectRows(batch, { revisions: Revisions.LATEST })[0]
        : batch.find(date, revisionDate);
    return row === undefined ? undefined : { seriesId, batch, row };
  }

  /**
   * Every day on which something was published, ascending; each counts as a point that is answered.
   * @throws as `select`
   */
  async revisionDates(seriesId: Uuid, request: object = {}): Promise<CalendarDate[]> {
    const dates = distinctRevisionDates(await this.store.read(seriesId));
    chargePoints(request, dates.length, this.config.readPointsMax);
    return dates;
  }

  /** @throws AppError NOT_FOUND, STORAGE_ERROR */
  overview(seriesId: Uuid): PointsOverview {
    return this.store.overview(seriesId);
  }

  overviews() {
    return this.store.overviews();
  }

  /**
   * Stores all the points, or none. The inputs become columns in one pass: a class validator would cost
   * more per point than storing it. Dates and values have been parsed by their scalars.
   * @throws AppError VALIDATION_ERROR naming the input at fault, NOT_FOUND, STORAGE_ERROR
   */
  async create(inputs: readonly CreateDataPointInput[]): Promise<CreatedPoints> {
    const { writePointsMax } = this.config;
    if (inputs.length > writePointsMax) {
      throw validationError(
        'inputs',
        `inputs must have at most ${writePointsMax} points, received ${inputs.length}`,
        { limit: writePointsMax },
      );
    }
    const today = this.clock.today();
    const builder = new PointUpsertsBuilder();
    inputs.forEach((input, index) => {
      const revisionDate = input.revisionDate ?? today;
      if (revisionDate > today + 1) this.refuseRevisionDate(`inputs[${index}].revisionDate`);
      builder.add(
        input.seriesId,
        input.date,
        revisionDate,
        input.value ?? null,
        originalFlag(input.isOriginalRelease),
      );
    });
    const stored = await this.upsert(builder.finish());
    const batches = new Map(stored.map((points) => [points.seriesId, points.stored]));
    return {
      counts: addCounts(stored.map(({ counts }) => counts)),
      locate: () =>
        inputs.map(({ seriesId, date, revisionDate }) => {
          const batch = batches.get(seriesId);
          const row = batch?.find(date, revisionDate ?? today);
          assert(batch && row !== undefined, 'a stored point is found again');
          return { seriesId, batch, row };
        }),
    };
  }

  /**
   * Stores the points of all the series or of none.
   * @throws AppError NOT_FOUND, STORAGE_ERROR
   */
  upsert(writes: readonly PointUpserts[]): Promise<PointsOfSeries[]> {
    return this.store.upsert(writes);
  }

  /** @throws AppError VALIDATION_ERROR, NOT_FOUND, STORAGE_ERROR */
  delete(args: DeleteDataPointsArgs): Promise<number> {
    return this.store.delete(args.seriesId, {
      ...rangeOf(args),
      revisionDate: args.revisionDate ?? undefined,
    });
  }

  private refuseRevisionDate(field: string): never {
    const tomorrow = CalendarDate.format((this.clock.today() + 1) as CalendarDate);
    throw validationError(field, `${field} must not be after tomorrow in UTC (${tomorrow})`);
  }
}

/** @throws AppError VALIDATION_ERROR */
export function rangeOf(args: {
  readonly startDate?: CalendarDate | null;
  readonly endDate?: CalendarDate | null;
}): DateRange {
  const start = args.startDate ?? undefined;
  const end = args.endDate ?? undefined;
  if (start !== undefined && end !== undefined && start > end) {
    throw validationError('startDate', 'startDate must not be after endDate');
  }
  return { start, end };
}

function originalFlag(flag: boolean | null | undefined): OriginalFlag {
  if (flag == null) return OriginalFlag.UNSAID;
  return flag ? OriginalFlag.ORIGINAL : OriginalFlag.REVISION;
}
