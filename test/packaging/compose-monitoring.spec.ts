// What docker-compose.yml mounts into Prometheus and Grafana: that both find it, and that it fits together.

import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config/environment.js';
import { promtool, skipPrometheusTests } from '../support/prometheus-server.js';
import { DASHBOARD_FILES } from '../support/stored-dashboards.js';
import { composeFile, mountsOf } from './compose-schema/compose-file.js';

const { services } = composeFile();

function yaml<T>(path: string): T {
  return parse(readFileSync(path, 'utf8')) as T;
}

interface ScrapeConfig {
  readonly job_name: string;
  readonly static_configs: readonly { readonly targets: readonly string[] }[];
}

interface PrometheusConfig {
  readonly global: Readonly<Record<string, string>>;
  readonly rule_files: readonly string[];
  readonly scrape_configs: readonly ScrapeConfig[];
}

const prometheusMounts = mountsOf(services['prometheus']!).filter(({ isBind }) => isBind);
const { source: prometheusPath, target: configTarget } = prometheusMounts[0]!;
const prometheus = yaml<PrometheusConfig>(prometheusPath);

describe('Prometheus', () => {
  it('scrapes the service at its port, under the name that rules and runbook know', () => {
    expect(services['prometheus']!.command).toContain(`--config.file=${configTarget}`);
    expect(prometheus.scrape_configs).toEqual([
      {
        job_name: 'financial-data-service',
        static_configs: [{ targets: [`financial-data-service:${loadConfig({}).port}`] }],
      },
    ]);
    const example = yaml<PrometheusConfig>('monitoring/prometheus/prometheus.yml');
    expect(prometheus.scrape_configs[0]!.job_name).toBe(example.scrape_configs[0]!.job_name);
  });

  it.skipIf(skipPrometheusTests())('accepts its configuration with all rules', () => {
    const folder = mkdtempSync(join(tmpdir(), 'econ-graph-compose-'));
    try {
      for (const { source, target } of prometheusMounts) {
        expect(target).toMatch(/^\/etc\/prometheus\/[a-z]+\.yml$/);
        cpSync(source, join(folder, basename(target)));
      }
      const { status, output } = promtool([
        'check',
        'config',
        join(folder, basename(configTarget)),
      ]);
      expect(output).toMatch(/rules\.yml[\s\S]*\b[1-9]\d* rules found/);
      expect(status, output).toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('Grafana', () => {
  const { environment } = services['grafana']!;
  const mounts = mountsOf(services['grafana']!);
  const sourceOf = (target: string) => mounts.find((mount) => mount.target === target)!.source;
  const provisioned = <T>(folder: string) => {
    const source = sourceOf(`/etc/grafana/provisioning/${folder}`);
    const [only, ...others] = readdirSync(source);
    expect(others).toEqual([]);
    return yaml<T>(join(source, only!));
  };

  it('is provisioned with Prometheus, where Compose puts it', () => {
    const { datasources } = provisioned<{ datasources: { url: string }[] }>('datasources');
    expect(datasources).toEqual([
      {
        ...{ name: 'Prometheus', uid: 'prometheus', type: 'prometheus', access: 'proxy' },
        ...{ url: 'http://prometheus:9090', isDefault: true, editable: false },
        jsonData: { timeInterval: prometheus.global['scrape_interval'] },
      },
    ]);
  });

  it('is provisioned with the four dashboards, whose data source is that one', () => {
    const { providers } = provisioned<{ providers: { options: { path: string } }[] }>('dashboards');
    expect(sourceOf(providers[0]!.options.path)).toBe('./monitoring/grafana');
    expect(DASHBOARD_FILES.map(({ dashboard }) => dashboard.title).sort()).toEqual([
      'Financial Data Service Overview',
      'GraphQL Performance',
      'Storage Operations',
      'System Health',
    ]);
    // They find it by its type; one that named another by its id would be empty.
    for (const { name, dashboard } of DASHBOARD_FILES) {
      expect(dashboard.templating.list?.[0]).toMatchObject({
        ...{ name: 'datasource', type: 'datasource', query: 'prometheus' },
      });
      const text = readFileSync(join('monitoring/grafana', name), 'utf8');
      for (const [, uid] of text.matchAll(/"type": "prometheus", "uid": "([^"]+)"/g)) {
        expect(['${datasource}', 'prometheus']).toContain(uid);
      }
    }
  });

  it('opens with the overview', () => {
    const path = environment!['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH']!;
    const folder = sourceOf(path.slice(0, path.lastIndexOf('/')));
    expect(existsSync(join(folder, basename(path)))).toBe(true);
  });

  it('lets nobody in without a password, and neither reports nor fetches anything', () => {
    expect(environment).toMatchObject({
      GF_AUTH_ANONYMOUS_ENABLED: 'false',
      GF_USERS_ALLOW_SIGN_UP: 'false',
      GF_ANALYTICS_REPORTING_ENABLED: 'false',
      GF_ANALYTICS_CHECK_FOR_UPDATES: 'false',
      GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: 'false',
      GF_PLUGINS_PREINSTALL_DISABLED: 'true',
      GF_NEWS_NEWS_FEED_ENABLED: 'false',
    });
  });
});
