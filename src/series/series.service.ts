import { Injectable } from '@nestjs/common';
import { validationError } from '../core/app-error.js';
import type { CalendarDate } from '../core/calendar-date.js';
import { filtered, firstOf, inTurns } from '../core/steps.js';
import type { Uuid } from '../core/uuid.js';
import type { SeriesRow } from '../schema/series.columns.js';
import { SeriesStore, type NewSeries, type SeriesChange } from '../storage/series-store.js';
import {
  afterCursor,
  compareRows,
  compileFilter,
  DEFAULT_ORDER,
  encodeCursor,
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

  /** Like all that goes through the whole catalogue, it gives others their turn; each series is as it was meanwhile. */
  async list({ limit, offset, filter, orderBy }: ListSeriesArgs): Promise<SeriesRow[]> {
    const isWanted = compileFilter(filter);
    const inOrder = compareRows(orderBy ?? DEFAULT_ORDER);
    const find = (row: SeriesRow) => (isWanted(row) ? row : undefined);
    const rows = await inTurns(firstOf(this.store.all(), find, offset + limit, inOrder));
    return rows.slice(offset);
  }

  async connection({
    first,
    after,
    filter,
    orderBy,
  }: SeriesConnectionArgs): Promise<SeriesConnection> {
    const order = orderBy ?? DEFAULT_ORDER;
    const isWanted = compileFilter(filter);
    const isAfter = after == null ? undefined : afterCursor(after, order);
    let totalCount = 0;
    let before = 0;
    const find = (row: SeriesRow): SeriesRow | undefined => {
      if (!isWanted(row)) return undefined;
      totalCount++;
      if (isAfter === undefined || isAfter(row)) return row;
      before++;
      return undefined;
    };
    const rows = await inTurns(firstOf(this.store.all(), find, first, compareRows(order)));
    const edges = rows.map((node) => ({ node, cursor: encodeCursor(node, order) }));
    return {
      edges,
      totalCount,
      pageInfo: {
        hasPreviousPage: before > 0,
        hasNextPage: before + edges.length < totalCount,
        startCursor: edges[0]?.cursor ?? null,
        endCursor: edges.at(-1)?.cursor ?? null,
      },
    };
  }

  /** Best match first; equals in the order of their external ids. */
  async search({ text, first, filter }: SearchSeriesArgs): Promise<SeriesRow[]> {
    const words = searchWords(text);
    if (words.length === 0) throw validationError('text', 'text must hold at least one word');
    const isWanted = compileFilter(filter);
    const find = (row: SeriesRow) => {
      const score = isWanted(row) ? searchScore(row, words) : 0;
      return score > 0 ? { row, score } : undefined;
    };
    const inOrder = compareRows(DEFAULT_ORDER);
    const found = await inTurns(
      firstOf(this.store.all(), find, first, (a, b) => b.score - a.score || inOrder(a.row, b.row)),
    );
    return found.map(({ row }) => row);
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
  async matching(filter: SeriesFilter | null | undefined): Promise<SeriesRow[]> {
    return inTurns(filtered(this.store.all(), compileFilter(filter)));
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
