import { Counter, Histogram } from 'prom-client';
import { beforeEach, describe, expect, it } from 'vitest';
import { HTTP_REQUEST_DURATION_SECONDS, HTTP_REQUESTS_TOTAL } from './definitions/requests.js';
import { HttpMetrics } from './http-metrics.js';

const registers = { registers: [] };

let requests: Counter;
let duration: Histogram;
let metrics: HttpMetrics;
beforeEach(() => {
  requests = new Counter({ ...HTTP_REQUESTS_TOTAL, ...registers });
  duration = new Histogram({ ...HTTP_REQUEST_DURATION_SECONDS, ...registers });
  metrics = new HttpMetrics(requests, duration);
});

/** `method route status` by how often. */
async function counted(): Promise<Record<string, number>> {
  const { values } = await requests.get();
  return Object.fromEntries(
    values.map(({ labels, value }) => [Object.values(labels).join(' '), value]),
  );
}

describe('HTTP metrics', () => {
  it('count by method, route and status, and time by method and route', async () => {
    metrics.observe('POST', '/graphql', 200, 0.004);
    metrics.observe('POST', '/graphql', 200, 0.004);
    metrics.observe('POST', '/graphql', 400, 0.2);
    metrics.observe('GET', '/health', 200, 0.001);
    expect(await counted()).toEqual({
      'POST /graphql 200': 2,
      'POST /graphql 400': 1,
      'GET /health 200': 1,
    });
    const { values } = await duration.get();
    const of = (metricName: string, route: string) =>
      values.find((value) => value.metricName === metricName && value.labels['route'] === route);
    expect(of('http_request_duration_seconds_count', '/graphql')!.value).toBe(3);
    expect(of('http_request_duration_seconds_sum', '/graphql')!.value).toBeCloseTo(0.208);
  });

  it('take methods that are none together', async () => {
    for (const method of ['BREW', 'PROPFIND', 'get']) metrics.observe(method, 'none', 404, 0.001);
    metrics.observe('BREW', 'none', 404, 0.001);
    expect(await counted()).toEqual({ 'other none 404': 4 });
  });

  it('are bounded, even for somebody who hands over paths', async () => {
    for (let n = 0; n < 200; n++) metrics.observe('GET', `/series/${n}`, 404, 0.001);
    metrics.observe('GET', '/series/0', 404, 0.001);
    const counts = await counted();
    expect(Object.keys(counts)).toHaveLength(51);
    expect(counts['GET none 404']).toBe(150);
    expect(counts['GET /series/0 404']).toBe(2);
  });

  it('are bounded, whatever the methods are', async () => {
    for (let n = 0; n < 200; n++) metrics.observe('BREW', `/series/${n}`, 404, 0.001);
    const counts = await counted();
    expect(Object.keys(counts)).toHaveLength(51);
    expect(counts['other none 404']).toBe(150);
  });
});
