// What a call asked for, as text for the log of slow ones.

import { fromBinary } from '@bufbuild/protobuf';
import type { Asked } from '../logging/request-log.js';
import { formatCommand } from './flight-request.js';
import {
  ActionSchema,
  CriteriaSchema,
  FlightDescriptor_DescriptorType as DescriptorType,
  FlightDescriptorSchema,
  TicketSchema,
} from './protocol/Flight_pb.js';
import { parseTicket } from './ticket.js';

const TEXTS: Readonly<Record<string, (request: Uint8Array) => string>> = {
  DoGet: (request) => formatCommand(parseTicket(fromBinary(TicketSchema, request).ticket)),
  GetFlightInfo: descriptorText,
  GetSchema: descriptorText,
  ListFlights: (request) => textOf(fromBinary(CriteriaSchema, request).expression),
  DoAction: (request) => {
    const { type, body } = fromBinary(ActionSchema, request);
    return `${type} ${textOf(body)}`.trim();
  },
};

export function askedOf(method: string, request: Uint8Array): Asked {
  try {
    return { query: TEXTS[method]?.(request) };
  } catch {
    // It was refused because it cannot be read, and its code says so.
    return {};
  }
}

function descriptorText(request: Uint8Array): string {
  const { type, path, cmd } = fromBinary(FlightDescriptorSchema, request);
  return type === DescriptorType.PATH ? path.join('/') : textOf(cmd);
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}
