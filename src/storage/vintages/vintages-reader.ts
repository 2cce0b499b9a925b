// Which vintages of a series were published, as of now: those that its file tells of, and over them what the file
// does not hold yet. The rows of points are read elsewhere.

import { Injectable } from '@nestjs/common';
import type { Instant } from '../../core/instant.js';
import type { Uuid } from '../../core/uuid.js';
import { overviewOf, type PointsFile } from '../catalog/series-catalog.js';
import { DataDirectory } from '../data-directory.js';
import { DamagedFileError, type FileIdentity, type SealedFacts } from '../parquet/file-seal.js';
import { vintagesOf } from '../parquet/points-file.js';
import { pointsFile } from '../paths.js';
import { readSettled, readSettledLocked } from '../settled-read.js';
import { KnownVintages } from './known-vintages.js';
import { PublishedVintages } from './published-vintages.js';

interface VintagesOf {
  readonly version: Instant | null;
  readonly vintages: PublishedVintages;
}

@Injectable()
export class VintagesReader {
  private readonly known = new KnownVintages();

  constructor(private readonly directory: DataDirectory) {}

  /**
   * What `look` makes of the vintages that were published; it must neither keep nor change them.
   * @throws AppError NOT_FOUND; STORAGE_ERROR where the file is damaged or unreadable
   */
  async read<T>(id: Uuid, look: (vintages: PublishedVintages) => T): Promise<T> {
    const { version } = this.directory.catalog.overview(id);
    const known = this.known.peek(id, version);
    if (known) return look(known);
    return readSettled(this.directory, id, async () => {
      const loaded = await this.load(id);
      const answer = look(loaded.vintages);
      this.keep(id, loaded.version, loaded.vintages);
      return answer;
    });
  }

  /**
   * Which vintages were published, for the holder of the series' lock, who may change the answer and keeps it with
   * `keep` when that is committed.
   * @throws AppError as `read`
   */
  async readLocked(id: Uuid): Promise<PublishedVintages> {
    const { version } = this.directory.catalog.overview(id);
    const known = this.known.take(id, version);
    if (known) return known;
    return (await readSettledLocked(this.directory, id, () => this.load(id))).vintages;
  }

  /** @param version of the points that the vintages belong to; null where there never were any */
  keep(id: Uuid, version: Instant | null, vintages: PublishedVintages): void {
    if (version !== null) this.known.keep(id, version, vintages);
  }

  /** Of the file, and of what it does not hold yet. */
  private async load(id: Uuid): Promise<VintagesOf> {
    const entry = this.directory.catalog.requirePoints(id);
    const { file, delta } = entry;
    const { version } = overviewOf(entry);
    const inFile = file?.hasVintages
      ? vintagesOf(await this.footer(id, file))
      : new PublishedVintages();
    return { version, vintages: inFile.apply(delta?.vintageChanges ?? []) };
  }

  private async footer(id: Uuid, { sha256 }: PointsFile): Promise<SealedFacts> {
    const identity: FileIdentity = { kind: 'data_points', seriesId: id };
    const footer = await this.directory.footer(pointsFile(id), identity);
    if (footer.sha256 === sha256) return footer;
    throw new DamagedFileError('the file is not the one that was written last');
  }
}
