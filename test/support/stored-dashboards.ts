// The dashboards in monitoring/grafana, and what the tests ask of them.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ShownPanel, StoredDashboard } from './grafana-dashboard.js';

const FOLDER = 'monitoring/grafana';

export interface DashboardFile {
  readonly name: string;
  readonly dashboard: StoredDashboard;
}

export const DASHBOARD_FILES: readonly DashboardFile[] = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.json'))
  .map((name) => ({
    name,
    dashboard: JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as StoredDashboard,
  }));

export interface PanelOfDashboard {
  /** Of the file and of the panel, for messages. */
  readonly name: string;
  readonly panel: ShownPanel;
}

export const PANELS: readonly PanelOfDashboard[] = DASHBOARD_FILES.flatMap(({ name, dashboard }) =>
  dashboard.panels.flatMap((panel) =>
    panel.type === 'row' ? [] : [{ name: `${name}: ${panel.title}`, panel }],
  ),
);

/** Metrics that an expression asks for, without the suffixes of histograms and summaries. */
export function metricsOf(expression: string): string[] {
  const alternatives = [...expression.matchAll(/__name__=~"([^"]+)"/g)].flatMap(([, names]) =>
    names!.split('|'),
  );
  const selected = [...expression.matchAll(/\b([a-z][a-z0-9_]*)(?=\{|\[|\s*[=<>]=?\s*\d)/g)].map(
    ([, name]) => name!,
  );
  return [...alternatives, ...selected].map((name) => name.replace(/_(bucket|sum|count)$/, ''));
}
