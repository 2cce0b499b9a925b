// From nothing to a service that answers, and what its container may do.

import assert from 'node:assert/strict';
import { condition } from '../cluster.mjs';
import { mountsOfProcess, processOf, statusOfProcess } from '../container.mjs';
import { POD, Release, SERVICE } from '../release.mjs';

const USER = '1000';

export async function installation(cluster, checks) {
  const release = new Release(cluster);
  await cluster.createNamespace(release.namespace);
  const installed = await checks.check('helm install makes a pod that is ready', async () => {
    const began = performance.now();
    const { code, stdout, stderr } = await release.install();
    assert.equal(code, 0, `${stderr}${stdout}`);
    assert.doesNotMatch(stderr, /warning/i);
    const pod = await release.pod();
    const since = (type) => Date.parse(condition(pod, type).lastTransitionTime);
    const started = (since('Ready') - Date.parse(pod.status.startTime)) / 1000;
    return `ready ${started} s after its creation, helm done after ${((performance.now() - began) / 1000).toFixed(1)} s`;
  });
  if (!installed) throw new Error(await describe(cluster, release));
  await checks.check('the claim got a volume', async () => {
    const claim = await cluster.find('pvc', `data-${POD}`, release.namespace);
    assert.equal(claim.status.phase, 'Bound');
  });
  await checks.check(
    'helm test writes a point and reads it back by the names of the Service',
    async () => {
      const { code, stdout, stderr } = await release.helmOutcome('test', '--timeout', '200s');
      const log = await cluster.kubectlOutcome([
        'logs',
        '-n',
        release.namespace,
        `${SERVICE}-smoke`,
      ]);
      assert.equal(code, 0, [stderr, stdout, log.stdout].join('\n'));
    },
  );
  await checks.check('the Service finds the pod, and its headless twin names it', async () => {
    const slices = await cluster.list('endpointslices', release.namespace);
    const names = slices.map(({ metadata }) => metadata.labels['kubernetes.io/service-name']);
    assert.deepEqual(names.sort(), [SERVICE, `${SERVICE}-headless`]);
    for (const { endpoints, ports } of slices) {
      assert.equal(endpoints.length, 1);
      assert.equal(endpoints[0].conditions.ready, true);
      assert.deepEqual(ports.map(({ port }) => port).sort(), [3001, 8815]);
    }
  });
  await checks.check('no pod was refused, killed or unready without cause', async () => {
    for (const reason of ['FailedCreate', 'FailedMount', 'BackOff', 'Killing', 'Failed']) {
      const events = (await release.events(reason)).filter(
        ({ involvedObject }) => involvedObject.name === POD || involvedObject.name === SERVICE,
      );
      assert.deepEqual(
        events.map(({ message }) => message),
        [],
        reason,
      );
    }
  });
  await checks.check('the process has no rights: user, capabilities, system calls', async () => {
    const status = statusOfProcess(await processOf(await release.pod()));
    assert.deepEqual(new Set(status.Uid.split(/\s+/)), new Set([USER]));
    assert.deepEqual(new Set(status.Gid.split(/\s+/)), new Set([USER]));
    for (const set of ['CapEff', 'CapPrm', 'CapBnd', 'CapAmb']) {
      assert.equal(BigInt(`0x${status[set]}`), 0n, set);
    }
    assert.equal(status.NoNewPrivs, '1');
    assert.equal(status.Seccomp, '2');
  });
  await checks.check('nothing can be written but data and temporary files', async () => {
    const mounts = mountsOfProcess(await processOf(await release.pod()));
    assert.ok(mounts.get('/').includes('ro'));
    const writable = [...mounts].filter(([, options]) => options.includes('rw')).map(([at]) => at);
    // Beside ours those of the runtime, which belong to root.
    const known =
      /^\/(app\/data|tmp|proc|proc\/.*|sys\/fs\/cgroup|dev|dev\/.*|etc\/(hosts|hostname|resolv\.conf))$/;
    assert.deepEqual(
      writable.filter((at) => !known.test(at)),
      [],
    );
    assert.ok(writable.includes('/app/data'));
    assert.ok(writable.includes('/tmp'));
    assert.ok(
      ![...mounts.keys()].some((at) => at.includes('serviceaccount')),
      'a token is mounted',
    );
  });
  await checks.check('the commands work in the container: doctor, health, verify', async () => {
    const doctor = await release.exec('econ-graph-financial-data', 'doctor');
    assert.ok([0, 1].includes(doctor.code), doctor.stderr);
    const health = await release.exec('econ-graph-financial-data', 'health');
    assert.equal(health.code, 0, health.stderr);
    const verify = await release.exec('econ-graph-financial-data', 'verify', '--help');
    assert.equal(verify.code, 0, verify.stderr);
    return `doctor ${doctor.code}: ${(doctor.stdout || doctor.stderr).split('\n').at(-1)}`;
  });
  await checks.check('the log is one JSON object per line', async () => {
    const lines = (await cluster.kubectl('logs', '-n', release.namespace, POD)).split('\n');
    for (const line of lines) assert.equal(typeof JSON.parse(line).level, 'string', line);
    return `${lines.length} lines`;
  });
}

async function describe(cluster, { namespace }) {
  const pod = await cluster.kubectlOutcome(['describe', 'pod', '-n', namespace]);
  const events = await cluster.kubectlOutcome(['get', 'events', '-n', namespace]);
  const log = await cluster.kubectlOutcome(['logs', '-n', namespace, POD, '--tail=50']);
  return [pod.stdout, events.stdout, log.stdout, log.stderr].join('\n');
}
