// What a caller asks for: parsed once from a descriptor, a command or a ticket, into values that cannot be
// wrong. A ticket holds the same command with the series resolved, so one parser reads them all.

import { validationError } from '../core/app-error.js';
import { unreachable } from '../core/assert.js';
import { CalendarDate } from '../core/calendar-date.js';
import type { Cursor } from '../core/cursor.js';
import { Uuid } from '../core/uuid.js';
import { assertValid } from '../core/validation.js';
import { LAG_DAYS_MAX, PointSelectionArgs } from '../data-points/data-points.inputs.js';
import { Revisions } from '../data-points/revisions.js';
import { Aggregation } from '../data-points/transforms/aggregation.js';
import { Units } from '../data-points/transforms/units.js';
import { SeriesFilter } from '../series/series.inputs.js';
import {
  DEFAULT_COLUMNS,
  isPointColumn,
  POINT_COLUMNS,
  type PointColumnName,
} from './get/point-columns.js';
import { JsonFields, parseJsonObject } from './json-fields.js';
import type { FlightDescriptor } from './protocol/Flight_pb.js';
import { FlightDescriptor_DescriptorType as DescriptorType } from './protocol/Flight_pb.js';

export const LAYOUTS = ['long', 'wide'] as const;
export type Layout = (typeof LAYOUTS)[number];

/** Names of series in the order of the answer, or every series that a filter lets pass, by id. */
export type SeriesChoice =
  | { readonly names: readonly string[] }
  | {
      readonly filter: SeriesFilter;
      /** Of a part of the answer: only the ids after this one… */
      readonly after?: Uuid | undefined;
      /** …up to this one. */
      readonly through?: Uuid | undefined;
    };

export interface SeriesRequest {
  readonly type: 'series';
  readonly filter: SeriesFilter;
}

export interface PointsRequest {
  readonly type: 'data_points';
  readonly series: SeriesChoice;
  readonly selection: PointSelectionArgs;
  readonly columns: readonly PointColumnName[];
  readonly layout: Layout;
}

export interface ChangesRequest {
  readonly type: 'changes';
  readonly since: Cursor | undefined;
  readonly seriesIds: readonly Uuid[] | undefined;
}

export type FlightRequest = SeriesRequest | PointsRequest | ChangesRequest;

/** Names in one command: what fits well into one message. */
const NAMES_MAX = 100_000;

/** `vintages` is `data_points` with every revision where it is not said otherwise. */
const TYPES = ['series', 'data_points', 'vintages', 'changes'] as const;
const PATHS =
  '["series"], ["data_points"], ["data_points", series], ["vintages"], ["vintages", series], ["changes"] or ["changes", cursor]';

/** @throws AppError VALIDATION_ERROR */
export function parseDescriptor(descriptor: FlightDescriptor | undefined): FlightRequest {
  switch (descriptor?.type) {
    case DescriptorType.CMD:
      return parseCommand(descriptor.cmd, 'command');
    case DescriptorType.PATH:
      return parsePath(descriptor.path);
    default:
      throw validationError('descriptor', `descriptor must be a command or a path: ${PATHS}`);
  }
}

/** @throws AppError VALIDATION_ERROR */
export function parseCommand(bytes: Uint8Array | string, what: string): FlightRequest {
  const fields = new JsonFields(parseJsonObject(bytes, what));
  const type = fields.oneOf('type', TYPES);
  switch (type) {
    case 'series': {
      const filter = filterOf(fields);
      fields.finish();
      return { type, filter };
    }
    case 'changes': {
      const since = fields.text('since') as Cursor | undefined;
      const seriesIds = fields.texts('seriesIds')?.map((id) => Uuid.parse(id, 'seriesIds'));
      fields.finish();
      return { type, since, seriesIds };
    }
    case 'data_points':
    case 'vintages':
      return pointsOf(fields, type === 'vintages' ? Revisions.ALL : Revisions.LATEST);
    case undefined:
      throw validationError('type', `type is needed: one of ${TYPES.join(', ')}`);
    default:
      return unreachable(type);
  }
}

/**
 * The criteria of ListFlights: a filter of series as JSON, or nothing.
 * @throws AppError VALIDATION_ERROR
 */
export function parseCriteria(expression: Uint8Array): SeriesFilter {
  if (expression.length === 0) return new SeriesFilter();
  return readFilter(new JsonFields(parseJsonObject(expression, 'criteria')));
}

