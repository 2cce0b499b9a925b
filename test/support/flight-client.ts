// A Flight client for tests: calls by name over gRPC, messages as bytes, so that anything can be sent and
// everything that came can be looked at. Arrow's own library frames and reads what is well-formed;
// arrow-frames.ts builds by hand what is not, or what that library cannot.

import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  Client,
  credentials,
  Metadata,
  status,
  type CallOptions,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ServiceError,
} from '@grpc/grpc-js';
import { tableFromIPC, type Table } from 'apache-arrow';
import { expect } from 'vitest';
import {
  ActionSchema,
  ActionTypeSchema,
  CriteriaSchema,
  FlightDataSchema,
  FlightDescriptor_DescriptorType as DescriptorType,
  FlightDescriptorSchema,
  FlightInfoSchema,
  PutResultSchema,
  ResultSchema,
  SchemaResultSchema,
  TicketSchema,
  type FlightData,
  type FlightDescriptor,
  type FlightInfo,
} from '../../src/flight/protocol/Flight_pb.js';
import { unframed, type Frame } from './arrow-frames.js';
import type { TestApp } from './test-app.js';

export interface StreamEnd {
  readonly messages: Buffer[];
  /** Undefined where the call ended well. */
  readonly error: ServiceError | undefined;
}

const passThrough = (bytes: Buffer): Buffer => bytes;
const FLIGHT = 'arrow.flight.protocol.FlightService';

/** A command in the place of a path. */
export type Asked = readonly string[] | Record<string, unknown>;

export function descriptorOf(asked: Asked): FlightDescriptor {
  return create(
    FlightDescriptorSchema,
    isPath(asked)
      ? { type: DescriptorType.PATH, path: [...asked] }
      : { type: DescriptorType.CMD, cmd: Buffer.from(JSON.stringify(asked)) },
  );
}

function isPath(asked: Asked): asked is readonly string[] {
  return Array.isArray(asked);
}

export function ticketBytes(ticket: Uint8Array | string): Buffer {
  const bytes = typeof ticket === 'string' ? Buffer.from(ticket) : ticket;
  return Buffer.from(toBinary(TicketSchema, create(TicketSchema, { ticket: bytes })));
}

export class FlightTestClient {
  readonly client: Client;

