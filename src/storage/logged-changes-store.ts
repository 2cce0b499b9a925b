import { Injectable } from '@nestjs/common';
import type { Instant } from '../core/instant.js';
import { SingleFlight } from '../core/single-flight.js';
import type { Uuid } from '../core/uuid.js';
import { ChangesStore } from './changes-store.js';
import { DataDirectory } from './data-directory.js';
import { errorCode } from './disk.js';
import { decodeDeletions, type Deletion, type Deletions } from './parquet/deletions-file.js';
import { DamagedFileError } from './parquet/file-seal.js';
import { deletionsBetween } from './parquet/tombstones.js';
import { DELETIONS_FILE } from './paths.js';
import { storageFailure } from './storage-failure.js';
import type { StoredState } from './stored-state.js';

interface ReadDeletions {
  readonly deletions: Deletions;
  readonly throughSeq: Instant;
}

/** Changed series from the catalogue; deletions from their file, and from the list of what it lacks. */
@Injectable()
export class LoggedChangesStore extends ChangesStore {
  readonly storeId: Uuid;
  private readonly state: StoredState;
  private readonly reading = new SingleFlight<ReadDeletions>();
  /** The file as it was read last: most readers come again before it is written anew. */
  private lastRead: ReadDeletions | undefined;

  constructor(private readonly directory: DataDirectory) {
    super();
    this.storeId = directory.storeId;
    this.state = directory.state;
  }

  get through(): Instant {
    return this.state.appliedThrough;
  }

  get deletionsKeptAfter(): Instant {
    return this.state.deletionsFile.keptAfter;
  }

  changedAfter(since: Instant): Iterable<Uuid> {
    return this.directory.catalog.changedAfter(since);
  }

  async deletions(
    since: Instant,
    through: Instant,
  ): Promise<ReadonlyMap<Uuid, readonly Deletion[]>> {
    // A flush moves deletions from the list into the file while the file is read: then it is read again.
    while (this.needsFile(since)) this.lastRead = await this.read();
    // From here on nothing else runs. What is read may be ahead: a flush that failed late is tried again.
    const stored = this.lastRead ? deletionsBetween(this.lastRead.deletions, since, through) : [];
    const listedAfter = Math.max(since, this.lastRead?.throughSeq ?? 0);
    const listed = this.state.unwrittenDeletions.filter(
      ({ deletedAt }) => deletedAt > listedAfter && deletedAt <= through,
    );
    const bySeries = new Map<Uuid, Deletion[]>();
    for (const deletion of [...stored, ...listed]) {
      const before = bySeries.get(deletion.seriesId);
      if (before) before.push(deletion);
      else bySeries.set(deletion.seriesId, [deletion]);
    }
    return bySeries;
  }

  /** @throws AppError STORAGE_ERROR where the file is known to be damaged */
  private needsFile(since: Instant): boolean {
    const { throughSeq, damage } = this.state.deletionsFile;
    if (damage !== undefined) throw storageFailure('read', damage);
    return throughSeq > since && throughSeq > (this.lastRead?.throughSeq ?? 0);
  }

  /** The file as it is now, or newer. */
  private read(): Promise<ReadDeletions> {
    const { throughSeq: expected } = this.state.deletionsFile;
    return this.reading.run(String(expected), async () => {
      try {
        const bytes = await this.directory.read(DELETIONS_FILE);
        const { deletions, facts } = decodeDeletions(bytes);
        if (facts.throughSeq < expected) {
          throw new DamagedFileError('the file is older than what was written last');
        }
        return { deletions, throughSeq: facts.throughSeq };
      } catch (error) {
        if (errorCode(error) !== 'ENOENT') throw storageFailure('read', error);
        await this.directory.assertThere();
        throw storageFailure('read', new DamagedFileError('the file is missing'));
      }
    });
  }
}
