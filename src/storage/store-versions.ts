import { Injectable } from '@nestjs/common';
import { type SeriesVersion, Versions } from '../cache/versions.js';
import type { Uuid } from '../core/uuid.js';
import { DataDirectory } from './data-directory.js';

/** The versions of what the data directory holds. */
@Injectable()
export class StoreVersions extends Versions {
  constructor(private readonly directory: DataDirectory) {
    super();
  }

  get everything(): number {
    const { catalog, state } = this.directory;
    return catalog.changes + state.sourceChanges;
  }

  get catalogue(): number {
    const { catalog, state } = this.directory;
    return catalog.rowChanges + state.sourceChanges;
  }

  series(id: Uuid): SeriesVersion {
    return this.directory.catalog.version(id);
  }
}
