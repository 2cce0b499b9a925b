import { Controller, Get, Header, HttpStatus, Res } from '@nestjs/common';
import { HealthService, type HealthReport } from './health.service.js';

interface Reply {
  status(code: number): unknown;
}

@Controller('health')
export class HealthController {
  constructor(private readonly health: HealthService) {}

  /** 200 while the service serves, degraded or not; 503 where it cannot. */
  @Get()
  @Header('Cache-Control', 'no-store')
  async report(@Res({ passthrough: true }) reply: Reply): Promise<HealthReport> {
    const report = await this.health.report();
    if (report.status === 'unhealthy') reply.status(HttpStatus.SERVICE_UNAVAILABLE);
    return report;
  }
}
