import { Injectable } from '@nestjs/common';
import type { Uuid } from '../core/uuid.js';
import type { SourceRow } from '../schema/source.columns.js';
import { SourcesStore } from '../storage/sources-store.js';
import type { CreateSourceInput, UpdateSourceInput } from './source.model.js';

@Injectable()
export class SourcesService {
  constructor(private readonly store: SourcesStore) {}

  get(id: Uuid): SourceRow | undefined {
    return this.store.get(id);
  }

  all(): SourceRow[] {
    return this.store.all();
  }

  /** @throws AppError CONFLICT, STORAGE_ERROR */
  create({ id, name, description, url, isActive }: CreateSourceInput): Promise<SourceRow> {
    return this.store.create({
      ...(id == null ? {} : { id }),
      name,
      description: description ?? null,
      url: url ?? null,
      isActive: isActive ?? true,
    });
  }

  /** @throws AppError NOT_FOUND, STORAGE_ERROR */
  update(id: Uuid, { name, description, url, isActive }: UpdateSourceInput): Promise<SourceRow> {
    return this.store.update(id, {
      ...(name === undefined ? {} : { name }),
      ...(description === undefined ? {} : { description }),
      ...(url === undefined ? {} : { url }),
      ...(isActive === undefined ? {} : { isActive }),
    });
  }
}
