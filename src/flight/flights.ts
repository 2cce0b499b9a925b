// Which flights there are, and how each is answered: the verbs that read.

import { create, toBinary } from '@bufbuild/protobuf';
import { Injectable } from '@nestjs/common';
import type { Schema, TypeMap } from 'apache-arrow';
import { unreachable } from '../core/assert.js';
import type { SeriesRow } from '../schema/series.columns.js';
import { SeriesService } from '../series/series.service.js';
import type { Messages } from './calls.js';
import { parseCriteria, parseDescriptor, type FlightRequest } from './flight-request.js';
import { ChangesFlight } from './get/changes-flight.js';
import { DEFAULT_COLUMNS, pointsSchema } from './get/point-columns.js';
import { NOT_KNOWN, PointsFlight, type FlightSize } from './get/points-flight.js';
import { SeriesFlight } from './get/series-flight.js';
import { encapsulatedSchema } from './ipc/messages.js';
import {
  FlightDescriptor_DescriptorType as DescriptorType,
  FlightDescriptorSchema,
  FlightInfoSchema,
  SchemaResultSchema,
  type FlightDescriptor,
} from './protocol/Flight_pb.js';
import type { Listener } from './outgoing.js';
import { encodeTicket } from './ticket.js';

@Injectable()
export class Flights {
  private readonly pointsSchemaBytes = encapsulatedSchema(pointsSchema(DEFAULT_COLUMNS));

  constructor(
    private readonly points: PointsFlight,
    private readonly series: SeriesFlight,
    private readonly changes: ChangesFlight,
    private readonly catalogue: SeriesService,
  ) {}

  /** @throws AppError */
  messages(request: FlightRequest, listener: Listener): Messages {
    switch (request.type) {
      case 'series':
        return this.series.messages(request);
      case 'data_points':
        return this.points.messages(request, listener);
      case 'changes':
        return this.changes.messages(request, listener);
      default:
        return unreachable(request);
    }
  }

  /** @returns a `SchemaResult` */
  async schema(descriptor: FlightDescriptor): Promise<Uint8Array> {
    const schema = encapsulatedSchema(await this.schemaOf(parseDescriptor(descriptor)));
    return toBinary(SchemaResultSchema, create(SchemaResultSchema, { schema }));
  }

  /** @returns a `FlightInfo` */
  async info(descriptor: FlightDescriptor): Promise<Uint8Array> {
    const request = parseDescriptor(descriptor);
    const { schema, size, parts } = await this.describe(request);
    return flightInfo({ schema: encapsulatedSchema(schema), descriptor, parts, size });
  }

  /**
   * One `FlightInfo` for every series that the criteria let pass, with what it is in `app_metadata`; without
   * criteria also those of the catalogue and of the change feed.
   */
  async *list(criteria: Uint8Array): AsyncGenerator<Uint8Array> {
    const filter = parseCriteria(criteria);
    if (criteria.length === 0) {
      for (const type of ['series', 'changes'] as const) {
        const descriptor = pathDescriptor(type);
        const request = parseDescriptor(descriptor);
        const schema = encapsulatedSchema(await this.schemaOf(request));
        yield flightInfo({ schema, descriptor, parts: [request], size: NOT_KNOWN });
      }
    }
    for (const row of await this.catalogue.matching(filter)) {
      const descriptor = pathDescriptor('data_points', row.id);
      yield flightInfo({
        schema: this.pointsSchemaBytes,
        descriptor,
        parts: [parseDescriptor(descriptor)],
        size: NOT_KNOWN,
        appMetadata: Buffer.from(JSON.stringify(this.described(row))),
      });
    }
  }

  private async schemaOf(request: FlightRequest): Promise<Schema<TypeMap>> {
    switch (request.type) {
      case 'series':
        return this.series.schema;
      case 'data_points':
        return this.points.schema(request);
      case 'changes':
        return this.changes.schema;
      default:
        return unreachable(request);
    }
  }

  private async describe(request: FlightRequest): Promise<{
    readonly schema: Schema<TypeMap>;
    readonly size: FlightSize;
    readonly parts: readonly FlightRequest[];
  }> {
    if (request.type === 'data_points') return this.points.describe(request);
    const size =
      request.type === 'series'
        ? { ...NOT_KNOWN, records: await this.series.count(request) }
        : NOT_KNOWN;
    return { schema: await this.schemaOf(request), size, parts: [request] };
  }

  /** What a person looks for in a list; `points` counts every revision, null where they are damaged. */
  private described(row: SeriesRow) {
    const { id, sourceId, externalId, title, units, frequency } = row;
    const points = this.series.overviewOf(row)?.rows ?? null;
    return { id, sourceId, externalId, title, units, frequency, points };
  }
}

function pathDescriptor(...path: string[]): FlightDescriptor {
  return create(FlightDescriptorSchema, { type: DescriptorType.PATH, path });
}

interface Info {
  readonly schema: Uint8Array;
  readonly descriptor: FlightDescriptor;
  readonly parts: readonly FlightRequest[];
  readonly size: FlightSize;
  readonly appMetadata?: Uint8Array;
}

function flightInfo({ schema, descriptor, parts, size, appMetadata }: Info): Uint8Array {
  const info = create(FlightInfoSchema, {
    schema,
    flightDescriptor: descriptor,
    endpoint: parts.map((part) => ({ ticket: { ticket: encodeTicket(part) } })),
    totalRecords: BigInt(size.records),
    totalBytes: BigInt(size.bytes),
    ordered: true,
    ...(appMetadata ? { appMetadata } : {}),
  });
  return toBinary(FlightInfoSchema, info);
}
