import { Injectable } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import { longestHoldSeconds } from '../metrics/event-loop.js';
import { Lifecycle } from './lifecycle.js';

/** Probes and clients that wait for so long give up elsewhere. */
const HELD_SECONDS_MAX = 2;

/** The checks of the process itself. */
@Injectable()
export class ServiceHealth {
  constructor(
    private readonly life: Lifecycle,
    private readonly indicators: HealthIndicatorService,
  ) {}

  /** Down before everything listens, and from the moment on at which a stop begins. */
  lifecycle() {
    const check = this.indicators.check('lifecycle');
    const { state } = this.life;
    return state === 'serving' ? check.up('Serving') : check.down(`The service is ${state}`);
  }

  /** Degraded for up to a minute after one piece of work held up everybody else. */
  eventLoop() {
    const check = this.indicators.check('event_loop');
    const seconds = longestHoldSeconds();
    const message = `Held for at most ${Math.round(seconds * 1000)}ms in the last minute`;
    return seconds < HELD_SECONDS_MAX ? check.up(message) : check.degraded(message);
  }
}
