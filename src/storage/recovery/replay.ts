// Applies the log to what the files hold. Each series that the log touches is looked up in its files first:
// they may be newer than the catalogue that was loaded, and what they hold is not applied again.

import { mapConcurrently } from '../../core/map-concurrently.js';
import type { Instant } from '../../core/instant.js';
import type { Uuid } from '../../core/uuid.js';
import type { SeriesRow } from '../../schema/series.columns.js';
import { overviewOf, type PointsFile } from '../catalog/series-catalog.js';
import type { Disk } from '../disk.js';
import { FILES_IN_FLIGHT } from '../flush/flush-parts.js';
import { removedKeys, type Commit, type Effect, type PointsVersion } from '../log/commit.js';
import { DamagedFileError } from '../parquet/file-seal.js';
import { pointsFile, seriesFile, SOURCES_FILE } from '../paths.js';
import type { StoredState } from '../stored-state.js';
import type { DamageReport } from './damage-report.js';
import type { Inventory } from './inventory.js';
import { readPointsFacts, readSeries } from './series-files.js';

const NEVER = 0 as Instant;

export class Replay {
  /** Commits that were not wholly in files. */
  applied = 0;
  /** The commit through which the metadata file of a series reaches, for the series that were looked up. */
  private readonly metadataThrough = new Map<Uuid, Instant>();
  /** Points files of series whose metadata is in the log only. */
  private readonly filesWithoutRow = new Map<Uuid, PointsFile>();
  /** Series that the log changes and nothing describes. */
  private readonly unknown = new Set<Uuid>();

  constructor(
    private readonly disk: Disk,
    private readonly state: StoredState,
    private readonly inventory: Inventory,
    private readonly damage: DamageReport,
    /** Commits up to here are in files, wholly. */
    private readonly flushedThrough: Instant,
  ) {}

  async commit({ instant, effects }: Commit): Promise<void> {
    this.state.advance(instant);
    if (instant <= this.flushedThrough) return;
    const ids = new Set(effects.flatMap((effect) => seriesOf(effect) ?? []));
    const unseen = [...ids].filter((id) => !this.metadataThrough.has(id));
    await mapConcurrently(unseen, FILES_IN_FLIGHT, (id) => this.lookUp(id));
    let changes = 0;
    for (const effect of effects) if (this.apply(effect, instant)) changes++;
    if (changes > 0) this.applied++;
  }

  /** What the log says of series that nothing describes stays in the log. */
  finish(): void {
    for (const id of this.unknown) {
      this.state.catalog.setQuarantine(id, 'series');
      const error = new DamagedFileError(
        'the metadata is missing; the log keeps points of the series',
      );
      this.damage.add(seriesFile(id), error);
    }
  }

  private apply(effect: Effect, instant: Instant): boolean {
    const { catalog } = this.state;
    if (effect.kind === 'source-put') {
      if (this.state.sourcesFile.damage !== undefined) this.state.withhold(SOURCES_FILE, instant);
      else if (instant > this.state.sourcesFile.throughSeq) this.state.applyEffect(effect, instant);
      else return false;
      return true;
    }
    const id = effect.kind === 'series-put' ? effect.row.id : effect.seriesId;
    switch (effect.kind) {
      case 'series-put':
        return this.putSeries(effect, instant);
      case 'series-deleted':
        return this.deleteSeries(effect, instant);
      default: {
        const known = catalog.has(id) ? catalog.row(id) : undefined;
        const isStored = this.isStored(id, known, instant);
        // The points file may hold a deletion that the file of deletions does not hold yet.
        const removed = removedKeys(effect);
        if (isStored && removed) this.state.recordDeletion(id, removed, instant);
        if (!known && !catalog.isQuarantined(id)) {
          this.unknown.add(id);
          this.state.withhold(id, instant);
          return false;
        }
        if (isStored) return false;
        this.checkBase(id, effect.base);
        if (catalog.isQuarantined(id)) this.state.withhold(id, instant);
        else this.state.applyEffect(effect, instant);
        return true;
      }
    }
  }

  private isStored(id: Uuid, known: SeriesRow | undefined, instant: Instant): boolean {
    // Of a series of the same id that was deleted.
    if (instant < (known?.createdAt ?? NEVER)) return true;
    return instant <= (this.state.catalog.file(id)?.throughSeq ?? NEVER);
  }

