import { Injectable } from '@nestjs/common';
import type { Instant } from '../core/instant.js';
import { SingleFlight } from '../core/single-flight.js';
import type { Uuid } from '../core/uuid.js';
import { ChangesStore, type DeletionScope } from './changes-store.js';
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

/** A reader of pages comes back within seconds; one that looks again later reads the file again. */
const KEPT_MILLISECONDS = 30_000;
/** Above it each page finds its deletions anew: about 8 million deleted points, or 400,000 series. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;
/** Its object and id; where there are keys, their typed arrays come to it. */
const DELETION_BYTES = 160;
const KEYS_OVERHEAD_BYTES = 250;

/** What was answered last: the pages of a round ask the same, only from later series on. */
interface Answer {
  readonly since: Instant;
  readonly through: Instant;
  /** Of the file that it was made from. */
  readonly fileThrough: Instant | 0;
  /** The series asked for, in one text; undefined for all of them. */
  readonly series: string | undefined;
  readonly from: Uuid | undefined;
  readonly deletions: BySeries;
}

type BySeries = ReadonlyMap<Uuid, readonly Deletion[]>;

/** Changed series from the catalogue; deletions from their file, and from the list of what it lacks. */
@Injectable()
export class LoggedChangesStore extends ChangesStore {
  readonly storeId: Uuid;
  private readonly state: StoredState;
  private readonly reading = new SingleFlight<ReadDeletions>();
  /** The file as it was read last: most readers come again before it is written anew. */
  private lastRead: ReadDeletions | undefined;
  private lastAnswer: Answer | undefined;
  private forgetting: NodeJS.Timeout | undefined;

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

  async deletions(since: Instant, through: Instant, scope: DeletionScope = {}): Promise<BySeries> {
    // A flush moves deletions from the list into the file while the file is read: then it is read again.
    while (this.needsFile(since)) this.lastRead = await this.read();
    // From here on nothing else runs.
    this.forgetLater();
    const { seriesIds, from } = scope;
    const series = seriesIds && [...seriesIds].sort().join();
    const wanted = { since, through, series };
    if (!this.isAnswered(wanted, from)) this.lastAnswer = undefined;
    const answer = this.lastAnswer?.deletions ?? this.find(since, through, scope);
    if (this.lastAnswer === undefined && bytesOf(answer) <= ANSWER_BYTES_MAX) {
      const fileThrough = this.lastRead?.throughSeq ?? 0;
      this.lastAnswer = { ...wanted, from, fileThrough, deletions: answer };
    }
    return from === undefined ? answer : new Map([...answer].filter(([id]) => id >= from));
  }

  private isAnswered(
    { since, through, series }: Pick<Answer, 'since' | 'through' | 'series'>,
    from: Uuid | undefined,
  ): boolean {
    const last = this.lastAnswer;
    if (last?.since !== since || last.through !== through || last.series !== series) return false;
    if (last.fileThrough !== (this.lastRead?.throughSeq ?? 0)) return false;
    return last.from === undefined || (from !== undefined && last.from <= from);
  }

  private find(since: Instant, through: Instant, { seriesIds, from }: DeletionScope): BySeries {
    const isWanted = (id: Uuid) =>
      (seriesIds?.has(id) ?? true) && (from === undefined || id >= from);
    // What is read may be ahead of the list: a flush that failed late is tried again.
    const stored = this.lastRead
      ? deletionsBetween(this.lastRead.deletions, since, through, isWanted)
      : [];
    const listedAfter = Math.max(since, this.lastRead?.throughSeq ?? 0);
    const listed = this.state.unwrittenDeletions.filter(
      ({ seriesId, deletedAt }) =>
        deletedAt > listedAfter && deletedAt <= through && isWanted(seriesId),
    );
    const bySeries = new Map<Uuid, Deletion[]>();
    for (const deletion of [...stored, ...listed]) {
      const before = bySeries.get(deletion.seriesId);
      if (before) before.push(deletion);
      else bySeries.set(deletion.seriesId, [deletion]);
    }
    return new Map([...bySeries].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** The tombstones of years may be in the file, and nobody may ask again for hours. */
  private forgetLater(): void {
    clearTimeout(this.forgetting);
    this.forgetting = setTimeout(() => {
      this.lastRead = undefined;
      this.lastAnswer = undefined;
    }, KEPT_MILLISECONDS).unref();
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

function bytesOf(deletions: BySeries): number {
  let bytes = 0;
  for (const ofSeries of deletions.values()) {
    for (const { keys } of ofSeries) {
      bytes += DELETION_BYTES;
      if (keys) bytes += KEYS_OVERHEAD_BYTES + 2 * keys.dates.byteLength;
    }
  }
  return bytes;
}
