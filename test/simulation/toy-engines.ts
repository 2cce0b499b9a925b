// Engines small enough to be seen through: one that is right and slow, and what becomes of it when a rule
// is left out. They judge the harness, as the harness judges the real one.

import { storageError } from '../../src/core/app-error.js';
import type { Clock } from '../../src/core/clock.js';
import { Instant } from '../../src/core/instant.js';
import type { VintageChange } from '../../src/storage/vintages/published-vintages.js';
import type { Uuid } from '../../src/core/uuid.js';
import type { SeriesRow } from '../../src/schema/series.columns.js';
import type { SourceRow } from '../../src/schema/source.columns.js';
import { CommitClock } from '../../src/storage/commit-clock.js';
import type { Disk } from '../../src/storage/disk.js';
import { openMemoryStores, type MemoryStores } from '../support/memory-stores.js';
import type { PlainPoint } from '../support/points.js';
import type { EngineUnderTest, OpenEngine } from './engine-under-test.js';

export interface ToyRules {
  /** All in one file, a file for each series and one for the sources, or the one file in place. */
  readonly files: 'one' | 'many' | 'in place';
  /** Names are made durable before a call is acknowledged. */
  readonly syncsDirectory: boolean;
  /** Names that the start finds are made durable before anything is served. */
  readonly syncsAtStart: boolean;
  /** A call that failed half-way says that some of it may be there. */
  readonly admitsDoubt: boolean;
}

export const RIGHT: ToyRules = {
  files: 'one',
  syncsDirectory: true,
  syncsAtStart: true,
  admitsDoubt: true,
};

interface StoredSeries {
  readonly row: SeriesRow;
  readonly version: Instant | null;
  readonly points: readonly PlainPoint[];
  readonly vintageChanges: readonly VintageChange[];
}

interface StoredState {
  /** Of the last commit: what it wrote may be gone since. */
  readonly last: Instant;
  readonly series: readonly StoredSeries[];
  readonly sources: readonly SourceRow[];
}

const SUFFIX = '.json';
const NEVER = Instant.of(0);

export function toyEngine(rules: ToyRules): OpenEngine {
  return async (disk, clock) => {
    const engine = new ToyEngine(disk, rules, clock);
    await engine.load();
    return engine;
  };
}

class ToyEngine implements EngineUnderTest {
  readonly damaged = 0;
  private readonly commitClock: CommitClock;
  private state: MemoryStores;
  private files = new Map<string, string>();
  private temporaries = 0;
  private turn: Promise<unknown> = Promise.resolve();
  private isPoisoned = false;

  constructor(
    private readonly disk: Disk,
    private readonly rules: ToyRules,
    clock: Clock,
  ) {
    this.commitClock = new CommitClock(clock);
    this.state = openMemoryStores().copy(this.commitClock);
  }

  readonly series: EngineUnderTest['series'] = {
    get: (id) => this.state.series.get(id),
    all: () => this.state.series.all(),
    findByExternalId: (...args) => this.state.series.findByExternalId(...args),
    create: (series) => this.change((state) => state.series.create(series)),
    update: (...args) => this.change((state) => state.series.update(...args)),
    delete: (id) => this.change((state) => state.series.delete(id)),
  };

  readonly points: EngineUnderTest['points'] = {
    overview: (id) => this.state.points.overview(id),
    overviews: () => this.state.points.overviews(),
    read: (seriesId, range) => this.state.points.read(seriesId, range),
    readNow: (seriesId, range) => this.state.points.readNow(seriesId, range),
    areReadTogether: () => true,
    readParts: (seriesId, range) => this.state.points.readParts(seriesId, range),
    upsert: (writes) => this.change((state) => state.points.upsert(writes)),
    publishedDays: (...args) => this.state.points.publishedDays(...args),
    publish: (...args) => this.change((state) => state.points.publish(...args)),
    delete: (...args) => this.change((state) => state.points.delete(...args)),
  };

  readonly sources: EngineUnderTest['sources'] = {
    get: (id) => this.state.sources.get(id),
    all: () => this.state.sources.all(),
    create: (source) => this.change((state) => state.sources.create(source)),
    update: (...args) => this.change((state) => state.sources.update(...args)),
  };

