// Clients that go on while the service restarts. Each tells apart what was never taken (nobody listened, or the
// server said that it is going away) from what was taken and failed: the first is tried again, the second is a fault.
// A connection that is reset before anything came over it was taken by the kernel, and perhaps not by the service: the
// log of the service tells, by the id of the request.

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { clearInterval, setInterval } from 'node:timers';
import { setTimeout as wait } from 'node:timers/promises';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { Client, credentials, status } from '@grpc/grpc-js';
import { Message } from 'apache-arrow/ipc/metadata/message';
import {
  FlightDataSchema,
  FlightDescriptor_DescriptorType as DescriptorType,
  FlightDescriptorSchema,
  FlightInfoSchema,
  TicketSchema,
} from '../../dist/flight/protocol/Flight_pb.js';

const RETRY_MILLISECONDS = 50;
/** A client that gets no answer for so long gives up. */
const GIVE_UP_MILLISECONDS = 30_000;

/** Sends GraphQL at a steady rate over connections that are kept open. */
export class HttpClients {
  counts = { answered: 0, retried: 0 };
  faults = [];
  /** Ids of requests whose new connections were reset. */
  resets = [];
  /** Milliseconds until the answer, retries included. */
  longest = 0;
  /** Dates that were acknowledged, by the series they were written to. */
  acknowledged = [];

  constructor(url, seriesId, { perSecond, connections }) {
    this.url = new URL('/graphql', url);
    this.seriesId = seriesId;
    this.interval = 1000 / perSecond;
    this.agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  start() {
    this.pending = new Set();
    let due = performance.now();
    let sent = 0;
    this.timer = setInterval(() => {
      for (; due <= performance.now(); due += this.interval) {
        const task = this.one(sent++).finally(() => this.pending.delete(task));
        this.pending.add(task);
      }
    }, 5);
  }

  /** Requests that have no answer yet. */
  get waiting() {
    return this.pending.size;
  }

  async stop() {
    clearInterval(this.timer);
    await Promise.all(this.pending);
    this.agent.destroy();
  }

  async one(number) {
    // Every fifth writes: its date must be there in the end.
    const isWrite = number % 5 === 0;
    const date = new Date(Date.UTC(1900, 0, 1 + number)).toISOString().slice(0, 10);
    const body = JSON.stringify(
      isWrite
        ? {
            query:
              'mutation($i: [CreateDataPointInput!]!) { createDataPoints(inputs: $i) { addedCount } }',
            variables: {
              i: [{ seriesId: this.seriesId, date, revisionDate: '2024-01-01', value: number }],
            },
          }
        : {
            query:
              'query($id: UUID!) { series(id: $id) { title dataPoints(limit: 12) { value } } }',
            variables: { id: this.seriesId },
          },
    );
    const started = performance.now();
    for (;;) {
      const id = randomUUID();
      const outcome = await this.send(body, id);
      if (outcome === 'answered') break;
      if (outcome === 'reset') this.resets.push(id);
      else if (outcome !== 'not taken') {
        this.faults.push(`HTTP ${isWrite ? 'write' : 'read'}: ${outcome}`);
        return;
      }
      this.counts.retried++;
      if (performance.now() - started > GIVE_UP_MILLISECONDS) {
        this.faults.push('HTTP: given up');
        return;
      }
      await this.reachable();
    }
    this.counts.answered++;
    this.longest = Math.max(this.longest, performance.now() - started);
    if (isWrite) this.acknowledged.push(date);
  }

  /** One of them looks whether somebody listens again, for all: a thousand that try would hold up the start. */
  reachable() {
    this.looking ??= this.look().finally(() => (this.looking = undefined));
    return this.looking;
  }

  async look() {
    const started = performance.now();
    while (performance.now() - started < GIVE_UP_MILLISECONDS) {
      await wait(RETRY_MILLISECONDS);
      const socket = connect(Number(this.url.port), this.url.hostname);
      const isThere = await once(socket, 'connect').then(
        () => true,
        () => false,
      );
      socket.destroy();
      if (isThere) return;
    }
  }

  send(body, id) {
    return new Promise((resolve) => {
      const headers = {
        'content-type': 'application/json',
        'content-length': body.length,
        'x-request-id': id,
      };
      const sent = request(this.url, { method: 'POST', agent: this.agent, headers }, (response) => {
        let text = '';
        response.on('data', (chunk) => (text += chunk));
        response.on('error', (error) => resolve(`cut in its answer: ${error.message}`));
        response.on('end', () => {
          const isWhole = response.complete && response.statusCode === 200;
          const isRight = isWhole && JSON.parse(text).errors === undefined;
          resolve(isRight ? 'answered' : `${response.statusCode}: ${text.slice(0, 200)}`);
        });
      });
      sent.on('error', ({ code, message }) => {
        if (code === 'ECONNREFUSED') resolve('not taken');
        else if (code === 'ECONNRESET' && !sent.reusedSocket && !sent.res) resolve('reset');
        else resolve(`${message} on a ${sent.reusedSocket ? 'kept' : 'new'} connection`);
      });
      sent.end(body);
    });
  }
}

const FLIGHT = '/arrow.flight.protocol.FlightService/';
const asIs = (bytes) => Buffer.from(bytes);
/** Enough to see what is wrong. */
const FAULTS_MAX = 10;
/** Between two messages. */
const PAUSE_MILLISECONDS = 20;

/** Reads the points of a series over Flight, one stream after the other, each to its end. */
export class FlightClient {
  counts = { streams: 0, retried: 0 };
  faults = [];
  isStopped = false;

