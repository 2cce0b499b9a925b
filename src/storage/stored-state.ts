// Everything that is stored, as of the last durable commit: the catalogue with its deltas, the sources, and
// what of it waits to be written to files. Commits change it by `apply`, those of calls and those that the log
// replays alike; flushes only note what files hold now.

import { unreachable } from '../core/assert.js';
import type { Instant } from '../core/instant.js';
import type { Uuid } from '../core/uuid.js';
import type { SeriesRow } from '../schema/series.columns.js';
import type { SourceRow } from '../schema/source.columns.js';
import type { PointsFile, SeriesCatalog } from './catalog/series-catalog.js';
import { changesOf, removalOf } from './delta/point-changes.js';
import { SeriesDelta, type SeriesChange } from './delta/series-delta.js';
import type { Deletion } from './parquet/deletions-file.js';
import type { Commit, Effect, PointKeys, PointsSummary } from './log/commit.js';

/** A file that all series share, as far as it can be read and written. */
export interface SharedFile {
  /** The file holds every change through this commit. */
  throughSeq: Instant;
  /** Why it cannot be read; while it stands nothing is written over it. */
  damage?: unknown;
}

export interface DeletionsFile extends SharedFile {
  /** Tombstones of this commit and of those before it may have been left out for their age. */
  keptAfter: Instant;
}

export class StoredState {
  readonly sources = new Map<Uuid, SourceRow>();
  readonly sourcesFile: SharedFile = { throughSeq: 0 as Instant };
  readonly deletionsFile: DeletionsFile = { throughSeq: 0 as Instant, keptAfter: 0 as Instant };

  /** Series whose metadata file is older than its row, with the oldest commit that it lacks. */
  readonly unwrittenSeries = new Map<Uuid, Instant>();
  /** Deleted series whose files may still be there, with the instant of the deletion. */
  readonly unremovedSeries = new Map<Uuid, Instant>();
  /** The oldest change of the sources that their file lacks. */
  unwrittenSources: Instant | undefined;
  /** In the order of their instants. */
  unwrittenDeletions: Deletion[] = [];
  /** The store's id, where its file could not be written or is damaged. */
  unwrittenIdentity: Uuid | undefined;
  /** Points files whose rename into place failed and may have been done: `settleFile` finds out. */
  readonly doubtfulFiles = new Map<Uuid, PointsFile>();
  /**
   * By series, or file that all share: the oldest change that cannot be applied, because what it changes is
   * damaged. The log has to keep it.
   */
  private readonly withheld = new Map<string, Instant>();

  /** How often a source changed. */
  sourceChanges = 0;
  private deltaBytesHeld = 0;
  private last = 0 as Instant;

  constructor(readonly catalog: SeriesCatalog) {}

  /** What the deltas of all series occupy. */
  get deltaBytes(): number {
    return this.deltaBytesHeld;
  }

  /** Whether the points flush can do something about the delta of a series. */
  isMovable(id: Uuid): boolean {
    return !this.catalog.isQuarantined(id) && !this.unremovedSeries.has(id);
  }

  /** The part of the deltas that a flush cannot move, because the files of their series are damaged. */
  get stuckDeltaBytes(): number {
    let bytes = 0;
    for (const [id, delta] of this.catalog.deltas()) if (!this.isMovable(id)) bytes += delta.bytes;
    return bytes;
  }

  /** Whether a flush would write or remove anything. */
  get hasWork(): boolean {
    const hasShared =
      (this.unwrittenSources !== undefined && this.sourcesFile.damage === undefined) ||
      (this.unwrittenDeletions.length > 0 && this.deletionsFile.damage === undefined);
    if (hasShared || this.unwrittenSeries.size > 0) return true;
    if (this.unwrittenIdentity !== undefined) return true;
    if (this.unremovedSeries.size > 0 && this.deletionsFile.damage === undefined) return true;
    for (const [id] of this.catalog.deltas()) if (this.isMovable(id)) return true;
    return false;
  }

  /** The last commit that was applied. */
  get appliedThrough(): Instant {
    return this.last;
  }

