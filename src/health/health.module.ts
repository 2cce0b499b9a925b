import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { CacheModule } from '../cache/cache.module.js';
import { StorageModule } from '../storage/storage.module.js';
import { HealthChecks } from './health-checks.js';
import { HealthController } from './health.controller.js';
import { HealthResolver } from './health.resolver.js';
import { HealthService } from './health.service.js';
import { Lifecycle } from './lifecycle.js';
import { ReadinessService } from './readiness.service.js';
import { ServiceHealth } from './service.health.js';

@Module({
  // A failed check is told to whoever asked; Terminus need not log it a second time.
  imports: [
    TerminusModule.forRoot({ errorLogStyle: 'json', logger: false }),
    CacheModule,
    StorageModule,
  ],
  providers: [
    Lifecycle,
    ServiceHealth,
    HealthChecks,
    HealthService,
    ReadinessService,
    HealthResolver,
  ],
  controllers: [HealthController],
  exports: [HealthService, Lifecycle],
})
export class HealthModule {}
