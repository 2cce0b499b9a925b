// What an operator relies on in `mode: standalone`: how the pod stops, is asked, configured, kept apart, stored and watched.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../../../src/config/environment.js';
import { ALERT_NAMES } from './alert-names.js';
import {
  EXISTING_CLAIM,
  FURTHER_CONTAINERS,
  FURTHER_PARTS,
  GATEWAY,
  INGRESS_WITH_TLS,
  LOAD_BALANCER,
  POD_MONITORING,
  REDIS_BY_ADDRESS,
  REDIS_BY_SECRET,
  SAME_LABELS,
  SCHEDULING,
  SERVICE_MONITORING,
} from './example-values.js';
import { CHART, ofKind, render, RUNS_HELM, type Json, type Values } from './manifests.js';

const statefulSet = (values: Values = {}): Json => ofKind(render(values).manifests, 'StatefulSet');
const podOf = (values: Values = {}): Json => statefulSet(values).spec.template.spec;
const containerOf = (values: Values = {}): Json =>
  podOf(values).containers.find(({ name }: Json) => name === 'financial-data-service');

/** As the process would see it, without what comes from a secret. */
function environmentOf(values: Values = {}): Record<string, string> {
  const variables = containerOf(values).env as Json[];
  return Object.fromEntries(variables.map(({ name, value }) => [name, value ?? '']));
}

