import { rename } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createApp } from '../../src/app.js';
import { Lifecycle } from '../../src/health/lifecycle.js';
import { DataDirectory } from '../../src/storage/data-directory.js';
import { damagePointsFile } from '../support/damaged-points.js';
import { createPoints, createSeries, failed, readPoints, succeeded } from '../support/factories.js';
import { startTestApp, temporaryDirectory, testConfig, type TestApp } from '../support/test-app.js';

let app: TestApp;
beforeEach(async () => {
  // Nothing is cached, so that every read is one of the disk.
  app = await startTestApp({ cacheTtlSeconds: 0 });
});
afterEach(() => app.close());

interface Report {
  readonly status: string;
  readonly timestamp: string;
  readonly checks: Record<string, { name: string; status: string; message: string }>;
  readonly metrics: Record<string, string>;
}

async function health(on = app): Promise<{ status: number; report: Report }> {
  const response = await fetch(`${on.url}/health`);
  expect(response.headers.get('content-type')).toMatch(/^application\/json/);
  expect(response.headers.get('cache-control')).toBe('no-store');
  return { status: response.status, report: (await response.json()) as Report };
}

async function probe(name: 'live' | 'ready' | 'startup', on = app) {
  const response = await fetch(`${on.url}/health/${name}`);
  expect(response.headers.get('cache-control')).toBe('no-store');
  return { status: response.status, body: await response.json() };
}

async function sentence(on = app): Promise<string> {
  return succeeded(await on.query('{ health }')).health;
}

const flush = (on = app): Promise<void> => on.app.get(DataDirectory).flush();

describe('health', () => {
  it('has the promised shape', async () => {
    const { status, report } = await health();
    expect(status).toBe(200);
    expect(Object.keys(report)).toEqual(['status', 'timestamp', 'checks', 'metrics']);
    expect(report.status).toBe('healthy');
    expect(new Date(report.timestamp).getTime()).toBeCloseTo(Date.now(), -5);
    const healthy = (name: string, message: string | RegExp) => ({
      [name]: { name, status: 'Healthy', message: expect.stringMatching(message) as string },
    });
    expect(report.checks).toEqual({
      ...healthy('lifecycle', 'Serving'),
      ...healthy(
        'database_connectivity',
        /^Database responsive in \d+ms \(read \d+ms, durable write \d+ms\)$/,
      ),
      ...healthy('disk_space', /^[\d.]+ [kMGT]B of [\d.]+ [kMGT]B free \([\d.]+ %\)$/),
      ...healthy('write_ahead_log', /^\d+ bytes in use$/),
      ...healthy('delta', /^0 bytes of 67.1 MB of changes in memory$/),
      ...healthy('flushing', 'Changes reach their files'),
      ...healthy('stored_files', 'No damaged files'),
      ...healthy('cache', 'Memory only'),
      ...healthy('event_loop', /^Held for at most \d+ms in the last minute$/),
    });
    expect(await sentence()).toBe('Financial Data Service is healthy');
  });

  it('tells key figures as texts, which grow with what is done', async () => {
    const before = (await health()).report.metrics;
    expect(before).toEqual({
      uptime_seconds: expect.stringMatching(/^\d+\.\d\d$/),
      graphql_query_total: expect.stringMatching(/^\d+$/),
      graphql_mutation_total: expect.stringMatching(/^\d+$/),
      graphql_error_total: expect.stringMatching(/^\d+$/),
      storage_read_success: expect.stringMatching(/^\d+$/),
      storage_read_failure: expect.stringMatching(/^\d+$/),
      storage_write_success: expect.stringMatching(/^\d+$/),
      storage_write_failure: expect.stringMatching(/^\d+$/),
    });

    const { id } = await createSeries(app);
    await createPoints(app, id, [{ date: '2024-01-01', value: '1' }]);
    // From memory first, then from the file.
    await readPoints(app, id);
    await flush();
    await readPoints(app, id);
    await app.query('{ nope }');
    const after = (await health()).report.metrics;
    const grown = (name: string) => Number(after[name]) - Number(before[name]);
    expect(grown('graphql_query_total')).toBe(2);
    expect(grown('graphql_mutation_total')).toBe(2);
    expect(grown('graphql_error_total')).toBe(1);
    expect(grown('storage_write_success')).toBe(2);
    expect(grown('storage_read_success')).toBe(1);
    expect(grown('storage_write_failure') + grown('storage_read_failure')).toBe(0);
    expect(grown('uptime_seconds')).toBeGreaterThan(0);
  });

  it('is unhealthy, and 503, while the data directory is gone', async () => {
    const { id } = await createSeries(app);
    await createPoints(app, id, [{ date: '2024-01-01', value: '1' }]);
    await flush();
    await rename(app.dataDir, `${app.dataDir}-gone`);
    const { status, report } = await health();
    expect(status).toBe(503);
    expect(report.status).toBe('unhealthy');
    expect(report.checks['database_connectivity']).toMatchObject({ status: 'Unhealthy' });
    expect(report.checks['stored_files']).toMatchObject({ status: 'Healthy' });
    expect(JSON.stringify(report)).not.toContain(app.dataDir);
    expect(await sentence()).toBe('Financial Data Service is unhealthy');
    expect(await probe('ready')).toEqual({
      status: 503,
      body: { status: 'not ready', reason: report.checks['database_connectivity']!.message },
    });
    expect((await probe('live')).status).toBe(200);

    await rename(`${app.dataDir}-gone`, app.dataDir);
    expect((await health()).report.status).toBe('healthy');
    expect(await readPoints(app, id)).toHaveLength(1);
    succeeded(await app.query(CREATE));
  });

  it('is degraded, and 200 and ready, while the disk is nearly full', async () => {
    const full = await startTestApp({ healthDiskFreePercentMin: 99.999 });
    const { status, report } = await health(full);
    expect([status, report.status]).toEqual([200, 'degraded']);
    expect(report.checks['disk_space']).toMatchObject({ status: 'Degraded' });
    expect((await probe('ready', full)).status).toBe(200);
    await full.close();
  });

  it('is degraded, and 200, while changes do not reach their files, and nothing of them is lost', async () => {
    // Flushed when the test says so.
    const unflushed = await startTestApp({ cacheTtlSeconds: 0, flushIntervalSeconds: 0 });
    const { id } = await createSeries(unflushed);
    await createPoints(unflushed, id, [{ date: '2024-01-01', value: '1' }]);
    await rename(unflushed.dataDir, `${unflushed.dataDir}-gone`);
    await expect(flush(unflushed)).rejects.toMatchObject({ code: 'STORAGE_ERROR' });
    const gone = (await health(unflushed)).report;
    expect(gone.checks['flushing']).toMatchObject({ status: 'Degraded' });
    expect(JSON.stringify(gone)).not.toContain(unflushed.dataDir);
    await rename(`${unflushed.dataDir}-gone`, unflushed.dataDir);

    const { status, report } = await health(unflushed);
    expect(status).toBe(200);
    expect(report.status).toBe('degraded');
    expect(report.checks['flushing']).toEqual({
      name: 'flushing',
      status: 'Degraded',
      message: expect.stringMatching(/^The log keeps what could not be moved into files/),
    });
    expect(await readPoints(unflushed, id)).toHaveLength(1);

    await flush(unflushed);
    expect((await health(unflushed)).report.status).toBe('healthy');
    expect(await readPoints(unflushed, id)).toHaveLength(1);
    await unflushed.close();
  });

  it('is degraded, and 200, while a damaged file is kept from being served', async () => {
    const [damaged, whole] = [await createSeries(app), await createSeries(app)];
    for (const { id } of [damaged, whole]) {
      await createPoints(app, id, [{ date: '2024-01-01', value: '1' }]);
    }
    await flush();
    await damagePointsFile(app.dataDir, damaged.id);

    const read = await app.query(`{ dataPoints(seriesId: "${damaged.id}") { value } }`);
    const error = failed(read);
    expect(error.extensions).toEqual({
      code: 'STORAGE_ERROR',
      operation: 'read',
      resource: 'EconomicSeries',
      id: damaged.id,
    });
    expect(JSON.stringify(read)).not.toContain(app.dataDir);

    const { status, report } = await health();
    expect(status).toBe(200);
    expect(report.status).toBe('degraded');
    expect(report.checks['stored_files']).toMatchObject({
      status: 'Degraded',
      message: expect.stringContaining('1 damaged file'),
    });
    expect(await sentence()).toBe('Financial Data Service is degraded');
    expect(await readPoints(app, whole.id)).toHaveLength(1);

    // A start finds nothing else.
    await app.stop();
    const restarted = await startTestApp({ dataDir: app.dataDir, cacheTtlSeconds: 0 });
    failed(await restarted.query(`{ dataPoints(seriesId: "${damaged.id}") { value } }`));
    expect((await health(restarted)).report.status).toBe('degraded');
    expect(await readPoints(restarted, whole.id)).toHaveLength(1);
    await restarted.stop();
  });
});

