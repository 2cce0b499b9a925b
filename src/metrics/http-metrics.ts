import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter, Histogram } from 'prom-client';
import { HTTP_REQUEST_DURATION_SECONDS, HTTP_REQUESTS_TOTAL } from './definitions/requests.js';
import { LabelMemo } from './label-memo.js';

const METHODS: ReadonlySet<string> = new Set([
  ...['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
]);

/** More than the service has. Whoever hands over paths in the place of patterns fills it, and no more. */
const ROUTES_MAX = 50;

@Injectable()
export class HttpMetrics {
  /** By method, route and status: labels are not looked up 30,000 times a second. */
  private readonly recorders = new LabelMemo((method: string, route: string, status: number) => ({
    counter: this.requests.labels({ method, route, status: String(status) }),
    histogram: this.duration.labels({ method, route }),
  }));

  private readonly routes = new Set<string>();

  constructor(
    @InjectMetric(HTTP_REQUESTS_TOTAL.name) private readonly requests: Counter,
    @InjectMetric(HTTP_REQUEST_DURATION_SECONDS.name) private readonly duration: Histogram,
  ) {}

  /** @param route the pattern that answered it, such as `/graphql`; `none` where there was none */
  observe(method: string, route: string, status: number, seconds: number): void {
    // What is known was bounded when it came first.
    const known = this.recorders.known(method, route, status);
    const { counter, histogram } =
      known ?? this.recorders.of(boundedMethod(method), this.boundedRoute(route), status);
    counter.inc();
    histogram.observe(seconds);
  }

  private boundedRoute(route: string): string {
    if (!this.routes.has(route) && this.routes.size >= ROUTES_MAX) return 'none';
    this.routes.add(route);
    return route;
  }
}

function boundedMethod(method: string): string {
  return METHODS.has(method) ? method : 'other';
}