/** The command that `parseCommand` reads back as the same request. */
export function formatCommand(request: FlightRequest): string {
  switch (request.type) {
    case 'series':
    case 'changes':
      return JSON.stringify(request);
    case 'data_points': {
      const { type, series, selection, columns, layout } = request;
      const { startDate, endDate, asOf, ...rest } = selection;
      const choice =
        'names' in series
          ? { series: series.names }
          : { filter: series.filter, part: { after: series.after, through: series.through } };
      const dates = { startDate: textOf(startDate), endDate: textOf(endDate), asOf: textOf(asOf) };
      const shape = layout === 'long' ? { columns, layout } : { layout };
      return JSON.stringify({ type, ...choice, ...rest, ...dates, ...shape });
    }
    default:
      return unreachable(request);
  }
}

function textOf(date: CalendarDate | null | undefined): string | undefined {
  return date == null ? undefined : CalendarDate.format(date);
}

function parsePath([type, name, ...rest]: readonly string[]): FlightRequest {
  if (rest.length === 0) {
    if (type === 'series' && name === undefined) return { type, filter: new SeriesFilter() };
    if (type === 'changes') {
      return { type, since: name as Cursor | undefined, seriesIds: undefined };
    }
    if (type === 'data_points' || type === 'vintages') {
      const revisions = type === 'vintages' ? Revisions.ALL : Revisions.LATEST;
      return {
        type: 'data_points',
        series: name === undefined ? { filter: new SeriesFilter() } : { names: [name] },
        selection: Object.assign(new PointSelectionArgs(), { revisions }),
        columns: DEFAULT_COLUMNS,
        layout: 'long',
      };
    }
  }
  throw validationError('path', `path must be ${PATHS}`);
}

function pointsOf(fields: JsonFields, revisions: Revisions): PointsRequest {
  const series = choiceOf(fields);
  const selection = Object.assign(new PointSelectionArgs(), {
    startDate: fields.date('startDate'),
    endDate: fields.date('endDate'),
    asOf: fields.date('asOf'),
    revisions: fields.oneOf('revisions', Object.values(Revisions)) ?? revisions,
    release: fields.integer('release', 1, 2 ** 31 - 1),
    lagDays: fields.integer('lagDays', 0, LAG_DAYS_MAX),
    units: fields.oneOf('units', Object.values(Units)),
    frequency: fields.text('frequency'),
    aggregation: fields.oneOf('aggregation', Object.values(Aggregation)),
    limit: fields.integer('limit', 1, 2 ** 31 - 1),
  });
  const layout = fields.oneOf('layout', LAYOUTS) ?? 'long';
  const columns = columnsOf(fields);
  fields.finish();
  if (layout === 'wide') {
    if (fields.has('columns')) {
      throw validationError(
        'columns',
        'columns are for the long layout: a wide one has a column for each series',
      );
    }
    if (selection.revisions === Revisions.ALL) {
      throw validationError(
        'revisions',
        'revisions: ALL needs the long layout: a wide one has one value for a date',
      );
    }
  }
  return { type: 'data_points', series, selection, columns, layout };
}

function choiceOf(fields: JsonFields): SeriesChoice {
  const names = fields.texts('series');
  const filter = filterOf(fields);
  const part = fields.fields('part');
  const bounds = { after: part?.uuid('after'), through: part?.uuid('through') };
  part?.finish();
  if (names === undefined) return { filter, ...bounds };
  if (fields.has('filter')) {
    throw validationError('filter', 'filter and series exclude each other');
  }
  if (names.length > NAMES_MAX) {
    throw validationError(
      'series',
      `series must name at most ${NAMES_MAX}, received ${names.length}`,
    );
  }
  return { names };
}

function filterOf(fields: JsonFields): SeriesFilter {
  const given = fields.fields('filter');
  return given ? readFilter(given) : new SeriesFilter();
}

function readFilter(fields: JsonFields): SeriesFilter {
  const filter = Object.assign(new SeriesFilter(), {
    sourceId: fields.uuid('sourceId'),
    frequency: fields.text('frequency'),
    seasonalAdjustment: fields.text('seasonalAdjustment'),
    isActive: fields.flag('isActive'),
    externalIdPrefix: fields.text('externalIdPrefix'),
    titleContains: fields.text('titleContains'),
  });
  fields.finish();
  assertValid(filter, 'filter');
  return filter;
}

function columnsOf(fields: JsonFields): readonly PointColumnName[] {
  const names = fields.texts('columns') ?? DEFAULT_COLUMNS;
  const known = names.filter(isPointColumn);
  if (known.length === names.length && known.length > 0 && new Set(names).size === names.length) {
    return known;
  }
  const all = Object.keys(POINT_COLUMNS).join(', ');
  throw validationError('columns', `columns must be some of ${all}, each once`);
}
