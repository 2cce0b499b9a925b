// An import into a running service, over GraphQL.

import { CalendarDate, type DateRange } from '../../core/calendar-date.js';
import { Decimal } from '../../core/decimal.js';
import type { Uuid } from '../../core/uuid.js';
import { addCounts, type UpsertCounts } from '../../storage/resolve-points.js';
import type { PointUpserts } from '../../storage/point-upserts.js';
import {
  addVintageCounts,
  vintagesOf,
  type VintageCounts,
} from '../../storage/vintages/resolve-vintages.js';
import {
  ImportTarget,
  type KnownValues,
  type NewSeries,
  type TargetSeries,
  type TargetSource,
} from './import-target.js';
import type { SeriesDescription } from './series-file.js';

/** Points in one call: the service's own default limit (WRITE_POINTS_MAX). */
export const POINTS_PER_CALL = 10_000;

/** A call that writes thousands of files takes seconds; one that takes minutes will not come back. */
const CALL_TIMEOUT_MILLISECONDS = 120_000;

const SOURCE_FIELDS = 'id name url';
const SERIES_FIELDS = 'id title description units frequency seasonalAdjustment';

/** The service could not be reached, or refused. The message is meant for the caller. */
export class RemoteError extends Error {
  override readonly name = 'RemoteError';
  /** Points in one call that the service takes at most, where a call had more. */
  pointsMax: number | undefined;
}

interface GraphqlErrors {
  readonly errors?: readonly { message: string; extensions?: { code?: string; limit?: number } }[];
}

interface PointInput {
  readonly seriesId: Uuid;
  readonly date: string;
  readonly revisionDate: string;
  readonly value: string | null;
}

interface RemoteVintage {
  readonly seriesId: Uuid;
  readonly revisionDate: CalendarDate;
  readonly points: readonly { readonly date: string; readonly value: string | null }[];
  readonly isComplete: boolean;
}

export class RemoteTarget extends ImportTarget {
  private readonly endpoint: string;
  private pointsPerCall = POINTS_PER_CALL;

  private constructor(url: string) {
    super();
    this.endpoint = `${url.replace(/\/+$/, '').replace(/\/graphql$/, '')}/graphql`;
  }

  /**
   * @param url of the service: `http://host:port`
   * @throws RemoteError where it cannot be reached
   */
  static async open(url: string): Promise<RemoteTarget> {
    const target = new RemoteTarget(url);
    await target.call('{ __typename }');
    return target;
  }

  async sources(): Promise<readonly TargetSource[]> {
    const { sources } = await this.call<{ sources: TargetSource[] }>(
      `query { sources { ${SOURCE_FIELDS} } }`,
    );
    return sources;
  }

  async createSource(input: TargetSource): Promise<TargetSource> {
    const { createSource } = await this.call<{ createSource: TargetSource }>(
      `mutation ($input: CreateSourceInput!) { createSource(input: $input) { ${SOURCE_FIELDS} } }`,
      { input },
    );
    return createSource;
  }

  async updateSource(id: Uuid, url: string): Promise<void> {
    await this.call(
      'mutation ($id: UUID!, $input: UpdateSourceInput!) { updateSource(id: $id, input: $input) { id } }',
      { id, input: { url } },
    );
  }

  async findSeries(sourceId: Uuid, externalId: string): Promise<TargetSeries | undefined> {
    const { findSeriesByExternalId } = await this.call<{
      findSeriesByExternalId: TargetSeries | null;
    }>(
      `query ($externalId: String!, $sourceId: UUID!) {
        findSeriesByExternalId(externalId: $externalId, sourceId: $sourceId) { ${SERIES_FIELDS} } }`,
      { externalId, sourceId },
    );
    return findSeriesByExternalId ?? undefined;
  }

