// What is left when the release goes, and what finds it again.

import assert from 'node:assert/strict';
import { POD, Release } from '../release.mjs';
import { until } from '../until.mjs';

export async function removal(cluster, checks) {
  const release = new Release(cluster);
  await release.ensure();
  const series = await release.createSeries(`REMOVAL-${Date.now()}`);
  await release.write(series, 1_000);
  const contents = await release.contents(series);

  await checks.check('helm uninstall leaves the claim, and nothing else', async () => {
    await release.helm('uninstall', '--wait', '--timeout', '120s');
    await until('the pod is gone', 120_000, async () => !(await release.pod()));
    const claims = await cluster.list('pvc', release.namespace);
    assert.deepEqual(
      claims.map(({ metadata }) => metadata.name),
      [`data-${POD}`],
    );
    assert.equal(claims[0].status.phase, 'Bound');
    const kinds = 'statefulset,service,networkpolicy,pdb,secret,pod,configmap,serviceaccount';
    const left = (await cluster.list(kinds, release.namespace)).filter(
      ({ metadata }) => !['kube-root-ca.crt', 'default', 'redis-address'].includes(metadata.name),
    );
    assert.deepEqual(
      left.map(({ kind, metadata }) => `${kind}/${metadata.name}`),
      [],
    );
  });
  await checks.check('a new release finds the data', async () => {
    const { code, stdout, stderr } = await release.install();
    assert.equal(code, 0, `${stderr}${stdout}`);
    await release.ready();
    assert.equal(await release.contents(series), contents);
  });
}
