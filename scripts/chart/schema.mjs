// helm/econ-graph-financial-data/values.schema.json: strict, so that Helm refuses each value that is misspelt. What Kubernetes
// defines comes from its types, settings of the service from the list that its start checks, the rest from the defaults.

import { format, resolveConfig } from 'prettier';
import { createGenerator } from 'ts-json-schema-generator';
import { describeVariables } from '../../dist/config/environment.js';
import { readValues } from './values.mjs';

/** Set by the chart itself, from values of their own. */
const SET_BY_CHART = new Set([
  'PORT',
  'FLIGHT_PORT',
  'DATA_DIR',
  'REDIS_URL',
  'REDIS_CLUSTER',
  'SHUTDOWN_DELAY_MS',
  'SHUTDOWN_GRACE_MS',
]);

const texts = { type: 'object', additionalProperties: { type: 'string' } };
// Selectors find pods by labels of these names, and Helm its objects.
const labels = {
  ...texts,
  propertyNames: { not: { pattern: '^(app|app\\.kubernetes\\.io/.*|helm\\.sh/chart)$' } },
};
// A label of RFC 1035, with room for what the chart appends, such as `-dashboard-overview`.
const objectName = { type: 'string', pattern: '^[a-z]([-a-z0-9]*[a-z0-9])?$', maxLength: 40 };
const host = '(\\*\\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*';
const hosts = { type: 'array', items: { type: 'string', pattern: `^${host}$` } };
const goDuration = { type: 'string', pattern: '^([0-9]+h)?([0-9]+m)?([0-9]+s)?$', minLength: 2 };
const scrapeDuration = { type: 'string', pattern: '^([0-9]+m)?([0-9]+s)?$', minLength: 2 };
const port = { type: 'integer', minimum: 1, maximum: 65_535 };
const positive = { type: 'integer', minimum: 1 };
const handler = { enum: ['http', 'grpc'] };
const accessMode = { enum: ['ReadWriteOnce', 'ReadWriteOncePod', 'ReadWriteMany'] };

const quantity = {
  anyOf: [
    { type: 'string', pattern: '^[0-9]+(\\.[0-9]+)?(m|[kMGTPE]i?|Ki)?$' },
    { type: 'integer', minimum: 0 },
  ],
};
const quantities = {
  type: 'object',
  additionalProperties: false,
  // Kubernetes' own, huge pages, and those that have a domain before their name.
  patternProperties: { '^(cpu|memory|ephemeral-storage|hugepages-.+|.+/.+)$': quantity },
};
const resources = {
  type: 'object',
  additionalProperties: false,
  properties: { limits: quantities, requests: quantities },
};

/** By path: what the default alone does not say. */
const SHAPES = {
  mode: { enum: ['standalone'] },
  fullnameOverride: objectName,
  commonLabels: labels,
  'image.repository': { type: 'string', minLength: 1 },
  'image.digest': { type: 'string', pattern: '^(sha256:[0-9a-f]{64})?$' },
  'image.pullPolicy': { enum: ['Always', 'IfNotPresent', 'Never'] },
  resources,
  'test.resources': resources,
  'redis.existingSecretKey': { type: 'string', minLength: 1 },
  'redis.url': { type: 'string', pattern: '^(rediss?://.+)?$' },
  'redis.port': port,
  'standalone.persistence.size': quantity,
  'standalone.persistence.accessModes': { type: 'array', minItems: 1, items: accessMode },
  'standalone.persistence.annotations': texts,
  'probes.startup.handler': handler,
  'probes.liveness.handler': handler,
  'probes.readiness.handler': handler,
  podAnnotations: texts,
  podLabels: labels,
  nodeSelector: texts,
  'podDisruptionBudget.maxUnavailable': {
    anyOf: [
      { type: 'integer', minimum: 0 },
      { type: 'string', pattern: '^[0-9]+%$' },
    ],
  },
  'service.type': { enum: ['ClusterIP', 'NodePort', 'LoadBalancer'] },
  'service.httpPort': port,
  'service.flightPort': port,
  'service.annotations': texts,
  'service.loadBalancerSourceRanges': { type: 'array', items: { type: 'string', pattern: '/' } },
  'service.externalTrafficPolicy': { enum: ['', 'Cluster', 'Local'] },
  'test.podAnnotations': texts,
  'test.podLabels': labels,
  extraObjects: { type: 'array', items: { type: 'object', required: ['apiVersion', 'kind'] } },
  'shutdown.delaySeconds': seconds('SHUTDOWN_DELAY_MS'),
  'shutdown.graceSeconds': seconds('SHUTDOWN_GRACE_MS'),
  'service.ipFamilyPolicy': { enum: ['', 'SingleStack', 'PreferDualStack', 'RequireDualStack'] },
  'serviceAccount.annotations': texts,
  'ingress.annotations': texts,
  'ingress.hosts': hosts,
  'flightIngress.annotations': texts,
  'flightIngress.hosts': hosts,
  'gateway.httpHostnames': hosts,
  'gateway.flightHostnames': hosts,
  'tls.certManager.issuerRef.kind': { type: 'string', minLength: 1 },
  'tls.certManager.duration': goDuration,
  'tls.certManager.renewBefore': goDuration,
  'metrics.serviceMonitor.labels': labels,
  'metrics.serviceMonitor.interval': scrapeDuration,
  'metrics.serviceMonitor.scrapeTimeout': scrapeDuration,
  'metrics.podMonitor.labels': labels,
  'metrics.podMonitor.interval': scrapeDuration,
  'metrics.podMonitor.scrapeTimeout': scrapeDuration,
  'metrics.prometheusRule.labels': labels,
  'metrics.dashboards.labels': labels,
  'metrics.dashboards.annotations': texts,
  ...probeNumbers('startup'),
  ...probeNumbers('liveness'),
  ...probeNumbers('readiness'),
};

