// What the log still holds of each series: by it damage is told that a start repairs by itself.

import type { Instant } from '../../core/instant.js';
import type { Uuid } from '../../core/uuid.js';
import type { Commit, Effect } from '../log/commit.js';

interface Evidence {
  /** The last commit that has the whole row of the metadata. */
  metadataAt?: Instant;
  /** The last commit that changed points. */
  pointsAt?: Instant;
  /** By the version of the points that it changes: the last commit of it. */
  readonly changes: Map<number, Instant>;
  deletedAt?: Instant;
}

const NEVER = -1;

export class LogEvidence {
  private readonly series = new Map<Uuid, Evidence>();

  record({ instant, effects }: Commit): void {
    for (const effect of effects) this.recordEffect(effect, instant);
  }

  /** Negative where the log does not have it, as for the others below. */
  metadataAt(id: Uuid): number {
    return this.series.get(id)?.metadataAt ?? NEVER;
  }

  pointsAt(id: Uuid): number {
    return this.series.get(id)?.pointsAt ?? NEVER;
  }

  deletedAt(id: Uuid): number {
    return this.series.get(id)?.deletedAt ?? NEVER;
  }

  /**
   * Whether a start lays what the log holds over a file.
   * @param version of the points in the file; 0 where there is none
   * @param flushedThrough the start skips commits up to here
   */
  goesOnFrom(id: Uuid, version: number, flushedThrough: number): boolean {
    return (this.series.get(id)?.changes.get(version) ?? NEVER) > flushedThrough;
  }

  private recordEffect(effect: Effect, instant: Instant): void {
    switch (effect.kind) {
      case 'source-put':
        return;
      case 'series-put': {
        this.of(effect.row.id).metadataAt = instant;
        return;
      }
      case 'series-deleted':
        this.series.set(effect.seriesId, { changes: new Map(), deletedAt: instant });
        return;
      default: {
        const known = this.of(effect.seriesId);
        known.pointsAt = instant;
        known.changes.set(effect.base, instant);
      }
    }
  }

  private of(id: Uuid): Evidence {
    let known = this.series.get(id);
    if (!known) this.series.set(id, (known = { changes: new Map() }));
    return known;
  }
}
