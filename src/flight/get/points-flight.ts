// Points of one series or of a panel of many, as a stream of record batches: each series is read once, as of
// one commit, and gathered into messages; what is held at a time does not grow with the panel.

import { Injectable } from '@nestjs/common';
import type { Schema, TypeMap } from 'apache-arrow';
import { LRUCache } from 'lru-cache';
import { Config } from '../../config/environment.js';
import { AppError } from '../../core/app-error.js';
import { DataPointsService, type PointRows } from '../../data-points/data-points.service.js';
import type { Uuid } from '../../core/uuid.js';
import { inTurns, mapped } from '../../core/steps.js';
import { Turns } from '../../core/turns.js';
import { Revisions } from '../../data-points/revisions.js';
import type { SeriesRow } from '../../schema/series.columns.js';
import { SeriesService } from '../../series/series.service.js';
import type { PointsRequest } from '../flight-request.js';
import { utf8Body } from '../ipc/column-body.js';
import type { FlightDataMessage } from '../ipc/flight-data-message.js';
import { bodyLengthOf, dictionaryMessage, schemaMessage } from '../ipc/messages.js';
import { assertListening, type Listener } from '../outgoing.js';
import { readAhead } from '../read-ahead.js';
import { SeriesNames } from '../series-names.js';
import { Batcher, messageOf, type Batch } from './batcher.js';
import {
  dictionariesOf,
  pointsSchema,
  type NamedSeries,
  type PointColumnName,
} from './point-columns.js';
import { joined, valuesOf, wideMessages, wideSchema, type Values } from './wide-table.js';

/** A series that will be read; small, because a panel may be of all there are. */
interface PlannedSeries extends NamedSeries {
  /** Stored revisions. */
  readonly rows: number;
}

export interface FlightSize {
  /** Rows of the answer; -1 where nobody knows before it is read. */
  readonly records: number;
  /** Bytes of the message bodies; -1 likewise. */
  readonly bytes: number;
}

export const NOT_KNOWN: FlightSize = { records: -1, bytes: -1 };

export interface PointsDescription {
  readonly schema: Schema<TypeMap>;
  readonly size: FlightSize;
  /** To be fetched side by side and put together in order. */
  readonly parts: readonly PointsRequest[];
}

/** Rows of a part of a large panel: about 25 MB, some tens of milliseconds. */
const PART_ROWS = 1_000_000;

/** Parts of one panel; those of a panel that is larger still have more rows. */
const PARTS_MAX = 256;

/** Files read at once, and rows in them (2.6 MB decoded). */
const READ_AHEAD = { reads: 16, cost: 65_536 };

/** A panel that takes more than half of the cache is not kept: the next one would push it out again. */
const ROW_BYTES_IN_MEMORY = 32;

/** Of a dictionary, in one message: 36 bytes each, well below what any client takes. */
const DICTIONARY_TEXTS = 32_768;

@Injectable()
export class PointsFlight {
  constructor(
    private readonly points: DataPointsService,
    private readonly series: SeriesService,
    private readonly names: SeriesNames,
    private readonly config: Config,
  ) {}

  /** @throws AppError VALIDATION_ERROR, NOT_FOUND, READ_TOO_LARGE */
  async schema(request: PointsRequest): Promise<Schema<TypeMap>> {
    return schemaOf(request, request.layout === 'wide' ? await this.plan(request) : []);
  }

  /**
   * What an answer would be now, planned once.
   * @throws AppError
   */
  async describe(request: PointsRequest): Promise<PointsDescription> {
    // What cannot be answered is refused before it is looked for.
    const answer = this.points.streaming(request.selection, 'lookup');
    const planned = await this.plan(request);
    return {
      schema: schemaOf(request, planned),
      size: await sizeOf(request, planned, answer),
      parts: partsOf(request, planned),
    };
  }

