// Tickets: a version, a checksum, and the command that they stand for. They are opaque to callers and checked
// when they come back; a caller who would rather not ask for one first may send a command in its place.

import { crc32 } from '@node-rs/crc32';
import { validationError } from '../core/app-error.js';
import { formatCommand, parseCommand, type FlightRequest } from './flight-request.js';

/** No JSON text begins with it. */
const VERSION = 1;
const OPENING_BRACE = 0x7b;

/** Bytes before the command: the version and a CRC-32 of the command. */
const HEAD_BYTES = 5;

export function encodeTicket(request: FlightRequest): Uint8Array {
  const command = Buffer.from(formatCommand(request));
  const ticket = Buffer.alloc(HEAD_BYTES + command.length);
  ticket.writeUInt8(VERSION, 0);
  ticket.writeUInt32LE(crc32(command), 1);
  ticket.set(command, HEAD_BYTES);
  return ticket;
}

/** @throws AppError VALIDATION_ERROR */
export function parseTicket(bytes: Uint8Array): FlightRequest {
  if (bytes[0] === OPENING_BRACE) return parseCommand(bytes, 'ticket');
  const ticket = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (ticket.length <= HEAD_BYTES) throw unusable('is not one of this service');
  const version = ticket.readUInt8(0);
  if (version !== VERSION) throw unusable(`is of version ${version}, known is ${VERSION}`);
  const command = ticket.subarray(HEAD_BYTES);
  if (ticket.readUInt32LE(1) !== crc32(command)) throw unusable('was altered on its way');
  return parseCommand(command, 'ticket');
}

function unusable(reason: string) {
  return validationError('ticket', `The ticket ${reason}: ask for a new one with GetFlightInfo`);
}
