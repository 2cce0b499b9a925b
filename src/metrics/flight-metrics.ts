import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter, Gauge, Histogram } from 'prom-client';
import {
  FLIGHT_BYTES_TOTAL,
  FLIGHT_CALL_DURATION_SECONDS,
  FLIGHT_CALLS_TOTAL,
  FLIGHT_ROWS_TOTAL,
  FLIGHT_STREAMS,
} from './definitions/requests.js';
import type { Outcome } from './outcome.js';

const METHODS = [
  ...['Handshake', 'ListFlights', 'GetFlightInfo', 'GetSchema'],
  ...['DoGet', 'DoPut', 'DoAction', 'ListActions'],
];

@Injectable()
export class FlightMetrics {
  constructor(
    @InjectMetric(FLIGHT_CALLS_TOTAL.name) private readonly calls: Counter,
    @InjectMetric(FLIGHT_CALL_DURATION_SECONDS.name) private readonly duration: Histogram,
    @InjectMetric(FLIGHT_BYTES_TOTAL.name) private readonly bytes: Counter,
    @InjectMetric(FLIGHT_ROWS_TOTAL.name) private readonly rows: Counter,
    @InjectMetric(FLIGHT_STREAMS.name) private readonly streams: Gauge,
  ) {
    // A rate is that between two samples: the first failure has to be an increase of something.
    for (const method of METHODS) calls.inc({ method, outcome: 'error' }, 0);
  }

  observe(method: string, outcome: Outcome, seconds: number): void {
    this.calls.inc({ method, outcome });
    this.duration.observe({ method }, seconds);
  }

  countSent(method: string, bytes: number): void {
    this.bytes.inc({ method, direction: 'sent' }, bytes);
  }

  countReceived(method: string, bytes: number): void {
    this.bytes.inc({ method, direction: 'received' }, bytes);
  }

  countRowsSent(method: string, rows: number): void {
    this.rows.inc({ method, direction: 'sent' }, rows);
  }

  countRowsReceived(method: string, rows: number): void {
    this.rows.inc({ method, direction: 'received' }, rows);
  }

  setStreams(open: number): void {
    this.streams.set(open);
  }
}