describe('a probe', () => {
  it('is answered in a word while all is well', async () => {
    expect(await probe('live')).toEqual({ status: 200, body: { status: 'alive' } });
    expect(await probe('ready')).toEqual({ status: 200, body: { status: 'ready' } });
    expect(await probe('startup')).toEqual({ status: 200, body: { status: 'ready' } });
  });

  it('of readiness fails from the moment on at which a stop begins, and nothing else does', async () => {
    app.app.get(Lifecycle).noteStopping();
    expect(await probe('ready')).toEqual({
      status: 503,
      body: { status: 'not ready', reason: 'The service is stopping' },
    });
    expect((await probe('live')).status).toBe(200);
    expect((await probe('startup')).status).toBe(200);
    const { status, report } = await health();
    expect([status, report.status]).toEqual([503, 'unhealthy']);
    succeeded(await app.query(CREATE));
  });

  it('of readiness and of the start fails until everything listens', async () => {
    const starting = await createApp(testConfig({ dataDir: await temporaryDirectory() }), {
      logger: false as never,
    });
    const server = starting.getHttpAdapter().getInstance();
    for (const name of ['ready', 'startup']) {
      const { statusCode, payload } = await server.inject(`/health/${name}`);
      expect(statusCode).toBe(503);
      expect(JSON.parse(payload)).toMatchObject({ reason: 'The service is starting' });
    }
    await starting.close();
  });

  it('costs one durable write a second, however many ask', async () => {
    const directory = app.app.get(DataDirectory);
    const writes = vi.spyOn(directory, 'probeWrite');
    await Promise.all(Array.from({ length: 50 }, () => probe('ready')));
    await Promise.all(Array.from({ length: 50 }, () => health()));
    // A slow machine may take more than a second for them.
    expect(writes.mock.calls.length).toBeGreaterThan(0);
    expect(writes.mock.calls.length).toBeLessThan(10);
  });
});

const CREATE = `mutation { createSeries(input: { sourceId: "123e4567-e89b-12d3-a456-426614174000"
  externalId: "X", title: "x", frequency: "m" }) { id } }`;