  constructor(port: number) {
    this.client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
      // Connections are not shared with other clients of the process.
      'grpc.use_local_subchannel_pool': 1,
    });
  }

  close(): void {
    this.client.close();
  }

  unary(method: string, request: Uint8Array): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.client.makeUnaryRequest(
        pathOf(method),
        passThrough,
        passThrough,
        Buffer.from(request),
        (error, answer) => (error ? reject(error) : resolve(answer!)),
      );
    });
  }

  open(
    method: string,
    request: Uint8Array,
    options: CallOptions = {},
  ): ClientReadableStream<Buffer> {
    return this.client.makeServerStreamRequest(
      pathOf(method),
      passThrough,
      passThrough,
      Buffer.from(request),
      new Metadata(),
      options,
    );
  }

  stream(method: string, request: Uint8Array): Promise<StreamEnd> {
    return collected(this.open(method, request));
  }

  duplex(method: string, options: CallOptions = {}): ClientDuplexStream<Buffer, Buffer> {
    return this.client.makeBidiStreamRequest(
      pathOf(method),
      passThrough,
      passThrough,
      new Metadata(),
      options,
    );
  }

  async info(asked: Asked): Promise<FlightInfo> {
    const request = toBinary(FlightDescriptorSchema, descriptorOf(asked));
    return fromBinary(FlightInfoSchema, await this.unary('GetFlightInfo', request));
  }

  /** @returns as it was sent: continuation, length, header */
  async schema(asked: Asked): Promise<Uint8Array> {
    const request = toBinary(FlightDescriptorSchema, descriptorOf(asked));
    return fromBinary(SchemaResultSchema, await this.unary('GetSchema', request)).schema;
  }

  openTicket(ticket: Uint8Array | string): ClientReadableStream<Buffer> {
    return this.open('DoGet', ticketBytes(ticket));
  }

  /** Whatever comes of it. */
  async tryGet(
    ticket: Uint8Array | string | Record<string, unknown>,
  ): Promise<{ data: FlightData[]; error: ServiceError | undefined }> {
    const bytes =
      typeof ticket === 'string' || ticket instanceof Uint8Array ? ticket : JSON.stringify(ticket);
    const { messages, error } = await this.stream('DoGet', ticketBytes(bytes));
    return { data: messages.map((message) => fromBinary(FlightDataSchema, message)), error };
  }

  async get(ticket: Uint8Array | string | Record<string, unknown>): Promise<FlightData[]> {
    const { data, error } = await this.tryGet(ticket);
    expect(error).toBeUndefined();
    return data;
  }

  async table(ticket: Uint8Array | string | Record<string, unknown>): Promise<Table> {
    return tableOf(await this.get(ticket));
  }

  async rows(ticket: Uint8Array | string | Record<string, unknown>): Promise<PlainRow[]> {
    return plainRows(await this.table(ticket));
  }

  async action(type: string, body?: unknown): Promise<unknown> {
    const bytes = body === undefined ? new Uint8Array() : Buffer.from(JSON.stringify(body));
    const request = toBinary(ActionSchema, create(ActionSchema, { type, body: bytes }));
    const { messages, error } = await this.stream('DoAction', request);
    if (error) throw error;
    expect(messages).toHaveLength(1);
    return JSON.parse(Buffer.from(fromBinary(ResultSchema, messages[0]!).body).toString());
  }

  async actions(): Promise<string[]> {
    const { messages, error } = await this.stream('ListActions', new Uint8Array());
    expect(error).toBeUndefined();
    return messages.map((message) => fromBinary(ActionTypeSchema, message).type);
  }

  async list(criteria?: unknown): Promise<FlightInfo[]> {
    const { messages, error } = await this.tryList(
      criteria === undefined ? new Uint8Array() : Buffer.from(JSON.stringify(criteria)),
    );
    if (error) throw error;
    return messages.map((message) => fromBinary(FlightInfoSchema, message));
  }

  tryList(expression: Uint8Array): Promise<StreamEnd> {
    return this.stream(
      'ListFlights',
      toBinary(CriteriaSchema, create(CriteriaSchema, { expression })),
    );
  }

  /** Opens an upload; its messages are written one by one. */
  putting(options: CallOptions = {}): Putting {
    return new Putting(this.duplex('DoPut', options));
  }

  /** Sends all the frames, the descriptor with the first of them, and whatever comes of it. */
  async put(asked: Asked | undefined, frames: readonly Frame[]): Promise<PutEnd> {
    const putting = this.putting();
    frames.forEach((frame, index) => putting.send(frame, index === 0 ? asked : undefined));
    return putting.finish();
  }

  /** Asserts that it was stored; what the last result says. */
  async stored(asked: Asked, frames: readonly Frame[]): Promise<PutResult> {
    const { results, error } = await this.put(asked, frames);
    expect(error).toBeUndefined();
    const last = results.at(-1)!;
    expect(last).toMatchObject({ stored: true });
    return last;
  }
}

export interface PutResult {
  readonly batch?: number;
  readonly rows?: number;
  readonly stored?: boolean;
  readonly added?: number;
  readonly revised?: number;
  readonly unchanged?: number;
  readonly withdrawn?: number;
  readonly error?: { code: string; message: string; rows?: number[] };
}

export interface PutEnd {
  readonly results: PutResult[];
  readonly error: ServiceError | undefined;
}

export class Putting {
  readonly results: PutResult[] = [];
  readonly ended: Promise<PutEnd>;
  private readonly waiting: { count: number; resolve: () => void }[] = [];

  constructor(readonly call: ClientDuplexStream<Buffer, Buffer>) {
    call.on('data', (bytes: Buffer) => {
      const { appMetadata } = fromBinary(PutResultSchema, bytes);
      this.results.push(JSON.parse(Buffer.from(appMetadata).toString()) as PutResult);
      for (const { count, resolve } of this.waiting) if (this.results.length >= count) resolve();
    });
    this.ended = collected(call).then(({ error }) => ({ results: this.results, error }));
  }

