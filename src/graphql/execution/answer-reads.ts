// What an answer rests on, in versions, noted before it is read: an answer that a write overtook is found
// outdated, never the other way round.

import type { Reads } from '../../cache/reads.js';
import type { Uuid } from '../../core/uuid.js';
import type { SeriesVersion, Versions } from '../../cache/versions.js';

/** The versions as they are stored beside an answer. */
export interface StoredReads {
  readonly catalogue: number | null;
  readonly everything: number | null;
  readonly series: readonly (readonly [id: Uuid, row: number, points: number | null])[];
}

export class AnswerReads {
  private readonly series = new Map<Uuid, SeriesVersion>();
  private catalogue: number | undefined;
  private everything: number | undefined;
  private hasUnversioned = false;
  /** The version of everything when all of it was found current: while that stands nobody need look again. */
  private currentAt: number | undefined;

  constructor(private readonly versions: Versions) {}

  static fromStored(versions: Versions, stored: StoredReads): AnswerReads {
    const reads = new AnswerReads(versions);
    reads.catalogue = stored.catalogue ?? undefined;
    reads.everything = stored.everything ?? undefined;
    for (const [id, row, points] of stored.series) reads.series.set(id, { row, points });
    return reads;
  }

  toStored(): StoredReads {
    return {
      catalogue: this.catalogue ?? null,
      everything: this.everything ?? null,
      series: [...this.series].map(([id, { row, points }]) => [id, row, points] as const),
    };
  }

  /** Whether there is a way to find out that the answer is outdated. */
  get areVersioned(): boolean {
    return !this.hasUnversioned;
  }

  note(reads: Reads, parent: unknown, args: unknown): void {
    if (typeof reads === 'function') {
      const ids = reads(parent as never, args as never);
      if (typeof ids === 'string') this.noteSeries(ids);
      else for (const id of ids) this.noteSeries(id);
    } else if (reads === 'catalogue') {
      this.catalogue ??= this.versions.catalogue;
    } else if (reads === 'everything') {
      this.everything ??= this.versions.everything;
    } else if (reads === 'unversioned') {
      this.hasUnversioned = true;
    }
  }

  /** Whether reading again would read the same. */
  get areCurrent(): boolean {
    const { everything } = this.versions;
    if (everything === this.currentAt) return true;
    if (!this.isCurrent()) return false;
    this.currentAt = everything;
    return true;
  }

  /** How many series are named. */
  get size(): number {
    return this.series.size;
  }

  private isCurrent(): boolean {
    if (this.hasUnversioned) return false;
    const { versions } = this;
    if (this.everything !== undefined && this.everything !== versions.everything) return false;
    if (this.catalogue !== undefined && this.catalogue !== versions.catalogue) return false;
    for (const [id, { row, points }] of this.series) {
      const now = versions.series(id);
      if (now.row !== row || now.points !== points) return false;
    }
    return true;
  }

  private noteSeries(id: Uuid): void {
    if (!this.series.has(id)) this.series.set(id, this.versions.series(id));
  }
}
