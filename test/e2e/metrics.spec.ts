import { rename } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DataDirectory } from '../../src/storage/data-directory.js';
import {
  createPoints,
  createSeries,
  failed,
  readPoints,
  tryCreatePoints,
} from '../support/factories.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

let app: TestApp;
beforeEach(async () => {
  // Flushed when a test says so.
  app = await startTestApp({ cacheTtlSeconds: 0, flushIntervalSeconds: 0 });
});
afterEach(() => app.close());

/** The samples of the Prometheus text, by name and labels. */
async function scrape(): Promise<Map<string, number>> {
  const response = await fetch(`${app.url}/metrics`);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  const lines = (await response.text()).split('\n').filter((line) => line && line[0] !== '#');
  return new Map(
    lines.map((line) => {
      const space = line.lastIndexOf(' ');
      return [line.slice(0, space), Number(line.slice(space + 1))];
    }),
  );
}

/** How much the samples grew while `task` ran; the registry is one per process. */
async function growth(task: () => Promise<unknown>): Promise<(sample: string) => number> {
  const before = await scrape();
  await task();
  const after = await scrape();
  return (sample) => (after.get(sample) ?? 0) - (before.get(sample) ?? 0);
}

const flush = (): Promise<void> => app.app.get(DataDirectory).flush();

