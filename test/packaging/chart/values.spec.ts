// The values: whatever is misspelt or of the wrong kind is refused before anything is applied, and each value that is
// accepted does something.

import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readValues, type Value } from '../../../scripts/chart/values.mjs';
import { describeVariables } from '../../../src/config/environment.js';
import {
  GATEWAY,
  INGRESS_WITH_TLS,
  POD_MONITORING,
  REDIS_BY_SECRET,
  RELABELING,
  SERVICE_MONITORING,
} from './example-values.js';
import { CHART, render, RUNS_HELM, withValue, type Json, type Values } from './manifests.js';

const defaults = parse(readFileSync(`${CHART}/values.yaml`, 'utf8')) as Values;
const schema = JSON.parse(readFileSync(`${CHART}/values.schema.json`, 'utf8'));
const isAllowed = new Ajv({ strict: false }).compile(schema);
const paths = readValues().flatMap(function pathsOf({ path, children }: Value): string[] {
  return [path, ...children.flatMap(pathsOf)];
});
const variables = describeVariables();

/** Below these a key may be anything. */
const FREE_MAPS = /^metrics\.dashboards\.(labels|annotations)\./;

const GATEWAY_VALUES = GATEWAY['gateway'] as Values;

function accepts(values: Values): boolean {
  return isAllowed(values);
}

describe('values.schema.json', () => {
  it('takes the defaults', () => {
    expect(accepts(defaults)).toBe(true);
  });

  it.each(paths.filter((path) => !FREE_MAPS.test(path)))(
    'refuses %s where it is misspelt',
    (path) => {
      const misspelt = `${path}s`;
      expect(accepts(withValue(defaults, misspelt, valueAt(path)))).toBe(false);
    },
  );

  it.each(paths)('refuses %s where it is of another kind', (path) => {
    const value = valueAt(path);
    // A number is never right where a text, a list or a map is, nor a list where a number or a switch is.
    const wrong = typeof value === 'number' || typeof value === 'boolean' ? [] : 12.5;
    expect(accepts(withValue(defaults, path, wrong))).toBe(false);
  });

  it.each([
    ['resources.limit.memory', '2Gi'],
    ['resources.limits.memory', '2 GB'],
    ['podSecurityContext.runAsRoot', true],
    ['securityContext.capabilities.dropped', ['ALL']],
    ['standalone.updateStrategy.typ', 'OnDelete'],
    ['standalone.persistence.retentionPolicy.whenDelete', 'Retain'],
    ['affinity.nodeAfinity', {}],
    ['tolerations', [{ keys: 'data' }]],
    ['topologySpreadConstraints', [{ maxSkew: 1, topologyKeys: 'zone', whenUnsatisfiable: 'x' }]],
    ['extraEnv', [{ name: 'A', valeu: 'b' }]],
    ['extraEnv', [{ name: 'A', value: 1 }]],
    ['extraVolumes', [{ name: 'a', configmap: { name: 'a' } }]],
    ['extraVolumeMounts', [{ name: 'a', path: '/a' }]],
    ['imagePullSecrets', ['registry']],
    ['networkPolicy.from', [{ podSelectors: {} }]],
    ['networkPolicy.extraEgress', [{ from: [] }]],
    ['gateway.parentRefs', [{ gateway: 'public' }]],
    ['metrics.serviceMonitor.relabelings', [{ source_labels: ['a'] }]],
  ])('refuses what Kubernetes does not know: %s', (path, value) => {
    expect(accepts(withValue(defaults, path, value))).toBe(false);
  });

  it.each([
    ['mode', 'distributed'],
    ['fullnameOverride', 'Not-A-Name'],
    ['fullnameOverride', 'n'.repeat(41)],
    ['image.digest', 'sha256:123'],
    ['image.pullPolicy', 'Sometimes'],
    ['redis.url', 'http://redis:6379'],
    ['redis.port', 65_536],
    ['service.type', 'ExternalName'],
    ['probes.liveness.handler', 'exec'],
    ['probes.liveness.periodSeconds', 0],
    ['standalone.persistence.size', '20 GB'],
    ['standalone.persistence.accessModes', []],
    ['ingress.hosts', ['https://data.example.org']],
    ['shutdown.delaySeconds', 601],
    ['shutdown.graceSeconds', 3601],
    ['config.HOST', '127.0.0.1'],
    ['commonLabels', { app: 'other' }],
    ['podLabels', { 'app.kubernetes.io/name': 'other' }],
    ['metrics.serviceMonitor.labels', { app: 'other' }],
    ['service.loadBalancerSourceRanges', ['10.0.0.1']],
    ['extraObjects', [{ kind: 'ConfigMap' }]],
    ['podDisruptionBudget.maxUnavailable', 'all'],
    ['metrics.serviceMonitor.interval', '15'],
    ['tls.certManager.duration', '90d'],
  ])('refuses %s: %s', (path, value) => {
    expect(accepts(withValue(defaults, path, value))).toBe(false);
  });
});

