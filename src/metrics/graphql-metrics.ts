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
  /** By type and outcome: labels are not looked up 30,000 times a second. */
  private readonly recorders = new Map<
    string,
    { readonly counter: Counter.Internal; readonly histogram: Histogram.Internal<string> }
  >();

  constructor(
    @InjectMetric(GRAPHQL_OPERATIONS_TOTAL.name) private readonly operations: Counter,
    @InjectMetric(GRAPHQL_OPERATION_DURATION_SECONDS.name) private readonly duration: Histogram,
  ) {}

  observe(type: OperationType, outcome: OperationOutcome, seconds: number): void {
    const name = `${type} ${outcome}` as const;
    let recorders = this.recorders.get(name);
    if (!recorders) {
      const [counter, histogram] = [
        this.operations.labels({ type, outcome }),
        this.duration.labels({ type }),
      ];
      recorders = { counter, histogram };
      this.recorders.set(name, recorders);
    }
    recorders.counter.inc();
    recorders.histogram.observe(seconds);
  }
}
