// The files of the Helm chart that are derived. A chart cannot reach outside of its folder, so rules and dashboards are
// copied into it.

import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { chartReadme } from './readme.mjs';
import { valuesSchema } from './schema.mjs';

const CHART = 'helm/econ-graph-financial-data';

/**
 * The text of each file, by its path.
 * @param {Record<string, string>} dashboards the same of Grafana's dashboards
 */
export async function chartFiles(dashboards) {
  const copies = Object.entries(dashboards).map(([path, text]) => [
    `${CHART}/files/dashboards/${basename(path)}`,
    text,
  ]);
  return {
    ...Object.fromEntries(copies),
    [`${CHART}/files/rules.yml`]: readFileSync('monitoring/prometheus/rules.yml', 'utf8'),
    [`${CHART}/README.md`]: chartReadme(),
    [`${CHART}/values.schema.json`]: await valuesSchema(),
  };
}
