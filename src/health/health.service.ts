import { Injectable } from '@nestjs/common';
import { HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import { ServiceUnavailableException } from '@nestjs/common';
import { register } from 'prom-client';
import { CacheHealth } from '../cache/cache.health.js';
import { Clock } from '../core/clock.js';
import { Instant } from '../core/instant.js';
import {
  GRAPHQL_OPERATIONS_TOTAL,
  STORAGE_OPERATIONS_TOTAL,
} from '../metrics/metric-definitions.js';
import { StorageHealth } from '../storage/storage.health.js';

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

/** Runs the checks of all modules through Terminus and reports them in the service's own shape. */
@Injectable()
export class HealthService {
  constructor(
    private readonly terminus: HealthCheckService,
    private readonly storage: StorageHealth,
    private readonly cache: CacheHealth,
    private readonly clock: Clock,
  ) {}

  async report(): Promise<HealthReport> {
    const { status, details } = await this.check();
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

  private async check(): Promise<HealthCheckResult> {
    try {
      return await this.terminus.check([
        () => this.storage.databaseConnectivity(),
        () => this.storage.storedFiles(),
        () => this.storage.flushing(),
        () => this.cache.cache(),
      ]);
    } catch (error) {
      // Terminus throws the result of a failed check as an HTTP exception.
      if (error instanceof ServiceUnavailableException) {
        return error.getResponse() as HealthCheckResult;
      }
      throw error;
    }
  }
}

/** A few figures for people without a Prometheus; values are strings. */
async function keyMetrics(): Promise<Record<string, string>> {
  const operations = await counts(GRAPHQL_OPERATIONS_TOTAL.name);
  const storage = await counts(STORAGE_OPERATIONS_TOTAL.name);
  return {
    uptime_seconds: process.uptime().toFixed(2),
    graphql_query_total: operations({ type: 'query' }),
    graphql_mutation_total: operations({ type: 'mutation' }),
    graphql_error_total: operations({ outcome: 'error' }),
    storage_read_success: storage({ operation: 'read', outcome: 'success' }),
    storage_read_failure: storage({ operation: 'read', outcome: 'failure' }),
    storage_write_success: storage({ operation: 'write', outcome: 'success' }),
    storage_write_failure: storage({ operation: 'write', outcome: 'failure' }),
  };
}

async function counts(metric: string): Promise<(labels: Record<string, string>) => string> {
  const { values } = (await register.getSingleMetric(metric)?.get()) ?? { values: [] };
  return (labels) => {
    const matching = values.filter((value) =>
      Object.entries(labels).every(([name, wanted]) => value.labels[name] === wanted),
    );
    return String(matching.reduce((sum, { value }) => sum + value, 0));
  };
}
