// Finds or makes the source and the series that a file writes to, before its first point is written.

import { mapConcurrently } from '../../core/map-concurrently.js';
import { Uuid } from '../../core/uuid.js';
import { InputError } from './faults.js';
import type { FileSeries } from './file-series.js';
import type { ImportTarget, TargetSeries } from './import-target.js';
import type { SeriesDescription } from './series-file.js';

/** Look-ups and creations side by side: each waits for a disk or a network, not for a processor. */
const IN_FLIGHT = 16;

export interface SourceChoice {
  readonly name: string;
  readonly url?: string | undefined;
}

export interface SeriesCounts {
  readonly created: number;
  readonly updated: number;
  /** There already, and left as they are. */
  readonly matched: number;
}

export interface PreparedSeries {
  /** By `FileSeries.index`; undefined where the file has no observation of a series that is not there. */
  readonly ids: readonly (Uuid | undefined)[];
  readonly counts: SeriesCounts;
}

/** A source that an import makes has the same id wherever and whenever it is made. */
const SOURCE_NAMESPACE = Uuid.parse('3b0d1c52-9f5e-5a47-8d1a-5a1f0c6f7e21');

/**
 * The source of exactly that name; made where there is none.
 * @throws InputError naming the candidates, where several sources have the name
 */
export async function resolveSource(
  target: ImportTarget,
  { name, url }: SourceChoice,
): Promise<Uuid> {
  const found = (await target.sources()).filter((source) => source.name === name);
  if (found.length > 1) {
    const ids = found.map(({ id }) => id).join(', ');
    throw new InputError(
      `${found.length} sources are called ${JSON.stringify(name)} (${ids}): rename all but one`,
    );
  }
  const id = Uuid.v5(name, SOURCE_NAMESPACE);
  const source =
    found[0] ??
    (await createOrFind(
      () => target.createSource({ id, name, url: url ?? null }),
      async () => (await target.sources()).find((one) => one.id === id),
    ));
  if (url !== undefined && source.url !== url) await target.updateSource(source.id, url);
  return source.id;
}

export interface PrepareOptions {
  readonly sourceId: Uuid;
  readonly described: ReadonlyMap<string, SeriesDescription>;
  /** Of new series that no description gives one; guessed from their dates where it is not given. */
  readonly frequency?: string | undefined;
}

export async function prepareSeries(
  target: ImportTarget,
  series: readonly FileSeries[],
  { sourceId, described, frequency }: PrepareOptions,
): Promise<PreparedSeries> {
  const counts = { created: 0, updated: 0, matched: 0 };
  const ids = await mapConcurrently(series, IN_FLIGHT, async (one) => {
    const { externalId, name, observations, spacing } = one;
    const description = described.get(externalId) ?? {};
    const found = await target.findSeries(sourceId, externalId);
    if (found) {
      const change = changeOf(found, description);
      if (change) await target.updateSeries(found.id, change);
      counts[change ? 'updated' : 'matched']++;
      return found.id;
    }
    if (observations === 0) return undefined;
    const fields = { title: name, frequency: frequency ?? spacing.guess(), ...description };
    const created = await createOrFind(
      () => target.createSeries({ ...fields, sourceId, externalId }),
      () => target.findSeries(sourceId, externalId),
    );
    counts.created++;
    return created.id;
  });
  return { ids, counts };
}

/**
 * Where two imports make the same thing at the same time, or a call that seemed lost did its work, the
 * second attempt finds what the first one made.
 */
async function createOrFind<T>(
  create: () => Promise<T>,
  find: () => Promise<T | undefined>,
): Promise<T> {
  try {
    return await create();
  } catch (error) {
    const found = await find();
    if (found === undefined) throw error;
    return found;
  }
}

/** What a description says differently, if anything. */
function changeOf(
  series: TargetSeries,
  description: SeriesDescription,
): SeriesDescription | undefined {
  const changed = Object.entries(description).filter(
    ([property, text]) => series[property as keyof SeriesDescription] !== text,
  );
  return changed.length > 0 ? Object.fromEntries(changed) : undefined;
}
