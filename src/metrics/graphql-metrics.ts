import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter, Histogram } from 'prom-client';
import {
  GRAPHQL_OPERATION_DURATION_SECONDS,
  GRAPHQL_OPERATIONS_TOTAL,
} from './metric-definitions.js';

export type OperationType = 'query' | 'mutation' | 'unknown';
/** `cancelled`: the client went while it was answered. */
export type OperationOutcome = 'success' | 'error' | 'cancelled';

@Injectable()
export class GraphqlMetrics {
  constructor(
    @InjectMetric(GRAPHQL_OPERATIONS_TOTAL.name) private readonly operations: Counter,
    @InjectMetric(GRAPHQL_OPERATION_DURATION_SECONDS.name) private readonly duration: Histogram,
  ) {}

  observe(type: OperationType, outcome: OperationOutcome, seconds: number): void {
    this.operations.inc({ type, outcome });
    this.duration.observe({ type }, seconds);
  }
}
