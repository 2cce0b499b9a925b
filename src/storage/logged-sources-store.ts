import { Injectable } from '@nestjs/common';
import { conflict, notFound } from '../core/app-error.js';
import { Uuid } from '../core/uuid.js';
import { sameRow } from '../schema/columns.js';
import { SOURCE_COLUMNS, type SourceRow } from '../schema/source.columns.js';
import { DataDirectory } from './data-directory.js';
import { SOURCES_FILE } from './paths.js';
import { SourcesStore, type NewSource, type SourceChange } from './sources-store.js';
import { storageFailure } from './storage-failure.js';
import type { StoredState } from './stored-state.js';

/** All sources are in memory; changes go through the log, and later into one Parquet file. */
@Injectable()
export class LoggedSourcesStore extends SourcesStore {
  private readonly state: StoredState;

  constructor(private readonly directory: DataDirectory) {
    super();
    this.state = directory.state;
  }

  get(id: Uuid): SourceRow | undefined {
    this.assertReadable('read');
    return this.state.sources.get(id);
  }

  all(): SourceRow[] {
    this.assertReadable('read');
    const rows = [...this.state.sources.values()];
    return rows.sort((a, b) => compare(a.name, b.name) || compare(a.id, b.id));
  }

  create(source: NewSource): Promise<SourceRow> {
    return this.exclusively(() => {
      const id = source.id ?? Uuid.v7();
      if (this.state.sources.has(id)) {
        throw conflict(`A source with the id ${id} exists`, { resource: 'DataSource', id });
      }
      return this.put((instant) => ({ ...source, id, createdAt: instant, updatedAt: instant }));
    });
  }

  update(id: Uuid, change: SourceChange): Promise<SourceRow> {
    return this.exclusively(async () => {
      const row = this.state.sources.get(id);
      if (!row) throw notFound('DataSource', id);
      const changed = { ...row, ...change };
      if (sameRow(SOURCE_COLUMNS, changed, row)) return row;
      return this.put((instant) => ({ ...changed, updatedAt: instant }));
    });
  }

  private exclusively<T>(task: () => Promise<T>): Promise<T> {
    return this.directory.write([SOURCES_FILE], async () => {
      this.assertReadable('write');
      return task();
    });
  }

  private async put(rowAt: (instant: SourceRow['updatedAt']) => SourceRow): Promise<SourceRow> {
    let row: SourceRow | undefined;
    await this.directory.commit((instant) => {
      row = rowAt(instant);
      return [{ kind: 'source-put', row }];
    });
    return row!;
  }

  private assertReadable(operation: 'read' | 'write'): void {
    const { damage } = this.state.sourcesFile;
    if (damage !== undefined) throw storageFailure(operation, damage);
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
