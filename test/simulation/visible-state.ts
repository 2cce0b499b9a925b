// Everything that a caller can see of the stores, as plain values, and the comparison of two of those.

import type { DateRange } from '../../src/core/calendar-date.js';
import type { Uuid } from '../../src/core/uuid.js';
import type { PointsOverview } from '../../src/storage/data-points-store.js';
import { plainPoints, type PlainPoint } from '../support/points.js';
import { day, type Stores } from '../support/stores.js';
import { plainSeries, plainSource } from './plain-rows.js';
import { EXTERNAL_IDS, SERIES_IDS, SOURCE_IDS } from './workload.js';

export interface VisibleState {
  readonly series: readonly unknown[];
  readonly byId: readonly unknown[];
  readonly byExternalId: readonly (readonly Uuid[])[];
  readonly sources: readonly unknown[];
  readonly sourcesById: readonly unknown[];
  readonly overviews: readonly unknown[];
  readonly points: Readonly<Record<Uuid, readonly PlainPoint[]>>;
  readonly ranges: Readonly<Record<Uuid, readonly (readonly PlainPoint[])[]>>;
}

const RANGES: readonly DateRange[] = [
  { start: day('2020-02-01'), end: day('2020-03-31') },
  { start: day('2020-03-01') },
  { end: day('2020-01-01') },
  { start: day('2030-01-01'), end: day('2031-01-01') },
];

export async function visibleState({ series, points, sources }: Stores): Promise<VisibleState> {
  const rows = [...series.all()].map(plainSeries);
  const all: Record<Uuid, PlainPoint[]> = {};
  const ranges: Record<Uuid, PlainPoint[][]> = {};
  for (const { id } of rows) {
    all[id] = plainPoints(await points.read(id));
    ranges[id] = [];
    for (const range of RANGES) ranges[id].push(plainPoints(await points.read(id, range)));
  }
  const sourceIds = [undefined, ...SOURCE_IDS];
  return {
    series: rows,
    byId: SERIES_IDS.map((id) => optional(series.get(id), plainSeries)),
    byExternalId: EXTERNAL_IDS.flatMap((externalId) =>
      sourceIds.map((sourceId) =>
        series
          .findByExternalId(externalId, sourceId)
          .map(({ id }) => id)
          .sort(),
      ),
    ),
    sources: sources.all().map(plainSource),
    sourcesById: SOURCE_IDS.map((id) => optional(sources.get(id), plainSource)),
    overviews: [...points.overviews()].map(([row, overview]) => [
      plainSeries(row),
      plainOverview(overview),
      plainOverview(points.overview(row.id)),
    ]),
    points: all,
    ranges,
  };
}

/** Without the size on disk, which the model does not have. */
function plainOverview(overview: PointsOverview): Omit<PointsOverview, 'bytes'> {
  const { rows, firstDate, lastDate, lastRevisionDate, version } = overview;
  return { rows, firstDate, lastDate, lastRevisionDate, version };
}

function optional<T>(row: T | undefined, plain: (row: T) => T): T | null {
  return row === undefined ? null : plain(row);
}

/** Whether `actual` may be the instant that the model calls `expected`. */
export type SameInstant = (expected: number, actual: number) => boolean;

const INSTANTS = new Set(['createdAt', 'updatedAt', 'version']);

/** Where and how two plain values differ first; undefined where they do not. */
export function difference(
  expected: unknown,
  actual: unknown,
  sameInstant: SameInstant,
  path = '',
): string | undefined {
  if (typeof expected === 'object' && typeof actual === 'object' && expected && actual) {
    const keys = new Set([...Object.keys(expected), ...Object.keys(actual)]);
    for (const key of keys) {
      const found = difference(
        (expected as Record<string, unknown>)[key],
        (actual as Record<string, unknown>)[key],
        sameInstant,
        path === '' ? key : `${path}.${key}`,
      );
      if (found !== undefined) return found;
    }
    return undefined;
  }
  const isInstant =
    typeof expected === 'number' &&
    typeof actual === 'number' &&
    INSTANTS.has(path.slice(path.lastIndexOf('.') + 1));
  const same = isInstant ? sameInstant(expected, actual) : Object.is(expected, actual);
  if (same) return undefined;
  const shown = isInstant && expected < 0 ? `the instant of commit ${-expected}` : brief(expected);
  return `${path || 'answer'}: expected ${shown}, received ${brief(actual)}`;
}

function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