it('shutdown.* are allowed as far as the service allows them', () => {
  expect(accepts(withValue(defaults, 'shutdown.delaySeconds', 600))).toBe(true);
  expect(accepts(withValue(defaults, 'shutdown.graceSeconds', 3600))).toBe(true);
});

describe('settings of the service among the values', () => {
  const set = (name: string, value: unknown) => withValue(defaults, `config.${name}`, value);
  const ofChart = [
    ...['PORT', 'FLIGHT_PORT', 'DATA_DIR', 'REDIS_URL', 'REDIS_CLUSTER'],
    ...['SHUTDOWN_DELAY_MS', 'SHUTDOWN_GRACE_MS'],
  ];
  const free = variables.filter(({ name }) => !ofChart.includes(name));

  it.each(ofChart)('do not include %s, which the chart sets from values of its own', (name) => {
    const { default: value } = variables.find((variable) => variable.name === name)!;
    expect(accepts(set(name, /^\d+$/.test(value) ? Number(value) : value))).toBe(false);
  });

  // The default of HOST is the loopback address, which nobody reaches in a pod.
  const usable = free.filter(({ name }) => name !== 'HOST');
  it.each(usable)('take $name with its default', ({ name, default: value, schema: { type } }) => {
    expect(accepts(set(name, type === 'integer' ? Number(value) : value))).toBe(true);
  });

  it.each(free.filter(({ schema: { type } }) => type === 'integer'))(
    'refuse $name beyond its limits',
    ({ name, schema: limits }) => {
      const { minimum, maximum } = limits as { minimum: number; maximum: number };
      expect([minimum, maximum].map((value) => accepts(set(name, value)))).toEqual([true, true]);
      for (const value of [minimum - 1, maximum + 1]) expect(accepts(set(name, value))).toBe(false);
    },
  );

  it.each([
    ['LOG_LEVEL', 'loud'],
    ['HOST', ''],
    ['CORS_ORIGINS', 'charts.example.org'],
    ['LOGLEVEL', 'info'],
  ])('refuse %s=%s', (name, value) => {
    expect(accepts(set(name, value))).toBe(false);
  });
});

describe.skipIf(!RUNS_HELM)('Helm', () => {
  it.each([
    ['a value that is misspelt', { resource: {} }, /additional properties 'resource' not allowed/],
    ['one that is deeper', { redis: { enable: true } }, /'enable' not allowed/],
    ['a setting that is misspelt', { config: { LOG_LEVL: 'info' } }, /'LOG_LEVL' not allowed/],
    ['the mode of later', { mode: 'distributed' }, /mode.*standalone/],
    ['Redis without an address', { redis: { enabled: true } }, /needs redis.existingSecret/],
    [
      'two addresses of Redis',
      { redis: { enabled: true, url: 'redis://a', existingSecret: 'b' } },
      /exclude each other/,
    ],
    ['an address that is not used', { redis: { url: 'redis://a' } }, /redis.enabled is false/],
    [
      'two monitors of the same pods',
      { metrics: { serviceMonitor: { enabled: true }, podMonitor: { enabled: true } } },
      /enable one/,
    ],
    ['an ingress without a host', { ingress: { enabled: true } }, /ingress.hosts/],
    ['one for Flight without a host', { flightIngress: { enabled: true } }, /flightIngress.hosts/],
    [
      'routes without a gateway',
      { gateway: { ...GATEWAY_VALUES, parentRefs: [] } },
      /gateway.parentRefs/,
    ],
    [
      'routes without hosts',
      { gateway: { ...GATEWAY_VALUES, flightHostnames: [] } },
      /gateway.flightHostnames/,
    ],
    [
      'routes of one host',
      { gateway: { ...GATEWAY_VALUES, flightHostnames: ['data.example.org'] } },
      /data.example.org is in gateway.httpHostnames/,
    ],
    [
      'ingresses of one host',
      {
        ingress: { enabled: true, hosts: ['a.example.org'] },
        flightIngress: { enabled: true, hosts: ['a.example.org'] },
      },
      /a.example.org is a host of ingress and of flightIngress/,
    ],
    [
      'a variable that the chart sets',
      { extraEnv: [{ name: 'PORT', value: '9' }] },
      /extraEnv: PORT is set/,
    ],
    [
      'a variable that is a setting already',
      { config: { LOG_LEVEL: 'debug' }, extraEnv: [{ name: 'LOG_LEVEL', value: 'info' }] },
      /extraEnv: LOG_LEVEL is set/,
    ],
    ['TLS without an ingress', { tls: { enabled: true } }, /none is enabled/],
    [
      'cert-manager without TLS',
      { tls: { certManager: { enabled: true } } },
      /certManager.enabled needs tls.enabled/,
    ],
    [
      'cert-manager without an issuer',
      {
        ingress: { enabled: true, hosts: ['a.example.org'] },
        tls: { enabled: true, certManager: { enabled: true } },
      },
      /issuerRef.name/,
    ],
    [
      'a delay in which nobody notices',
      { shutdown: { delaySeconds: 2 } },
      /longer than probes.readiness/,
    ],
  ])('refuses %s', (_what, values, message) => {
    const { status, stderr } = render(values);
    expect(status).not.toBe(0);
    expect(stderr).toMatch(message);
  });

  it('takes every example of the README', () => {
    const readme = readFileSync(`${CHART}/README.md`, 'utf8');
    const examples = [...readme.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, text]) => text!);
    expect(examples.length).toBeGreaterThan(4);
    for (const example of examples) {
      const { status, stderr } = render(parse(example) as Values);
      expect([example, status, stderr]).toEqual([example, 0, '']);
    }
  });

  it('takes values that other charts share', () => {
    expect(render({ global: { storageClass: 'fast' } }).status).toBe(0);
  });
});

