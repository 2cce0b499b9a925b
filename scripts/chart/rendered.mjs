// helm/rendered/: the chart's manifests for people who do without Helm (`kubectl apply -f`). With --check, compares them
// instead and fails where they have drifted. Apart from generate.mjs, because it needs Helm.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { helmPath, HOW_TO_GET_HELM } from '../helm.mjs';

const CHART = 'helm/econ-graph-financial-data';
const MONITORING = ['monitors.yaml', 'prometheusrule.yaml', 'dashboards.yaml'];

/** What is in each file: the values that are not the defaults, and the templates where not all. */
const FILES = {
  'standalone.yaml': { values: {} },
  'standalone-redis.yaml': {
    values: { redis: { enabled: true, existingSecret: 'financial-data-service-redis' } },
  },
  'monitoring.yaml': {
    values: {
      metrics: {
        serviceMonitor: { enabled: true },
        prometheusRule: { enabled: true },
        dashboards: { enabled: true },
      },
    },
    templates: MONITORING,
  },
};

const helm = helmPath();
if (!helm) {
  process.stderr.write(`${HOW_TO_GET_HELM}\n`);
  process.exit(1);
}

let drifted = 0;
for (const [name, { values, templates = [] }] of Object.entries(FILES)) {
  const path = `helm/rendered/${name}`;
  const text = `${head(values)}${render(values, templates)}`;
  if (!process.argv.includes('--check')) {
    writeFileSync(path, text);
  } else if (!existsSync(path) || readFileSync(path, 'utf8') !== text) {
    process.stderr.write(
      `${path} differs from the chart: run npm run generate:rendered, and commit it\n`,
    );
    drifted++;
  }
}
process.exit(drifted > 0 ? 1 : 0);

function head(values) {
  const changed = Object.keys(values).length > 0 ? JSON.stringify(values) : 'the defaults';
  return `# Generated from the chart econ-graph-financial-data by npm run generate:rendered; do not edit.\n# Values: ${changed}\n`;
}

function render(values, templates) {
  const only = templates.flatMap((name) => ['--show-only', `templates/${name}`]);
  const args = ['template', 'financial-data', CHART, '--kube-version', '1.34.0', '--skip-tests'];
  const text = execFileSync(helm, [...args, '--values', '-', ...only], {
    input: JSON.stringify(values),
    encoding: 'utf8',
  });
  return parseAllDocuments(text)
    .map((document) => {
      // Whoever applies them says where to, and is not Helm.
      document.deleteIn(['metadata', 'namespace']);
      document.deleteIn(['metadata', 'labels', 'app.kubernetes.io/managed-by']);
      document.deleteIn(['metadata', 'labels', 'helm.sh/chart']);
      document.commentBefore = null;
      return `---\n${document.toString({ lineWidth: 0, directives: false }).replace(/^---\n/, '')}`;
    })
    .join('');
}