  async load(): Promise<void> {
    const state = this.state;
    for (const name of await this.disk.list()) {
      if (!name.endsWith(SUFFIX)) {
        await this.disk.unlink(name);
        continue;
      }
      const text = Buffer.from(await this.disk.read(name)).toString();
      this.files.set(name, text);
      this.restore(state, JSON.parse(text) as StoredState);
    }
    if (this.rules.syncsAtStart) await this.disk.syncDirectory();
  }

  async flush(): Promise<void> {}

  async checkpoint(): Promise<void> {}

  async close(): Promise<void> {
    await this.turn;
  }

  abandon(): void {}

  /** One after the other: changes a copy, stores it, and shows it. */
  private change<T>(task: (state: MemoryStores) => Promise<T>): Promise<T> {
    const done = this.turn.then(async () => {
      if (this.isPoisoned) throw storageError('write', 'An earlier write failed');
      const next = this.state.copy(this.commitClock);
      const answer = await task(next);
      await this.save(next);
      this.state = next;
      return answer;
    });
    this.turn = done.catch(() => undefined);
    return done;
  }

  private async save(state: MemoryStores): Promise<void> {
    const last = this.commitClock.next();
    const files = this.rules.files === 'many' ? filesOfEach(state) : fileOfAll(state, last);
    const changed = [...files].filter(([name, text]) => this.files.get(name) !== text);
    const removed = [...this.files.keys()].filter((name) => !files.has(name));
    const temporaries: string[] = [];
    let isBegun = false;
    try {
      for (const [name, text] of changed) {
        if (this.rules.files === 'in place' && this.files.has(name)) {
          isBegun = true;
          await this.overwrite(name, text);
          continue;
        }
        const temporary = `${name}.${this.temporaries++}.tmp`;
        await this.disk.create(temporary, Buffer.from(text));
        temporaries.push(temporary);
        isBegun = true;
        await this.disk.rename(temporary, name);
      }
      for (const name of removed) await this.disk.unlink(name);
      if (this.rules.syncsDirectory) await this.disk.syncDirectory();
    } catch (error) {
      this.isPoisoned = isBegun;
      if (!isBegun || !this.rules.admitsDoubt) {
        throw storageError('write', 'Nothing was changed', {}, error);
      }
      throw storageError('write', 'Some of it may be there', { outcome: 'unknown' }, error);
    }
    this.files = files;
  }

  private async overwrite(name: string, text: string): Promise<void> {
    const file = await this.disk.open(name);
    const bytes = Buffer.from(text);
    await file.truncate(bytes.byteLength);
    await file.write(0, bytes);
    await file.sync();
    await file.close();
  }

  private restore(state: MemoryStores, { last, series, sources }: StoredState): void {
    this.commitClock.observe(last);
    for (const { row, version, points, vintageChanges: stored } of series) {
      state.series.rows.set(row.id, row);
      const rows = new Map(points.map((point) => [`${point.date}/${point.revisionDate}`, point]));
      const vintageChanges = stored.map((change) =>
        change.kind === 'published' ? { ...change, dates: Int32Array.from(change.dates) } : change,
      );
      state.series.points.set(row.id, { rows, vintageChanges, version });
      this.commitClock.observe(row.updatedAt);
      if (version !== null) this.commitClock.observe(version);
    }
    for (const row of sources) {
      state.sources.rows.set(row.id, row);
      this.commitClock.observe(row.updatedAt);
    }
  }
}

function fileOfAll(state: MemoryStores, last: Instant): Map<string, string> {
  const series = state.series.all().map(({ id }) => storedSeries(state, id));
  return new Map([[`all${SUFFIX}`, textOf({ last, series, sources: state.sources.all() })]]);
}

function filesOfEach(state: MemoryStores): Map<string, string> {
  const files = new Map(
    state.series.all().map(({ id }) => {
      return [
        `${id}${SUFFIX}`,
        textOf({ last: NEVER, series: [storedSeries(state, id)], sources: [] }),
      ];
    }),
  );
  return files.set(
    `sources${SUFFIX}`,
    textOf({ last: NEVER, series: [], sources: state.sources.all() }),
  );
}

function storedSeries(state: MemoryStores, id: Uuid): StoredSeries {
  const { version } = state.points.overview(id);
  const { vintageChanges } = state.series.points.get(id)!;
  return { row: state.series.require(id), version, points: state.points.plain(id), vintageChanges };
}

function textOf(state: StoredState): string {
  return JSON.stringify(state, (_key, value: unknown) =>
    value instanceof Int32Array ? [...value] : value,
  );
}