/** What Helm prints after an installation, which `helm template` leaves out: rendered as if it were a manifest. */
function notesOf(values: Values): string {
  const folder = mkdtempSync(join(tmpdir(), 'econ-graph-chart-'));
  try {
    cpSync(CHART, folder, { recursive: true });
    const text = readFileSync(`${CHART}/templates/NOTES.txt`, 'utf8');
    writeFileSync(
      join(folder, 'templates', 'notes.yaml'),
      `{{- define "notes" }}${text}{{ end }}\nkind: Notes\nmetadata:\n  name: notes\ntext: {{ include "notes" . | toJson }}\n`,
    );
    return ofKind(render(values, [], folder).manifests, 'Notes').text;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe.skipIf(!RUNS_HELM)('the chart', () => {
  it('has the version of the service', () => {
    const chart = parse(readFileSync(`${CHART}/Chart.yaml`, 'utf8'));
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(chart.appVersion).toBe(version);
    expect(containerOf().image).toBe(`econ-graph-financial-data:${version}`);
    expect(readFileSync(`${CHART}/UPGRADING.md`, 'utf8')).toContain(`### ${chart.version}`);
  });

  it('names an image by its digest where one is given', () => {
    const digest = `sha256:${'1'.repeat(64)}`;
    const image = { registry: 'registry.example.org', repository: 'a/b', tag: 'ignored', digest };
    expect(containerOf({ image }).image).toBe(`registry.example.org/a/b@${digest}`);
  });

  it('takes the registry of all charts, and its own before that', () => {
    const global = { imageRegistry: 'mirror.example.org' };
    expect(containerOf({ global }).image).toMatch(/^mirror\.example\.org\/econ-graph/);
    const image = { registry: 'registry.example.org' };
    expect(containerOf({ global, image }).image).toMatch(/^registry\.example\.org\/econ-graph/);
  });

  it('is rendered the same in helm/rendered', () => {
    const check = spawnSync('node', ['scripts/chart/rendered.mjs', '--check'], {
      encoding: 'utf8',
    });
    expect([check.status, check.stderr]).toEqual([0, '']);
  });

  it('says what to do next, and warns of what is dangerous', () => {
    expect(notesOf({})).toContain('helm -n data test financial-data');
    expect(notesOf({})).toContain(
      'exec financial-data-service-0 -- econ-graph-financial-data doctor',
    );
    expect(notesOf({})).not.toContain('WARNING');
    expect(notesOf({ networkPolicy: { enabled: false } })).toContain('no network policy');
    expect(notesOf({ standalone: { persistence: { enabled: false } } })).toContain('data are gone');
    expect(notesOf(INGRESS_WITH_TLS)).toContain('https://data.example.org/');
    const keptOut = 'may keep out your ingress controller';
    expect(notesOf(INGRESS_WITH_TLS)).toContain(keptOut);
    expect(notesOf(INGRESS_WITH_TLS)).toContain('flight.example.org');
    const from = [{ namespaceSelector: { matchLabels: { name: 'ingress' } } }];
    expect(notesOf({ ...INGRESS_WITH_TLS, networkPolicy: { from } })).not.toContain(keptOut);
    expect(notesOf({ ...INGRESS_WITH_TLS, networkPolicy: { from: [] } })).toContain(keptOut);
    expect(notesOf(GATEWAY)).toContain('http://data.example.org/');
    expect(notesOf(LOAD_BALANCER)).toContain('WARNING: there is no authentication yet');
  });
});

describe.skipIf(!RUNS_HELM)('the environment of the container', () => {
  it('is one that the service starts with', () => {
    const config = loadConfig(environmentOf());
    expect(config.host).toBe('0.0.0.0');
    expect(config.port).toBe(3001);
    expect(config.flightPort).toBe(8815);
    expect(config.flightPutBytesMax).toBe(67_108_864);
  });

  it('has large numbers digit for digit', () => {
    const values = { config: { CACHE_BYTES_MAX: 1_099_511_627_776, DELTA_BYTES_MAX: 123_456_789 } };
    expect(loadConfig(environmentOf(values))).toMatchObject({
      cacheBytesMax: 1_099_511_627_776,
      deltaBytesMax: 123_456_789,
    });
  });

  it('has 0 where 0 is set', () => {
    expect(environmentOf({ config: { LOG_PRETTY: 0 } })['LOG_PRETTY']).toBe('0');
  });

  it('keeps the address of Redis in a secret', () => {
    const variable = containerOf(REDIS_BY_SECRET).env.find(
      ({ name }: Json) => name === 'REDIS_URL',
    );
    expect(variable).toEqual({
      name: 'REDIS_URL',
      valueFrom: { secretKeyRef: { name: 'redis-address', key: 'redis-url' } },
    });
    expect(environmentOf(REDIS_BY_SECRET)['REDIS_CLUSTER']).toBe('1');
    expect(environmentOf()).not.toHaveProperty('REDIS_URL');
  });

  it('names the secret that the chart makes of an address, and starts anew when that changes', () => {
    const { manifests } = render(REDIS_BY_ADDRESS);
    const secret = ofKind(manifests, 'Secret');
    expect(secret.stringData).toEqual({ 'redis-url': 'rediss://user:secret@redis:6380/1' });
    const template = ofKind(manifests, 'StatefulSet').spec.template;
    expect(JSON.stringify(template)).not.toContain('user:secret');
    const [variable] = template.spec.containers[0].env.filter(
      ({ name }: Json) => name === 'REDIS_URL',
    );
    expect(variable.valueFrom.secretKeyRef).toEqual({
      name: secret.metadata.name,
      key: 'redis-url',
    });
    const other = statefulSet({ redis: { enabled: true, url: 'redis://other' } }).spec.template;
    const checksum = (pod: Json): string => pod.metadata.annotations['checksum/redis'];
    expect(checksum(other)).not.toBe(checksum(template));
  });

  it('has no variables that Kubernetes adds for the services of the namespace', () => {
    expect(podOf().enableServiceLinks).toBe(false);
  });
});

describe.skipIf(!RUNS_HELM)('the pod', () => {
  it('is given the time that its stop takes', () => {
    const values = { shutdown: { delaySeconds: 7, graceSeconds: 11, flushSeconds: 13 } };
    expect(podOf(values).terminationGracePeriodSeconds).toBe(31);
    expect(environmentOf(values)).toMatchObject({
      SHUTDOWN_DELAY_MS: '7000',
      SHUTDOWN_GRACE_MS: '11000',
    });
  });

  it('goes on serving for longer than it takes to be seen as not ready', () => {
    const { readinessProbe } = containerOf();
    const seconds = readinessProbe.periodSeconds * readinessProbe.failureThreshold;
    expect(Number(environmentOf()['SHUTDOWN_DELAY_MS'])).toBeGreaterThan(seconds * 1000);
  });

  it('is asked at the three addresses', () => {
    const container = containerOf();
    expect(container.startupProbe.httpGet).toEqual({ path: '/health/startup', port: 'http' });
    expect(container.livenessProbe.httpGet).toEqual({ path: '/health/live', port: 'http' });
    expect(container.readinessProbe.httpGet).toEqual({ path: '/health/ready', port: 'http' });
  });

  it('is asked by gRPC where that is wanted', () => {
    const container = containerOf({ probes: { readiness: { handler: 'grpc' } } });
    expect(container.readinessProbe.grpc).toEqual({ port: 8815 });
    expect(container.readinessProbe.httpGet).toBeUndefined();
    expect(container.livenessProbe.httpGet).toBeDefined();
  });

  it('may take a quarter of an hour to start', () => {
    const { startupProbe } = containerOf();
    expect(startupProbe.periodSeconds * startupProbe.failureThreshold).toBe(900);
  });

  it('tells in its description why it ended', () => {
    expect(containerOf().terminationMessagePolicy).toBe('FallbackToLogsOnError');
  });

  it('does not start anew for a new version of the chart alone', () => {
    const { metadata } = statefulSet().spec.template;
    expect(JSON.stringify(metadata)).not.toContain('helm.sh/chart');
  });

  it('is replaced also where it never became ready', () => {
    expect(statefulSet().spec.podManagementPolicy).toBe('Parallel');
  });

  it('is the only one, and replaced as the update strategy says', () => {
    const { spec } = statefulSet();
    expect([spec.replicas, spec.updateStrategy]).toEqual([1, { type: 'RollingUpdate' }]);
  });

  it('goes where it is wanted; constraints find its siblings by their labels', () => {
    const pod = podOf(SCHEDULING);
    expect(pod).toMatchObject({
      nodeSelector: { disk: 'ssd' },
      tolerations: [{ key: 'data', operator: 'Exists', effect: 'NoSchedule' }],
      priorityClassName: 'important',
      imagePullSecrets: [{ name: 'registry' }],
    });
    const { selector } = statefulSet(SCHEDULING).spec;
    expect(pod.topologySpreadConstraints[0]).toMatchObject({
      topologyKey: 'kubernetes.io/hostname',
      labelSelector: selector,
    });
    const labelSelector = { matchLabels: { own: 'yes' } };
    const [constraint] = podOf({
      topologySpreadConstraints: [
        { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector },
      ],
    }).topologySpreadConstraints;
    expect(constraint.labelSelector).toEqual(labelSelector);
  });
});

describe.skipIf(!RUNS_HELM)('labels and annotations', () => {
  const { manifests } = RUNS_HELM ? render(SAME_LABELS) : { manifests: [] };
  const team = (metadata: Json): string => metadata.labels.team;

  it('that are given more than once are those that are closest to the object', () => {
    const template = ofKind(manifests, 'StatefulSet').spec.template.metadata;
    expect(team(template)).toBe('pods');
    expect(team(ofKind(manifests, 'Pod').metadata)).toBe('test');
    expect(team(ofKind(manifests, 'ServiceMonitor').metadata)).toBe('monitors');
    expect(team(ofKind(manifests, 'ServiceAccount').metadata)).toBe('all');
    expect(template.annotations['kubectl.kubernetes.io/default-container']).toBe('other');
  });

  it('of the headless service cannot make Prometheus scrape it', () => {
    const headless = ofKind(manifests, 'Service', 'financial-data-service-headless');
    expect(headless.metadata.labels['prometheus.io/service-monitor']).toBe('false');
  });

  it('of the pod of the test keep a sidecar away', () => {
    expect(ofKind(manifests, 'Pod').metadata.annotations).toMatchObject({
      'helm.sh/hook': 'test',
      'sidecar.istio.io/inject': 'false',
    });
  });
});

describe.skipIf(!RUNS_HELM)('what others add', () => {
  it('comes beside the service', () => {
    const pod = podOf(FURTHER_CONTAINERS);
    expect(pod.initContainers.map(({ name }: Json) => name)).toEqual(['restore']);
    expect(pod.containers.map(({ name }: Json) => name)).toEqual([
      'backup',
      'financial-data-service',
    ]);
    expect(containerOf(FURTHER_CONTAINERS).envFrom).toEqual([
      { secretRef: { name: 'certificates' } },
    ]);
  });

  it('may be objects, with their templates filled in', () => {
    const map = ofKind(render(FURTHER_CONTAINERS).manifests, 'ConfigMap');
    expect(map.metadata.name).toBe('financial-data-service-certificates');
  });
});

describe.skipIf(!RUNS_HELM)('the data', () => {
  it('are on a claim that outlives the release', () => {
    const { spec } = statefulSet();
    expect(spec.volumeClaimTemplates).toHaveLength(1);
    expect(spec.volumeClaimTemplates[0].spec).toEqual({
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '20Gi' } },
    });
    expect(spec.persistentVolumeClaimRetentionPolicy).toEqual({
      whenDeleted: 'Retain',
      whenScaled: 'Retain',
    });
    expect(containerOf().volumeMounts).toContainEqual({ name: 'data', mountPath: '/app/data' });
  });

  it('are on the claim that is named', () => {
    const { spec } = statefulSet(EXISTING_CLAIM);
    expect(spec.volumeClaimTemplates).toBeUndefined();
    expect(spec.template.spec.volumes).toContainEqual({
      name: 'data',
      persistentVolumeClaim: { claimName: 'data-of-before' },
    });
  });

  it('are on a claim without a class where none is wanted', () => {
    const [claim] = statefulSet({ standalone: { persistence: { storageClassName: '-' } } }).spec
      .volumeClaimTemplates;
    expect(claim.spec.storageClassName).toBe('');
  });

  it('go with the pod where nobody wants to keep them', () => {
    const { spec } = statefulSet({ standalone: { persistence: { enabled: false } } });
    expect(spec.volumeClaimTemplates).toBeUndefined();
    expect(spec.template.spec.volumes).toContainEqual({ name: 'data', emptyDir: {} });
  });
});

