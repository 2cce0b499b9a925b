// What run.mjs starts in the cluster's own namespaces: the cluster, then the proof. Everything that runs here ends with it.

import { once } from 'node:events';
import { prepareSandbox } from './sandbox.mjs';
import { Cluster } from './cluster.mjs';
import { Checks } from './checks.mjs';
import { PROOF } from './proof.mjs';

const settings = JSON.parse(process.argv[2]);
const tell = (text) => process.stdout.write(`${text}\n`);
const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

const checks = new Checks(tell);
const cluster = new Cluster(settings);
try {
  await prepareSandbox(settings.state);
  const began = performance.now();
  await cluster.startControlPlane();
  tell(`control plane ready after ${seconds(began)}: ${settings.state}`);
  for (const file of settings.crds) {
    await cluster.kubectl('apply', '--server-side', '-f', file);
  }
  await cluster.startNode(settings.images);
  tell(`node ready after ${seconds(began)}`);
  tell(await cluster.kubectl('get', 'nodes', '-o', 'wide'));
  for (const [name, part] of Object.entries(PROOF)) {
    if (settings.only === undefined || settings.only.includes(name)) {
      tell(`\n${name}`);
      await part(cluster, checks);
    }
  }
} catch (error) {
  checks.fail('the proof comes to its end', error);
}
tell(`\n${checks.passed} passed, ${checks.failed} failed`);
if (settings.keep) {
  tell(`until the interrupt: KUBECONFIG=${settings.state}/keys/admin.kubeconfig`);
  await once(process, 'SIGINT');
}
await cluster.stop();
process.exit(checks.failed === 0 ? 0 : 1);
