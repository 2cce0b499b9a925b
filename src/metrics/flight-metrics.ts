import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter, Gauge, Histogram } from 'prom-client';
import {
  FLIGHT_BYTES_TOTAL,
  FLIGHT_CALL_DURATION_SECONDS,
  FLIGHT_CALLS_TOTAL,
  FLIGHT_STREAMS,
} from './metric-definitions.js';

@Injectable()
export class FlightMetrics {
  constructor(
    @InjectMetric(FLIGHT_CALLS_TOTAL.name) private readonly calls: Counter,
    @InjectMetric(FLIGHT_CALL_DURATION_SECONDS.name) private readonly duration: Histogram,
    @InjectMetric(FLIGHT_BYTES_TOTAL.name) private readonly bytes: Counter,
    @InjectMetric(FLIGHT_STREAMS.name) private readonly streams: Gauge,
  ) {}

  observe(method: string, outcome: string, seconds: number): void {
    this.calls.inc({ method, outcome });
    this.duration.observe({ method }, seconds);
  }

  countSent(method: string, bytes: number): void {
    this.bytes.inc({ method, direction: 'sent' }, bytes);
  }

  countReceived(method: string, bytes: number): void {
    this.bytes.inc({ method, direction: 'received' }, bytes);
  }

  setStreams(open: number): void {
    this.streams.set(open);
  }
}
