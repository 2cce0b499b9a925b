import type { Instant } from '../core/instant.js';
import type { Uuid } from '../core/uuid.js';
import type { Deletion } from './parquet/deletions-file.js';

/** Which series' deletions are asked for. */
export interface DeletionScope {
  /** All of them where it is not given. */
  readonly seriesIds?: ReadonlySet<Uuid> | undefined;
  /** Only of this series and those behind it. */
  readonly from?: Uuid | undefined;
}

/**
 * What changed since a commit. A reader keeps the instant of the last commit that it has seen, and the id of the
 * store: instants of another store say nothing about this one.
 */
export abstract class ChangesStore {
  /** Another one where the history of the store was lost or cut. */
  abstract readonly storeId: Uuid;
  /** The last commit that is durable and can be read. */
  abstract get through(): Instant;
  /**
   * Deletions of every commit after this one are known; those before may be forgotten. It never falls while the
   * service runs, and may rise while `deletions` reads: compare it with `since` after the answer, not before.
   */
  abstract get deletionsKeptAfter(): Instant;
  /**
   * Series whose points were touched by a commit after `since`, in the order of their ids, those of damaged
   * files too. What is changed meanwhile may be among them.
   */
  abstract changedAfter(since: Instant): Iterable<Uuid>;
  /**
   * What commits in (since, through] deleted, by series in the order of their ids, and of each in the order of the
   * commits. The series may have been created again since, the points written again.
   * @throws AppError STORAGE_ERROR where the file of deletions is damaged or unreadable
   */
  abstract deletions(
    since: Instant,
    through: Instant,
    scope?: DeletionScope,
  ): Promise<ReadonlyMap<Uuid, readonly Deletion[]>>;
}
