// What a node does to a pod: its process is killed, the node is drained.

import assert from 'node:assert/strict';
import { NODE_NAME } from '../addresses.mjs';
import { processOf } from '../container.mjs';
import { Release } from '../release.mjs';
import { until } from '../until.mjs';

export async function nodeEvents(cluster, checks) {
  const release = new Release(cluster);
  await release.ensure();
  const series = await release.createSeries(`NODE-${Date.now()}`);
  await release.write(series, 1_000);
  const contents = await release.contents(series);

  await checks.check('a killed process is started again on its data, in the same pod', async () => {
    const pod = await release.pod();
    const before = await release.restarts();
    process.kill(await processOf(pod), 'SIGKILL');
    await until('it was restarted', 120_000, async () => (await release.restarts()) === before + 1);
    const { metadata, status } = await release.ready();
    assert.equal(metadata.uid, pod.metadata.uid);
    assert.equal(status.containerStatuses[0].lastState.terminated.exitCode, 137);
    assert.equal(await release.contents(series), contents);
  });
  await checks.check(
    'a pod that is deleted by force does no harm to the one that takes its place',
    async () => {
      const { metadata } = await release.pod();
      // The old process goes on for its delay, on the same volume, while the new one starts.
      await cluster.kubectl(
        'delete',
        'pod',
        metadata.name,
        '-n',
        release.namespace,
        '--force',
        '--grace-period=0',
      );
      await release.ready(metadata.uid);
      assert.equal(await release.contents(series), contents);
      return `${await release.restarts()} restarts`;
    },
  );
  await checks.check('a node can be drained: the disruption budget lets the pod go', async () => {
    const { metadata } = await release.pod();
    await cluster.kubectl(
      'drain',
      NODE_NAME,
      '--ignore-daemonsets',
      '--delete-emptydir-data',
      '--timeout=100s',
    );
    await cluster.kubectl('uncordon', NODE_NAME);
    await release.ready(metadata.uid);
    assert.equal(await release.contents(series), contents);
  });
}
