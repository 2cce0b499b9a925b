// What changes the release leaves the data alone: another pod, other settings, a bad one, the way back.

import assert from 'node:assert/strict';
import { CHART, Release } from '../release.mjs';
import { until } from '../until.mjs';

const POINTS = 20_000;

export async function upgrades(cluster, checks) {
  const release = new Release(cluster);
  await release.ensure();
  const series = await release.createSeries(`UPGRADES-${Date.now()}`);
  await release.write(series, POINTS);
  const contents = await release.contents(series);
  const isUnchanged = async () => assert.equal(await release.contents(series), contents);
  const setting = async (name) => {
    const pod = await release.pod();
    return pod.spec.containers[0].env.find((each) => each.name === name)?.value;
  };

  await checks.check('data survive the deletion of the pod', async () => {
    const { metadata } = await release.pod();
    await cluster.kubectl('delete', 'pod', metadata.name, '-n', release.namespace, '--wait=false');
    await release.ready(metadata.uid);
    await isUnchanged();
  });
  await checks.check('an upgrade that changes nothing restarts nothing', async () => {
    const { metadata } = await release.pod();
    await release.upgrade();
    assert.equal((await release.pod()).metadata.uid, metadata.uid);
  });
  await checks.check('an upgrade changes a setting, and keeps the data', async () => {
    await release.upgrade('--set=config.LOG_LEVEL=debug');
    assert.equal(await setting('LOG_LEVEL'), 'debug');
    await isUnchanged();
  });
  await checks.check('a rollback takes the setting back, and keeps the data', async () => {
    await release.helm('rollback', '--wait', '--timeout', '300s');
    assert.equal(await setting('LOG_LEVEL'), undefined);
    await isUnchanged();
  });
  await checks.check('probes over gRPC find it ready as well', async () => {
    const probes = ['startup', 'liveness', 'readiness'];
    await release.upgrade(...probes.map((name) => `--set=probes.${name}.handler=grpc`));
    const [container] = (await release.pod()).spec.containers;
    for (const name of probes) assert.equal(container[`${name}Probe`].grpc.port, 8815);
    await release.helm('rollback', '--wait', '--timeout', '300s');
  });
  await checks.check(
    'an upgrade to an image that is not there is undone by a rollback alone',
    async () => {
      await release.helm('upgrade', CHART, '--set=image.tag=missing');
      await until('the pod waits for its image', 180_000, async () => {
        const waiting = (await release.pod())?.status.containerStatuses?.[0]?.state.waiting;
        return /Err(Image|ImageNever)?Pull|ImagePullBackOff/.test(waiting?.reason ?? '');
      });
      await release.helm('rollback', '--wait', '--timeout', '120s');
      await release.ready();
      await isUnchanged();
    },
  );
  await checks.check(
    'a setting that the service refuses says so in the state of the pod, and is undone by a rollback',
    async () => {
      await release.helm(
        ...['upgrade', CHART, '--set=extraEnv[0].name=CACHE_TTL_SECONDS'],
        '--set-string=extraEnv[0].value=never',
      );
      const { found } = await until('the container fails', 180_000, async () => {
        const status = (await release.pod())?.status.containerStatuses?.[0];
        return (status?.lastState.terminated ?? status?.state.terminated)?.message;
      });
      await release.helm('rollback', '--wait', '--timeout', '120s');
      await release.ready();
      await isUnchanged();
      assert.match(found, /CACHE_TTL_SECONDS/);
    },
  );
}