describe.skipIf(!RUNS_HELM)('the network', () => {
  const policy = (values: Values = {}): Json => ofKind(render(values).manifests, 'NetworkPolicy');

  it('lets in the pods of the namespace and the test, to both ports', () => {
    const { spec } = policy();
    expect(spec.ingress).toHaveLength(1);
    expect(spec.ingress[0].ports.map(({ port }: Json) => port)).toEqual(['http', 'grpc-flight']);
    expect(spec.ingress[0].from).toContainEqual({ podSelector: {} });
    const test = ofKind(render().manifests, 'Pod').metadata.labels;
    expect(test).toMatchObject(spec.ingress[0].from[0].podSelector.matchLabels);
  });

  it('lets out to DNS, and to Redis where there is one', () => {
    const portsOf = (values: Values) =>
      policy(values).spec.egress.flatMap(({ ports }: Json) => ports.map(({ port }: Json) => port));
    expect(portsOf({})).toEqual([53, 53]);
    expect(portsOf(REDIS_BY_SECRET)).toEqual([53, 53, 6380]);
    expect(portsOf(REDIS_BY_ADDRESS)).toEqual([53, 53, 6380]);
    const to = (url: string) => portsOf({ redis: { enabled: true, url } });
    expect(to('redis://redis')).toEqual([53, 53, 6379]);
    expect(to('redis://user:1234@redis/5')).toEqual([53, 53, 6379]);
    expect(to('redis://[fd00::1]:7000')).toEqual([53, 53, 7000]);
    expect(to('redis://a:7000,b:7001,c:7000/0')).toEqual([53, 53, 7000, 7001]);
  });

  it('takes further rules', () => {
    const { spec } = policy(FURTHER_PARTS);
    expect(spec.ingress).toHaveLength(2);
    expect(spec.ingress[0].from).toHaveLength(3);
    expect(spec.egress).toHaveLength(2);
  });

  it('has one service for clients, with both ports, and one that names the pod', () => {
    const { manifests } = render();
    const service = ofKind(manifests, 'Service', 'financial-data-service');
    expect(service.spec.ports).toEqual([
      { name: 'http', port: 3001, targetPort: 'http', appProtocol: 'http' },
      {
        name: 'grpc-flight',
        port: 8815,
        targetPort: 'grpc-flight',
        appProtocol: 'kubernetes.io/h2c',
      },
    ]);
    const headless = ofKind(manifests, 'Service', statefulSet().spec.serviceName);
    expect(headless.spec).toMatchObject({ clusterIP: 'None', publishNotReadyAddresses: true });
  });

  it('ends TLS at the ingresses, with one certificate for all of their hosts', () => {
    const { manifests } = render(INGRESS_WITH_TLS);
    const certificate = ofKind(manifests, 'Certificate');
    expect(certificate.spec.dnsNames).toEqual([
      'data.example.org',
      'flight.example.org',
      '*.flight.example.org',
    ]);
    const ingresses = manifests.filter(({ kind }) => kind === 'Ingress');
    expect(ingresses).toHaveLength(2);
    for (const { spec } of ingresses) {
      expect(spec.tls[0].secretName).toBe(certificate.spec.secretName);
      expect(spec.tls[0].hosts).toEqual(spec.rules.map(({ host }: Json) => host));
    }
    expect(ingresses.map(({ metadata }) => metadata.annotations)).toEqual([
      undefined,
      { 'nginx.ingress.kubernetes.io/backend-protocol': 'GRPC' },
    ]);
  });

  it('uses a certificate that is there already', () => {
    const values = { ...INGRESS_WITH_TLS, tls: { enabled: true, secretName: 'certificate' } };
    const { manifests } = render(values);
    expect(manifests.filter(({ kind }) => kind === 'Certificate')).toEqual([]);
    for (const { spec } of manifests.filter(({ kind }) => kind === 'Ingress')) {
      expect(spec.tls[0].secretName).toBe('certificate');
    }
  });

  it('hangs routes for both protocols on the gateways that are named', () => {
    const { manifests } = render(GATEWAY);
    for (const [kind, hostname] of [
      ['HTTPRoute', 'data.example.org'],
      ['GRPCRoute', 'flight.example.org'],
    ] as const) {
      const { spec } = ofKind(manifests, kind);
      expect(spec.parentRefs).toEqual([{ name: 'public', namespace: 'gateways' }]);
      expect(spec.hostnames).toEqual([hostname]);
    }
  });
});