  /** Every commit up to this one is in the files, wholly. */
  get flushedThrough(): Instant {
    let oldest = this.last + 1;
    const waits = (instant: Instant | undefined) => {
      if (instant !== undefined && instant < oldest) oldest = instant;
    };
    for (const instant of this.withheld.values()) waits(instant);
    waits(this.unwrittenSources);
    waits(this.unwrittenDeletions[0]?.deletedAt);
    for (const instant of this.unwrittenSeries.values()) waits(instant);
    for (const instant of this.unremovedSeries.values()) waits(instant);
    for (const [, delta] of this.catalog.deltas()) waits(delta.firstSeq);
    return (oldest - 1) as Instant;
  }

  get hasUnwritten(): boolean {
    return this.flushedThrough < this.last;
  }

  apply({ instant, effects }: Commit): void {
    for (const effect of effects) this.applyEffect(effect, instant);
    this.last = instant;
  }

  /** For what the files hold already. */
  advance(instant: Instant): void {
    if (instant > this.last) this.last = instant;
  }

  /** A change of something damaged: nothing is lost while the log keeps it. */
  withhold(name: string, instant: Instant): void {
    if (instant < (this.withheld.get(name) ?? Infinity)) this.withheld.set(name, instant);
  }

  /** A series that cannot be served beside another one: what only the log has of it stays there. */
  setAside(id: Uuid): void {
    const changes = [this.catalog.delta(id)?.firstSeq, this.unwrittenSeries.get(id)];
    for (const instant of changes) if (instant !== undefined) this.withhold(id, instant);
    this.putDelta(id, null);
    this.unwrittenSeries.delete(id);
    this.catalog.delete(id);
    this.catalog.setQuarantine(id, 'series');
  }

  /**
   * The metadata file of a series is missing or worse: the flush writes it anew. The log need not be kept for
   * that: what it held of the series is gone from it, and the checkpoint has the row.
   */
  rewriteSeries({ id }: SeriesRow): void {
    if (!this.unwrittenSeries.has(id)) this.unwrittenSeries.set(id, (this.last + 1) as Instant);
  }

  putDelta(id: Uuid, delta: SeriesDelta | null): void {
    const before = this.catalog.delta(id);
    this.deltaBytesHeld += (delta?.bytes ?? 0) - (before?.bytes ?? 0);
    this.catalog.putDelta(id, delta);
  }

  applyEffect(effect: Effect, instant: Instant): void {
    switch (effect.kind) {
      case 'series-put':
        this.catalog.putRow(effect.row);
        if (!this.unwrittenSeries.has(effect.row.id)) {
          this.unwrittenSeries.set(effect.row.id, instant);
        }
        break;
      case 'series-deleted':
        this.putDelta(effect.seriesId, null);
        this.catalog.delete(effect.seriesId);
        this.unwrittenSeries.delete(effect.seriesId);
        this.unremovedSeries.set(effect.seriesId, instant);
        this.withheld.delete(effect.seriesId);
        this.doubtfulFiles.delete(effect.seriesId);
        this.recordDeletion(effect.seriesId, null, instant);
        break;
      case 'source-put':
        this.sources.set(effect.row.id, effect.row);
        this.sourceChanges += 1;
        this.unwrittenSources ??= instant;
        break;
      case 'points-put':
        this.change(effect, { changes: changesOf(effect.points, null) }, instant);
        break;
      case 'points-deleted':
        this.change(effect, { changes: removalOf(effect.keys) }, instant);
        this.recordDeletion(effect.seriesId, effect.keys, instant);
        break;
      case 'vintages-changed': {
        const { seriesId, points, removed, vintageChanges } = effect;
        this.change(effect, { changes: changesOf(points, removed), vintageChanges }, instant);
        if (removed !== null) this.recordDeletion(seriesId, removed, instant);
        break;
      }
      default:
        unreachable(effect);
    }
  }

  private change(
    { seriesId, summary }: { readonly seriesId: Uuid; readonly summary: PointsSummary },
    change: SeriesChange,
    instant: Instant,
  ): void {
    const before = this.catalog.delta(seriesId);
    this.putDelta(
      seriesId,
      before?.with(change, instant, summary) ?? SeriesDelta.of(change, instant, summary),
    );
  }

  /** The replay of the log meets deletions that are in the file already. */
  recordDeletion(seriesId: Uuid, keys: PointKeys | null, deletedAt: Instant): void {
    if (deletedAt <= this.deletionsFile.throughSeq) return;
    this.unwrittenDeletions.push({ seriesId, keys, deletedAt });
  }
}
