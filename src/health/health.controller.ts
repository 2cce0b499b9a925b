import { Controller, Get, Header, HttpStatus, Res } from '@nestjs/common';
import { HealthService, type HealthReport } from './health.service.js';
import { ReadinessService, type Readiness } from './readiness.service.js';

interface Reply {
  status(code: number): unknown;
}

/** The whole report for people, and a short answer for each kind of probe. */
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthService,
    private readonly readiness: ReadinessService,
  ) {}

  /** 200 while the service serves, degraded or not; 503 where it cannot. */
  @Get()
  @Header('Cache-Control', 'no-store')
  async report(@Res({ passthrough: true }) reply: Reply): Promise<HealthReport> {
    const report = await this.health.report();
    if (report.status === 'unhealthy') reply.status(HttpStatus.SERVICE_UNAVAILABLE);
    return report;
  }

  /** 200 as long as the process answers at all: a restart would not help against anything else. */
  @Get('live')
  @Header('Cache-Control', 'no-store')
  live(): { readonly status: 'alive' } {
    return { status: 'alive' };
  }

  /** 503 where nothing new should be sent here: also from the moment on at which a stop begins. */
  @Get('ready')
  @Header('Cache-Control', 'no-store')
  async ready(@Res({ passthrough: true }) reply: Reply): Promise<Readiness> {
    return told(await this.readiness.readiness(), reply);
  }

  /** 503 until everything listens. */
  @Get('startup')
  @Header('Cache-Control', 'no-store')
  startup(@Res({ passthrough: true }) reply: Reply): Readiness {
    return told(this.readiness.startup(), reply);
  }
}

function told(readiness: Readiness, reply: Reply): Readiness {
  if (readiness.status !== 'ready') reply.status(HttpStatus.SERVICE_UNAVAILABLE);
  return readiness;
}