describe.skipIf(!RUNS_HELM)('an eviction', () => {
  const budget = (values: Values = {}): Json =>
    ofKind(render(values).manifests, 'PodDisruptionBudget').spec;

  it('may happen, so that nodes can be drained; none may where 0 is set', () => {
    expect(budget().maxUnavailable).toBe(1);
    expect(budget({ podDisruptionBudget: { maxUnavailable: 0 } }).maxUnavailable).toBe(0);
  });

  it('of a broken pod always may', () => {
    expect(budget().unhealthyPodEvictionPolicy).toBe('AlwaysAllow');
  });
});

describe.skipIf(!RUNS_HELM)('the monitoring', () => {
  it.each([
    ['ServiceMonitor', SERVICE_MONITORING, 'endpoints'],
    ['PodMonitor', POD_MONITORING, 'podMetricsEndpoints'],
  ])('by a %s has the name of the job that alerts know', (kind, values, endpoints) => {
    const { manifests } = render(values);
    const { spec } = ofKind(manifests, kind);
    const service = ofKind(manifests, 'Service', 'financial-data-service');
    expect(service.metadata.labels[spec.jobLabel]).toBe('financial-data-service');
    expect(statefulSet(values).spec.template.metadata.labels[spec.jobLabel]).toBe(
      'financial-data-service',
    );
    expect(spec[endpoints]).toEqual([expect.objectContaining({ port: 'http', path: '/metrics' })]);
  });

  it('by a ServiceMonitor scrapes each pod once: not again through the headless service', () => {
    const { manifests } = render(SERVICE_MONITORING);
    const { selector } = ofKind(manifests, 'ServiceMonitor').spec;
    const [{ key, operator, values }] = selector.matchExpressions;
    expect(operator).toBe('NotIn');
    const isScraped = (name: string) =>
      !values.includes(ofKind(manifests, 'Service', name).metadata.labels[key]);
    expect(isScraped('financial-data-service')).toBe(true);
    expect(isScraped('financial-data-service-headless')).toBe(false);
  });

  it('has all alerts, with the templates that Prometheus fills in as they are', () => {
    const rule = ofKind(render(SERVICE_MONITORING).manifests, 'PrometheusRule');
    const original = parse(readFileSync('monitoring/prometheus/rules.yml', 'utf8'));
    expect(rule.spec).toEqual(original);
    const alerts = rule.spec.groups.flatMap(({ rules }: Json) =>
      rules.map(({ alert }: Json) => alert).filter(Boolean),
    );
    expect([...new Set(alerts)].sort()).toEqual([...ALERT_NAMES].sort());
    expect(rule.metadata.labels.release).toBe('prometheus');
  });

  it('has the four dashboards, each in a ConfigMap that Grafana finds and Kubernetes takes', () => {
    const { manifests } = render(SERVICE_MONITORING);
    const maps = manifests.filter(({ kind }) => kind === 'ConfigMap');
    const files = readdirSync('monitoring/grafana').filter((name) => name.endsWith('.json'));
    expect(maps).toHaveLength(files.length);
    for (const { metadata, data } of maps) {
      const [[name, text]] = Object.entries<string>(data) as [[string, string]];
      const file = basename(name).replace('financial-data-service-', '');
      const original = readFileSync(`monitoring/grafana/${file}`, 'utf8');
      expect(JSON.parse(text)).toEqual(JSON.parse(original));
      expect(metadata.labels['grafana_dashboard']).toBe('1');
      // `kubectl apply` keeps a copy in an annotation, which may be 256 KiB long.
      expect(text.length).toBeLessThan(200_000);
    }
  });
});

describe.skipIf(!RUNS_HELM)('`helm test`', () => {
  it('runs the image of the service, once, within three minutes', () => {
    const { metadata, spec } = ofKind(render().manifests, 'Pod');
    expect(metadata.annotations['helm.sh/hook']).toBe('test');
    expect(spec).toMatchObject({ restartPolicy: 'Never', activeDeadlineSeconds: 180 });
    expect(spec.containers[0].image).toBe(containerOf().image);
    expect(spec.containers[0].args[0]).toBe('smoke');
  });
});
