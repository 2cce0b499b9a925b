import type { MetricDefinition } from './metric-definition.js';

export const BUILD_INFO = {
  type: 'gauge',
  name: 'build_info',
  help: 'Always 1; its labels tell the version of the service and of Node.js',
  labelNames: ['version', 'node_version'],
  example: 'count by (version) (build_info)',
} satisfies MetricDefinition;
