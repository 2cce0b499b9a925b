import { Injectable } from '@nestjs/common';
import { Config } from '../../config/environment.js';
import { AppError, validationError } from '../../core/app-error.js';
import { unreachable } from '../../core/assert.js';
import type { Cursor } from '../../core/cursor.js';
import type { Instant } from '../../core/instant.js';
import type { Uuid } from '../../core/uuid.js';
import { PointBatch } from '../../schema/point-batch.js';
import { ChangesStore } from '../../storage/changes-store.js';
import { DataPointsStore } from '../../storage/data-points-store.js';
import type { Deletion } from '../../storage/parquet/deletions-file.js';
import { chargePoints } from '../read-budget.js';
import type { ChangesArgs } from './changes.model.js';
import {
  decodePosition,
  encodePosition,
  type FeedPlace,
  type FeedPosition,
  type FeedScope,
} from './feed-position.js';
import { changesOf, type SeriesChange } from './series-changes.js';

/** A change with what its point is now, and not with its series: a page may be of thousands of long ones. */
export interface FoundChange {
  readonly change: SeriesChange;
  /** Null where it was deleted. */
  readonly point: { readonly value: string | null; readonly isOriginal: boolean } | null;
}

export interface PageOfChanges {
  readonly changes: readonly FoundChange[];
  readonly cursor: Cursor;
  readonly hasMore: boolean;
  /** The commit up to which the reader knows everything; null in the middle of a round. */
  readonly knownThrough: Instant | 0 | null;
}

type Deletions = ReadonlyMap<Uuid, readonly Deletion[]>;
type Round = Omit<FeedPosition, 'place'>;

/** What one page may open to find changes. */
export interface PageBudget {
  readonly series: number;
  /** A series is opened as long as those before it had fewer rows together. */
  readonly rows: number;
}

/** A page takes about as long as one of 10,000 changes: a file opened is one read, a row one comparison. */
const PAGE_BUDGET: PageBudget = { series: 1000, rows: 5_000_000 };

/** The rest of a round, from a place in it. */
interface FeedPart {
  readonly round: Round;
  readonly place: FeedPlace | null;
  readonly scope: FeedScope;
  readonly deletions: Deletions;
}

/** What changed since a reader looked last. */
@Injectable()
export class ChangesService {
  constructor(
    private readonly store: ChangesStore,
    private readonly points: DataPointsStore,
    private readonly config: Config,
  ) {}

  /**
   * The next changes. Series in which nothing changed are not opened, and of those that may have changed no more
   * than `budget` says: a page may be short, or empty, and there is more all the same.
   * @throws AppError VALIDATION_ERROR for a cursor of another feed; CURSOR_EXPIRED where what happened since
   *   is no longer known; STORAGE_ERROR where a series that changed is damaged; READ_TOO_LARGE
   */
  async page(
    args: ChangesArgs,
    request: object = {},
    budget: PageBudget = PAGE_BUDGET,
  ): Promise<PageOfChanges> {
    const seriesIds = args.seriesIds == null ? undefined : new Set(args.seriesIds);
    const scope = { storeId: this.store.storeId, seriesIds };
    const { place, ...round } = this.begin(args.since, scope);
    // Who knows nothing need not hear of what is gone.
    const deletions: Deletions =
      round.since === 0
        ? new Map()
        : await this.store.deletions(round.since, round.through as Instant, {
            seriesIds,
            from: place?.seriesId,
          });
    this.assertKept(round);
    const { changes, end } = await this.find(
      { round, place, scope, deletions },
      args.first,
      budget,
    );
    chargePoints(request, changes.length, this.config.readPointsMax);
    const { through } = round;
    const position = end ? { ...round, place: end } : { since: through, through, place: null };
    const cursor = encodePosition(position, scope);
    const knownThrough = end === null ? through : null;
    const hasMore = end !== null || this.hasNewRound(through, scope);
    return { changes, cursor, hasMore, knownThrough };
  }

  /** The last commit. */
  get through(): Instant | 0 {
    return this.store.through;
  }

  /** Whether points were written since the round began; deletions alone are left to the next look. */
  private hasNewRound(through: Instant | 0, { seriesIds }: FeedScope): boolean {
    for (const id of this.store.changedAfter(through as Instant)) {
      if (!seriesIds || seriesIds.has(id)) return true;
    }
    return false;
  }

