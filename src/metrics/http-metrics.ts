import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter, Histogram } from 'prom-client';
import { HTTP_REQUEST_DURATION_SECONDS, HTTP_REQUESTS_TOTAL } from './definitions/requests.js';

const METHODS: ReadonlySet<string> = new Set([
  ...['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
]);

/** More than the service has. Whoever hands over paths in the place of patterns fills it, and no more. */
const ROUTES_MAX = 50;

interface Recorder {
  readonly counter: Counter.Internal;
  readonly histogram: Histogram.Internal<string>;
}

@Injectable()
export class HttpMetrics {
  /** By method, route and status: labels are not looked up 30,000 times a second. */
  private readonly recorders = new Map<string, Map<string, Map<number, Recorder>>>();
  private readonly routes = new Set<string>();

  constructor(
    @InjectMetric(HTTP_REQUESTS_TOTAL.name) private readonly requests: Counter,
    @InjectMetric(HTTP_REQUEST_DURATION_SECONDS.name) private readonly duration: Histogram,
  ) {}

  /** @param route the pattern that answered it, such as `/graphql`; `none` where there was none */
  observe(method: string, route: string, status: number, seconds: number): void {
    const known = this.recorders.get(method)?.get(route)?.get(status);
    const { counter, histogram } = known ?? this.recorderOf(method, route, status);
    counter.inc();
    histogram.observe(seconds);
  }

  private recorderOf(method: string, route: string, status: number): Recorder {
    if (!METHODS.has(method)) return this.bounded('other', route, status);
    if (!this.routes.has(route) && this.routes.size >= ROUTES_MAX) {
      return this.bounded(method, 'none', status);
    }
    return this.bounded(method, route, status);
  }

  private bounded(method: string, route: string, status: number): Recorder {
    this.routes.add(route);
    const routes = this.recorders.get(method) ?? new Map<string, Map<number, Recorder>>();
    const statuses = routes.get(route) ?? new Map<number, Recorder>();
    const recorder = {
      counter: this.requests.labels({ method, route, status: String(status) }),
      histogram: this.duration.labels({ method, route }),
    };
    this.recorders.set(method, routes.set(route, statuses.set(status, recorder)));
    return recorder;
  }
}
