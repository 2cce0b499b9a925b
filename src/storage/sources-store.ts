import type { Uuid } from '../core/uuid.js';
import type { SourceRow } from '../schema/source.columns.js';

export type NewSource = Omit<SourceRow, 'id' | 'createdAt' | 'updatedAt'> & { readonly id?: Uuid };
export type SourceChange = Partial<Omit<SourceRow, 'id' | 'createdAt' | 'updatedAt'>>;

/** The registered data sources: few, so all of them are in memory. */
export abstract class SourcesStore {
  abstract get(id: Uuid): SourceRow | undefined;
  /** In the order of their names. */
  abstract all(): SourceRow[];
  /** @throws AppError CONFLICT where the id is taken */
  abstract create(source: NewSource): Promise<SourceRow>;
  /** @throws AppError NOT_FOUND */
  abstract update(id: Uuid, change: SourceChange): Promise<SourceRow>;
}