  async createSeries(input: NewSeries): Promise<TargetSeries> {
    const { createSeries } = await this.call<{ createSeries: TargetSeries }>(
      `mutation ($input: CreateEconomicSeriesInput!) { createSeries(input: $input) { ${SERIES_FIELDS} } }`,
      { input },
    );
    return createSeries;
  }

  async updateSeries(id: Uuid, input: SeriesDescription): Promise<void> {
    await this.call(
      'mutation ($id: UUID!, $input: UpdateEconomicSeriesInput!) { updateSeries(id: $id, input: $input) { id } }',
      { id, input },
    );
  }

  async knownValues(id: Uuid, { start, end }: DateRange, asOf: CalendarDate): Promise<KnownValues> {
    const { series } = await this.call<{
      series: { observations: { dates: string[]; decimalValues: (string | null)[] } } | null;
    }>(
      `query ($id: UUID!, $startDate: Date, $endDate: Date, $asOf: Date) { series(id: $id) {
        observations(startDate: $startDate, endDate: $endDate, asOf: $asOf) { dates decimalValues } } }`,
      { id, startDate: isoDate(start), endDate: isoDate(end), asOf: isoDate(asOf) },
    );
    if (!series) throw new RemoteError(`the service no longer has the series ${id}`);
    const { dates, decimalValues } = series.observations;
    return new Map(
      dates.map((date, index) => {
        const text = decimalValues[index]!;
        return [CalendarDate.parse(date), text === null ? null : Decimal.parse(text)];
      }),
    );
  }

  async write(writes: readonly PointUpserts[]): Promise<UpsertCounts> {
    const counts: UpsertCounts[] = [];
    for (const inputs of callsOf(writes)) counts.push(await this.send(inputs));
    return addCounts(counts);
  }

  /** In several calls where the service takes fewer points in one; what it takes it tells when it refuses. */
  private async send(inputs: readonly PointInput[]): Promise<UpsertCounts> {
    const parts: UpsertCounts[] = [];
    let start = 0;
    while (start < inputs.length) {
      const part = inputs.slice(start, start + this.pointsPerCall);
      parts.push(await this.sendOne(part));
      start += part.length;
    }
    return addCounts(parts);
  }

  private async sendOne(inputs: readonly PointInput[]): Promise<UpsertCounts> {
    try {
      const { createDataPoints } = await this.call<{ createDataPoints: UpsertCounts }>(
        `mutation ($inputs: [CreateDataPointInput!]!) { createDataPoints(inputs: $inputs) {
          added: addedCount corrected: correctedCount unchanged: unchangedCount } }`,
        { inputs },
      );
      return createDataPoints;
    } catch (error) {
      if (!this.learnsLimit(error, inputs.length)) throw error;
      return this.send(inputs);
    }
  }

  async publish(writes: readonly PointUpserts[], isComplete: boolean): Promise<VintageCounts> {
    const counts: VintageCounts[] = [];
    for (const upserts of writes) {
      for (const { revisionDate, dates, values } of vintagesOf(upserts, isComplete)) {
        const points = values.map((value, index) => ({
          date: CalendarDate.format(dates[index] as CalendarDate),
          value: value && Decimal.format(value.double, value.exact),
        }));
        const { seriesId } = upserts;
        counts.push(await this.publishOne({ seriesId, revisionDate, points, isComplete }));
      }
    }
    return addVintageCounts(counts);
  }

  /** In parts where the service takes fewer points in one call, unless the vintage is complete. */
  private async publishOne(vintage: RemoteVintage): Promise<VintageCounts> {
    const { points, isComplete } = vintage;
    const counts: VintageCounts[] = [];
    let start = 0;
    while (start < points.length) {
      // Looked at again for each part: the part before may have learned that the service takes fewer.
      const end = isComplete ? points.length : start + this.pointsPerCall;
      counts.push(await this.publishPart({ ...vintage, points: points.slice(start, end) }));
      start = end;
    }
    return addVintageCounts(counts);
  }

