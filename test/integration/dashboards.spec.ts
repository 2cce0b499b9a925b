// The dashboards as files: what Grafana takes, what people need, and nothing that is not there. That their queries
// are answered is asked of a real Prometheus in prometheus.spec.ts.

import * as units from '@grafana/grafana-foundation-sdk/units';
import { Ajv, type ValidateFunction } from 'ajv';
import { createGenerator } from 'ts-json-schema-generator';
import { beforeAll, describe, expect, it } from 'vitest';
import { METRICS } from '../../src/metrics/all-metrics.js';
import { DASHBOARD_FILES, metricsOf, PANELS } from '../support/stored-dashboards.js';
import { readFileSync } from 'node:fs';

let isDashboard: ValidateFunction;
beforeAll(() => {
  const generator = createGenerator({
    path: 'test/support/grafana-dashboard.ts',
    tsconfig: 'tsconfig.json',
    type: 'StoredDashboard',
    skipTypeCheck: true,
    functions: 'hide',
    additionalProperties: false,
    // The SDK has several types of one name.
    expose: 'none',
  });
  const schema: Record<string, unknown> = { ...generator.createSchema('StoredDashboard') };
  isDashboard = new Ajv({ strict: false }).compile(schema);
}, 120_000);

describe("Grafana's schema", () => {
  it.each(DASHBOARD_FILES)('takes $name', ({ dashboard }) => {
    isDashboard(dashboard);
    expect(isDashboard.errors).toBeNull();
  });

  it.each([
    ['of the dashboard', (file: Json) => file],
    ['of a row', (file: Json) => file.panels.find(({ type }: Json) => type === 'row')],
    ['of a panel', (file: Json) => panelOf(file)],
    ['of the options of a panel', (file: Json) => panelOf(file).options],
    ['of the fields of a panel', (file: Json) => panelOf(file).fieldConfig.defaults],
    ['of the lines of a panel', (file: Json) => panelOf(file).fieldConfig.defaults.custom],
    ['of a query', (file: Json) => panelOf(file).targets[0]],
    ['of a variable', (file: Json) => file.templating.list[0]],
    ['of a link', (file: Json) => file.links[0]],
  ])('refuses a field that is none %s', (_what, part) => {
    const file = structuredClone(DASHBOARD_FILES[0]!.dashboard) as Json;
    part(file).legendFromat = 'misspelt';
    expect(isDashboard(file)).toBe(false);
  });
});

describe('the four dashboards', () => {
  it('have their titles, and ids that stay', () => {
    const facts = DASHBOARD_FILES.map(({ name, dashboard: { uid, title } }) => [name, uid, title]);
    expect(facts).toEqual([
      ['graphql.json', 'financial-data-service-graphql', 'GraphQL Performance'],
      ['overview.json', 'financial-data-service-overview', 'Financial Data Service Overview'],
      ['storage.json', 'financial-data-service-storage', 'Storage Operations'],
      ['system.json', 'financial-data-service-system', 'System Health'],
    ]);
  });

  it.each(DASHBOARD_FILES)('$name can be loaded anywhere, and leads to the others', (file) => {
    const { dashboard } = file;
    expect(dashboard).not.toHaveProperty('id');
    expect(dashboard.links).toMatchObject([{ type: 'dashboards', tags: dashboard.tags }]);
    expect(dashboard).toMatchObject({ refresh: '30s', time: { from: 'now-6h', to: 'now' } });
    expect(dashboard.templating.list).toMatchObject([
      { name: 'datasource', type: 'datasource', query: 'prometheus' },
      { name: 'instance', type: 'query', datasource: { uid: '${datasource}' } },
    ]);
    // Every query by its variable, and none by the id of somebody's data source.
    const sources = readFileSync(`monitoring/grafana/${file.name}`, 'utf8').matchAll(
      /"uid": "(?!financial)([^"]+)"/g,
    );
    expect(new Set(Array.from(sources, ([, uid]) => uid))).toEqual(new Set(['${datasource}']));
  });

  it.each(DASHBOARD_FILES)('$name begins with a row of stats', ({ dashboard: { panels } }) => {
    expect(panels[0]!.type).toBe('row');
    expect(panels.slice(1, 7).map(({ type }) => type)).toEqual(Array(6).fill('stat'));
  });

  it.each(DASHBOARD_FILES)('$name lays its panels out side by side', ({ dashboard }) => {
    const cells = new Set<string>();
    for (const { gridPos } of dashboard.panels) {
      const { x, y, w, h } = gridPos!;
      expect(x + w).toBeLessThanOrEqual(24);
      for (let column = x; column < x + w; column++) {
        for (let line = y; line < y + h; line++) {
          expect(cells.has(`${column} ${line}`)).toBe(false);
          cells.add(`${column} ${line}`);
        }
      }
    }
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('each panel', () => {
  it.each(PANELS)('$name says what it shows, in which unit, and what is good', ({ panel }) => {
    expect(panel.title).toMatch(/^\S.{2,50}$/);
    expect(panel.description).toMatch(/^[A-Z`].{20,}\.$/);
    expect(Object.values(units)).toContain(panel.fieldConfig.defaults.unit);
  });

  it.each(PANELS)('$name asks for metrics of the service, of the chosen instances', ({ panel }) => {
    const own = Object.values(METRICS).flatMap((metrics) => metrics.map(({ name }) => name));
    const known = new Set([...own, ...nodeMetrics()]);
    for (const { expr } of panel.targets) {
      const used = metricsOf(expr);
      expect(used.filter((name) => !known.has(name))).toEqual([]);
      const selectors = expr.match(/\{[^}]*\}/g) ?? [];
      expect(selectors.length).toBeGreaterThan(0);
      for (const selector of selectors) expect(selector).toContain('instance=~"$instance"');
      const windows = expr.matchAll(/rate\([a-z_]*(?:\{[^}]*\})?\[([^\]]+)\]/g);
      for (const [, window] of windows) expect(window).toBe('$__rate_interval');
    }
  });
});

/** Those that docs/metrics.md has beside ours. */
function nodeMetrics(): string[] {
  const rows = readFileSync('docs/metrics.md', 'utf8').matchAll(/^\| `((?:nodejs|process)_\w+)`/gm);
  return Array.from(rows, ([, name]) => name!);
}

// Files that are broken on purpose have no type.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Json = any;

function panelOf(file: Json): Json {
  return file.panels.find(({ type }: Json) => type === 'timeseries');
}