  send(frame: Frame, asked?: Asked): void {
    this.sendBytes(frameBytes(frame, asked));
  }

  sendBytes(bytes: Uint8Array): void {
    this.call.write(Buffer.from(bytes));
  }

  /** Until so many results came. */
  async answered(count: number): Promise<void> {
    if (this.results.length >= count) return;
    await new Promise<void>((resolve) => this.waiting.push({ count, resolve }));
  }

  finish(): Promise<PutEnd> {
    this.call.end();
    return this.ended;
  }
}

export function frameBytes({ header, body, metadata }: Frame, asked?: Asked): Uint8Array {
  const message = create(FlightDataSchema, {
    dataHeader: header,
    dataBody: body,
    ...(metadata === undefined ? {} : { appMetadata: Buffer.from(JSON.stringify(metadata)) }),
    ...(asked === undefined ? {} : { flightDescriptor: descriptorOf(asked) }),
  });
  return toBinary(FlightDataSchema, message);
}

/** Everything up to the end of a call. */
export function collected(call: ClientReadableStream<Buffer> | ClientDuplexStream<Buffer, Buffer>) {
  return new Promise<StreamEnd>((resolve) => {
    const messages: Buffer[] = [];
    let error: ServiceError | undefined;
    call.on('data', (message: Buffer) => messages.push(message));
    call.on('error', (failure: ServiceError) => (error = failure));
    call.on('status', ({ code }: { code: status }) => {
      // A stream of the client ends with `error` or, where all is well, after its last message.
      if (code === status.OK) call.once('end', () => resolve({ messages, error }));
      else setImmediate(() => resolve({ messages, error }));
    });
  });
}

export function tableOf(data: readonly FlightData[]): Table {
  return tableFromIPC(
    unframed(data.map(({ dataHeader, dataBody }) => ({ header: dataHeader, body: dataBody }))),
  );
}

/** Dates as days, instants as whole numbers, everything else as it is. */
export type PlainRow = Record<string, unknown>;

export function plainRows(table: Table): PlainRow[] {
  const columns = table.schema.fields.map(({ name }, index) => ({
    name,
    // By place, because names may repeat.
    vector: table.getChildAt(index)!,
  }));
  return Array.from({ length: table.numRows }, (_, row) =>
    Object.fromEntries(
      columns.map(({ name, vector }) => [name, plainValue(name, vector.get(row))]),
    ),
  );
}

function plainValue(name: string, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (name === 'date' || name.endsWith('_date')) {
    return new Date(Number(value)).toISOString().slice(0, 10);
  }
  return typeof value === 'bigint' ? Number(value) : value;
}

export function columnOf(rows: readonly PlainRow[], name: string): unknown[] {
  return rows.map((row) => row[name]);
}

/** The code of the service that the trailers of a failure carry. */
export function codeOf(error: ServiceError | undefined): string | undefined {
  const [code] = error?.metadata.get('error-code') ?? [];
  return code === undefined ? undefined : String(code);
}

export function detailsOf(error: ServiceError | undefined): Record<string, unknown> {
  const [details] = error?.metadata.get('error-details-bin') ?? [];
  return details === undefined ? {} : (JSON.parse(details.toString()) as Record<string, unknown>);
}

/** Asserts that an argument was refused, by the name that the caller knows it by. */
export function expectRefusedField(error: ServiceError | undefined, field: string): void {
  expect(error?.code).toBe(status.INVALID_ARGUMENT);
  expect(codeOf(error)).toBe('VALIDATION_ERROR');
  expect(detailsOf(error)).toMatchObject({ field });
}

/** The failure of a call that should fail. */
export async function failureOf(call: Promise<unknown>): Promise<ServiceError> {
  return call.then(
    () => expect.fail('the call succeeded'),
    (error: ServiceError) => error,
  );
}

/** A sample of the metrics, by its name and labels as they are written. */
export async function metric(app: TestApp, sample: string): Promise<number> {
  const text = await (await fetch(`${app.url}/metrics`)).text();
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${sample} `));
  return line === undefined ? 0 : Number(line.slice(sample.length + 1));
}

function pathOf(method: string): string {
  return method.startsWith('/') ? method : `/${FLIGHT}/${method}`;
}
