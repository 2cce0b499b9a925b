// The rendered manifests, for who has no Helm: applied to a namespace of their own, they run, too.

import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Release } from '../release.mjs';

const RENDERED = join(dirname(fileURLToPath(import.meta.url)), '../../../helm/rendered');
/** Files that are applied together. */
const SETS = [['standalone.yaml', 'monitoring.yaml'], ['standalone-redis.yaml']];

export async function manifests(cluster, checks) {
  for (const [number, names] of SETS.entries()) {
    const namespace = `rendered-${number}`;
    const release = new Release(cluster, namespace);
    await cluster.createNamespace(namespace);
    await cluster.apply(redisAddress(namespace));
    await checks.check(
      `kubectl apply of ${names.join(' and ')} makes a service that answers`,
      async () => {
        for (const name of names) {
          await cluster.kubectl('apply', '-n', namespace, '-f', join(RENDERED, name));
        }
        await release.ready();
        await release.write(await release.createSeries('RENDERED'), 100);
      },
    );
    await cluster.kubectl('delete', 'namespace', namespace, '--timeout=120s');
  }
}

/** Of a Redis that is not there: the service is degraded, and works. */
function redisAddress(namespace) {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'financial-data-service-redis', namespace },
    stringData: { 'redis-url': 'redis://redis.nowhere.svc:6379' },
  };
}
