import { Injectable } from '@nestjs/common';
import { conflict, notFound } from '../core/app-error.js';
import { Uuid } from '../core/uuid.js';
import { sameRow } from '../schema/columns.js';
import { SOURCE_COLUMNS, type SourceRow } from '../schema/source.columns.js';
import { DataDirectory } from './data-directory.js';
import type { FileIdentity } from './parquet/file-seal.js';
import { decodeRows, encodeRows } from './parquet/metadata-file.js';
import { SOURCES_FILE } from './paths.js';
import { SourcesStore, type NewSource, type SourceChange } from './sources-store.js';
import { storageFailure } from './storage-failure.js';

const SOURCES: FileIdentity = { kind: 'sources', seriesId: null };

/** All sources in one Parquet file, read at the start and rewritten at each change. */
@Injectable()
export class ParquetSourcesStore extends SourcesStore {
  private readonly rows = new Map<Uuid, SourceRow>();
  /** Why the file cannot be read; while it stands nothing is written over it. */
  private damage: unknown;

  private constructor(private readonly directory: DataDirectory) {
    super();
  }

  static async open(directory: DataDirectory): Promise<ParquetSourcesStore> {
    const store = new ParquetSourcesStore(directory);
    await store.load();
    return store;
  }

  get(id: Uuid): SourceRow | undefined {
    this.assertReadable('read');
    return this.rows.get(id);
  }

  all(): SourceRow[] {
    this.assertReadable('read');
    return [...this.rows.values()].sort((a, b) => compare(a.name, b.name) || compare(a.id, b.id));
  }

  create(source: NewSource): Promise<SourceRow> {
    return this.exclusively(async () => {
      const id = source.id ?? Uuid.v7();
      if (this.rows.has(id)) {
        throw conflict(`A source with the id ${id} exists`, { resource: 'DataSource', id });
      }
      const instant = this.directory.clock.next();
      return this.write({ ...source, id, createdAt: instant, updatedAt: instant });
    });
  }

  update(id: Uuid, change: SourceChange): Promise<SourceRow> {
    return this.exclusively(async () => {
      const row = this.rows.get(id);
      if (!row) throw notFound('DataSource', id);
      const changed = { ...row, ...change };
      if (sameRow(SOURCE_COLUMNS, changed, row)) return row;
      return this.write({ ...changed, updatedAt: this.directory.clock.next() });
    });
  }

  private exclusively<T>(task: () => Promise<T>): Promise<T> {
    return this.directory.locks.run([SOURCES_FILE], async () => {
      this.assertReadable('write');
      return task();
    });
  }

  private async write(row: SourceRow): Promise<SourceRow> {
    const rows = [...new Map(this.rows).set(row.id, row).values()];
    const facts = { ...SOURCES, throughSeq: row.updatedAt, extra: {} };
    const { bytes } = await encodeRows(SOURCE_COLUMNS, rows, facts);
    await this.directory.commit([{ name: SOURCES_FILE, bytes }]);
    this.rows.set(row.id, row);
    return row;
  }

  private async load(): Promise<void> {
    try {
      const bytes = await this.directory.readOptional(SOURCES_FILE);
      if (bytes === undefined) return;
      const { rows, facts } = decodeRows(SOURCE_COLUMNS, bytes, SOURCES);
      this.directory.clock.observe(facts.throughSeq);
      for (const row of rows) this.rows.set(row.id, row);
    } catch (error) {
      this.damage = error;
    }
  }

  private assertReadable(operation: 'read' | 'write'): void {
    if (this.damage !== undefined) throw storageFailure(operation, this.damage);
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
