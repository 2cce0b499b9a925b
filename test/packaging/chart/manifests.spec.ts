// What the chart makes, whatever the values: objects that Kubernetes takes, in the names and under the rules that all
// of them keep. What a Kubernetes of its own says of them is asked in test/cluster.

import { Ajv, type ValidateFunction } from 'ajv';
import { createGenerator } from 'ts-json-schema-generator';
import { beforeAll, describe, expect, it } from 'vitest';
import { EXAMPLES } from './example-values.js';
import { CHART, ofKind, podSpecs, render, runHelm, RUNS_HELM, type Json } from './manifests.js';
import { violations } from './pod-security.js';

const examples = Object.entries(EXAMPLES);

const validators = new Map<string, ValidateFunction>();
beforeAll(() => {
  const schema = createGenerator({
    path: 'test/packaging/chart/kubernetes-kinds.ts',
    tsconfig: 'tsconfig.json',
    type: 'KubernetesKinds',
    skipTypeCheck: true,
    additionalProperties: false,
    jsDoc: 'none',
    expose: 'none',
  }).createSchema('KubernetesKinds');
  const definition = schema.definitions?.['KubernetesKinds'] as Json;
  const ajv = new Ajv({ strict: false, allErrors: true });
  for (const [kind, kindSchema] of Object.entries<Json>(definition.properties)) {
    validators.set(kind, ajv.compile({ ...kindSchema, definitions: schema.definitions }));
  }
}, 180_000);

function serviceOf(pod: Json): Json {
  return pod.containers.find(({ name }: Json) => name === 'financial-data-service');
}

