// The alerts, as promtool sees them: each fires and is silent in a test of monitoring/prometheus/tests.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { METRICS } from '../../src/metrics/all-metrics.js';
import { promtool, skipPrometheusTests } from '../support/prometheus-server.js';
import { metricsOf } from '../support/stored-dashboards.js';

const FOLDER = 'monitoring/prometheus';
const TESTS = join(FOLDER, 'tests');
const skipped = skipPrometheusTests();

/** A minute where nothing else runs takes seconds. */
const PATIENCE_MILLISECONDS = 180_000;

interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface AlertTest {
  readonly alertname: string;
  readonly exp_alerts: readonly { readonly exp_labels: Readonly<Record<string, string>> }[];
}

const { groups } = parse(readFileSync(join(FOLDER, 'rules.yml'), 'utf8')) as {
  groups: { rules: Rule[] }[];
};
const rules = groups.flatMap((group) => group.rules);
const alerts = rules.filter(({ alert }) => alert !== undefined);
const testFiles = readdirSync(TESTS).map((name) => join(TESTS, name));
const tests = testFiles.flatMap((path) => {
  const file = parse(readFileSync(path, 'utf8')) as { tests: { alert_rule_test: AlertTest[] }[] };
  return file.tests.flatMap((test) => test.alert_rule_test);
});

describe('each alert', () => {
  it.each(alerts)('$alert $labels.window says what is wrong, how bad, and what to do', (rule) => {
    expect(rule.labels?.['severity']).toMatch(/^(page|ticket)$/);
    expect(rule.annotations?.['summary']).toMatch(/^[A-Z].{10,}[^.]$/);
    expect(rule.annotations?.['description']).toMatch(/\{\{ \$labels\.\w+ \}\}/);
    expect(rule.annotations?.['runbook_url']).toBe(`docs/runbook.md#${rule.alert!.toLowerCase()}`);
  });

  it.each(alerts)('$alert $labels.window fires in one test and is silent in another', (rule) => {
    const own = tests.filter(({ alertname }) => alertname === rule.alert);
    const fires = ({ exp_alerts: expected }: AlertTest): boolean =>
      expected.some(({ exp_labels: labels }) => labels['window'] === rule.labels?.['window']);
    expect(own.some(fires)).toBe(true);
    expect(own.some((test) => !fires(test))).toBe(true);
  });

  it('rests on metrics of the service, of Prometheus or of the blackbox exporter', () => {
    const known = new Set([
      ...Object.values(METRICS).flatMap((metrics) => metrics.map(({ name }) => name)),
      ...['up', 'probe_ssl_earliest_cert_expiry'],
      ...rules.flatMap(({ record }) => record ?? []),
    ]);
    const used = rules
      .flatMap(({ expr }) => [...expr.matchAll(/\b(?!by\b)[a-z][a-z_]+(?::[a-z0-9_]+)*(?=[{[ ])/g)])
      .map(([name]) => name.replace(/_(bucket|count)$/, ''))
      .filter((name) => /[_:]|^up$/.test(name));
    expect(used.length).toBeGreaterThan(rules.length);
    expect(used.filter((name) => !known.has(name))).toEqual([]);
    expect(rules.flatMap(({ expr }) => metricsOf(expr)).length).toBeGreaterThan(0);
  });
});

describe.skipIf(skipped)('promtool', () => {
  it('takes the rules and the example configuration', () => {
    for (const [kind, file] of [
      ['rules', 'rules.yml'],
      ['config', 'prometheus.yml'],
    ] as const) {
      const { status, output } = promtool(['check', kind, join(FOLDER, file)]);
      expect(output).toContain('SUCCESS');
      expect(status).toBe(0);
    }
  });

  it.each(testFiles)(
    'sees the alerts of %s fire and be silent as expected',
    (path) => {
      const { status, output } = promtool(['test', 'rules', path]);
      expect(output.replaceAll(/\s+/g, ' ')).toMatch(/SUCCESS/);
      expect(status).toBe(0);
    },
    PATIENCE_MILLISECONDS,
  );
});
