import { Injectable, ServiceUnavailableException } from '@nestjs/common';
import { HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import { CacheHealth } from '../cache/cache.health.js';
import { StorageHealth } from '../storage/storage.health.js';
import { ServiceHealth } from './service.health.js';

/** The checks of all modules, run by Terminus. */
@Injectable()
export class HealthChecks {
  constructor(
    private readonly terminus: HealthCheckService,
    private readonly service: ServiceHealth,
    private readonly storage: StorageHealth,
    private readonly cache: CacheHealth,
  ) {}

  async run(): Promise<HealthCheckResult> {
    const { service, storage, cache } = this;
    try {
      return await this.terminus.check([
        () => service.lifecycle(),
        () => storage.databaseConnectivity(),
        () => storage.diskSpace(),
        () => storage.log(),
        () => storage.delta(),
        () => storage.flushing(),
        () => storage.storedFiles(),
        () => cache.cache(),
        () => service.eventLoop(),
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