/** What Kubernetes would refuse of an object: lines, none where it takes it. */
function refusals(manifest: Json): string[] {
  const validate = validators.get(manifest.kind);
  if (!validate) return [`${manifest.kind} is no kind that the tests know`];
  // The types of this one are of an earlier version; see kubernetes-kinds.ts.
  const known =
    manifest.kind === 'GRPCRoute'
      ? { ...manifest, apiVersion: 'gateway.networking.k8s.io/v1alpha2' }
      : manifest;
  if (validate(known)) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

describe.skipIf(!RUNS_HELM).each(examples)('with %s, the chart', (_name, values) => {
  const { status, stderr, manifests } = RUNS_HELM ? render(values) : ({} as never);

  it('is rendered without a complaint', () => {
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(manifests.length).toBeGreaterThan(0);
  });

  it('makes objects that Kubernetes takes', () => {
    const faults = manifests.flatMap((manifest) =>
      refusals(manifest).map((line) => `${manifest.kind} ${manifest.metadata.name}: ${line}`),
    );
    expect(faults).toEqual([]);
  });

  it('makes pods that the Pod Security Standard "restricted" lets in', () => {
    const pods = podSpecs(manifests);
    expect(pods.map(([name]) => name.split(' ')[0])).toEqual(['StatefulSet', 'Pod']);
    for (const [name, spec] of pods) expect([name, violations(spec)]).toEqual([name, []]);
  });

  it('mounts a read-only root, gives no token, and limits memory', () => {
    for (const [, spec] of podSpecs(manifests)) {
      expect(spec.automountServiceAccountToken).toBe(false);
      for (const container of spec.containers) {
        expect(container.securityContext.readOnlyRootFilesystem).toBe(true);
        expect(container.resources.limits.memory).toMatch(/^\d+[MG]i$/);
        expect(container.resources.requests.memory).toMatch(/^\d+[MG]i$/);
      }
    }
  });

  it('gives every object its namespace, the labels, and a name of its own', () => {
    for (const { metadata } of manifests) {
      expect(metadata.namespace).toBe('data');
      expect(metadata.labels).toMatchObject({ 'app.kubernetes.io/instance': 'financial-data' });
    }
    const names = manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(new Set(names).size).toBe(names.length);
    for (const { kind, metadata } of manifests) {
      const name = kind === 'Pod' ? 'econ-graph-financial-data-test' : 'econ-graph-financial-data';
      expect(metadata.labels.app).toBe('financial-data-service');
      expect(metadata.labels['app.kubernetes.io/name']).toBe(name);
    }
  });

  it('finds its pods by their labels, and not the one of the test', () => {
    const { spec } = ofKind(manifests, 'StatefulSet');
    const pod = spec.template.metadata.labels;
    const test = ofKind(manifests, 'Pod').metadata.labels;
    const services = manifests.filter(({ kind }) => kind === 'Service');
    const selectors = [
      spec.selector.matchLabels,
      ...services.map((service) => service.spec.selector),
      ...manifests
        .filter(({ kind }) => kind === 'PodDisruptionBudget' || kind === 'PodMonitor')
        .map((manifest) => manifest.spec.selector.matchLabels),
      ...manifests
        .filter(({ kind }) => kind === 'NetworkPolicy')
        .map((manifest) => manifest.spec.podSelector.matchLabels),
    ];
    expect(selectors.length).toBeGreaterThan(2);
    for (const selector of selectors) {
      expect(pod).toMatchObject(selector);
      expect(test).not.toMatchObject(selector);
    }
  });

  it('mounts what it has, and has what it mounts', () => {
    const { spec } = ofKind(manifests, 'StatefulSet');
    const volumes: string[] = spec.template.spec.volumes.map(({ name }: Json) => name);
    const claims: string[] = (spec.volumeClaimTemplates ?? []).map(
      ({ metadata }: Json) => metadata.name,
    );
    const mounts: string[] = serviceOf(spec.template.spec).volumeMounts.map(
      ({ name }: Json) => name,
    );
    expect([...volumes, ...claims].sort()).toEqual([...mounts].sort());
  });

  it('sends each port of a service, route or monitor to a port that the pod has', () => {
    const { spec } = ofKind(manifests, 'StatefulSet');
    const ports: string[] = serviceOf(spec.template.spec).ports.map(({ name }: Json) => name);
    for (const service of manifests.filter(({ kind }) => kind === 'Service')) {
      for (const { targetPort } of service.spec.ports) expect(ports).toContain(targetPort);
    }
    const main = ofKind(manifests, 'Service', spec.serviceName.replace(/-headless$/, ''));
    const byName: string[] = main.spec.ports.map(({ name }: Json) => name);
    const byNumber: number[] = main.spec.ports.map(({ port }: Json) => port);
    for (const ingress of manifests.filter(({ kind }) => kind === 'Ingress')) {
      for (const { http } of ingress.spec.rules) {
        expect(http.paths[0].backend.service.name).toBe(main.metadata.name);
        expect(byName).toContain(http.paths[0].backend.service.port.name);
      }
    }
    for (const route of manifests.filter(({ kind }) => /Route$/.test(kind))) {
      expect(route.spec.rules[0].backendRefs[0].name).toBe(main.metadata.name);
      expect(byNumber).toContain(route.spec.rules[0].backendRefs[0].port);
    }
    const test = ofKind(manifests, 'Pod').spec.containers[0].args;
    expect(test).toContain(`--url=http://${main.metadata.name}:${byNumber[0]}`);
    expect(test).toContain(`--flight=grpc://${main.metadata.name}:${byNumber[1]}`);
  });

  it('passes `helm lint --strict`', () => {
    const lint = runHelm(
      ['lint', '--strict', CHART, '--kube-version', '1.34.0', '--values', '-'],
      JSON.stringify(values),
    );
    expect([lint.status, lint.stdout]).toEqual([0, expect.stringContaining('0 chart(s) failed')]);
  });
});

describe.skipIf(!RUNS_HELM)('the schemas of Kubernetes', () => {
  const set = (): Json => ofKind(render().manifests, 'StatefulSet');

  it.each([
    ['a field that it does not know', (spec: Json) => (spec.template.spec.dnsPolcy = 'Default')],
    [
      'a field of a container',
      (spec: Json) => (spec.template.spec.containers[0].imagePulPolicy = ''),
    ],
    ['a text for a number', (spec: Json) => (spec.replicas = '1')],
    [
      'a variable that is no text',
      (spec: Json) => (spec.template.spec.containers[0].env[0].value = 1),
    ],
    ['a field that is missing', (spec: Json) => delete spec.selector],
  ])('refuse %s', (_what, spoil) => {
    const manifest = set();
    expect(refusals(manifest)).toEqual([]);
    spoil(manifest.spec);
    expect(refusals(manifest)).not.toEqual([]);
  });
});

describe.skipIf(!RUNS_HELM)('the rules of Pod Security', () => {
  const pod = (): Json => podSpecs(render().manifests)[0]![1];

  it.each([
    ['host network', (spec: Json) => (spec.hostNetwork = true)],
    ['a directory of the host', (spec: Json) => spec.volumes.push({ name: 'a', hostPath: {} })],
    ['root', (spec: Json) => (spec.securityContext.runAsUser = 0)],
    ['who may be root', (spec: Json) => delete spec.securityContext.runAsNonRoot],
    ['no seccomp profile', (spec: Json) => delete spec.securityContext.seccompProfile],
    [
      'escalation',
      (spec: Json) => delete spec.containers[0].securityContext.allowPrivilegeEscalation,
    ],
    [
      'capabilities that stay',
      (spec: Json) => delete spec.containers[0].securityContext.capabilities,
    ],
    ['privilege', (spec: Json) => (spec.containers[0].securityContext.privileged = true)],
    ['a port of the host', (spec: Json) => (spec.containers[0].ports[0].hostPort = 80)],
    [
      'a sysctl',
      (spec: Json) => (spec.securityContext.sysctls = [{ name: 'kernel.x', value: '1' }]),
    ],
  ])('refuse %s', (_what, spoil) => {
    const spec = pod();
    expect(violations(spec)).toEqual([]);
    spoil(spec);
    expect(violations(spec)).toHaveLength(1);
  });
});