/** Where a value only counts together with others, those. */
const CONTEXTS: [path: RegExp, context: Values][] = [
  [/^probes\.readiness/, { shutdown: { delaySeconds: 60 } }],
  [/^redis\.existingSecret/, REDIS_BY_SECRET],
  [/^redis\.(cluster|port)$/, REDIS_BY_SECRET],
  [/^redis\.url$/, { redis: { enabled: true } }],
  [/^(ingress|flightIngress|tls)/, INGRESS_WITH_TLS],
  [/^gateway/, GATEWAY],
  [/^metrics\.(serviceMonitor|prometheusRule|dashboards)/, SERVICE_MONITORING],
  [/^metrics\.podMonitor/, POD_MONITORING],
];

const NO_CONTEXT: Values = {};

/** Another value than the default or the one of the context, which has to change what is rendered. */
const OTHER_VALUES: Record<string, unknown> = {
  fullnameOverride: 'series',
  commonLabels: { owner: 'economics' },
  extraEnvFrom: [{ secretRef: { name: 'certificates' } }],
  initContainers: [{ name: 'restore', image: 'restore:1' }],
  extraContainers: [{ name: 'backup', image: 'backup:1' }],
  extraObjects: [{ apiVersion: 'v1', kind: 'ConfigMap' }],
  'service.loadBalancerSourceRanges': ['10.0.0.0/8'],
  'service.loadBalancerClass': 'internal',
  'service.externalTrafficPolicy': 'Local',
  'test.podAnnotations': { sidecar: 'no' },
  'test.podLabels': { team: 'data' },
  'image.registry': 'registry.example.org',
  'image.repository': 'data/service',
  'image.tag': 'next',
  'image.digest': `sha256:${'0'.repeat(64)}`,
  'image.pullPolicy': 'Always',
  imagePullSecrets: [{ name: 'registry' }],
  'config.HOST': '::',
  'config.FLIGHT_PUT_BYTES_MAX': 134_217_728,
  nodeOptions: '--max-old-space-size=1024',
  extraEnv: [{ name: 'TZ', value: 'UTC' }],
  resources: { limits: { memory: '2Gi' }, requests: { memory: '2Gi' } },
  'redis.existingSecret': 'other',
  'redis.existingSecretKey': 'address',
  'redis.url': 'redis://redis:6379',
  'redis.cluster': false,
  'redis.port': 7000,
  'standalone.persistence.enabled': false,
  'standalone.persistence.size': '1Ti',
  'standalone.persistence.storageClassName': 'fast',
  'standalone.persistence.accessModes': ['ReadWriteOncePod'],
  'standalone.persistence.existingClaim': 'data-of-before',
  'standalone.persistence.annotations': { keep: 'yes' },
  'standalone.persistence.retentionPolicy': { whenDeleted: 'Delete', whenScaled: 'Retain' },
  'standalone.updateStrategy': { type: 'OnDelete' },
  'shutdown.delaySeconds': 10,
  'shutdown.graceSeconds': 60,
  'shutdown.flushSeconds': 60,
  podSecurityContext: { runAsUser: 2000 },
  securityContext: { runAsUser: 2000 },
  podAnnotations: { team: 'data' },
  podLabels: { team: 'data' },
  nodeSelector: { disk: 'ssd' },
  affinity: { podAntiAffinity: {} },
  tolerations: [{ operator: 'Exists' }],
  topologySpreadConstraints: [
    { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' },
  ],
  priorityClassName: 'important',
  extraVolumes: [{ name: 'a', emptyDir: {} }],
  extraVolumeMounts: [{ name: 'a', mountPath: '/a' }],
  'podDisruptionBudget.enabled': false,
  'podDisruptionBudget.maxUnavailable': '50%',
  'service.type': 'LoadBalancer',
  'service.httpPort': 80,
  'service.flightPort': 81,
  'service.annotations': { internal: 'true' },
  'service.ipFamilyPolicy': 'PreferDualStack',
  'serviceAccount.create': false,
  'serviceAccount.name': 'reader',
  'serviceAccount.annotations': { role: 'none' },
  'networkPolicy.enabled': false,
  'networkPolicy.from': [],
  'networkPolicy.extraIngress': [{ from: [] }],
  'networkPolicy.extraEgress': [{ to: [] }],
  'gateway.enabled': false,
  'gateway.parentRefs': [{ name: 'private' }],
  'gateway.httpHostnames': ['other.example.org'],
  'gateway.flightHostnames': ['other.example.org'],
  'ingress.enabled': false,
  'ingress.className': 'other',
  'ingress.annotations': { a: 'b' },
  'ingress.hosts': ['other.example.org'],
  'flightIngress.enabled': false,
  'flightIngress.className': 'other',
  'flightIngress.annotations': { a: 'b' },
  'flightIngress.hosts': ['other.example.org'],
  'tls.secretName': 'certificate',
  'tls.certManager.enabled': false,
  'tls.certManager.issuerRef.name': 'other',
  'tls.certManager.issuerRef.kind': 'Issuer',
  'tls.certManager.issuerRef.group': 'example.org',
  'tls.certManager.duration': '100h',
  'tls.certManager.renewBefore': '10h',
  'test.resources': { limits: { memory: '1Gi' } },
};
for (const probe of ['startup', 'liveness', 'readiness']) {
  OTHER_VALUES[`probes.${probe}.handler`] = 'grpc';
  OTHER_VALUES[`probes.${probe}.timeoutSeconds`] = 9;
  OTHER_VALUES[`probes.${probe}.periodSeconds`] = probe === 'readiness' ? 2 : 1;
  OTHER_VALUES[`probes.${probe}.failureThreshold`] = 1;
}
for (const monitor of ['serviceMonitor', 'podMonitor']) {
  OTHER_VALUES[`metrics.${monitor}.enabled`] = false;
  OTHER_VALUES[`metrics.${monitor}.labels`] = { release: 'other' };
  OTHER_VALUES[`metrics.${monitor}.interval`] = '1m';
  OTHER_VALUES[`metrics.${monitor}.scrapeTimeout`] = '5s';
  OTHER_VALUES[`metrics.${monitor}.relabelings`] = [{ ...RELABELING, targetLabel: 'host' }];
  OTHER_VALUES[`metrics.${monitor}.metricRelabelings`] = [{ ...RELABELING, targetLabel: 'host' }];
}
OTHER_VALUES['metrics.prometheusRule.enabled'] = false;
OTHER_VALUES['metrics.prometheusRule.labels'] = { release: 'other' };
OTHER_VALUES['metrics.dashboards.enabled'] = false;
OTHER_VALUES['metrics.dashboards.labels'] = { dashboards: 'yes' };
OTHER_VALUES['metrics.dashboards.annotations'] = { grafana_folder: 'Other' };

describe.skipIf(!RUNS_HELM)('each value', () => {
  const leaves = readValues().flatMap(function leavesOf(value: Value): string[] {
    const isWhole = value.path in OTHER_VALUES || value.children.length === 0;
    return isWhole ? [value.path] : value.children.flatMap(leavesOf);
  });
  // There is one mode so far; redis.enabled and tls.enabled need others with them, and have examples.
  const alone = leaves.filter((path) => !['mode', 'redis.enabled', 'tls.enabled'].includes(path));

  it('is tried', () => {
    expect(alone.filter((path) => !(path in OTHER_VALUES))).toEqual([]);
    expect(Object.keys(OTHER_VALUES).filter((path) => !paths.includes(path))).toEqual([]);
  });

  it.each(alone)('makes a difference: %s', (path) => {
    const context = CONTEXTS.find(([pattern]) => pattern.test(path))?.[1] ?? NO_CONTEXT;
    const before = renderedBefore(context);
    const after = render(withValue(context, path, OTHER_VALUES[path]));
    expect([after.status, after.stderr]).toEqual([0, '']);
    expect(after.text).not.toBe(before.text);
  });
});

const rendered = new Map<Values, ReturnType<typeof render>>();

/** The same for all values of one context. */
function renderedBefore(context: Values): ReturnType<typeof render> {
  const before = rendered.get(context) ?? render(context);
  rendered.set(context, before);
  return before;
}

function valueAt(path: string): unknown {
  return path.split('.').reduce((at: Json, key) => at[key], defaults);
}
