import { rename } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Uuid } from '../../src/core/uuid.js';
import { DataDirectory } from '../../src/storage/data-directory.js';
import { StorageMaintenance } from '../../src/storage/storage-maintenance.js';
import {
  createPoints,
  createSeries,
  failed,
  readPoints,
  tryCreatePoints,
} from '../support/factories.js';
import { date32, float, streamFrames } from '../support/arrow-frames.js';
import { FlightTestClient } from '../support/flight-client.js';
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
  it('counts and times GraphQL operations by type, outcome and name', async () => {
    await app.close();
    app = await startTestApp({ metricsOperationNames: 'Sources,Charts' });
    const grown = await growth(async () => {
      await app.query('{ health }');
      await app.query('query Sources { sources { id } }');
      await app.query('query Secret { sources { id } }');
      await app.query('query { nope }');
      await app.query('{ series(id: "x") { id } }');
      await app.query('not even GraphQL');
      await createSeries(app);
      await app.query('mutation { deleteSeries(id: "123e4567-e89b-12d3-a456-426614174000") }');
    });
    const total = (type: string, outcome: string, operation = 'unnamed') =>
      grown(
        `graphql_operations_total{type="${type}",outcome="${outcome}",operation="${operation}"}`,
      );
    expect(total('query', 'success')).toBe(1);
    expect(total('query', 'success', 'Sources')).toBe(1);
    expect(total('query', 'success', 'other')).toBe(1);
    // Before its validation a query is of no type yet.
    expect(total('query', 'rejected') + total('unknown', 'rejected')).toBe(3);
    expect(total('mutation', 'success')).toBe(1);
    expect(total('mutation', 'rejected')).toBe(1);
    const mutations = 'type="mutation",operation="unnamed"';
    const duration = 'graphql_operation_duration_seconds';
    expect(grown(`${duration}_count{${mutations}}`)).toBe(2);
    expect(grown(`${duration}_sum{${mutations}}`)).toBeGreaterThan(0);
    expect(grown(`${duration}_bucket{le="+Inf",${mutations}}`)).toBe(2);
  });

  it('counts, times and weighs commits, flushes and reads of the data directory', async () => {
    const { id } = await createSeries(app);
    const writes = await growth(() => createPoints(app, id, [{ date: '2024-01-01', value: '1' }]));
    expect(writes('storage_operations_total{operation="write",outcome="success"}')).toBe(1);
    expect(writes('storage_operation_duration_seconds_count{operation="write"}')).toBe(1);
    expect(writes('storage_operation_duration_seconds_sum{operation="write"}')).toBeGreaterThan(0);
    expect(writes('storage_bytes_total{operation="write"}')).toBeGreaterThan(16);
    expect(writes('storage_commits_total')).toBe(1);
    expect(writes('storage_points_written_total')).toBe(1);
    expect(writes('storage_log_sync_duration_seconds_count')).toBe(1);
    expect(writes('storage_log_sync_duration_seconds_sum')).toBeGreaterThan(0);
    expect(writes('storage_log_bytes')).toBeGreaterThan(16);
    expect(writes('storage_unflushed_series')).toBe(1);
    expect(writes('storage_points')).toBe(1);
    expect(writes('storage_delta_bytes')).toBeGreaterThan(16);
    expect(writes('storage_operations_total{operation="flush",outcome="success"}')).toBe(0);
    expect(writes('storage_operations_total{operation="write",outcome="failure"}')).toBe(0);

    const fromMemory = await growth(() => readPoints(app, id));
    expect(fromMemory('storage_operations_total{operation="read",outcome="success"}')).toBe(0);

    const flushes = await growth(flush);
    expect(flushes('storage_operations_total{operation="flush",outcome="success"}')).toBe(1);
    expect(flushes('storage_operation_duration_seconds_count{operation="flush"}')).toBe(1);
    expect(flushes('storage_operations_total{operation="write",outcome="success"}')).toBe(0);
    expect(flushes('storage_files_written_total{kind="points"}')).toBe(1);
    expect(flushes('storage_files_written_total{kind="series"}')).toBe(1);
    expect(flushes('storage_bytes_total{operation="flush"}')).toBeGreaterThan(1000);
    expect(flushes('storage_delta_bytes')).toBeLessThan(-16);
    expect(flushes('storage_unflushed_series')).toBe(-1);

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
    expect(
      failures('graphql_operations_total{type="mutation",outcome="error",operation="unnamed"}'),
    ).toBe(1);
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
    expect(samples.get('storage_points')).toBe(0);
    expect(samples.get('storage_sources')).toBe(0);
    expect(samples.get('storage_writable')).toBe(1);
    expect(samples.get('storage_log_segments')).toBeGreaterThanOrEqual(1);
    const free = samples.get('storage_disk_free_bytes')!;
    expect(free).toBeGreaterThan(0);
    expect(samples.get('storage_disk_size_bytes')).toBeGreaterThanOrEqual(free);
    expect(samples.get('storage_series')).toBe(2);
    expect(samples.get('storage_quarantined_files') ?? 0).toBe(0);
    expect(samples.get('process_resident_memory_bytes')).toBeGreaterThan(10_000_000);
    expect(samples.get('nodejs_eventloop_lag_seconds')).toBeGreaterThanOrEqual(0);
  });

  it('tells for how long a change has waited for its file, until it is there', async () => {
    const { id } = await createSeries(app);
    await flush();
    expect((await scrape()).get('storage_oldest_change_age_seconds')).toBe(0);
    await createPoints(app, id, [{ date: '2024-01-01', value: '1' }]);
    const age = async () => (await scrape()).get('storage_oldest_change_age_seconds')!;
    await vi.waitFor(async () => expect(await age()).toBeGreaterThan(0.05));
    await flush();
    expect(await age()).toBe(0);
  });

  it('tells how fresh each active source is', async () => {
    const createSource = async (name: string, isActive: boolean): Promise<string> => {
      const input = { name, isActive };
      const answer = await app.query(
        'mutation ($input: CreateSourceInput!) { createSource(input: $input) { id } }',
        { input },
      );
      expect(answer.errors).toBeUndefined();
      return answer.data.createSource.id as string;
    };
    const [office, retired] = [
      await createSource('Office', true),
      await createSource('Old', false),
    ];
    const unregistered = '33333333-3333-4333-8333-333333333333';
    const before = Date.now() / 1000;
    for (const sourceId of [office, retired, unregistered]) {
      const { id } = await createSeries(app, { sourceId });
      await createPoints(app, id, [{ date: '2024-03-01', value: '1' }]);
    }
    const change = 'ingest_newest_change_timestamp_seconds';
    const observation = 'ingest_newest_observation_timestamp_seconds';
    const check = async (): Promise<void> => {
      const samples = await scrape();
      const names = [...samples.keys()].filter((name) => name.startsWith('ingest_'));
      const labels = [`{source="${office}",name="Office"}`, `{source="${unregistered}",name=""}`];
      expect(names.toSorted()).toEqual(
        labels.flatMap((label) => [change + label, observation + label]).toSorted(),
      );
      for (const label of labels) {
        expect(samples.get(change + label)).toBeGreaterThan(before - 1);
        expect(samples.get(observation + label)).toBe(Date.UTC(2024, 2, 1) / 1000);
      }
    };
    await check();
    await flush();
    await check();
  });

  it('counts compactions, and not those of series that are not there', async () => {
    const { id } = await createSeries(app);
    await createPoints(app, id, [{ date: '2024-01-01', value: '1' }]);
    const maintenance = app.app.get(StorageMaintenance);
    const grown = await growth(async () => {
      await maintenance.compact();
      await expect(maintenance.compact([Uuid.v7()])).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });
    expect(grown('storage_operations_total{operation="compact",outcome="success"}')).toBe(1);
    expect(grown('storage_operations_total{operation="compact",outcome="failure"}')).toBe(0);
    expect(grown('storage_operation_duration_seconds_count{operation="compact"}')).toBe(1);
  });

  it('counts rows that go out and come in over Arrow Flight, and their bytes', async () => {
    const { id } = await createSeries(app);
    const client = new FlightTestClient(app.flightPort);
    const grown = await growth(async () => {
      const date = date32(['2024-01-01', '2024-02-01', '2024-03-01']);
      await client.stored(['data_points', id], streamFrames({ date, value: float(64, [1, 2, 3]) }));
      expect(await client.rows({ type: 'data_points', series: [id] })).toHaveLength(3);
    });
    client.close();
    expect(grown('flight_rows_total{method="DoPut",direction="received"}')).toBe(3);
    expect(grown('flight_bytes_total{method="DoPut",direction="received"}')).toBeGreaterThan(100);
    expect(grown('flight_rows_total{method="DoGet",direction="sent"}')).toBe(3);
    expect(grown('flight_bytes_total{method="DoGet",direction="sent"}')).toBeGreaterThan(100);
  });

  it('tells what the cache holds and what it gave up', async () => {
    await app.close();
    app = await startTestApp({ graphqlExecutor: 'reference', cacheMaxEntries: 1 });
    const grown = await growth(async () => {
      for (let n = 0; n < 3; n++) {
        const { id } = await createSeries(app);
        await createPoints(app, id, [{ date: '2024-01-01', value: '1' }]);
        await flush();
        await readPoints(app, id);
      }
    });
    expect(grown('cache_evictions_total{cache="batches",reason="room"}')).toBe(2);
    const samples = await scrape();
    expect(samples.get('cache_entries{cache="batches"}')).toBe(1);
    expect(samples.get('cache_bytes{cache="batches"}')).toBeGreaterThan(0);
  });

  it('tells that writes are not taken once a sync failed', async () => {
    const { log } = app.app.get(DataDirectory);
    expect((await scrape()).get('storage_writable')).toBe(1);
    vi.spyOn(log, 'isPoisoned', 'get').mockReturnValue(true);
    expect((await scrape()).get('storage_writable')).toBe(0);
  });

  it('counts writes that it refuses itself as its own fault', async () => {
    const grown = await growth(async () => {
      // From now on it takes no writes, as after a sync that failed.
      await app.app.get(DataDirectory).onApplicationShutdown();
      const { errors } = await app.query(
        'mutation { deleteSeries(id: "123e4567-e89b-12d3-a456-426614174000") }',
      );
      expect(errors?.[0]?.extensions.code).toBe('UNAVAILABLE');
    });
    const outcome = (name: string) =>
      grown(`graphql_operations_total{type="mutation",outcome="${name}",operation="unnamed"}`);
    expect([outcome('error'), outcome('rejected')]).toEqual([1, 0]);
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
    const longest = 'event_loop_held_seconds{percentile="100"}';
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