  /** @param path what is read, over and over, and has so many rows */
  constructor(port, path, rows, host = '127.0.0.1') {
    this.client = new Client(`${host}:${port}`, credentials.createInsecure(), {
      'grpc.initial_reconnect_backoff_ms': 50,
      'grpc.max_reconnect_backoff_ms': 100,
      'grpc.max_receive_message_length': -1,
    });
    this.path = path;
    this.rows = rows;
  }

  start() {
    this.running = this.run();
  }

  async stop() {
    this.isStopped = true;
    await this.running;
    this.client.close();
  }

  async run() {
    let since = performance.now();
    while (!this.isStopped) {
      const { failure, rows } = await this.read();
      if (failure === undefined && rows === this.rows) {
        this.counts.streams++;
        since = performance.now();
      } else if (failure?.code === status.UNAVAILABLE && rows === 0) {
        this.counts.retried++;
        if (performance.now() - since > GIVE_UP_MILLISECONDS) {
          this.faults.push('Flight: given up');
          return;
        }
        await wait(RETRY_MILLISECONDS);
      } else {
        this.faults.push(`Flight: ${failure?.message ?? 'ended'} after ${rows} rows`);
        if (this.faults.length === FAULTS_MAX) return;
        since = performance.now();
      }
    }
  }

  async read() {
    const descriptor = create(FlightDescriptorSchema, {
      type: DescriptorType.PATH,
      path: this.path,
    });
    const info = await new Promise((resolve) => {
      const bytes = toBinary(FlightDescriptorSchema, descriptor);
      this.client.makeUnaryRequest(`${FLIGHT}GetFlightInfo`, asIs, asIs, bytes, (failure, answer) =>
        resolve({ failure: failure ?? undefined, answer }),
      );
    });
    if (info.failure) return { failure: info.failure, rows: 0 };
    const [{ ticket }] = fromBinary(FlightInfoSchema, info.answer).endpoint;
    return this.stream(toBinary(TicketSchema, ticket));
  }

  stream(ticket) {
    return new Promise((resolve) => {
      let rows = 0;
      const call = this.client.makeServerStreamRequest(`${FLIGHT}DoGet`, asIs, asIs, ticket);
      call.on('data', (message) => {
        rows += rowsOf(message);
        // A slow reader: streams last for a while.
        call.pause();
        setTimeout(() => call.resume(), PAUSE_MILLISECONDS);
      });
      call.on('error', (failure) => resolve({ failure, rows }));
      // Its status may come before the last messages were taken.
      call.on('end', () => resolve({ failure: undefined, rows }));
    });
  }
}

function rowsOf(message) {
  const { dataHeader } = fromBinary(FlightDataSchema, message);
  const decoded = Message.decode(dataHeader);
  return decoded.isRecordBatch() ? decoded.header().length : 0;
}
