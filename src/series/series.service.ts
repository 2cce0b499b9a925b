import { Injectable } from '@nestjs/common';
import { validationError } from '../core/app-error.js';
import type { CalendarDate } from '../core/calendar-date.js';
import type { Uuid } from '../core/uuid.js';
import type { SeriesRow } from '../schema/series.columns.js';
import { SeriesStore, type NewSeries, type SeriesChange } from '../storage/series-store.js';
import {
  afterCursor,
  compareRows,
  compileFilter,
  DEFAULT_ORDER,
  encodeCursor,
  type Order,
} from './series-query.js';
import { searchScore, searchWords } from './series-search.js';
import type {
  CreateEconomicSeriesInput,
  ListSeriesArgs,
  SearchSeriesArgs,
  SeriesConnectionArgs,
  SeriesFilter,
  UpdateEconomicSeriesInput,
} from './series.inputs.js';
import type { SeriesConnection } from './series.model.js';
import { parseFrequency, parseSeasonalAdjustment } from './vocabulary.js';

/** The rules of series metadata. Limits of single values are checked where they arrive (`series.inputs`). */
@Injectable()
export class SeriesService {
  constructor(private readonly store: SeriesStore) {}

  /** @throws AppError STORAGE_ERROR where its file is damaged */
  get(id: Uuid): SeriesRow | undefined {
    return this.store.get(id);
  }

  list({ limit, offset, filter, orderBy }: ListSeriesArgs): SeriesRow[] {
    return this.select(filter, orderBy ?? DEFAULT_ORDER).slice(offset, offset + limit);
  }

  connection({ first, after, filter, orderBy }: SeriesConnectionArgs): SeriesConnection {
    const order = orderBy ?? DEFAULT_ORDER;
    const all = this.select(filter, order);
    const behind = after == null ? 0 : all.findIndex(afterCursor(after, order));
    const start = behind < 0 ? all.length : behind;
    const edges = all
      .slice(start, start + first)
      .map((node) => ({ node, cursor: encodeCursor(node, order) }));
    return {
      edges,
      totalCount: all.length,
      pageInfo: {
        hasPreviousPage: start > 0,
        hasNextPage: start + first < all.length,
        startCursor: edges[0]?.cursor ?? null,
        endCursor: edges.at(-1)?.cursor ?? null,
      },
    };
  }

  /** Best match first; equals in the order of their external ids. */
  search({ text, first, filter }: SearchSeriesArgs): SeriesRow[] {
    const words = searchWords(text);
    if (words.length === 0) throw validationError('text', 'text must hold at least one word');
    const isWanted = compileFilter(filter);
    const found: { row: SeriesRow; score: number }[] = [];
    // Only what was found is put in order: of 100,000 series that would take longer than the search.
    for (const row of this.store.all()) {
      const score = isWanted(row) ? searchScore(row, words) : 0;
      if (score > 0) found.push({ row, score });
    }
    const inOrder = compareRows(DEFAULT_ORDER);
    return found
      .sort((a, b) => b.score - a.score || inOrder(a.row, b.row))
      .slice(0, first)
      .map(({ row }) => row);
  }

  /** @throws AppError VALIDATION_ERROR naming the candidates, where several sources use the external id */
  findByExternalId(externalId: string, sourceId?: Uuid): SeriesRow | undefined {
    const found = this.store.findByExternalId(externalId, sourceId);
    if (found.length > 1) {
      throw validationError(
        'sourceId',
        `${found.length} sources have a series ${JSON.stringify(externalId)}: say which by sourceId`,
        { candidates: found.map((row) => ({ id: row.id, sourceId: row.sourceId })) },
      );
    }
    return found[0];
  }

  /** @throws AppError VALIDATION_ERROR, CONFLICT, STORAGE_ERROR */
  async create(input: CreateEconomicSeriesInput): Promise<SeriesRow> {
    return this.store.create(newSeriesOf(input, 'input.'));
  }

  /** @throws AppError VALIDATION_ERROR, NOT_FOUND, CONFLICT, STORAGE_ERROR */
  async update(id: Uuid, input: UpdateEconomicSeriesInput): Promise<SeriesRow> {
    return this.store.update(id, changeOf(input, 'input.'), (changed) =>
      assertChanged(changed, input, 'input.'),
    );
  }

  /**
   * What `create` would refuse, whatever is stored.
   * @throws AppError VALIDATION_ERROR
   */
  checkNew(input: CreateEconomicSeriesInput): void {
    newSeriesOf(input, '');
  }

  /**
   * What `update` would refuse, as the series is now.
   * @throws AppError VALIDATION_ERROR
   */
  checkChange(series: SeriesRow, input: UpdateEconomicSeriesInput): void {
    assertChanged({ ...series, ...changeOf(input, '') }, input, '');
  }

  /** @throws AppError NOT_FOUND, STORAGE_ERROR */
  delete(id: Uuid): Promise<void> {
    return this.store.delete(id);
  }

  /** In the order of their ids. */
  *matching(filter: SeriesFilter | null | undefined): Iterable<SeriesRow> {
    const isWanted = compileFilter(filter);
    for (const row of this.store.all()) if (isWanted(row)) yield row;
  }

  private select(filter: SeriesFilter | null | undefined, order: Order): SeriesRow[] {
    return [...this.matching(filter)].sort(compareRows(order));
  }
}

/**
 * @param prefix of the names of fields in errors
 * @throws AppError VALIDATION_ERROR
 */
function newSeriesOf(input: CreateEconomicSeriesInput, prefix: string): NewSeries {
  const { startDate = null, endDate = null } = input;
  assertOrdered(startDate, endDate, `${prefix}startDate`);
  return {
    ...(input.id == null ? {} : { id: input.id }),
    sourceId: input.sourceId,
    externalId: input.externalId,
    title: input.title,
    description: input.description ?? null,
    units: input.units ?? null,
    frequency: parseFrequency(input.frequency, `${prefix}frequency`),
    seasonalAdjustment: adjustmentOf(input.seasonalAdjustment, prefix),
    startDate,
    endDate,
    isActive: input.isActive ?? true,
  };
}

/** @throws AppError VALIDATION_ERROR */
function changeOf(input: UpdateEconomicSeriesInput, prefix: string): SeriesChange {
  const { frequency, seasonalAdjustment, ...rest } = input;
  return {
    ...withoutUndefined(rest),
    ...(frequency === undefined
      ? {}
      : { frequency: parseFrequency(frequency, `${prefix}frequency`) }),
    ...(seasonalAdjustment === undefined
      ? {}
      : { seasonalAdjustment: adjustmentOf(seasonalAdjustment, prefix) }),
  };
}

/** @throws AppError VALIDATION_ERROR */
function assertChanged(
  changed: SeriesRow,
  { startDate }: UpdateEconomicSeriesInput,
  prefix: string,
): void {
  const given = startDate === undefined ? 'endDate' : 'startDate';
  assertOrdered(changed.startDate, changed.endDate, prefix + given);
}

function adjustmentOf(text: string | null | undefined, prefix: string): string | null {
  return text == null ? null : parseSeasonalAdjustment(text, `${prefix}seasonalAdjustment`);
}

function assertOrdered(start: CalendarDate | null, end: CalendarDate | null, field: string): void {
  if (start !== null && end !== null && start > end) {
    throw validationError(field, 'startDate must not be after endDate');
  }
}

function withoutUndefined<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}