  /** @throws AppError, before the first message or between two */
  async *messages(request: PointsRequest, listener: Listener): AsyncGenerator<FlightDataMessage> {
    const planned = await this.plan(request);
    const answers = this.answers(request, planned, listener);
    if (request.layout === 'wide') {
      yield* wideMessages(wideSchema(planned), wideValues(answers));
      return;
    }
    const { columns } = request;
    yield pointsSchemaMessage(columns);
    yield* dictionaryMessages(columns, planned);
    const batcher = new Batcher(columns);
    const turns = new Turns();
    let index = 0;
    for await (const answer of answers) {
      for await (const points of answer) {
        // What selects little sends little, and would keep everybody waiting until it is through.
        if (turns.isDue) await turns.give();
        assertListening(listener);
        for (const batch of batcher.add({ index, ...points })) yield messageOf(batch);
      }
      index++;
    }
    for (const batch of batcher.finish()) yield messageOf(batch);
  }

  /** What each series has to say, begun ahead; nothing of one that was deleted just now, unless it was named. */
  private answers(
    { selection, series }: PointsRequest,
    planned: readonly PlannedSeries[],
    listener: Listener,
  ): AsyncGenerator<AsyncIterable<PointRows>> {
    const isScan = sumRows(planned) * ROW_BYTES_IN_MEMORY > this.config.cacheBytesMax / 2;
    const answer = this.points.streaming(selection, isScan ? 'scan' : 'lookup');
    const isNamed = 'names' in series;
    const [only] = planned;
    if (planned.length === 1 && isNamed) return single(answer(only!.id));
    return readAhead(
      planned,
      ({ rows }) => rows,
      async ({ id }) => {
        assertListening(listener);
        try {
          return await begun(answer(id));
        } catch (error) {
          if (isGone(error) && !isNamed) return begun(nothing());
          throw error;
        }
      },
      READ_AHEAD,
    );
  }

  /** The series of an answer, in its order. A damaged one is an error: nobody would notice its absence. */
  private async plan({ series }: PointsRequest): Promise<PlannedSeries[]> {
    if ('names' in series) {
      return this.names.resolveAll(series.names, 'series').map((row) => this.planned(row));
    }
    const { filter, after, through } = series;
    const isInPart = ({ id }: SeriesRow): boolean =>
      (after === undefined || id > after) && (through === undefined || id <= through);
    const rows = await this.series.matching(filter);
    const planned = await inTurns(mapped(rows.filter(isInPart), (row) => this.plannedIfThere(row)));
    return planned.filter((one) => one !== undefined);
  }

  /** Undefined where the series was deleted while others had their turn. */
  private plannedIfThere(row: SeriesRow): PlannedSeries | undefined {
    try {
      return this.planned(row);
    } catch (error) {
      if (isGone(error)) return undefined;
      throw error;
    }
  }

  private planned({ id, sourceId, externalId }: SeriesRow): PlannedSeries {
    return { id, sourceId, externalId, rows: this.points.overview(id).rows };
  }
}

/**
 * Known where one series is asked for, which is read for it, and where it is every revision of every date.
 * @throws AppError
 */
async function sizeOf(
  request: PointsRequest,
  planned: readonly PlannedSeries[],
  answer: (id: Uuid) => AsyncIterable<PointRows>,
): Promise<FlightSize> {
  if (request.layout === 'wide') return NOT_KNOWN;
  const [only] = planned;
  if (only === undefined) return { records: 0, bytes: 0 };
  if (planned.length > 1) {
    return isEverything(request) ? { ...NOT_KNOWN, records: sumRows(planned) } : NOT_KNOWN;
  }
  const size = { records: 0, bytes: 0 };
  const batcher = new Batcher(request.columns);
  const count = (batch: Batch): void => {
    size.records += batch.length;
    size.bytes += bodyLengthOf(batch.bodies);
  };
  for await (const points of answer(only.id)) {
    for (const batch of batcher.add({ index: 0, ...points })) count(batch);
  }
  for (const batch of batcher.finish()) count(batch);
  return size;
}

function isGone(error: unknown): boolean {
  return error instanceof AppError && error.code === 'NOT_FOUND';
}

