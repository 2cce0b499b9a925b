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
  type ChangePlace,
  type FeedPosition,
  type FeedScope,
} from './feed-position.js';
import { changesOf, type ChangedSeries, type SeriesChange } from './series-changes.js';

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
}

type Deletions = ReadonlyMap<Uuid, readonly Deletion[]>;

/** What changed since a reader looked last. */
@Injectable()
export class ChangesService {
  constructor(
    private readonly store: ChangesStore,
    private readonly points: DataPointsStore,
    private readonly config: Config,
  ) {}

  /**
   * The next changes. Series in which nothing changed are not opened.
   * @throws AppError VALIDATION_ERROR for a cursor of another feed; CURSOR_EXPIRED where what happened since
   *   is no longer known; STORAGE_ERROR where a series that changed is damaged; READ_TOO_LARGE
   */
  async page(args: ChangesArgs, request: object = {}): Promise<PageOfChanges> {
    const seriesIds = args.seriesIds == null ? undefined : new Set(args.seriesIds);
    const scope = { storeId: this.store.storeId, seriesIds };
    const { place, ...round } = this.begin(args.since, scope);
    // Who knows nothing need not hear of what is gone.
    const deletions: Deletions =
      round.since === 0
        ? new Map()
        : await this.store.deletions(round.since, round.through as Instant);
    this.assertKept(round);
    const changes: FoundChange[] = [];
    let hasMore = false;
    for await (const found of this.find(round, place, scope, deletions)) {
      hasMore = changes.length === args.first;
      if (hasMore) break;
      changes.push(found);
    }
    chargePoints(request, changes.length, this.config.readPointsMax);
    const { through } = round;
    const last = changes.at(-1)?.change ?? null;
    const end = hasMore ? { ...round, place: last } : { since: through, through, place: null };
    const cursor = encodePosition(end, scope);
    return { changes, cursor, hasMore: hasMore || this.hasNewRound(through, scope) };
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
  private assertKept({ since, through }: { since: Instant | 0; through: Instant | 0 }): void {
    // A first round needs to know only what was deleted after it.
    if (this.store.deletionsKeptAfter > (since === 0 ? through : since)) {
      throw expired('deletions since then are no longer kept (DELETIONS_KEEP_DAYS)');
    }
  }

  private async *find(
    round: { readonly since: Instant | 0; readonly through: Instant | 0 },
    place: ChangePlace | null,
    { seriesIds }: FeedScope,
    deletions: Deletions,
  ): AsyncIterable<FoundChange> {
    const changed = this.store.changedAfter(round.since as Instant);
    for (const seriesId of mergedIds(changed, [...deletions.keys()].sort())) {
      if (seriesIds && !seriesIds.has(seriesId)) continue;
      if (place && seriesId < place.seriesId) continue;
      const batch = await this.read(seriesId);
      const series: ChangedSeries = {
        ...{ seriesId, batch },
        deletions: deletions.get(seriesId) ?? [],
      };
      const after = place?.seriesId === seriesId ? place : undefined;
      for (const change of changesOf(series, round, after)) {
        const { row } = change;
        const point =
          row === undefined
            ? null
            : { value: batch.decimal(row), isOriginal: batch.isOriginal(row) };
        yield { change, point };
      }
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
