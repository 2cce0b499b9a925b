// The series of a smoke test: made under an id of its own, so that it can be deleted also where the answer to its creation
// was lost, and under a name that nobody else uses.

import { Uuid } from '../../core/uuid.js';
import type { FlightReader } from '../../flight/client/flight-reader.js';
import { AnswerError, type CallOptions, type GraphqlClient } from './graphql-client.js';

/** Of all smoke tests; it need not be registered. */
const SOURCE_ID = '5e1f7e57-0000-4000-8000-5e1f7e570000';

const DATE = '2000-01-01';
const REVISION_DATE = '2000-02-01';
/** As many digits as the service keeps: no double has them. */
const VALUE = '1234567890.123456789012345678';

/** Whoever was not answered cannot know whether the series is there, or is yet to come. */
export type Creation = 'not tried' | 'refused' | 'not answered' | 'done';

export class TestSeries {
  readonly id = Uuid.v7();
  readonly externalId = `smoke/${this.id}`;
  private created: Creation = 'not tried';

  constructor(private readonly graphql: GraphqlClient) {}

  get creation(): Creation {
    return this.created;
  }

  async create(options: CallOptions): Promise<void> {
    const input = {
      ...{ id: this.id, sourceId: SOURCE_ID, externalId: this.externalId },
      ...{ title: 'Smoke test; may be deleted', frequency: 'daily' },
    };
    this.created = 'not answered';
    try {
      const { createSeries } = await this.graphql.call(
        'mutation ($input: CreateEconomicSeriesInput!) { createSeries(input: $input) { id externalId } }',
        { input },
        options,
      );
      this.created = 'done';
      expectSame(createSeries, { id: this.id, externalId: this.externalId });
    } catch (error) {
      if (error instanceof AnswerError && this.created !== 'done') this.created = 'refused';
      throw error;
    }
  }

  async write(options: CallOptions): Promise<void> {
    const inputs = [{ seriesId: this.id, date: DATE, revisionDate: REVISION_DATE, value: VALUE }];
    const { createDataPoints } = await this.graphql.call(
      'mutation ($inputs: [CreateDataPointInput!]!) { createDataPoints(inputs: $inputs) { addedCount } }',
      { inputs },
      options,
    );
    expectSame(createDataPoints, { addedCount: 1 });
  }

  async readOverGraphql(options: CallOptions): Promise<void> {
    const { series } = await this.graphql.call(
      'query ($id: UUID!) { series(id: $id) { externalId dataPoints { date revisionDate value } } }',
      { id: this.id },
      options,
    );
    const point = { date: DATE, revisionDate: REVISION_DATE, value: VALUE };
    expectSame(series, { externalId: this.externalId, dataPoints: [point] });
  }

  async readOverFlight(flight: FlightReader, options: CallOptions): Promise<void> {
    const columns = ['external_id', 'date', 'revision_date', 'decimal_value'];
    const table = await flight.read({ type: 'data_points', series: [this.id], columns }, options);
    const cell = (name: string, row: number): unknown => table.getChild(name)?.get(row);
    const rows = Array.from({ length: table.numRows }, (_, row) => ({
      external_id: cell('external_id', row),
      date: day(cell('date', row)),
      revision_date: day(cell('revision_date', row)),
      decimal_value: cell('decimal_value', row),
    }));
    expectSame(rows, [
      {
        ...{ external_id: this.externalId, date: DATE, revision_date: REVISION_DATE },
        decimal_value: VALUE,
      },
    ]);
  }

  /**
   * Deletes it where it is there, and looks whether it is gone.
   * @returns whether it is gone for good
   */
  async delete(options: CallOptions): Promise<boolean> {
    let wasThere = true;
    try {
      await this.graphql.call(this.deletion, {}, options);
    } catch (error) {
      if (!(error instanceof AnswerError) || error.code !== 'NOT_FOUND') throw error;
      if (this.created === 'done') throw new AnswerError('the service does not know it any more');
      wasThere = false;
    }
    const { series } = await this.graphql.call(
      'query ($id: UUID!) { series(id: $id) { id } }',
      { id: this.id },
      options,
    );
    expectSame(series, null);
    return wasThere || this.created === 'refused';
  }

  /** For whoever has to do it by hand. */
  get deletion(): string {
    return `mutation { deleteSeries(id: "${this.id}") }`;
  }
}

/** @throws AnswerError where JSON would tell them apart */
function expectSame(received: unknown, expected: unknown): void {
  const [got, wanted] = [JSON.stringify(received), JSON.stringify(expected)];
  if (got !== wanted) throw new AnswerError(`received ${got?.slice(0, 300)}, expected ${wanted}`);
}

/** apache-arrow has milliseconds for days. */
function day(value: unknown): unknown {
  return typeof value === 'number' ? new Date(value).toISOString().slice(0, 10) : value;
}