describe('/metrics', () => {
  it('counts and times GraphQL operations by type and outcome', async () => {
    const grown = await growth(async () => {
      await app.query('{ health }');
      await app.query('query { sources { id } }');
      await app.query('query { nope }');
      await app.query('{ series(id: "x") { id } }');
      await app.query('not even GraphQL');
      await createSeries(app);
      await app.query('mutation { deleteSeries(id: "123e4567-e89b-12d3-a456-426614174000") }');
    });
    const total = (type: string, outcome: string) =>
      grown(`graphql_operations_total{type="${type}",outcome="${outcome}"}`);
    expect(total('query', 'success')).toBe(2);
    // Before its validation a query is of no type yet.
    expect(total('query', 'error') + total('unknown', 'error')).toBe(3);
    expect(total('mutation', 'success')).toBe(1);
    expect(total('mutation', 'error')).toBe(1);
    expect(grown('graphql_operation_duration_seconds_count{type="mutation"}')).toBe(2);
    expect(grown('graphql_operation_duration_seconds_sum{type="mutation"}')).toBeGreaterThan(0);
    expect(grown('graphql_operation_duration_seconds_bucket{le="+Inf",type="mutation"}')).toBe(2);
  });

  it('counts, times and weighs commits, flushes and reads of the data directory', async () => {
    const { id } = await createSeries(app);
    const writes = await growth(() => createPoints(app, id, [{ date: '2024-01-01', value: '1' }]));
    expect(writes('storage_operations_total{operation="write",outcome="success"}')).toBe(1);
    expect(writes('storage_operation_duration_seconds_count{operation="write"}')).toBe(1);
    expect(writes('storage_operation_duration_seconds_sum{operation="write"}')).toBeGreaterThan(0);
    expect(writes('storage_bytes_total{operation="write"}')).toBeGreaterThan(16);
    expect(writes('storage_log_bytes')).toBeGreaterThan(16);
    expect(writes('storage_delta_bytes')).toBeGreaterThan(16);
    expect(writes('storage_operations_total{operation="flush",outcome="success"}')).toBe(0);
    expect(writes('storage_operations_total{operation="write",outcome="failure"}')).toBe(0);

    const fromMemory = await growth(() => readPoints(app, id));
    expect(fromMemory('storage_operations_total{operation="read",outcome="success"}')).toBe(0);

    const flushes = await growth(flush);
    expect(flushes('storage_operations_total{operation="flush",outcome="success"}')).toBe(1);
    expect(flushes('storage_operation_duration_seconds_count{operation="flush"}')).toBe(1);
    expect(flushes('storage_operations_total{operation="write",outcome="success"}')).toBe(0);

    const reads = await growth(() => readPoints(app, id));
    expect(reads('storage_operations_total{operation="read",outcome="success"}')).toBe(1);
    expect(reads('storage_operation_duration_seconds_count{operation="read"}')).toBe(1);
    expect(reads('storage_bytes_total{operation="read"}')).toBeGreaterThan(1000);
    expect(reads('storage_operations_total{operation="write",outcome="success"}')).toBe(0);

    const nothing = await growth(() => createPoints(app, id, [{ date: '2024-01-01', value: '1' }]));
    expect(nothing('storage_operations_total{operation="write",outcome="success"}')).toBe(0);
  });

  it('counts failures apart', async () => {
    await app.close();
    // A write that is too large for a segment needs a new file, and so the directory.
    app = await startTestApp({
      ...{ cacheTtlSeconds: 0, flushIntervalSeconds: 0, logSegmentBytes: 4096 },
    });
    const { id } = await createSeries(app);
    const failures = await growth(async () => {
      await rename(app.dataDir, `${app.dataDir}-gone`);
      const points = Array.from({ length: 1000 }, (_, n) => {
        return { seriesId: id, date: `${1001 + n}-01-01`, value: String(Math.sqrt(n)) };
      });
      const answer = await tryCreatePoints(app, points);
      expect(failed(answer).extensions).toMatchObject({ code: 'STORAGE_ERROR' });
      expect(JSON.stringify(answer)).not.toContain(app.dataDir);
      await rename(`${app.dataDir}-gone`, app.dataDir);
    });
    expect(failures('storage_operations_total{operation="write",outcome="success"}')).toBe(0);
    expect(failures('graphql_operations_total{type="mutation",outcome="error"}')).toBe(1);
    expect(failures('storage_operations_total{operation="write",outcome="failure"}')).toBe(1);

    const flushes = await growth(async () => {
      await createPoints(app, id, [{ date: '2024-02-01', value: '2' }]);
      await rename(app.dataDir, `${app.dataDir}-gone`);
      await expect(flush()).rejects.toMatchObject({ code: 'STORAGE_ERROR' });
      await rename(`${app.dataDir}-gone`, app.dataDir);
    });
    expect(flushes('storage_operations_total{operation="flush",outcome="failure"}')).toBe(1);
  });

  it('tells how many series there are, and how the process fares', async () => {
    await createSeries(app);
    await createSeries(app);
    const samples = await scrape();
    expect(samples.get('storage_series')).toBe(2);
    expect(samples.get('storage_quarantined_files') ?? 0).toBe(0);
    expect(samples.get('process_resident_memory_bytes')).toBeGreaterThan(10_000_000);
    expect(samples.get('nodejs_eventloop_lag_seconds')).toBeGreaterThanOrEqual(0);
  });

  it('counts look-ups in the cache, hits and misses', async () => {
    await app.close();
    // Without the cache of answers, which would keep the second query from the batches.
    app = await startTestApp({ graphqlExecutor: 'reference' });
    const { id } = await createSeries(app);
    await createPoints(app, id, [{ date: '2024-01-01', value: '1' }]);
    const misses = await growth(() => readPoints(app, id));
    expect(misses('cache_lookups_total{cache="batches",level="memory",outcome="miss"}')).toBe(1);
    const hits = await growth(() => readPoints(app, id));
    expect(hits('cache_lookups_total{cache="batches",level="memory",outcome="hit"}')).toBe(1);
    expect(hits('cache_lookups_total{cache="batches",level="memory",outcome="miss"}')).toBe(0);
    expect(hits('storage_operations_total{operation="read",outcome="success"}')).toBe(0);
  });

  it('tells for how long the event loop was held, to everybody who asks', async () => {
    const longest = 'event_loop_held_seconds{quantile="1"}';
    await vi.waitFor(async () => {
      const until = performance.now() + 150;
      while (performance.now() < until);
      expect((await scrape()).get(longest)).toBeGreaterThan(0.1);
    });
    expect((await scrape()).get(longest)).toBeGreaterThan(0.1);
  });

  it('names every metric with its meaning and type', async () => {
    const text = await (await fetch(`${app.url}/metrics`)).text();
    for (const name of text.matchAll(/^(\w+?)(_bucket|_sum|_count)?(\{| )/gm)) {
      const described = [name[1], `${name[1]}${name[2] ?? ''}`];
      expect(described.some((metric) => text.includes(`# HELP ${metric} `))).toBe(true);
    }
  });
});
