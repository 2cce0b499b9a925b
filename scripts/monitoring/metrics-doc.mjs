// docs/metrics.md: from the definitions of the service's own metrics, and from what prom-client tells of the process.

import { format } from 'prettier';
import { register } from 'prom-client';
import { METRICS } from '../../dist/metrics/all-metrics.js';

/** To be called when an application was made: that is what registers the metrics. */
export async function metricsDoc() {
  const own = new Set(Object.values(METRICS).flatMap((metrics) => metrics.map(({ name }) => name)));
  const others = (await register.getMetricsAsJSON()).filter(({ name }) => !own.has(name));
  const text = [
    '<!-- Generated from src/metrics/definitions by npm run generate; do not edit. -->',
    '',
    '# Metrics',
    '',
    '`GET /metrics` answers in the text format of Prometheus. Names say the unit as their suffix; counters end',
    'in `_total`. All labels take few values. [monitoring/](../monitoring/README.md) has dashboards and alerts.',
    '',
    ...Object.entries(METRICS).flatMap(([title, metrics]) => [
      `## ${title}`,
      '',
      '| metric | type | labels | meaning | example |',
      '|---|---|---|---|---|',
      ...metrics.map(rowOf),
      '',
    ]),
    '## Node.js',
    '',
    'Of the process, by prom-client. Those of the operating system are there on Linux only.',
    '',
    '| metric | type | meaning |',
    '|---|---|---|',
    ...others.map(
      ({ name, type, help }) => `| \`${name}\` | ${type} | ${help.replace(/\.$/, '')} |`,
    ),
    '',
  ].join('\n');
  return format(text, { parser: 'markdown' });
}

function rowOf({ name, type, labelNames = [], help, example }) {
  const labels = labelNames.map((label) => `\`${label}\``).join(', ');
  return `| \`${name}\` | ${type} | ${labels} | ${help} | \`${example.replaceAll('|', '\\|')}\` |`;
}