/** The text of values.schema.json. */
export async function valuesSchema() {
  const shapes = { ...SHAPES, ...kubernetesShapes(), config: configShape() };
  const values = readValues();
  const paths = new Set(pathsOf(values));
  for (const path of Object.keys(shapes)) {
    if (!paths.has(path)) throw new Error(`values.yaml has no ${path}, which schema.mjs describes`);
  }
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Values of the chart econ-graph-financial-data',
    $comment: 'Generated from values.yaml and the settings of the service by npm run generate.',
    ...objectOf(values, shapes),
  };
  // Helm gives a chart the values that it shares with others, also where it shares none.
  schema.properties.global = { type: 'object', properties: { imageRegistry: { type: 'string' } } };
  const style = await resolveConfig('package.json');
  return format(JSON.stringify(schema), { ...style, parser: 'json' });
}

function objectOf(values, shapes) {
  return {
    type: 'object',
    additionalProperties: false,
    // An empty text may be taken out with null; templates rely on all others.
    required: values.filter(({ value }) => value !== '').map(({ key }) => key),
    properties: Object.fromEntries(values.map((value) => [value.key, schemaOf(value, shapes)])),
  };
}

function schemaOf(value, shapes) {
  const description = value.description === '' ? {} : { description: value.description };
  const shape = shapes[value.path] ?? shapeOfDefault(value, shapes);
  return { ...description, ...shape };
}

function shapeOfDefault({ path, value, children }, shapes) {
  if (children.length > 0) return objectOf(children, shapes);
  switch (typeof value) {
    case 'boolean':
      return { type: 'boolean' };
    case 'string':
      return { type: 'string' };
    case 'number':
      return { type: 'integer', minimum: 0 };
    default:
      throw new Error(`schema.mjs has to say what ${path} may be`);
  }
}

function probeNumbers(probe) {
  const names = ['periodSeconds', 'timeoutSeconds', 'failureThreshold'];
  return Object.fromEntries(names.map((name) => [`probes.${probe}.${name}`, positive]));
}

/** Keyed by the names of variables: one name for a setting wherever it is written. */
function configShape() {
  const variables = describeVariables().filter(({ name }) => !SET_BY_CHART.has(name));
  const properties = variables.map(({ name, description, schema }) => [
    name,
    { description, ...schema },
  ]);
  const shape = {
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(properties),
  };
  // Neither probes nor clients reach the loopback address of a pod.
  shape.properties.HOST.not = { enum: ['127.0.0.1', 'localhost', '::1'] };
  return shape;
}

/** Of a setting that is milliseconds. */
function seconds(name) {
  const { schema } = describeVariables().find((variable) => variable.name === name);
  return { type: 'integer', minimum: schema.minimum, maximum: schema.maximum / 1000 };
}

function kubernetesShapes() {
  const schema = createGenerator({
    path: 'scripts/chart/kubernetes-values.ts',
    tsconfig: 'tsconfig.json',
    type: 'KubernetesValues',
    skipTypeCheck: true,
    additionalProperties: false,
    // Kubernetes' own documentation would make up nine tenths of the file.
    jsDoc: 'none',
    expose: 'none',
  }).createSchema('KubernetesValues');
  return schema.definitions.KubernetesValues.properties;
}

function pathsOf(values) {
  return values.flatMap(({ path, children }) => [path, ...pathsOf(children)]);
}
