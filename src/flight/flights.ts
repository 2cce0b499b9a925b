// Which flights there are, and how each is answered: the verbs that read.

import { create, toBinary } from '@bufbuild/protobuf';
import { Injectable } from '@nestjs/common';
import type { Schema, TypeMap } from 'apache-arrow';
import { AppError } from '../core/app-error.js';
import { unreachable } from '../core/assert.js';
import { DataPointsService } from '../data-points/data-points.service.js';
import type { SeriesRow } from '../schema/series.columns.js';
import { SeriesService } from '../series/series.service.js';
import type { Messages } from './calls.js';
import { parseCriteria, parseDescriptor, type FlightRequest } from './flight-request.js';
import { ChangesFlight } from './get/changes-flight.js';
import { DEFAULT_COLUMNS, pointsSchema } from './get/point-columns.js';
import { PointsFlight, type FlightSize } from './get/points-flight.js';
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
    private readonly overviews: DataPointsService,
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
  schema(descriptor: FlightDescriptor): Uint8Array {
    const schema = encapsulatedSchema(this.schemaOf(parseDescriptor(descriptor)));
    return toBinary(SchemaResultSchema, create(SchemaResultSchema, { schema }));
  }

  /** @returns a `FlightInfo` */
  async info(descriptor: FlightDescriptor): Promise<Uint8Array> {
    const request = parseDescriptor(descriptor);
    const { size, parts } = await this.planned(request);
    return flightInfo({
      schema: encapsulatedSchema(this.schemaOf(request)),
      descriptor,
      parts,
      size,
    });
  }

  /**
   * One `FlightInfo` for every series that the criteria let pass, with what it is in `app_metadata`; without
   * criteria also those of the catalogue and of the change feed.
   */
  *list(criteria: Uint8Array): Generator<Uint8Array> {
    const filter = parseCriteria(criteria);
    if (criteria.length === 0) {
      for (const type of ['series', 'changes'] as const) {
        const descriptor = pathDescriptor(type);
        const request = parseDescriptor(descriptor);
        const schema = encapsulatedSchema(this.schemaOf(request));
        yield flightInfo({ schema, descriptor, parts: [request], size: NOT_KNOWN });
      }
    }
    for (const row of this.catalogue.matching(filter)) {
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

  private schemaOf(request: FlightRequest): Schema<TypeMap> {
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

  private async planned(
    request: FlightRequest,
  ): Promise<{ size: FlightSize; parts: FlightRequest[] }> {
    switch (request.type) {
      case 'series':
        return { size: { records: this.series.count(request), bytes: -1 }, parts: [request] };
      case 'data_points':
        return { size: await this.points.size(request), parts: this.points.parts(request) };
      case 'changes':
        return { size: NOT_KNOWN, parts: [request] };
      default:
        return unreachable(request);
    }
  }

  /** What a person looks for in a list; `points` counts every revision, null where they are damaged. */
  private described({ id, sourceId, externalId, title, units, frequency }: SeriesRow) {
    const series = { id, sourceId, externalId, title, units, frequency };
    try {
      return { ...series, points: this.overviews.overview(id).rows };
    } catch (error) {
      if (error instanceof AppError) return { ...series, points: null };
      throw error;
    }
  }
}

const NOT_KNOWN: FlightSize = { records: -1, bytes: -1 };

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
