import { Module } from '@nestjs/common';
import { MetricsModule } from '../metrics/metrics.module.js';
import { HttpRequests } from './http-requests.js';
import { RequestLog } from './request-log.js';

/** What is written where requests end. The logger itself is made before any module. */
@Module({
  imports: [MetricsModule],
  providers: [RequestLog, HttpRequests],
  exports: [RequestLog, HttpRequests],
})
export class LoggingModule {}
