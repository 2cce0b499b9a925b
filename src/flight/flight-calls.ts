// The verbs of Arrow Flight. Each parses its request and hands it to whoever knows the answer. DoExchange and
// PollFlightInfo have no use here: grpc-js answers UNIMPLEMENTED.

import { create, toBinary } from '@bufbuild/protobuf';
import { Injectable } from '@nestjs/common';
import { Actions } from './actions.js';
import { FlightMetrics } from '../metrics/flight-metrics.js';
import { parseMessage, type Calls, type Messages } from './calls.js';
import { Flights } from './flights.js';
import {
  ActionSchema,
  CriteriaSchema,
  FlightDescriptorSchema,
  HandshakeRequestSchema,
  HandshakeResponseSchema,
  TicketSchema,
} from './protocol/Flight_pb.js';
import { Uploads } from './put/uploads.js';
import { parseTicket } from './ticket.js';

@Injectable()
export class FlightCalls {
  constructor(
    private readonly flights: Flights,
    private readonly uploads: Uploads,
    private readonly actions: Actions,
    private readonly metrics: FlightMetrics,
  ) {}

  /** Counts the rows of what is sent. */
  private async *counted(messages: Messages): Messages {
    for await (const message of messages) {
      if ('rows' in message) this.metrics.countRowsSent('DoGet', message.rows);
      yield message;
    }
  }

  implementation(calls: Calls) {
    const { flights, uploads, actions } = this;
    return {
      Handshake: calls.bidiStream('Handshake', shakeHands),
      ListFlights: calls.serverStream('ListFlights', (request) =>
        flights.list(parseMessage(CriteriaSchema, request).expression),
      ),
      GetFlightInfo: calls.unary('GetFlightInfo', (request) =>
        flights.info(parseMessage(FlightDescriptorSchema, request)),
      ),
      GetSchema: calls.unary('GetSchema', (request) =>
        flights.schema(parseMessage(FlightDescriptorSchema, request)),
      ),
      DoGet: calls.serverStream('DoGet', (request, listener) =>
        this.counted(
          flights.messages(parseTicket(parseMessage(TicketSchema, request).ticket), listener),
        ),
      ),
      DoPut: calls.bidiStream('DoPut', (incoming) => uploads.receive(incoming)),
      DoAction: calls.serverStream('DoAction', (request) =>
        actions.run(parseMessage(ActionSchema, request)),
      ),
      ListActions: calls.serverStream('ListActions', () => actions.list()),
    };
  }
}

/** Nobody has to prove who they are: each greeting is answered by an empty one. */
async function* shakeHands(requests: AsyncIterable<Uint8Array>): Messages {
  for await (const request of requests) {
    const { protocolVersion } = parseMessage(HandshakeRequestSchema, request);
    yield toBinary(HandshakeResponseSchema, create(HandshakeResponseSchema, { protocolVersion }));
  }
}
