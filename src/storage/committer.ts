// Group commit. A call resolves what it changes and takes its instant in one synchronous step, so the order
// of the instants is the order in the log. Everything that waits while a group is being synced forms the
// next group. Readers see a commit when it is durable, and all of it at once.

import { AppError } from '../core/app-error.js';
import type { Instant } from '../core/instant.js';
import type { StorageMetrics } from '../metrics/storage-metrics.js';
import type { CommitClock } from './commit-clock.js';
import type { Commit, Effect } from './log/commit.js';
import { encodeCommits } from './log/commit-codec.js';
import type { WriteAheadLog } from './log/write-ahead-log.js';
import { LOG_POISONED, storageFailure } from './storage-failure.js';
import type { StoredState } from './stored-state.js';

/** A group is one frame in memory; callers beyond this many wait for the next. */
const GROUP_COMMITS_MAX = 1024;

interface Waiting {
  readonly commit: Commit;
  readonly done: () => void;
  readonly failed: (error: Error) => void;
}

export class Committer {
  private queue: Waiting[] = [];
  private running: Promise<void> | undefined;
  /** Why nothing may be written any more; reads go on. */
  private closedFor: string | undefined;

  constructor(
    private readonly log: WriteAheadLog,
    private readonly state: StoredState,
    private readonly clock: CommitClock,
    private readonly metrics: StorageMetrics,
    /** Called after each group, with what is stored. */
    private readonly applied: () => void,
  ) {}

  /**
   * Makes the effects durable and visible, all of them or none.
   * @param resolve the caller holds the locks of whatever it looks at
   * @returns the instant of the commit; where `resolve` answers no effect, nothing was committed
   * @throws AppError STORAGE_ERROR; UNAVAILABLE where the directory takes no more writes
   */
  async commit(resolve: (instant: Instant) => readonly Effect[]): Promise<Instant> {
    this.assertOpen();
    const instant = this.clock.next();
    const effects = resolve(instant);
    if (effects.length > 0) await this.enqueue({ instant, effects });
    return instant;
  }

  /** @throws AppError UNAVAILABLE where the directory takes no more writes */
  assertOpen(): void {
    const { refusal } = this;
    if (refusal !== undefined) throw new AppError('UNAVAILABLE', refusal);
  }

  /** Why the directory takes no more writes. */
  get refusal(): string | undefined {
    return this.closedFor ?? this.poison;
  }

  /** Nothing new is taken; what waits is finished. */
  async close(reason: string): Promise<void> {
    this.closedFor ??= reason;
    await this.running;
  }

  /** Why the log takes no more writes, until a restart reads what it holds. */
  get poison(): string | undefined {
    return this.log.isPoisoned ? LOG_POISONED : undefined;
  }

  private enqueue(commit: Commit): Promise<void> {
    return new Promise((done, failed) => {
      this.queue.push({ commit, done, failed });
      this.running ??= this.run();
    });
  }

  private async run(): Promise<void> {
    do {
      const group = this.queue.splice(0, GROUP_COMMITS_MAX);
      try {
        const commits = group.map(({ commit }) => commit);
        const payload = encodeCommits(commits);
        const last = commits.at(-1)!.instant;
        await this.metrics.observe('write', () => this.log.append(payload, last));
        this.metrics.countBytes('write', payload.byteLength);
        this.metrics.writes.countCommits(group.length, pointsOf(commits));
      } catch (error) {
        const failure = storageFailure('write', error);
        for (const { failed } of group) failed(failure);
        continue;
      }
      for (const { commit } of group) this.state.apply(commit);
      for (const { done } of group) done();
      this.applied();
      if (this.queue.length === 0) await this.log.mark();
    } while (this.queue.length > 0);
    // In the same turn as the last look at the queue: who comes later starts anew.
    this.running = undefined;
  }
}

/** Points that were stored, those of a correction included. */
function pointsOf(commits: readonly Commit[]): number {
  let points = 0;
  for (const { effects } of commits) {
    for (const effect of effects) if ('points' in effect) points += effect.points.length;
  }
  return points;
}
