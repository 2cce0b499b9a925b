// An upload of series: each row creates one or changes one. They are checked before the first is stored, and
// stored side by side, each by itself.

import { Injectable } from '@nestjs/common';
import { AppError, validationError } from '../../core/app-error.js';
import { mapConcurrently } from '../../core/map-concurrently.js';
import { Uuid } from '../../core/uuid.js';
import { assertValid } from '../../core/validation.js';
import { OriginalFlag } from '../../storage/point-upserts.js';
import type { SeriesRow } from '../../schema/series.columns.js';
import {
  CreateEconomicSeriesInput,
  UpdateEconomicSeriesInput,
} from '../../series/series.inputs.js';
import { SeriesService } from '../../series/series.service.js';
import type { ReceivedField } from '../ipc/received-schema.js';
import { checkedNames, wellFormed } from './batch-reader.js';
import { daysOf, flagsOf, NO_DAY, textsOf, type Received } from './column-values.js';
import { atRow, Faults, ofRow } from './faults.js';
import type { PutCounts } from './points-upload.js';

/** Their commits share a write to the log. */
const WRITES_IN_FLIGHT = 256;

type ValueAt = (row: number) => unknown;

/** The property that a column becomes, and how it is read. */
const PROPERTIES: Record<
  string,
  { property: string; read: (of: Received, faults: Faults) => ValueAt }
> = {
  id: { property: 'id', read: uuids },
  source_id: { property: 'sourceId', read: uuids },
  external_id: { property: 'externalId', read: textsOf },
  title: { property: 'title', read: textsOf },
  description: { property: 'description', read: textsOf },
  units: { property: 'units', read: textsOf },
  frequency: { property: 'frequency', read: textsOf },
  seasonal_adjustment: { property: 'seasonalAdjustment', read: textsOf },
  start_date: { property: 'startDate', read: days },
  end_date: { property: 'endDate', read: days },
  is_active: { property: 'isActive', read: flags },
};

/** Columns of the table of series that say nothing to be stored: what was fetched can be sent back. */
const IGNORED = [
  'created_at',
  'updated_at',
  'points',
  'first_date',
  'last_date',
  'last_revision_date',
];

interface SentSeries {
  readonly row: number;
  readonly properties: Readonly<Record<string, unknown>>;
}

@Injectable()
export class SeriesUploads {
  constructor(private readonly series: SeriesService) {}

  /** @throws AppError VALIDATION_ERROR naming the column */
  open(fields: readonly ReceivedField[]): SeriesUpload {
    const names = checkedNames(fields, [...Object.keys(PROPERTIES), ...IGNORED]);
    if (!names.includes('id') && !(names.includes('source_id') && names.includes('external_id'))) {
      throw validationError('id', 'A column id, or source_id and external_id, are needed');
    }
    return new SeriesUpload(this.series);
  }
}

/** An object of a dozen properties, most of them texts of the message. */
const ROW_BYTES_HELD = 600;

export class SeriesUpload {
  private waiting: SentSeries[] = [];
  /** Ids and external ids of the rows so far. */
  private readonly named = new Set<unknown>();

  constructor(private readonly series: SeriesService) {}

  /**
   * @returns bytes that the rows occupy as objects
   * @throws AppError VALIDATION_ERROR with the rows at fault
   */
  add(columns: ReadonlyMap<string, Received>): number {
    const faults = new Faults();
    const wanted = [...columns.values()].filter(({ name }) => PROPERTIES[name]);
    const readers = wellFormed(() =>
      wanted.map((received) => {
        const { property, read } = PROPERTIES[received.name]!;
        return { property, at: read(received, faults) };
      }),
    );
    faults.throwIfAny();
    const [any] = columns.values();
    const { firstRow, column } = any!;
    for (let row = 0; row < column.length; row++) {
      atRow(firstRow + row, () => {
        const properties = Object.fromEntries(
          readers.map(({ property, at }) => [property, at(row)]),
        );
        this.check(properties);
        this.waiting.push({ row: firstRow + row, properties });
      });
    }
    return column.length * ROW_BYTES_HELD;
  }

  /** @throws AppError naming the row; rows beside it may have been stored */
  async store(): Promise<PutCounts> {
    const sent = this.waiting;
    this.waiting = [];
    const outcomes = await mapConcurrently(sent, WRITES_IN_FLIGHT, ({ row, properties }) =>
      this.write(properties).catch((error: unknown) => {
        throw error instanceof AppError ? ofRow(row, error) : error;
      }),
    );
    const count = (wanted: string) => outcomes.filter((outcome) => outcome === wanted).length;
    return { added: count('added'), revised: count('revised'), unchanged: count('unchanged') };
  }

  private async write(properties: SentSeries['properties']) {
    const existing = this.find(properties);
    if (!existing) {
      await this.series.create(newSeries(properties));
      return 'added';
    }
    const updated = await this.series.update(existing.id, changeOf(properties));
    return updated.updatedAt === existing.updatedAt ? 'unchanged' : 'revised';
  }

  /** All that can be known before anything is stored. */
  private check(properties: SentSeries['properties']): void {
    const existing = this.find(properties);
    if (existing) {
      const change = changeOf(properties);
      assertValid(change);
      this.series.checkChange(existing, change);
    } else {
      const input = newSeries(properties);
      assertValid(input);
      this.series.checkNew(input);
    }
    const { id, sourceId, externalId } = { ...existing, ...withoutNulls(properties) };
    for (const name of [id, `${String(sourceId)}/${String(externalId)}`]) {
      if (name === undefined) continue;
      if (this.named.has(name)) throw validationError('id', 'another row is of the same series');
      this.named.add(name);
    }
  }

  private find({ id, sourceId, externalId }: SentSeries['properties']): SeriesRow | undefined {
    if (id != null) return this.series.get(id as Uuid);
    if (sourceId == null || externalId == null) return undefined;
    return this.series.findByExternalId(externalId as string, sourceId as Uuid);
  }
}

function newSeries(properties: SentSeries['properties']): CreateEconomicSeriesInput {
  for (const needed of ['sourceId', 'externalId', 'title', 'frequency']) {
    if (properties[needed] == null)
      throw validationError(needed, `${needed} is needed for a new series`);
  }
  return Object.assign(new CreateEconomicSeriesInput(), properties);
}

function changeOf({ id: _, ...change }: SentSeries['properties']): UpdateEconomicSeriesInput {
  return Object.assign(new UpdateEconomicSeriesInput(), change);
}

function withoutNulls(properties: SentSeries['properties']): SentSeries['properties'] {
  return Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== null));
}

function uuids(received: Received): ValueAt {
  const textAt = textsOf(received);
  return (row) => {
    const text = textAt(row);
    return text === null ? null : Uuid.parse(text, received.name);
  };
}

function days(received: Received, faults: Faults): ValueAt {
  const all = daysOf(received, faults);
  return (row) => (all[row] === NO_DAY ? null : all[row]);
}

function flags(received: Received, faults: Faults): ValueAt {
  const all = flagsOf(received, faults);
  return (row) => (all[row] === OriginalFlag.UNSAID ? null : all[row] === OriginalFlag.ORIGINAL);
}
