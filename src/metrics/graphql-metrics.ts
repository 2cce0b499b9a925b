import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter, Histogram } from 'prom-client';
import { Config } from '../config/environment.js';
import {
  GRAPHQL_OPERATION_DURATION_SECONDS,
  GRAPHQL_OPERATIONS_TOTAL,
} from './definitions/requests.js';
import { LabelMemo } from './label-memo.js';
import type { Outcome } from './outcome.js';

export type OperationType = 'query' | 'mutation' | 'unknown';

export interface ObservedOperation {
  readonly type: OperationType;
  readonly name: string | undefined;
}

@Injectable()
export class GraphqlMetrics {
  /** By type, outcome and name: labels are not looked up 30,000 times a second. */
  private readonly recorders = new LabelMemo(
    (type: OperationType, outcome: Outcome, operation: string) => ({
      counter: this.operations.labels({ type, outcome, operation }),
      histogram: this.duration.labels({ type, operation }),
    }),
  );

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

  observe({ type, name }: ObservedOperation, outcome: Outcome, seconds: number): void {
    const { counter, histogram } = this.recorders.of(type, outcome, this.labelOf(name));
    counter.inc();
    histogram.observe(seconds);
  }

  /** Clients choose names freely, so each that is not asked for by the settings would be a time series without end. */
  private labelOf(name: string | undefined): string {
    if (name === undefined) return 'unnamed';
    return this.namesTold.has(name) ? name : 'other';
  }
}
