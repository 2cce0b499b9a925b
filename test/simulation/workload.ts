// The calls that the simulation makes, drawn from a seed: few series, few keys and few names, so that calls
// meet each other.

import type { DateRange } from '../../src/core/calendar-date.js';
import type { Uuid } from '../../src/core/uuid.js';
import type { PointSelection } from '../../src/storage/data-points-store.js';
import type { NewSeries, SeriesChange } from '../../src/storage/series-store.js';
import type { NewSource, SourceChange } from '../../src/storage/sources-store.js';
import {
  OTHER_SOURCE_ID,
  plainPoints,
  SOURCE_ID,
  upserts,
  uuid,
  vintages,
  type SentPoint,
} from '../support/points.js';
import type { Random } from '../support/random.js';
import { day, newSeries, newSource, type Stores } from '../support/stores.js';
import type { EngineUnderTest } from './engine-under-test.js';
import { plainSeries, plainSource } from './plain-rows.js';

export const SERIES_IDS = [1, 2, 3, 4, 5].map(uuid);
export const SOURCE_IDS = [SOURCE_ID, OTHER_SOURCE_ID, uuid(101)];
export const EXTERNAL_IDS = ['GDP', 'CPI', 'M2', 'RENT'];

export type StoreCall =
  | { readonly kind: 'create-series'; readonly series: NewSeries & { readonly id: Uuid } }
  | { readonly kind: 'update-series'; readonly id: Uuid; readonly change: SeriesChange }
  | { readonly kind: 'delete-series'; readonly id: Uuid }
  | { readonly kind: 'create-source'; readonly source: NewSource & { readonly id: Uuid } }
  | { readonly kind: 'update-source'; readonly id: Uuid; readonly change: SourceChange }
  | { readonly kind: 'upsert'; readonly points: ReadonlyMap<Uuid, readonly SentPoint[]> }
  | {
      readonly kind: 'publish';
      readonly points: ReadonlyMap<Uuid, readonly SentPoint[]>;
      readonly isComplete: boolean;
    }
  | { readonly kind: 'delete-points'; readonly id: Uuid; readonly selection: PointSelection }
  | { readonly kind: 'read'; readonly id: Uuid; readonly range: DateRange };

/** What the engine does for itself, and callers do not see. */
export type EngineCall = { readonly kind: 'flush' | 'checkpoint' };
export type Call = StoreCall | EngineCall;

/** What a call answers, as plain values that can be compared. */
export async function perform(call: StoreCall, stores: Stores): Promise<unknown> {
  const { series, points, sources } = stores;
  switch (call.kind) {
    case 'create-series':
      return plainSeries(await series.create(call.series));
    case 'update-series':
      return plainSeries(await series.update(call.id, call.change));
    case 'delete-series':
      await series.delete(call.id);
      return null;
    case 'create-source':
      return plainSource(await sources.create(call.source));
    case 'update-source':
      return plainSource(await sources.update(call.id, call.change));
    case 'upsert': {
      const results = await points.upsert(
        [...call.points].map(([id, sent]) => upserts(id, ...sent)),
      );
      return results.map(({ seriesId, counts, stored }) => ({
        seriesId,
        counts: { ...counts },
        stored: plainPoints(stored),
      }));
    }
    case 'publish': {
      const { isComplete } = call;
      return points.publish([...call.points].map(([id, sent]) => vintages(id, sent, isComplete)));
    }
    case 'delete-points':
      return points.delete(call.id, call.selection);
    case 'read':
      return plainPoints(await points.read(call.id, call.range));
  }
}

export async function performOnEngine(call: Call, engine: EngineUnderTest): Promise<unknown> {
  switch (call.kind) {
    case 'flush':
      return engine.flush();
    case 'checkpoint':
      return engine.checkpoint();
    default:
      return perform(call, engine);
  }
}

/** For the trace of a violation. */
export function describeCall(call: Call): string {
  const { kind, ...rest } = call;
  const text = JSON.stringify(rest, (_key, value: unknown) => {
    if (value instanceof Map) return Object.fromEntries(value);
    return typeof value === 'string' && value.length > 60 ? `${value.length} characters` : value;
  });
  const short = text.replaceAll('0198a000-0000-7000-8000-', '…');
  return `${kind} ${short.length > 300 ? `${short.slice(0, 300)}…` : short}`;
}

const KEYED_DATES = ['2020-01-01', '2020-02-01', '2020-03-01', '2020-04-01'];
const REVISION_DATES = ['2020-02-15', '2020-05-01', '2020-08-01', '2021-01-01'];
const VALUES = [
  '1',
  '2',
  '0',
  '-0.25',
  '9007199254740993',
  '0.1000000000000000055',
  '1234567890123456789012345678',
  null,
];
const FLAGS = [undefined, undefined, undefined, true, false];
const MANY_POINTS = 90;