function schemaOf(
  { layout, columns }: PointsRequest,
  planned: readonly PlannedSeries[],
): Schema<TypeMap> {
  return layout === 'wide' ? wideSchema(planned) : pointsSchema(columns);
}

function partsOf(request: PointsRequest, planned: PlannedSeries[]): PointsRequest[] {
  const rowsMax = Math.max(PART_ROWS, Math.ceil(sumRows(planned) / (PARTS_MAX / 2)));
  const groups = request.layout === 'wide' ? [planned] : grouped(planned, rowsMax);
  if ('names' in request.series) {
    return groups.map((group) => ({ ...request, series: { names: group.map(({ id }) => id) } }));
  }
  const { filter, after, through } = request.series;
  return groups.map((group, index) => ({
    ...request,
    series: {
      filter,
      after: index === 0 ? after : groups[index - 1]!.at(-1)!.id,
      // Series that are made meanwhile belong to a part, too: the last one has no end of its own.
      through: index === groups.length - 1 ? through : group.at(-1)!.id,
    },
  }));
}

/** Whether every stored row of the series is asked for. */
function isEverything({ selection, layout }: PointsRequest): boolean {
  const { revisions, startDate, endDate, asOf, limit, units, frequency } = selection;
  const limits = [startDate, endDate, asOf, limit, units, frequency];
  return layout === 'long' && revisions === Revisions.ALL && limits.every((value) => value == null);
}

function sumRows(planned: readonly PlannedSeries[]): number {
  return planned.reduce((sum, { rows }) => sum + rows, 0);
}

/** Neighbours together, as many as have `rowsMax` rows; at least one group. */
function grouped(planned: readonly PlannedSeries[], rowsMax: number): PlannedSeries[][] {
  const groups: PlannedSeries[][] = [[]];
  let rows = 0;
  for (const series of planned) {
    if (rows > 0 && rows + series.rows > rowsMax) {
      groups.push([]);
      rows = 0;
    }
    groups.at(-1)!.push(series);
    rows += series.rows;
  }
  return groups;
}

/** Most callers ask for the same columns, and encoding a schema takes as long as all else of a small answer. */
const schemaMessages = new LRUCache<string, FlightDataMessage>({ max: 100 });

function pointsSchemaMessage(columns: readonly PointColumnName[]): FlightDataMessage {
  const name = columns.join();
  let message = schemaMessages.get(name);
  if (!message) schemaMessages.set(name, (message = schemaMessage(pointsSchema(columns))));
  return message;
}

/** The names of all the series, before the first row that refers to them. */
function* dictionaryMessages(
  columns: readonly PointColumnName[],
  planned: readonly NamedSeries[],
): Generator<FlightDataMessage> {
  for (const { id, named } of dictionariesOf(columns)) {
    for (let from = 0; from === 0 || from < planned.length; from += DICTIONARY_TEXTS) {
      const texts = planned.slice(from, from + DICTIONARY_TEXTS).map(named);
      yield dictionaryMessage(id, texts.length, utf8Body(texts), from > 0);
    }
  }
}

async function* wideValues(answers: AsyncIterable<AsyncIterable<PointRows>>) {
  const turns = new Turns();
  for await (const answer of answers) {
    const parts: Values[] = [];
    for await (const points of answer) {
      if (turns.isDue) await turns.give();
      parts.push(valuesOf(points));
    }
    yield joined(parts);
  }
}

/** With its first item asked for already. */
async function begun<T>(items: AsyncIterable<T>): Promise<AsyncIterable<T>> {
  const iterator = items[Symbol.asyncIterator]();
  let next: IteratorResult<T> | undefined = await iterator.next();
  return {
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        const result = next ?? (await iterator.next());
        next = undefined;
        return result;
      },
      return: async () => (await iterator.return?.()) ?? { done: true, value: undefined },
    }),
  };
}

// Nothing is read ahead of the only one.
// eslint-disable-next-line @typescript-eslint/require-await
async function* single<T>(item: T): AsyncGenerator<T> {
  yield item;
}

/** An answer without rows. */
async function* nothing(): AsyncGenerator<PointRows> {}
