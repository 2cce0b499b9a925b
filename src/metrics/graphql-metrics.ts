import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter, Histogram } from 'prom-client';
import { Config } from '../config/environment.js';
import {
  GRAPHQL_OPERATION_DURATION_SECONDS,
  GRAPHQL_OPERATIONS_TOTAL,
} from './definitions/requests.js';

export type OperationType = 'query' | 'mutation' | 'unknown';
/**
 * `error`: the service failed; `rejected`: all its errors are the caller's fault; `cancelled`: the client went
 * while it was answered.
 */
export type OperationOutcome = 'success' | 'error' | 'rejected' | 'cancelled';

export interface ObservedOperation {
  readonly type: OperationType;
  readonly name: string | undefined;
}

interface Recorder {
  readonly counter: Counter.Internal;
  readonly histogram: Histogram.Internal<string>;
}

@Injectable()
export class GraphqlMetrics {
  /** By type, outcome and name: labels are not looked up 30,000 times a second. */
  private readonly recorders = new Map<
    OperationType,
    Map<OperationOutcome, Map<string, Recorder>>
  >();

  private readonly namesTold: ReadonlySet<string>;

  constructor(
    config: Config,
    @InjectMetric(GRAPHQL_OPERATIONS_TOTAL.name) private readonly operations: Counter,
    @InjectMetric(GRAPHQL_OPERATION_DURATION_SECONDS.name) private readonly duration: Histogram,
  ) {
    this.namesTold = new Set(config.metricsOperationNames.split(',').filter((name) => name !== ''));
    // A rate is that between two samples: the first failure has to be an increase of something.
    for (const type of ['query', 'mutation']) {
      for (const operation of [...this.namesTold, 'other', 'unnamed']) {
        operations.inc({ type, outcome: 'error', operation }, 0);
      }
    }
  }

  observe({ type, name }: ObservedOperation, outcome: OperationOutcome, seconds: number): void {
    const operation = this.labelOf(name);
    const known = this.recorders.get(type)?.get(outcome)?.get(operation);
    const { counter, histogram } = known ?? this.recorderOf(type, outcome, operation);
    counter.inc();
    histogram.observe(seconds);
  }

  /** Clients choose names freely, so each that is not asked for by the settings would be a time series without end. */
  private labelOf(name: string | undefined): string {
    if (name === undefined) return 'unnamed';
    return this.namesTold.has(name) ? name : 'other';
  }

  private recorderOf(type: OperationType, outcome: OperationOutcome, operation: string): Recorder {
    const outcomes = this.recorders.get(type) ?? new Map<OperationOutcome, Map<string, Recorder>>();
    const operations = outcomes.get(outcome) ?? new Map<string, Recorder>();
    const recorder = {
      counter: this.operations.labels({ type, outcome, operation }),
      histogram: this.duration.labels({ type, operation }),
    };
    this.recorders.set(type, outcomes.set(outcome, operations.set(operation, recorder)));
    return recorder;
  }
}