  /** What was resolved against another state of the points than is here must not be laid over it. */
  private checkBase(id: Uuid, base: PointsVersion): void {
    const { catalog } = this.state;
    if (catalog.isQuarantined(id) || (overviewOf(catalog.get(id)!).version ?? 0) === base) return;
    catalog.setQuarantine(id, 'points');
    const reason = 'the file is not the one that the log goes on from';
    this.damage.add(pointsFile(id), new DamagedFileError(reason));
  }

  private putSeries(effect: Extract<Effect, { kind: 'series-put' }>, instant: Instant): boolean {
    const { catalog } = this.state;
    const { id } = effect.row;
    if (instant <= this.metadataThrough.get(id)!) return false;
    // What the log says of the metadata is all there is to say: a damaged file is written anew.
    if (catalog.isQuarantined(id) && !catalog.has(id)) catalog.clearQuarantine(id);
    this.state.applyEffect(effect, instant);
    const file = this.filesWithoutRow.get(id);
    if (file && !isLeftOver(file, effect.row)) catalog.putFile(id, file);
    this.filesWithoutRow.delete(id);
    return true;
  }

  private deleteSeries(
    effect: Extract<Effect, { kind: 'series-deleted' }>,
    instant: Instant,
  ): boolean {
    this.unknown.delete(effect.seriesId);
    // A series of the same id was created and written to files since.
    if (instant <= this.metadataThrough.get(effect.seriesId)!) return false;
    this.filesWithoutRow.delete(effect.seriesId);
    this.state.applyEffect(effect, instant);
    return true;
  }

  /** Puts what the files of a series say into the catalogue. */
  async lookUp(id: Uuid): Promise<void> {
    this.metadataThrough.set(id, await this.lookUpMetadata(id));
    await this.lookUpPoints(id);
  }

  /** Takes a points file that appeared since the checkpoint, unless the log has points of the series. */
  async adoptPoints(id: Uuid): Promise<void> {
    const { catalog, unremovedSeries } = this.state;
    if (unremovedSeries.has(id)) return;
    if (!catalog.delta(id)) return this.lookUpPoints(id);
    catalog.setQuarantine(id, 'points');
    const reason = 'the file appeared beside points that the log says are the first';
    this.damage.add(pointsFile(id), new DamagedFileError(reason));
  }

  private async lookUpMetadata(id: Uuid): Promise<Instant> {
    const { catalog } = this.state;
    const known = catalog.row(id);
    if (!this.inventory.series.has(id)) return NEVER;
    try {
      const { row, throughSeq } = await readSeries(this.disk, id);
      this.state.advance(throughSeq);
      if (known && known.updatedAt > throughSeq) this.state.rewriteSeries(known);
      else catalog.putRow(row);
      return throughSeq;
    } catch (error) {
      this.damage.add(seriesFile(id), error, known && 'written anew from the catalogue');
      if (known) this.state.rewriteSeries(known);
      else catalog.setQuarantine(id, 'series');
      return known?.updatedAt ?? NEVER;
    }
  }

  private async lookUpPoints(id: Uuid): Promise<void> {
    const { catalog } = this.state;
    if (!this.inventory.points.has(id)) {
      catalog.putFile(id, null);
      return;
    }
    try {
      const file = await readPointsFacts(this.disk, id);
      this.state.advance(file.throughSeq);
      if (!catalog.has(id)) this.filesWithoutRow.set(id, file);
      else catalog.putFile(id, isLeftOver(file, catalog.row(id)!) ? null : file);
    } catch (error) {
      // Metadata that is damaged too hides all of the series.
      if (!catalog.isQuarantined(id)) catalog.setQuarantine(id, 'points');
      this.damage.add(pointsFile(id), error);
    }
  }
}

/** Of a series of the same id that was deleted. */
function isLeftOver({ throughSeq }: PointsFile, { createdAt }: SeriesRow): boolean {
  return throughSeq < createdAt;
}

function seriesOf(effect: Effect): Uuid | undefined {
  if (effect.kind === 'source-put') return undefined;
  return effect.kind === 'series-put' ? effect.row.id : effect.seriesId;
}
