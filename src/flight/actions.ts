// DoAction: what can be done that is neither reading nor writing tables. Bodies and results are JSON.

import { create, toBinary } from '@bufbuild/protobuf';
import { Injectable } from '@nestjs/common';
import { shown, validationError } from '../core/app-error.js';
import { CalendarDate } from '../core/calendar-date.js';
import { Instant } from '../core/instant.js';
import { StatisticsService } from '../data-points/statistics.service.js';
import { HealthService } from '../health/health.service.js';
import { SeriesService } from '../series/series.service.js';
import { StorageMaintenance } from '../storage/storage-maintenance.js';
import { JsonFields, parseJsonObject } from './json-fields.js';
import { ActionTypeSchema, ResultSchema, type Action } from './protocol/Flight_pb.js';
import { SeriesNames } from './series-names.js';
import { readNewSeries } from './series-input.js';

interface KnownAction {
  readonly description: string;
  readonly run: (body: JsonFields) => unknown;
}

@Injectable()
export class Actions {
  private readonly known: Readonly<Record<string, KnownAction>>;

  constructor(
    health: HealthService,
    statistics: StatisticsService,
    series: SeriesService,
    storage: StorageMaintenance,
    names: SeriesNames,
  ) {
    this.known = {
      health: {
        description: 'The state of the service, as GET /health reports it',
        run: withoutBody(() => health.report()),
      },
      catalog_stats: {
        description: 'Counts of series, points and bytes',
        run: withoutBody(async () => describe(await statistics.catalog())),
      },
      create_series: {
        description: 'Creates a series; body: the fields of CreateEconomicSeriesInput',
        run: async (body) => {
          const input = readNewSeries(body);
          series.checkNew(input);
          return describe(await series.create(input));
        },
      },
      flush: {
        description: 'Moves what is only in the log into Parquet files',
        run: withoutBody(async () => {
          await storage.flush();
          return { flushed: true };
        }),
      },
      verify: {
        description: 'Checks every stored file and tells what is damaged',
        run: withoutBody(() => storage.verify()),
      },
      compact: {
        description:
          'Writes points files anew with the settings of today; body: {"series": […]}, or nothing for all',
        run: (body) => {
          const named = body.texts('series');
          body.finish();
          return storage.compact(named && names.resolveAll(named, 'series').map(({ id }) => id));
        },
      },
    };
  }

  /** @returns `ActionType` messages */
  *list(): Generator<Uint8Array> {
    for (const [type, { description }] of Object.entries(this.known)) {
      yield toBinary(ActionTypeSchema, create(ActionTypeSchema, { type, description }));
    }
  }

  /**
   * @returns one `Result` message
   * @throws AppError
   */
  async *run({ type, body }: Action): AsyncGenerator<Uint8Array> {
    const action = Object.hasOwn(this.known, type) ? this.known[type] : undefined;
    if (!action) {
      const names = Object.keys(this.known).join(', ');
      throw validationError('type', `There is no action ${shown(type)}; known are ${names}`);
    }
    const fields = new JsonFields(body.length === 0 ? {} : parseJsonObject(body, 'body'));
    const result = await action.run(fields);
    const bytes = Buffer.from(JSON.stringify(result));
    yield toBinary(ResultSchema, create(ResultSchema, { body: bytes }));
  }
}

function withoutBody(task: () => unknown): KnownAction['run'] {
  return (body) => {
    body.finish();
    return task();
  };
}

const DATES = ['startDate', 'endDate', 'firstDate', 'lastDate', 'lastRevisionDate'];
const INSTANTS = ['createdAt', 'updatedAt'];

/** As GraphQL writes it: dates and instants as texts. */
function describe(row: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([key, value]: [string, unknown]) => {
      if (typeof value !== 'number') return [key, value];
      if (DATES.includes(key)) return [key, CalendarDate.format(value as CalendarDate)];
      return [key, INSTANTS.includes(key) ? Instant.format(value as Instant) : value];
    }),
  );
}
