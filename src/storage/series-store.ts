import type { Uuid } from '../core/uuid.js';
import type { SeriesRow } from '../schema/series.columns.js';

export type NewSeries = Omit<SeriesRow, 'id' | 'createdAt' | 'updatedAt'> & { readonly id?: Uuid };
export type SeriesChange = Partial<Omit<SeriesRow, 'id' | 'createdAt' | 'updatedAt'>>;

/**
 * The metadata of the series. `(sourceId, externalId)` names at most one of them, under concurrent calls
 * too. Reads are answered from memory; what a call has acknowledged is durable.
 */
export abstract class SeriesStore {
  /** @throws AppError STORAGE_ERROR where the series' file is damaged */
  abstract get(id: Uuid): SeriesRow | undefined;
  /** All undamaged series, in the order of their ids. */
  abstract all(): Iterable<SeriesRow>;
  abstract findByExternalId(externalId: string, sourceId?: Uuid): SeriesRow[];
  /** @throws AppError CONFLICT where the id or the external id is taken */
  abstract create(series: NewSeries): Promise<SeriesRow>;
  /**
   * @param check throws where the row as it would become breaks a rule; no other change comes between
   * @throws AppError NOT_FOUND, CONFLICT, and what `check` throws
   */
  abstract update(
    id: Uuid,
    change: SeriesChange,
    check?: (changed: SeriesRow) => void,
  ): Promise<SeriesRow>;
  /**
   * Removes the series and all its points.
   * @throws AppError NOT_FOUND
   */
  abstract delete(id: Uuid): Promise<void>;
}