  /** The round that a cursor is in, or the next one where it has come to the end of one. */
  private begin(cursor: Cursor | null | undefined, scope: FeedScope): FeedPosition {
    const { through } = this.store;
    if (cursor == null) return { since: 0, through, place: null };
    const decoded = decodePosition(cursor, scope);
    switch (decoded.kind) {
      case 'unknown':
        throw validationError('since', 'since is not a cursor of the change feed');
      case 'foreign':
        throw validationError(
          'since',
          decoded.of === 'store'
            ? 'since is a cursor of another store'
            : 'since is a cursor for other series: seriesIds has to stay the same',
        );
      case 'position':
        break;
      default:
        return unreachable(decoded);
    }
    const { position } = decoded;
    if (position.through > through) {
      throw expired('the store was restored from a state before it');
    }
    return position.place === null ? { since: position.through, through, place: null } : position;
  }

  /** Looked at once the deletions are there: some may have been forgotten while they were read. */
  private assertKept({ since, through }: Round): void {
    // A first round needs to know only what was deleted after it.
    if (this.store.deletionsKeptAfter > (since === 0 ? through : since)) {
      throw expired('deletions since then are no longer kept (DELETIONS_KEEP_DAYS)');
    }
  }

  /** @returns with the place where the round goes on; null where it is at its end */
  private async find(
    feed: FeedPart,
    first: number,
    budget: PageBudget,
  ): Promise<{ changes: FoundChange[]; end: FeedPlace | null }> {
    const { round, place, deletions } = feed;
    const changes: FoundChange[] = [];
    let opened = 0;
    let rows = 0;
    let done: FeedPlace | null = place;
    for (const seriesId of this.candidates(feed)) {
      if (opened === budget.series || rows >= budget.rows) return { changes, end: done };
      const batch = await this.read(seriesId);
      opened++;
      rows += batch.length;
      const series = { seriesId, batch, deletions: deletions.get(seriesId) ?? [] };
      const after = place?.seriesId === seriesId && !('isDone' in place) ? place : undefined;
      for (const change of changesOf(series, round, after)) {
        if (changes.length === first) return { changes, end: changes.at(-1)!.change };
        changes.push(found(batch, change));
      }
      done = { seriesId, isDone: true };
    }
    return { changes, end: null };
  }

  /** Series of which the rest of the round may have something to tell, in the order of their ids. */
  private *candidates({ round, place, scope, deletions }: FeedPart): Iterable<Uuid> {
    const { seriesIds } = scope;
    const changed = this.store.changedAfter(round.since as Instant);
    for (const seriesId of mergedIds(changed, [...deletions.keys()])) {
      if (seriesIds && !seriesIds.has(seriesId)) continue;
      const isTold = place && (seriesId < place.seriesId || isDone(place, seriesId));
      if (!isTold) yield seriesId;
    }
  }

  private async read(seriesId: Uuid): Promise<PointBatch> {
    try {
      return await this.points.read(seriesId);
    } catch (error) {
      // Deleted: in this round or, if that was just now, in the next one.
      if (error instanceof AppError && error.code === 'NOT_FOUND') return PointBatch.EMPTY;
      throw error;
    }
  }
}

function expired(reason: string): AppError {
  return new AppError(
    'CURSOR_EXPIRED',
    `The cursor is too old, ${reason}: read everything again, without a cursor`,
  );
}

function isDone(place: FeedPlace, seriesId: Uuid): boolean {
  return 'isDone' in place && place.seriesId === seriesId;
}

function found(batch: PointBatch, change: SeriesChange): FoundChange {
  const { row } = change;
  const isDeleted = row === undefined;
  return {
    change,
    point: isDeleted ? null : { value: batch.decimal(row), isOriginal: batch.isOriginal(row) },
  };
}

/** Both ascend. */
function* mergedIds(a: Iterable<Uuid>, b: readonly Uuid[]): Iterable<Uuid> {
  let next = 0;
  for (const id of a) {
    while (next < b.length && b[next]! < id) yield b[next++]!;
    if (b[next] === id) next++;
    yield id;
  }
  yield* b.slice(next);
}
