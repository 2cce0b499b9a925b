// A client of Arrow Flight that reads tables, for commands that ask a running service as anybody would: apache-arrow decodes
// what came, and nothing of the server's own reading and writing is used.

import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  Client,
  credentials,
  logVerbosity,
  Metadata,
  setLogVerbosity,
  status,
  type ServiceError,
} from '@grpc/grpc-js';
import { tableFromIPC, type Table } from 'apache-arrow';
import { messageOf } from '../../core/app-error.js';
import {
  FlightDataSchema,
  FlightService,
  TicketSchema,
  type FlightData,
} from '../protocol/Flight_pb.js';

/** A call failed. The message is meant for who called. */
export class FlightReadError extends Error {
  override readonly name = 'FlightReadError';
}

export interface FlightReadOptions {
  readonly timeoutSeconds: number;
  /** Ends the call. */
  readonly signal?: AbortSignal | undefined;
}

export interface FlightAddress {
  /** `host:port`, IPv6 addresses in brackets */
  readonly target: string;
  readonly isEncrypted: boolean;
}

const CONTINUATION = 0xffffffff;

export class FlightReader {
  private readonly client: Client;

  constructor({ target, isEncrypted }: FlightAddress) {
    // It writes plain lines of what is told by the errors, too.
    setLogVerbosity(logVerbosity.NONE);
    this.client = new Client(
      target,
      isEncrypted ? credentials.createSsl() : credentials.createInsecure(),
      // Where this machine has a proxy for the web, the service is not behind it.
      { 'grpc.enable_http_proxy': 0 },
    );
  }

  /**
   * What `DoGet` answers to a command in the place of a ticket.
   * @throws FlightReadError
   */
  async read(
    command: Readonly<Record<string, unknown>>,
    options: FlightReadOptions,
  ): Promise<Table> {
    const ticket = create(TicketSchema, { ticket: Buffer.from(JSON.stringify(command)) });
    const bytes = Buffer.from(toBinary(TicketSchema, ticket));
    const messages = await this.messages(FlightService.method.doGet.name, bytes, options);
    try {
      return tableFromIPC(
        streamOf(messages.map((message) => fromBinary(FlightDataSchema, message))),
      );
    } catch (error) {
      throw new FlightReadError(`the answer is no Arrow data: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  close(): void {
    this.client.close();
  }

  private async messages(
    method: string,
    request: Buffer,
    { timeoutSeconds, signal }: FlightReadOptions,
  ): Promise<Buffer[]> {
    const call = this.client.makeServerStreamRequest(
      `/${FlightService.typeName}/${method}`,
      passThrough,
      passThrough,
      request,
      new Metadata(),
      { deadline: Date.now() + timeoutSeconds * 1000 },
    );
    const cancel = () => call.cancel();
    signal?.addEventListener('abort', cancel);
    if (signal?.aborted) cancel();
    const messages: Buffer[] = [];
    try {
      for await (const message of call as AsyncIterable<Buffer>) messages.push(message);
      return messages;
    } catch (error) {
      if (signal?.aborted) throw new FlightReadError('interrupted', { cause: error });
      throw new FlightReadError(reasonOf(error, timeoutSeconds), { cause: error });
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  }
}

const passThrough = (bytes: Buffer): Buffer => bytes;

function reasonOf(error: unknown, timeoutSeconds: number): string {
  if (!(error instanceof Error) || !('code' in error)) return messageOf(error);
  const { code, details } = error as ServiceError;
  if (code === status.DEADLINE_EXCEEDED) return `no answer within ${timeoutSeconds} s`;
  return `${status[code]}: ${details.replace(/\s*Resolution note:\s*$/, '')}`;
}

/**
 * The messages as an Arrow IPC stream: each header with its length before it, padded to 8 bytes.
 *
 * Format: Arrow columnar format 1.5, "Encapsulated message format".
 */
function streamOf(messages: readonly FlightData[]): Uint8Array {
  return Buffer.concat(
    messages.flatMap(({ dataHeader, dataBody }) => {
      const padding = -dataHeader.byteLength & 7;
      const head = Buffer.alloc(8);
      head.writeUInt32LE(CONTINUATION, 0);
      head.writeInt32LE(dataHeader.byteLength + padding, 4);
      return [head, dataHeader, Buffer.alloc(padding), dataBody];
    }),
  );
}
