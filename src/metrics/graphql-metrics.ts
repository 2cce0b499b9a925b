import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter, Histogram } from 'prom-client';
import {
  GRAPHQL_OPERATION_DURATION_SECONDS,
  GRAPHQL_OPERATIONS_TOTAL,
} from './metric-definitions.js';

@Injectable()
export class GraphqlMetrics {
  constructor(
    @InjectMetric(GRAPHQL_OPERATIONS_TOTAL.name) private readonly operations: Counter,
    @InjectMetric(GRAPHQL_OPERATION_DURATION_SECONDS.name) private readonly duration: Histogram,
  ) {}

  observe(type: 'query' | 'mutation' | 'unknown', outcome: 'success' | 'error', seconds: number) {
    this.operations.inc({ type, outcome });
    this.duration.observe({ type }, seconds);
  }
}
