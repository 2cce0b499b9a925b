import { Injectable } from '@nestjs/common';
import { Config } from '../config/environment.js';
import { assert } from '../core/assert.js';
import type { CalendarDate } from '../core/calendar-date.js';
import { Clock } from '../core/clock.js';
import { inTurns, soon } from '../core/steps.js';
import { isRoundLong, Turns } from '../core/turns.js';
import type { Uuid } from '../core/uuid.js';
import type { PointBatch } from '../schema/point-batch.js';
import {
  DataPointsStore,
  type PointsOfSeries,
  type PointsOverview,
  type ReadUse,
} from '../storage/data-points-store.js';
import { addCounts, type UpsertCounts } from '../storage/resolve-points.js';
import { OriginalFlag, PointUpsertsBuilder, type PointUpserts } from '../storage/point-upserts.js';
import type {
  CreateDataPointInput,
  DeleteDataPointsArgs,
  PointSelectionArgs,
} from './data-points.inputs.js';
import { SeriesStore } from '../storage/series-store.js';
import { PointsLoader } from './points-loader.js';
import { chargePoints, chargeRows } from './read-budget.js';
import { Revisions, selectInSteps, selectRows } from './revisions.js';
import { rangeOf, selectorOf, transformOf, type Transform } from './selection.js';
import { checkPointCount, checkRevisionDate } from './write-limits.js';
import { coverageOf, type RevisionCoverage } from './vintages/coverage.js';

/** Rows of a batch. */
export interface PointRows {
  readonly batch: PointBatch;
  /** Ascending. */
  readonly rows: Uint32Array;
}

/** Rows of a batch that answer a question. */
export interface SelectedPoints extends PointRows {
  /** Of what the answer rests on: of the range, or of the whole series where it was transformed. */
  readonly coverage: () => Promise<RevisionCoverage>;
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

/** In about a millisecond. */
const ROWS_SELECTED_AT_ONCE = 65_536;
/** What a request may look at, all in all, without a thought of others. */
const ROWS_UNNOTICED = 16_384;

/** The rules of reading and writing points, for every protocol. */
@Injectable()
export class DataPointsService {
  private readonly loader: PointsLoader;

  constructor(
    private readonly store: DataPointsStore,
    private readonly series: SeriesStore,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {
    this.loader = new PointsLoader(store);
  }

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
    const range = rangeOf(args);
    const selector = selectorOf(args, this.clock.today());
    const transform = this.transformOf(seriesId, args);
    // A transformed value rests on values outside the range, too.
    const restsOn = transform ? {} : range;
    const loaded = this.loader.load(seriesId, restsOn);
    // Most reads are answered from memory: what need not wait does not.
    const published = loaded instanceof Promise ? await loaded : loaded;
    const looked = chargeRows(request, published.length);
    // Of little work, too, there may be much in one query; what is little as a whole does not queue behind it.
    if (looked > ROWS_UNNOTICED && isRoundLong(published.length)) await new Turns().give();
    const batch = transform ? (await inTurns(transform(published))).inRange(range) : published;
    const limit = args.limit ?? Infinity;
    const rows =
      batch.length <= ROWS_SELECTED_AT_ONCE
        ? selectRows(batch, selector, limit)
        : await inTurns(selectInSteps(batch, selector, limit));
    chargePoints(request, rows.length, this.config.readPointsMax);
    const days = () => this.store.publishedDays(seriesId, restsOn);
    const coverage = async () =>
      soon(published.length, coverageOf(published, await days(), selector.asOf));
    return { batch, rows, coverage };
  }

  /**
   * One question for many series, for edges that stream: what it means is settled here, once, and how much is
   * answered is not limited. Each series is answered as of one commit; a large one in parts.
   * @throws AppError VALIDATION_ERROR; the answers throw VALIDATION_ERROR, NOT_FOUND, STORAGE_ERROR
   */
  streaming(args: PointSelectionArgs, use: ReadUse): (seriesId: Uuid) => AsyncIterable<PointRows> {
    const range = rangeOf(args);
    const selector = selectorOf(args, this.clock.today());
    const { store } = this;
    const transformOf = (seriesId: Uuid) => this.transformOf(seriesId, args);
    return async function* (seriesId) {
      const transform = transformOf(seriesId);
      if (transform) {
        const published = await store.read(seriesId, {}, use);
        const batch = (await inTurns(transform(published))).inRange(range);
        const steps = selectInSteps(batch, selector, args.limit ?? Infinity);
        yield { batch, rows: await inTurns(steps) };
        return;
      }
      let left = args.limit ?? Infinity;
      for await (const batch of store.readParts(seriesId, range, use)) {
        const rows =
          batch.length <= ROWS_SELECTED_AT_ONCE
            ? selectRows(batch, selector, left)
            : await inTurns(selectInSteps(batch, selector, left));
        yield { batch, rows };
        left -= rows.length;
        if (left === 0) return;
      }
    };
  }

  /** One point: the latest publication of a date, or that of a given day. */
  async find(
    seriesId: Uuid,
    date: CalendarDate,
    revisionDate?: CalendarDate | null,
  ): Promise<PointPlace | undefined> {
    const batch = await this.loader.load(seriesId, { start: date, end: date });
    const row =
      revisionDate == null
        ? selectRows(batch, { revisions: Revisions.LATEST })[0]
        : batch.find(date, revisionDate);
    return row === undefined ? undefined : { seriesId, batch, row };
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
    checkPointCount('inputs', inputs.length, this.config.writePointsMax);
    const today = this.clock.today();
    const builder = new PointUpsertsBuilder();
    inputs.forEach((input, index) => {
      const revisionDate = input.revisionDate ?? today;
      if (revisionDate > today)
        checkRevisionDate(`inputs[${index}].revisionDate`, revisionDate, today);
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

  private transformOf(seriesId: Uuid, args: PointSelectionArgs): Transform | undefined {
    const isAsked = args.units != null || args.frequency != null || args.aggregation != null;
    const row = isAsked ? this.series.get(seriesId) : undefined;
    // The store refuses the id of a series that is not there.
    return row && transformOf(args, row.frequency);
  }
}

function originalFlag(flag: boolean | null | undefined): OriginalFlag {
  if (flag == null) return OriginalFlag.UNSAID;
  return flag ? OriginalFlag.ORIGINAL : OriginalFlag.REVISION;
}