  private async publishPart(vintage: RemoteVintage): Promise<VintageCounts> {
    const { seriesId, revisionDate, points, isComplete } = vintage;
    const day = CalendarDate.format(revisionDate);
    try {
      const { publishVintage } = await this.call<{ publishVintage: VintageCounts }>(
        `mutation ($seriesId: UUID!, $day: Date!, $points: [VintagePointInput!]!, $complete: Boolean!) {
        publishVintage(seriesId: $seriesId, revisionDate: $day, points: $points, complete: $complete) {
          added: addedCount revised: revisedCount unchanged: unchangedCount withdrawn: withdrawnCount } }`,
        { seriesId, day, points, complete: isComplete },
      );
      return publishVintage;
    } catch (error) {
      if (isComplete || !this.learnsLimit(error, points.length)) throw error;
      return this.publishOne(vintage);
    }
  }

  /** Whether a call was refused for its size, and the next one will be smaller. */
  private learnsLimit(error: unknown, points: number): boolean {
    const pointsMax = error instanceof RemoteError ? error.pointsMax : undefined;
    if (pointsMax === undefined || pointsMax >= points) return false;
    this.pointsPerCall = pointsMax;
    return true;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private async call<T>(query: string, variables: Record<string, unknown> = {}): Promise<T> {
    const response = await this.post(JSON.stringify({ query, variables }));
    const text = await response.text();
    const answer = parseAnswer<T>(text);
    if (answer?.errors?.length) {
      const failure = new RemoteError(
        answer.errors
          .map(({ message, extensions }) => `${extensions?.code ?? 'ERROR'}: ${message}`)
          .join('; '),
      );
      failure.pointsMax = answer.errors[0]?.extensions?.limit;
      throw failure;
    }
    if (answer?.data == null) {
      throw new RemoteError(
        `${this.endpoint} does not answer like this service: ${response.status} ${response.statusText} ${text.slice(0, 100)}`.trim(),
      );
    }
    return answer.data;
  }

  private async post(body: string): Promise<Response> {
    try {
      return await fetch(this.endpoint, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        signal: AbortSignal.timeout(CALL_TIMEOUT_MILLISECONDS),
      });
    } catch (error) {
      throw new RemoteError(`${this.endpoint} cannot be reached: ${networkReason(error)}`, {
        cause: error,
      });
    }
  }
}

function parseAnswer<T>(text: string): (GraphqlErrors & { data?: T | null }) | undefined {
  try {
    return JSON.parse(text) as GraphqlErrors & { data?: T | null };
  } catch {
    // Not JSON, so not from this service; the caller is told what came instead.
    return undefined;
  }
}

function networkReason(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (code === 'ECONNREFUSED') return 'connection refused; is the service running?';
  if (code === 'ENOTFOUND') return 'there is no such host';
  return cause instanceof Error ? cause.message || code : String(cause);
}

/** The points in calls of at most `POINTS_PER_CALL`, series after series. */
function* callsOf(writes: readonly PointUpserts[]): Generator<PointInput[]> {
  let inputs: PointInput[] = [];
  for (const upserts of writes) {
    for (let row = 0; row < upserts.length; row++) {
      inputs.push(inputOf(upserts, row));
      if (inputs.length < POINTS_PER_CALL) continue;
      yield inputs;
      inputs = [];
    }
  }
  if (inputs.length > 0) yield inputs;
}

function inputOf({ seriesId, dates, revisionDates, values, exact }: PointUpserts, row: number) {
  const double = values[row]!;
  return {
    seriesId,
    date: CalendarDate.format(dates[row] as CalendarDate),
    revisionDate: CalendarDate.format(revisionDates[row] as CalendarDate),
    value: Number.isNaN(double) ? null : Decimal.format(double, exact.get(row) ?? null),
  };
}

function isoDate(date: CalendarDate | undefined): string | null {
  return date === undefined ? null : CalendarDate.format(date);
}
