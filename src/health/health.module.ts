import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { CacheModule } from '../cache/cache.module.js';
import { StorageModule } from '../storage/storage.module.js';
import { HealthController } from './health.controller.js';
import { HealthResolver } from './health.resolver.js';
import { HealthService } from './health.service.js';

@Module({
  // A failed check is told to whoever asked; Terminus need not log it a second time.
  imports: [
    TerminusModule.forRoot({ errorLogStyle: 'json', logger: false }),
    CacheModule,
    StorageModule,
  ],
  providers: [HealthService, HealthResolver],
  controllers: [HealthController],
  exports: [HealthService],
})
export class HealthModule {}
