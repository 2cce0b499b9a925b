import { Injectable } from '@nestjs/common';
import type { HealthCheckResult } from '@nestjs/terminus';
import { register } from 'prom-client';
import { Clock } from '../core/clock.js';
import { Instant } from '../core/instant.js';
import { GRAPHQL_OPERATIONS_TOTAL } from '../metrics/definitions/requests.js';
import { STORAGE_OPERATIONS_TOTAL } from '../metrics/definitions/storage.js';
import { HealthChecks } from './health-checks.js';

export type HealthStatus = 'healthy' | 'degraded' | 'unhealthy';

export interface HealthReport {
  readonly status: HealthStatus;
  readonly timestamp: string;
  readonly checks: Record<string, { name: string; status: string; message: string }>;
  readonly metrics: Record<string, string>;
}

const OVERALL: Record<HealthCheckResult['status'], HealthStatus> = {
  ok: 'healthy',
  degraded: 'degraded',
  error: 'unhealthy',
  shutting_down: 'unhealthy',
};

const CHECK_STATUS: Record<string, string> = {
  up: 'Healthy',
  degraded: 'Degraded',
  down: 'Unhealthy',
};

/** Reports the checks of all modules in the service's own shape. */
@Injectable()
export class HealthService {
  constructor(
    private readonly checks: HealthChecks,
    private readonly clock: Clock,
  ) {}

  async report(): Promise<HealthReport> {
    const { status, details } = await this.checks.run();
    return {
      status: OVERALL[status],
      timestamp: Instant.format(this.clock.now()),
      checks: Object.fromEntries(
        Object.entries(details).map(([name, { status: state, message }]) => [
          name,
          { name, status: CHECK_STATUS[state] ?? state, message: String(message ?? '') },
        ]),
      ),
      metrics: await keyMetrics(),
    };
  }
}

/** A few figures for people without a Prometheus; values are strings. */
async function keyMetrics(): Promise<Record<string, string>> {
  const operations = await countsOf(GRAPHQL_OPERATIONS_TOTAL.name);
  const storage = await countsOf(STORAGE_OPERATIONS_TOTAL.name);
  const counts = {
    graphql_query_total: operations({ type: 'query' }),
    graphql_mutation_total: operations({ type: 'mutation' }),
    graphql_error_total: operations({ outcome: 'error' }) + operations({ outcome: 'rejected' }),
    storage_read_success: storage({ operation: 'read', outcome: 'success' }),
    storage_read_failure: storage({ operation: 'read', outcome: 'failure' }),
    storage_write_success: storage({ operation: 'write', outcome: 'success' }),
    storage_write_failure: storage({ operation: 'write', outcome: 'failure' }),
  };
  return {
    uptime_seconds: process.uptime().toFixed(2),
    ...Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, String(count)])),
  };
}

/** The sum of a counter over all samples that have the labels asked for. */
async function countsOf(metric: string): Promise<(labels: Record<string, string>) => number> {
  const { values } = (await register.getSingleMetric(metric)?.get()) ?? { values: [] };
  return (labels) => {
    const matching = values.filter((value) =>
      Object.entries(labels).every(([name, wanted]) => value.labels[name] === wanted),
    );
    return matching.reduce((sum, { value }) => sum + value, 0);
  };
}
