import { crc32 } from '@node-rs/crc32';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../core/app-error.js';
import { formatCommand, parseCommand } from './flight-request.js';
import { encodeTicket, parseTicket } from './ticket.js';

const COMMANDS = [
  '{"type":"series"}',
  '{"type":"series","filter":{"isActive":false,"externalIdPrefix":"é"}}',
  '{"type":"vintages","series":["GDP"],"startDate":"2024-01-01","endDate":"2024-02-01"}',
  '{"type":"data_points","revisions":"NTH_RELEASE","release":2,"asOf":"2020-01-01","limit":5}',
  '{"type":"data_points","columns":["value","date"],"units":"pch","frequency":"q","aggregation":"sum"}',
  '{"type":"data_points","layout":"wide","series":[]}',
  '{"type":"changes","since":"abc","seriesIds":["0198a000-0000-7000-8000-000000000001"]}',
];

describe('tickets', () => {
  it.each(COMMANDS)('%s comes back as it was', (command) => {
    const request = parseCommand(command, 'command');
    expect(parseTicket(encodeTicket(request))).toEqual(request);
    expect(parseTicket(Buffer.from(command))).toEqual(request);
    expect(parseCommand(formatCommand(request), 'command')).toEqual(request);
  });

  it('of parts keep their bounds', () => {
    const part = { after: '0198a000-0000-7000-8000-000000000001' };
    const request = parseCommand(JSON.stringify({ type: 'data_points', part }), 'command');
    expect(parseTicket(encodeTicket(request))).toMatchObject({ series: part });
  });

  it('are refused with any one byte changed', () => {
    const ticket = encodeTicket(parseCommand(COMMANDS[2]!, 'command'));
    fc.assert(
      fc.property(fc.nat(ticket.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const altered = Uint8Array.from(ticket);
        altered[at]! ^= change;
        expect(() => parseTicket(altered)).toThrow(AppError);
      }),
    );
  });

  it('of any bytes are refused, and of another version by its number', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(() => parseTicket(bytes)).toThrow(AppError);
      }),
    );
    const command = Buffer.from(COMMANDS[0]!);
    const newer = Buffer.concat([Buffer.from([2, 0, 0, 0, 0]), command]);
    newer.writeUInt32LE(crc32(command), 1);
    expect(() => parseTicket(newer)).toThrow('version 2');
  });
});