/** @param existing series that exist, as far as is known: most calls are about those */
export function drawBatch(random: Random, existing: readonly Uuid[]): Call[] {
  const count = random.chance(0.55) ? 1 : 2 + random.below(3);
  return Array.from({ length: count }, () => drawCall(random, existing));
}

function drawCall(random: Random, existing: readonly Uuid[]): Call {
  const known = (): Uuid =>
    existing.length > 0 && random.chance(0.95) ? random.pick(existing) : random.pick(SERIES_IDS);
  const dice = existing.length === 0 ? random.below(16) : random.below(100);
  if (dice < 12) return { kind: 'create-series', series: drawSeries(random) };
  if (dice < 16) return { kind: 'create-source', source: drawSource(random) };
  if (dice < 22) return { kind: 'update-series', id: known(), change: drawSeriesChange(random) };
  if (dice < 27) return { kind: 'delete-series', id: known() };
  if (dice < 30) {
    const change = random.pick<SourceChange>([{ name: 'Renamed' }, { isActive: false }]);
    return { kind: 'update-source', id: random.pick(SOURCE_IDS), change };
  }
  if (dice < 52) return { kind: 'upsert', points: drawPoints(random, known) };
  if (dice < 68) {
    const isComplete = random.chance(0.4);
    return { kind: 'publish', points: drawPoints(random, known), isComplete };
  }
  if (dice < 77) return { kind: 'delete-points', id: known(), selection: drawSelection(random) };
  if (dice < 87) return { kind: 'read', id: known(), range: drawRange(random) };
  return { kind: dice < 95 ? 'flush' : 'checkpoint' };
}

/** Some are longer than several sectors of a disk, and so can be torn. */
function drawText(random: Random): string | null {
  return random.chance(0.8) ? null : 'x'.repeat(random.below(3000));
}

function drawSeries(random: Random): NewSeries & { readonly id: Uuid } {
  const id = random.pick(SERIES_IDS);
  const series = newSeries({
    sourceId: random.pick(SOURCE_IDS.slice(0, 2)),
    externalId: random.pick(EXTERNAL_IDS),
    description: drawText(random),
    startDate: random.chance(0.3) ? day('1947-01-01') : null,
    isActive: random.chance(0.8),
  });
  return { ...series, id };
}

function drawSeriesChange(random: Random): SeriesChange {
  switch (random.below(3)) {
    case 0:
      return { externalId: random.pick(EXTERNAL_IDS) };
    case 1:
      return { title: random.pick(['Gross Domestic Product', 'Output']), units: 'percent' };
    default:
      return { description: drawText(random), endDate: day('2019-12-31') };
  }
}

function drawSource(random: Random): NewSource & { readonly id: Uuid } {
  const source = newSource({ name: random.pick(['BEA', 'BLS']), description: drawText(random) });
  return { ...source, id: random.pick(SOURCE_IDS) };
}

function drawPoints(random: Random, known: () => Uuid): Map<Uuid, SentPoint[]> {
  const points = new Map<Uuid, SentPoint[]>();
  const seriesCount = random.chance(0.5) ? 1 : 2 + random.below(4);
  for (let n = 0; n < seriesCount; n++) {
    points.set(known(), random.chance(0.08) ? drawManyPoints(random) : drawFewPoints(random));
  }
  return points;
}

function drawFewPoints(random: Random): SentPoint[] {
  const byKey = new Map<string, SentPoint>();
  for (let n = random.below(6); n >= 0; n--) {
    const date = random.pick(KEYED_DATES);
    const revisionDate = random.pick(REVISION_DATES);
    byKey.set(`${date}/${revisionDate}`, drawPoint(random, date, revisionDate));
  }
  return [...byKey.values()];
}

/** A row for each of many days: several row groups of a file, and several sectors of the log. */
function drawManyPoints(random: Random): SentPoint[] {
  const revisionDate = random.pick(REVISION_DATES);
  return Array.from({ length: 1 + random.below(MANY_POINTS) }, (_, n) => {
    const date = `2020-0${1 + Math.floor(n / 28)}-${String((n % 28) + 1).padStart(2, '0')}`;
    return drawPoint(random, date, revisionDate);
  });
}

function drawPoint(random: Random, date: string, revisionDate: string): SentPoint {
  const value = random.pick(VALUES);
  const original = random.pick(FLAGS);
  return original === undefined
    ? [date, revisionDate, value]
    : [date, revisionDate, value, original];
}

function drawRange(random: Random): DateRange {
  return {
    start: random.chance(0.5) ? day(random.pick(KEYED_DATES)) : undefined,
    end: random.chance(0.5) ? day(random.pick(KEYED_DATES)) : undefined,
  };
}

function drawSelection(random: Random): PointSelection {
  const revisionDate = random.chance(0.4) ? day(random.pick(REVISION_DATES)) : undefined;
  return { ...drawRange(random), revisionDate };
}
