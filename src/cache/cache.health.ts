import { Injectable } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import { SharedCache } from './shared-cache.js';

/** The check that the caches contribute to health. */
@Injectable()
export class CacheHealth {
  constructor(
    private readonly shared: SharedCache,
    private readonly indicators: HealthIndicatorService,
  ) {}

  /** Degraded while Redis is away: requests are answered without it, so the service is ready all the same. */
  async cache() {
    const check = this.indicators.check('cache');
    const found = await this.shared.check();
    switch (found.state) {
      case 'unused':
        return check.up('Memory only');
      case 'up':
        return check.up(`Redis responsive in ${Math.round(found.milliseconds)}ms`);
      case 'away':
        return check.degraded(`Redis is away (${found.reason}); memory only`);
    }
  }
}
