// A real Prometheus scrapes a real service that is used for all it can do: every panel of every dashboard gets an
// answer, and every rule is evaluated.

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Uuid } from '../../src/core/uuid.js';
import { DataDirectory } from '../../src/storage/data-directory.js';
import { StorageMaintenance } from '../../src/storage/storage-maintenance.js';
import { date32, float, streamFrames } from '../support/arrow-frames.js';
import { createPoints, createSeries, readPoints } from '../support/factories.js';
import { FlightTestClient } from '../support/flight-client.js';
import { PrometheusServer, skipPrometheusTests } from '../support/prometheus-server.js';
import { RedisServer } from '../support/redis-server.js';
import { DASHBOARD_FILES, PANELS } from '../support/stored-dashboards.js';
import { startTestApp, type TestApp } from '../support/test-app.js';

/** Rates need two scrapes of everything; a busy machine may miss some. */
const PATIENCE = { timeout: 90_000, interval: 500 };

const PATIENCE_OF_TEST = 120_000;

/** What Grafana puts into a query. */
const VARIABLES = { $instance: '.+', $__rate_interval: '20s' };

const expanded = (expression: string): string =>
  Object.entries(VARIABLES).reduce(
    (text, [name, value]) => text.replaceAll(name, value),
    expression,
  );

describe.skipIf(skipPrometheusTests())('Prometheus', () => {
  let redis: RedisServer;
  let app: TestApp;
  let flight: FlightTestClient;
  let prometheus: PrometheusServer;
  let seriesId: Uuid;

  beforeAll(async () => {
    redis = await RedisServer.start();
    app = await startTestApp({
      redisUrl: redis.url,
      flushIntervalSeconds: 0,
      // One entry, so that entries are given up; and all files are checked every second.
      ...{ cacheMaxEntries: 1, scrubIntervalSeconds: 1 },
    });
    flight = new FlightTestClient(app.flightPort);
    const source = await app.query(
      'mutation { createSource(input: { name: "Statistics Office" }) { id } }',
    );
    const sourceId = source.data.createSource.id as string;
    seriesId = Uuid.parse((await createSeries(app, { sourceId })).id);
    prometheus = await PrometheusServer.start(app.url.replace('http://', ''), [
      'monitoring/prometheus/rules.yml',
    ]);
    await use();
  });

  afterAll(async () => {
    await prometheus?.stop();
    flight?.close();
    await app?.close();
    await redis?.stop();
  });

  let round = 0;

  /** A little of everything that is counted. */
  async function use(): Promise<void> {
    round++;
    const id = Uuid.parse((await createSeries(app)).id);
    await createPoints(app, seriesId, [{ date: '2024-01-01', value: String(round) }]);
    await createPoints(app, id, [{ date: '2024-01-01', value: '1' }]);
    await app.app.get(DataDirectory).flush();
    for (const one of [seriesId, id, seriesId]) await readPoints(app, one);
    await app.query('query Named { sources { id } }');
    await app.query('query { nope }');
    await fetch(`${app.url}/graphql`, { method: 'POST', body: 'no JSON' });
    await fetch(`${app.url}/health`);
    const date = date32(['2024-02-01']);
    await flight.stored(['data_points', id], streamFrames({ date, value: float(64, [round]) }));
    await flight.rows({ type: 'data_points', series: [id] });
    await app.app.get(StorageMaintenance).compact([id]);
  }

  it(
    'scrapes the service without an error',
    async () => {
      await vi.waitFor(async () => {
        const { activeTargets } = await prometheus.api<{
          activeTargets: { health: string; lastError: string }[];
        }>('targets');
        expect(activeTargets).toMatchObject([{ health: 'up', lastError: '' }]);
      }, PATIENCE);
    },
    PATIENCE_OF_TEST,
  );

  it(
    'evaluates every rule without an error, and raises no alert',
    async () => {
      interface Rule {
        readonly name: string;
        readonly type: string;
        readonly state?: string;
        readonly health: string;
        readonly lastError?: string;
      }
      await vi.waitFor(async () => {
        await use();
        const { groups } = await prometheus.api<{ groups: { rules: Rule[] }[] }>('rules');
        const rules = groups.flatMap((group) => group.rules);
        expect(rules.length).toBeGreaterThan(20);
        for (const { name, health, lastError, state, type } of rules) {
          expect({ name, health, lastError: lastError ?? '' }).toEqual({
            ...{ name, health: 'ok', lastError: '' },
          });
          if (type === 'alerting') expect(`${name} ${state}`).not.toContain('firing');
        }
      }, PATIENCE);
    },
    PATIENCE_OF_TEST,
  );

  it(
    'answers every panel of every dashboard',
    async () => {
      const queries = PANELS.flatMap(({ name, panel }) =>
        panel.targets.map(({ expr }) => ({ name, expr: expanded(expr) })),
      );
      expect(queries.length).toBeGreaterThan(80);
      // An error of Prometheus, which no waiting mends, names its panel at once.
      for (const { name, expr } of queries) {
        await prometheus.query(expr).catch((error: unknown) => {
          throw new Error(`${name}: ${expr}`, { cause: error });
        });
      }
      await vi.waitFor(async () => {
        await use();
        const empty = [];
        for (const { name, expr } of queries) {
          if ((await prometheus.query(expr)).length === 0) empty.push(`${name}: ${expr}`);
        }
        expect(empty).toEqual([]);
      }, PATIENCE);
    },
    PATIENCE_OF_TEST,
  );

  it('knows the instances that each dashboard offers', async () => {
    for (const { dashboard } of DASHBOARD_FILES) {
      const query = dashboard.templating.list![1]!.query as string;
      const [, metric, label] = /^label_values\((\w+), (\w+)\)$/.exec(query)!;
      const values = await prometheus.api<string[]>(`label/${label}/values`, {
        'match[]': metric!,
      });
      expect(values).toEqual([app.url.replace('http://', '')]);
    }
  });
});
