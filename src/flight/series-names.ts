// How callers of Flight name a series: by its id, as sourceId/externalId, or by an external id that only one
// source uses.

import { Injectable } from '@nestjs/common';
import { notFound, validationError } from '../core/app-error.js';
import { Uuid } from '../core/uuid.js';
import type { SeriesRow } from '../schema/series.columns.js';
import { SeriesService } from '../series/series.service.js';
import type { SentName } from './put/point-rows.js';

const UUID_LENGTH = 36;

/** A source, a slash and an external id. */
const NAME_LENGTH_MAX = 137;

@Injectable()
export class SeriesNames {
  constructor(private readonly series: SeriesService) {}

  /** @throws AppError NOT_FOUND; VALIDATION_ERROR where several sources use the external id; STORAGE_ERROR */
  resolve(name: string): SeriesRow {
    const row = this.find(name);
    if (!row) throw notFound('EconomicSeries', brief(name));
    return row;
  }

  /**
   * @param name as a row of an upload has it
   * @throws AppError as `resolve`
   */
  resolveSent(name: SentName): Uuid {
    if ('id' in name) return this.resolve(name.id).id;
    const { externalId, sourceId } = name;
    const source = sourceId === null ? undefined : Uuid.parse(sourceId, 'source_id');
    const row = this.series.findByExternalId(externalId, source);
    if (!row) throw notFound('EconomicSeries', brief(externalId));
    return row.id;
  }

  /** @throws AppError as `resolve`; VALIDATION_ERROR naming `field` where one series is named twice */
  resolveAll(names: readonly string[], field: string): SeriesRow[] {
    const seen = new Set<Uuid>();
    return names.map((name) => {
      const row = this.resolve(name);
      if (seen.has(row.id)) throw validationError(field, `${field} names ${brief(name)} twice`);
      seen.add(row.id);
      return row;
    });
  }

  private find(name: string): SeriesRow | undefined {
    const id = Uuid.tryParse(name);
    if (id !== undefined) return this.series.get(id);
    const sourceId = Uuid.tryParse(name.slice(0, UUID_LENGTH));
    return sourceId !== undefined && name[UUID_LENGTH] === '/'
      ? this.series.findByExternalId(name.slice(UUID_LENGTH + 1), sourceId)
      : this.series.findByExternalId(name);
  }
}

/** As long as a name that there could be. */
function brief(name: string): string {
  return name.length > NAME_LENGTH_MAX ? `${name.slice(0, NAME_LENGTH_MAX)}…` : name;
}
