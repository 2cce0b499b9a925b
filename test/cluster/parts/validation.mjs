// What the API server takes, before anything runs: unknown fields are errors, custom resources have their definitions.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SERVICE } from '../release.mjs';

const HELM = join(dirname(fileURLToPath(import.meta.url)), '../../../helm');
const NAMESPACE = 'validation';
/** Everything that is off by default. */
const EVERYTHING = [
  ['redis.enabled', true],
  ['redis.url', 'redis://redis:6379'],
  ['ingress.enabled', true],
  ['ingress.hosts[0]', 'data.example.org'],
  ['flightIngress.enabled', true],
  ['flightIngress.hosts[0]', 'flight.example.org'],
  ['gateway.enabled', true],
  ['gateway.parentRefs[0].name', 'public'],
  ['gateway.httpHostnames[0]', 'data.example.org'],
  ['gateway.flightHostnames[0]', 'flight.example.org'],
  ['tls.enabled', true],
  ['tls.certManager.enabled', true],
  ['tls.certManager.issuerRef.name', 'letsencrypt'],
  ['metrics.prometheusRule.enabled', true],
  ['metrics.dashboards.enabled', true],
].map(([name, value]) => `--set=${name}=${value}`);

export async function validation(cluster, checks) {
  await cluster.createNamespace(NAMESPACE);
  // A dry run makes none for the pod that is tried after it.
  await cluster.apply({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: SERVICE, namespace: NAMESPACE },
  });
  const dryRun = (file, input) =>
    cluster.kubectlOutcome(
      [
        ...['apply', '--server-side', '--dry-run=server', '--validate=strict'],
        ...['-n', NAMESPACE, '-f', file],
      ],
      { input },
    );
  const isTaken = async (file, input) => {
    const { code, stdout, stderr } = await dryRun(file, input);
    assert.equal(code, 0, stderr);
    // Pod Security, deprecated fields, and whatever else is worth a warning.
    assert.doesNotMatch(stderr, /warning/i);
    return `${stdout.split('\n').length} objects`;
  };
  const template = (...values) =>
    cluster.helm(
      ...['template', 'economics', join(HELM, 'econ-graph-financial-data')],
      ...['--namespace', NAMESPACE, ...values],
    );

  await checks.check('the API server refuses an unknown field', async () => {
    const text = (await template()).replace('replicas: 1', 'replicas: 1\n  replica: 1');
    const { code, stderr } = await dryRun('-', text);
    assert.notEqual(code, 0);
    assert.match(stderr, /spec\.replica/);
  });
  await checks.check('the namespace refuses a pod that may become root', async () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'root' },
      spec: { containers: [{ name: 'root', image: 'root' }] },
    };
    const { code, stderr } = await dryRun('-', JSON.stringify(pod));
    assert.notEqual(code, 0);
    assert.match(stderr, /PodSecurity "restricted:latest"/);
  });
  await checks.check('all objects of the defaults are taken without a warning', async () =>
    isTaken('-', await template()),
  );
  for (const monitor of ['serviceMonitor', 'podMonitor']) {
    await checks.check(`all objects with everything on, and a ${monitor}, are taken`, async () =>
      isTaken('-', await template(...EVERYTHING, `--set=metrics.${monitor}.enabled=true`)),
    );
  }
  for (const handler of ['http', 'grpc']) {
    await checks.check(`probes over ${handler} are taken`, async () => {
      const values = ['startup', 'liveness', 'readiness'].map(
        (probe) => `--set=probes.${probe}.handler=${handler}`,
      );
      return isTaken('-', await template(...values));
    });
  }
  for (const name of readdirSync(join(HELM, 'rendered')).filter((each) => each.endsWith('.yaml'))) {
    await checks.check(`helm/rendered/${name} is taken`, () =>
      isTaken(join(HELM, 'rendered', name)),
    );
  }
}
