// The chart with what is off by default, in a namespace of its own: what the objects that it makes for others find.

import assert from 'node:assert/strict';
import { Release, SERVICE } from '../release.mjs';

const EVERYTHING_BESIDE = [
  'metrics.serviceMonitor.enabled=true',
  'metrics.prometheusRule.enabled=true',
  'metrics.dashboards.enabled=true',
  'ingress.enabled=true',
  'ingress.hosts[0]=data.example.org',
  'standalone.persistence.enabled=false',
  'commonLabels.team=statistics',
];

export async function variants(cluster, checks) {
  const release = new Release(cluster, 'variants');
  await cluster.createNamespace(release.namespace);
  await checks.check('without a volume, and with monitoring, it runs as well', async () => {
    const values = EVERYTHING_BESIDE.map((value) => `--set=${value}`);
    const { code, stdout, stderr } = await release.install(...values);
    assert.equal(code, 0, `${stderr}${stdout}`);
    await release.write(await release.createSeries('VARIANT'), 100);
    assert.deepEqual(await cluster.list('pvc', release.namespace), []);
  });
  await checks.check('the ServiceMonitor selects one Service, by a port that it has', async () => {
    const { spec } = await cluster.find('servicemonitor', SERVICE, release.namespace);
    const services = await cluster.list('services', release.namespace, textOf(spec.selector));
    assert.deepEqual(
      services.map(({ metadata }) => metadata.name),
      [SERVICE],
    );
    const ports = services[0].spec.ports.map(({ name }) => name);
    for (const { port } of spec.endpoints) assert.ok(ports.includes(port), port);
  });
  await checks.check('the network policy and the disruption budget select the pod', async () => {
    for (const kind of ['networkpolicy', 'poddisruptionbudget']) {
      const { spec } = await cluster.find(kind, SERVICE, release.namespace);
      const selector = textOf(spec.podSelector ?? spec.selector);
      assert.equal((await cluster.list('pods', release.namespace, selector)).length, 1, kind);
    }
  });
  await checks.check('the Ingress leads to a port of the Service', async () => {
    const { spec } = await cluster.find('ingress', SERVICE, release.namespace);
    const { service } = spec.rules[0].http.paths[0].backend;
    const { spec: target } = await cluster.find('service', service.name, release.namespace);
    const { name, number } = service.port;
    assert.ok(target.ports.some((port) => port.name === name || port.port === number));
  });
  await release.helm('uninstall', '--wait', '--timeout', '120s');
  await cluster.kubectl('delete', 'namespace', release.namespace, '--timeout=120s');
}

function textOf({ matchLabels = {}, matchExpressions = [] }) {
  const operators = {
    In: ({ key, values }) => `${key} in (${values.join(',')})`,
    NotIn: ({ key, values }) => `${key} notin (${values.join(',')})`,
    Exists: ({ key }) => key,
    DoesNotExist: ({ key }) => `!${key}`,
  };
  return [
    ...Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`),
    ...matchExpressions.map((each) => operators[each.operator](each)),
  ].join(',');
}
